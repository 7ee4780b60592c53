"""Pairs of what a mentee types and what the profile of a fitting mentor says, and their batches."""

import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from evaluation.goal_texts import read_goal_texts
from models.neutral import neutralise
from training.config import Shares
from training.mentees import Mentees
from training.mentors import Mentors
from training.occupations import Occupation, Sources

DATA = Path(__file__).parent / "data"
MOVED = 0.75  # of the mentors for a move have made it themselves
OCCUPATION_ANSWERS = 0.6  # of the goals with two wishes
REDRAWN = 4


@dataclass(frozen=True, slots=True)
class Pair:
    """A goal and a passage that answers it.

    `about`: the occupations, skills and topics in it; `near`: those that resemble them too.
    """

    goal: str
    passage: str
    about: frozenset[str]
    near: frozenset[str]

    def neutral(self) -> "Pair":
        """As both are when an index and a request are encoded: without signs of gender."""
        goal, passage = neutralise(self.goal).text, neutralise(self.passage).text
        return replace(self, goal=goal, passage=passage)


@dataclass(frozen=True, slots=True)
class Topic:
    """A need that is of no occupation alone, as mentees say it and as mentors show it."""

    topic: str
    wishes: tuple[str, ...]
    offers: tuple[str, ...]


def read_topics(path: Path = DATA / "topics.jsonl") -> list[Topic]:
    """The topics that come with the project."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [Topic(row["topic"], tuple(row["wishes"]), tuple(row["offers"])) for row in rows]


def asides(path: Path = DATA / "goal_parts_train.jsonl") -> list[str]:
    """Small talk beside goals. What people say of themselves is none: it tells whom they need."""
    return [
        goal.text[part.start : part.end]
        for goal in read_goal_texts(path)
        for part in goal.parts
        if part.about == "filler"
    ]


def draw(
    sources: Sources, topics: Sequence[Topic], aside: Sequence[str], count: int, shares: Shares,
    seed: int,
) -> list[Pair]:  # fmt: skip
    """`count` pairs; every occupation is wanted about equally often."""
    chance = random.Random(seed)  # noqa: S311 (texts, no secrets)
    drawing = _Drawing(sources, topics, Mentees(aside, chance), Mentors(chance), shares, chance)
    return [drawing.pair().neutral() for _ in range(count)]


class _Drawing:
    def __init__(
        self, sources: Sources, topics: Sequence[Topic], mentees: Mentees, mentors: Mentors,
        shares: Shares, chance: random.Random,
    ) -> None:  # fmt: skip
        self._sources, self._topics = sources, topics
        self._mentees, self._mentors = mentees, mentors
        self._shares, self._chance = shares, chance
        self._wanted = self._round()

    def pair(self) -> Pair:
        kind, shares = 100 * self._chance.random(), self._shares
        for share, draw in (
            (shares.skills, self._skill),
            (shares.topics if self._topics else 0, self._topic),
            (shares.both if self._topics else 0, self._both),
            (shares.moves, self._move),
        ):
            if kind < share:
                return draw()
            kind -= share
        return self._wish()

    def _wish(self) -> Pair:
        one = next(self._wanted)
        goal = self._mentees.becoming(one, None)
        return _pair(goal, self._answer(goal, one, None), one)

    def _move(self) -> Pair:
        one, now = next(self._wanted), self._chance.choice(self._sources.occupations)
        before = now if self._chance.random() < MOVED else None
        goal = self._mentees.becoming(one, now)
        return _pair(goal, self._answer(goal, one, before), one, now)

    def _skill(self) -> Pair:
        skill = self._chance.choice(self._sources.skills)
        # The name asks for the description, or the other way round: one asking for itself
        # teaches nothing.
        one, two = self._chance.sample([skill.called, skill.described], 2)
        own = frozenset({skill.id})
        return Pair(self._mentees.learning(one), self._mentors.able(two), own, own)

    def _topic(self) -> Pair:
        topic = self._chance.choice(self._topics)
        wish, offer = self._chance.choice(topic.wishes), self._chance.choice(topic.offers)
        own = frozenset({topic.topic})
        return Pair(self._mentees.wishing(wish), offer, own, own)

    def _both(self) -> Pair:
        """A wish for an occupation and one for a topic; either may be answered."""
        one, topic = next(self._wanted), self._chance.choice(self._topics)
        wish = self._mentees.becoming(one, None)
        goal = self._mentees.both(wish, self._chance.choice(topic.wishes))
        answer = (
            self._answer(goal, one, None)
            if self._chance.random() < OCCUPATION_ANSWERS
            else self._chance.choice(topic.offers)
        )
        pair = _pair(goal, answer, one)
        return replace(pair, about=pair.about | {topic.topic}, near=pair.near | {topic.topic})

    def _answer(self, goal: str, work: Occupation, before: Occupation | None) -> str:
        """A passage that does not merely repeat the goal, where there is one."""
        found = ""
        for _ in range(REDRAWN):
            found = self._mentors.doing(work, before)
            clauses = (clause.rstrip(".") for clause in work.does)
            if not any(clause in goal and clause in found for clause in clauses):
                break
        return found

    def _round(self) -> Iterator[Occupation]:
        while True:
            some = list(self._sources.occupations)
            self._chance.shuffle(some)
            yield from some


def _pair(goal: str, passage: str, *works: Occupation) -> Pair:
    about = frozenset(one.id for one in works)
    return Pair(goal, passage, about, about.union(*(one.near for one in works)))


def batches(pairs: Sequence[Pair], size: int, seed: int) -> list[list[int]]:
    """The places of `pairs` in batches of `size`, none with two pairs about like things.

    Another pair's passage serves as a wrong answer, which it would not be for a like goal. Pairs
    that fit in no batch any more are left out.
    """
    order = list(range(len(pairs)))
    random.Random(seed).shuffle(order)  # noqa: S311 (an order, no secret)
    found: list[list[int]] = []
    while len(order) >= size:
        batch, order = _batch(pairs, order, size)
        if len(batch) < size:
            break
        found.append(batch)
    return found


def _batch(pairs: Sequence[Pair], order: list[int], size: int) -> tuple[list[int], list[int]]:
    """The first places of `order` that go together, and the others."""
    batch: list[int] = []
    left: list[int] = []
    about: set[str] = set()
    near: set[str] = set()
    for at, place in enumerate(order):
        pair = pairs[place]
        if pair.about & near or pair.near & about:
            left.append(place)
            continue
        batch.append(place)
        about |= pair.about
        near |= pair.near
        if len(batch) == size:
            return batch, left + order[at + 1 :]
    return batch, left
