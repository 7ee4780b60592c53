"""Crowds are the same each time, and copies are cut as if they had been cut themselves."""

import json

import numpy as np
import pytest

from indexer.passages import passages, words
from indexer.records import mentor_from
from indexer.segment import segment_of

TASKS = ("Weld joints of pipes and plates.", "Teach apprentices how to read plans.")


@pytest.fixture
def occupations(tmp_path):
    path = tmp_path / "occupations.jsonl"
    titles = ("Welders", "Teachers", "Divers")
    path.write_text("".join(json.dumps({"title": t, "tasks": TASKS}) + "\n" for t in titles))
    return path


@pytest.fixture
def cutting(tmp_path, occupations, monkeypatch):
    from crowds import Crowd, Cutting

    monkeypatch.setattr("crowds.CUT", 2)
    return Cutting(Crowd(6, tmp_path, occupations))


def test_copies_have_ids_and_numbers_of_their_own(cutting):
    mentors = [mentor_from(record) for record in cutting.records()]
    assert len({mentor.id for mentor in mentors}) == 6
    texts = [one.text for mentor in mentors for one in passages(mentor)]
    assert len(set(texts)) == len(texts)


def test_a_copy_is_cut_as_it_would_be_itself(cutting):
    for record in cutting.records():
        mentor = mentor_from(record)
        real = passages(mentor)
        assert cutting.passages(mentor) == real
        places = [(at, term.stem, term.start, term.end) for at, term in words(mentor)]
        assert [(at, t.stem, t.start, t.end) for at, t in cutting.words(mentor)] == places


def test_whoever_cuts_asks_what_is_known(cutting, monkeypatch):
    from crowds import _known

    mentor = mentor_from(next(iter(cutting.records())))
    asked = []
    monkeypatch.setattr(cutting, "passages", lambda one: asked.append(one.id) or passages(one))
    with _known(cutting):
        segment_of([mentor], _vectors, 4)
    assert asked == [mentor.id]
    segment_of([mentor], _vectors, 4)
    assert asked == [mentor.id]


def _vectors(texts):
    return dict.fromkeys(texts, np.asarray([1, 0, 0, 0], np.float32))


def test_drawn_vectors_are_near_a_real_one_and_of_length_one():
    from crowds import Drawn

    bank = np.eye(4, 384, dtype=np.float32)
    rows = Drawn(bank, "space", "runtime").encode_passages(["a"] * 50)
    assert np.linalg.norm(rows, axis=1) == pytest.approx(np.ones(50), abs=1e-6)
    nearest = (rows @ bank.T).max(axis=1)
    assert nearest.mean() == pytest.approx(0.93, abs=0.02)
    assert len({row.tobytes() for row in rows}) == 50


def test_no_two_goals_are_alike(occupations):
    from crowds import Goals

    goals = Goals(occupations)
    found = goals.take(60) + goals.take(60)
    assert len(set(found)) == 120
    assert found == Goals(occupations).take(120)
