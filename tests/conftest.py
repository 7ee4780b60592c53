"""Fixtures: paths, databases, and the measured set that only some machines have."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.needs import judged_in
from tests.postgres import migrated, postgres

ROOT = Path(__file__).parent.parent

# Compiled encoders of all test runs and of the processes they start; never those in use.
os.environ["MENTORS_CACHE"] = str(ROOT / "build" / "test-cache")


@pytest.fixture
def examples() -> Path:
    return ROOT / "examples"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--judged",
        type=Path,
        default=ROOT.parent / "shared" / "data",
        help="folder with mentors.jsonl, dev_goals.jsonl and dev_qrels.tsv of real mentors",
    )


@pytest.fixture(scope="session")
def judged(request: pytest.FixtureRequest) -> Path:
    return judged_in(request.config.getoption("--judged"))


STORES = ("sqlite", pytest.param("postgres", marks=pytest.mark.scale))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """What is said of the store in modules with `ON_EVERY_STORE` holds on both databases."""
    if getattr(metafunc.module, "ON_EVERY_STORE", False):
        for name, scope in (("store_url", "function"), ("module_store_url", "module")):
            if name in metafunc.fixturenames:
                metafunc.parametrize(name, STORES, indirect=True, scope=scope)


@pytest.fixture
def store_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of a new database; "" for that of a data folder."""
    yield from _new_database(request)


@pytest.fixture(scope="module")
def module_store_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """As `store_url`, for a whole module."""
    yield from _new_database(request)


def _new_database(request: pytest.FixtureRequest) -> Iterator[str]:
    if getattr(request, "param", "sqlite") == "sqlite":
        yield ""
        return
    server = postgres()
    name = server.new(migrated())
    yield server.url(name)
    server.drop(name)


# Few rounds where people wait, many in `make test-long`.
ROUNDS = {
    "examples of each property": (50, 2_000),
    "kills of a process at work": (10, 200),
    "kills of an applier": (8, 100),
    "damaged snapshot files": (200, 2_000),
    "seconds of readers and writers side by side": (12, 60),
    "histories of changes": (15, 200),
    "seconds of fuzzing": (15, 600),
    "examples of each operation": (15, 1_700),
    "requests of schemathesis at least": (1_000, 20_000),
    "seconds of flood": (5, 120),
    "writes of tenants that share texts": (25, 500),
    "kills of a PostgreSQL server": (3, 20),
    "mentors added through one of two hosts": (10, 200),
    "mentors of a bulk that is cut off": (500, 5_000),
}
COUNTS = os.environ.get("MENTORS_TEST_COUNTS", "reduced")


def rounds_of(name: str) -> int:
    """How many rounds of one kind this run does."""
    reduced, full = ROUNDS[name]
    return full if COUNTS == "full" else reduced


settings.register_profile(
    COUNTS,
    max_examples=rounds_of("examples of each property"),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile(COUNTS)


# Files with a test of one of these kinds come first, so that two processes end at about one time.
LONG_ONES = ("slow", "live", "browser")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    long_ones = {item.path for item in items if any(map(item.get_closest_marker, LONG_ONES))}
    items.sort(key=lambda item: item.path not in long_ones)


def pytest_report_header() -> str:
    return f"{COUNTS} counts: " + ", ".join(f"{rounds_of(name):,} {name}" for name in ROUNDS)
