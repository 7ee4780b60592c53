"""The ports. Whoever uses them does not know which engine is behind."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from models.mentor import Mentor
from models.outline import Outline
from models.passage import Leaf


class QueryReading(Protocol):
    """A query that is being read, or has been."""

    def rows(self, stretches: Sequence[tuple[int, int]]) -> NDArray[np.float32]:
        """The text, then each stretch of it, where possible read in the context of the text.

        `stretches`: code-point offsets, end exclusive. Float32, shape (1 + len(stretches),
        dimension), unit rows.
        """
        ...


class Encoder(Protocol):
    """Turns text into unit vectors.

    `space_id` names weights, pooling, normalisation, maximum tokens and the text recipe: it
    decides which vectors may meet. `runtime_id` names engine and precision.
    """

    @property
    def space_id(self) -> str: ...

    @property
    def runtime_id(self) -> str: ...

    @property
    def dimension(self) -> int: ...

    def encode_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Float32, shape (len(texts), dimension), unit rows."""
        ...

    def encode_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Float32, shape (len(texts), dimension), unit rows."""
        ...

    def read_query(self, text: str) -> QueryReading:
        """Begin to read a text; whoever wants its vectors waits for them."""
        ...


@dataclass(frozen=True, slots=True)
class Stored:
    """A mentor as the store has it.

    `revision` is the sequence of its last change; `text_hash` covers everything but the places,
    so it tells whether an index has the same words. `outline`: what the store keeps of where they
    stand, for `Recipe.outline`.
    """

    revision: int
    text_hash: str
    mentor: Mentor
    outline: str = ""


class MentorStore(Protocol):
    """The system of record, as seen by whoever answers a request."""

    def read(self, tenant: str, ids: Sequence[str]) -> Mapping[str, Stored]:
        """The live mentors among `ids`, as they are now, in one read."""
        ...


class PassageIndex(Protocol):
    """Nearest passages by cosine, and the exact cosines of chosen mentors."""

    def nearest(
        self, queries: NDArray[np.float32], top_k: int, eligible: NDArray[np.bool_] | None
    ) -> NDArray[np.int64]:
        """Rows of the mentors who own the `top_k` nearest passages of any query, sorted.

        All passages that tie with the `top_k`-th come along. `queries`: float32,
        shape (n, dimension), unit rows. `eligible`: shape (n_mentors,), or None for everybody.
        """
        ...

    def cosines(
        self, queries: NDArray[np.float32], rows: NDArray[np.int64]
    ) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """The exact cosines of all passages of the mentors at `rows`, which are sorted.

        Returns float64, shape (n_queries, n_passages), range [-1, 1], grouped by mentor in the
        order of `rows`, and how many passages each mentor has: int64, shape (len(rows),), >= 1.
        """
        ...

    def means(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """The direction of the mean passage vector of each mentor at `rows`, which are sorted.

        Float32, shape (len(rows), dimension), unit rows; zeros where the passages cancel out.
        """
        ...


class Saturations(NamedTuple):
    """BM25's saturated term frequencies of some stems in the words of some mentors.

    An entry for each stem that a mentor uses, mentor by mentor: the place of the mentor among
    those asked for, int64; that of the stem, int64; and the saturation, float64, range (0, 1).
    """

    mentor: NDArray[np.int64]
    stem: NDArray[np.int64]
    saturation: NDArray[np.float64]


class LexicalIndex(Protocol):
    """Which mentors use the words of a goal."""

    def best(
        self, weights: Mapping[str, float], top_k: int, eligible: NDArray[np.bool_] | None
    ) -> NDArray[np.int64]:
        """Rows of the `top_k` mentors with the greatest weighted BM25 sum > 0, sorted."""
        ...

    def saturations(self, stems: Sequence[str], rows: NDArray[np.int64]) -> Saturations:
        """Which of `stems`, all different, each mentor at `rows` (sorted) uses, and how much."""
        ...


class Catalogue(Protocol):
    """Who is in the index and what can be filtered; a row is a mentor, or one that is gone."""

    @property
    def size(self) -> int: ...

    def alive(self) -> NDArray[np.bool_]:
        """Which rows are mentors who are still there; shape (size,)."""
        ...

    def mean_norms(self, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """Length of the mean passage vector of each mentor at `rows`, which are sorted.

        Float64, shape (len(rows),), range (0, 1].
        """
        ...

    def ids(self, rows: NDArray[np.int64]) -> list[str]: ...

    def rows(self, ids: Sequence[str]) -> NDArray[np.int64]:
        """The rows of the ids that are here, sorted; unknown ids are left out."""
        ...

    def text_hash(self, row: int) -> str:
        """`Stored.text_hash` of the mentor when it was indexed."""
        ...

    def having(self, column: str, texts: Collection[str]) -> NDArray[np.bool_]:
        """Which rows have one of `texts` in `column`, without regard to case; shape (size,)."""
        ...

    def where(self, column: str, holds: Callable[[str], bool]) -> NDArray[np.bool_]:
        """Which rows have a text in `column` for which `holds`; shape (size,).

        Each text in use is asked about once, without case, but for time zones, whose names have
        one. Where a record has none in a column of single texts, it has "".
        """
        ...

    def where_attribute(self, name: str, holds: Callable[[Any], bool]) -> NDArray[np.bool_]:
        """Which rows have an attribute of the name, for whose value `holds`; shape (size,).

        Each value in use is asked about once, a list as a whole; true is not 1.
        """
        ...

    def available(self) -> NDArray[np.bool_]:
        """Available and with a free place when indexed; shape (n_mentors,)."""
        ...

    def shown(self) -> NDArray[np.int64]:
        """How often each mentor was shown lately, >= 0; shape (n_mentors,)."""
        ...


class Map(Protocol):
    """Mentors and goals as points of a plane; who is near is often alike, not always."""

    @property
    def version(self) -> str:
        """Points of equal versions may be shown together; "" while nobody is on it."""
        ...

    def place(self, vectors: NDArray[np.float32]) -> NDArray[np.float64]:
        """Unit rows as points, float64, shape (n, 2); mentors lie about within the unit circle."""
        ...

    def points(self, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """Where the mentors at `rows`, in any order, lie: float64, shape (len(rows), 2)."""
        ...


class Index(Protocol):
    """Everything a search needs, of one tenant at one sequence."""

    @property
    def space_id(self) -> str: ...

    @property
    def sequence(self) -> int: ...

    @property
    def catalogue(self) -> Catalogue: ...

    @property
    def dense(self) -> PassageIndex: ...

    @property
    def lexical(self) -> LexicalIndex: ...

    @property
    def map(self) -> Map: ...


class Recipe(Protocol):
    """How a record was cut up when it was indexed, to quote from it."""

    def outline(self, stored: Stored) -> Outline:
        """Where passages and words stand, from what is kept, or cut anew."""
        ...

    def items(self, mentor: Mentor, leaves: Sequence[Leaf]) -> list[str]:
        """What the encoder reads for each leaf of a passage that has several."""
        ...

    def vectors(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Passage vectors of texts: float32, shape (len(texts), dimension), unit rows."""
        ...
