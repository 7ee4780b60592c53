"""What only some tests need: packages that are in no default install, and that `make scale` brings.

Without them those tests are skipped and say so, or fail where `MENTORS_TESTS_NEED` names what they
are of, such as "postgres,ray": in CI nothing is skipped by mistake.
"""

import importlib.util
import os

import pytest

_NEEDED = os.environ.get("MENTORS_TESTS_NEED", "").split(",")


def require(of: str, packages: tuple[str, ...]) -> None:
    """Skip, and say why, where one of the packages is missing; fail where they must be there."""
    missing = [name for name in packages if importlib.util.find_spec(name) is None]
    if not missing:
        return
    why = f"{', '.join(missing)} not installed: 'make scale' brings what these tests need"
    if of in _NEEDED:
        pytest.fail(why)
    pytest.skip(why, allow_module_level=True)
