from dataclasses import replace

import pytest

from indexer import disk
from indexer.generations import Generations, sequence_of
from indexer.snapshot import read
from indexer.store import Store
from tests.fakes import snapshot


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    store = Store.in_folder(tmp_path_factory.mktemp("made"))
    yield snapshot(store)
    store.close()


@pytest.fixture
def generations(tmp_path):
    return Generations(tmp_path / "tenant")


@pytest.fixture
def publish(generations, made):
    """Publishes the five mentors as if they stood at other sequences."""

    def at(*sequences):
        return [generations.publish(replace(made, sequence=sequence)) for sequence in sequences]

    return at


def there(generations):
    return sorted(path.name for path in (generations.folder / "snapshots").iterdir())


def test_before_the_first_snapshot_there_is_none(generations):
    assert generations.live() is None
    assert generations.names() == []
    assert generations.oldest() == 0
    assert generations.is_tidy(0)


def test_what_is_published_is_live_under_a_name_that_begins_with_its_sequence(generations, publish):
    [name] = publish(5)
    assert generations.live() == name
    assert name.startswith("000000000005-")
    assert sequence_of(name) == 5
    assert read(generations.path(name)).sequence == 5


def test_publishing_leaves_nothing_but_the_snapshot_and_current(generations, publish):
    [name] = publish(5)
    assert sorted(path.name for path in generations.folder.iterdir()) == ["CURRENT", "snapshots"]
    assert there(generations) == [name]


def test_the_live_snapshot_is_tried_first_then_the_others_from_newest_to_oldest(
    generations, publish
):
    five, nine, seven = publish(5, 9, 7)
    assert generations.names() == [seven, nine, five]


def test_two_snapshots_of_one_sequence_have_two_names(generations, publish):
    first, second = publish(5, 5)
    assert first != second
    assert generations.live() == second


@pytest.mark.parametrize("content", [b"", b"\xff", b"nothing", b"../..", b"/", b"5-abc", b"a\0b"])
def test_a_current_that_names_no_snapshot_leaves_all_to_be_tried(generations, publish, content):
    five, nine = publish(5, 9)
    (generations.folder / "CURRENT").write_bytes(content)
    assert generations.live() is None
    assert generations.names() == [nine, five]


def test_without_current_the_newest_is_tried_first(generations, publish):
    five, nine = publish(5, 9)
    (generations.folder / "CURRENT").unlink()
    assert generations.names() == [nine, five]


def test_the_live_snapshot_and_the_one_before_are_kept_when_nobody_was_removed(
    generations, publish
):
    _, nine, twelve = publish(5, 9, 12)
    generations.tidy(0)
    assert there(generations) == [nine, twelve]
    assert generations.oldest() == 9


def test_a_snapshot_from_before_a_removal_goes(generations, publish):
    _, twelve = publish(9, 12)
    generations.tidy(10)
    assert there(generations) == [twelve]


def test_a_snapshot_from_the_moment_of_the_removal_stays(generations, publish):
    nine, twelve = publish(9, 12)
    generations.tidy(9)
    assert there(generations) == [nine, twelve]


def test_even_the_live_snapshot_goes_when_somebody_was_removed_after_it(generations, publish):
    publish(9)
    generations.tidy(10)
    assert there(generations) == []


def test_half_written_snapshots_and_files_put_aside_are_removed(generations, publish):
    [name] = publish(5)
    half = generations.path("000000000009-0123abcd.aside")
    half.mkdir()
    (half / "catalogue.arrow").write_bytes(b"half")
    (generations.folder / "CURRENT.0123abcd.aside").write_bytes(b"00000")
    assert not generations.is_tidy(0)
    generations.tidy(0)
    assert there(generations) == [name]
    assert sorted(path.name for path in generations.folder.iterdir()) == ["CURRENT", "snapshots"]
    assert generations.is_tidy(0)


def test_half_written_snapshots_are_never_tried(generations, publish):
    [name] = publish(5)
    generations.path("000000000009-0123abcd.aside").mkdir()
    assert generations.names() == [name]


def test_folders_of_other_names_among_the_snapshots_are_removed(generations, publish):
    [name] = publish(5)
    generations.path("000000000009-dead").mkdir()
    generations.tidy(0)
    assert there(generations) == [name]


def test_a_file_among_the_snapshots_is_removed(generations, publish):
    [name] = publish(5)
    generations.path(".DS_Store").write_bytes(b"x")
    generations.tidy(0)
    assert there(generations) == [name]


@pytest.mark.parametrize(
    ("removed_at", "tidy"), [(0, False), (5, False), (6, False), (9, False), (10, False)]
)
def test_three_snapshots_are_never_tidy(generations, publish, removed_at, tidy):
    publish(5, 9, 12)
    assert generations.is_tidy(removed_at) is tidy


@pytest.mark.parametrize(("removed_at", "tidy"), [(0, True), (9, True), (10, False), (13, False)])
def test_two_snapshots_are_tidy_while_nobody_in_them_was_removed(
    generations, publish, removed_at, tidy
):
    publish(9, 12)
    assert generations.is_tidy(removed_at) is tidy


@pytest.mark.parametrize("removed_at", [0, 7, 9, 10, 12, 20])
def test_tidying_makes_tidy(generations, publish, removed_at):
    publish(5, 9, 12)
    generations.tidy(removed_at)
    assert generations.is_tidy(removed_at)


def test_dropping_all_leaves_no_snapshot_and_no_current(generations, publish):
    publish(5, 9)
    generations.drop_all()
    assert there(generations) == []
    assert not (generations.folder / "CURRENT").exists()
    generations.drop_all()


def test_a_disk_that_is_full_leaves_the_old_snapshot_live(generations, publish, made, monkeypatch):
    [name] = publish(5)
    written = []
    on_disk = disk.write

    def full(path, content):
        written.append(path.name)
        if len(written) == 3:
            raise OSError(28, "No space left on device", str(path))
        on_disk(path, content)

    monkeypatch.setattr("indexer.disk.write", full)
    with pytest.raises(OSError, match="No space left on device"):
        generations.publish(replace(made, sequence=9))
    assert len(written) == 3
    assert generations.live() == name
    assert there(generations) == [name]


def test_a_current_that_cannot_be_replaced_leaves_the_old_snapshot_live(
    generations, publish, made, monkeypatch
):
    [name] = publish(5)

    def full(path, _content):
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr("indexer.disk.replace", full)
    with pytest.raises(OSError, match="No space left on device"):
        generations.publish(replace(made, sequence=9))
    assert generations.live() == name
    assert generations.names()[0] == name


def test_optional_sections_are_written_beside_the_snapshot(generations, made):
    name = generations.publish(made, {"graph": {"graph.bin": b"edges"}})
    assert (generations.path(name) / "graph.bin").read_bytes() == b"edges"
    assert read(generations.path(name)).segment.size == 5
