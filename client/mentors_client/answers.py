"""What the server answers, as the JSON that came: a newer server's further fields come along."""

from typing import Any, Literal, NotRequired, TypedDict

Mentor = dict[str, Any]
"""A mentor record; `id` is always there."""


class Said(TypedDict):
    """A statement with a stable code; `text` is English."""

    code: str
    params: dict[str, str | int | float]
    text: str


class GoalPart(TypedDict):
    """One part of the goals; offsets count code points, end exclusive."""

    part: int
    text: str
    start: int
    end: int
    about: str
    help: str | None


class Reason(TypedDict):
    """A quote from the mentor's own words, and what it adds to the score."""

    goal: int
    part: str
    field: str
    quote: str
    start: int
    end: int
    similarity: float | None
    contribution: float
    term: str | None


class Told(TypedDict):
    """An event of feedback; `goals` where they were kept."""

    recommendation_id: str
    mentor: str
    event: str
    at: str
    rating: NotRequired[int]
    goals: NotRequired[str]


Move = TypedDict("Move", {"from": int, "to": int})


class Recommendation(TypedDict):
    """One mentor; `contributions` sum to `score`."""

    mentor: Mentor
    score: float
    chance: float
    match: Literal["strong", "good", "partial"]
    summary: str | None
    contributions: dict[str, float]
    reasons: list[Reason]
    other_passages: float
    other_profile: float
    other_terms: float
    uncovered_goals: list[int]
    adjustments: dict[str, Move]
    facts: list[Said]


class Understood(TypedDict):
    """Goals as they are understood."""

    goals: list[GoalPart]
    hints: list[Said]


class Places(TypedDict):
    """Where the goals and those recommended, in their order, lie on the map; [x, y] each."""

    map: str
    goal: list[float]
    mentors: list[list[float]]


class Point(TypedDict):
    """A mentor on the map."""

    mentor: str
    headline: str
    x: float
    y: float


class Chart(TypedDict):
    """The map; `map` names its version, `total` says how many the points stand for."""

    index_version: str
    map: str
    total: int
    points: list[Point]


class Recommendations(TypedDict):
    """A page of recommendations, best first; `next` is the cursor of the page after it."""

    recommendation_id: str
    index_version: str
    encoder: str
    next: str | None
    goals: list[GoalPart]
    hints: list[Said]
    abstained: bool
    recommendations: list[Recommendation]
    map: NotRequired[Places]


class Explanation(TypedDict):
    """Where one mentor stands for the goals."""

    index_version: str
    encoder: str
    goals: list[GoalPart]
    hints: list[Said]
    rank: int | None
    recommendation: Recommendation
    why_not: list[Said]
    nearly: dict[str, Any] | None


class Similar(TypedDict):
    """A quote and what its passage adds to the likeness."""

    field: str
    quote: str
    start: int
    end: int
    contribution: float


class SimilarMentor(TypedDict):
    """One mentor; the reasons and `other_passages` sum to `likeness`."""

    mentor: Mentor
    likeness: float
    reasons: list[Similar]
    other_passages: float


class SimilarMentors(TypedDict):
    """Mentors like another one, most alike first."""

    index_version: str
    similar: list[SimilarMentor]


class Change(TypedDict):
    """What a change came to; it was on disk when this was sent."""

    id: str
    result: Literal["added", "changed", "unchanged", "removed"]
    sequence: int
    ignored: NotRequired[list[str]]


class LineResult(TypedDict):
    """What one line of a bulk change came to."""

    line: NotRequired[int]
    id: NotRequired[str]
    result: str
    sequence: NotRequired[int]
    field: NotRequired[str]
    reason: NotRequired[str]
    ignored: NotRequired[list[str]]


class BatchAnswer(Recommendations):
    """The answer to one line of a batch; `problem` stands alone where it has none."""

    line: int
    id: NotRequired[str | int]
    problem: NotRequired[dict[str, Any]]


class EventResult(TypedDict):
    """What became of one event."""

    mentor: str
    event: str
    result: Literal["recorded", "unchanged", "no_mentor"]


class Feedback(TypedDict):
    """What became of each event, in the order in which they were sent."""

    recommendation_id: str
    results: list[EventResult]
