"""How many requests a key may send, by the `limits` package.

The headers are those of the IETF's draft "RateLimit header fields for HTTP": `RateLimit-Policy`
says what is granted, `RateLimit` what is left of it and in how many seconds there is more.
"""

import logging
import math
import time

from limits import RateLimitItem, WindowStats, parse
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from limits.errors import StorageError
from limits.storage import storage_from_string

from models.errors import BadInput, RateLimited

AWAY_S = 5.0  # how long a storage that failed is left alone
log = logging.getLogger(__name__)


class Rates:
    """Counts requests by key; at an open server nobody's.

    `rate`: such as "600/minute", "" for any number; `storage`: where counts are kept, "memory://"
    for each process its own, or a Redis or Memcached that all processes and hosts share. While
    that does not answer, each process counts for itself.
    """

    def __init__(self, rate: str, storage: str) -> None:
        """Raises BadInput when one of them is none."""
        self._rate = _rate(rate)
        self._here = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._away_until = -math.inf
        try:
            self._limiter = SlidingWindowCounterRateLimiter(
                storage_from_string(f"async+{storage}", wrap_exceptions=True)
            )
        except Exception as error:
            raise BadInput(
                f"MENTORS_RATE_STORAGE: {error}; expected 'memory://' or the address of a Redis or "
                f"Memcached, got {storage!r}."
            ) from error

    async def take(self, key: str, headers: dict[str, str]) -> None:
        """Count one request, and add what its answer says of it. Raises RateLimited."""
        if self._rate is None or not key:
            return
        allowed, found = await self._counted(self._rate, key)
        wait = max(1, math.ceil(found.reset_time - time.time()))
        amount, window = self._rate.amount, self._rate.get_expiry()
        headers["RateLimit-Policy"] = f'"key";q={amount};w={window}'
        headers["RateLimit"] = f'"key";r={found.remaining};t={wait}'
        if not allowed:
            raise RateLimited(
                f"This API key has sent its {amount:,} requests of {window:,} s: try again in "
                f"{wait} s.",
                retry_after=wait,
            )

    async def _counted(self, rate: RateLimitItem, key: str) -> tuple[bool, WindowStats]:
        """Whether one more is allowed, which then counts, and how the key stands."""
        if time.monotonic() >= self._away_until:
            try:
                found = await _hit(self._limiter, rate, key)
            except StorageError as error:
                if self._away_until == -math.inf:
                    log.warning("requests are counted by each process alone: %s", error)
                self._away_until = time.monotonic() + AWAY_S
            else:
                self._away_until = -math.inf
                return found
        return await _hit(self._here, rate, key)


async def _hit(
    limiter: SlidingWindowCounterRateLimiter, rate: RateLimitItem, key: str
) -> tuple[bool, WindowStats]:
    return await limiter.hit(rate, key), await limiter.get_window_stats(rate, key)


def _rate(text: str) -> RateLimitItem | None:
    try:
        return parse(text) if text else None
    except ValueError as error:
        raise BadInput(
            f"MENTORS_RATE: expected a rate such as '600/minute', got {text!r}."
        ) from error
