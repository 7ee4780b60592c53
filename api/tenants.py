"""The tenants of one server: each with an index, store reads and caches of its own."""

import threading
from collections.abc import Callable
from pathlib import Path

from api import wiring
from api.places import folder_of, store_of
from api.settings import Settings
from api.wiring import EncoderFactory, Serving
from indexer.keys import Keys
from models.errors import NoIndex
from models.ports import Encoder


class Tenants:
    """What answers for each tenant; opened when first asked for, and kept."""

    def __init__(
        self, settings: Settings, factory: EncoderFactory | None = None, *, create: bool = False
    ) -> None:
        """Open the tenant of the settings; with `create` a missing index is begun empty.

        Where that tenant has nothing, one that has keys comes first instead. Raises NoIndex,
        DataFolderError, SpaceMismatch or EncoderUnavailable.
        """
        self._settings = settings
        self._factory = factory
        self._encoders: dict[str, Encoder] = {}
        self._opening = threading.Lock()
        self._open: dict[str, Serving] = {}
        try:
            self.first = self._opened(settings.tenant, create=create)
        except NoIndex:
            others = self._tenants_with_keys()
            if not others:
                raise
            self.first = self._opened(others[0], create=True)

    def has_keys(self) -> bool:
        """Whether there has ever been an API key of anybody."""
        return len(Keys(self.first.store.database).ring()) > 0

    def find(self, tenant: str) -> Serving | None:
        """What answers for the tenant, if that is open."""
        return self._open.get(tenant)

    def open(self, tenant: str) -> Serving:
        """What answers for the tenant; one of whom nothing is indexed yet begins with nobody."""
        with self._opening:
            return self._open.get(tenant) or self._opened(tenant, create=True)

    def all(self) -> list[Serving]:
        """Those that are open."""
        return list(self._open.values())

    def each(self, work: Callable[[Serving], object]) -> None:
        """Do the work for every tenant that is open; the first error is raised after the last."""
        failed: Exception | None = None
        for serving in self.all():
            try:
                work(serving)
            except Exception as error:  # noqa: BLE001 (one tenant's trouble is not another's)
                failed = failed or error
        if failed:
            raise failed

    def close(self) -> None:
        self.each(lambda serving: serving.close())

    def _tenants_with_keys(self) -> list[str]:
        if not folder_of(self._settings).has_store():
            return []
        store = store_of(self._settings)
        try:
            return Keys(store.database).ring().tenants()
        finally:
            store.close()

    def _opened(self, tenant: str, *, create: bool) -> Serving:
        settings = self._settings.model_copy(update={"tenant": tenant})
        serving = Serving(settings, self._encoder, create=create)
        self._open = self._open | {tenant: serving}  # whoever iterates has the old one
        return serving

    def _encoder(self, settings: Settings) -> Encoder:
        make = self._factory or wiring.default_encoder
        if Path(settings.encoder).is_dir():  # may have been trained anew in its place
            return make(settings)
        if settings.encoder not in self._encoders:
            self._encoders[settings.encoder] = make(settings)
        return self._encoders[settings.encoder]
