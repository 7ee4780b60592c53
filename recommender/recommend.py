"""The way out: a goal text becomes ranked mentors with reasons."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from models.errors import BadGoals
from models.goals import GoalPart, Goals, GoalVectors, Hint
from models.language import foreign_language
from models.mentor import Mentor
from models.neutral import neutralise
from models.ports import Encoder, Index, MentorStore, Recipe
from models.recommendation import Move, Obstacle, Recommendation, Recommendations, Standing
from models.spaces import mismatch
from models.stages import stage
from recommender.calibration import chance, in_millionths, match
from recommender.candidates import candidates, named
from recommender.diversity import diversified
from recommender.eligibility import Exclusions, Filters, eligible, left_out
from recommender.explaining import Explanation, explain, facts, unexplained
from recommender.exposure import spread
from recommender.goals import require_goal, understand
from recommender.mapping import Charted, charted, places
from recommender.nearly import TOP as NEAR
from recommender.nearly import nearly
from recommender.paging import Page, Pages, Shown
from recommender.scoring import MICRO, PARTS, VERSION, Scored, followed_by, score
from recommender.similar import Similar, similar
from recommender.standing import obstacles, place, ranking
from recommender.telling import tell

MOST = 300  # recommendations of one request
Moves = Mapping[int, Mapping[str, Move]]
"""What moved each row that moved, by name."""

CONTEXT = 900  # characters of goal text encoded at once, within the encoder's maximum of tokens


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked: `limit` 1..300 mentors, after the first `offset` of the ranking.

    `diversity` 0..1: how far likeness to those above counts against a mentor's place;
    `exposure` 0..1: how far having been shown much lately does. `map`: whether to say where the
    goal and those recommended lie on the map.
    """

    goals: str
    limit: int = 10
    offset: int = 0
    filters: Filters = field(default_factory=Filters)
    exclude: Exclusions = field(default_factory=Exclusions)
    explain: bool = True
    diversity: float = 0.0
    exposure: float = 0.0
    map: bool = False


class Recommender:
    """Answers requests on one index; immutable, so any number of threads may share it."""

    def __init__(
        self, tenant: str, index: Index, encoder: Encoder, store: MentorStore, recipe: Recipe
    ) -> None:
        """Raises SpaceMismatch when the index was made with another encoder."""
        if index.space_id != encoder.space_id:
            raise mismatch(index.space_id, encoder.space_id)
        self._tenant = tenant
        self._index = index
        self._encoder = encoder
        self._store = store
        self._recipe = recipe
        self._pages = Pages(tenant, index.catalogue, store)

    @property
    def index_version(self) -> str:
        """Space, scoring version and applied sequence: equal versions give equal answers."""
        return f"{self._index.space_id}/{VERSION}/{self._index.sequence}"

    def recommend(self, request: Request) -> Recommendations:
        """Rank the eligible mentors for the goal and explain the best.

        Raises BadGoals or BadFilter.
        """
        require_goal(request.goals)
        mask = eligible(self._index.catalogue, request.filters, request.exclude)
        encoding = begun(request.goals, self._encoder)  # while the goal is being understood
        with stage("understand"):
            goals = understand(request.goals)
        with stage("search words"):
            # By the limit alone, which all pages of a request share, so that they share a ranking.
            names_it = named(goals, self._index, request.limit, mask)
        with stage("encode"):  # what is left of it
            vectors = encoding(goals)
        with stage("search vectors"):
            near = candidates(names_it, vectors, self._index, request.limit, mask)
        with stage("score"):
            ranked, moves = self._reordered(self._rank(goals, vectors, near), request)
        with stage("read"):
            page = self._page(ranked, request)
        if page.next_offset is None and len(near) < mask.sum():  # the candidates ran out
            others = np.setdiff1d(np.flatnonzero(mask), near)
            # Some at a time: the vectors of everybody would not fit into memory.
            rest = ranking(partial(self._rank, goals, vectors), others, self._index.catalogue)
            ranked = followed_by(ranked, rest)
            page = self._page(ranked, request)
        first = page if not request.offset else self._page(ranked, replace(request, offset=0))
        abstained = _nobody_fits(goals, first)
        hints = _hints_about([one.mentor for one in page.shown], abstained)
        if len(first.shown) < request.limit:
            hints = (*hints, *self._few_left(len(first.shown), request))
        return Recommendations(
            goals,
            (*goals.hints, *hints),
            self.index_version,
            self._encoder.space_id,
            abstained,
            self._recommendations(goals, vectors, page.shown, moves, told=request.explain),
            page.next_offset,
            page.behind,
            places(vectors, [one.row for one in page.shown], self._index) if request.map else None,
        )

    @property
    def map_version(self) -> tuple[str, str]:
        """What the map is of: an index version, and a version of the map itself."""
        return self.index_version, self._index.map.version

    def chart(self) -> Charted:
        """The map of those who may be recommended."""
        return charted(self._index, self.index_version, self._tenant, self._store)

    def similar(self, id: str, request: Request) -> tuple[Similar, ...]:
        """The mentors most like one of them who pass the filters; the goals are not looked at.

        Raises BadFilter, MentorNotFound, or IndexBehind as `explain` does.
        """
        mask = eligible(self._index.catalogue, request.filters, request.exclude)
        row, _ = self._pages.find(id)
        return similar(
            row,
            request.limit,
            mask,
            self._index,
            self._pages,
            self._recipe,
            available=request.filters.available,
        )

    def explain(self, request: Request, id: str) -> Standing:
        """Where the mentor stands for the goal, whether recommended or not, by score alone.

        Raises BadGoals, BadFilter, MentorNotFound, or IndexBehind when the store has newer words
        of the mentor.
        """
        goals = understand(request.goals)
        mask = eligible(self._index.catalogue, request.filters, request.exclude)
        row, stored = self._pages.find(id)
        mentor = stored.mentor
        vectors = encode_goals(goals, self._encoder)
        parts = self._rank(goals, vectors, np.asarray([row])).parts[0]
        rank, why_not = self._placed(goals, vectors, mask, row, mentor, request)
        return Standing(
            goals,
            (*goals.hints, *_hints_about([mentor])),
            self.index_version,
            self._encoder.space_id,
            rank,
            self._recommendations(goals, vectors, [Shown(row, stored, parts)], {}, told=True)[0],
            why_not,
            nearly(goals, mentor, partial(self._place, request, id))
            if rank is not None and rank > NEAR
            else None,
        )

    def _few_left(self, found: int, request: Request) -> tuple[Hint, ...]:
        """Which filters leave so few, when any do; of a pool that is small anyway, those named."""
        everybody = int(self._index.catalogue.alive().sum())
        unasked = (request.filters, request.exclude) == (Filters(), Exclusions())
        if unasked and everybody < request.limit:
            return ()
        without = left_out(self._index.catalogue, request.filters, request.exclude)
        if not without:
            return ()
        each = ", ".join(f"{name} leaves out {count:,}" for name, count in without.items())
        text = f"Fewer than asked for are left: of {everybody:,} mentors, {each}."
        return (Hint("few_left", text, (("left", found), *without.items())),)

    def _placed(
        self,
        goals: Goals,
        vectors: GoalVectors,
        mask: NDArray[np.bool_],
        row: int,
        mentor: Mentor,
        request: Request,
    ) -> tuple[int | None, tuple[Obstacle, ...]]:
        """The place among everybody eligible, None for who is not; and what is in the way."""
        catalogue = self._index.catalogue
        why_not = obstacles(catalogue, row, mentor, request.filters, request.exclude)
        if why_not:
            return None, why_not
        mask[row] = True  # a place may have become free since this version of the index
        ranked = ranking(partial(self._rank, goals, vectors), np.flatnonzero(mask), catalogue)
        return place(ranked, row, partial(self._there, request))

    def _there(self, request: Request, rows: NDArray[np.int64]) -> Collection[int]:
        return self._pages.current(rows, request.filters.available)[0]

    def _place(self, request: Request, id: str, goals: str) -> int | None:
        """The place at which the mentor is recommended for `goals`, None when not near the top."""
        asked = replace(request, goals=goals, limit=NEAR, offset=0, explain=False)
        try:
            found = self.recommend(replace(asked, diversity=0.0, exposure=0.0))
        except BadGoals:  # too long with anything added
            return None
        ids = [one.mentor.id for one in found.recommendations]
        return ids.index(id) + 1 if id in ids and not found.behind else None

    def _rank(self, goals: Goals, vectors: GoalVectors, rows: NDArray[np.int64]) -> Scored:
        index = self._index
        return score(goals, vectors, rows, index.catalogue, index.dense, index.lexical)

    def _reordered(self, ranked: Scored, request: Request) -> tuple[Scored, Moves]:
        """The first places as exposure and diversity want them, and who moved, by row."""
        index, limit = self._index, request.limit
        ranked, exposed, costs = spread(ranked, request.exposure, limit, index.catalogue)
        ranked, unlike = diversified(ranked, request.diversity, limit, index.dense, costs)
        moves: dict[int, dict[str, Move]] = {}
        for name, of in (("exposure", exposed), ("diversity", unlike)):
            for row, move in of.items():
                moves.setdefault(row, {})[name] = move
        return ranked, moves

    def _page(self, ranked: Scored, request: Request) -> Page:
        return self._pages.page(ranked, request.offset, request.limit, request.filters.available)

    def _recommendations(
        self,
        goals: Goals,
        vectors: GoalVectors,
        shown: Sequence[Shown],
        moves: Moves,
        *,
        told: bool,
    ) -> tuple[Recommendation, ...]:
        """Those shown, with their reasons if they are to be `told`."""
        if not told:
            return tuple(
                _recommendation(goals, one, unexplained(one.parts), moves.get(one.row, {}))
                for one in shown
            )
        with stage("explain"):
            why = explain(goals, vectors, shown, self._index, self._recipe)
        found = (
            _recommendation(goals, one, reasons, moves.get(one.row, {}))
            for one, reasons in zip(shown, why, strict=True)
        )
        return tuple(replace(one, summary=tell(goals, one)) for one in found)


def _recommendation(
    goals: Goals, shown: Shown, why: Explanation, moves: Mapping[str, Move]
) -> Recommendation:
    parts = shown.parts.tolist()
    useful = _chance(goals, sum(parts))
    return Recommendation(
        shown.mentor,
        sum(parts) / MICRO,
        useful,
        match(useful),
        {name: part / MICRO for name, part in zip(PARTS, parts, strict=True)},
        why.reasons,
        why.other_passages,
        why.other_profile,
        why.other_terms,
        why.uncovered_goals,
        facts(shown.mentor),
        moves,
    )


def _chance(goals: Goals, score: int) -> float:
    """How likely somebody with this score, in millionths, is found useful."""
    return in_millionths(chance(score / MICRO, len(goals.terms)))


def _nobody_fits(goals: Goals, first: Page) -> bool:
    """Whether not even the first page has a good match."""
    return all(match(_chance(goals, int(one.parts.sum()))) == "partial" for one in first.shown)


def _hints_about(mentors: Sequence[Mentor], abstained: bool = False) -> tuple[Hint, ...]:
    """When nobody fits; when profiles shown are in another language, where matching is weaker."""
    hints = []
    if abstained:
        nearest = " These are merely the nearest." if mentors else ""
        hints.append(Hint("nobody_fits", f"No mentor here fits this goal well.{nearest}"))
    foreign = sum(foreign_language(mentor.bio) is not None for mentor in mentors)
    if foreign:
        text = f"{foreign} of these profiles do not read as English; their words match less well."
        hints.append(Hint("profiles_not_english", text, (("count", foreign),)))
    return tuple(hints)


def encode_goals(goals: Goals, encoder: Encoder) -> GoalVectors:
    """The goal's vectors; a request is encoded alone, so others cannot change its numbers."""
    return begun(goals.text, encoder)(goals)


def begun(text: str, encoder: Encoder) -> Callable[[Goals], GoalVectors]:
    """Begin to encode a goal's text; what is returned takes it as understood, and waits."""
    # A boss who is "she" says no more of the goal than one who is "he".
    early = neutralise(text) if len(text) <= CONTEXT else None
    first = encoder.read_query(early.text) if early else None

    def vectors(goals: Goals) -> GoalVectors:
        whole, parts = [], []
        for start, end, within in _contexts(goals):
            read = early or neutralise(goals.text[start:end])
            stretches = [read.span(part.start - start, part.end - start) for part in within]
            rows = (first or encoder.read_query(read.text)).rows(stretches)
            whole.append(rows[0])
            parts.append(rows[1:])
        goal = np.mean(whole, axis=0)
        # Its parts say nothing more for the ranking (benchmarks/quality.md); they find the reasons.
        return GoalVectors(goal / max(np.linalg.norm(goal), 1e-12), np.concatenate(parts))

    return vectors


def _contexts(goals: Goals) -> Sequence[tuple[int, int, Sequence[GoalPart]]]:
    """The whole text where the encoder can take it at once, else stretches of whole parts."""
    if len(goals.text) <= CONTEXT:
        return [(0, len(goals.text), goals.parts)]
    found: list[tuple[int, int, list[GoalPart]]] = []
    for part in goals.parts:
        if found and part.end - found[-1][0] <= CONTEXT:
            found[-1] = (found[-1][0], part.end, [*found[-1][2], part])
        else:
            found.append((part.start, part.end, [part]))
    return found
