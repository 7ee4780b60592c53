import json
from pathlib import Path

import pytest

from evaluation.goal_texts import ReadPart, read_goal_texts

EXAMPLES = Path(__file__).parent.parent.parent / "examples"


def written(tmp_path, *parts):
    record = {"id": "x", "text": "Weld. Weld.", "hints": ["vague"], "parts": list(parts)}
    file = tmp_path / "goals.jsonl"
    file.write_text(json.dumps(record), encoding="utf-8")
    return file


def part(text):
    return {"text": text, "about": "wish", "help": "skills"}


def test_parts_are_found_one_after_the_other(tmp_path):
    (goal,) = read_goal_texts(written(tmp_path, part("Weld."), part("Weld.")))
    assert [(p.start, p.end) for p in goal.parts] == [(0, 5), (6, 11)]
    assert goal.parts[0] == ReadPart(0, 5, "wish", "skills")
    assert goal.hints == {"vague"}


def test_a_part_that_does_not_stand_in_its_text_is_named_with_its_line(tmp_path):
    with pytest.raises(ValueError, match=r"goals.jsonl, line 1: the part 'Nurse' does not follow"):
        read_goal_texts(written(tmp_path, part("Nurse")))


@pytest.mark.parametrize("half", ["dev", "heldout"])
def test_each_half_of_the_labelled_texts_can_be_read(half):
    assert len(read_goal_texts(EXAMPLES / f"goal_parts_{half}.jsonl")) == 75
