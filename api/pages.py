"""The pages: for mentees at `/`, for whoever runs the server at `/status`.

Only files: whatever they do goes through the HTTP API. An address of a file has a digest of all of
them in it, so browsers keep it for good, and no page mixes files of two versions.
"""

import functools
import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from fastapi import APIRouter, HTTPException, Request, Response

from api import problems
from api.desk import Desk
from api.json_response import Json
from api.tenants import Tenants
from indexer.keys import Keys
from models.errors import BadInput

BELOW = "/page/"
"""Where the files are; public, as they hold nothing of anybody."""

FOLDER = Path(__file__).parent / "page"
KINDS = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
}
PACKED = (".woff2",)  # compressed in themselves
_RULES = (
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
)
POLICY = "; ".join(_RULES)
"""The Content-Security-Policy of both pages: nothing inline, nothing from elsewhere, and no text
that becomes HTML."""

FOR_GOOD = "public, max-age=31536000, immutable"
ANEW = "no-cache"  # kept, and asked for by its tag each time
router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class File:
    """What is sent: as it is, and gzipped where that is smaller."""

    kind: str
    content: bytes
    small: bytes | None
    tag: str


@dataclass(frozen=True, slots=True)
class Files:
    """Everything in the folder; `version` is the digest in the addresses."""

    version: str
    by_name: Mapping[str, File]


@functools.cache
def files() -> Files:
    """The files, read and compressed once."""
    contents = {path.name: path.read_bytes() for path in sorted(FOLDER.iterdir())}
    whole = hashlib.sha256()
    for name, content in contents.items():
        whole.update(name.encode() + b"\0" + hashlib.sha256(content).digest())
    version = whole.hexdigest()[:12]
    found = {
        name: as_file(content, KINDS[Path(name).suffix], packed=Path(name).suffix in PACKED)
        for name, content in contents.items()
        if Path(name).suffix in KINDS
    }
    for name in ("index.html", "status.html"):
        text = contents[name].replace(b"{version}", version.encode())
        found[name] = as_file(text, "text/html; charset=utf-8")
    return Files(version, found)


def require_publishable(tenants: Tenants, key: str) -> None:
    """Raises BadInput where the page's key is none, or could do harm in everybody's hands."""
    if not key:
        return
    found = Keys(tenants.first.store.database).ring().find(key)
    if found is None or not found.origin:
        raise BadInput(
            "MENTORS_PAGE_KEY must be a key that pages may show: make one with 'mentors keys "
            "create --scope recommend --origin https://...', the address at which people open the "
            "page."
        )


@router.get("/")
async def page(request: Request) -> Response:
    """The page for mentees, where there may be one."""
    if (refused := _refused(request)) is not None:
        return refused
    return answer(request, files().by_name["index.html"], ANEW, POLICY)


@router.get("/status")
async def status_page(request: Request) -> Response:
    """The page for whoever runs the server; it asks for a key."""
    return answer(request, files().by_name["status.html"], ANEW, POLICY)


@router.get(BELOW + "config.json")
async def config(request: Request) -> Response:
    """What the page must know of this server: the key that it sends."""
    if (refused := _refused(request)) is not None:
        return refused
    return Json({"key": request.app.state.page_key or None})


@router.get(BELOW + "{version}/{name}")
async def file(request: Request, version: str, name: str) -> Response:
    """One file."""
    known = files()
    found = known.by_name.get(name)
    if found is None or version != known.version or name.endswith(".html"):
        raise HTTPException(404)
    return answer(request, found, FOR_GOOD)


def as_file(content: bytes, kind: str, *, packed: bool = False) -> File:
    """What is sent of `content`, whose media type is `kind`; `packed`: compressed in itself."""
    small = None if packed else gzip.compress(content, 9, mtime=0)
    return File(kind, content, small, f'"{hashlib.sha256(content).hexdigest()[:16]}"')


def answer(request: Request, found: File, kept: str, policy: str | None = None) -> Response:
    """The file, gzipped for whoever takes that, or 304 for whoever has it.

    `kept`: its Cache-Control; `policy`: its Content-Security-Policy, where it is a page.
    """
    taken = "gzip" in request.headers.get("accept-encoding", "")
    small = found.small if taken else None
    # Each form has a tag of its own, as strong ones must.
    headers = {"ETag": found.tag if small is None else f'{found.tag[:-1]}-gzip"'}
    headers["Cache-Control"] = kept
    if small is not None:  # of the other form the middleware says so
        headers["Vary"] = "Accept-Encoding"
    if policy is not None:
        headers["Content-Security-Policy"] = policy
    if found.tag[:-1] in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    if small is None:
        return Response(found.content, headers=headers, media_type=found.kind)
    headers["Content-Encoding"] = "gzip"
    return Response(small, headers=headers, media_type=found.kind)


def _refused(request: Request) -> Response | None:
    """Why there is no page for mentees; at an open server there is one for this machine."""
    desk: Desk | None = getattr(request.app.state, "desk", None)
    if desk is None:
        return problems.not_ready()
    if request.app.state.page_key or desk.callers.open:
        return None
    detail = "There is no page here: whoever runs the server can set MENTORS_PAGE_KEY."
    return problems.problem(404, "Not Found", detail, type="urn:mentors:not-found")
