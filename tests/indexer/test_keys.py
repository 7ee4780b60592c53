import pytest
import sqlalchemy as sa

from indexer.database import EVERYBODY
from indexer.keys import SCOPES, Keys
from indexer.store import Store
from indexer.tables import keys as table
from models.errors import BadInput

ON_EVERY_STORE = True


@pytest.fixture
def keys(tmp_path, store_url):
    store = Store.of(tmp_path, store_url)
    yield Keys(store.database)
    store.close()


def rows(keys):
    with keys._database.reading(EVERYBODY) as connection:
        return connection.execute(sa.select(table)).all()


def test_a_key_is_found_by_what_was_shown_when_it_was_made(keys):
    key, shown = keys.create("acme", ["write", "recommend"], "import")
    assert keys.ring().find(shown) == key
    assert (key.tenant, key.name, key.origin) == ("acme", "import", "")
    assert key.scopes == {"recommend", "write"}
    assert key.revoked_at == ""
    assert keys.listed() == [key]


def test_nothing_kept_tells_the_secret(keys):
    _, shown = keys.create("acme", ["read"])
    secret = shown.split("_", 2)[2].encode()
    assert len(secret) >= 43
    (row,) = rows(keys)
    assert not any(
        secret in value for value in (v if isinstance(v, bytes) else v.encode() for v in row)
    )


def test_equal_secrets_would_be_kept_differently(keys):
    for _ in range(2):
        keys.create("acme", ["read"])
    first, second = rows(keys)
    assert first.salt != second.salt


@pytest.mark.parametrize(
    "change",
    [
        lambda shown: shown[:-1],
        lambda shown: shown + "x",
        lambda shown: shown.swapcase(),
        lambda shown: "xx" + shown[2:],
        lambda shown: shown.replace("mk_", "", 1),
        lambda shown: "mk_" + "0" * 12 + "_" + shown.split("_", 2)[2],
        lambda _: "",
        lambda _: "mk",
        lambda _: "mk__",
        lambda _: "\ud800",
        lambda _: "mk_' OR 1=1 --_x",
    ],
)
def test_anything_else_finds_none(keys, change):
    _, shown = keys.create("acme", ["read"])
    assert keys.ring().find(change(shown)) is None


def test_the_secret_of_one_key_does_not_open_another(keys):
    _, first = keys.create("acme", ["read"])
    _, second = keys.create("other", ["admin"])
    mixed = "_".join([*second.split("_", 2)[:2], first.split("_", 2)[2]])
    assert keys.ring().find(mixed) is None


def test_a_revoked_key_is_listed_and_not_found(keys):
    key, shown = keys.create("acme", ["read"])
    assert keys.ring().tenants() == ["acme"]
    assert keys.revoke(key.id) is True
    assert keys.revoke(key.id) is False
    assert keys.revoke("nobody") is False
    assert keys.ring().find(shown) is None
    assert (len(keys.ring()), keys.ring().tenants()) == (1, [])
    assert keys.listed()[0].revoked_at >= key.created_at


def test_keys_are_listed_by_tenant_oldest_first(keys):
    made = [keys.create(tenant, ["read"])[0] for tenant in ("b", "a", "b")]
    assert keys.listed() == made
    assert keys.listed("b") == [made[0], made[2]]
    assert keys.listed("c") == []


@pytest.mark.parametrize("scopes", [[], ["delete"], ["read", ""]])
def test_scopes_that_are_none_are_refused_in_one_sentence(keys, scopes):
    with pytest.raises(BadInput, match=rf"out of {', '.join(SCOPES)}: got .*\.$"):
        keys.create("acme", scopes)
    assert keys.listed() == []


@pytest.mark.parametrize("scopes", [["read"], ["recommend", "write"], SCOPES])
def test_a_key_that_is_public_can_only_recommend(keys, scopes):
    with pytest.raises(BadInput, match="public"):
        keys.create("acme", scopes, origin="https://acme.example")
    _key, shown = keys.create("acme", ["recommend"], origin="https://acme.example")
    assert keys.ring().find(shown).origin == "https://acme.example"
