"""The one place where the parts are put together."""

import contextlib
import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from api.settings import Settings
from indexer.folder import DataFolder
from indexer.following import Follower
from indexer.generations import Generations
from indexer.keeping import Keeper, holding
from indexer.recipe import TextRecipe
from indexer.store import Store
from indexer.vectors import Vectors
from indexer.writing import Outcome, Writer
from models.encoder import SentenceTransformerEncoder, packaged_space
from models.errors import Busy, CursorExpired, IndexBehind, NoIndex, SpaceMismatch
from models.lazy import LazyEncoder
from models.mentor import Mentor
from models.ports import Encoder, Stored
from models.priority import QueriesFirst
from models.recommendation import Recommendations, Standing
from models.weights import PACKAGED
from recommender.recommend import Recommender, Request

_T = TypeVar("_T")
log = logging.getLogger(__name__)

EncoderFactory = Callable[[Settings], Encoder]
Progress = Callable[[int, int], None]

PINNED_S = 300.0  # how long an index version can still be paged through after a newer one came
MOST_PINNED = 2_000  # and how many at most; each costs two bytes a mentor
LOG_S = 30.0  # how long a command waits for readers of an older state
_TRIES = 3


def default_encoder(settings: Settings) -> Encoder:
    """The encoder that the settings name; a packaged one is loaded when it is first used."""

    def load() -> Encoder:
        return SentenceTransformerEncoder(settings.encoder, threads=settings.threads)

    packaged = PACKAGED.get(settings.encoder)
    if packaged is None:
        return load()
    return LazyEncoder(load, packaged_space(settings.encoder), packaged.dimension)


class Indexing:
    """What commands write with: a data folder, made when it is missing, its store and writer."""

    def __init__(
        self,
        settings: Settings,
        encoder: EncoderFactory | None = None,
        progress: Progress | None = None,
        *,
        adopt: bool = True,
    ) -> None:
        """With `adopt` an index of another encoder is re-embedded with this one.

        Raises DataFolderError or EncoderUnavailable.
        """
        self.tenant = settings.tenant
        self.folder = DataFolder(settings.data)
        self.folder.tenant(settings.tenant)
        self.folder.ensure_writable()
        self.store = Store.in_folder(settings.data)
        try:
            self.vectors = Vectors(self.store, (encoder or default_encoder)(settings))
            self.writer = Writer(self.store, self.tenant, self.vectors)
            if adopt:
                self.writer.adopt(progress)
        except BaseException:
            self.close()
            raise

    def publish(self, *, force: bool = False) -> Follower:
        """Bring the live snapshot to what the store has, and erase what was removed.

        A snapshot that is whole and at the store's sequence stays, unless with `force`.
        """
        generations = Generations(self.folder.tenant(self.tenant))
        follower = Follower(self.store, self.tenant, generations, self.vectors)
        live = generations.live()
        current = live is not None and follower.origin.snapshot == live
        stale = not current or bool(follower.origin.problems)
        stale = stale or int(str(live).partition("-")[0]) != follower.index.sequence
        keeper = Keeper(self.store, self.folder, self.tenant, follower)
        keeper.keep(wait=True, snapshot=force or stale)
        return follower

    def write_rejects(self) -> None:
        """Bring the rejects files to what the store has. Raises Busy."""
        with holding(self.folder.tenant(self.tenant)):
            self.folder.write_rejects(self.tenant, self.store.rejects(self.tenant))

    def require_own_space(self) -> None:
        """Raises SpaceMismatch when the index was made with another encoder.

        A database from before passages were kept has them cut here.
        """
        head = self.store.head(self.tenant)
        if not head.space_id:
            self.writer.adopt()
        elif head.space_id != self.vectors.space_id:
            raise SpaceMismatch(
                f"The index was made in the space {head.space_id}, the encoder's is "
                f"{self.vectors.space_id}: set MENTORS_ENCODER to the model the index was made "
                f"with. Nothing was changed."
            )

    def empty_log(self) -> None:
        """Empty the database's log of older pages. Raises Busy when others keep it in use."""
        deadline = time.monotonic() + LOG_S
        while not self.store.database.purge_log():
            if time.monotonic() > deadline:
                raise Busy(
                    f"Other processes have read an older state of the database for over "
                    f"{LOG_S:.0f} s: what was removed is still in its log; try again."
                )
            time.sleep(0.05)

    def close(self) -> None:
        self.store.close()


class Serving:
    """What answers and takes changes: the index of one tenant, kept at the store's sequence.

    A newer index replaces the recommender in one assignment; requests under way keep the one they
    began with, and cursors the version they were issued on.
    """

    def __init__(
        self,
        settings: Settings,
        encoder: EncoderFactory | None = None,
        *,
        create: bool = False,
    ) -> None:
        """With `create` a missing index is begun empty.

        Raises NoIndex, DataFolderError, SpaceMismatch or EncoderUnavailable.
        """
        folder = DataFolder(settings.data)
        if create:
            folder.ensure_writable()
        folder.ensure_present(create=create)
        self.tenant = settings.tenant
        self.store = Store.in_folder(settings.data)
        try:
            self._open(settings, folder, encoder or default_encoder, create=create)
        except BaseException:
            self.store.close()
            raise

    def _open(
        self, settings: Settings, folder: DataFolder, encoder: EncoderFactory, *, create: bool
    ) -> None:
        generations = Generations(folder.tenant(self.tenant))
        head = self.store.head(self.tenant)
        if not head.sequence and not create:
            raise NoIndex(
                f"Nothing is indexed in {generations.folder}: run 'mentors index FILE' with the "
                f"same --data and --tenant, or 'mentors serve --create' to begin with nobody."
            )
        self.encoder = QueriesFirst(encoder(settings))
        vectors = Vectors(self.store, self.encoder)
        self._recipe = TextRecipe(vectors)
        self.writer = Writer(self.store, self.tenant, vectors)
        if not head.space_id:  # made before passages were kept in the store
            self.writer.adopt()
        self.follower = Follower(self.store, self.tenant, generations, vectors)
        self.keeper = Keeper(self.store, folder, self.tenant, self.follower)
        self._swap = threading.Lock()
        self._pinned: OrderedDict[str, tuple[float, Recommender]] = OrderedDict()
        self._paged: set[str] = set()
        self.recommender = self._recommender()

    def follow(self) -> bool:
        """Take up what changed in the store; whether anything had."""
        moved = self.follower.catch_up()
        with self._swap:
            self._unpin()
            if self.follower.index is not self._served:
                before, self.recommender = self.recommender, self._recommender()
                # An index made anew has the same version, and less to hold.
                version = before.index_version
                if version != self.recommender.index_version and version in self._paged:
                    self._pinned[version] = (time.monotonic(), before)
                self._paged.clear()
        return moved

    def recommend(self, request: Request, version: str | None = None) -> Recommendations:
        """Answer on the newest index, or on the `version` that a cursor pins.

        Raises BadGoals, BadFilter, or CursorExpired when the version is no longer kept.
        """
        if version is not None:
            return self._at(version).recommend(request)
        for _ in range(_TRIES):
            recommender = self.recommender
            answer = recommender.recommend(request)
            if not answer.behind:
                break
            self.follow()
        if answer.next_offset is not None:
            self._keep_for_paging(recommender)
        return answer

    def explain(self, request: Request, id: str) -> Standing:
        """Where one mentor stands, on an index as new as the store.

        Raises BadGoals, BadFilter, MentorNotFound, or IndexBehind when the mentor's words change
        faster than they can be followed.
        """
        for _ in range(_TRIES - 1):
            self.follow()
            with contextlib.suppress(IndexBehind):
                return self.recommender.explain(request, id)
        self.follow()
        return self.recommender.explain(request, id)

    def mentor(self, id: str) -> Stored | None:
        """The mentor as the store has it now."""
        return self.store.read(self.tenant, [id]).get(id)

    def put(self, mentors: Sequence[Mentor]) -> list[Outcome]:
        """Add or replace mentors; on disk, and found by this process, when this returns."""
        return self._followed(self.writer.put(mentors))

    def patch(self, id: str, patch: Mapping[str, object]) -> Outcome:
        """Change some fields of a mentor; on disk, and found by this process, afterwards."""
        return self._followed(self.writer.patch(id, patch))

    def remove(self, id: str) -> int | None:
        """Erase a mentor; the sequence of the removal, or None when there was nobody."""
        return self._followed(self.writer.remove([id]).get(id))

    def _followed(self, outcome: _T) -> _T:
        try:
            self.follow()
        except Exception as error:  # noqa: BLE001 (the change is made; it is seen a little later)
            log.warning("a change is on disk and not yet followed: %s", error)
        return outcome

    def warm_up(self) -> None:
        """Load what loads on first use: word lists, the language detector, the encoder."""
        words = "I would like to find out how auditors, nurses and welders change careers."
        self.recommend(Request(words, limit=1))

    def close(self) -> None:
        self.store.close()

    def _recommender(self) -> Recommender:
        self._served = index = self.follower.index
        return Recommender(self.tenant, index, self.encoder, self.store, self._recipe)

    def _at(self, version: str) -> Recommender:
        with self._swap:
            if version == self.recommender.index_version:
                return self.recommender
            replaced_at, found = self._pinned.get(version, (0.0, None))
        if found is None or time.monotonic() - replaced_at > PINNED_S:
            raise CursorExpired(
                "The index has changed since this cursor was issued: begin again without a cursor."
            )
        return found

    def _keep_for_paging(self, recommender: Recommender) -> None:
        """A cursor is about to be issued on this version: it stays for a while once replaced."""
        version = recommender.index_version
        with self._swap:
            if recommender is self.recommender:
                self._paged.add(version)
            elif version not in self._pinned:
                self._pinned[version] = (time.monotonic(), recommender)

    def _unpin(self) -> None:
        now = time.monotonic()
        while self._pinned:
            replaced_at, _ = next(iter(self._pinned.values()))
            if len(self._pinned) <= MOST_PINNED and now - replaced_at <= PINNED_S:
                break
            self._pinned.popitem(last=False)
