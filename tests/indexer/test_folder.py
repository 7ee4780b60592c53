from pathlib import Path

import pytest

from indexer.folder import DataFolder
from indexer.rejects import Reject
from models.errors import BadInput, DataFolderForeign, NoIndex

SOURCE = Path("somewhere/mentors.csv")


@pytest.fixture
def folder(tmp_path):
    return DataFolder(tmp_path / "data")


@pytest.mark.parametrize("name", ["default", "a", "0", "Team-2.north_west", "x" * 100])
def test_a_tenant_has_a_folder_of_its_own(folder, name):
    assert folder.tenant(name) == folder.root / "tenants" / name


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../b", "a/b", "a\\b", "-a", ".a", "a b", "a\n", "a\0", "é", "x" * 101]
)
def test_a_tenant_that_is_no_name_is_refused(folder, name):
    with pytest.raises(BadInput, match="is no name: expected letters, digits"):
        folder.tenant(name)


def test_a_missing_folder_is_made(folder):
    folder.ensure_writable()
    assert folder.root.is_dir()
    folder.ensure_writable()


def test_a_folder_with_our_database_is_ours(folder):
    folder.ensure_writable()
    (folder.root / "mentors.db").touch()
    (folder.root / "else.txt").touch()
    folder.ensure_writable()
    folder.ensure_present()


def test_a_folder_of_something_else_is_left_alone(folder):
    folder.root.mkdir()
    (folder.root / "thesis.tex").touch()
    with pytest.raises(DataFolderForeign, match=r"is not empty and has no mentors\.db"):
        folder.ensure_writable()
    with pytest.raises(DataFolderForeign, match=r"has no mentors\.db: it is not a data folder"):
        folder.ensure_present()


@pytest.mark.parametrize("below", ["", "deeper"])
def test_a_file_in_the_way_is_said(folder, below):
    folder.root.write_text("a file")
    with pytest.raises(DataFolderForeign, match="cannot be made a data folder: "):
        DataFolder(folder.root / below).ensure_writable()


def test_a_folder_that_is_not_there_has_no_index(folder):
    with pytest.raises(
        NoIndex, match=r"There is no data folder at .*data: run 'mentors index FILE'"
    ):
        folder.ensure_present()


def test_rejects_are_kept_a_line_each(folder):
    path = folder.rejects_path("t", SOURCE)
    folder.write_rejects("t", {path.name: [Reject("", '{"line": 2}'), Reject("", '{"line": 3}')]})
    assert path.parent == folder.root / "tenants" / "t" / "rejects"
    assert path.name.startswith("mentors.csv.")
    assert path.read_text() == '{"line": 2}\n{"line": 3}\n'


def test_a_rejects_file_that_is_not_wanted_any_more_goes(folder):
    folder.write_rejects("t", {"a.jsonl": [Reject("", "1")], "b.jsonl": [Reject("", "2")]})
    folder.write_rejects("t", {"b.jsonl": [Reject("", "3")]})
    (path,) = (folder.root / "tenants" / "t" / "rejects").iterdir()
    assert (path.name, path.read_text()) == ("b.jsonl", "3\n")


def test_without_a_reject_no_folder_is_made(folder):
    folder.write_rejects("t", {})
    assert not (folder.root / "tenants").exists()


def test_files_of_one_name_in_two_folders_keep_a_list_each(folder):
    one, two = (folder.rejects_path("t", Path(at) / "mentors.csv") for at in "ab")
    assert one != two


def test_a_folder_whose_mentors_are_elsewhere_is_made_when_it_is_needed(tmp_path):
    (tmp_path / "empty").mkdir()
    for folder in (tmp_path / "missing", tmp_path / "empty"):
        DataFolder(folder, by_url=True).ensure_present()
        assert (folder / "STORE").is_file()
        DataFolder(folder, by_url=True).ensure_writable()


def test_a_folder_of_something_else_is_not_taken_for_one_whose_mentors_are_elsewhere(tmp_path):
    (tmp_path / "letter").write_text("Dear diary")
    with pytest.raises(DataFolderForeign, match="has no STORE"):
        DataFolder(tmp_path, by_url=True).ensure_present()


def test_a_folder_with_mentors_is_refused_to_a_store_elsewhere(folder):
    folder.ensure_writable()
    (folder.root / "mentors.db").touch()
    with pytest.raises(DataFolderForeign, match=r"has mentors of its own in mentors\.db"):
        DataFolder(folder.root, by_url=True).ensure_present()


@pytest.mark.parametrize("method", ["ensure_present", "ensure_writable"])
def test_a_folder_whose_mentors_are_elsewhere_is_not_begun_anew(folder, method):
    DataFolder(folder.root, by_url=True).ensure_writable()
    with pytest.raises(DataFolderForeign, match="set MENTORS_STORE to it"):
        getattr(folder, method)()
