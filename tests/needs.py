"""What only some tests need: a browser, packages that `make scale` brings, or real mentors.

Without them those tests are skipped and say so, or fail where `MENTORS_TESTS_NEED` names what they
are of, such as "browser,postgres": in CI nothing is skipped by mistake.
"""

import importlib.util
import os
from pathlib import Path
from typing import NoReturn

import pytest

_NEEDED = os.environ.get("MENTORS_TESTS_NEED", "").split(",")


def require(of: str, packages: tuple[str, ...]) -> None:
    """Skip, and say why, where one of the packages is missing; fail where they must be there."""
    absent = [name for name in packages if importlib.util.find_spec(name) is None]
    if absent:
        missing(of, f"{', '.join(absent)} not installed: 'make scale' brings what these tests need")


def judged_in(folder: Path) -> Path:
    """The folder of the judged set of real mentors, if that is there."""
    if not (folder / "mentors.jsonl").is_file():
        missing("judged", f"no judged set of real mentors at {folder} (name one with --judged)")
    return folder


def missing(of: str, why: str) -> NoReturn:
    """Skip for lack of something; fail where it must be there."""
    if of in _NEEDED:
        pytest.fail(why)
    pytest.skip(why, allow_module_level=True)
