"""Who asks: the caller of a request, from its key.

Without any key the server is open to this machine, and to this machine only. Once there has been a
key, every request needs one, also after the last is revoked: nothing here fails open.
"""

import asyncio
import ipaddress
import threading
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from indexer.keys import SCOPES, Key, Keys, Ring
from models.errors import Forbidden, Unauthorized

OPEN_TO = ("localhost", "127.0.0.1", "::1", "")
"""Names that a request to an open server may be sent to: another one in `Host` is a page elsewhere
whose name was pointed here (DNS rebinding)."""

_FORWARDED = frozenset(
    (b"forwarded", b"x-forwarded-for", b"x-forwarded-host", b"x-real-ip", b"via")
)
"""What proxies add: behind one, everybody would seem to be this machine."""

LOOK_AGAIN_S = 1.0  # by when a key that was made or revoked in another process is known here
NOT_SOONER_S = 0.2  # keys that nobody has make no more reads than this


@dataclass(frozen=True, slots=True)
class Caller:
    """Whoever asks, and whose mentors they may touch. `key`: its id, "" at an open server."""

    key: str
    tenant: str
    scopes: frozenset[str]
    origin: str = ""


class Callers:
    """The keys as this process knows them; `tenant` is whose mentors an open server shows."""

    def __init__(self, keys: Keys, tenant: str) -> None:
        self._keys = keys
        self._ring: Ring = keys.ring()
        self._read_at = time.monotonic()
        self._one_at_a_time = asyncio.Lock()
        self._reading = threading.Lock()
        self._anybody = Caller("", tenant, frozenset(SCOPES))

    @property
    def open(self) -> bool:
        """Whether there has never been a key."""
        return len(self._ring) == 0

    def tenants(self) -> list[str]:
        """Whose mentors are served."""
        return [self._anybody.tenant] if self.open else self._ring.tenants()

    def look_again(self) -> None:
        """Read the keys, if that is due."""
        if time.monotonic() - self._read_at >= LOOK_AGAIN_S:
            self._read()

    async def of(
        self,
        headers: Mapping[bytes, bytes],
        server: tuple[str, int] | None,
        off_loop: Callable[[Callable[[], None]], Awaitable[None]],
    ) -> Caller:
        """Who sends these headers to the address `server`; `off_loop` runs what reads the store.

        Raises Unauthorized, or Forbidden where an open server is asked from elsewhere.
        """
        if self.open:
            self._require_this_machine(headers, server)
            return self._anybody
        kind, _, presented = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
        if kind.lower() != "bearer" or not presented.strip():
            raise Unauthorized("Send an API key: 'Authorization: Bearer KEY'.")
        key = self._ring.find(presented.strip()) or await self._made_just_now(
            presented.strip(), off_loop
        )
        if key is None:
            raise Unauthorized("This API key is none of this server's, or it was revoked.")
        _require_origin(key, headers)
        return Caller(key.id, key.tenant, key.scopes, key.origin)

    async def _made_just_now(
        self, presented: str, off_loop: Callable[[Callable[[], None]], Awaitable[None]]
    ) -> Key | None:
        """The key, if it is among those that the store has by now."""
        asked_at = time.monotonic()
        async with self._one_at_a_time:
            if self._read_at < asked_at:  # else another request has just read them
                await asyncio.sleep(max(0.0, self._read_at + NOT_SOONER_S - time.monotonic()))
                await off_loop(self._read)
        return self._ring.find(presented)

    def _read(self) -> None:
        with self._reading:  # so that no older state takes the place of a newer one
            began = time.monotonic()
            self._ring, self._read_at = self._keys.ring(), began

    def _require_this_machine(
        self, headers: Mapping[bytes, bytes], server: tuple[str, int] | None
    ) -> None:
        elsewhere = _host(headers.get(b"host", b"")) not in OPEN_TO or not _is_here(server)
        if elsewhere or not _FORWARDED.isdisjoint(headers):
            raise Forbidden(
                "This server has no API keys, so it answers this machine only: make one with "
                "'mentors keys create'."
            )


def _require_origin(key: Key, headers: Mapping[bytes, bytes]) -> None:
    origin = headers.get(b"origin", b"").decode("latin-1")
    # Browsers name no origin in a GET to where the page came from, which is here.
    from_here = not origin and headers.get(b"sec-fetch-site") == b"same-origin"
    if key.origin and origin != key.origin and not from_here:
        raise Forbidden(f"This API key is for pages at {key.origin} only.")


def _is_here(server: tuple[str, int] | None) -> bool:
    """Whether the address that a request came to is one of loopback."""
    if server is None:  # a socket without an address, which is a file on this machine
        return True
    try:
        return ipaddress.ip_address(server[0]).is_loopback
    except ValueError:
        return True  # a name: no socket is bound to one, so this is no server but a test


def _host(value: bytes) -> str:
    """The name in a Host header, without its port."""
    host = value.decode("latin-1")
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host
    return name.strip("[]").lower()
