"""A disk that is full: what was acknowledged stays, what was not is gone whole, and it recovers."""

import shutil
import subprocess
from contextlib import nullcontext

import pytest

from api.settings import Settings
from api.wiring import Serving
from indexer.checking import check
from indexer.folder import DataFolder
from models.errors import DataFolderError
from recommender.eligibility import Filters
from recommender.recommend import Request
from tests.fakes import mentors, table_encoder, vectors

SIZE = "3m"


@pytest.fixture
def small_disk(tmp_path):
    folder = tmp_path / "small"
    folder.mkdir()
    if shutil.which("mount") is None:
        pytest.skip("no mount command: a full disk cannot be tried here")
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(folder)]
    done = subprocess.run(mount, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"a small tmpfs cannot be mounted here ({done.stderr.strip()})")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def writer(number: int):
    bio = f"I audit fund number {number}. " * 40
    return mentors({"id": f"m{number:04}", "bio": bio})[0]


def ids(serving) -> set[str]:
    answer = serving.recommend(Request("audit", 300, filters=Filters(available=None)))
    return {one.mentor.id for one in answer.recommendations}


def put_until_full(serving, written: list[str]) -> None:
    for number in range(3_000):
        serving.put([writer(number)])
        written.append(f"m{number:04}")


def test_a_full_disk_loses_nothing_and_recovers(small_disk):
    filler = small_disk / "filler"
    data = small_disk / "data"
    serving = Serving(Settings(data=data), table_encoder, create=True)
    filler.write_bytes(b"x" * 1_200_000)
    written: list[str] = []
    with pytest.raises(DataFolderError, match=r"cannot be written now .* try again"):
        put_until_full(serving, written)
    assert len(written) > 20
    serving.follow()
    assert ids(serving) == set(written[:300])
    with pytest.raises(DataFolderError, match=r"cannot be written"):
        serving.keeper.keep(snapshot=True)
    filler.unlink()
    serving.put([writer(5_000)])
    serving.follow()
    assert serving.keeper.keep(snapshot=True)
    report = check(
        serving.store, "default", DataFolder(data), vectors(serving.store), nullcontext()
    )
    assert report.problems == ()
    assert report.mentors == len(written) + 1
    assert report.snapshots == 1
    serving.close()
