"""The passages of an index searched in FAISS or in Milvus, for tests that compare them."""

import time
from collections.abc import Sequence
from pathlib import Path

from indexer.bringing import Bringer
from indexer.live import LiveIndex
from indexer.milvus import Milvus, Passages
from indexer.remote import Remote
from indexer.store import Store
from indexer.vectors import Vectors
from indexer.writing import Writer
from models.mentor import Mentor
from models.ports import Encoder


class Brought:
    """A store of some mentors, their index, and what brings their passages to a Milvus."""

    def __init__(
        self,
        folder: Path,
        url: str,
        encoder: Encoder,
        mentors: Sequence[Mentor] = (),
        tenant: str = "default",
        store: str = "",
    ) -> None:
        self.tenant = tenant
        folder.mkdir(parents=True, exist_ok=True)
        self.store = Store(store) if store else Store.in_folder(folder)
        self.vectors = Vectors(self.store, encoder, encoder.space_id)
        self.writer = Writer(self.store, self.tenant, self.vectors)
        if mentors:
            self.writer.put(mentors)
        milvus = Milvus(url)
        space_id, dimension = encoder.space_id, encoder.dimension
        self.passages = Passages(milvus, self.tenant, space_id, dimension)
        self.remote = Remote(self.passages)
        self.bringer = Bringer(self.store, self.tenant, self.vectors, self.remote)

    def here(self) -> LiveIndex:
        """The index as it is searched without Milvus."""
        head, changes = self.store.changes(self.tenant, 0)
        empty = LiveIndex.empty(self.vectors.space_id, self.vectors.encoder.dimension)
        return empty.advanced(head.sequence, changes, self.vectors).made_anew()

    def there(self) -> LiveIndex:
        """The same index, searched through Milvus as soon as that misses nothing."""
        index = self.here()
        while not self.remote.has(index.sequence):
            time.sleep(0.1)
            self.remote.look()
        return index.searched_by(lambda segment: self.remote.over(segment, index.sequence))

    def is_exact(self) -> bool:
        """Whether Milvus has what the store has, nothing else and nothing twice."""
        return not self.bringer.differences().sentences()
