"""Who may ask for what, over real sockets."""

import pytest

from indexer.keys import SCOPES, Keys
from indexer.store import Store
from tests.api.conftest import bearer, new_key
from tests.api.test_http import GOAL, PATH, ids, problem, recommend

ASK = {"goals": GOAL}


@pytest.fixture
def closed(index, serve):
    """A server with a key of every scope; its settings and that key."""
    settings = index()
    key = new_key(settings, *SCOPES)
    return serve(settings), settings, key


def ask(client, key, **more):
    return client.post(PATH, json=ASK, headers=bearer(key) | more)


def test_without_keys_a_server_is_open_to_this_machine(index, serve):
    assert recommend(serve(index())).status_code == 200


@pytest.mark.parametrize(
    "host", ["mentors.example", "mentors.example:80", "10.0.0.1", "127.0.0.2.x"]
)
def test_without_keys_a_page_elsewhere_is_refused_though_its_name_leads_here(index, serve, host):
    answer = serve(index()).post(PATH, json=ASK, headers={"host": host})
    assert "mentors keys create" in problem(answer, 403, "forbidden")


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:99", "127.0.0.1:1", "[::1]:8000", "[::1]"]
)
def test_the_names_of_this_machine_are_taken(index, serve, host):
    assert serve(index()).post(PATH, json=ASK, headers={"host": host}).status_code == 200


def test_with_keys_nothing_is_answered_without_one(closed):
    client, _, key = closed
    answer = recommend(client)
    assert "Authorization: Bearer" in problem(answer, 401, "unauthorized")
    assert answer.headers["www-authenticate"] == "Bearer"
    assert ids(ask(client, key))[0] == "auditor"


@pytest.mark.parametrize("path", ["/health/live", "/health/ready", "/openapi.json", "/docs"])
def test_what_is_public_needs_no_key(closed, path):
    assert closed[0].get(path).status_code == 200


@pytest.mark.parametrize("path", ["/metrics", "/v1/feedback", "/v1/nothing", "/nothing"])
def test_a_path_that_is_not_public_tells_nothing_without_a_key(closed, path):
    problem(closed[0].get(path), 401, "unauthorized")


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer  x y",
        "Basic eDp5",
        "mk_1_2",
        "Bearer mk_000000000000_x",
        "Bearer \xff",
    ],
)
def test_a_key_that_is_none_is_refused(closed, header):
    answer = closed[0].post(PATH, json=ASK, headers={"authorization": header.encode("latin-1")})
    problem(answer, 401, "unauthorized")


def test_a_key_is_known_as_soon_as_it_is_made_and_refused_soon_after_it_is_revoked(closed, until):
    client, settings, key = closed
    fresh = new_key(settings, "recommend")
    assert ask(client, fresh).status_code == 200
    store = Store.in_folder(settings.data)
    Keys(store.database).revoke(fresh.split("_")[1])
    store.close()
    until(lambda: ask(client, fresh).status_code == 401)
    assert ask(client, key).status_code == 200


def test_a_server_stays_closed_when_its_last_key_is_revoked(closed, until):
    client, settings, key = closed
    store = Store.in_folder(settings.data)
    Keys(store.database).revoke(key.split("_")[1])
    store.close()
    until(lambda: ask(client, key).status_code == 401)
    problem(recommend(client), 401, "unauthorized")


def test_an_open_server_closes_when_a_key_is_made(index, serve, until):
    settings = index()
    client = serve(settings)
    assert recommend(client).status_code == 200
    new_key(settings, "recommend")
    until(lambda: recommend(client).status_code == 401)


@pytest.mark.parametrize(
    "header",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"x-forwarded-for": "203.0.113.7"},
        {"forwarded": "for=203.0.113.7"},
        {"via": "1.1 proxy"},
    ],
)
def test_an_open_server_takes_nothing_that_came_through_a_page_or_proxy_elsewhere(
    index, serve, header
):
    client = serve(index())
    lines = '{"op": "delete", "id": "auditor"}\n'
    answer = client.post("/v1/mentors:bulk", content=lines, headers=header)
    assert problem(answer, 403, "forbidden")
    assert client.get("/v1/mentors/auditor").status_code == 200


def test_how_far_an_index_is_is_told_to_nobody_where_there_are_keys(closed):
    assert closed[0].get("/health/ready").json() == {"status": "ready"}


SCOPED = [
    ("recommend", "POST", PATH, ASK),
    ("recommend", "POST", f"{PATH}/explain", ASK | {"mentor": "auditor"}),
    ("recommend", "POST", f"{PATH}:batch", None),
    ("recommend", "GET", "/v1/mentors/auditor/similar", None),
    ("recommend", "POST", "/v1/goals", ASK),
    ("recommend", "GET", "/v1/map", None),
    ("recommend", "POST", "/v1/feedback", {"recommendation_id": "0" * 52, "events": []}),
    ("read", "GET", "/v1/mentors/auditor", None),
    ("read", "GET", "/v1/feedback", None),
    ("write", "PUT", "/v1/mentors/newcomer", {"bio": "Ship officer."}),
    ("write", "PATCH", "/v1/mentors/auditor", {"capacity": 4}),
    ("write", "DELETE", "/v1/mentors/nobody", None),
    ("write", "POST", "/v1/mentors:bulk", None),
    ("write", "DELETE", f"/v1/feedback/{'0' * 52}", None),
    ("admin", "GET", "/metrics", None),
    ("admin", "GET", "/v1/status", None),
]


@pytest.mark.parametrize(("scope", "method", "path", "body"), SCOPED)
def test_each_route_needs_its_scope_and_no_other(closed, scope, method, path, body):
    client, settings, _ = closed
    others = new_key(settings, *(set(SCOPES) - {scope}))
    answer = client.request(method, path, json=body, headers=bearer(others))
    assert f"this needs '{scope}'" in problem(answer, 403, "forbidden")
    only = new_key(settings, scope)
    answer = client.request(method, path, json=body, headers=bearer(only))
    assert answer.status_code not in (401, 403)


def test_every_route_that_takes_a_key_is_among_those_tried(closed):
    document = closed[0].get("/openapi.json").json()
    described = {
        (method.upper(), path)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if "security" in operation
    }
    tried = {
        (
            method,
            path.replace("auditor", "{id}")
            .replace("newcomer", "{id}")
            .replace("nobody", "{id}")
            .replace("0" * 52, "{recommendation_id}"),
        )
        for _, method, path, _ in SCOPED
    }
    assert tried == described


def test_a_key_that_pages_show_works_on_pages_of_its_origin_only(closed):
    client, settings, _ = closed
    key = new_key(settings, "recommend", origin="https://acme.example")
    assert ask(client, key, origin="https://acme.example").status_code == 200
    for other in ({"origin": "https://evil.example"}, {}):
        assert "https://acme.example" in problem(ask(client, key, **other), 403, "forbidden")


def test_a_server_that_is_open_to_others_is_not_started_without_keys(index, run):
    index()
    ran = run("serve", "--host", "0.0.0.0")
    assert (ran.status, ran.out) == (2, "")


def test_keys_are_made_listed_and_revoked_from_the_command_line(run, tmp_path):
    data = ("--data", tmp_path / "data")
    made = run(
        "keys",
        "create",
        "--scope",
        "read",
        "--scope",
        "write",
        "--tenant",
        "acme",
        "--name",
        "import",
        *data,
    )
    assert made.status == 0
    key = made.out.splitlines()[0]
    id = key.split("_")[1]
    listed = run("keys", "list", *data)
    assert id in listed.out
    assert "acme" in listed.out
    assert key not in listed.out
    assert run("keys", "revoke", id, *data).status == 0
    assert run("keys", "revoke", id, *data).status == 2
    assert run("keys", "create", "--scope", "rule", *data).status == 2


def test_the_address_decides_whether_an_open_server_is_asked_from_here():
    from api.callers import _is_here

    assert _is_here(("127.0.0.1", 8000))
    assert _is_here(("::1", 8000))
    assert _is_here(None)
    assert not _is_here(("10.1.2.3", 8000))
