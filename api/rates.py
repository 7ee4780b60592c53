"""How many requests a key may send, by the `limits` package.

The headers are those of the IETF's draft "RateLimit header fields for HTTP": `RateLimit-Policy`
says what is granted, `RateLimit` what is left of it and in how many seconds there is more.
"""

import math
import time

from limits import RateLimitItem, parse
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from limits.storage import storage_from_string

from models.errors import BadInput, RateLimited


class Rates:
    """Counts requests by key; at an open server nobody's.

    `rate`: such as "600/minute", "" for any number; `storage`: where counts are kept, "memory://"
    for each process its own, or a Redis or Memcached that all processes and hosts share.
    """

    def __init__(self, rate: str, storage: str) -> None:
        """Raises BadInput when one of them is none."""
        self._rate = _rate(rate)
        try:
            self._limiter = SlidingWindowCounterRateLimiter(storage_from_string(f"async+{storage}"))
        except Exception as error:
            raise BadInput(
                f"MENTORS_RATE_STORAGE: {error}; expected 'memory://' or the address of a Redis or "
                f"Memcached, got {storage!r}."
            ) from error

    async def take(self, key: str, headers: dict[str, str]) -> None:
        """Count one request, and add what its answer says of it. Raises RateLimited."""
        if self._rate is None or not key:
            return
        allowed = await self._limiter.hit(self._rate, key)
        found = await self._limiter.get_window_stats(self._rate, key)
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


def _rate(text: str) -> RateLimitItem | None:
    try:
        return parse(text) if text else None
    except ValueError as error:
        raise BadInput(
            f"MENTORS_RATE: expected a rate such as '600/minute', got {text!r}."
        ) from error
