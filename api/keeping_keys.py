"""`mentors keys`: API keys made, listed and revoked."""

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

from api.places import folder_of, store_of
from api.settings import Settings
from indexer.keys import Key, Keys
from models.errors import BadInput


def create(settings: Settings, scopes: Sequence[str], name: str, origin: str) -> dict[str, Any]:
    """A new key; `key` is the whole of it, which nobody can read any more afterwards.

    The folder may be a new one: a tenant can have keys before it has mentors.
    """
    folder = folder_of(settings)
    folder.tenant(settings.tenant)  # a name that is none is refused
    folder.ensure_writable()
    with _keys(settings) as keys:
        key, shown = keys.create(settings.tenant, scopes, name, origin)
    return {"key": shown} | _said(key)


def listed(settings: Settings, tenant: str | None) -> list[dict[str, Any]]:
    """The keys of one tenant, or of all."""
    folder_of(settings).ensure_present()
    with _keys(settings) as keys:
        return [_said(key) for key in keys.listed(tenant)]


def revoke(settings: Settings, id: str) -> None:
    """End a key. Raises BadInput when none in use has this id."""
    folder_of(settings).ensure_present()
    with _keys(settings) as keys:
        if not keys.revoke(id):
            raise BadInput(f"No key in use has the id {id!r}: see 'mentors keys list'.")


@contextlib.contextmanager
def _keys(settings: Settings) -> Iterator[Keys]:
    store = store_of(settings)
    try:
        yield Keys(store.database)
    finally:
        store.close()


def _said(key: Key) -> dict[str, Any]:
    return {
        "id": key.id,
        "tenant": key.tenant,
        "name": key.name,
        "scopes": sorted(key.scopes),
        "origin": key.origin,
        "created_at": key.created_at,
        "revoked_at": key.revoked_at,
    }
