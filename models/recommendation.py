"""What comes out: ranked mentors, each with the reasons that make up the score."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from models.goals import Goals, Hint
from models.mentor import Mentor

Match = Literal["strong", "good", "partial"]


@dataclass(frozen=True, slots=True)
class Reason:
    """A quote from the mentor's own words and what it adds to the score.

    `field` is a JSON Pointer to the string quoted; `start` and `end` count code points in it,
    end exclusive. `similarity` is the cosine between the goal and the passage, [-1, 1]; None
    for a reason of the lexical part, which quotes a word of the profile. `term` is then the word
    of the goal, as written there, that it is or is related to.
    """

    goal: int
    part: str
    field: str
    quote: str
    start: int
    end: int
    similarity: float | None
    contribution: float
    term: str | None = None


@dataclass(frozen=True, slots=True)
class Fact:
    """Something true of the mentor that is no evidence for the match, such as free places."""

    code: str
    text: str
    params: tuple[tuple[str, str | int], ...] = ()


@dataclass(frozen=True, slots=True)
class Move:
    """From one place in the ranking to another, without a change of score; places begin at 1."""

    before: int
    after: int


@dataclass(frozen=True, slots=True)
class Recommendation:
    """One mentor with the score, its parts and the reasons.

    `score` is the sum of `contributions`, all multiples of 1e-6. The reasons of part
    "passages" and `other_passages` sum to that part; likewise those of part "profile" and
    `other_profile`, and those of part "lexical" and `other_terms`. `chance`: how likely a reader
    finds the mentor useful for the goal, (0, 1); `match` says it in a word. `adjustments`: what
    moved the mentor in the ranking without being the score, by name. `summary`: the reasons as
    sentences, None where none were asked for.
    """

    mentor: Mentor
    score: float
    chance: float
    match: Match
    contributions: dict[str, float]
    reasons: tuple[Reason, ...]
    other_passages: float
    other_profile: float
    other_terms: float
    uncovered_goals: tuple[int, ...]
    facts: tuple[Fact, ...]
    adjustments: Mapping[str, Move] = field(default_factory=dict)
    summary: str | None = None


@dataclass(frozen=True, slots=True)
class Point:
    """A mentor on the map; mentors lie about within the unit circle."""

    mentor: str
    headline: str
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Places:
    """Where the goal and those recommended, in their order, lie on the map of this version."""

    map: str
    goal: tuple[float, float]
    mentors: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Recommendations:
    """The answer to one request; `next_offset` is None on the last page.

    `abstained`: nobody is a good match, and whoever is shown is merely nearest.

    `behind`: a mentor near the top was passed over because the store has newer words of theirs
    than the index; asked again on a newer index they come. `places`: on the map, where asked for.
    """

    goals: Goals
    hints: tuple[Hint, ...]
    index_version: str
    encoder: str
    abstained: bool
    recommendations: tuple[Recommendation, ...]
    next_offset: int | None
    behind: bool = False
    places: Places | None = None


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why a mentor is not recommended. `code` is stable, `text` is English.

    Codes: `filtered`, `excluded`, `full`, `unavailable`, and `not_in_top` for somebody eligible
    who comes further down.
    """

    code: str
    text: str
    params: tuple[tuple[str, str | int | float], ...] = ()


@dataclass(frozen=True, slots=True)
class Nearly:
    """Words of the mentor's own that, added to the goal, bring the mentor to place `rank`."""

    add: str
    rank: int
    text: str


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one mentor stands for a goal, recommended or not.

    `rank`: the place by score among everybody eligible, from 1; None for somebody who is not.
    `why_not` is empty for whoever is among the first ten. `nearly` is None for whoever is not
    eligible or among the first five already, and where nothing that was tried helps.
    """

    goals: Goals
    hints: tuple[Hint, ...]
    index_version: str
    encoder: str
    rank: int | None
    recommendation: Recommendation
    why_not: tuple[Obstacle, ...]
    nearly: Nearly | None
