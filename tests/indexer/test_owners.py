import json

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from indexer.owners import owners_of_attributes, owners_of_texts

TEXTS = st.sampled_from(["", "rye", "Rye", "RYE", "straße", "STRASSE", "İ", "mill", "ǆ", "ǅ"])
SCALARS = st.sampled_from([True, False, 1, 0, 1.5, "1", "a", "A", ""])
VALUES = SCALARS | st.lists(SCALARS, max_size=2)


@given(st.lists(TEXTS, max_size=9), TEXTS)
def test_owners_of_texts_are_found_without_case_or_with_it(column, wanted):
    array = pa.array(column, pa.string())
    without = owners_of_texts(array, folded=True)
    same = [text.casefold() == wanted.casefold() for text in column]
    assert without.having([wanted.casefold()]).tolist() == same
    assert without.where(wanted.casefold().__eq__).tolist() == same
    assert sorted(without.values) == sorted({text.casefold() for text in column})
    exactly = owners_of_texts(array, folded=False)
    assert exactly.having([wanted]).tolist() == [text == wanted for text in column]


@given(st.lists(st.lists(TEXTS, max_size=4), max_size=9), st.sets(TEXTS))
def test_owners_of_lists_have_any_of_the_texts(column, wanted):
    folded = {text.casefold() for text in wanted}
    expected = [any(text.casefold() in folded for text in texts) for texts in column]
    owners = owners_of_texts(pa.array(column, pa.list_(pa.string())), folded=True)
    assert owners.having(folded).tolist() == expected
    assert owners.where(folded.__contains__).tolist() == expected


def test_a_slice_of_a_column_has_the_owners_of_the_slice():
    whole = pa.array([["a"], ["b", "c"], [], ["b"]], pa.list_(pa.string()))
    owners = owners_of_texts(whole[1:], folded=True)
    assert sorted(owners.values) == ["b", "c"]
    assert owners.having(["b"]).tolist() == [True, False, True]


@given(st.lists(st.dictionaries(st.sampled_from("xyz"), VALUES), max_size=9), VALUES)
def test_owners_of_attributes_have_the_very_value(rows, wanted):
    owners = owners_of_attributes(pa.array([json.dumps(row) for row in rows], pa.string()))
    assert owners.keys() == {name for row in rows for name in row}
    for name, found in owners.items():
        expected = [name in row and json.dumps(row[name]) == json.dumps(wanted) for row in rows]
        mask = found.where(lambda value: json.dumps(value) == json.dumps(wanted))
        assert mask.tolist() == expected
        distinct = [json.dumps(value) for value in found.values]
        assert len(set(distinct)) == len(distinct)
        assert found.where(lambda _: True).tolist() == [name in row for row in rows]


def test_each_value_is_asked_about_once():
    asked: list[object] = []
    owners = owners_of_attributes(pa.array(['{"x": 1}', '{"x":1}', '{"x": true}', "{}"]))
    mask = owners["x"].where(lambda value: asked.append(value) or value is not True)
    assert (mask.tolist(), mask.dtype) == ([True, True, False, False], np.bool_)
    assert [(type(value), value) for value in asked] == [(int, 1), (bool, True)]


def test_popular_and_rare_values_are_marked_alike():
    column = ["rare" if i == 70 else ("common" if i % 2 else f"own {i}") for i in range(100)]
    owners = owners_of_texts(pa.array(column), folded=True)
    for wanted in ({"rare"}, {"common"}, {"rare", "common"}, {"common", "own 4"}, {"unheard"}):
        expected = [text in wanted for text in column]
        for _ in range(2):
            mask = owners.having(wanted)
            assert mask.tolist() == expected
            mask[:] = False  # whoever asked may go on with it
