"""The way out: a goal text becomes ranked mentors with reasons."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from models.errors import SpaceMismatch
from models.goals import Goals, GoalVectors, Hint
from models.language import foreign_language
from models.mentor import Mentor
from models.ports import Encoder, Index, MentorStore, Recipe
from models.recommendation import Recommendation, Recommendations
from recommender.candidates import candidates
from recommender.eligibility import Exclusions, Filters, eligible
from recommender.explaining import Explanation, explain, facts
from recommender.goals import understand
from recommender.scoring import MICRO, VERSION, Scored, followed_by, goal_vector, score

MOST = 300  # recommendations of one request
CONTEXT = 900  # characters of goal text encoded at once, within the encoder's maximum of tokens


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked: `limit` 1..300 mentors, after the first `offset` of the ranking."""

    goals: str
    limit: int = 10
    offset: int = 0
    filters: Filters = field(default_factory=Filters)
    exclude: Exclusions = field(default_factory=Exclusions)
    explain: bool = True


class Recommender:
    """Answers requests on one index; immutable, so any number of threads may share it."""

    def __init__(
        self, tenant: str, index: Index, encoder: Encoder, store: MentorStore, recipe: Recipe
    ) -> None:
        """Raises SpaceMismatch when the index was made with another encoder."""
        if index.space_id != encoder.space_id:
            raise SpaceMismatch(
                f"The index was made in the space {index.space_id}, the encoder's is "
                f"{encoder.space_id}: set MENTORS_ENCODER to the model the index was made with, "
                f"or run 'mentors index' again to re-embed it with this one."
            )
        self._tenant = tenant
        self._index = index
        self._encoder = encoder
        self._store = store
        self._recipe = recipe

    @property
    def index_version(self) -> str:
        """Space, scoring version and applied sequence: equal versions give equal answers."""
        return f"{self._index.space_id}/{VERSION}/{self._index.sequence}"

    def recommend(self, request: Request) -> Recommendations:
        """Rank the eligible mentors for the goal and explain the best.

        Raises BadGoals or BadFilter.
        """
        goals = understand(request.goals)
        mask = eligible(self._index.catalogue, request.filters, request.exclude)
        vectors = encode_goals(goals, self._encoder)
        # By the limit alone, which all pages of a request share, so that they share one ranking.
        near = candidates(goals, vectors, self._index, request.limit, mask)
        ranked = self._rank(goals, vectors, near)
        page = self._present(ranked, request)
        if page.next_offset is None and len(near) < mask.sum():  # the candidates ran out
            others = np.setdiff1d(np.flatnonzero(mask), near)
            ranked = followed_by(ranked, self._rank(goals, vectors, others))
            page = self._present(ranked, request)
        return Recommendations(
            goals,
            (*goals.hints, *_hints_about([mentor for _, mentor, _ in page.shown])),
            self.index_version,
            self._encoder.space_id,
            None,
            tuple(
                self._recommendation(goals, vectors, *one, request.explain) for one in page.shown
            ),
            page.next_offset,
            page.behind,
        )

    def _rank(self, goals: Goals, vectors: GoalVectors, rows: NDArray[np.int64]) -> Scored:
        index = self._index
        return score(goals, vectors, rows, index.catalogue, index.dense, index.lexical)

    def _present(self, ranked: Scored, request: Request) -> "_Page":
        """The page asked for, each mentor as the store has it now, and where the next begins.

        A mentor who has left, is full or has a newer text than the index is passed over, and
        the next one of the ranking takes the place.
        """
        page = _Page()
        at = request.offset
        while len(page.shown) < request.limit and at < len(ranked.rows):
            rows = ranked.rows[at : at + request.limit - len(page.shown)]
            for row, mentor in self._current(rows, request.filters.available, page).items():
                page.shown.append((row, mentor, ranked.parts[at + rows.tolist().index(row)]))
            at += len(rows)
        page.next_offset = at if at < len(ranked.rows) else None
        return page

    def _current(
        self, rows: NDArray[np.int64], available: bool | None, page: "_Page"
    ) -> dict[int, Mentor]:
        catalogue = self._index.catalogue
        stored = self._store.read(self._tenant, catalogue.ids(rows))
        found = {}
        for row, id in zip(rows.tolist(), catalogue.ids(rows), strict=True):
            if id not in stored:
                continue
            mentor, text_hash = stored[id].mentor, stored[id].text_hash
            if text_hash != catalogue.text_hash(row):
                page.behind = True
            elif available is None or mentor.can_take_a_mentee == available:
                found[row] = mentor
        return found

    def _recommendation(
        self,
        goals: Goals,
        vectors: GoalVectors,
        row: int,
        mentor: Mentor,
        parts: NDArray[np.int64],
        wanted: bool,
    ) -> Recommendation:
        passages, profile, lexical = (int(part) for part in parts)
        why = Explanation((), passages / MICRO, lexical / MICRO, ())
        if wanted:
            why = explain(goals, vectors, row, mentor, parts, self._index, self._recipe)
        return Recommendation(
            mentor,
            (passages + profile + lexical) / MICRO,
            None,
            {
                "passages": passages / MICRO,
                "profile": profile / MICRO,
                "lexical": lexical / MICRO,
            },
            why.reasons,
            why.other_passages,
            why.other_terms,
            why.uncovered_goals,
            facts(mentor),
        )


@dataclass(slots=True)
class _Page:
    """The mentors shown (row, mentor, parts of the score), and where the next page begins."""

    shown: list[tuple[int, Mentor, NDArray[np.int64]]] = field(default_factory=list)
    next_offset: int | None = None
    behind: bool = False


def _hints_about(mentors: Sequence[Mentor]) -> tuple[Hint, ...]:
    """A hint when profiles shown are in another language, where matching is weaker."""
    foreign = sum(foreign_language(mentor.bio) is not None for mentor in mentors)
    if not foreign:
        return ()
    text = f"{foreign} of these profiles do not read as English; their words match less well."
    return (Hint("profiles_not_english", text, (("count", foreign),)),)


def encode_goals(goals: Goals, encoder: Encoder) -> GoalVectors:
    """The goal's vectors; a request is encoded alone, so others cannot change its numbers."""
    contexts = _contexts(goals)
    rows = encoder.encode_queries([*contexts, *(part.text for part in goals.parts)])
    whole = rows[: len(contexts)].mean(axis=0)
    return goal_vector(goals, whole, rows[len(contexts) :])


def _contexts(goals: Goals) -> Sequence[str]:
    """The whole text where the encoder can take it at once, else stretches of whole parts."""
    if len(goals.text) <= CONTEXT:
        return [goals.text]
    stretches: list[tuple[int, int]] = []
    for part in goals.parts:
        if stretches and part.end - stretches[-1][0] <= CONTEXT:
            stretches[-1] = (stretches[-1][0], part.end)
        else:
            stretches.append((part.start, part.end))
    return [goals.text[start:end] for start, end in stretches]
