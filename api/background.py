"""What a server does beside answering: follow the store, and keep the data folder in shape."""

import logging
import threading
from collections.abc import Callable

from api.wiring import Serving

FOLLOW_EVERY_S = 0.1  # a look at one counter; how soon a change made elsewhere is seen here
KEEP_EVERY_S = 1.0
log = logging.getLogger(__name__)


class Background:
    """Two threads that run until stopped; a failure is logged and tried again."""

    def __init__(self, serving: Serving) -> None:
        self._serving = serving
        self._stopping = threading.Event()
        self._threads = [
            self._thread("follow", FOLLOW_EVERY_S, self._follow),
            self._thread("keep", KEEP_EVERY_S, self._keep),
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End both threads; whoever was removed is erased before this returns, where possible."""
        self._stopping.set()
        for thread in self._threads:
            thread.join()
        try:
            self._serving.keeper.erase()
        except Exception as error:  # noqa: BLE001 (it is done at the next start)
            log.warning("what was removed is not yet erased from every file: %s", error)

    def _follow(self) -> None:
        self._serving.follow()
        if self._serving.follower.stalled:
            self._serving.move()
        self._serving.follower.make_anew()

    def _keep(self) -> None:
        if self._serving.keeper.is_due():
            self._serving.keeper.keep()
            self._serving.keeper.keep_others()

    def _thread(self, name: str, every_s: float, work: Callable[[], object]) -> threading.Thread:
        def run() -> None:
            failed = False
            while not self._stopping.wait(every_s):
                try:
                    work()
                    failed = False
                except Exception as error:  # noqa: BLE001 (whatever it is, answers go on)
                    if not failed:  # once, not ten times a second
                        log.warning("%s: %s", name, error)
                    failed = True

        return threading.Thread(target=run, name=name, daemon=True)
