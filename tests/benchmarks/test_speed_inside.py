"""Exact neighbours and overlaps, against what is counted by hand."""

import numpy as np
import pytest


def test_the_exactly_nearest_are_found_across_pieces(monkeypatch):
    import speed_inside

    monkeypatch.setattr(speed_inside, "AT_ONCE", 7)
    monkeypatch.setattr(speed_inside, "NEAREST", 5)
    vectors = np.random.default_rng(2).normal(size=(40, 8)).astype(np.float32)
    queries = vectors[:3] + np.float32(0.1)
    found = speed_inside.exactly_nearest(queries, vectors)
    expected = np.argsort(-(queries @ vectors.T), axis=1)[:, :5]
    assert np.sort(found, axis=1).tolist() == np.sort(expected, axis=1).tolist()


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [(["ab"], ["ba"], 1.0), (["ab"], ["ac"], 0.5), (["ab", "cd"], ["ab", "ef"], 0.5)],
)
def test_overlap_is_the_share_of_the_others_list(one, other, expected):
    from speed_inside import overlap

    assert overlap(one, other) == expected


def test_the_reference_is_always_measured():
    from speed_inside import REFERENCE, encoders

    assert next(iter(encoders())) == REFERENCE
