"""Fixtures: paths, and the measured set that only some machines have."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).parent.parent


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
    folder: Path = request.config.getoption("--judged")
    if not (folder / "mentors.jsonl").is_file():
        pytest.skip(f"no judged set of real mentors at {folder} (name one with --judged)")
    return folder


# Property tests: few rounds where people wait, many in `make test-long`.
ROUNDS = {"reduced": 50, "full": 2_000}
COUNTS = os.environ.get("MENTORS_TEST_COUNTS", "reduced")
for name, rounds in ROUNDS.items():
    settings.register_profile(
        name, max_examples=rounds, deadline=None, suppress_health_check=[HealthCheck.too_slow]
    )
settings.load_profile(COUNTS)


def pytest_report_header() -> str:
    return f"{COUNTS} counts: {ROUNDS[COUNTS]:,} examples of each property"
