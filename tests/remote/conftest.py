"""Everything here is marked `scale`, and needs a real Milvus, which it starts itself."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.remote.servers import MilvusServer, require_packages

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.scale)


@pytest.fixture(scope="session")
def shared_milvus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MilvusServer]:
    """A Milvus for all tests of a run, each with a prefix of its own."""
    require_packages()
    server = MilvusServer(tmp_path_factory.mktemp("milvus"))
    server.start()
    yield server
    server.kill()


@pytest.fixture
def own_milvus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MilvusServer]:
    """A Milvus that the test may kill."""
    require_packages()
    server = MilvusServer(tmp_path_factory.mktemp("own-milvus"))
    server.start()
    yield server
    server.kill()
