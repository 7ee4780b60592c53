"""What goes wrong: the server's problem details (RFC 9457), or no answer at all."""

import json
from typing import Any

import httpx


class Problem(Exception):
    """The server refused a request; `str()` is its sentence.

    `type` is stable, such as "urn:mentors:bad-goals"; `pointer` a JSON Pointer into what was sent,
    or ""; `request_id` names the request in the server's log; `retry_after`: seconds, or None.
    """

    def __init__(self, answer: httpx.Response, said: dict[str, Any]) -> None:
        super().__init__(said.get("detail") or f"HTTP {answer.status_code}")
        self.status = answer.status_code
        self.type: str = said.get("type", "about:blank")
        self.title: str = said.get("title", "")
        self.pointer: str = said.get("pointer", "")
        self.request_id = answer.headers.get("x-request-id", "")
        after = answer.headers.get("retry-after", "")
        self.retry_after = float(after) if after.isdecimal() else None

    @property
    def passes(self) -> bool:
        """Whether the same request may be answered a little later."""
        return self.status in (409, 429, 503) and self.retry_after is not None


class NotReached(Exception):
    """No answer came, though the request was sent several times."""


def require(answer: httpx.Response) -> None:
    """Raises Problem where the answer is one; its body has been read."""
    if answer.is_success or answer.status_code == httpx.codes.NOT_MODIFIED:
        return
    try:
        said = answer.json()
    except (json.JSONDecodeError, UnicodeDecodeError):
        said = {}
    raise Problem(answer, said if isinstance(said, dict) else {})
