"""A passage: the unit that is embedded, found and quoted."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Leaf:
    """A stretch of one string of a record.

    `pointer` is a JSON Pointer to the string; `start` and `end` count Unicode code points,
    end exclusive.
    """

    pointer: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Passage:
    """What is embedded as one vector, and where its words stand in the record.

    `text` is what the encoder reads: names neutralised, sometimes with the post it belongs to
    put in front. A passage joined from a list has several leaves, and `items` holds what the
    encoder reads for each of them, so that the best single item can be quoted.
    """

    text: str
    leaves: tuple[Leaf, ...]
    items: tuple[str, ...] = ()
