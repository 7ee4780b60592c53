import pytest

from api.settings import Settings
from api.wiring import Serving
from models.errors import BadInput, DataFolderForeign, NoIndex, SnapshotDamaged, SpaceMismatch
from recommender.recommend import Request
from tests.fakes import TableEncoder, table_encoder

NEWCOMER = {"id": "newcomer", "bio": "I audit venture capital funds."}


@pytest.fixture
def open_serving():
    opened = []

    def start(settings, encoder=table_encoder):
        opened.append(Serving(settings, encoder))
        return opened[-1]

    yield start
    for serving in opened:
        serving.close()


def ids(serving):
    answer = serving.recommend(Request("audit venture capital"))
    return [one.mentor.id for one in answer.recommendations]


def test_what_was_indexed_is_served(index, open_serving):
    assert ids(open_serving(index())) == ["auditor", "nurse", "teacher"]


def test_a_loaded_snapshot_answers_like_the_one_that_was_built(index, open_serving, tmp_path):
    first, second = open_serving(index()), open_serving(index())
    request = Request("I want to audit a fund and teach pupils")
    assert first.recommend(request).recommendations == second.recommend(request).recommendations


def test_following_without_a_new_snapshot_changes_nothing(index, open_serving):
    serving = open_serving(index())
    before = serving.recommender
    assert serving.follow() is False
    assert serving.recommender is before


def test_following_takes_up_a_new_snapshot(index, open_serving):
    serving = open_serving(index())
    index(NEWCOMER)
    assert "newcomer" not in ids(serving)
    assert serving.follow() is True
    assert "newcomer" in ids(serving)
    assert serving.recommender.index_version == "table-1/s1/6"


def test_a_request_under_way_keeps_the_recommender_it_began_with(index, open_serving):
    serving = open_serving(index())
    before = serving.recommender
    index(NEWCOMER)
    serving.follow()
    assert before.index_version == "table-1/s1/5"
    assert len(before.recommend(Request("audit")).recommendations) == 3


def test_a_snapshot_of_another_encoder_is_not_taken_up(index, open_serving):
    serving = open_serving(index())
    other = open_serving(index(), lambda _: TableEncoder())
    other.encoder.space_id = "table-2"
    index(NEWCOMER)
    with pytest.raises(SpaceMismatch, match="table-1, the encoder's is table-2"):
        other.follow()
    assert serving.follow() is True


def test_a_mentor_is_read_from_the_store(index, open_serving):
    serving = open_serving(index())
    assert serving.mentor("nurse").mentor.name == "Tomasz Zielny"
    assert serving.mentor("nobody") is None


def test_warming_up_encodes_a_goal(index, open_serving):
    open_serving(index()).warm_up()


def test_tenants_do_not_see_each_other(index, open_serving):
    index()
    other = open_serving(index(NEWCOMER, tenant="other"))
    assert ids(other) == ["newcomer"]
    assert other.mentor("nurse") is None


def test_a_folder_that_is_not_there_has_no_index(tmp_path):
    with pytest.raises(NoIndex, match="no data folder at"):
        Serving(Settings(data=tmp_path / "none"), table_encoder)


def test_a_folder_of_something_else_is_refused(tmp_path):
    (tmp_path / "photo.jpg").write_bytes(b"x")
    with pytest.raises(DataFolderForeign, match="is not a data folder of this program"):
        Serving(Settings(data=tmp_path), table_encoder)


def test_a_tenant_that_was_never_indexed_has_no_index(index):
    here = index().data
    with pytest.raises(NoIndex, match="Nothing is indexed in"):
        Serving(Settings(data=here, tenant="other"), table_encoder)


def test_a_tenant_that_is_no_name_is_refused(index):
    here = index().data
    with pytest.raises(BadInput, match="is no name"):
        Serving(Settings(data=here, tenant="../other"), table_encoder)


def test_an_encoder_of_another_space_is_refused(index):
    with pytest.raises(SpaceMismatch, match="set MENTORS_ENCODER to the model"):
        Serving(index(), lambda _: TableEncoder("table-2"))


@pytest.mark.parametrize("file", ["catalogue.arrow", "first.npy", "passages.faiss", "lexical.npz"])
def test_a_changed_file_of_the_snapshot_is_noticed(index, file):
    settings = index()
    path = next(settings.data.glob(f"tenants/default/snapshots/*/{file}"))
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(SnapshotDamaged, match=f"{file} is missing or damaged"):
        Serving(settings, table_encoder)
