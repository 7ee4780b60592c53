import os

import pytest

from indexer import disk


@pytest.fixture
def calls(monkeypatch):
    """Every call of `os` that changes or syncs something, in order, each done all the same."""
    made = []

    def recorded(name):
        real = getattr(os, name)

        def call(*arguments, **named):
            made.append(name)
            return real(*arguments, **named)

        return call

    for name in ("write", "fsync", "replace", "unlink", "mkdir", "rmdir"):
        monkeypatch.setattr(os, name, recorded(name))
    return made


def test_what_is_written_is_synced(tmp_path, calls):
    disk.write(tmp_path / "a", b"content")
    assert (tmp_path / "a").read_bytes() == b"content"
    assert calls == ["write", "fsync"]


def test_an_empty_file_is_written_and_synced(tmp_path, calls):
    disk.write(tmp_path / "a", b"")
    assert (tmp_path / "a").read_bytes() == b""
    assert calls == ["fsync"]


def test_a_write_that_takes_only_a_part_goes_on_with_the_rest(tmp_path, monkeypatch):
    real = os.write
    monkeypatch.setattr(os, "write", lambda handle, content: real(handle, content[:3]))
    disk.write(tmp_path / "a", b"ten bytes.")
    assert (tmp_path / "a").read_bytes() == b"ten bytes."


def test_a_view_of_memory_is_written_whole(tmp_path):
    disk.write(tmp_path / "a", memoryview(b"0123456789")[2:7])
    assert (tmp_path / "a").read_bytes() == b"23456"


def test_content_that_is_told_in_pieces_is_written_in_their_order_and_synced(tmp_path, calls):
    def told(put):
        for piece in (b"one ", memoryview(b"two "), b"", b"three"):
            put(piece)

    disk.write(tmp_path / "a", told)
    assert (tmp_path / "a").read_bytes() == b"one two three"
    assert calls == ["write", "write", "write", "fsync"]


def test_a_longer_file_is_overwritten_whole(tmp_path):
    (tmp_path / "a").write_bytes(b"a longer content")
    disk.write(tmp_path / "a", b"short")
    assert (tmp_path / "a").read_bytes() == b"short"


def test_replacing_syncs_the_file_before_the_rename_and_the_folder_after_it(tmp_path, calls):
    (tmp_path / "a").write_bytes(b"old")
    disk.replace(tmp_path / "a", b"new")
    assert calls == ["write", "fsync", "replace", "fsync"]
    assert (tmp_path / "a").read_bytes() == b"new"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


@pytest.mark.parametrize("failing", ["fsync", "replace"])
def test_a_replacing_that_fails_leaves_the_old_content_and_nothing_aside(
    tmp_path, monkeypatch, failing
):
    (tmp_path / "a").write_bytes(b"old")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, failing, full)
    with pytest.raises(OSError, match="No space left on device"):
        disk.replace(tmp_path / "a", b"new")
    assert (tmp_path / "a").read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_a_replacing_that_is_killed_leaves_its_file_under_a_name_that_can_go(tmp_path, monkeypatch):
    class Killed(BaseException):
        pass

    def killed(*_):
        raise Killed

    monkeypatch.setattr(os, "replace", killed)
    with pytest.raises(Killed):
        disk.replace(tmp_path / "a", b"new")
    [left] = tmp_path.iterdir()
    assert left.name.startswith("a.")
    assert left.name.endswith(disk.ASIDE)


def test_renaming_makes_the_name_last(tmp_path, calls):
    (tmp_path / "a").mkdir()
    disk.rename(tmp_path / "a", tmp_path / "b")
    assert calls == ["mkdir", "replace", "fsync"]
    assert [path.name for path in tmp_path.iterdir()] == ["b"]


def test_a_folder_and_what_is_missing_above_it_are_each_made_known(tmp_path, calls):
    disk.make_folder(tmp_path / "a" / "b" / "c")
    assert (tmp_path / "a" / "b" / "c").is_dir()
    assert calls == ["mkdir", "fsync"] * 3


def test_a_folder_that_is_there_is_left_alone(tmp_path, calls):
    disk.make_folder(tmp_path)
    assert calls == []


def test_a_folder_that_another_process_made_first_is_taken(tmp_path, monkeypatch):
    real = os.mkdir

    def overtaken(path):
        real(path)
        real(path)

    monkeypatch.setattr(os, "mkdir", overtaken)
    disk.make_folder(tmp_path / "a")
    assert (tmp_path / "a").is_dir()


def test_removing_what_is_not_there_is_no_error(tmp_path):
    disk.remove(tmp_path / "a")
    disk.remove_folder(tmp_path / "a")


def test_a_folder_goes_with_its_files(tmp_path):
    folder = tmp_path / "a"
    folder.mkdir()
    for name in "xyz":
        (folder / name).write_bytes(b"1")
    disk.remove_folder(folder)
    assert list(tmp_path.iterdir()) == []
