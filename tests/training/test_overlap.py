import json

import pytest

from models.errors import BadInput, SourceUnreadable
from training.overlap import require_apart

GOAL = "I would like to mend church bells for a living, says my aunt"


@pytest.fixture
def measuring(tmp_path):
    path = tmp_path / "goals.jsonl"
    rows = [
        {"id": "g1"},
        {"id": "g2", "text": GOAL, "facets": ["the hanging of bells in old towers by hand"]},
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_seven_words_in_common_are_refused_with_their_place(measuring):
    text = "Well, I WOULD like to mend church bells; who wouldn't?"
    with pytest.raises(BadInput, match=r"'i would like to mend church bells' of .*, line 2, which"):
        require_apart(["fine", text], [measuring])


def test_strings_in_lists_count_too(measuring):
    with pytest.raises(BadInput, match="never train on it"):
        require_apart(["About the hanging of bells in old towers"], [measuring])


def test_six_words_in_common_are_an_idiom(measuring):
    require_apart(["I would like to mend church organs"], [measuring])


def test_a_file_that_is_no_json_is_said(tmp_path):
    path = tmp_path / "broken.jsonl"
    path.write_text("{", encoding="utf-8")
    with pytest.raises(SourceUnreadable, match=r"broken\.jsonl cannot be read as JSON Lines"):
        require_apart([], [path])
