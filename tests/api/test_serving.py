import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from api import wiring
from api.settings import Settings
from api.wiring import Serving
from indexer.store import Store
from indexer.vectors import Vectors
from indexer.writing import Writer
from models.errors import (
    BadInput,
    CursorExpired,
    DataFolderForeign,
    IndexBehind,
    MentorNotFound,
    NoIndex,
    SpaceMismatch,
)
from recommender.recommend import Request
from tests.fakes import RECORDS, TableEncoder, mentors, put, table_encoder, version

NEWCOMER = {"id": "newcomer", "bio": "I audit venture capital funds."}


@pytest.fixture
def open_serving():
    opened = []

    def start(settings, encoder=table_encoder, *, create=False):
        opened.append(Serving(settings, encoder, create=create))
        return opened[-1]

    yield start
    for serving in opened:
        serving.close()


FIRST_PAGE = Request("audit venture capital", limit=1)


def moved(serving):
    """Moves the index to another space, as another process does; what writes there."""
    writer = Writer(serving.store, "default", Vectors(serving.store, TableEncoder("table-2")))
    writer.adopt()
    return writer


def ids(serving):
    answer = serving.recommend(Request("audit venture capital"))
    return [one.mentor.id for one in answer.recommendations]


def test_what_was_indexed_is_served(index, open_serving):
    assert ids(open_serving(index())) == ["auditor", "nurse", "teacher"]


def test_a_loaded_snapshot_answers_like_the_one_that_was_built(index, open_serving, tmp_path):
    first, second = open_serving(index()), open_serving(index())
    request = Request("I want to audit a fund and teach pupils")
    assert first.recommend(request).recommendations == second.recommend(request).recommendations


def test_following_without_a_change_changes_nothing(index, open_serving):
    serving = open_serving(index())
    before = serving.recommender
    assert serving.follow() is False
    assert serving.recommender is before


def test_following_takes_up_what_another_process_wrote(index, open_serving):
    serving = open_serving(index())
    index(NEWCOMER)
    assert "newcomer" not in ids(serving)
    assert serving.follow() is True
    assert "newcomer" in ids(serving)
    assert serving.recommender.index_version == version(6)


def test_who_has_newer_words_near_the_top_comes_at_once(index, open_serving):
    serving = open_serving(index())
    put(serving.store, RECORDS[0] | {"headline": "Audit, then venture capital"})
    found = serving.recommend(Request("audit venture capital")).recommendations[0].mentor
    assert (found.id, found.headline) == ("auditor", "Audit, then venture capital")
    assert serving.recommender.index_version == version(6)


def test_what_this_process_wrote_is_found_by_the_very_next_request(index, open_serving):
    serving = open_serving(index())
    (added,) = serving.put(mentors(NEWCOMER))
    assert (added.result, added.revision) == ("added", 6)
    assert "newcomer" in ids(serving)
    assert serving.patch("nurse", {"available": False}).revision == 7
    assert sorted(ids(serving)) == ["auditor", "newcomer", "teacher"]
    assert serving.remove("teacher") == 8
    assert serving.recommender.index_version == version(8)
    assert sorted(ids(serving)) == ["auditor", "newcomer"]
    assert serving.follow() is False


def test_removing_nobody_is_no_change(index, open_serving):
    serving = open_serving(index())
    assert serving.remove("nobody") is None
    assert serving.recommender.index_version == version(5)


def test_a_request_under_way_keeps_the_recommender_it_began_with(index, open_serving):
    serving = open_serving(index())
    before = serving.recommender
    index(NEWCOMER)
    serving.follow()
    assert before.index_version == version(5)
    assert len(before.recommend(Request("audit")).recommendations) == 3


def test_a_version_that_was_replaced_still_answers(index, open_serving):
    serving = open_serving(index())
    request = Request("audit venture capital", limit=2)
    before = serving.recommend(request)
    assert before.next_offset == 2
    index(NEWCOMER)
    serving.follow()
    assert serving.recommend(request, before.index_version) == before
    assert serving.recommend(request, version(6)) == serving.recommend(request)


def test_whoever_was_removed_comes_in_no_version(index, open_serving):
    serving = open_serving(index())
    serving.recommend(FIRST_PAGE)
    put(serving.store, NEWCOMER)
    serving.follow()
    serving.remove("auditor")
    found = serving.recommend(Request("audit venture capital"), version(5)).recommendations
    assert [one.mentor.id for one in found] == ["nurse", "teacher"]


@pytest.mark.parametrize("version", [version(4), version(5, "table-2"), ""])
def test_a_version_that_never_was_has_expired(index, open_serving, version):
    serving = open_serving(index())
    with pytest.raises(CursorExpired, match="begin again without a cursor"):
        serving.recommend(Request("audit"), version)


def test_a_version_replaced_too_long_ago_has_expired(index, open_serving, monkeypatch):
    serving = open_serving(index())
    serving.recommend(FIRST_PAGE)
    index(NEWCOMER)
    serving.follow()
    assert serving.recommend(FIRST_PAGE, version(5)).index_version == version(5)
    monkeypatch.setattr(wiring, "PINNED_S", -1.0)
    with pytest.raises(CursorExpired):
        serving.recommend(Request("audit"), version(5))
    serving.follow()
    assert serving._pinned == {}


def test_a_version_of_which_no_page_was_begun_is_not_kept(index, open_serving):
    serving = open_serving(index())
    serving.recommend(Request("audit"))
    index(NEWCOMER)
    serving.follow()
    with pytest.raises(CursorExpired):
        serving.recommend(Request("audit"), version(5))


def test_only_so_many_replaced_versions_are_kept(index, open_serving, monkeypatch):
    monkeypatch.setattr(wiring, "MOST_PINNED", 2)
    serving = open_serving(index())
    for places in range(3):
        serving.recommend(FIRST_PAGE)
        serving.patch("nurse", {"capacity": 3 + places})
    serving.follow()
    kept = [serving.recommend(Request("law"), version(i)) for i in (6, 7, 8)]
    assert [one.index_version for one in kept] == [version(i) for i in (6, 7, 8)]
    with pytest.raises(CursorExpired):
        serving.recommend(Request("law"), version(5))


def test_who_changed_elsewhere_is_explained_with_the_new_words(index, open_serving):
    serving = open_serving(index())
    put(serving.store, RECORDS[0] | {"headline": "Audit, then venture capital"})
    found = serving.explain(Request("audit venture capital"), "auditor")
    assert found.recommendation.mentor.headline == "Audit, then venture capital"
    assert found.index_version == version(6)


def test_who_was_added_elsewhere_is_explained_at_once(index, open_serving):
    serving = open_serving(index())
    put(serving.store, NEWCOMER)
    assert serving.explain(Request("audit venture capital"), "newcomer").rank == 1


def test_who_was_removed_elsewhere_is_not_explained(index, open_serving):
    serving, other = open_serving(index()), open_serving(index())
    other.remove("auditor")
    with pytest.raises(MentorNotFound, match="no mentor with the id 'auditor'"):
        serving.explain(Request("audit venture capital"), "auditor")


def test_whose_words_cannot_be_followed_is_not_explained(index, open_serving):
    serving = open_serving(index())
    moved(serving).put(mentors(RECORDS[0] | {"bio": "I weld."}))
    with pytest.raises(IndexBehind, match="does not have the newest words of the mentor 'auditor'"):
        serving.explain(Request("audit"), "auditor")
    assert serving.explain(Request("audit"), "nurse").index_version == version(5)


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


def test_an_empty_folder_can_be_begun_with_nobody(tmp_path, open_serving):
    serving = open_serving(Settings(data=tmp_path / "data"), create=True)
    assert ids(serving) == []
    assert serving.recommender.index_version == version(0)
    serving.put(mentors(NEWCOMER))
    assert ids(serving) == ["newcomer"]


def test_beginning_with_nobody_leaves_a_folder_of_something_else_alone(tmp_path):
    (tmp_path / "photo.jpg").write_bytes(b"x")
    with pytest.raises(DataFolderForeign, match="belongs to something else"):
        Serving(Settings(data=tmp_path), table_encoder, create=True)
    assert [path.name for path in tmp_path.iterdir()] == ["photo.jpg"]


def test_a_store_without_a_space_is_adopted_when_it_is_served(index, open_serving):
    settings = index()
    store = Store.in_folder(settings.data)
    assert store.settle("default", "", "", 5)  # as the first migration leaves it
    store.close()
    serving = open_serving(settings)
    assert serving.store.head("default").space_id == "table-1"
    assert ids(serving) == ["auditor", "nurse", "teacher"]


def damage(settings, name, file="passages.f16"):
    path = settings.data / "tenants" / "default" / "snapshots" / name / file
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def snapshots(settings):
    return sorted(p.name for p in settings.data.glob("tenants/default/snapshots/*"))


FILES = ["catalogue.arrow", "first.npy", "passages.f16", "lexical.npz", "stems.txt"]


@pytest.mark.parametrize("file", [*FILES, "manifest.json"])
def test_a_changed_file_of_the_snapshot_is_noticed_and_the_index_rebuilt(index, open_serving, file):
    settings = index()
    before = open_serving(settings).recommend(Request("audit and nursing"))
    (name,) = snapshots(settings)
    damage(settings, name, file)
    serving = open_serving(settings)
    assert serving.follower.origin.snapshot is None
    (problem,) = serving.follower.origin.problems
    assert problem.endswith(f"{name}/{file} is missing or damaged.")
    assert str(serving.follower.origin).endswith("Served: a rebuild from the database.")
    assert serving.recommend(Request("audit and nursing")) == before


def test_when_the_live_snapshot_is_damaged_the_one_before_is_caught_up(index, open_serving):
    settings = index()
    index(NEWCOMER)
    older, live = snapshots(settings)
    damage(settings, live)
    serving = open_serving(settings)
    assert serving.follower.origin.snapshot == older
    assert str(serving.follower.origin).endswith(f"Served: the snapshot {older}.")
    assert serving.recommender.index_version == version(6)
    assert "newcomer" in ids(serving)


@pytest.mark.parametrize("content", [b"", b"\xff", b"nothing", b"a\0b", b"../..", b"/"])
def test_a_current_that_leads_nowhere_does_not_stop_serving(index, open_serving, content):
    settings = index()
    (settings.data / "tenants" / "default" / "CURRENT").write_bytes(content)
    serving = open_serving(settings)
    assert [serving.follower.origin.snapshot] == snapshots(settings)
    assert ids(serving) == ["auditor", "nurse", "teacher"]


def test_a_missing_snapshot_is_rebuilt_without_the_encoder(index, open_serving):
    settings, encoder = index(), TableEncoder()
    (settings.data / "tenants" / "default" / "CURRENT").write_text("000000000009-0badcafe")
    for path in settings.data.glob("tenants/default/snapshots/*/*"):
        path.unlink()
    serving = open_serving(settings, lambda _: encoder)
    assert serving.follower.origin.snapshot is None
    assert encoder.encoded == []
    assert ids(serving) == ["auditor", "nurse", "teacher"]


def test_linear_algebra_of_a_server_has_no_threads_of_its_own(index, open_serving):
    with threadpool_limits(2, user_api="blas"):
        open_serving(index())
        found = [one for one in threadpool_info() if one["user_api"] == "blas"]
    assert found
    assert {one["num_threads"] for one in found} == {1}
