from itertools import product

import numpy as np
import pytest

from models import related as module
from models.related import related
from models.terms import stem

WOMEN = "woman women female girl girls lady ladies mother mothers mum mom wife wives daughter"
MEN = "man men male boy boys gentleman gentlemen guy guys father fathers dad husband husbands son"


@pytest.fixture
def table(tmp_path, monkeypatch):
    """A table in which a is near b (0.2) and c (1.0), c is near a (0.4), and b near nothing."""
    np.savez(
        tmp_path / "few.npz",
        stems=np.frombuffer(b"a\nb\nc", dtype=np.uint8),
        first=np.int32([0, 2, 2, 3]),
        stem=np.uint16([2, 1, 0]),
        credit=np.uint8([255, 51, 102]),
    )
    forget()
    monkeypatch.setattr(module, "FILE", tmp_path / "few.npz")
    yield
    forget()


def forget():
    related.cache_clear()
    module._table.cache_clear()


def test_the_related_stems_of_a_table_come_nearest_first(table):
    assert list(related("a").items()) == [("c", 1.0), ("b", 0.2)]
    assert related("c") == {"a": 0.4}


def test_a_stem_without_neighbours_and_one_that_is_unknown_have_none(table):
    assert related("b") == related("z") == related("") == {}


def test_a_lawyer_is_an_attorney():
    assert related("lawyer")["attorney"] == 201 / 255
    assert next(iter(related("lawyer"))) == "attorney"
    assert related("attorney")["lawyer"] == 201 / 255


def test_a_word_that_few_use_has_no_related_ones():
    assert related("nextflow") == related("qzxvbn") == {}


def test_no_word_for_women_is_related_to_one_for_men_nor_the_other_way():
    women, men = ({stem(word) for word in words.split()} for words in (WOMEN, MEN))
    assert not women & men
    assert [
        (one, other)
        for one, other in [*product(women, men), *product(men, women)]
        if other in related(one)
    ] == []


def test_words_for_women_are_related_to_each_other():
    assert {"woman", "femal"} <= related("women").keys()
    assert {"gentlemen", "male"} <= related("men").keys()


def test_of_every_stem_the_credits_fall_and_come_from_a_cosine_above_a_half():
    stems, *_ = module._table()
    assert len(stems) == len(set(stems)) == 20_000
    for one in stems:
        found = related.__wrapped__(one)
        credits = list(found.values())
        assert one not in found
        assert len(found) <= 32
        assert credits == sorted(credits, reverse=True)
        assert all(0.25 <= credit < 1 for credit in credits)
