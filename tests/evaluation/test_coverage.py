import numpy as np
import pytest

from evaluation.coverage import Facets, agreement, assigned, kappa, read_facets
from models.errors import SourceUnreadable

GOALS = '{"id": "g1", "facets": ["rye", "wheat"]}\n{"id": "g2"}\n'


@pytest.fixture
def read(tmp_path):
    def facets(goals: str = GOALS, judgments: str = "g1\tm1\t3\t1,2\n") -> Facets:
        (tmp_path / "goals").write_text(goals, encoding="utf-8")
        (tmp_path / "judgments").write_text(judgments, encoding="utf-8")
        return read_facets(tmp_path / "goals", tmp_path / "judgments")

    return facets


def test_facets_and_the_places_of_those_covered_are_read(read):
    assert read(judgments="g1\tm1\t3\t1, 2\ng1\tm2\t1\t2\ng2\tm1\t1\n") == Facets(
        {"g1": ("rye", "wheat"), "g2": ()},
        {("g1", "m1"): {0, 1}, ("g1", "m2"): {1}, ("g2", "m1"): set()},
    )


def test_an_empty_fourth_column_covers_nothing(read):
    assert read(judgments="g1\tm1\t0\t\n").covered == {("g1", "m1"): frozenset()}


@pytest.mark.parametrize("named", ["3", "0", "1,,2", "x", "-1"])
def test_a_number_of_no_facet_is_named_with_its_line(read, named):
    expected = r"judgments, line 2: expected numbers of facets of the goal 'g1' from 1 to 2 .*got '"
    with pytest.raises(SourceUnreadable, match=expected + named):
        read(judgments=f"g1\tm1\t3\t1\ng1\tm2\t3\t{named}\n")


@pytest.mark.parametrize("line", ["{", "7", "{}", '{"id": "g3", "facets": null}'])
def test_a_line_that_is_no_goal_is_named(read, line):
    with pytest.raises(SourceUnreadable, match=r'goals, line 3: expected \{"id": \.\.\., "facets"'):
        read(GOALS + line)


def test_a_facet_belongs_to_the_nearest_part_that_asks():
    cosines = np.asarray([[0.1, 0.9, 0.2], [0.4, 0.9, 0.3], [0.1, 0.2, 0.8]])
    assert assigned(cosines, [0, 2]) == {0: {1}, 2: {0, 2}}


def test_a_part_nearest_to_no_facet_is_left_out():
    assert assigned(np.asarray([[0.1, 0.9]]), [0, 1]) == {1: {0}}


def test_agreement_is_the_share_of_equal_answers():
    assert agreement([True, True, False, False], [True, False, False, False]) == 0.75


@pytest.mark.parametrize(
    ("said", "expected"),
    [([True, True, False, False], 1.0), ([False, False, True, True], -1.0), ([True] * 4, 0.0)],
)
def test_kappa_is_agreement_beyond_chance(said, expected):
    assert kappa(said, [True, True, False, False]) == expected


def test_kappa_of_one_answer_only_is_zero():
    assert kappa([True, True], [True, True]) == 0.0
