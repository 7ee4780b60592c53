import json
from pathlib import Path

import pytest

from indexer.folder import DataFolder
from models.errors import BadInput, DataFolderForeign, NoIndex

SOURCE = Path("somewhere/mentors.csv")


@pytest.fixture
def folder(tmp_path):
    return DataFolder(tmp_path / "data")


def nested(depth: int) -> object:
    value: object = "bottom"
    for _ in range(depth):
        value = [value]
    return value


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
    rejects = [{"line": 2, "record": "é 🍞"}, {"line": 3, "record": None}]
    path = folder.keep_rejects("t", SOURCE, rejects)
    assert path.parent == folder.root / "tenants" / "t" / "rejects"
    assert path.name.startswith("mentors.csv.")
    assert [json.loads(line) for line in path.read_text().splitlines()] == rejects


def test_rejects_of_the_same_source_replace_the_earlier_ones(folder):
    folder.keep_rejects("t", SOURCE, [{"line": 2}, {"line": 3}])
    path = folder.keep_rejects("t", SOURCE, [{"line": 4}])
    assert path.read_text() == '{"line": 4}\n'


def test_without_a_reject_there_is_no_file(folder):
    assert not folder.keep_rejects("t", SOURCE, []).exists()
    folder.keep_rejects("t", SOURCE, [{"line": 2}])
    assert not folder.keep_rejects("t", SOURCE, []).exists()


@pytest.mark.parametrize("value", ["half \ud800 a pair", b"bytes", float("nan"), {1, 2}])
def test_any_value_can_be_kept(folder, value):
    path = folder.keep_rejects("t", SOURCE, [{"record": value}, {"line": 3}])
    assert path.read_text(encoding="utf-8").endswith('\n{"line": 3}\n')


def test_a_value_nested_too_deeply_to_write_is_left_out(folder):
    path = folder.keep_rejects("t", SOURCE, [{"line": 2, "record": nested(200_000)}])
    assert path.read_text() == '{"line": 2, "record": null}\n'


def test_files_of_one_name_in_two_folders_keep_a_list_each(folder):
    one = folder.keep_rejects("t", Path("a/mentors.csv"), [{"line": 1}])
    two = folder.keep_rejects("t", Path("b/mentors.csv"), [{"line": 9}])
    assert (one.read_text(), two.read_text()) == ('{"line": 1}\n', '{"line": 9}\n')
