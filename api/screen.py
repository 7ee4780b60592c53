"""What a person sees in a terminal; plain lines when the output is piped."""

import contextlib
import json
import sys
import unicodedata
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.padding import Padding
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from indexer.proof import Proof


def say(line: str) -> None:
    """One plain line on standard output."""
    print(line, flush=True)


def complain(line: str) -> None:
    """One plain line on standard error."""
    print(line, file=sys.stderr, flush=True)


def print_json(value: object) -> None:
    """JSON on standard output, indented."""
    print(json.dumps(value, ensure_ascii=False, indent=2))


@contextlib.contextmanager
def progress(what: str, total: int | None = None) -> Iterator[Callable[..., None]]:
    """A bar on a terminal; a line at every tenth when standard error is no terminal.

    Yields a function of how much is done and of how much in all, which may be left out when
    `total` is known beforehand.
    """
    console = Console(stderr=True)
    if not console.is_terminal:
        tenths = _tenths(what)
        yield lambda done, of=total: tenths(min(done, of), of)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeRemainingColumn(), console=console, transient=True) as bar:
        task = bar.add_task(what, total=total)
        yield lambda done, of=total: bar.update(task, completed=min(done, of), total=of)


def _tenths(what: str) -> Callable[[int, int], None]:
    said = -1

    def report(done: int, total: int) -> None:
        nonlocal said
        tenth = 10 * done // max(1, total)
        if tenth > said:
            said = tenth
            complain(f"{what}: {done:,} of {total:,}")

    return report


class _Lines:
    """Styled text: wrapped to the terminal, or one unbroken line each into a pipe."""

    def __init__(self) -> None:
        self._console = Console(highlight=False)

    def print(self, text: Text | str = "", indent: int = 0) -> None:
        if self._console.is_terminal:
            self._console.print(Padding(text, (0, 0, 0, indent)))
        else:
            say(" " * indent + str(text))


def show_recommendations(answer: dict[str, Any]) -> None:
    """Ranked mentors with their reasons, for reading."""
    console = _Lines()
    _show_goals(console, answer)
    if not answer["recommendations"]:
        console.print("Nobody passes these filters.")
    for rank, one in enumerate(answer["recommendations"], start=1):
        console.print()
        _show_mentor(console, f"{rank:>2}", one)


def show_standing(answer: dict[str, Any]) -> None:
    """One mentor's place, reasons, and what is in the way of a better one, for reading."""
    console = _Lines()
    _show_goals(console, answer)
    console.print()
    place = "--" if answer["rank"] is None else f"{answer['rank']:>2}"
    _show_mentor(console, place, answer["recommendation"])
    for obstacle in answer["why_not"]:
        console.print(Text(f"Why not: {plain(obstacle['text'])}", style="yellow"), indent=4)
    if answer["nearly"]:
        console.print(Text(plain(answer["nearly"]["text"]), style="green"), indent=4)


def _show_goals(console: _Lines, answer: dict[str, Any]) -> None:
    parts = answer["goals"]
    if len(parts) > 1:
        for part in parts:
            wish = f"  ({part['help'].replace('_', ' ')})" if part["help"] else ""
            console.print(Text(f"  {part['part'] + 1}. {part['text']}{wish}", style="dim"))
    for hint in answer["hints"]:
        console.print(Text(f"Hint: {hint['text']}", style="yellow"))


def _show_mentor(console: _Lines, place: str, one: dict[str, Any]) -> None:
    mentor = one["mentor"]
    title = Text(f"{place}  ", style="dim")
    title.append(plain(mentor.get("name") or mentor["id"]), style="bold")
    if mentor.get("headline"):
        title.append(f"  {plain(mentor['headline'])}")
    title.append(f"  {one['match']} {one['score']:.2f}", style="cyan")
    console.print(title)
    console.print(Text(plain(one["summary"])), indent=4)
    console.print(Text(plain(" · ".join(_figures(one))), style="dim"), indent=4)


def _figures(one: dict[str, Any]) -> Iterator[str]:
    """What each quote, the shared words and each other part add to the score."""
    for part, amount in one["contributions"].items():
        reasons = [reason for reason in one["reasons"] if reason["part"] == part]
        if part == "lexical" and reasons:
            words = ", ".join(reason["quote"] for reason in reasons)
            yield f"words you share ({words}) {sum(r['contribution'] for r in reasons):+.2f}"
        elif reasons:
            yield from (f"{r['field'].lstrip('/')} {r['contribution']:+.2f}" for r in reasons)
        else:
            yield f"{part} {amount:+.2f}"
    if move := one["adjustments"].get("diversity"):
        yield f"place {move['from']} by score alone"


def plain(text: str) -> str:
    """One line, without the control characters by which a profile could steer the terminal."""
    return "".join(c for c in " ".join(text.split()) if unicodedata.category(c) != "Cc")


def show_check(found: dict[str, Any]) -> None:
    """What `mentors verify` found, worst first."""
    for problem in found["problems"]:
        complain(f"Problem: {plain(problem)}")
    for note in found["notes"]:
        complain(f"Note: {plain(note)}")
    counted = (
        f"{found['mentors']:,} mentors, {found['passages']:,} passages, "
        f"{found['snapshots']:,} snapshots"
    )
    left = found.get("left", found["problems"])
    if found.get("repaired"):
        say("Mended from the database." if not left else "Not everything could be mended:")
        for problem in left:
            complain(f"Problem: {plain(problem)}")
    say(f"{counted}: " + (f"{len(left):,} problems." if left else "all agree."))


def show_proof(found: "Proof") -> None:
    """What `mentors erase --prove` looked for, where, and what it found."""
    for trace in found.traces:
        complain(f"Found: {plain(str(trace))}")
    tables = f" and {found.tables} tables of the database" if found.tables else ""
    say(
        f"Looked for {found.texts:,} texts and {found.vectors:,} vectors of this mentor alone in "
        f"{found.files:,} files{tables} ({found.bytes:,} bytes, compressed ones opened): "
        + (f"{len(found.traces):,} traces." if found.traces else "no trace.")
    )
    if found.tables:
        say(
            "PostgreSQL's own files were not looked at: what was deleted may stand in free space "
            "of its pages, in its log and in backups for a while (docs/scale.md)."
        )


def show_status(found: dict[str, Any]) -> None:
    """Names and values in two columns."""
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    for name, value in found.items():
        shown = f"{value:,}" if type(value) is int else str(value)
        table.add_row(Text(name.replace("_", " "), style="dim"), Text(shown))
    Console(highlight=False).print(table)


def show_measures(report: dict[str, Any]) -> None:
    """One table: a row a system, a column a measure."""
    table = Table(
        title=f"{report['goals']} goals, {report['judgments']:,} judgments",
        title_justify="left",
        box=None,
        padding=(0, 2, 0, 0),
    )
    table.add_column("system", no_wrap=True)
    for measure in report["measures"]:
        table.add_column(measure.replace(" ", "\n"), justify="right")
    for system in report["systems"]:
        values = [f"{system[measure]:.3f}" for measure in report["measures"]]
        table.add_row(system["name"], *values)
    Console(highlight=False).print(table)


def show_fairness(report: dict[str, Any]) -> None:
    """One table: a row a version of the mentors; then what it means."""
    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column("compared with the mentors as they are", no_wrap=True)
    for column in ("mean\noverlap", "least", "places\nchanged"):
        table.add_column(column, justify="right")
    for one in report["versions"]:
        changed = f"{one['changed']} of {one['places']}"
        table.add_row(one["name"], f"{one['mean']:.3f}", f"{one['least']:.3f}", changed)
    Console(highlight=False).print(table)
    unnamed = report["mentors"] - report["named"] - report["introduced"]
    say(
        f"{report['goals']:,} goals, {report['mentors']:,} mentors: {report['named']:,} with a "
        f"name field, {report['introduced']:,} named in the bio only, {unnamed:,} without a name."
    )
    worst = min(report["versions"], key=lambda one: one["least"])
    if report["fair"]:
        say("Names and genders do not decide the order of the first ten.")
    else:
        say("The order of the first ten depends on names or genders.")
    if worst["least"] < 1:
        say(f"The goal with the most changes is {plain(worst['worst'])!r}, {worst['name']}.")


def show_keys(found: list[dict[str, Any]]) -> None:
    """One table: a row a key."""
    if not found:
        say("There are no keys: make one with 'mentors keys create'.")
        return
    table = Table(box=None, padding=(0, 2, 0, 0))
    for column in ("id", "tenant", "name", "scopes", "origin", "made", "revoked"):
        table.add_column(column, no_wrap=column == "id")
    for key in found:
        dates = (key["created_at"][:10], key["revoked_at"][:10])
        row = (
            key["id"],
            key["tenant"],
            key["name"],
            " ".join(key["scopes"]),
            key["origin"],
            *dates,
        )
        table.add_row(*map(Text, row))
    Console(highlight=False).print(table)
