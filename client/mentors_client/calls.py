"""Each call as the request that it sends: the same for both clients."""

import json
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import quote

from mentors_client.problems import NotReached

Kind = Literal["shown", "opened", "requested", "accepted", "declined", "rated"]


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a mentor who was recommended.

    `rating`: 1..5, with "rated" only; `at`: RFC 3339, now where it is left out.
    """

    mentor: str
    event: Kind
    rating: int | None = None
    at: str | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """A request; sent again with the same headers, it is done once."""

    method: str
    path: str
    body: Any = None
    query: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "application/json"

    def arguments(self) -> dict[str, Any]:
        """What httpx sends it by."""
        headers = dict(self.headers)
        content = None
        if self.body is not None:
            headers["Content-Type"] = self.content_type
            content = json.dumps(self.body).encode()
        return {"content": content, "params": dict(self.query), "headers": headers}


def recommend(goals: str | Sequence[str], wanted: Mapping[str, Any]) -> Call:
    """A page of mentors for the goals."""
    return Call("POST", "/v1/recommendations", _goals(goals) | dict(wanted))


def explain(goals: str | Sequence[str], mentor: str, wanted: Mapping[str, Any]) -> Call:
    """Where one mentor stands."""
    body = _goals(goals) | {"mentor": mentor} | dict(wanted)
    return Call("POST", "/v1/recommendations/explain", body)


def understand(goals: str | Sequence[str]) -> Call:
    """The goals as they are understood."""
    return Call("POST", "/v1/goals", _goals(goals))


def chart() -> Call:
    """The map of the mentors."""
    return Call("GET", "/v1/map")


def status() -> Call:
    """Figures for whoever runs the server."""
    return Call("GET", "/v1/status")


def similar(id: str, limit: int) -> Call:
    """Mentors like one of them."""
    return Call("GET", f"{_mentor(id)}/similar", query={"limit": limit})


def read(id: str) -> Call:
    """A mentor's record."""
    return Call("GET", _mentor(id))


def put(id: str, record: Mapping[str, Any], etag: str | None, *, new: bool) -> Call:
    """Add or replace a mentor."""
    headers = _once() | _match(etag) | ({"If-None-Match": "*"} if new else {})
    return Call("PUT", _mentor(id), dict(record), headers=headers)


def patch(id: str, fields: Mapping[str, Any], etag: str | None) -> Call:
    """Change some fields."""
    headers = _once() | _match(etag)
    kind = "application/merge-patch+json"
    return Call("PATCH", _mentor(id), dict(fields), headers=headers, content_type=kind)


def delete(id: str, etag: str | None) -> Call:
    """Erase a mentor."""
    return Call("DELETE", _mentor(id), headers=_once() | _match(etag))


def tell(recommendation_id: str, events: Iterable[Event], goals: str | None) -> Call:
    """What came of a recommendation."""
    said = [
        {
            name: value
            for name in ("mentor", "event", "rating", "at")
            if (value := getattr(one, name))
        }
        for one in events
    ]
    body: dict[str, Any] = {"recommendation_id": recommendation_id, "events": said}
    return Call("POST", "/v1/feedback", body | ({"goals": goals} if goals else {}), headers=_once())


def erase_told(recommendation_id: str) -> Call:
    """Erase what was said of a recommendation."""
    path = f"/v1/feedback/{quote(recommendation_id, safe='')}"
    return Call("DELETE", path, headers=_once())


def line(value: Mapping[str, Any]) -> bytes:
    """One line of a batch or a bulk change."""
    return json.dumps(dict(value)).encode() + b"\n"


LINES = {"Content-Type": "application/x-ndjson"}


class Lines:
    """JSON lines out, and those that come back, one for each; only a line feed ends a line."""

    def __init__(self) -> None:
        self._rest = b""
        self._sent = self._came = 0

    def sent(self, values: Iterable[Mapping[str, Any]]) -> Iterator[bytes]:
        """The lines to send."""
        for value in values:
            self._sent += 1
            yield line(value)

    def of(self, piece: bytes) -> list[Any]:
        """The lines that are complete with this piece."""
        *whole, self._rest = (self._rest + piece).split(b"\n")
        found = [json.loads(one) for one in whole if one.strip()]
        self._came += len(found)
        return found

    def require_all(self) -> None:
        """Raises NotReached where fewer lines came than were sent."""
        if self._came < self._sent:
            raise NotReached(
                f"{self._sent:,} lines were sent, and {self._came:,} were answered: send those "
                f"without a result again."
            )


def _goals(goals: str | Sequence[str]) -> dict[str, Any]:
    return {"goals": goals if isinstance(goals, str) else list(goals)}


def _mentor(id: str) -> str:
    return f"/v1/mentors/{quote(id, safe='')}"


def _once() -> dict[str, str]:
    return {"Idempotency-Key": uuid.uuid4().hex}


def _match(etag: str | None) -> dict[str, str]:
    return {} if etag is None else {"If-Match": etag}
