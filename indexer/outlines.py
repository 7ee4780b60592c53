"""Outlines as the store keeps them: JSON that names the recipe and the words it was cut from.

A process of an older version may write a mentor and leave the outline of before.
"""

from collections.abc import Mapping, Sequence

import pydantic_core

from indexer.passages import passages, words
from models.encoder import TEXT_RECIPE
from models.mentor import Mentor
from models.outline import Outline
from models.passage import Passage


def outline_of(mentor: Mentor, found: Sequence[Passage] | None = None) -> Outline:
    """The outline of a record, cut now; `found`: its passages, where they are known."""
    strings: dict[str, int] = {}
    cut = [
        [
            number
            for leaf in passage.leaves
            for number in (strings.setdefault(leaf.pointer, len(strings)), leaf.start, leaf.end)
        ]
        for passage in (passages(mentor) if found is None else found)
    ]
    first: dict[str, list[int]] = {}
    for pointer, term in words(mentor):
        if term.stem not in first:
            string = strings.setdefault(pointer, len(strings))
            first[term.stem] = [string, term.start, term.end]
    return Outline(list(strings), cut, first)


def written(outline: Outline, text_hash: str) -> str:
    """The outline as it is kept, of a record with this text hash."""
    return pydantic_core.to_json(
        {
            "recipe": TEXT_RECIPE,
            "of": text_hash,
            "strings": outline.strings,
            "passages": outline.passages,
            "words": outline.words,
        }
    ).decode()


def read(kept: str, text_hash: str) -> Outline | None:
    """The outline kept; None where there is none, or one of another recipe or of other words."""
    try:
        found = pydantic_core.from_json(kept)
        if not isinstance(found, Mapping) or (found["recipe"], found["of"]) != (
            TEXT_RECIPE,
            text_hash,
        ):
            return None
        if not found["passages"]:  # written before everybody had one
            return None
        return Outline(found["strings"], found["passages"], found["words"])
    except (ValueError, KeyError):  # damaged, which verifying finds
        return None
