"""Stuff one profile at a time with words that are not about the mentor, and see whether it climbs.

For each goal some of the best hundred mentors are drawn, half of them judged worthless where there
are so many. Each is stuffed, indexed and scored again like any other; the new place is counted
among the others as they were, which is exact because no score depends on who else is there. The
attacks: 200 skills of many occupations (`benchmarks/skills.txt`, those of one field next to each
other) in the bio or in the list of skills, requests to be recommended, and both; saying the goal's
own words over and over is shown for comparison only, since a profile made for a goal is about it.
"""

import random
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from machine import ROOT
from pool import Pool, report_by_set

from api.settings import Settings
from api.wiring import default_encoder
from evaluation.faithfulness import micro
from evaluation.judgments import JudgedSet
from evaluation.stuffing import (
    PLEAS,
    TOP,
    Move,
    keywords,
    listed,
    place,
    sample,
    summary,
    with_bio,
    with_skills,
)
from indexer.padding import ENDLESS, ENDLESS_TEXT, fragments
from models.mentor import Mentor
from models.ports import Encoder

OUT = ROOT / "benchmarks" / "stuffing.md"
SKILLS = tuple((ROOT / "benchmarks" / "skills.txt").read_text(encoding="utf-8").split("\n")[:-1])
GOALS, MENTORS = 40, 12  # goals of a set, mentors stuffed for each
DEEPEST = 100  # place from which nobody is stuffed
SEED = 11

LIST = "200 skills in the list of skills"
# What is written into the bio; the one attack that is not written there has its skills in the list.
ATTACKS: Mapping[str, Sequence[str]] = {
    "200 skills in the bio": (listed(SKILLS),),
    LIST: ("",),
    "a request in the bio": PLEAS,
    "skills and a request in the bio": (f"{listed(SKILLS)} {PLEAS[0]}",),
}
KEYWORDS = "the goal's words, ten times (for comparison)"


@dataclass(frozen=True, slots=True)
class Stuffed:
    """A mentor to be placed for a goal with the score that the stuffed `copy` has."""

    attack: str
    goal: str
    mentor: str
    copy: str


def main() -> None:
    encoder = default_encoder(Settings(compile=True))

    def measured(name: str, mentors: Sequence[Mentor], judged: JudgedSet) -> str:
        return section(name, mentors, judged, encoder)

    report_by_set("Stuffed profiles", __doc__, OUT, measured)


def section(name: str, mentors: Sequence[Mentor], judged: JudgedSet, encoder: Encoder) -> str:
    """A table: a row an attack."""
    chance = random.Random(SEED)
    chosen = sorted(chance.sample(judged.judged, min(GOALS, len(judged.judged))))
    goals = {goal: judged.texts[goal] for goal in chosen}
    with tempfile.TemporaryDirectory() as folder:
        honest = scores(Pool(Path(folder), mentors, encoder), goals)
        pairs = [
            (goal, id)
            for goal in goals
            for id in sample(list(honest[goal])[:DEEPEST], judged.grades[goal], MENTORS, chance)
        ]
        wanted, copies = stuffed(pairs, goals, {mentor.id: mentor for mentor in mentors})
        changed = scores(Pool(Path(folder), copies, encoder, "stuffed"), goals)
    moves: dict[str, list[Move]] = {}
    for one in wanted:
        others, score = honest[one.goal], changed[one.goal][one.copy]
        before = place(one.mentor, others[one.mentor], others)
        after = place(one.mentor, score, others)
        grade = judged.grades[one.goal].get(one.mentor)
        moves.setdefault(one.attack, []).append(Move(before, after, grade))
    worthless = sum(judged.grades[goal].get(id) == 0 for goal, id in pairs)
    lines = [
        f"## {name}\n\n{len(pairs)} pairs of a goal ({len(goals)}) and a mentor among its best "
        f"{DEEPEST}; {worthless} of these mentors have grade 0. {longest(mentors)}\n",
        "| attack | profiles placed | places won: median | 95th percentile | most | share that "
        f"rise | come into the top {TOP} | of them of grade 0 |\n" + "|---" * 8 + "|",
        *(row(attack, found) for attack, found in moves.items()),
    ]
    return "\n".join(lines) + "\n"


def longest(mentors: Sequence[Mentor]) -> str:
    """What honest profiles come to, of what is not read beyond a number (`indexer.padding`)."""
    lists = (len(one) for m in mentors for one in (m.skills, m.topics, m.industries))
    texts = (t for m in mentors for t in (m.bio, *(post.description for post in m.experience)))
    runs = (len(run) for text in texts for run in fragments(text))
    return (
        f"The longest list of any mentor has {max(lists, default=0)} items, the longest run of "
        f"short fragments {max(runs, default=0)}; more than {ENDLESS} and {ENDLESS_TEXT} of them "
        f"are not read."
    )


def scores(pool: Pool, goals: Mapping[str, str]) -> dict[str, dict[str, int]]:
    """The score in millionths of everybody for each goal, best first; the pool is closed."""
    found = {
        goal: {one.mentor.id: micro(one.score) for one in pool.all(text)}
        for goal, text in goals.items()
    }
    pool.close()
    return found


def stuffed(
    pairs: Sequence[tuple[str, str]], goals: Mapping[str, str], mentors: Mapping[str, Mentor]
) -> tuple[list[Stuffed], list[Mentor]]:
    """Every attack by the mentor of every pair of goal and mentor, and the stuffed copies.

    Only a stuffer of keywords needs a copy for each goal.
    """
    wanted: list[Stuffed] = []
    copies: dict[tuple[str, ...], Mentor] = {}
    for goal, id in pairs:
        for attack, texts in {**ATTACKS, KEYWORDS: (keywords(goals[goal]),)}.items():
            for text in texts:
                changed = with_bio(with_skills(mentors[id], SKILLS if attack == LIST else ()), text)
                copy = replace(changed, id=f"s{len(copies)}")
                copy = copies.setdefault((attack, text, id), copy)
                wanted.append(Stuffed(attack, goal, id, copy.id))
    return wanted, list(copies.values())


def row(attack: str, moves: Sequence[Move]) -> str:
    found = summary(moves)
    return (
        f"| {attack} | {found.profiles} | {found.median:g} | {found.percentile_95:g} "
        f"| {found.most} | {found.rising:.1%} | {found.entering} | {found.entering_of_grade_0} |"
    )


if __name__ == "__main__":
    main()
