import itertools

import pytest

from api.reembedding import reembed
from api.settings import Settings
from api.upkeep import erase, restore
from api.wiring import Indexing
from indexer.proof import Evidence, evidence, look
from indexer.snapshot import read_manifest
from indexer.store import Store
from indexer.vectors import text_key
from indexer.writing import drafted
from models.errors import EncoderUnavailable
from models.weights import DEFAULT_MODEL
from tests.fakes import RECORDS, TableEncoder, WideEncoder, mentors, version

ALL_TEXTS = 26  # of the five mentors
HEADLINE = "Maths teacher, head of department"  # a passage of the teacher's


@pytest.fixture
def data(index):
    return index().data


@pytest.fixture
def store(data):
    store = Store.in_folder(data)
    yield store
    store.close()


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


def move(settings, encoder):
    reembed(settings.model_copy(update={"encoder": encoder.space_id}), lambda _: encoder)


def says(ran, sentence):
    """Whether the command ended well with this sentence, whatever the seconds."""
    assert (ran.status, ran.out.count("\n")) == (0, 1)
    before, _, after = sentence.partition(" ... ")
    assert ran.out.startswith(before)
    assert ran.out.endswith(f"{after}\n")


def test_an_index_is_moved_to_another_encoder_at_the_same_sequence(run, data, store):
    ran = run("reembed", "--encoder", "table-2", "--data", data)
    says(ran, f"Moved 5 mentors from table-1 to table-2 in ... s: {ALL_TEXTS} texts embedded.")
    head = store.head("default")
    assert (head.sequence, head.space_id, head.encoder) == (5, "table-2", "table-2")
    assert (head.moving_to, store.spaces()) == ("", ["table-2"])


def test_the_new_index_has_a_snapshot_and_all_agrees(run, data):
    run("reembed", "--encoder", "table-2", "--data", data)
    live = (data / "tenants" / "default" / "CURRENT").read_text()
    manifest = read_manifest(data / "tenants" / "default" / "snapshots" / live)
    assert (manifest.space_id, manifest.sequence) == ("table-2", 5)
    ran = run("verify", "--data", data)
    assert ran.out == "5 mentors, 18 passages, 2 snapshots: all agree.\n"


def test_an_index_that_was_moved_answers_without_naming_its_encoder(run, data):
    run("reembed", "--encoder", "table-2", "--data", data)
    found = run("recommend", "audit", "--json", "--data", data)
    assert f'"index_version": "{version(5, "table-2")}"' in found.out


def test_the_encoder_of_the_environment_is_moved_to(run, data, monkeypatch):
    monkeypatch.setenv("MENTORS_ENCODER", "table-3")
    says(run("reembed", "--data", data), "Moved 5 mentors from table-1 to table-3 in ... embedded.")


def test_without_a_name_the_index_is_moved_to_the_default_encoder(run, data, store):
    run("reembed", "--encoder", "table-2", "--data", data)
    says(run("reembed", "--data", data), "Moved 5 mentors from table-2 to table-1 in ... embedded.")
    assert store.head("default").encoder == DEFAULT_MODEL


def test_an_index_that_is_there_already_is_left_as_it_is(run, data, store):
    before = store.head("default")
    says(run("reembed", "--data", data), "The index of 5 mentors is in the space table-1 already.")
    assert store.head("default") == before


def test_only_the_tenant_that_is_named_moves(run, data, index, store):
    index(RECORDS[1], tenant="other")
    run("reembed", "--encoder", "table-2", "--data", data)
    assert [store.head(tenant).space_id for tenant in ("default", "other")] == [
        "table-2",
        "table-1",
    ]
    assert run("verify", "--tenant", "other", "--data", data).status == 0


@pytest.mark.parametrize("tenant", [[], ["--tenant", "other"]])
def test_where_nothing_is_indexed_there_is_nothing_to_move(run, data, tmp_path, tenant):
    ran = run("reembed", *tenant, "--data", data if tenant else tmp_path / "none")
    assert (ran.status, ran.out) == (2, "")
    assert "run 'mentors index FILE'" in ran.err


# --- cut off half-way ---


def cut_off():
    raise KeyboardInterrupt


@pytest.fixture
def half(index, monkeypatch):
    """A data folder in which a move to the second space was cut off, and how much it embedded."""
    monkeypatch.setattr("indexer.writing.MOVED", 2)
    settings, encoder = index(), Interrupted(cut_off, at=3)
    with pytest.raises(KeyboardInterrupt):
        move(settings, encoder)
    return settings.data, len(encoder.encoded)


def test_a_move_that_was_cut_off_leaves_the_old_index_in_use(run, half):
    data, _ = half
    status = run("status", "--json", "--data", data).out
    assert '"encoder": "table-1"' in status
    assert '"moving_to": "table-2"' in status
    assert run("verify", "--data", data).out == "5 mentors, 18 passages, 1 snapshots: all agree.\n"
    assert "table-1" in run("recommend", "audit", "--json", "--data", data).out


def test_a_move_that_was_cut_off_is_finished_with_what_is_missing(run, half):
    data, embedded = half
    ran = run("reembed", "--encoder", "table-2", "--data", data)
    left = ALL_TEXTS - embedded
    assert 0 < left < ALL_TEXTS
    says(ran, f"Moved 5 mentors from table-1 to table-2 in ... s: {left} texts embedded.")


def test_a_move_that_was_cut_off_is_given_up_by_moving_to_where_the_index_is(run, half, store):
    data, _ = half
    assert store.spaces() == ["table-1", "table-2"]
    says(run("reembed", "--data", data), "The index of 5 mentors is in the space table-1 already.")
    assert (store.spaces(), store.head("default").moving_to) == (["table-1"], "")


def test_a_backup_of_a_move_that_was_cut_off_is_whole_and_goes_on(run, half, tmp_path):
    data, embedded = half
    run("backup", tmp_path / "saved.db", "--data", data)
    assert run("restore", tmp_path / "saved.db", "--data", tmp_path / "new").status == 0
    assert run("verify", "--data", tmp_path / "new").status == 0
    ran = run("reembed", "--encoder", "table-2", "--data", tmp_path / "new")
    says(ran, f"Moved 5 mentors from ... s: {ALL_TEXTS - embedded} texts embedded.")


def test_a_move_cut_off_before_its_snapshot_is_finished_by_another_run(run, data, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr("api.wiring.Indexing.publish", lambda _: cut_off())
        assert run("reembed", "--encoder", "table-2", "--data", data).status == 130
    before = (data / "tenants" / "default" / "CURRENT").read_text()
    says(
        run("reembed", "--encoder", "table-2", "--data", data),
        "The index of 5 mentors is in the space table-2 already.",
    )
    assert (data / "tenants" / "default" / "CURRENT").read_text() != before
    assert run("verify", "--data", data).out == "5 mentors, 18 passages, 2 snapshots: all agree.\n"


def test_a_backup_of_an_encoder_that_is_not_here_is_restored_without_a_snapshot(
    run, data, tmp_path, monkeypatch
):
    run("backup", tmp_path / "saved.db", "--data", data)

    def missing(_settings):
        raise EncoderUnavailable("The encoder '/models/mine' cannot be loaded.")

    monkeypatch.setattr("api.wiring.default_encoder", missing)
    assert restore(Settings(data=tmp_path / "new"), tmp_path / "saved.db") == ["default"]


# --- erasing meanwhile ---


class Otherwise(WideEncoder):
    """Other vectors than those of its base, wide enough to be found by their bytes."""

    def __init__(self, happens=lambda: None):
        super().__init__("wide-2")
        self._happens = happens

    def encode_passages(self, texts):
        self._happens()
        return super().encode_passages([f"{text} otherwise" for text in texts])


def evidence_of(store, id):
    """The mentor's texts, and their vectors in both spaces."""
    mentor = store.read("default", [id])[id].mentor
    own = store.vectors_owned_by("default", [id])
    texts = [text for key, text in drafted(mentor).texts.items() if key in own]
    found = evidence(store, "default", mentor)
    encoders = (WideEncoder(), Otherwise())
    rows = [row for encoder in encoders for row in encoder.encode_passages(texts)]
    return Evidence(found.texts, tuple(rows))


@pytest.mark.parametrize(("batch", "kept_by_then"), [(1, False), (2, False), (3, True)])
def test_whoever_is_erased_while_the_index_moves_is_in_no_byte_of_either_space(
    tmp_path, monkeypatch, batch, kept_by_then
):
    settings = Settings(data=tmp_path / "data")
    monkeypatch.setattr("indexer.writing.MOVED", 2)
    monkeypatch.setattr("api.wiring.default_encoder", lambda _: WideEncoder())
    indexing = Indexing(settings)
    indexing.writer.put(mentors())
    indexing.publish()
    store, batches = indexing.store, itertools.count(1)
    wanted, before = evidence_of(store, "teacher"), []  # who is in the second batch

    def erase_teacher():
        if next(batches) == batch:
            before.append({trace.what for trace in look(settings.data, wanted).traces})
            before.append(bool(store.vectors("wide-2", [text_key(HEADLINE)])))
            erase(settings, "teacher", prove=True)

    move(settings, Otherwise(erase_teacher))
    indexing.close()
    assert "a vector as f32" in before[0]
    assert before[1] is kept_by_then
    assert look(settings.data, wanted).traces == ()
