"""The pages as files: where there is one, what guards it, and how long it is kept."""

import gzip
import re

import pytest

from api import pages
from api.pages import FOLDER, KINDS, files
from api.settings import Settings
from models.errors import BadInput
from tests.api.conftest import bearer, new_key
from tests.api.test_http import GOAL, PATH, problem

ORIGIN = "https://mentors.example"


@pytest.fixture
def closed(index, serve):
    """A server with a page for its origin; its page's key and an admin's."""
    settings = index()
    page = new_key(settings, "recommend", origin=ORIGIN)
    admin = new_key(settings, "admin", "read")
    return serve(settings.model_copy(update={"page_key": page})), page, admin


def linked(client, path="/"):
    return re.findall(r'(?:href|src)="(/page/[^"]+)"', client.get(path).text)


@pytest.mark.parametrize("path", ["/", "/status"])
def test_the_pages_are_there_with_a_policy_that_lets_nothing_in_from_elsewhere(client, path):
    page = client.get(path)
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert "http:" not in policy
    assert "https:" not in policy
    assert not re.search(r"<style|<script>|style=|\son\w+=", page.text)


@pytest.mark.parametrize("path", ["/", "/status"])
def test_every_file_that_a_page_names_is_there_for_good(client, path):
    addresses = linked(client, path)
    assert len(addresses) > 4
    for address in addresses:
        answer = client.get(address, headers={"accept-encoding": "identity"})
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
        again = client.get(address, headers={"if-none-match": answer.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")


def test_files_are_sent_small_to_whoever_takes_that(client):
    address = next(one for one in linked(client) if one.endswith("app.js"))
    small = client.get(address, headers={"accept-encoding": "gzip"})
    plain = client.get(address, headers={"accept-encoding": "identity"})
    assert small.headers["content-encoding"] == "gzip"
    assert int(small.headers["content-length"]) < len(plain.content) / 2
    assert small.content == plain.content == (FOLDER / "app.js").read_bytes()
    assert plain.headers["content-type"] == "text/javascript; charset=utf-8"


def test_a_page_itself_is_asked_for_anew(client):
    page = client.get("/")
    assert page.headers["cache-control"] == "no-cache"
    assert client.get("/", headers={"if-none-match": page.headers["etag"]}).status_code == 304


@pytest.mark.parametrize(
    "path",
    [
        "x/app.js",
        "{v}/nothing.js",
        "{v}/index.html",
        "{v}/..%2f..%2fapp.py",
        "{v}/LICENCES.txt",
        "",
    ],
)
def test_nothing_else_is_served(client, path):
    answer = client.get(pages.BELOW + path.format(v=files().version))
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


def test_every_module_is_reached_by_names_that_are_files():
    for path in FOLDER.iterdir():
        assert path.suffix in {*KINDS, ".html", ".txt"}
        if path.suffix == ".js":
            for name in re.findall(r'from "\./([^"]+)"', path.read_text(encoding="utf-8")):
                assert (FOLDER / name).is_file(), f"{path.name} imports {name}"
        if path.suffix in (".js", ".css", ".html", ".svg") and path.name != "library.js":
            text = path.read_text(encoding="utf-8").replace("http://www.w3.org/", "")
            assert "://" not in text, f"{path.name} names an address"
    assert gzip.decompress(files().by_name["app.js"].small) == (FOLDER / "app.js").read_bytes()


def test_an_open_server_gives_its_page_no_key(client):
    assert client.get("/page/config.json").json() == {"key": None}


def test_a_closed_server_without_a_key_for_it_has_no_page(index, serve):
    settings = index()
    new_key(settings, "recommend")
    client = serve(settings)
    for path in ("/", "/page/config.json"):
        assert "MENTORS_PAGE_KEY" in problem(client.get(path), 404, "not-found")
    assert client.get("/status").status_code == 200


def test_the_page_has_a_key_that_can_recommend_from_its_origin_only(closed):
    client, key, _ = closed
    assert client.get("/page/config.json").json() == {"key": key}
    here = bearer(key) | {"origin": ORIGIN}
    assert client.post(PATH, json={"goals": GOAL}, headers=here).status_code == 200
    elsewhere = bearer(key) | {"origin": "https://evil.example"}
    problem(client.post(PATH, json={"goals": GOAL}, headers=elsewhere), 403, "forbidden")
    problem(client.get("/v1/mentors/auditor", headers=here), 403, "forbidden")
    problem(client.get("/v1/status", headers=here), 403, "forbidden")


def test_a_get_of_the_page_itself_names_no_origin_and_is_taken(closed):
    client, key, _ = closed
    own = bearer(key) | {"sec-fetch-site": "same-origin"}
    assert client.get("/v1/map", headers=own).status_code == 200
    for site in ("cross-site", "same-site", "none"):
        other = bearer(key) | {"sec-fetch-site": site}
        problem(client.get("/v1/map", headers=other), 403, "forbidden")


@pytest.mark.parametrize("bound", [True, False])
def test_a_key_that_is_none_or_not_for_pages_keeps_the_server_from_starting(index, bound, run):
    settings = index()
    key = "mk_0_0" if bound else new_key(settings, "recommend")
    chosen = Settings(data=settings.data, page_key=key)
    from api.tenants import Tenants
    from tests.fakes import table_encoder

    tenants = Tenants(chosen, table_encoder)
    with pytest.raises(BadInput, match="--origin"):
        pages.require_publishable(tenants, key)
    tenants.close()


@pytest.mark.parametrize("path", [PATH, "/v1/feedback", "/v1/mentors:bulk"])
@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1"])
def test_a_page_elsewhere_cannot_have_a_visitor_change_an_open_server(client, path, origin):
    headers = {"origin": origin, "content-type": "text/plain"}
    answer = client.post(path, content=b"{}", headers=headers)
    assert "pages of its own" in problem(answer, 403, "forbidden")


def test_the_open_servers_own_page_and_pages_that_are_named_may_ask(client, home, serve):
    own = {"origin": str(client.base_url).rstrip("/")}
    assert client.post(PATH, json={"goals": GOAL}, headers=own).status_code == 200
    allowing = serve(home.model_copy(update={"cors_origins": [ORIGIN]}))
    named = {"origin": ORIGIN}
    assert allowing.post(PATH, json={"goals": GOAL}, headers=named).status_code == 200
