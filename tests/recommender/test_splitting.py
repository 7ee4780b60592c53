import itertools
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.goals import understand

_LINE = (
    "I want to learn welding, and meet people; nurse 7 yrs - but scared! How? a) b) 1. 2. • -> "
    "(law) “yes” naïve 🎉 ... Then\n\n\t e.g. Dr. ok"
)
WORDS = st.sampled_from(_LINE.split(" "))


@settings(max_examples=200)
@given(st.lists(WORDS, min_size=1, max_size=30).map(" ".join))
def test_parts_stand_in_order_where_their_offsets_say_and_hold_the_words_between_them(text):
    if not re.search(r"\w", text):
        return
    parts = understand(text).parts

    assert parts
    assert [part.part for part in parts] == list(range(len(parts)))
    for part in parts:
        assert text[part.start : part.end] == part.text == part.text.strip()
        assert re.search(r"\w", part.text)
    assert all(a.end <= b.start for a, b in itertools.pairwise(parts))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("nf-core pipelines", ["nf-core pipelines"]),
        ("ACCA", ["ACCA"]),
        (
            "senior promotion, first conference talk, contribute to open source",
            ["senior promotion,", "first conference talk,", "contribute to open source"],
        ),
        (
            "1) get into consulting 2) improve my public speaking",
            ["get into consulting", "improve my public speaking"],
        ),
        ("choose between law and history", ["choose between law and history"]),
    ],
)
def test_a_goal_is_cut_where_a_reader_would(text, expected):
    assert [part.text.rstrip(",") for part in understand(text).parts] == [
        part.rstrip(",") for part in expected
    ]
