from dataclasses import replace

import numpy as np
import pytest
import sqlalchemy as sa

from indexer.database import EVERYBODY
from indexer.records import canonical_json, content_hash, text_hash
from indexer.rejects import Reject
from indexer.statements import BATCH
from indexer.store import Change, Changed, Conflict, Cut, Head, Known, Store
from indexer.tables import outlines, passages, vectors
from models.errors import DataFolderError, SpaceMismatch
from models.mentor import Mentor
from models.ports import Stored

ON_EVERY_STORE = True

A, B = Mentor("a", headline="Baker"), Mentor("b", headline="Miller", attributes={"x": ("y", 1)})
C = Mentor("c", headline="Brewer")
ONE, TWO, THREE = b"1" * 32, b"2" * 32, b"3" * 32


@pytest.fixture
def store(tmp_path, store_url):
    store = Store.of(tmp_path, store_url)
    yield store
    store.close()


def change(mentor: Mentor, *texts: bytes, items=(), expected=None) -> Change:
    return Change(mentor, canonical_json(mentor), Cut(texts, tuple(items)), expected)


def places(mentor: Mentor, expected=None) -> Change:
    """A change that leaves the texts as they were."""
    return Change(mentor, canonical_json(mentor), None, expected)


def fresh(*texts: bytes):
    return {text: np.float32([i, 1]) for i, text in enumerate(texts)}


def embedded(store: Store, *mentors: Mentor, tenant="t", texts=(ONE,)) -> int:
    """Write mentors who all have the same passages, in the space "s"."""
    changes = [change(mentor, *texts) for mentor in mentors]
    return store.write(tenant, changes, "s", "r", fresh(*texts))


def kept(store: Store, *texts: bytes, space="s") -> set[bytes]:
    return set(store.vectors(space, list(texts or (ONE, TWO, THREE))))


def test_a_new_tenant_stands_at_zero_and_is_empty(store):
    assert store.head("t") == Head(0, 0, 0, "", "")
    assert store.count("t") == store.count_passages("t") == 0
    assert store.all("t") == (0, [])
    assert store.changes("t", 0) == (Head(), [])
    assert store.text_hashes("t") == {}


def test_what_is_written_is_read_with_its_revision_and_text_hash(store):
    store.write("t", [change(A), change(B)])
    assert store.read("t", ["b", "a"]) == {
        "a": Stored(1, text_hash(A), A),
        "b": Stored(2, text_hash(B), B),
    }


def outlined(mentor: Mentor, outline: str) -> Change:
    return replace(change(mentor), cut=Cut((ONE,), (), outline))


def outline(store: Store, id: str) -> str:
    return store.read("t", [id])[id].outline


def test_an_outline_is_kept_with_the_texts_it_belongs_to(store):
    store.write("t", [outlined(A, "one"), outlined(B, "two")], "s", "r", fresh(ONE))
    assert (outline(store, "a"), outline(store, "b")) == ("one", "two")
    assert store.cuts("t", ["a"]) == {"a": Cut((ONE,), (), "one")}
    store.write("t", [places(replace(A, capacity=2))])
    assert outline(store, "a") == "one"
    store.write("t", [outlined(replace(A, bio="New."), "three")], "s", "r")
    assert (outline(store, "a"), outline(store, "b")) == ("three", "two")
    store.write("t", [change(B)])
    assert outline(store, "b") == ""


def test_an_outline_goes_with_the_mentor(store):
    store.write("t", [outlined(A, "one")], "s", "r", fresh(ONE))
    store.remove("t", ["a"])
    with store.database.reading(EVERYBODY) as connection:
        assert connection.scalars(sa.select(outlines.c.id)).all() == []


def test_the_sequence_goes_up_by_one_a_change(store):
    assert store.write("t", [change(A), change(B)]) == 2
    assert store.write("t", [change(A)]) == 3
    assert store.write("t", []) == 3
    assert store.head("t").sequence == 3


def test_writing_a_mentor_again_replaces_the_record_and_raises_its_revision(store):
    store.write("t", [change(A), change(B)])
    store.write("t", [change(replace(A, headline="Brewer"))])
    assert store.count("t") == 2
    assert store.read("t", ["a"])["a"].mentor.headline == "Brewer"
    assert [store.read("t", [id])[id].revision for id in "ab"] == [3, 2]


def test_what_is_known_are_the_revision_and_the_hashes_of_the_canonical_record(store):
    store.write("t", [change(B), change(A)])
    expected = Known(2, content_hash(canonical_json(A)), text_hash(A))
    assert store.known("t", ["a", "nobody"]) == {"a": expected}


def test_unknown_ids_are_left_out(store):
    store.write("t", [change(A)])
    assert store.read("t", ["nobody"]) == {}
    assert store.read("t", []) == {}
    assert store.known("t", ["nobody"]) == {}
    assert store.cuts("t", ["nobody"]) == {}


def test_all_come_in_the_order_of_code_points(store):
    ids = ["b", "a", "B", "é", "10", "9", "e"]
    store.write("t", [change(Mentor(id, headline="x")) for id in ids])
    sequence, mentors = store.all("t")
    assert (sequence, [m.id for m in mentors]) == (7, ["10", "9", "B", "a", "b", "e", "é"])


def test_tenants_share_neither_mentors_nor_sequence(store):
    store.write("t", [change(A), change(B)])
    store.write("u", [change(replace(A, headline="Brewer"))])
    assert [store.head(tenant).sequence for tenant in "tu"] == [2, 1]
    assert store.tenants() == ["t", "u"]
    assert (store.count("t"), store.count("u")) == (2, 1)
    assert store.read("t", ["a"])["a"].mentor == A
    assert store.read("u", ["b"]) == {}


def test_more_mentors_than_one_statement_takes_are_written_and_read(store):
    ids = [f"m{i}" for i in range(2 * BATCH + 1)]
    changes = [change(Mentor(id, headline="x")) for id in ids]
    assert store.write("t", changes) == len(ids)
    assert store.write("t", changes) == 2 * len(ids)
    assert set(store.read("t", ids)) == set(store.known("t", ids)) == set(ids)
    assert len(store.remove("t", ids)) == len(ids)
    assert (store.count("t"), store.head("t").sequence) == (0, 3 * len(ids))


def test_a_failed_write_leaves_everything_as_it_was(store):
    store.write("t", [change(A)])
    with pytest.raises(sa.exc.IntegrityError, match=r"(?i)unique constraint"):
        store.write("t", [change(B), change(B)])
    assert store.all("t") == (1, [A])


def test_what_one_process_wrote_another_reads(store, store_url, tmp_path):
    store.write("t", [change(A)])
    other = Store.of(tmp_path, store_url)
    assert other.all("t") == (1, [A])
    other.close()


def test_a_text_with_a_nul_and_an_astral_character_comes_back(store):
    mentor = Mentor("a", headline="x\0y 🍞")
    store.write("t", [change(mentor)])
    assert store.read("t", ["a"])["a"].mentor == mentor


def test_vectors_come_back_bit_for_bit_and_only_in_their_space(store):
    vector = np.asarray([0.6, -0.8, 1e-38], dtype=np.float32)
    store.write("t", [change(A, ONE)], "space", "r", {ONE: vector})
    found = store.vectors("space", [ONE, TWO])
    assert list(found) == [ONE]
    assert found[ONE].tobytes() == vector.tobytes()
    assert store.vectors("elsewhere", [ONE]) == {}
    assert store.spaces() == ["space"]


def test_a_vector_is_kept_once_and_the_first_one_stays(store):
    store.write("t", [change(A, ONE)], "s", "r", {ONE: np.float32([1, 0])})
    again = {ONE: np.float32([0, 1]), TWO: np.float32([0, 1])}
    store.write("t", [change(B, ONE, TWO)], "s", "r", again)
    found = store.vectors("s", [ONE, TWO])
    assert {h: v.tolist() for h, v in found.items()} == {ONE: [1, 0], TWO: [0, 1]}


def test_a_vector_of_a_text_that_nobody_written_has_is_not_kept(store):
    store.write("t", [change(A, ONE)], "s", "r", fresh(ONE, TWO))
    assert kept(store) == {ONE}


def test_vectors_that_are_dropped_go_from_their_space_alone(store):
    embedded(store, A, texts=(ONE, TWO))
    store.recut("t", {"a": Cut((ONE, TWO))}, {"a": 1}, "other", fresh(ONE, TWO))
    store.drop_vectors("other", [ONE])
    assert (kept(store), kept(store, space="other")) == ({ONE, TWO}, {TWO})


def test_what_is_embedded_comes_back_in_order_searched_and_not_searched_apart(store):
    store.write("t", [change(A, TWO, ONE, TWO, items=[THREE]), change(B)], "s")
    assert store.cuts("t", ["a", "b"]) == {"a": Cut((TWO, ONE, TWO), (THREE,))}
    assert store.count_passages("t") == 3


def test_new_texts_replace_the_old_and_vectors_nobody_needs_go(store):
    embedded(store, A, texts=(ONE, TWO))
    store.write("t", [change(A, TWO, items=[THREE])], "s", "r", fresh(THREE))
    assert store.cuts("t", ["a"]) == {"a": Cut((TWO,), (THREE,))}
    assert kept(store) == {TWO, THREE}


def test_a_change_of_places_leaves_passages_and_vectors(store):
    embedded(store, A)
    assert store.write("t", [places(replace(A, capacity=3))], "s") == 2
    assert store.cuts("t", ["a"]) == {"a": Cut((ONE,))}
    assert kept(store) == {ONE}


def test_the_first_write_names_the_space_and_the_runtime(store):
    embedded(store, A)
    assert store.head("t") == Head(1, 0, 0, "s", "r")


def test_a_write_by_another_runtime_of_the_same_space_names_it(store):
    embedded(store, A)
    store.write("t", [change(B)], "s", "faster")
    assert store.head("t") == Head(2, 0, 0, "s", "faster")


def test_a_write_without_a_space_leaves_it_as_it_was(store):
    embedded(store, A)
    store.write("t", [places(A)])
    assert store.head("t") == Head(2, 0, 0, "s", "r")


def test_a_write_in_another_space_is_refused_with_both_names_and_writes_nothing(store):
    embedded(store, A)
    with pytest.raises(SpaceMismatch, match="'t' is now in the space s, this process writes z"):
        store.write("t", [change(B, TWO)], "z", "r", fresh(TWO))
    assert store.all("t") == (1, [A])
    assert store.head("t") == Head(1, 0, 0, "s", "r")
    assert kept(store, TWO, space="z") == set()


def test_tenants_may_be_of_different_spaces(store):
    embedded(store, A)
    store.write("u", [change(A, ONE)], "z", "r", fresh(ONE))
    assert [store.head(tenant).space_id for tenant in "tu"] == ["s", "z"]
    assert store.spaces() == ["s", "z"]


def test_a_mentor_at_the_revision_expected_is_written(store):
    store.write("t", [change(A), change(B)])
    assert store.write("t", [places(A, expected=1), change(B, expected=2)]) == 4


@pytest.mark.parametrize("expected", [0, 1, 3])
def test_a_mentor_at_another_revision_than_expected_is_a_conflict(store, expected):
    store.write("t", [change(A), change(A)][:1])
    store.write("t", [change(A)])
    newer = replace(A, headline="Brewer")
    with pytest.raises(Conflict):
        store.write("t", [change(B), change(newer, expected=expected)])
    assert store.all("t") == (2, [A])


def test_a_mentor_who_has_left_is_a_conflict_for_whoever_expects_one(store):
    store.write("t", [change(A)])
    store.remove("t", ["a"])
    for expected in (1, 2):
        with pytest.raises(Conflict):
            store.write("t", [change(A, expected=expected)])
    assert store.head("t").sequence == 2


def test_removals_have_a_sequence_each_in_the_order_asked(store):
    store.write("t", [change(A), change(B), change(C)])
    assert store.remove("t", ["c", "nobody", "a", "c"]) == {"c": 4, "a": 5}
    assert store.head("t") == Head(5, removed_at=5)
    assert store.all("t") == (5, [B])
    assert store.head("t") == Head(5, removed_at=5)
    assert store.text_hashes("t").keys() == {"b"}


def test_removing_nobody_moves_nothing(store):
    store.write("t", [change(A)])
    assert store.remove("t", ["nobody"]) == store.remove("t", []) == {}
    assert store.head("t") == Head(1)


def test_who_was_removed_is_gone_but_for_a_tombstone_without_a_word(store, tmp_path):
    embedded(store, A)
    store.remove("t", ["a"])
    assert store.read("t", ["a"]) == store.known("t", ["a"]) == store.cuts("t", ["a"]) == {}
    assert (store.count("t"), store.count_passages("t")) == (0, 0)
    assert store.changes("t", 1)[1] == [Changed("a", 2, "", None)]
    with store.database.reading(EVERYBODY) as connection:
        found = connection.execute(sa.text("SELECT * FROM mentors")).all()
    assert found == [("t", "a", 2, "", "", None)]


def test_who_was_removed_cannot_be_removed_again(store):
    store.write("t", [change(A)])
    store.remove("t", ["a"])
    assert store.remove("t", ["a"]) == {}
    assert store.head("t") == Head(2, removed_at=2)


def test_vectors_that_nobody_else_needs_go_with_whoever_is_removed(store):
    store.write("t", [change(A, ONE, items=[TWO])], "s", "r", fresh(ONE, TWO))
    store.write("t", [change(B, THREE)], "s", "r", fresh(THREE))
    store.remove("t", ["a"])
    assert kept(store) == {THREE}


def test_vectors_go_in_every_space(store):
    embedded(store, A)
    store.recut("t", {"a": Cut((ONE,))}, {"a": 1}, "other", fresh(ONE))
    assert store.spaces() == ["other", "s"]
    store.remove("t", ["a"])
    assert store.spaces() == []


def test_a_vector_that_somebody_else_needs_stays(store):
    embedded(store, A, B)
    embedded(store, A, tenant="u", texts=(TWO,))
    store.write("t", [change(C, TWO)], "s")
    store.remove("t", ["a", "c"])
    assert kept(store) == {ONE, TWO}
    store.remove("t", ["b"])
    assert kept(store) == {TWO}
    store.remove("u", ["a"])
    assert kept(store) == set()


def test_the_same_mentor_of_another_tenant_stays(store):
    embedded(store, A)
    embedded(store, A, tenant="u")
    store.remove("t", ["a"])
    assert store.all("u") == (1, [A])
    assert store.cuts("u", ["a"]) == {"a": Cut((ONE,))}


def test_rejected_records_that_speak_of_whoever_is_removed_go(store):
    wanda = Mentor("a", name="Wanda Ode", headline="Baker")
    store.write("t", [change(wanda), change(B)])
    gone = [Reject("a", '{"record": 1}'), Reject("", '{"record": "I, Wanda Ode, bake"}')]
    stays = [Reject("b", '{"record": 2}'), Reject("x", '{"record": "a"}')]
    store.keep_rejects("t", "one.csv", [gone[0], stays[0], gone[1]])
    store.keep_rejects("t", "two.csv", [stays[1], gone[0]])
    store.keep_rejects("u", "one.csv", gone)
    store.remove("t", ["a"])
    assert store.rejects("t") == {"one.csv": [stays[0]], "two.csv": [stays[1]]}
    assert store.rejects("u") == {"one.csv": gone}


def test_rejects_are_kept_in_order_by_source_and_replaced_by_source(store):
    many = [Reject("", f"{i}") for i in range(BATCH + 2)]
    store.keep_rejects("t", "b.csv", many)
    two = [Reject("x", "first"), Reject("y", "second")]
    store.keep_rejects("t", "a.csv", two)
    assert list(store.rejects("t").items()) == [("a.csv", two), ("b.csv", many)]
    store.keep_rejects("t", "b.csv", [Reject("", "newer")])
    store.keep_rejects("t", "a.csv", [])
    assert store.rejects("t") == {"b.csv": [Reject("", "newer")]}


def test_changes_come_oldest_first_each_mentor_once_as_it_is_now(store):
    store.write("t", [change(A), change(B), change(C)])
    newer = replace(A, headline="Brewer")
    store.write("t", [change(newer)])
    store.remove("t", ["b"])
    head, found = store.changes("t", 0)
    assert head == Head(5, removed_at=5)
    assert found == [
        Changed("c", 3, text_hash(C), canonical_json(C)),
        Changed("a", 4, text_hash(newer), canonical_json(newer)),
        Changed("b", 5, "", None),
    ]


def test_changes_are_those_after_a_sequence_and_at_most_so_many(store):
    store.write("t", [change(A), change(B), change(C)])
    store.write("u", [change(A)])
    assert [one.id for one in store.changes("t", 1)[1]] == ["b", "c"]
    head, found = store.changes("t", 0, 2)
    assert (head.sequence, [one.revision for one in found]) == (3, [1, 2])
    assert store.changes("t", 3) == (Head(3), [])


def test_tombstones_up_to_a_sequence_are_forgotten_and_up_to_where_is_known(store):
    store.write("t", [change(A), change(B), change(C)])
    store.remove("t", ["a"])
    store.remove("t", ["b"])
    store.forget_tombstones("t", 4)
    assert [one.id for one in store.changes("t", 0)[1]] == ["c", "b"]
    assert store.head("t") == Head(5, removed_at=5, purged_at=4)


def test_where_there_is_no_tombstone_nothing_is_forgotten(store):
    store.write("t", [change(A), change(B)])
    store.remove("t", ["b"])
    store.forget_tombstones("t", 2)
    assert store.head("t") == Head(3, removed_at=3, purged_at=0)
    assert [one.id for one in store.changes("t", 0)[1]] == ["a", "b"]


def test_tombstones_of_another_tenant_stay(store):
    for tenant in "tu":
        store.write(tenant, [change(A)])
        store.remove(tenant, ["a"])
    store.forget_tombstones("t", 2)
    assert [len(store.changes(tenant, 0)[1]) for tenant in "tu"] == [0, 1]
    assert store.head("u").purged_at == 0


def test_a_removed_mentor_may_come_back(store):
    store.write("t", [change(A)])
    store.remove("t", ["a"])
    assert store.write("t", [change(A)]) == 3
    assert store.read("t", ["a"]) == {"a": Stored(3, text_hash(A), A)}
    assert [one.revision for one in store.changes("t", 0)[1]] == [3]


def test_cutting_anew_changes_passages_and_vectors_and_no_revision(store):
    embedded(store, A, texts=(ONE, TWO))
    store.recut("t", {"a": Cut((TWO,), (THREE,))}, {"a": 1}, "s", fresh(THREE))
    assert store.cuts("t", ["a"]) == {"a": Cut((TWO,), (THREE,))}
    assert kept(store) == {TWO, THREE}
    assert store.read("t", ["a"]) == {"a": Stored(1, text_hash(A), A)}
    assert store.head("t") == Head(1, 0, 0, "s", "r")


def test_cutting_anew_passes_over_who_has_changed_or_left(store):
    embedded(store, A, B, C)
    embedded(store, A)
    store.remove("t", ["b"])
    cut = {id: Cut((TWO,)) for id in "abc"}
    store.recut("t", cut, {"a": 1, "b": 2, "c": 3}, "s", fresh(TWO))
    assert store.cuts("t", ["a", "b", "c"]) == {"a": Cut((ONE,)), "c": Cut((TWO,))}


def test_settling_makes_a_space_the_tenants(store):
    embedded(store, A)
    assert store.settle("t", "z", "q", 1) is True
    assert store.head("t") == Head(1, 0, 0, "z", "q")
    with pytest.raises(SpaceMismatch, match="now in the space z, this process writes s"):
        embedded(store, B)


def test_settling_fails_when_something_was_written_meanwhile(store):
    embedded(store, A)
    embedded(store, B)
    assert store.settle("t", "z", "q", 1) is False
    assert store.head("t") == Head(2, 0, 0, "s", "r")


def test_settling_is_refused_while_another_process_moves_the_tenant_elsewhere(store):
    embedded(store, A)
    store.set_out("t", "x")
    assert store.settle("t", "z", "q", 1) is False
    assert store.settle("t", "x", "q", 1, "ex") is True
    assert store.head("t") == Head(1, 0, 0, "x", "q", encoder="ex")


def test_a_tenant_cannot_set_out_to_where_it_is(store):
    embedded(store, A)
    store.set_out("t", "z")
    store.set_out("t", "s")
    assert store.head("t").moving_to == "z"
    store.set_out("t", "")
    assert store.head("t").moving_to == ""


def test_a_write_by_another_name_of_the_same_space_is_remembered(store):
    embedded(store, A)
    store.write("t", [change(B)], "s", "", {}, "folder")
    assert store.head("t") == Head(2, 0, 0, "s", "r", encoder="folder")
    store.write("t", [change(C)], "s", "q", {})
    assert store.head("t") == Head(3, 0, 0, "s", "q", encoder="folder")


@pytest.mark.parametrize("together", [1, 2, 3, 2_000])
def test_vectors_in_a_space_that_their_tenants_have_left_are_counted_and_dropped(
    store, monkeypatch, together
):
    monkeypatch.setattr("indexer.store.LOOKED_AT_TOGETHER", together)
    embedded(store, A, texts=(ONE, TWO, THREE))
    embedded(store, A, tenant="u", texts=(TWO,))
    assert store.count_left_behind() == 0
    store.settle("t", "z", "q", 1)
    assert (store.count_left_behind(), store.count_strays()) == (2, (0, 0))
    store.drop_strays()
    assert (store.count_left_behind(), kept(store)) == (0, {TWO})


def test_vectors_in_a_space_that_their_tenant_moves_to_are_needed(store):
    embedded(store, A, texts=(ONE,))
    store.set_out("t", "z")
    store.recut("t", {"a": Cut((ONE,))}, {"a": 1}, "z", fresh(ONE))
    store.drop_strays()
    assert (kept(store), kept(store, space="z")) == ({ONE}, {ONE})
    store.set_out("t", "")
    store.drop_strays()
    assert (kept(store), kept(store, space="z")) == ({ONE}, set())


def test_strays_are_counted_and_dropped_and_nothing_else(store):
    embedded(store, A)
    stray = {"tenant": "t", "id": "x", "position": 0, "text_hash": TWO, "searched": True}
    with store.database.writing(EVERYBODY) as connection:
        connection.execute(sa.insert(passages), [stray])
        rows = [{"space_id": "s", "text_hash": h, "vector": b""} for h in (TWO, THREE)]
        connection.execute(sa.insert(vectors), rows)
        of_nobody = {"tenant": "t", "id": "x", "outline": "{}"}
        connection.execute(sa.insert(outlines), [of_nobody])
    assert store.count_strays() == (1, 2)
    store.drop_strays()
    assert store.count_strays() == (0, 0)
    assert kept(store) == {ONE}
    assert store.cuts("t", ["a", "x"]) == {"a": Cut((ONE,))}


def test_only_texts_that_nobody_else_has_are_ones_own(store):
    embedded(store, A, texts=(ONE, TWO, THREE))
    embedded(store, B, texts=(TWO,))
    embedded(store, A, tenant="u", texts=(THREE,))
    assert store.vectors_owned_by("t", ["a"]) == {ONE}
    assert store.vectors_owned_by("t", ["a", "b"]) == {ONE, TWO}
    assert store.vectors_owned_by("t", ["nobody"]) == set()


@pytest.mark.parametrize("name", ["what?", "a#b", "50%20", "émoji 🍞"])
def test_a_folder_of_any_name_holds_its_own_database(tmp_path, name):
    (tmp_path / name).mkdir()
    store = Store.in_folder(tmp_path / name)
    store.write("t", [change(A)])
    store.close()
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name / "mentors.db").stat().st_size > 0


def test_a_folder_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(DataFolderError, match="unable to open database file"):
        Store.in_folder(tmp_path / "none")
