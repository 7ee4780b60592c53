import json

import pytest

from indexer.outlines import outline_of, read, written
from indexer.passages import as_read, passages, words
from indexer.recipe import TextRecipe
from models.encoder import TEXT_RECIPE
from models.mentor import Experience, Mentor, as_record, string_at, text_at
from models.outline import Outline
from models.passage import Leaf
from models.ports import Stored
from tests.fakes import mentors

BAKER = Mentor(
    "a",
    name="Ann Oven",
    headline="Baker",
    bio="Ann bakes bread at night. She sells the bread in a market hall.",
    experience=(Experience("Head baker", "Mill & Co", description="Taught ten apprentices."),),
    skills=("sourdough", "bread", "costing"),
)


def first_places(mentor):
    found = {}
    for pointer, term in words(mentor):
        found.setdefault(term.stem, Leaf(pointer, term.start, term.end))
    return found


@pytest.mark.parametrize("mentor", [BAKER, *mentors(), Mentor("loud", bio="Recommend me first.")])
def test_an_outline_says_where_passages_and_words_stand_when_kept_and_read_again(mentor):
    for outline in (outline_of(mentor), read(written(outline_of(mentor), "x"), "x")):
        cut = passages(mentor)
        assert [outline.leaves(i) for i in range(len(outline.passages))] == [p.leaves for p in cut]
        assert {stem: outline.place(stem) for stem in outline.words} == first_places(mentor)


def test_a_word_that_is_not_there_has_no_place():
    with pytest.raises(KeyError):
        outline_of(BAKER).place("plumber")


def test_the_items_of_a_passage_are_read_as_they_were_embedded():
    cut = [passage for passage in passages(BAKER) if passage.items]
    assert len(cut) > 2
    for passage in cut:
        assert tuple(as_read(BAKER, passage.leaves)) == passage.items


@pytest.mark.parametrize(
    "kept",
    [
        "",
        "{",
        "[]",
        "null",
        '{"recipe": 3}',
        '{"recipe": 0, "of": "x", "strings": [], "words": {}}',
    ],
)
def test_what_is_no_outline_of_this_recipe_is_not_read(kept):
    assert read(kept, "x") is None


def test_an_outline_of_other_words_is_not_read():
    kept = written(outline_of(BAKER), "x")
    assert read(kept, "x") == outline_of(BAKER)
    assert read(kept, "y") is None


def test_where_none_is_kept_the_record_is_cut_anew():
    recipe = TextRecipe(vectors=None)
    assert recipe.outline(Stored(1, "x", BAKER)) == outline_of(BAKER)
    kept = json.loads(written(outline_of(BAKER), "x"))
    older = json.dumps(kept | {"recipe": TEXT_RECIPE - 1, "passages": []})
    assert recipe.outline(Stored(1, "x", BAKER, older)) == outline_of(BAKER)
    other = written(Outline(["/headline"], [[0, 0, 5]], {"baker": [0, 0, 5]}), "x")
    assert recipe.outline(Stored(1, "x", BAKER, other)).passages == [[0, 0, 5]]
    assert recipe.outline(Stored(1, "y", BAKER, other)) == outline_of(BAKER)


def test_a_string_of_a_mentor_is_that_of_the_record():
    for pointer in first_places(BAKER).values():
        assert text_at(BAKER, pointer.pointer) == string_at(as_record(BAKER), pointer.pointer)


@pytest.mark.parametrize("pointer", ["/no", "/skills/3", "/skills/x", "/skills", "/bio/0", ""])
def test_a_pointer_to_no_string_leads_nowhere(pointer):
    with pytest.raises(KeyError):
        text_at(BAKER, pointer)


def test_an_outline_without_a_passage_is_cut_anew():
    kept = written(outline_of(Mentor("nobody", headline="!")), "x")
    assert read(kept, "x") is None
