"""Measure speed beside others in one run, and write benchmarks/speed.md with its picture.

    python speed.py --judged FOLDER [--sizes 1k,10k,100k,1m] [--only STEP] [--keep-older] [--quick]
        [--render]

Each step keeps its figures in speed.json beside the report, so a run that was cut off goes on where
it was, and a step can be measured anew alone. Figures of another machine are never mixed with
these, those of another commit only with `--keep-older`, and the report says which; all contenders
of a step are measured together. `--out` keeps those of another machine apart. `--render` writes the
report of what is there.
"""

import argparse
import contextlib
import importlib.metadata
import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import speed_report
import speed_steps
from crowds import Crowd
from machine import ROOT, commit, has_own_core, here, today
from occupations import OCCUPATIONS
from speed_steps import Plan

OUT = ROOT / "benchmarks" / "speed.md"
UNITS = {"k": 1_000, "m": 1_000_000}
QUICK_SIZES, QUICK_ENCODED = (200, 2_000), 200


@dataclass(frozen=True, slots=True)
class Kept:
    """The figures so far, in a file."""

    path: Path

    def read(self, about: Mapping[str, Any] | None, commit: str | None = None) -> dict[str, Any]:
        """What is kept; nothing where it is of another machine or kind of run.

        `about` says of which, None takes whatever there is; `commit` leaves only its own steps.
        """
        if not self.path.is_file():
            return {}
        values = json.loads(self.path.read_text(encoding="utf-8"))
        if about not in (None, values["about"]):
            return {}
        steps = values["steps"].items()
        mine = {name: step for name, step in steps if commit in (None, step["commit"])}
        return dict(values, steps=mine)

    def write(self, values: Mapping[str, Any]) -> None:
        aside = self.path.with_suffix(".part")
        aside.write_text(json.dumps(values, indent=1), encoding="utf-8")
        aside.rename(self.path)


def main() -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that servers end too
    given = _given()
    folder: Path = given.pools
    folder.mkdir(parents=True, exist_ok=True)
    out: Path = given.out
    kept = Kept(out.with_suffix(".json"))
    about = {"here": here(), "sizes": given.sizes, "runs": given.runs, "encoded": given.encode}
    older = given.render or given.keep_older
    values = kept.read(None if given.render else about, None if older else commit())
    if not values and not given.render:
        values = {"about": about, "versions": _versions(), "steps": {}}
        values["own_core"] = has_own_core()
    if not given.render:
        occupations = given.judged / OCCUPATIONS
        if not occupations.is_file():
            sys.exit(f"There is no {occupations}: name O*NET's folder with --judged.")
        crowds = [Crowd(size, folder, occupations) for size in given.sizes]
        plan = Plan(crowds, given.encode, given.runs, given.judged, given.others, quick=given.quick)
        for name, step in _steps(plan, given.only):
            if name in values["steps"]:
                continue
            print(f"{name} ...", flush=True)
            began = time.perf_counter()
            try:
                found = step()
            except MemoryError as error:
                found = {"left_out": f"there is not enough memory ({error})"}
            found |= {"took_s": time.perf_counter() - began, "commit": commit(), "day": today()}
            values["steps"][name] = found
            kept.write(values)
    if not values:
        sys.exit(f"There are no figures in {kept.path}.")
    picture = out.with_suffix(".svg")
    out.write_text(speed_report.report(values, given.command, picture.name), encoding="utf-8")
    if drawn := speed_report.picture(values):
        picture.write_text(drawn, encoding="utf-8")
    print(out.read_text(encoding="utf-8"))


def _given() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--judged", type=Path, help="folder with O*NET and a judged set")
    parser.add_argument("--sizes", default="1k,10k,100k,1m", help="numbers of mentors")
    parser.add_argument("--encode", type=int, default=10_000, help="largest one really embedded")
    parser.add_argument("--others", default="1m", help="largest one that others take in")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--pools", type=Path, default=ROOT / "build" / "crowds")
    parser.add_argument("--only", help="one step, or all sizes of one")
    parser.add_argument("--keep-older", action="store_true", help="what another commit measured")
    parser.add_argument("--quick", action="store_true", help="few mentors, one run, to try it out")
    parser.add_argument("--render", action="store_true", help="measure nothing")
    parser.add_argument("--out", type=Path, help="the report; figures lie beside it")
    given = parser.parse_args()
    given.sizes = sorted(_number(size) for size in given.sizes.split(","))
    given.others = _number(given.others)
    given.pools = given.pools.absolute()
    given.command = "make bench JUDGED=FOLDER"
    if given.quick:
        given.sizes, given.encode, given.runs = list(QUICK_SIZES), QUICK_ENCODED, 1
        given.command = "benchmarks/speed.py --quick"
    given.out = given.out or (given.pools / "quick.md" if given.quick else OUT)
    if not given.judged and not given.render:
        parser.error("name the folder that holds O*NET's occupations with --judged")
    return given


def _number(text: str) -> int:
    unit = UNITS.get(text[-1:].lower(), 1)
    return int(text[:-1] if unit > 1 else text) * unit


def _steps(plan: Plan, only: str | None) -> Iterator[tuple[str, Callable[[], dict[str, Any]]]]:
    """The steps in their order, by name; those of a size have it in their name."""
    steps: list[tuple[str, Callable[[], dict[str, Any]]]] = [
        ("indexing", partial(speed_steps.indexing, plan)),
        ("encoding", partial(speed_steps.encoding, plan)),
        ("quality", partial(speed_steps.quality, plan)),
    ]
    steps += [
        (f"requests {crowd.size}", partial(speed_steps.requests, plan, crowd))
        for crowd in plan.crowds
    ]
    steps.append(("load", partial(speed_steps.load_of_many, plan)))
    steps.append(("explanation", partial(speed_steps.explanation, plan)))
    steps += [
        (f"recall {crowd.size}", partial(speed_steps.recall, plan, crowd)) for crowd in plan.drawn
    ]
    steps.append(("cold", partial(speed_steps.cold, plan)))
    return (step for step in steps if only in (None, step[0], step[0].split()[0]))


def _versions() -> dict[str, str]:
    """Of the packages that do the work, here and in the peers' own environments."""
    packages = ("sentence-transformers", "torch", "openvino", "faiss-cpu", "fastapi", "uvicorn")
    found = {}
    for package in packages:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found[package] = importlib.metadata.version(package)
    for package, venv in (("txtai", ".venv-txtai"), ("chromadb", ".venv-chroma")):
        python = ROOT / venv / "bin" / "python"
        if python.is_file():
            asked = f"import importlib.metadata as m; print(m.version({package!r}))"
            done = subprocess.run([python, "-c", asked], capture_output=True, text=True, check=True)
            found[package] = done.stdout.strip()
    return found


if __name__ == "__main__":
    main()
