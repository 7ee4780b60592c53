"""A server whose index moves to another encoder's space."""

import logging
import threading

import pytest

from api import wiring
from api.settings import Settings
from api.tenants import Tenants
from api.wiring import Indexing, Serving
from indexer.vectors import Vectors
from indexer.writing import Writer
from models.errors import EncoderUnavailable, IndexBehind, SpaceMismatch
from models.weights import DEFAULT_MODEL
from recommender.recommend import Request
from tests.api.conftest import background_of
from tests.fakes import RECORDS, TableEncoder, encoder_named, mentors, version

NEWCOMER = {"id": "newcomer", "bio": "I audit venture capital funds."}
GOAL = Request("audit venture capital")
FIRST_PAGE = Request("audit venture capital", limit=1)


@pytest.fixture
def open_serving():
    opened = []

    def start(settings, encoder=encoder_named):
        opened.append(Serving(settings, encoder))
        return opened[-1]

    yield start
    for serving in opened:
        serving.close()


@pytest.fixture
def serving(index, open_serving):
    return open_serving(index())


def move(serving, space="table-2"):
    """Moves the index, as another process does; what writes there."""
    writer = Writer(serving.store, "default", Vectors(serving.store, TableEncoder(space), space))
    assert writer.adopt() is True
    return writer


def ids(serving):
    return [one.mentor.id for one in serving.recommend(GOAL).recommendations]


class Loads:
    """An encoder factory that fails until it is mended, and counts how often it was asked."""

    def __init__(self, *, broken=False):
        self.asked = []
        self.broken = broken

    def __call__(self, settings):
        self.asked.append(settings.encoder)
        if self.broken and len(self.asked) > 1:
            raise EncoderUnavailable("the folder is empty")
        return encoder_named(settings)


def test_an_index_is_opened_with_the_encoder_it_was_made_with(serving, open_serving):
    move(serving)
    again = open_serving(serving._settings)
    assert again.recommender.index_version == version(5, "table-2")
    assert ids(again) == ["auditor", "nurse", "teacher"]


def test_an_index_is_written_with_the_encoder_it_was_made_with(serving):
    move(serving)
    indexing = Indexing(serving._settings, encoder_named)
    indexing.writer.put(mentors(NEWCOMER))
    indexing.close()
    head = serving.store.head("default")
    assert (head.sequence, head.space_id, head.encoder) == (6, "table-2", "table-2")


def test_a_new_index_is_made_with_the_default_encoder_and_remembers_it(tmp_path):
    loads = Loads()
    serving = Serving(Settings(data=tmp_path / "data"), loads, create=True)
    serving.put(mentors(NEWCOMER))
    assert loads.asked == [DEFAULT_MODEL]
    assert serving.store.head("default").encoder == DEFAULT_MODEL
    serving.close()


def test_an_encoder_that_is_named_must_be_that_of_the_index(serving, open_serving):
    named = serving._settings.model_copy(update={"encoder": "table-2"})
    with pytest.raises(SpaceMismatch, match="or run 'mentors reembed' to move the index"):
        open_serving(named)


def test_until_it_moves_a_server_answers_from_the_space_it_is_in(serving):
    move(serving)
    assert serving.follow() is False
    assert serving.recommender.index_version == version(5)
    assert ids(serving) == ["auditor", "nurse", "teacher"]
    serving.remove("nurse")
    assert ids(serving) == ["auditor", "teacher"]


def test_until_it_moves_a_server_embeds_what_it_quotes_once(index, open_serving):
    encoder = TableEncoder()
    serving = open_serving(index(), lambda _: encoder)
    before = serving.recommend(GOAL)
    assert encoder.encoded == []
    move(serving)
    assert serving.recommend(GOAL) == before
    embedded = len(encoder.encoded)
    assert embedded > 0  # the store has no vectors of the old space any more
    assert serving.recommend(GOAL) == before
    assert len(encoder.encoded) == embedded


def test_until_it_moves_a_server_passes_over_who_has_newer_words(serving):
    move(serving).put(mentors(RECORDS[0] | {"headline": "Audit, then venture capital"}))
    assert ids(serving) == ["nurse", "teacher"]
    serving.move()
    assert ids(serving) == ["auditor", "nurse", "teacher"]


def test_moving_takes_up_encoder_index_and_writer_of_the_new_space(serving):
    move(serving)
    assert serving.move() is True
    assert serving.encoder.space_id == "table-2"
    assert serving.recommender.index_version == version(5, "table-2")
    assert ids(serving) == ["auditor", "nurse", "teacher"]
    serving.put(mentors(NEWCOMER))
    assert serving.recommender.index_version == version(6, "table-2")
    assert "newcomer" in ids(serving)
    assert serving.store.spaces() == ["table-2"]


def test_where_the_index_has_not_moved_there_is_nothing_to_do(serving):
    before = serving.recommender
    assert serving.move() is True
    assert serving.recommender is before


def test_a_server_whose_encoder_was_named_moves_too(serving, open_serving):
    move(serving)
    named = open_serving(serving._settings.model_copy(update={"encoder": "table-2"}))
    move(serving, "table-3")
    assert named.move() is True
    assert named.recommender.index_version == version(5, "table-3")


def test_a_request_under_way_ends_on_what_it_began_with(serving):
    before = serving.recommender
    move(serving)
    serving.move()
    found = before.recommend(GOAL)
    assert (found.index_version, found.encoder) == (version(5), "table-1")


def test_a_page_begun_before_the_move_goes_on_after_it(serving):
    first = serving.recommend(FIRST_PAGE)
    move(serving)
    serving.move()
    assert serving.recommend(FIRST_PAGE, first.index_version) == first


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda s: s.put(mentors(NEWCOMER))[0].revision, ["newcomer", "auditor", "nurse"]),
        (lambda s: s.patch("nurse", {"available": False}).revision, ["auditor", "teacher"]),
        (lambda s: s.remove("nurse"), ["auditor", "teacher"]),
    ],
)
def test_a_change_that_meets_the_move_is_made_after_it(serving, change, found):
    move(serving)
    assert change(serving) == 6
    serving.move()
    assert serving.recommender.index_version == version(6, "table-2")
    assert ids(serving)[: len(found)] == found


def test_who_changed_in_the_new_space_is_explained_once_the_server_is_there(index, open_serving):
    loads = Loads()
    serving = open_serving(index(), loads)
    move(serving).put(mentors(RECORDS[0] | {"headline": "Audit, then venture capital"}))
    with pytest.raises(IndexBehind):
        serving.explain(GOAL, "auditor")
    assert loads.asked == [DEFAULT_MODEL]  # whoever asks does not move the server
    assert serving.explain(GOAL, "nurse").index_version == version(5)
    serving.move()
    found = serving.explain(GOAL, "auditor")
    assert found.recommendation.mentor.headline == "Audit, then venture capital"
    assert found.index_version == version(6, "table-2")


def test_those_who_wait_for_a_move_load_nothing_themselves(index, open_serving):
    loads = Loads()
    serving = open_serving(index(), loads)
    move(serving)
    threads = [
        threading.Thread(target=serving.put, args=(mentors({"id": f"m{i}", "bio": "Law."}),))
        for i in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert loads.asked == [DEFAULT_MODEL, "table-2"]
    assert serving.recommender.index_version == version(9, "table-2")


def test_a_change_does_not_wait_for_a_move_for_ever(serving, monkeypatch):
    monkeypatch.setattr(wiring, "MOVE_S", 0.0)
    move(serving)
    with serving._moving, pytest.raises(SpaceMismatch, match="this process writes table-1"):
        serving.put(mentors(NEWCOMER))


STUCK = (
    "The index has moved to the space table-2, and this process goes on in table-1 without newer "
    "texts (the folder is empty): restart it with the program and the model that the index was "
    "moved with."
)


def test_a_server_that_cannot_load_the_new_encoder_goes_on_and_says_so_once(
    index, open_serving, caplog
):
    loads = Loads(broken=True)
    serving = open_serving(index(), loads)
    assert serving.stuck == ""
    move(serving)
    serving.follow()
    with caplog.at_level(logging.WARNING):
        assert [serving.move() for _ in range(3)] == [False] * 3
    assert (caplog.messages, serving.stuck) == ([STUCK], STUCK)
    assert loads.asked == [DEFAULT_MODEL, "table-2"]
    assert ids(serving) == ["auditor", "nurse", "teacher"]
    with pytest.raises(SpaceMismatch, match="this process writes table-1"):
        serving.put(mentors(NEWCOMER))


def test_an_encoder_that_could_not_be_loaded_is_tried_again(index, open_serving, monkeypatch):
    loads = Loads(broken=True)
    serving = open_serving(index(), loads)
    move(serving)
    assert serving.move() is False
    monkeypatch.setattr(wiring, "AGAIN_S", -1.0)
    loads.broken = False
    assert serving.move() is True
    assert (serving.stuck, serving.recommender.index_version) == ("", version(5, "table-2"))


def test_a_server_that_was_stuck_goes_on_when_the_index_comes_back(index, open_serving):
    serving = open_serving(index(), Loads(broken=True))
    move(serving)
    assert serving.move() is False
    move(serving, "table-1").put(mentors(NEWCOMER))
    assert serving.follow() is True
    assert (serving.stuck, serving.recommender.index_version) == ("", version(6))


@pytest.mark.parametrize("back", [True, False])
def test_what_kept_a_server_from_moving_is_forgotten_once_it_is_where_the_index_is(
    index, open_serving, back
):
    loads = Loads(broken=True)
    serving = open_serving(index(), loads)
    move(serving)
    assert serving.move() is False
    if back:  # the index comes back
        move(serving, "table-1")
    else:  # the server goes on
        loads.broken = False
        move(serving, "table-3")
        assert serving.move() is True
        loads.broken = True
    serving.follow()
    move(serving)
    serving.follow()
    assert serving.stuck == ""  # of this move nothing is known yet
    loads.broken = False
    assert serving.move() is True  # and it is tried at once


def test_while_a_server_goes_elsewhere_it_does_not_say_why_it_could_not_go_before(
    index, open_serving
):
    said = []

    def load(settings):
        said.append(opened[0].stuck if opened else "")
        if settings.encoder == "table-2":
            raise EncoderUnavailable("the folder is empty")
        return encoder_named(settings)

    opened = []
    opened.append(open_serving(index(), load))
    move(opened[0])
    opened[0].follow()
    assert opened[0].move() is False
    assert opened[0].stuck == STUCK
    move(opened[0], "table-3")
    assert opened[0].move() is True
    assert said == ["", "", ""]


def test_an_encoder_that_is_of_another_space_here_is_not_used(index, open_serving):
    serving = open_serving(index(), lambda _: TableEncoder())
    move(serving)
    assert serving.move() is False
    serving.follow()
    assert "(here table-2 is of the space table-1)" in serving.stuck


def test_the_background_moves_a_server_by_itself(index, until):
    tenants = Tenants(index(), encoder_named)
    background = background_of(tenants)
    background.start()
    move(tenants.first)
    until(lambda: tenants.first.recommender.index_version == version(5, "table-2"))
    background.stop()
    tenants.close()


def test_a_server_that_is_stuck_is_ready_and_says_why(index, serve, until):
    settings = index()
    client = serve(settings, Loads(broken=True))
    other = Serving(settings, encoder_named)
    move(other)
    other.close()
    until(lambda: "stuck" in client.get("/health/ready").json())
    assert client.get("/health/ready").json() == {
        "status": "ready",
        "index_version": version(5),
        "stuck": STUCK,
    }
    assert client.put("/v1/mentors/x", json={"headline": "I audit"}).status_code == 503
