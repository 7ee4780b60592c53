"""The one place where the parts are put together."""

import contextlib
import ctypes
import functools
import gc
import logging
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from threadpoolctl import threadpool_limits

from api.places import folder_of, store_of
from api.settings import Settings
from indexer.bringing import Bringer, Stopping, never
from indexer.folder import DataFolder
from indexer.following import Follower
from indexer.generations import Generations
from indexer.keeping import Keeper, holding
from indexer.live import LiveIndex
from indexer.milvus import Milvus, Passages
from indexer.recipe import TextRecipe
from indexer.remote import Remote
from indexer.store import Head, Store
from indexer.vectors import Vectors
from indexer.writing import Outcome, Revisions, Writer
from models.compiling import Compiler
from models.encoder import SentenceTransformerEncoder, packaged_space
from models.errors import CursorExpired, IndexBehind, NoIndex, SearchUnavailable, SpaceMismatch
from models.language import foreign_language
from models.lazy import LazyEncoder
from models.mentor import Mentor
from models.ports import Encoder, Stored
from models.priority import QueriesFirst
from models.recommendation import Recommendations, Standing
from models.remembering import Remembering
from models.spaces import mismatch, same_model
from models.weights import DEFAULT_MODEL, PACKAGED
from recommender.mapping import Charted
from recommender.recommend import Recommender, Request
from recommender.similar import Similar

_T = TypeVar("_T")
log = logging.getLogger(__name__)

EncoderFactory = Callable[[Settings], Encoder]
Progress = Callable[[int, int], None]

PINNED_S = 300.0  # how long an index version can still be paged through after a newer one came
MOST_PINNED = 2_000  # and how many at most; each costs two to ten bytes a mentor
MOVE_S = 30.0  # how long a change waits while the encoder of another space is being loaded
AGAIN_S = 30.0  # after which one that could not be loaded is tried again
_TRIES = 3
_OF_THIS_PROCESS = secrets.token_bytes(32)  # where nothing can be kept


def default_encoder(settings: Settings) -> Encoder:
    """The encoder that the settings name; a packaged one is loaded when it is first used.

    Compiled, where that has been made; else, with a line in the log, as it is.
    """
    name = settings.encoder or DEFAULT_MODEL
    compiler = Compiler(settings.cache, settings.precision, settings.threads)

    def load() -> Encoder:
        compiled = compiler.make(name) if settings.compile else compiler.open(name)
        if compiled is None and (folder := compiler.folder(name)):
            log.warning(
                "There is no compiled encoder in %s: %s runs on sentence-transformers, several "
                "times slower. 'mentors compile' makes one.",
                folder,
                name,
            )
        return compiled or SentenceTransformerEncoder(name, threads=settings.threads)

    packaged = PACKAGED.get(name)
    if packaged is None:
        return load()
    return LazyEncoder(load, packaged_space(name), packaged.dimension)


def _encoder(settings: Settings, factory: EncoderFactory | None, name: str) -> Encoder:
    return (factory or default_encoder)(settings.model_copy(update={"encoder": name}))


@functools.cache
def _milvus_at(url: str) -> Milvus:
    """One connection for all tenants of a process."""
    return Milvus(url)


def bringer_of(
    settings: Settings, store: Store, tenant: str, vectors: Vectors
) -> tuple[Remote, Bringer] | None:
    """What searches and fills a Milvus, where the settings name one. Raises BadInput."""
    if not settings.passages:
        return None
    space_id, dimension = vectors.space_id, vectors.encoder.dimension
    remote = Remote(Passages(_milvus_at(settings.passages), tenant, space_id, dimension))
    return remote, Bringer(store, tenant, vectors, remote)


def give_back_memory() -> None:
    """Return what loading has left free in this process; only the GNU C library has to be told."""
    gc.collect()
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


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
        """With `adopt`, as the method.

        Raises DataFolderError, EncoderUnavailable or SpaceMismatch.
        """
        self.tenant = settings.tenant
        self.folder = folder_of(settings)
        self.folder.tenant(settings.tenant)
        self.folder.ensure_writable()
        self.store = store_of(settings)
        try:
            name = settings.encoder or self.store.head(self.tenant).encoder or DEFAULT_MODEL
            compiling = settings.model_copy(update={"compile": True})
            self.vectors = Vectors(self.store, _encoder(compiling, encoder, name), name)
            self.writer = Writer(self.store, self.tenant, self.vectors)
            found = bringer_of(settings, self.store, self.tenant, self.vectors)
            self.bringer = found[1] if found else None
            if adopt:
                self.adopt(progress)
        except BaseException:
            self.close()
            raise

    def publish(self, *, force: bool = False) -> Follower:
        """Bring the live snapshot, and a Milvus, to what the store has; erase what was removed.

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
        if self.bringer:
            self.bringer.bring_all()
        return follower

    def write_rejects(self) -> None:
        """Bring the rejects files to what the store has. Raises Busy."""
        with holding(self.folder.tenant(self.tenant)):
            self.folder.write_rejects(self.tenant, self.store.rejects(self.tenant))

    def adopt(self, progress: Progress | None = None) -> bool:
        """Make the index of this encoder's space where it has none; whether anything was to do.

        An index of the same model whose texts were read in an older way is embedded anew: nothing
        can read them so any more. Raises SpaceMismatch when it was made with another model.
        """
        space_id = self.store.head(self.tenant).space_id
        if space_id and not same_model(space_id, self.vectors.space_id):
            raise self._mismatch(space_id)
        return self.writer.adopt(progress)

    def require_own_space(self) -> None:
        """Raises SpaceMismatch when the index was made with another encoder.

        A database from before passages were kept has them cut here.
        """
        space_id = self.store.head(self.tenant).space_id
        if not space_id:
            self.writer.adopt()
        elif space_id != self.vectors.space_id:
            raise self._mismatch(space_id)

    def close(self) -> None:
        self.store.close()

    def _mismatch(self, space_id: str) -> SpaceMismatch:
        return mismatch(space_id, self.vectors.space_id, self.vectors.name)


class Opened:
    """An index opened with the encoder of its space: what answers, writes, follows and keeps."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        folder: DataFolder,
        tenant: str,
        encoder: Encoder,
        name: str,
    ) -> None:
        """Raises SpaceMismatch when the index is of another space."""
        self.encoder = QueriesFirst(encoder)
        vectors = Vectors(store, self.encoder, name)
        self.writer = Writer(store, tenant, vectors)
        if not store.head(tenant).space_id:  # made before passages were kept in the store
            self.writer.adopt()
        found = bringer_of(settings, store, tenant, vectors)
        self.remote = found[0] if found else None
        self._bringer = found[1] if found else None
        if self.remote:
            self.remote.look()
        over = self.remote.over if self.remote else None
        generations = Generations(folder.tenant(tenant))
        self.follower = Follower(store, tenant, generations, vectors, over=over)
        self.keeper = Keeper(store, folder, tenant, self.follower)
        # What is quoted is in the store, until the index moves on without this one.
        recipe = TextRecipe(Vectors(store, Remembering(self.encoder), name))
        self._parts = (tenant, self.encoder, store, recipe)
        self.recommender = self._over(self.follower.index)

    def renewed(self) -> Recommender | None:
        """Answer on the follower's index from now on; what was replaced, None when it is same."""
        index = self.follower.index
        if index is self._index:
            return None
        before, self.recommender = self.recommender, self._over(index)
        return before

    def bring(self, stopping: Stopping) -> bool:
        """As `Bringer.look`, where passages are searched in a Milvus."""
        return self._bringer is not None and self._bringer.look(stopping)

    def warm_up(self) -> None:
        """Load what loads on first use: word lists, the language detector, the encoder."""
        words = "I would like to find out how auditors, nurses and welders change careers."
        with contextlib.suppress(SearchUnavailable):  # a Milvus that is away comes back
            self.recommender.recommend(Request(words, limit=1))
        self.encoder.encode_passages([words])
        foreign_language("Quiero cambiar de profesión y aprender a programar computadoras.")
        give_back_memory()

    def _over(self, index: LiveIndex) -> Recommender:
        self._index = index
        tenant, encoder, store, recipe = self._parts
        return Recommender(tenant, index, encoder, store, recipe)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A space that could not be gone to: when that was tried, and why not, in one sentence."""

    space_id: str
    at: float
    why: str


class Serving:
    """What answers and takes changes: the index of one tenant, kept at the store's sequence.

    A newer index replaces the recommender in one assignment, and everything at once when the index
    has moved to another encoder's space; requests under way keep what they began with, and
    cursors the version they were issued on.
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
        # Products of a request are small. Threads of NumPy's linear algebra, which wait for the
        # next one by spinning, take a core from the encoder, and all gain nothing.
        threadpool_limits(1, user_api="blas")
        folder = folder_of(settings)
        if create:
            folder.ensure_writable()
        folder.ensure_present(create=create)
        self.tenant = settings.tenant
        self.store = store_of(settings)
        self._settings, self._folder, self._factory = settings, folder, encoder
        self._swap = threading.Lock()
        self._moving = threading.Lock()
        self._refusal: Refusal | None = None
        self._pinned: OrderedDict[str, tuple[float, Recommender]] = OrderedDict()
        self._paged: set[str] = set()
        self._secret = b""
        try:
            head = self.store.head(self.tenant)
            if not head.sequence and not create:
                raise NoIndex(
                    f"Nothing is indexed in {folder.tenant(self.tenant)}: run 'mentors index FILE' "
                    f"with the same --data and --tenant, or 'mentors serve --create' to begin with "
                    f"nobody."
                )
            self._opened = self._open(settings.encoder or head.encoder)
        except BaseException:
            self.store.close()
            raise

    @property
    def recommender(self) -> Recommender:
        return self._opened.recommender

    @property
    def encoder(self) -> Encoder:
        return self._opened.encoder

    @property
    def writer(self) -> Writer:
        return self._opened.writer

    @property
    def follower(self) -> Follower:
        return self._opened.follower

    @property
    def keeper(self) -> Keeper:
        return self._opened.keeper

    @property
    def stuck(self) -> str:
        """Why this cannot go where the index has moved, in one sentence; else ""."""
        refusal = self._refusal
        return refusal.why if refusal and self.follower.stalled else ""

    @property
    def lag(self) -> int:
        """How many changes of the store the index has not taken up."""
        return max(0, self.store.head(self.tenant).sequence - self.follower.index.sequence)

    def follow(self) -> bool:
        """Take up what changed in the store; whether anything had."""
        opened = self._opened
        moved = opened.follower.catch_up()
        if not opened.follower.stalled:  # where it is now is where the index is
            self._refusal = None
        with self._swap:
            self._unpin()
            if opened is self._opened and (before := opened.renewed()) is not None:
                self._retire(before)
        return moved

    def bring(self, stopping: Stopping = never) -> bool:
        """Bring some of what is new to the Milvus that passages are searched in, where that is so.

        Whether there may be more.
        """
        return self._opened.bring(stopping)

    @property
    def remote(self) -> Remote | None:
        """What is known of that Milvus."""
        return self._opened.remote

    def move(self) -> bool:
        """Go where the tenant's index has moved; whether this serves the index's space now.

        One thread at a time loads the encoder and opens the index, while answers come from what is
        there; another waits for it, `MOVE_S` at most.
        """
        if not self._moving.acquire(timeout=MOVE_S):
            return False
        try:
            head = self.store.head(self.tenant)
            return head.space_id in ("", self.encoder.space_id) or self._go(head)
        finally:
            self._moving.release()

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
            if self.follower.stalled:  # it is as new as it can be before the move
                break
        if answer.next_offset is not None:
            self._keep_for_paging(recommender)
        return answer

    def explain(self, request: Request, id: str) -> Standing:
        """Where one mentor stands, on an index as new as the store.

        Raises BadGoals, BadFilter, MentorNotFound, or IndexBehind when the mentor's words change
        faster than they can be followed, or have changed since the index moved and this has not
        yet: moving takes long, and whoever asks must not hold up the others.
        """
        return self._newest(lambda recommender: recommender.explain(request, id))

    def _newest(self, ask: Callable[[Recommender], _T]) -> _T:
        """What is found on an index that has been followed to the store a moment ago."""
        for _ in range(_TRIES - 1):
            self.follow()
            with contextlib.suppress(IndexBehind):
                return ask(self.recommender)
        self.follow()
        return ask(self.recommender)

    def chart(self) -> Charted:
        """The map of the newest index."""
        return self.recommender.chart()

    @property
    def map_version(self) -> tuple[str, str]:
        """What `chart` would be of."""
        return self.recommender.map_version

    @property
    def secret(self) -> bytes:
        """What the ids of this tenant's recommendations are made with."""
        if not self._secret:
            self._secret = self.store.secret(self.tenant)
        return self._secret or _OF_THIS_PROCESS

    def mentor(self, id: str) -> Stored | None:
        """The mentor as the store has it now."""
        return self.store.read(self.tenant, [id]).get(id)

    def put(self, mentors: Sequence[Mentor], expected: Revisions | None = None) -> list[Outcome]:
        """Add or replace mentors; on disk, and found by this process, when this returns."""
        return self._written(lambda writer: writer.put(mentors, expected=expected))

    def patch(
        self, id: str, patch: Mapping[str, object], expected: Revisions | None = None
    ) -> Outcome:
        """Change some fields of a mentor; on disk, and found by this process, afterwards."""
        return self._written(lambda writer: writer.patch(id, patch, expected))

    def remove(self, id: str, expected: Revisions | None = None) -> int | None:
        """Erase a mentor; the sequence of the removal, or None when there was nobody."""
        return self._followed(self.writer.remove([id], expected).get(id))

    def similar(self, id: str, request: Request) -> tuple[Similar, ...]:
        """The mentors most like one of them, on an index as new as the store; as `explain`."""
        return self._newest(lambda recommender: recommender.similar(id, request))

    def _written(self, change: Callable[[Writer], _T]) -> _T:
        """What a change came to; one that the move to another space cuts off is made after it."""
        for _ in range(_TRIES - 1):
            try:
                return self._followed(change(self.writer))
            except SpaceMismatch:
                if not self.move():
                    raise
        return self._followed(change(self.writer))

    def _followed(self, outcome: _T) -> _T:
        try:
            self.follow()
        except Exception as error:  # noqa: BLE001 (the change is made; it is seen a little later)
            log.warning("a change is on disk and not yet followed: %s", error)
        return outcome

    def warm_up(self) -> None:
        """Load what loads on first use: word lists, the language detector, the encoder."""
        self._opened.warm_up()

    def close(self) -> None:
        self.store.close()

    def _open(self, name: str, space_id: str = "") -> Opened:
        """The index opened with the encoder called `name`, or the default, of `space_id` if given.

        Raises SpaceMismatch or EncoderUnavailable.
        """
        name = name or DEFAULT_MODEL
        encoder = _encoder(self._settings, self._factory, name)
        if space_id not in ("", encoder.space_id):
            raise SpaceMismatch(f"here {name} is of the space {encoder.space_id}")
        return Opened(self._settings, self.store, self._folder, self.tenant, encoder, name)

    def _go(self, head: Head) -> bool:
        refusal = self._refusal
        if refusal and refusal.space_id != head.space_id:
            refusal = self._refusal = None
        if refusal and time.monotonic() - refusal.at < AGAIN_S:
            return False
        try:
            opened = self._open(head.encoder or self._settings.encoder, head.space_id)
            opened.warm_up()
        except Exception as error:  # noqa: BLE001 (whatever it is, the old space still answers)
            why = (
                f"The index has moved to the space {head.space_id}, and this process goes on in "
                f"{self.encoder.space_id} without newer texts ({error}): restart it with the "
                f"program and the model that the index was moved with."
            )
            self._refusal = Refusal(head.space_id, time.monotonic(), why)
            if not refusal:  # once, not every half a minute
                log.warning("%s", why)
            return False
        with self._swap:
            before, self._opened = self.recommender, opened
            self._retire(before)
        self._refusal = None
        log.info("%s is served in the space %s now", self.tenant, head.space_id)
        return True

    def _retire(self, before: Recommender) -> None:
        """Keep what was replaced, where somebody pages through it."""
        version = before.index_version
        if version == self.recommender.index_version:  # made anew: the same, with less to hold
            return
        if version in self._paged:
            self._pinned[version] = (time.monotonic(), before)
        self._paged.clear()

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
