"""An outline: where the passages and the words of a record stand, so that nothing is cut again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from models.passage import Leaf


@dataclass(frozen=True, slots=True)
class Outline:
    """What quotes are taken from.

    `strings`: JSON Pointers to the strings of the record that have passages or words. `passages`:
    of each passage its leaves, each as three numbers one after the other: which of the strings,
    start and end in code points, end exclusive. `words`: of each stem the same of where it first
    stands.
    """

    strings: Sequence[str]
    passages: Sequence[Sequence[int]]
    words: Mapping[str, Sequence[int]]

    def leaves(self, passage: int) -> tuple[Leaf, ...]:
        """The stretches that a passage was joined from, or the one it is."""
        numbers = self.passages[passage]
        return tuple(self._leaf(numbers[i : i + 3]) for i in range(0, len(numbers), 3))

    def place(self, stem: str) -> Leaf:
        """Where a word first stands. Raises KeyError when the record has none with this stem."""
        return self._leaf(self.words[stem])

    def _leaf(self, numbers: Sequence[int]) -> Leaf:
        string, start, end = numbers
        return Leaf(self.strings[string], start, end)
