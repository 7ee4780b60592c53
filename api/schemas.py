"""The HTTP edge: what requests must look like, and what answers do."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from api.cursors import digest, opened
from api.signing import PATTERN
from models.errors import BadFilter
from models.mentor import Attribute
from models.recommendation import Match
from recommender.eligibility import Exclusions, Filters
from recommender.goals import joined
from recommender.recommend import MOST, Request

Value = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Values = Annotated[list[Value], Field(max_length=100)]
Scalar = bool | int | float | Value
Scalars = Annotated[list[Scalar], Field(max_length=100)]
MOST_FIELDS = 50  # of one object in a request; none has so many


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _few(cls, sent: object) -> object:
        # Each unknown field would be an error of its own, of which only one is said.
        if isinstance(sent, Mapping) and len(sent) > MOST_FIELDS:
            raise ValueError(f"there are more than {MOST_FIELDS} fields")
        return sent


class Bounds(_Body):
    """A range of numbers, both ends included."""

    gte: float | None = None
    lte: float | None = None


class FiltersBody(_Body):
    """What a mentor must have; one value or a list of which any will do."""

    country: Value | Values = Field(default=[], examples=["SG"], description="ISO 3166-1 alpha-2.")
    language: Value | Values = Field(
        default=[], examples=["pt"], description="BCP 47; 'pt' takes 'pt-BR'."
    )
    industry: Value | Values = []
    seniority: Value | Values = []
    skills_any: Value | Values = []
    skills_all: Value | Values = []
    max_hours_apart: float | None = Field(default=None, ge=0, le=12, description="Needs timezone.")
    timezone: Annotated[str, StringConstraints(max_length=64)] = Field(
        default="", examples=["Europe/Berlin"], description="IANA name of the mentee's zone."
    )
    available: bool | None = Field(
        default=True, description="true: available and with a free place; null: everybody."
    )
    attributes: dict[Value, Scalar | Scalars | Bounds] = Field(default={}, max_length=20)


class ExcludeBody(_Body):
    """Who must not be recommended."""

    ids: Value | Annotated[list[Value], Field(max_length=10_000)] = []
    organization: Value | Values = []


Goals = Annotated[
    str | Annotated[list[str], Field(min_length=1, max_length=50)],
    Field(examples=["I run audits at a Big Four firm and want to move into venture capital"]),
]


class _AskedBody(_Body):
    """What every question about mentors begins with."""

    goals: Goals
    filters: FiltersBody = FiltersBody()
    exclude: ExcludeBody = ExcludeBody()

    def request(self) -> Request:
        """The request in the recommender's terms. Raises BadFilter."""
        return Request(
            joined(self.goals),
            filters=_filters(self.filters),
            exclude=Exclusions(_tuple(self.exclude.ids), _tuple(self.exclude.organization)),
        )


class GoalsBody(_Body):
    """Goals that are only to be understood."""

    goals: Goals


class RecommendationsBody(_AskedBody):
    """A request for recommendations."""

    limit: int = Field(default=10, ge=1, le=MOST, strict=True)
    cursor: str | None = Field(default=None, max_length=2_000)
    diversity: float = Field(
        default=0.0,
        ge=0,
        le=1,
        description="0: by score alone; the nearer to 1, the less alike those at the top. Scores "
        "stay as they are; who moved says so in adjustments.",
    )
    exposure: float = Field(
        default=0.0,
        ge=0,
        le=1,
        description="0: by score alone; the nearer to 1, the more those who were shown much lately "
        "give way to others about as good, by feedback of the kind 'shown'. Scores stay as they "
        "are; who moved says so in adjustments.",
    )
    explain: bool = True
    map: bool = Field(
        default=False, description="Say where the goals and the mentors lie on `/v1/map`."
    )

    def request(self) -> Request:
        """The request in the recommender's terms. Raises BadFilter or BadCursor."""
        return replace(
            super().request(),
            limit=self.limit,
            offset=self._opened()[0],
            explain=self.explain,
            diversity=self.diversity,
            exposure=self.exposure,
            map=self.map,
        )

    def version(self) -> str | None:
        """The index version that the cursor pins, None without one. Raises BadCursor."""
        return self._opened()[1]

    def _opened(self) -> tuple[int, str | None]:
        return (0, None) if self.cursor is None else opened(self.cursor, self.digest())

    def digest(self) -> str:
        """What a cursor remembers of this request."""
        return digest(self.model_dump(exclude={"cursor", "map"}))


class ExplainBody(_AskedBody):
    """A question about one mentor."""

    mentor: Value = Field(description="The mentor's id.", examples=["m-17"])


def _filters(body: FiltersBody) -> Filters:
    lists = ("country", "language", "industry", "seniority", "skills_any", "skills_all")
    values = {name: _tuple(getattr(body, name)) for name in lists}
    return Filters(
        **values,
        max_hours_apart=body.max_hours_apart,
        timezone=body.timezone,
        available=body.available,
        attributes={name: _condition(name, value) for name, value in body.attributes.items()},
    )


def _condition(name: str, value: object) -> Attribute | dict[str, float]:
    if isinstance(value, Bounds):
        bounds = value.model_dump(exclude_none=True)
        if not bounds:
            raise BadFilter(
                f"The filter on {name!r} names no bound: expected 'gte', 'lte' or both.",
                pointer=pointer_to(("filters", "attributes", name)),
            )
        return bounds
    return tuple(value) if isinstance(value, list) else value  # type: ignore[return-value]


def _tuple(value: str | list[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def what_is_wrong(
    errors: Sequence[Mapping[str, Any]], sent: object
) -> tuple[str, Mapping[str, Any]]:
    """The first error and its JSON Pointer; of a union's branches, the one that leads deepest.

    `errors` are pydantic's; `sent` is the body they are about.
    """
    found = [(_within(error, sent), error) for error in errors]
    first = found[0][0]
    same = [one for one in found if one[0] == first or one[0].startswith(f"{first}/")]
    return max(same, key=lambda one: one[0].count("/"))


def _within(error: Mapping[str, Any], sent: object) -> str:
    """Where in `sent` an error is, without the names pydantic gives to a union's branches."""
    path: list[str | int] = []
    for token in error["loc"]:
        branches: Any = dict(enumerate(sent)) if isinstance(sent, list) else sent
        if isinstance(branches, dict) and token in branches:
            sent = branches[token]
        elif error["type"] != "missing":
            continue
        path.append(token)
    return pointer_to(path)


def pointer_to(path: Sequence[str | int]) -> str:
    """The JSON Pointer (RFC 6901) of a path."""
    return "".join("/" + str(token).replace("~", "~0").replace("/", "~1") for token in path)


class GoalPartAnswer(BaseModel):
    """One part of the goal; offsets count code points, end exclusive."""

    part: int
    text: str
    start: int
    end: int
    about: str = Field(description="'wish' where the part asks for something.")
    help: str | None


class Coded(BaseModel):
    """A statement with a stable code; `text` is English."""

    code: str
    params: dict[str, str | int | float]
    text: str


class ReasonAnswer(BaseModel):
    """A quote and what it adds to the score."""

    goal: int
    part: str
    field: str = Field(description="JSON Pointer into `mentor`.")
    quote: str
    start: int
    end: int
    similarity: float | None = Field(description="Cosine, -1..1; null for part 'lexical'.")
    contribution: float
    term: str | None = Field(
        description="Part 'lexical': the word of the goals that the quote is, or is related to."
    )


class MoveAnswer(BaseModel):
    """From a place in the ranking to another; places begin at 1."""

    from_: int = Field(alias="from", ge=1)
    to: int = Field(ge=1)


class RecommendationAnswer(BaseModel):
    """One mentor; `contributions` sum to `score`."""

    mentor: dict[str, object]
    score: float = Field(description="-0.45..1; higher is better.")
    chance: float = Field(
        gt=0,
        lt=1,
        description="How likely a reader would call this mentor useful for the goals.",
    )
    match: Match = Field(description="The chance in a word: from 0.5 strong, from 0.2 good.")
    summary: str | None = Field(
        description="The reasons in one to three sentences, with the mentor's own words in "
        "quotation marks; null without explain."
    )
    contributions: dict[str, float]
    reasons: list[ReasonAnswer]
    other_passages: float = Field(description="What other passages add to part 'passages'.")
    other_profile: float = Field(description="What other passages add to part 'profile'.")
    other_terms: float = Field(description="What other shared words add to part 'lexical'.")
    uncovered_goals: list[int]
    adjustments: dict[str, MoveAnswer] = Field(
        description="What moved the mentor without being the score: exposure, then diversity."
    )
    facts: list[Coded]


class UnderstoodAnswer(BaseModel):
    """Goals as they are understood."""

    goals: list[GoalPartAnswer]
    hints: list[Coded]


Place = Annotated[list[float], Field(min_length=2, max_length=2)]


class PlacesAnswer(BaseModel):
    """Where the goals and those recommended, in their order, lie on the map; [x, y] each."""

    map: str = Field(description="The version of the map, as `/v1/map` has it.")
    goal: Place
    mentors: list[Place]


class PointAnswer(BaseModel):
    """A mentor on the map."""

    mentor: str
    headline: str
    x: float
    y: float


class MapAnswer(BaseModel):
    """Mentors with a free place as points of a plane, about within the unit circle."""

    index_version: str
    map: str = Field(description="Points and places of the same version may be shown together.")
    total: int = Field(description="How many there are; of more than 2,000 some are chosen.")
    points: list[PointAnswer]


class RecommendationsAnswer(BaseModel):
    """The answer to a request for recommendations."""

    recommendation_id: str
    index_version: str
    encoder: str
    next: str | None
    goals: list[GoalPartAnswer]
    hints: list[Coded]
    abstained: bool = Field(
        description="Nobody is a good match; whoever is listed is merely nearest, all partial."
    )
    recommendations: list[RecommendationAnswer]
    map: PlacesAnswer | None = Field(default=None, description="Only where it was asked for.")


class NearlyAnswer(BaseModel):
    """A goal that would bring the mentor near the top; tried, not estimated."""

    add: str = Field(description="Words of the mentor's own, added to the goals as a part.")
    rank: int = Field(ge=1, le=5, description="The place the mentor then comes at.")
    text: str


class ExplainAnswer(BaseModel):
    """Where one mentor stands for the goals, recommended or not."""

    index_version: str
    encoder: str
    goals: list[GoalPartAnswer]
    hints: list[Coded]
    rank: int | None = Field(
        ge=1, description="Place by score among everybody eligible; null for who is not."
    )
    recommendation: RecommendationAnswer
    why_not: list[Coded] = Field(
        description="not_in_top, filtered, full, unavailable, excluded; empty within the first ten."
    )
    nearly: NearlyAnswer | None


class SimilarReasonAnswer(BaseModel):
    """A quote and what its passage adds to the likeness."""

    field: str = Field(description="JSON Pointer into `mentor`.")
    quote: str
    start: int
    end: int
    contribution: float


class SimilarMentorAnswer(BaseModel):
    """One mentor; the reasons and `other_passages` sum to `likeness`."""

    mentor: dict[str, object]
    likeness: float = Field(ge=-1.0001, le=1.0001, description="Cosine of the mean passages.")
    reasons: list[SimilarReasonAnswer]
    other_passages: float


class SimilarAnswer(BaseModel):
    """Mentors like another one, most alike first."""

    index_version: str
    similar: list[SimilarMentorAnswer]


def _in_words(value: object) -> object:
    """A time is written out: a number could be of seconds or of milliseconds."""
    if isinstance(value, datetime) or (isinstance(value, str) and not _NUMBER.fullmatch(value)):
        return value
    raise ValueError("a time is written as in RFC 3339, such as 2026-01-31T12:00:00Z")


def _lately(value: datetime) -> datetime:
    if not EARLIEST <= value.astimezone(UTC) <= datetime.now(UTC) + timedelta(minutes=5):
        raise ValueError(f"a time lies between {EARLIEST:%Y} and now")
    return value


EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
_NUMBER = re.compile(r"\s*[-+]?[\d.eE+-]+\s*")
Moment = Annotated[AwareDatetime, BeforeValidator(_in_words), AfterValidator(_lately)]


class EventBody(_Body):
    """Something that happened to a mentor who was recommended."""

    mentor: Value = Field(
        description="The mentor's id, of one who was in the recommendation.", examples=["m-17"]
    )
    event: Literal["shown", "opened", "requested", "accepted", "declined", "rated"]
    rating: int | None = Field(default=None, ge=1, le=5, strict=True, description="Of 'rated'.")
    at: Moment | None = Field(default=None, description="RFC 3339; now where left out.")

    @model_validator(mode="after")
    def _rated(self) -> "EventBody":
        if (self.event == "rated") != (self.rating is not None):
            raise ValueError("a rating goes with the event 'rated', and with no other")
        return self


class FeedbackBody(_Body):
    """What came of one recommendation."""

    recommendation_id: str = Field(pattern=PATTERN, examples=["0" * 52])
    events: list[EventBody] = Field(min_length=1, max_length=1_000)
    goals: str | None = Field(
        default=None,
        min_length=1,
        max_length=20_000,
        description="The mentee's words, where they may be kept for evaluation; this server keeps "
        "none by itself.",
    )


class EventAnswer(BaseModel):
    """What became of one event."""

    mentor: str
    event: str
    result: Literal["recorded", "unchanged", "no_mentor"]


class FeedbackAnswer(BaseModel):
    """What became of each event, in the order in which they were sent."""

    recommendation_id: str
    results: list[EventAnswer]


class ErasedAnswer(BaseModel):
    """How many events were erased."""

    recommendation_id: str
    erased: int


class ChangeAnswer(BaseModel):
    """What a change came to; it is on disk when this is sent."""

    id: str
    result: str = Field(description="added, changed, unchanged or removed.")
    sequence: int = Field(description="Of the mentor's last change.")
    ignored: list[str] = Field(default=[], description="Fields sent that no record has.")


class EncoderAnswer(BaseModel):
    """The encoder in use, and where the index is about to move or cannot go."""

    name: str | None
    space: str
    runtime: str
    moving_to: str | None
    stuck: str | None


class FreshnessAnswer(BaseModel):
    """How far what answers is behind what is stored."""

    sequence: int
    not_followed: int = Field(description="Changes that answers do not know of yet.")
    erasure_pending: bool = Field(description="Somebody removed is still in a file.")
    snapshot_at: AwareDatetime | None
    changes_since_snapshot: int


class SearchAnswer(BaseModel):
    """Where passages are searched, and how that goes."""

    engine: Literal["faiss", "milvus"]
    not_brought: int = Field(description="Changes that a Milvus does not have yet.")
    problem: str | None = Field(description="Why a Milvus cannot be asked; requests get a 503.")


class DayAnswer(BaseModel):
    """Feedback of one day, UTC."""

    day: date
    events: dict[str, int]


class FeedbackFiguresAnswer(BaseModel):
    """Feedback of the last 30 days."""

    totals: dict[str, int]
    mean_rating: float | None
    days: list[DayAnswer]


class BucketAnswer(BaseModel):
    """Answers that took no longer than this, and longer than the bucket before."""

    up_to_ms: float | None
    count: int


class LatencyAnswer(BaseModel):
    """How long recommending took; percentiles as far as the buckets tell."""

    count: int
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None
    buckets: list[BucketAnswer]


class StageAnswer(BaseModel):
    """A stage of a recommendation."""

    stage: str
    count: int
    mean_ms: float


class RecommendedAnswer(BaseModel):
    """Answers, and how many of them said that nobody fits."""

    answers: int
    abstained: int


class StatusAnswer(BaseModel):
    """What there is, how fresh it is, and how answering goes."""

    tenant: str
    mentors: int
    passages: int
    free: int = Field(description="Mentors with a free place.")
    rejected_records: int
    index_version: str
    encoder: EncoderAnswer
    freshness: FreshnessAnswer
    search: SearchAnswer
    feedback: FeedbackFiguresAnswer
    requests: dict[str, int] = Field(description="Of the whole server, by status.")
    refused: dict[str, int] = Field(description="At the door, by reason.")
    latency: LatencyAnswer
    stages: list[StageAnswer]
    recommended: RecommendedAnswer


class Problem(BaseModel):
    """An RFC 9457 problem."""

    type: str
    title: str
    status: int
    detail: str
    pointer: str | None = None
