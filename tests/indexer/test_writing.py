import itertools
import sqlite3
import threading
from contextlib import closing
from itertools import islice

import numpy as np
import pytest

from indexer import postgres
from indexer.passages import passages
from indexer.store import Store
from indexer.vectors import Vectors, text_key
from indexer.writing import Outcome, Writer, drafted
from models.errors import (
    EncoderUnavailable,
    MentorNotFound,
    RecordRejected,
    SourceUnreadable,
    SpaceMismatch,
    StoreUnavailable,
)
from models.lazy import LazyEncoder
from tests.fakes import RECORDS, TableEncoder, mentors

ON_EVERY_STORE = True

BAKER = {
    "id": "baker",
    "headline": "I bake bread before dawn",
    "bio": "I audit ovens all year long. I teach apprentices to bake.",
    "capacity": 2,
}


@pytest.fixture
def store(tmp_path, store_url):
    store = Store.of(tmp_path, store_url)
    yield store
    store.close()


@pytest.fixture
def encoder():
    return TableEncoder()


@pytest.fixture
def writer(store, encoder):
    return Writer(store, "default", Vectors(store, encoder))


class Overtaken(Store):
    """A store in which somebody else writes between the reading and the writing of a patch."""

    def __init__(self, url, other, times):
        super().__init__(url)
        self.other = other
        self.left = times

    def write(self, *arguments, **named):
        if self.left:
            self.left -= 1
            self.other(self.left)
        return super().write(*arguments, **named)


def all_texts(*records):
    found = [passage for mentor in mentors(*records) for passage in passages(mentor)]
    return {text for passage in found for text in (passage.text, *passage.items)}


def cached(store, *texts, space="table-1"):
    return sorted(t for t in texts if store.vectors(space, [text_key(t)]))


def test_what_is_put_is_added_in_the_order_given(writer, store):
    some = mentors(RECORDS[1], RECORDS[0])[::-1]
    assert writer.put(some) == [Outcome("nurse", "added", 1), Outcome("auditor", "added", 2)]
    assert store.read("default", ["nurse"])["nurse"].mentor == some[0]


def test_each_text_and_each_item_of_a_new_mentor_is_encoded_once(writer, encoder):
    writer.put(mentors())
    assert sorted(encoder.encoded) == sorted(all_texts())


def test_an_unchanged_record_writes_nothing_and_encodes_nothing(writer, store, encoder):
    writer.put(mentors())
    encoder.encoded.clear()
    before = store.head("default")
    assert {outcome.result for outcome in writer.put(mentors())} == {"unchanged"}
    assert store.head("default") == before
    assert encoder.encoded == []


def test_an_unchanged_mentor_keeps_its_revision_beside_changed_ones(writer):
    writer.put(mentors(BAKER, RECORDS[0]))
    outcomes = writer.put(mentors(BAKER | {"headline": "I brew beer"}, RECORDS[0]))
    assert outcomes == [Outcome("auditor", "unchanged", 1), Outcome("baker", "changed", 3)]


def test_only_new_strings_are_encoded_when_a_record_is_replaced(writer, encoder):
    writer.put(mentors(BAKER))
    encoder.encoded.clear()
    writer.put(
        mentors(BAKER | {"bio": "I audit ovens all year long. I sell old books every Sunday."})
    )
    assert encoder.encoded == ["I sell old books every Sunday."]


def test_a_text_that_another_mentor_has_is_not_encoded_again(writer, encoder):
    writer.put(mentors(BAKER))
    encoder.encoded.clear()
    writer.put(mentors(BAKER | {"id": "twin"}))
    assert encoder.encoded == []


@pytest.mark.parametrize(
    "places", [{"available": False}, {"capacity": 7}, {"active_mentees": 1}, {"capacity": None}]
)
def test_a_patch_of_places_encodes_nothing_and_keeps_the_passages(writer, store, encoder, places):
    writer.put(mentors(BAKER))
    before = store.cuts("default", ["baker"])
    encoder.encoded.clear()
    assert writer.patch("baker", places) == Outcome("baker", "changed", 2)
    assert encoder.encoded == []
    assert store.cuts("default", ["baker"]) == before == {"baker": drafted(mentors(BAKER)[0]).cut}


def test_a_patch_of_one_text_encodes_that_text_alone(writer, encoder):
    writer.put(mentors(BAKER))
    encoder.encoded.clear()
    writer.patch("baker", {"headline": "I bake cakes at noon"})
    assert encoder.encoded == ["I bake cakes at noon"]


def test_a_patch_with_null_removes_a_field(writer, store):
    writer.put(mentors(BAKER))
    writer.patch("baker", {"headline": None, "capacity": None})
    mentor = store.read("default", ["baker"])["baker"].mentor
    assert (mentor.headline, mentor.capacity, mentor.bio) == ("", None, BAKER["bio"])


def test_a_patch_merges_objects_and_replaces_lists(writer, store):
    writer.put(mentors(RECORDS[0]))
    writer.patch("auditor", {"attributes": {"years": 12, "cohort": None}, "skills": ["Excel"]})
    mentor = store.read("default", ["auditor"])["auditor"].mentor
    assert (mentor.attributes, mentor.skills) == ({"years": 12}, ("Excel",))


def test_a_patch_that_changes_nothing_writes_nothing(writer, store):
    writer.put(mentors(BAKER))
    assert writer.patch("baker", {"capacity": 2}) == Outcome("baker", "unchanged", 1)
    assert store.head("default").sequence == 1


def test_a_patch_of_nobody_is_refused(writer):
    with pytest.raises(MentorNotFound, match="There is no mentor with the id 'ghost'"):
        writer.patch("ghost", {"capacity": 1})


@pytest.mark.parametrize(
    ("patch", "pointer"),
    [({"id": "other"}, "/id"), ({"capacity": -1}, "/capacity"), ({"bio": 5}, "/bio")],
)
def test_a_patch_that_leaves_no_valid_record_is_refused_and_changes_nothing(
    writer, store, patch, pointer
):
    writer.put(mentors(BAKER))
    with pytest.raises(RecordRejected) as raised:
        writer.patch("baker", patch)
    assert raised.value.pointer == pointer
    assert store.all("default") == (1, mentors(BAKER))


def test_a_patch_that_is_overtaken_is_applied_to_what_overtook_it(tmp_path, writer):
    writer.put(mentors(BAKER))

    def other(_):
        writer.patch("baker", {"headline": "I brew beer"})

    store = Overtaken(writer._store.database.url, other, 1)
    late = Writer(store, "default", Vectors(store, TableEncoder()))
    assert late.patch("baker", {"capacity": 9}) == Outcome("baker", "changed", 3)
    mentor = store.read("default", ["baker"])["baker"].mentor
    assert (mentor.headline, mentor.capacity) == ("I brew beer", 9)
    store.close()


def test_a_put_of_places_that_is_overtaken_by_new_texts_brings_its_own_texts_back(writer, encoder):
    writer.put(mentors(BAKER))

    def other(_):
        writer.patch("baker", {"headline": "I brew beer"})

    store = Overtaken(writer._store.database.url, other, 1)
    late = Writer(store, "default", Vectors(store, encoder))
    assert late.put(mentors(BAKER | {"capacity": 9})) == [Outcome("baker", "changed", 3)]
    assert store.cuts("default", ["baker"])["baker"] == drafted(mentors(BAKER)[0]).cut
    assert cached(store, "I bake bread before dawn", "I brew beer") == ["I bake bread before dawn"]
    store.close()


def test_a_patch_overtaken_again_and_again_is_given_up_in_one_sentence(writer):
    writer.put(mentors(BAKER))

    def other(left):
        writer.patch("baker", {"headline": f"I bake bread number {left}"})

    store = Overtaken(writer._store.database.url, other, 100)
    late = Writer(store, "default", Vectors(store, TableEncoder()))
    with pytest.raises(StoreUnavailable, match="Others keep changing the mentor 'baker'"):
        late.patch("baker", {"capacity": 9})
    store.close()


def test_vectors_of_replaced_texts_go_and_those_still_used_stay(writer, store):
    writer.put(mentors(BAKER))
    writer.put(mentors(BAKER | {"bio": "I audit ovens all year long."}))
    gone, stays = "I teach apprentices to bake.", "I audit ovens all year long."
    assert cached(store, gone, stays) == [stays]


def test_vectors_shared_with_another_mentor_survive_a_removal_and_own_ones_go(writer, store):
    sister = {"id": "sister", "bio": "I audit ovens all year long. I paint wooden ships at night."}
    writer.put(mentors(BAKER, sister))
    assert writer.remove(["baker"]) == {"baker": 3}
    texts = all_texts(BAKER, sister)
    assert cached(store, *texts) == [
        "I audit ovens all year long.",
        "I paint wooden ships at night.",
    ]


def test_vectors_shared_with_another_tenant_survive_a_removal(writer, store, encoder):
    writer.put(mentors(BAKER))
    Writer(store, "other", Vectors(store, encoder)).put(mentors(BAKER))
    writer.remove(["baker"])
    assert len(cached(store, *all_texts(BAKER))) == 3


def test_a_removal_takes_vectors_of_every_space(writer, store):
    writer.put(mentors(BAKER))
    writer.put(mentors(RECORDS[0]))
    second = Writer(store, "default", Vectors(store, TableEncoder("table-2")))
    counts = []

    def remove(_done, _of):
        counts.extend(len(cached(store, *all_texts(BAKER), space=s)) for s in store.spaces())
        writer.remove(["baker"])
        counts.extend(len(cached(store, *all_texts(BAKER), space=s)) for s in store.spaces())

    second.adopt(remove)
    assert counts[:4] == [3, 3, 0, 0]


def test_removals_are_counted_and_ids_of_nobody_are_left_out(writer, store):
    writer.put(mentors())
    assert writer.remove(["nurse", "ghost", "welder", "nurse"]) == {"nurse": 6, "welder": 7}
    head = store.head("default")
    assert (head.sequence, head.removed_at) == (7, 7)
    assert writer.remove(["nurse"]) == {}
    assert store.head("default") == head


def test_a_removed_mentor_can_be_added_again(writer, store):
    writer.put(mentors(BAKER))
    writer.remove(["baker"])
    assert writer.put(mentors(BAKER)) == [Outcome("baker", "added", 3)]
    assert store.count("default") == 1


def test_adopting_makes_the_other_space_the_tenants(writer, store):
    writer.put(mentors())
    encoder = TableEncoder("table-2")
    second = Writer(store, "default", Vectors(store, encoder))
    assert second.adopt() is True
    assert sorted(encoder.encoded) == sorted(all_texts())
    head = store.head("default")
    assert (head.space_id, head.runtime_id, head.sequence) == ("table-2", "numpy", 5)
    assert second.adopt() is False


def test_adopting_tells_how_far_it_is(writer, store, monkeypatch):
    monkeypatch.setattr("indexer.writing.MOVED", 2)
    writer.put(mentors())
    told = []
    second = Writer(store, "default", Vectors(store, TableEncoder("table-2")))
    second.adopt(lambda done, of: told.append((done, of)))
    assert told == [(2, 5), (4, 5), (5, 5)]


def test_adopting_takes_up_what_changes_meanwhile(writer, store, monkeypatch):
    monkeypatch.setattr("indexer.writing.MOVED", 2)
    writer.put(mentors())
    late = iter([BAKER])
    encoder = TableEncoder("table-2")
    second = Writer(store, "default", Vectors(store, encoder))
    second.adopt(lambda _done, _of: [writer.put(mentors(record)) for record in late])
    assert cached(store, *all_texts(BAKER), space="table-2") == sorted(all_texts(BAKER))
    assert store.head("default").space_id == "table-2"


class Interrupted(TableEncoder):
    """An encoder of the second space in whose work something happens once, at the n-th call."""

    def __init__(self, happens, at=1):
        super().__init__("table-2")
        self._happens, self._left = happens, at

    def encode_passages(self, texts):
        self._left -= 1
        if self._left == 0:
            self._happens()
        return super().encode_passages(texts)


def adopting(store, encoder, name="", until=None):
    return Writer(store, "default", Vectors(store, encoder, name)).adopt(until)


def cut_off(_done, _of):
    raise KeyboardInterrupt


def test_nothing_is_left_of_who_leaves_while_they_are_embedded_in_another_space(writer, store):
    writer.put(mentors(BAKER))
    writer.put(mentors(RECORDS[0]))
    assert adopting(store, Interrupted(lambda: writer.remove(["baker"]))) is True
    assert store.spaces() == ["table-2"]
    assert cached(store, *all_texts(BAKER), space="table-2") == []
    assert store.count_strays() == (0, 0)


def test_adopting_drops_the_vectors_of_the_space_that_was_left(writer, store):
    writer.put(mentors())
    adopting(store, TableEncoder("table-2"))
    assert store.spaces() == ["table-2"]
    assert cached(store, *all_texts(), space="table-2") == sorted(all_texts())


def test_vectors_of_the_space_that_was_left_stay_for_a_tenant_that_is_still_in_it(
    writer, store, encoder
):
    writer.put(mentors())
    Writer(store, "other", Vectors(store, encoder)).put(mentors(RECORDS[1]))
    adopting(store, TableEncoder("table-2"))
    assert cached(store, *all_texts()) == sorted(all_texts(RECORDS[1]))


def test_what_was_embedded_before_an_interruption_is_not_embedded_again(writer, store, monkeypatch):
    monkeypatch.setattr("indexer.writing.MOVED", 2)
    writer.put(mentors())

    def fail():
        raise KeyboardInterrupt

    first, second = Interrupted(fail, at=3), TableEncoder("table-2")
    with pytest.raises(KeyboardInterrupt):
        adopting(store, first)
    head = store.head("default")
    assert (head.space_id, head.moving_to) == ("table-1", "table-2")
    assert adopting(store, second) is True
    assert sorted(first.encoded + second.encoded) == sorted(all_texts())
    assert first.encoded != []
    assert second.encoded != []


def test_what_is_written_in_the_old_space_meanwhile_comes_along(writer, store):
    writer.put(mentors())
    encoder = Interrupted(lambda: writer.put(mentors(BAKER)))
    assert adopting(store, encoder) is True
    assert (store.head("default").sequence, store.head("default").moving_to) == (6, "")
    assert cached(store, *all_texts(BAKER), space="table-2") == sorted(all_texts(BAKER))


def test_adopting_catches_up_with_those_who_write_all_the_time(writer, store):
    writer.put(mentors())
    numbers = itertools.count()

    def write(_done, _of):
        writer.put(mentors(*({"id": f"m{next(numbers)}", "bio": "I weld."} for _ in range(3))))

    second = Writer(store, "default", Vectors(store, TableEncoder("table-2")))
    assert second.adopt(write) is True
    assert store.count_strays() == (0, 0)
    assert cached(store, "I weld.", space="table-2") == ["I weld."]


def test_adopting_makes_nobody_wait_for_more_than_a_few(writer, store, monkeypatch):
    monkeypatch.setattr("indexer.writing.MOVED", 6)
    writer.put(mentors())
    sizes, told = iter([6, 4]), []

    def write(done, of):
        told.append((done, of))
        people = [{"id": f"m{done}-{i}", "bio": "I weld."} for i in range(next(sizes, 0))]
        if people:
            writer.put(mentors(*people))

    # Five; six who came meanwhile, too many to make others wait; four, and nobody after them.
    Writer(store, "default", Vectors(store, TableEncoder("table-2"))).adopt(write)
    assert told == [(5, 5), (11, 11), (15, 15)]
    assert store.head("default").sequence == 15


def test_a_move_that_had_nothing_left_to_embed_keeps_no_engine_of_the_old_encoder(writer, store):
    writer.put(mentors())
    with pytest.raises(KeyboardInterrupt):
        adopting(store, TableEncoder("table-2"), until=cut_off)
    lazy = LazyEncoder(lambda: TableEncoder("table-2"), "table-2", TableEncoder().dimension)
    assert adopting(store, lazy) is True
    head = store.head("default")
    assert (head.space_id, head.runtime_id) == ("table-2", "")
    Writer(store, "default", Vectors(store, lazy)).put(mentors(BAKER))
    assert store.head("default").runtime_id == "numpy"


class Watched(TableEncoder):
    """Keeps, of the texts of each call, whether others could write to the database meanwhile."""

    def __init__(self, store):
        super().__init__("table-2")
        self._database = store.database
        self.seen = []

    def encode_passages(self, texts):
        free = self._free_file() if self._database.is_sqlite else self._free_tenant()
        self.seen.append((len(texts), "others write" if free else "others wait"))
        return super().encode_passages(texts)

    def _free_file(self):
        path = self._database.url.removeprefix("sqlite:///")
        with closing(sqlite3.connect(path, timeout=0)) as other:
            try:
                other.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                return False
            return True

    def _free_tenant(self):
        """Whether another connection may write for the tenant at once."""
        asked = "SELECT pg_try_advisory_xact_lock(%s)"
        with self._database._engine.connect() as other:
            return other.exec_driver_sql(asked, (postgres._key("default"),)).scalar()


def writes(writer, sizes):
    """Writes mentors with a text of their own each, so many at each call."""
    numbers = itertools.count()

    def write(_done, _of):
        people = [{"id": f"m{n}", "bio": f"I weld {n}."} for n in islice(numbers, next(sizes, 0))]
        if people:
            writer.put(mentors(*people))

    return write


def test_what_changes_meanwhile_is_embedded_while_others_can_write(writer, store, monkeypatch):
    monkeypatch.setattr("indexer.writing.FEW", 2)
    writer.put(mentors())
    encoder = Watched(store)
    second = Writer(store, "default", Vectors(store, encoder))
    assert second.adopt(writes(writer, iter([7, 3]))) is True
    assert [how for _, how in encoder.seen] == ["others write"] * 2 + ["others wait"]
    assert [many for many, _ in encoder.seen][1:] == [7, 3]  # the bound has doubled by then


def test_adopting_ends_beside_those_who_write_more_than_a_few_all_the_time(
    writer, store, monkeypatch
):
    monkeypatch.setattr("indexer.writing.FEW", 1)
    writer.put(mentors())
    encoder = Watched(store)
    second = Writer(store, "default", Vectors(store, encoder))
    assert second.adopt(writes(writer, itertools.repeat(4))) is True
    assert [how for _, how in encoder.seen] == ["others write"] * 3 + ["others wait"]


def test_an_encoder_is_never_loaded_while_others_wait(writer, store):
    writer.put(mentors())
    with pytest.raises(KeyboardInterrupt):  # all is embedded, and then it is cut off
        adopting(store, TableEncoder("table-2"), until=cut_off)
    encoder = Watched(store)
    lazy = LazyEncoder(lambda: encoder, "table-2", encoder.dimension)
    second = Writer(store, "default", Vectors(store, lazy))
    assert second.adopt(writes(writer, iter([1]))) is True
    assert encoder.seen == [(1, "others write")]


def test_an_index_that_another_process_moves_elsewhere_is_left_to_it(writer, store):
    writer.put(mentors())
    encoder = Interrupted(lambda: store.set_out("default", "table-3"))
    with pytest.raises(SpaceMismatch, match="moves the index of the tenant 'default' to the space"):
        adopting(store, encoder)
    head = store.head("default")
    assert (head.space_id, head.moving_to) == ("table-1", "table-3")


def test_an_index_that_another_process_has_moved_to_the_same_space_is_there(writer, store):
    writer.put(mentors())
    encoder = Interrupted(lambda: adopting(store, TableEncoder("table-2")))
    assert adopting(store, encoder) is False
    assert store.head("default").space_id == "table-2"
    assert store.count_strays() == (0, 0)


def test_staying_ends_a_move_and_drops_what_was_embedded_for_it(writer, store):
    writer.put(mentors())
    encoder = Interrupted(writer.stay)
    with pytest.raises(SpaceMismatch, match="to the space table-1: let it finish"):
        adopting(store, encoder)
    writer.stay()
    assert store.spaces() == ["table-1"]
    assert store.head("default").moving_to == ""


def test_the_index_remembers_what_its_encoder_is_called(writer, store):
    Writer(store, "default", Vectors(store, TableEncoder(), "one")).put(mentors(BAKER))
    assert store.head("default").encoder == "one"
    adopting(store, TableEncoder("table-2"), "two")
    assert store.head("default").encoder == "two"
    adopting(store, TableEncoder("table-3"))
    assert store.head("default").encoder == ""


def test_adopting_where_nothing_is_written_does_nothing(writer, store):
    assert writer.adopt() is False
    assert store.head("default").space_id == ""


@pytest.mark.parametrize(
    "change",
    [
        lambda writer: writer.put(mentors(BAKER | {"headline": "I brew beer"})),
        lambda writer: writer.put(mentors(RECORDS[0])),
        lambda writer: writer.patch("baker", {"capacity": 8}),
    ],
)
def test_writers_of_the_old_space_are_refused_once_another_was_adopted(writer, store, change):
    writer.put(mentors(BAKER))
    Writer(store, "default", Vectors(store, TableEncoder("table-2"))).adopt()
    with pytest.raises(
        SpaceMismatch, match="now in the space table-2, this process writes table-1"
    ):
        change(writer)
    assert store.all("default") == (1, mentors(BAKER))


def test_writers_of_another_space_are_refused_before_it_is_adopted(writer, store):
    writer.put(mentors(BAKER))
    second = Writer(store, "default", Vectors(store, TableEncoder("table-2")))
    with pytest.raises(
        SpaceMismatch, match="now in the space table-1, this process writes table-2"
    ):
        second.put(mentors(RECORDS[0]))
    assert store.spaces() == ["table-1"]


def test_a_vector_that_is_there_stays_bit_for_bit(writer, store):
    writer.put(mentors(BAKER))
    key = text_key("I bake bread before dawn")
    before = store.vectors("table-1", [key])[key].tobytes()
    writer.put(mentors(BAKER | {"id": "twin"}))
    assert store.vectors("table-1", [key])[key].tobytes() == before
    assert np.linalg.norm(np.frombuffer(before, np.float32)) == pytest.approx(1)


def one_each(*records):
    return [mentors(record) for record in records]


def test_batches_come_to_what_each_would_come_to_alone(writer, store, encoder):
    twin = BAKER | {"id": "twin"}
    assert list(writer.put_each(one_each(BAKER, RECORDS[0], twin))) == [
        [Outcome("baker", "added", 1)],
        [Outcome(RECORDS[0]["id"], "added", 2)],
        [Outcome("twin", "added", 3)],
    ]
    assert sorted(encoder.encoded) == sorted(all_texts(BAKER, RECORDS[0]))
    again = list(writer.put_each(one_each(BAKER, twin | {"capacity": 1})))
    assert again == [[Outcome("baker", "unchanged", 1)], [Outcome("twin", "changed", 4)]]
    assert store.read("default", ["twin"])["twin"].mentor.capacity == 1


def test_a_batch_is_embedded_while_the_one_before_is_written(tmp_path):
    embedded = threading.Event()

    class Telling(TableEncoder):
        def encode_passages(self, texts):
            if "I bake bread before dawn" in texts:
                embedded.set()
            return super().encode_passages(texts)

    class Waiting(Store):
        def write(self, *arguments, **named):
            assert embedded.wait(20)  # for the second batch, while the first is not yet written
            return super().write(*arguments, **named)

    store = Waiting(f"sqlite:///{tmp_path / 'mentors.db'}")
    writer = Writer(store, "default", Vectors(store, Telling()))
    written = [one.id for some in writer.put_each(one_each(RECORDS[0], BAKER)) for one in some]
    store.close()
    assert written == [RECORDS[0]["id"], "baker"]


def test_a_text_of_the_batch_before_is_not_embedded_twice(tmp_path):
    begun = threading.Event()

    class Telling(TableEncoder):
        def encode_passages(self, texts):
            if "I weld" in texts:
                begun.set()
            return super().encode_passages(texts)

    class Waiting(Store):
        def write(self, *arguments, **named):
            assert begun.wait(20)  # so what the first batch has is not in the store for the second
            return super().write(*arguments, **named)

    store, encoder = Waiting(f"sqlite:///{tmp_path / 'mentors.db'}"), Telling()
    writer = Writer(store, "default", Vectors(store, encoder))
    twin = BAKER | {"id": "twin", "headline": "I weld"}
    assert len(list(writer.put_each(one_each(BAKER, twin)))) == 2
    store.close()
    assert sorted(encoder.encoded) == sorted(all_texts(BAKER, twin))


def test_when_reading_breaks_off_what_was_read_before_is_written(writer, store):
    def batches():
        yield from one_each(BAKER, RECORDS[0])
        raise SourceUnreadable("The file ends in the middle.")

    seen = []
    with pytest.raises(SourceUnreadable, match="in the middle"):
        seen.extend(writer.put_each(batches()))
    assert len(seen) == 2
    assert store.count("default") == 2


def test_a_batch_that_cannot_be_embedded_is_not_written_and_those_before_are(store):
    class Failing(TableEncoder):
        def encode_passages(self, texts):
            if "I bake bread before dawn" in texts:
                raise EncoderUnavailable("no model")
            return super().encode_passages(texts)

    writer = Writer(store, "default", Vectors(store, Failing()))
    with pytest.raises(EncoderUnavailable, match="no model"):
        list(writer.put_each(one_each(RECORDS[0], BAKER, RECORDS[1])))
    assert store.count("default") == 1


def test_a_batch_that_others_were_faster_with_is_written_anew(tmp_path):
    url = f"sqlite:///{tmp_path / 'mentors.db'}"
    plain = Store(url)
    other = Writer(plain, "default", Vectors(plain, TableEncoder()))
    other.put(mentors(BAKER))
    changed = BAKER | {"headline": "I bake cakes"}
    store = Overtaken(url, lambda _: other.put(mentors(changed)), 1)
    writer = Writer(store, "default", Vectors(store, TableEncoder()))
    # Only the places differ when it begins, so it builds on what another process then replaces.
    found = list(writer.put_each(one_each(BAKER | {"capacity": 7})))
    assert found == [[Outcome("baker", "changed", 3)]]
    mentor = plain.read("default", ["baker"])["baker"].mentor
    assert (mentor.headline, mentor.capacity) == ("I bake bread before dawn", 7)
    store.close()
    plain.close()
