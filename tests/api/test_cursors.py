import base64
import json

import pytest

from api.cursors import cursor, digest, opened
from api.schemas import RecommendationsBody
from models.errors import BadCursor

ON_EVERY_STORE = True


def encoded(content):
    return base64.urlsafe_b64encode(content.encode()).decode().rstrip("=")


@pytest.mark.parametrize("offset", [0, 1, 10, 299, 10**9])
def test_a_cursor_leads_back_to_its_offset_and_version(offset):
    assert opened(cursor(offset, "d" * 16, "space/s1/5"), "d" * 16) == (offset, "space/s1/5")


def test_a_cursor_is_safe_in_a_url():
    assert set(cursor(7, "d" * 16, "späce/s1/5")) <= set(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    )


def test_a_cursor_of_another_request_is_refused():
    with pytest.raises(BadCursor, match="belongs to another request") as refused:
        opened(cursor(5, "a" * 16, "v"), "b" * 16)
    assert refused.value.pointer == "/cursor"


@pytest.mark.parametrize(
    "text",
    ["", "x", "ünïcode", "????", "A" * 2000]
    + [
        encoded(json.dumps(value))
        for value in (5, [], [-1, "d", "v"], ["1", "d", "v"], [1, "d", 5], {}, None)
    ]
    + [encoded("not json"), encoded("[" * 1400)],
)
def test_what_is_no_cursor_is_refused(text):
    with pytest.raises(BadCursor, match="not one of this server's") as refused:
        opened(text, "d")
    assert refused.value.pointer == "/cursor"


def test_a_digest_does_not_depend_on_the_order_of_keys():
    assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1}) != digest({"a": 2, "b": 1})


@pytest.mark.parametrize(
    "change",
    [
        {"goals": "law"},
        {"limit": 5},
        {"filters": {"country": "SG"}},
        {"exclude": {"ids": "m"}},
        {"diversity": 0.5},
    ],
)
def test_a_request_with_anything_changed_has_another_digest(change):
    assert body().digest() != body(**change).digest()


def test_the_cursor_itself_is_not_part_of_the_digest():
    assert body().digest() == body(cursor="x").digest()


def body(**change):
    return RecommendationsBody.model_validate({"goals": "audit"} | change)
