"""Any history of changes, searches, merges and restarts against a simple model in memory."""

import shutil
import tempfile
from contextlib import nullcontext
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from api.settings import Settings
from api.wiring import Serving
from indexer import keeping, live
from indexer.checking import check
from indexer.folder import DataFolder
from indexer.live import LiveIndex
from indexer.recipe import TextRecipe
from models.errors import MentorNotFound
from models.mentor import as_record
from recommender.eligibility import Filters
from recommender.recommend import Recommender, Request
from tests.conftest import rounds_of
from tests.fakes import AXES, TableEncoder, mentors, table_encoder, vectors

WORDS = [word for axis in AXES for word in axis.split()[:3]]
IDS = st.integers(0, 9).map(lambda number: f"m{number}")
TEXTS = st.lists(st.sampled_from(WORDS), min_size=1, max_size=5).map(" ".join)
PLACES = st.fixed_dictionaries(
    {},
    optional={
        "capacity": st.integers(0, 3),
        "active_mentees": st.integers(0, 3),
        "available": st.booleans(),
    },
)


class History(RuleBasedStateMachine):
    """Two servers over one data folder; every change goes through one of them."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = Path(tempfile.mkdtemp())
        self._settings = Settings(data=self._folder / "data")
        self._before = (keeping.BEHIND, live.LOOSE_MENTORS)
        keeping.BEHIND, live.LOOSE_MENTORS = 4, 3
        self.servers = [self._opened(), self._opened()]
        self.model: dict[str, dict[str, object]] = {}

    def _opened(self) -> Serving:
        return Serving(self._settings, table_encoder, create=True)

    def teardown(self) -> None:
        for server in self.servers:
            server.close()
        keeping.BEHIND, live.LOOSE_MENTORS = self._before
        shutil.rmtree(self._folder)

    @rule(which=st.integers(0, 1), id=IDS, text=TEXTS, places=PLACES)
    def put(self, which, id, text, places):
        mentor = mentors({"id": id, "bio": text} | places)[0]
        (outcome,) = self.servers[which].put([mentor])
        same = self.model.get(id) == as_record(mentor)
        expected = "unchanged" if same else "changed" if id in self.model else "added"
        assert outcome.result == expected
        self.model[id] = as_record(mentor)

    @rule(which=st.integers(0, 1), texts=st.dictionaries(IDS, TEXTS, min_size=1, max_size=5))
    def put_several(self, which, texts):
        several = mentors(*({"id": id, "headline": text} for id, text in texts.items()))
        self.servers[which].put(several)
        self.model |= {mentor.id: as_record(mentor) for mentor in several}

    @rule(which=st.integers(0, 1), id=IDS, patch=PLACES)
    def patch(self, which, id, patch):
        try:
            self.servers[which].patch(id, patch)
        except MentorNotFound:
            assert id not in self.model
            return
        self.model[id] = as_record(mentors(self.model[id] | patch)[0])

    @rule(which=st.integers(0, 1), id=IDS)
    def remove(self, which, id):
        removed = self.servers[which].remove(id)
        assert (removed is not None) == (id in self.model)
        self.model.pop(id, None)

    @rule(which=st.integers(0, 1))
    def follow(self, which):
        self.servers[which].follow()

    @rule(which=st.integers(0, 1))
    def make_anew(self, which):
        self.servers[which].follower.make_anew()

    @rule(which=st.integers(0, 1), snapshot=st.booleans())
    def merge(self, which, snapshot):
        assert self.servers[which].keeper.keep(snapshot=snapshot)

    @rule(which=st.integers(0, 1))
    def restart(self, which):
        self.servers[which].close()
        self.servers[which] = self._opened()
        assert self.servers[which].follower.origin.problems == ()

    @rule(which=st.integers(0, 1), goal=TEXTS, available=st.sampled_from([True, None]))
    def search(self, which, goal, available):
        """Whatever a server has followed so far: nobody removed, full or of an older text."""
        request = Request(goal, 20, filters=Filters(available=available), explain=False)
        for one in self.servers[which].recommend(request).recommendations:
            assert as_record(one.mentor) == self.model[one.mentor.id]
            assert available is None or one.mentor.can_take_a_mentee

    @rule(which=st.integers(0, 1), goal=TEXTS, available=st.sampled_from([True, None]))
    def search_at_the_end(self, which, goal, available):
        """A server that has followed answers as an index built at once from the model does."""
        server = self.servers[which]
        server.follow()
        request = Request(goal, 20, filters=Filters(available=available))
        found = server.recommend(request).recommendations
        assert found == self._built_at_once(server).recommend(request).recommendations
        wanted = {
            mentor.id
            for mentor in mentors(*self.model.values(), *[{"id": "x", "bio": "x"}])
            if mentor.id != "x" and (available is None or mentor.can_take_a_mentee)
        }
        assert {one.mentor.id for one in found} == wanted

    def _built_at_once(self, server) -> Recommender:
        head, changes = server.store.changes("default", 0)
        cached = vectors(server.store)
        index = LiveIndex.empty("table-1", 9).advanced(head.sequence, changes, cached)
        return Recommender("default", index, TableEncoder(), server.store, TextRecipe(cached))

    @precondition(lambda self: self.model)
    @rule()
    def verify(self):
        store = self.servers[0].store
        report = check(
            store, "default", DataFolder(self._settings.data), vectors(store), nullcontext()
        )
        assert report.problems == ()
        assert report.mentors == len(self.model)

    @invariant()
    def the_store_has_what_the_model_has(self):
        _, found = self.servers[0].store.all("default")
        assert {mentor.id: as_record(mentor) for mentor in found} == self.model


TestHistory = History.TestCase
TestHistory.settings = settings(
    max_examples=rounds_of("histories of changes"),
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
