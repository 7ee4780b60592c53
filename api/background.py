"""What a server does beside answering: follow the store, and keep the data folder in shape."""

import contextlib
import logging
import threading
from collections.abc import Callable
from functools import partial

from api import observing
from api.callers import Callers
from api.tenants import Tenants
from api.wiring import Serving
from indexer.feedback import Feedback
from indexer.keeping import ERASE_AFTER_S
from indexer.replies import Replies

FOLLOW_EVERY_S = 0.1  # a look at one counter; how soon a change made elsewhere is seen here ...
LISTENING_EVERY_S = 1.0  # ... and how often that is done where the database says what changes
BREATH_S = 0.01  # between two looks, however much is heard
BRING_EVERY_S = 0.2  # likewise for a Milvus, by a thread of its own: it may be slow or away
KEEP_EVERY_S = 1.0
TIDY_EVERY_S = 60.0
OTHERS_EVERY_S = 30.0  # what another host has erased is to be gone here within a minute
EXPOSE_EVERY_S = 30.0  # how soon attention counts; each time it does is a new index version
log = logging.getLogger(__name__)


class Background:
    """Threads that run until stopped; a failure is logged and tried again."""

    def __init__(self, tenants: Tenants, callers: Callers) -> None:
        self._tenants = tenants
        self._database = tenants.first.store.database
        self._stopping, self._changed = threading.Event(), threading.Event()
        self._listening = False
        self._threads = [
            self._thread("follow", FOLLOW_EVERY_S, self._follow_all, self._until_changed),
            self._thread("bring", BRING_EVERY_S, self._bring_all),
            self._thread("keep", KEEP_EVERY_S, lambda: tenants.each(_keep)),
            self._thread("keys", KEEP_EVERY_S, callers.look_again),
            self._thread("expose", EXPOSE_EVERY_S, lambda: tenants.each(_expose)),
            self._thread("replies", TIDY_EVERY_S, Replies(self._database).tidy),
        ]
        if not self._database.is_sqlite:
            self._threads.append(self._thread("listen", LISTENING_EVERY_S, self._listen))
            others = tenants.first.keeper.keep_others
            self._threads.append(self._thread("others", OTHERS_EVERY_S, others))
            purge = partial(self._database.purge_left, ERASE_AFTER_S)
            self._threads.append(self._thread("purge", KEEP_EVERY_S, purge))

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End the threads; whoever was removed is erased before this returns, where possible."""
        self._stopping.set()
        self._changed.set()
        for thread in self._threads:
            thread.join()
        try:
            self._tenants.each(lambda serving: serving.keeper.erase())
            self._database.purge_left()
        except Exception as error:  # noqa: BLE001 (it is done at the next start)
            log.warning("what was removed is not yet erased from every file: %s", error)

    def _follow_all(self) -> None:
        self._tenants.each(_follow)
        observing.LAG.set(max(serving.lag for serving in self._tenants.all()))

    def _bring_all(self) -> None:
        while not self._stopping.is_set() and self._bring_some():
            pass

    def _bring_some(self) -> bool:
        """A step of each tenant in turn, so that a long one holds up no other; if there is more."""
        stopping, found = self._stopping.is_set, list[bool]()
        self._tenants.each(lambda one: found.append(not stopping() and one.bring(stopping)))
        return any(found)

    def _listen(self) -> None:
        """Hear what other processes change, until that ends or this does."""
        with contextlib.closing(self._database.listen(FOLLOW_EVERY_S)) as heard:
            try:
                for anything in heard:
                    self._listening = True
                    if anything:
                        self._changed.set()
                    if self._stopping.is_set():
                        break
            finally:
                self._listening = False
                self._changed.set()

    def _until_changed(self, every_s: float) -> bool:
        """Wait until something is heard, or it is time to look anyhow; whether to end."""
        if self._changed.wait(LISTENING_EVERY_S if self._listening else every_s):
            self._changed.clear()
            return self._stopping.wait(BREATH_S)
        return self._stopping.is_set()

    def _thread(
        self,
        name: str,
        every_s: float,
        work: Callable[[], object],
        wait: Callable[[float], bool] | None = None,
    ) -> threading.Thread:
        """A thread that works again and again; `wait` says before each time whether to end."""
        until_next = wait or self._stopping.wait

        def run() -> None:
            failed = False
            while not until_next(every_s):
                try:
                    work()
                    failed = False
                except Exception as error:  # noqa: BLE001 (whatever it is, answers go on)
                    if not failed:  # once, not ten times a second
                        log.warning("%s: %s", name, error)
                    failed = True

        return threading.Thread(target=run, name=name, daemon=True)


def _follow(serving: Serving) -> None:
    serving.follow()
    if serving.follower.stalled:
        serving.move()
    serving.follower.make_anew()


def _expose(serving: Serving) -> None:
    Feedback(serving.store.database).expose(serving.tenant)


def _keep(serving: Serving) -> None:
    if serving.keeper.is_due():
        serving.keeper.keep()
        serving.keeper.keep_others()
