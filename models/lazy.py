"""An encoder whose space is known beforehand, so that it is loaded only when something is encoded.

Loading a model takes seconds; an import of an unchanged file, a rebuild from cached vectors or a
check of the data folder need no more than its name.
"""

import threading
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from models.errors import EncoderUnavailable
from models.ports import Encoder, QueryReading


class LazyEncoder:
    """The encoder that `load` makes, made at the first text."""

    def __init__(self, load: Callable[[], Encoder], space_id: str, dimension: int) -> None:
        self.space_id = space_id
        self.dimension = dimension
        self._load = load
        self._loading = threading.Lock()
        self._encoder: Encoder | None = None

    @property
    def runtime_id(self) -> str:
        """The engine's name; "" while nothing has been encoded."""
        return self._encoder.runtime_id if self._encoder else ""

    def encode_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return self._loaded().encode_passages(texts)

    def encode_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return self._loaded().encode_queries(texts)

    def read_query(self, text: str) -> QueryReading:
        return self._loaded().read_query(text)

    def _loaded(self) -> Encoder:
        with self._loading:
            if self._encoder is None:
                encoder = self._load()
                if (encoder.space_id, encoder.dimension) != (self.space_id, self.dimension):
                    raise EncoderUnavailable(
                        f"The model makes vectors of {encoder.dimension} dimensions in the space "
                        f"{encoder.space_id}, expected {self.dimension} in {self.space_id}: its "
                        f"files have changed; reinstall it."
                    )
                self._encoder = encoder
            return self._encoder
