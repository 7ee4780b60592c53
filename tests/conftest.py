"""Fixtures: paths, and the measured set that only some machines have."""

from pathlib import Path

import pytest

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
