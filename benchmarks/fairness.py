"""Measure how far the order of mentors depends on their names and genders, and what that costs.

Every mentor of a set whose bios hold {FIRST} and {LAST} where their own name stood is written as a
man and as a woman: name, pronouns, forms of address. Overlap is the extrapolated rank-biased
overlap of the first ten (p = 0.9), 1 = the same order. "By turns" writes every second mentor as a
woman and compares with the other half. Names that are words are such as Grant, Will, Hope and Rose,
with the last names Banks, Law, Ford, Morgan and others.
"""

import argparse
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from unittest.mock import patch

from machine import ROOT, stamp

from api.fairness import compared, orders, trial
from api.recommending import read_goals
from api.settings import Settings
from api.wiring import default_encoder
from evaluation.fairness import Agreement, Orders
from evaluation.judgments import read_judged_set
from evaluation.measures import MEASURES, means, per_goal
from evaluation.names import MAN, PLAIN, WOMAN, WORDS, Names, read_names
from evaluation.rewriting import filled, with_gender
from evaluation.swapping import swapped
from indexer.mapping import ColumnMapping
from indexer.reading import read_records
from indexer.records import mentor_from
from models.mentor import Mentor
from models.neutral import Neutral
from models.ports import Encoder
from models.terms import Term, terms
from recommender.recommend import MOST, Recommender

OUT = ROOT / "benchmarks" / "fairness.md"
BOSS = " My manager, Mr. Tan, said himself that he would introduce me to his chairman."

MEN, WOMEN, TURNS, TURNED = (MAN, MAN), (WOMAN, WOMAN), (MAN, WOMAN), (WOMAN, MAN)
Recommends = Callable[[Sequence[Mentor]], Recommender]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--judged", type=Path, help="folder of a judged set of real mentors")
    folder = parser.parse_args().judged
    encoder = default_encoder(Settings(compile=True))
    sections = []
    if folder and (folder / "mentors_masked.jsonl").is_file():
        with trial(encoder) as recommends:
            sections = [exchanged(folder, recommends), worth(folder, recommends)]
    else:
        print(f"No mentors_masked.jsonl in {folder}: only examples/ is measured.")
    sections.append(samples(ROOT / "examples", encoder))
    intro = (
        f"# Fairness\n\n{stamp()} Encoder {encoder.space_id} on "
        f"{encoder.runtime_id}.\n\nMade by `make bench-fairness`; "
        f"with `JUDGED=FOLDER` also on a set of real mentors, which is not part of this project. "
        f"{__doc__.split(chr(10), 2)[2].strip()}\n"
    )
    OUT.write_text("\n".join([intro, *sections]), encoding="utf-8")
    print(OUT.read_text(encoding="utf-8"))


def exchanged(folder: Path, recommends: Recommends) -> str:
    """The masked set under names and genders, with and without `name`, and as it would be read."""
    masked = mentors_of(folder / "mentors_masked.jsonl")
    goals = dict(read_goals(folder / "dev_goals.jsonl"))
    census = read_names(folder / "first_names.tsv")
    columns = [
        agreements(masked, goals, census, recommends, named=True),
        agreements(masked, goals, census, recommends, named=False),
    ]
    with nothing_neutralised():
        columns.append(agreements(masked, goals, census, recommends, named=True))
    lines = [
        "## Names and genders exchanged (`--judged`)",
        "",
        f"{len(masked):,} mentors, {len(goals)} goals, mean overlap (least; places changed of "
        f"{10 * len(goals)}).",
        "",
        "| exchanged | with `name` | name in the bio only | nothing neutralised |",
        "|---|---|---|---|",
    ]
    for row in columns[0]:
        cells = [f"{c[row].mean:.4f} ({c[row].least:.3f}; {c[row].changed})" for c in columns]
        lines.append(f"| {row} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def agreements(
    masked: Sequence[Mentor],
    goals: Mapping[str, str],
    census: Names,
    recommends: Recommends,
    *,
    named: bool,
) -> dict[str, Agreement]:
    """Each exchange, by what is exchanged."""

    def order(names: Names, turns: Sequence[str], gendered: Sequence[str] | None = None) -> Orders:
        written = cast(masked, names, turns, gendered or turns, named=named)
        return orders(recommends(written), goals)

    men, women = order(census, MEN), order(census, WOMEN)
    asking = recommends(cast(masked, census, MEN, MEN, named=named))
    with_boss = {goal: text + BOSS for goal, text in goals.items()}
    his, hers = (
        orders(asking, {goal: change(text) for goal, text in with_boss.items()})
        for change in (str, swapped)
    )
    return {
        "men, women": Agreement.between(men, women),
        "by turns": Agreement.between(order(census, TURNS), order(census, TURNED)),
        "men, women with names that are words": Agreement.between(men, order(WORDS, WOMEN)),
        "women, men with names that are words": Agreement.between(women, order(WORDS, MEN)),
        "by turns, names that are words": Agreement.between(
            order(WORDS, TURNS), order(WORDS, TURNED)
        ),
        "pronouns and titles only": Agreement.between(men, order(census, MEN, WOMEN)),
        "goals that speak of a boss, he and she": Agreement.between(his, hers),
    }


def cast(
    masked: Sequence[Mentor],
    names: Names,
    turns: Sequence[str],
    gendered: Sequence[str],
    *,
    named: bool,
) -> list[Mentor]:
    """The mentors under names of the genders `turns` and with pronouns of `gendered`, by turns."""
    written = []
    for number, mentor in enumerate(masked):
        person = names.person(turns[number % len(turns)], number)
        gender = gendered[number % len(gendered)]
        written.append(with_gender(filled(mentor, person, named=named), gender))
    return written


def worth(folder: Path, recommends: Recommends) -> str:
    """What neutralising does to quality, on mentors of whom most have names again."""
    judged = read_judged_set(folder / "dev_goals.jsonl", folder / "dev_qrels.tsv")
    texts = {goal: judged.texts[goal] for goal in judged.judged}
    everybody = mentors_of(folder / "mentors.jsonl")
    masked = mentors_of(folder / "mentors_masked.jsonl")
    census = read_names(folder / "first_names.tsv")

    def measured(*, named: bool) -> dict[str, float]:
        written = {m.id: m for m in cast(masked, census, TURNS, TURNS, named=named)}
        pool = [written.get(mentor.id, mentor) for mentor in everybody]
        return means(per_goal(judged, orders(recommends(pool), texts, MOST)))

    rows = {"with `name`": measured(named=True), "name in the bio only": measured(named=False)}
    with nothing_neutralised():
        rows["nothing neutralised"] = measured(named=True)
    lines = [
        "## Quality (`--judged`)",
        "",
        f"{len(everybody):,} mentors, {len(masked):,} of them under names, {len(texts)} goals.",
        "",
        f"| mentors | {' | '.join(MEASURES)} |",
        "|---" * (len(MEASURES) + 1) + "|",
    ]
    for row, values in rows.items():
        lines.append(f"| {row} | {' | '.join(f'{values[m]:.4f}' for m in MEASURES)} |")
    return "\n".join(lines) + "\n"


def samples(examples: Path, encoder: Encoder) -> str:
    """The sample mentors as `mentors fairness` measures them, and the same table of quality."""
    mentors = mentors_of(examples / "mentors.jsonl")
    goals = dict(read_goals(examples / "goals.jsonl"))
    lines = [
        "## The sample mentors (`examples/`)",
        "",
        f"{len(mentors)} mentors, {len(goals)} goals, as `mentors fairness` compares them: each "
        f"version with the mentors as they are.",
        "",
        "| version | mean overlap | least | places changed |",
        "|---|---|---|---|",
    ]
    for names, people in (("", PLAIN), (", names that are words", WORDS)):
        for version, found in compared(mentors, goals, people, encoder).items():
            lines.append(
                f"| {version}{names} | {found.mean:.4f} | {found.least:.3f} | "
                f"{found.changed} of {found.places} |"
            )
    return "\n".join(lines) + "\n"


def mentors_of(path: Path) -> list[Mentor]:
    found = (mentor_from(raw.value) for raw in read_records(path, "jsonl", ColumnMapping()))
    return sorted(found, key=lambda mentor: mentor.id)


@contextmanager
def nothing_neutralised() -> Iterator[None]:
    """Everything is read as it is written, in profiles and in goals."""

    def as_written(text: str, _name: str = "") -> Neutral:
        return Neutral(text, (), ())

    def every_term(
        text: str, _name: str = "", stems: Collection[str] | None = None
    ) -> Iterator[Term]:
        return terms(text, stems)

    with ExitStack() as stack:
        for module in ("indexer.passages", "recommender.recommend"):
            stack.enter_context(patch(f"{module}.neutralise", as_written))
        for module in ("indexer.passages", "recommender.goals"):
            stack.enter_context(patch(f"{module}.neutral_terms", every_term))
        yield


if __name__ == "__main__":
    main()
