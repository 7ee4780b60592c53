"""A pool of mentors in a folder of its own, ranked and explained as the engine does it."""

import argparse
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from machine import ROOT, stamp

from api.settings import Settings
from evaluation.judgments import JudgedSet, read_judged_set
from indexer.following import Follower
from indexer.generations import Generations
from indexer.mapping import ColumnMapping
from indexer.reading import read_records
from indexer.recipe import TextRecipe
from indexer.records import mentor_from
from indexer.store import Store
from indexer.vectors import Vectors
from indexer.writing import Writer
from models.compiled import engine
from models.compiling import Compiler
from models.encoder import packaged_space
from models.mentor import Mentor
from models.ports import Encoder
from models.recommendation import Recommendation
from recommender.eligibility import Exclusions, Filters
from recommender.recommend import Recommender, Request

AT_ONCE = 100  # mentors written together
EITHER = Filters(available=None)  # judgments are about fit, not about free places


class Pool:
    """Mentors indexed as any door does it. Pools in one folder share the vectors of equal texts."""

    def __init__(
        self, folder: Path, mentors: Sequence[Mentor], encoder: Encoder, tenant: str = "default"
    ) -> None:
        """Index `mentors`, whose ids are distinct, as `tenant`, of whom nobody is there yet."""
        self.mentors = {mentor.id: mentor for mentor in mentors}
        self._store = Store.in_folder(folder)
        vectors = Vectors(self._store, encoder)
        writer = Writer(self._store, tenant, vectors)
        for first in range(0, len(mentors), AT_ONCE):
            writer.put(mentors[first : first + AT_ONCE])
        self.index = Follower(self._store, tenant, Generations(folder / tenant), vectors).index
        recipe = TextRecipe(vectors)
        self._recommender = Recommender(tenant, self.index, encoder, self._store, recipe)

    def best(self, goal: str, limit: int) -> tuple[Recommendation, ...]:
        """The first `limit` mentors with their reasons, full ones too."""
        return self._recommender.recommend(Request(goal, limit, filters=EITHER)).recommendations

    def of(self, goal: str, ids: Collection[str]) -> tuple[Recommendation, ...]:
        """These mentors with their reasons, best first."""
        others = Exclusions(ids=tuple(sorted(self.mentors.keys() - set(ids))))
        request = Request(goal, max(1, len(ids)), filters=EITHER, exclude=others)
        return self._recommender.recommend(request).recommendations

    def all(self, goal: str) -> tuple[Recommendation, ...]:
        """Everybody, best first, without reasons; with so many asked for nobody is passed by."""
        request = Request(goal, max(1, len(self.mentors)), filters=EITHER, explain=False)
        return self._recommender.recommend(request).recommendations

    def ranking(self, goal: str) -> list[str]:
        """The ids of everybody, best first."""
        return [one.mentor.id for one in self.all(goal)]

    def close(self) -> None:
        self._store.close()


@dataclass(frozen=True, slots=True)
class JudgedFiles:
    """Where a judged set lies, and what reports call it."""

    name: str
    mentors: Path
    goals: Path
    judgments: Path


def judged_files(folder: Path | None) -> Iterator[JudgedFiles]:
    """The real mentors with judged goals in `folder`, if there are any, then the sample ones."""
    if folder and (folder / "dev_qrels.tsv").is_file():
        names = ("mentors.jsonl", "dev_goals.jsonl", "dev_qrels.tsv")
        name = "Real mentors with judged goals (`--judged`)"
        yield JudgedFiles(name, *(folder / one for one in names))
    else:
        print(f"No judged set of real mentors at {folder}: only examples/ is measured.")
    names = ("mentors.jsonl", "goals.jsonl", "judgments.tsv")
    at = ROOT / "examples"
    yield JudgedFiles("The sample mentors (`examples/`)", *(at / one for one in names))


def judged_pools(folder: Path | None) -> Iterator[tuple[str, list[Mentor], JudgedSet]]:
    """The name, the mentors and the judgments of each set of `judged_files`."""
    for files in judged_files(folder):
        judged = read_judged_set(files.goals, files.judgments)
        yield files.name, read_mentors(files.mentors), judged


def report_by_set(
    title: str, about: str, out: Path, section: Callable[[str, list[Mentor], JudgedSet], str]
) -> None:
    """Write and print a report with a section for each judged set; `--judged` names the real one.

    `about`: what is measured and how, the docstring of the command. Run with `make bench-NAME`,
    where the report's file is NAME.md.
    """
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--judged", type=Path, help="folder of a judged set of real mentors")
    folder = parser.parse_args().judged
    sections = [section(*judged_set) for judged_set in judged_pools(folder)]
    intro = (
        f"# {title}\n\n{stamp()} Encoder {packaged_space()} on {runtime()}.\n\nMade by "
        f"`make bench-{out.stem}`. {' '.join(about.split())}\n"
    )
    out.write_text("\n".join([intro, *sections]), encoding="utf-8")
    print(out.read_text(encoding="utf-8"))


def runtime() -> str:
    """What the default encoder runs on here."""
    return engine(Compiler(Settings().cache).precision)


def read_mentors(path: Path) -> list[Mentor]:
    """The mentors of a JSON-lines file in the order of ids."""
    found = (mentor_from(raw.value) for raw in read_records(path, "jsonl", ColumnMapping()))
    return sorted(found, key=lambda mentor: mentor.id)
