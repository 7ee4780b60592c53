"""The one place where the parts are put together."""

import threading
from collections.abc import Callable

from api.settings import Settings
from indexer.build import build_snapshot
from indexer.folder import DataFolder
from indexer.recipe import TextRecipe
from indexer.snapshot import Snapshot, live_name, load
from indexer.store import Store
from indexer.vectors import Vectors
from models.encoder import SentenceTransformerEncoder
from models.ports import Encoder, Stored
from models.recommendation import Recommendations
from recommender.recommend import Recommender, Request

EncoderFactory = Callable[[Settings], Encoder]


def default_encoder(settings: Settings) -> Encoder:
    """The encoder that the settings name."""
    return SentenceTransformerEncoder(settings.encoder, threads=settings.threads)


class Indexing:
    """What writes: a store, an encoder and a data folder that is made when it is missing."""

    def __init__(self, settings: Settings, encoder: EncoderFactory = default_encoder) -> None:
        self.folder = DataFolder(settings.data)
        self.folder.tenant(settings.tenant)
        self.folder.ensure_writable()
        self.store = Store.in_folder(settings.data)
        self._settings = settings
        self._encoder = encoder

    def build(self, progress: Callable[[int, int], None] | None = None) -> Snapshot:
        """Index everything in the store and make it live."""
        encoder = self._encoder(self._settings)
        return build_snapshot(self.store, self._settings.tenant, encoder, self.folder, progress)

    def close(self) -> None:
        self.store.close()


class Serving:
    """What answers: follows the live snapshot of one tenant.

    A newer snapshot replaces the recommender in one assignment; requests under way keep the
    one they began with.
    """

    def __init__(self, settings: Settings, encoder: EncoderFactory = default_encoder) -> None:
        """Raises NoIndex, DataFolderError, SpaceMismatch or EncoderUnavailable."""
        folder = DataFolder(settings.data)
        folder.ensure_present()
        self.tenant = settings.tenant
        self.store = Store.in_folder(settings.data)
        self._folder = folder.tenant(settings.tenant)
        self._swap = threading.Lock()
        name = live_name(self._folder)
        snapshot = load(self._folder)
        self.encoder = encoder(settings)
        self._recipe = TextRecipe(Vectors(self.store, self.encoder))
        self._live = (name, self._recommender(snapshot))

    @property
    def recommender(self) -> Recommender:
        return self._live[1]

    def follow(self) -> bool:
        """Load the live snapshot if it is another than the one in use; whether it was."""
        with self._swap:
            name = live_name(self._folder)
            if name == self._live[0]:
                return False
            self._live = (name, self._recommender(load(self._folder)))
            return True

    def recommend(self, request: Request) -> Recommendations:
        return self.recommender.recommend(request)

    def mentor(self, id: str) -> Stored | None:
        """The mentor as the store has it now."""
        return self.store.read(self.tenant, [id]).get(id)

    def warm_up(self) -> None:
        """Load what loads on first use: word lists, the language detector, the encoder."""
        self.recommend(Request("I would like to find out how this works.", limit=1))

    def close(self) -> None:
        self.store.close()

    def _recommender(self, snapshot: Snapshot) -> Recommender:
        return Recommender(self.tenant, snapshot, self.encoder, self.store, self._recipe)
