"""The `mentors` command: the same parts as the HTTP door, from a terminal."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from pydantic import ValidationError

from api import screen
from api.filters import filters_from
from api.settings import Settings
from indexer.mapping import ColumnMapping, read_mapping
from models.errors import BadInput, MentorsError

app = typer.Typer(
    name="mentors",
    help="Recommend mentors for free-text career goals, with reasons in their own words.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
LOOPBACK = ("127.0.0.1", "localhost", "::1")

_T = TypeVar("_T")
Data = Annotated[
    Path | None, typer.Option("--data", help="Data folder [default: $MENTORS_DATA or ./data]")
]
Tenant = Annotated[str | None, typer.Option("--tenant", help="Whose mentors [default: default]")]
Filter = Annotated[
    list[str] | None,
    typer.Option("--filter", help="country=SG, skills_any=Python,R, attributes.years=5.."),
]
Exclude = Annotated[
    list[str] | None, typer.Option("--exclude", help="ids=m1,m2 or organization=NAME")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]


def main() -> None:
    """Run the command; every expected error is one sentence and exit status 2."""
    try:
        app()
    except MentorsError as error:
        screen.complain(str(error))
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:  # the reader of a pipe, such as head, has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)
    except Exception as error:  # a traceback is for us, not for whoever typed the command
        if os.environ.get("MENTORS_DEBUG"):
            raise
        screen.complain(
            f"Something went wrong inside ({type(error).__name__}: {error}); set MENTORS_DEBUG=1 "
            f"to see where."
        )
        sys.exit(1)


def _settings(data: Path | None, tenant: str | None, encoder: str | None = None) -> Settings:
    given = {"data": data, "tenant": tenant, "encoder": encoder}
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]
    except ValidationError as error:
        wrong = error.errors(include_url=False)[0]
        name = "MENTORS_" + str(wrong["loc"][0]).upper()
        raise BadInput(f"{name}: {wrong['msg'].lower()}, got {wrong['input']!r}.") from error


def _command(function: Callable[..., _T]) -> Callable[..., _T]:
    """Register a command under the function's name."""
    return app.command(name=function.__name__.rstrip("_"))(function)


@_command
def index(
    files: Annotated[list[str], typer.Argument(help="Files of mentor records.")],
    format: Annotated[str, typer.Option("--format", help="auto, jsonl, csv or parquet.")] = "auto",
    map: Annotated[
        Path | None, typer.Option("--map", help="JSON file that maps columns to fields.")
    ] = None,
    sync: Annotated[
        bool, typer.Option("--sync", help="Also remove mentors who are in none of the files.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print what would change; change nothing.")
    ] = False,
    max_removed: Annotated[
        float,
        typer.Option(
            "--max-removed", min=0, max=100, help="Percent of all that --sync may remove."
        ),
    ] = 20.0,
    engine: Annotated[
        str, typer.Option("--engine", help="local, or ray for many processes or machines.")
    ] = "local",
    actors: Annotated[
        int | None, typer.Option("--actors", help="With ray: how many encoders at once.")
    ] = None,
    gpus: Annotated[bool, typer.Option("--gpus", help="With ray: each encoder on a GPU.")] = False,
    data: Data = None,
    tenant: Tenant = None,
) -> None:
    """Read mentor records and index them. Exit status 2 when any record was rejected."""
    from api.indexing import IndexCommand
    from api.spreading import spreading_by, to_be_read

    mapping = ColumnMapping() if map is None else read_mapping(map)
    spreading = spreading_by(engine, actors, gpus=gpus)
    command = IndexCommand(
        to_be_read(files, spreading),
        format,
        mapping,
        _settings(data, tenant),
        sync=sync,
        most_removed=max_removed,
        spreading=spreading,
    )
    if not (command.dry_run() if dry_run else command.run()):
        raise typer.Exit(2)


@_command
def reembed(
    encoder: Annotated[
        str | None,
        typer.Option(
            "--encoder", help="Name or folder [default: $MENTORS_ENCODER, else the project's]"
        ),
    ] = None,
    data: Data = None,
    tenant: Tenant = None,
) -> None:
    """Move the index to another encoder; servers go on meanwhile and then use it by themselves."""
    from api import reembedding

    reembedding.reembed(_settings(data, tenant, encoder))


@_command
def compile_(data: Data = None, tenant: Tenant = None) -> None:
    """Make the compiled encoder that answers and indexing use, where it is missing."""
    from api.compiling import compile_encoder

    compile_encoder(_settings(data, tenant))


@_command
def recommend(
    goal: Annotated[
        str | None, typer.Argument(help="What you want to reach, in free text.")
    ] = None,
    goals: Annotated[
        Path | None, typer.Option("--goals", help="Instead: a file of {id, text} lines.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", help="Where the answers to --goals go.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", help="How many mentors, 1 to 300.")] = 5,
    filter: Filter = None,
    exclude: Exclude = None,
    diversity: Annotated[
        float, typer.Option("--diversity", help="0: by score alone, to 1: as varied as can be.")
    ] = 0.0,
    as_json: AsJson = False,
    data: Data = None,
    tenant: Tenant = None,
) -> None:
    """Recommend mentors for a goal, best first, each with reasons quoted from the profile."""
    from api import recommending

    if (goal is None) == (goals is None):
        raise BadInput("Name either a goal or a file with --goals.")
    if (goals is None) != (output is None):
        raise BadInput("--goals and --output go together.")
    wanted = {"limit": limit, "diversity": diversity} | filters_from(filter or [], exclude or [])
    settings = _settings(data, tenant)
    if goals is not None and output is not None:
        recommending.answer_file(goals, output, wanted, settings)
        return
    answer = recommending.answer_one(goal or "", wanted, settings)
    screen.print_json(answer) if as_json else screen.show_recommendations(answer)


@_command
def explain(
    goal: Annotated[str, typer.Argument(help="What you want to reach, in free text.")],
    mentor: Annotated[str, typer.Argument(help="The mentor's id.")],
    filter: Filter = None,
    exclude: Exclude = None,
    as_json: AsJson = False,
    data: Data = None,
    tenant: Tenant = None,
) -> None:
    """Say where one mentor stands for a goal, why, and why not nearer to the top."""
    from api import recommending

    wanted = filters_from(filter or [], exclude or [])
    found = recommending.explain_one(goal, mentor, wanted, _settings(data, tenant))
    screen.print_json(found) if as_json else screen.show_standing(found)


@_command
def serve(
    host: Annotated[str, typer.Option("--host")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=1, max=65535)] = 8000,
    workers: Annotated[int, typer.Option("--workers", min=1, max=64)] = 1,
    create: Annotated[
        bool, typer.Option("--create", help="Begin with nobody when nothing is indexed yet.")
    ] = False,
    data: Data = None,
    tenant: Tenant = None,
) -> None:
    """Serve the page at / and the HTTP API, whose documentation is at /docs."""
    from api import pages, server
    from api.tenants import Tenants

    settings = _settings(data, tenant).model_copy(update={"create": create})
    # Opened here, so that whatever is wrong is said in one sentence before the server starts.
    tenants = Tenants(settings, create=create)
    if host not in LOOPBACK and not tenants.has_keys():
        tenants.close()
        raise BadInput(
            f"--host {host} would be open to everybody, and there are no API keys: make one with "
            f"'mentors keys create', or serve on one of {', '.join(LOOPBACK)}."
        )
    try:
        pages.require_publishable(tenants, settings.page_key)
    except BadInput:
        tenants.close()
        raise
    for problem in tenants.first.follower.origin.problems:
        screen.complain(problem)
    if workers == 1:
        server.serve(settings, tenants, host, port)
        return
    tenants.close()
    server.serve_in_processes(settings, host, port, workers)


keys = typer.Typer(help="Make, list and revoke API keys.", no_args_is_help=True)
app.add_typer(keys, name="keys")


@keys.command("create")
def keys_create(
    scope: Annotated[
        list[str] | None,
        typer.Option("--scope", help="recommend, read, write or admin; several times."),
    ] = None,
    name: Annotated[str, typer.Option("--name", help="What it is for.")] = "",
    origin: Annotated[
        str, typer.Option("--origin", help="The web origin of a key that pages may show.")
    ] = "",
    as_json: AsJson = False,
    data: Data = None,
    tenant: Tenant = None,
) -> None:
    """Make an API key of a tenant; it is shown this once."""
    from api import keeping_keys

    found = keeping_keys.create(_settings(data, tenant), scope or ["recommend"], name, origin)
    if as_json:
        screen.print_json(found)
        return
    screen.say(
        f"{found['key']}\n"
        f"Keep it now: it is not shown again. Tenant {found['tenant']}, scopes "
        f"{', '.join(found['scopes'])}."
    )


@keys.command("list")
def keys_list(as_json: AsJson = False, data: Data = None, tenant: Tenant = None) -> None:
    """List the keys of all tenants, or of one with --tenant; without their secrets."""
    from api import keeping_keys

    found = keeping_keys.listed(_settings(data, tenant), tenant)
    screen.print_json({"keys": found}) if as_json else screen.show_keys(found)


@keys.command("revoke")
def keys_revoke(
    id: Annotated[str, typer.Argument(help="The key's id, as `mentors keys list` shows it.")],
    data: Data = None,
) -> None:
    """End a key; servers refuse it within two seconds."""
    from api import keeping_keys

    keeping_keys.revoke(_settings(data, None), id)
    screen.say(f"The key {id} is revoked.")


feedback = typer.Typer(help="What came of recommendations.", no_args_is_help=True)
app.add_typer(feedback, name="feedback")


@feedback.command("export")
def feedback_export(
    file: Annotated[Path, typer.Argument(help="A new file of JSON lines, an event a line.")],
    goals: Annotated[
        Path | None, typer.Option("--goals", help="Also goals, for `mentors eval` ...")
    ] = None,
    qrels: Annotated[
        Path | None, typer.Option("--qrels", help="... and judgments: goal, mentor, grade.")
    ] = None,
    data: Data = None,
    tenant: Tenant = None,
) -> None:
    """Write every event, and what it says of who was useful for which goal."""
    from api import judging

    if (goals is None) != (qrels is None):
        raise BadInput("--goals and --qrels go together.")
    counts = judging.export(_settings(data, tenant), file, goals, qrels)
    screen.say(counts)


@_command
def status(as_json: AsJson = False, data: Data = None, tenant: Tenant = None) -> None:
    """Say what is indexed."""
    from api.indexing import status_of

    found = status_of(_settings(data, tenant))
    screen.print_json(found) if as_json else screen.show_status(found)


@_command
def verify(
    repair: Annotated[
        bool, typer.Option("--repair", help="Mend what is wrong from the database.")
    ] = False,
    as_json: AsJson = False,
    data: Data = None,
    tenant: Tenant = None,
) -> None:
    """Check database, vectors and snapshots against each other. Exit status 1 on a problem."""
    from api import upkeep

    found = upkeep.verify(_settings(data, tenant), mend=repair)
    screen.print_json(found) if as_json else screen.show_check(found)
    if found.get("left", found["problems"]):
        raise typer.Exit(1)


@_command
def erase(
    id: Annotated[str, typer.Argument(help="The mentor's id.")],
    prove: Annotated[
        bool, typer.Option("--prove", help="Look for traces in every byte of the data folder.")
    ] = False,
    data: Data = None,
    tenant: Tenant = None,
) -> None:
    """Remove a mentor from every file, now. Exit status 1 when a trace was found."""
    from api import upkeep

    found = upkeep.erase(_settings(data, tenant), id, prove=prove)
    screen.say(f"The mentor {id} is erased.")
    if found:
        screen.show_proof(found)
        if found.traces:
            raise typer.Exit(1)


@_command
def backup(
    file: Annotated[Path, typer.Argument(help="A new file.")],
    data: Data = None,
    tenant: Tenant = None,
) -> None:
    """Copy the database, all tenants, into one file, also while it is being served."""
    from api import upkeep

    size = upkeep.make_backup(_settings(data, tenant), file)
    screen.say(f"{file} holds all mentors and their vectors ({size:,} bytes).")


@_command
def restore(
    file: Annotated[Path, typer.Argument(help="A file that 'mentors backup' wrote.")],
    data: Data = None,
) -> None:
    """Make a new data folder from a backup."""
    from api import upkeep

    settings = _settings(data, None)
    tenants = upkeep.restore(settings, file)
    screen.say(f"{settings.data} is ready; tenants: {', '.join(tenants) or 'none'}.")


@_command
def eval_(
    goals: Annotated[Path, typer.Option("--goals", help="Goals: {id, text, ...} lines.")],
    qrels: Annotated[Path, typer.Option("--qrels", help="Judgments: goal, mentor, grade.")],
    run: Annotated[
        Path | None, typer.Option("--run", help="Measure this run instead of the live index.")
    ] = None,
    as_json: AsJson = False,
    data: Data = None,
    tenant: Tenant = None,
) -> None:
    """Measure recommendations against judgments, beside whole-profile embedding."""
    from api.evaluating import evaluate

    report = evaluate(goals, qrels, run, _settings(data, tenant))
    screen.print_json(report) if as_json else screen.show_measures(report)


@_command
def fairness(
    goals: Annotated[Path, typer.Option("--goals", help="Goals: {id, text} lines.")],
    names: Annotated[
        Path | None,
        typer.Option("--names", help="First names: a table with tabs, columns name and gender."),
    ] = None,
    as_json: AsJson = False,
    data: Data = None,
    tenant: Tenant = None,
) -> None:
    """Write the mentors under other names and genders and compare the order.

    Exit status 1 when it depends on them.
    """
    from api import fairness

    report = fairness.fairness(goals, names, _settings(data, tenant))
    screen.print_json(report) if as_json else screen.show_fairness(report)
    if not report["fair"]:
        raise typer.Exit(1)
