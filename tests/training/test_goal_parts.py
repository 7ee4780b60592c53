import random

import numpy as np
import pytest

from evaluation.goal_texts import ReadGoal, ReadPart, read_goal_texts
from recommender.goals import understand, understood
from recommender.help import LABELS
from recommender.linear import load, save
from training.fitting import fit_help, fit_seam
from training.goal_parts import DATA, MENTORS, label_of, phrases, seams, train
from training.hasty import hasty


def goals():
    return read_goal_texts(DATA / "goal_parts_train.jsonl")


def plain(text):
    return " ".join("".join(c if c.isalnum() else " " for c in text.lower()).split())


@pytest.mark.parametrize("half", ["dev", "heldout"])
def test_no_text_to_learn_from_is_one_to_measure_with(half):
    learned = {plain(goal.text) for goal in goals()}
    measured = {plain(g.text) for g in read_goal_texts(MENTORS.parent / f"goal_parts_{half}.jsonl")}
    assert len(learned) == len(goals())
    assert not learned & measured


def test_a_part_without_a_kind_is_labelled_by_what_it_is_about():
    parts = [("wish", "skills"), ("wish", None), ("self", None), ("filler", None)]
    labels = [label_of(ReadPart(0, 1, about, help)) for about, help in parts]
    assert labels == ["skills", "topic", "self", "filler"]


def test_seams_are_told_from_other_places():
    help = fit_help(["weld", "nurse"] * len(LABELS), [*LABELS, *LABELS])
    text = "Cook, welder. Teach me"
    parts = (ReadPart(0, 13, "self", None), ReadPart(14, 22, "wish", "skills"))
    found, begins = seams(ReadGoal("x", text, parts, frozenset()), help)
    assert len(found) == len(begins)
    assert begins == [False, True]


def test_a_seam_is_likely_where_its_feature_was_seen_at_parts():
    rows = [{"full stop": 1.0}] * 6 + [{"comma": 1.0}] * 6
    model = fit_seam(rows, [True] * 6 + [False] * 6, [1.0] * 12)
    stop, comma = (model.weights[model.places[f], 0] for f in ("full stop", "comma"))
    assert stop > 0 > comma


def test_a_hasty_copy_keeps_its_parts_and_words():
    chance = random.Random(5)
    for goal in goals():
        copy = hasty(goal, chance)
        for part, other in zip(goal.parts, copy.parts, strict=True):
            typed = copy.text[other.start : other.end]
            assert plain(typed) == plain(goal.text[part.start : part.end])
            assert (part.about, part.help) == (other.about, other.help)


def test_a_hasty_copy_has_weaker_marks():
    text = "I am a nurse. Teach me Excel."
    parts = (ReadPart(0, 13, "self", None), ReadPart(14, 29, "wish", "skills"))
    copies = {
        hasty(ReadGoal("x", text, parts, frozenset()), random.Random(seed)).text.lower()
        for seed in range(60)
    }
    assert copies == {
        "i am a nurse. teach me excel.",
        "i am a nurse teach me excel.",
        "i am a nurse, teach me excel.",
        "i am a nurse - teach me excel.",
    }


@pytest.mark.slow
@pytest.mark.long
def test_training_again_gives_what_the_packaged_models_say(tmp_path):
    save(train(goals(), phrases()), tmp_path / "again.npz")
    again = load(tmp_path / "again.npz")
    texts = [goal.text for goal in read_goal_texts(MENTORS.parent / "goal_parts_dev.jsonl")]
    assert [understood(text, again) for text in texts] == [understand(text) for text in texts]
    assert np.isfinite(again.seam.weights).all()
