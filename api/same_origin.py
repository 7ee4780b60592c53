"""Pages elsewhere may not ask in a visitor's name (cross-site request forgery).

A request with an API key cannot be forged: another page does not know the key, and no cookie is
used. At an open server there is none, so a page elsewhere could have a visitor's browser change
mentors on the visitor's own machine. Browsers say in `Origin` which page sends a POST.
"""

from collections.abc import Collection

from api import problems
from api.edge import App, Receive, Scope, Send

_READING = ("GET", "HEAD", "OPTIONS")


class SameOrigin:
    """Wraps the door. `others`: web origins that may ask all the same."""

    def __init__(self, app: App, others: Collection[str]) -> None:
        self._app = app
        self._others = frozenset(others)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or self._may(scope):
            await self._app(scope, receive, send)
            return
        detail = "This server takes changes from pages of its own only."
        answer = problems.problem(403, "Not from that page", detail, type="urn:mentors:forbidden")
        await answer(scope, receive, send)

    def _may(self, scope: Scope) -> bool:
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        origin = headers.get(b"origin")
        if scope["method"] in _READING or origin is None or b"authorization" in headers:
            return True
        return origin in self._others or origin.partition("://")[2] == headers.get(b"host")
