"""The text-embedding model behind the `Encoder` port: sentence-transformers.

Nothing heavy is imported until an encoder is constructed: torch alone takes seconds.
"""

import hashlib
import importlib.metadata
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from models.adapter import adapt
from models.errors import EncoderUnavailable
from models.stretches import ReadAlone, ReadInContext, placed
from models.weights import (
    CAREERS_FILE,
    CAREERS_MODEL,
    CAREERS_SHA256,
    DEFAULT_MODEL,
    PACKAGED,
    changed,
    plain_model_folder,
)

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

TEXT_RECIPE = 3
"""Version of everything done to a text before it is encoded: splitting, neutralising, prefixes.
It is part of `space_id`, so raising it makes every index ask to be rebuilt."""


def packaged_space(model: str = DEFAULT_MODEL) -> str:
    """The `space_id` of one of the packaged models, without loading it."""
    return f"{model}-{PACKAGED[model].fingerprint}-r{TEXT_RECIPE}"


QUERY, DOCUMENT = ("query",), ("document", "passage", "corpus")
"""By which names a model calls what it wants before a text of either kind."""

_MEAN_POOLING = (["Transformer", "Pooling"], ["Transformer", "Pooling", "Normalize"])

BATCH = 16  # texts of like length encoded together; on two cores larger ones were no faster
BATCH_ON_GPU = 256


class SentenceTransformerEncoder:
    """A sentence-transformers model; texts are truncated at the model's own maximum."""

    def __init__(
        self, model: str = DEFAULT_MODEL, *, threads: int | None = None, device: str = "cpu"
    ) -> None:
        """Load `model`: a packaged one's name, a local folder, or a model hub's name.

        `device`: as torch calls it. Raises EncoderUnavailable when it cannot be loaded.
        """
        self.name = model
        self.model = _load(model, threads)
        self.fingerprint = _fingerprint(self.model)
        if model == CAREERS_MODEL:
            adapt(self.model, CAREERS_FILE, CAREERS_SHA256)
            self.fingerprint = changed(self.fingerprint, CAREERS_SHA256)
        self._batch = BATCH if device == "cpu" else BATCH_ON_GPU
        self.model.to(device)
        self._space_id = f"{Path(model).name}-{self.fingerprint}-r{TEXT_RECIPE}"
        self._runtime_id = _runtime(self.model)

    @property
    def space_id(self) -> str:
        return self._space_id

    @property
    def runtime_id(self) -> str:
        return self._runtime_id

    @property
    def dimension(self) -> int:
        return int(self.model.get_embedding_dimension() or 0)

    def encode_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Float32, shape (len(texts), dimension), unit rows; a model's passage prompt applies."""
        return self._unit_rows(self.model.encode_document, texts)

    def encode_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Float32, shape (len(texts), dimension), unit rows; a model's query prompt applies."""
        return self._unit_rows(self.model.encode_query, texts)

    def read_query(self, text: str) -> ReadAlone | ReadInContext:
        """As `models.ports.Encoder.read_query`; encoded when its vectors are wanted.

        Stretches are read in the context of the text by a model that pools by the mean.
        """
        if not self.reads_stretches:
            return ReadAlone(text, self.encode_queries)
        prompt = prompt_of(self.model, QUERY)
        read = self.model.tokenizer(
            prompt + text.strip(),
            return_offsets_mapping=True,
            truncation=True,
            max_length=self.model.max_seq_length,
        )

        def outcome() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
            tokens: Any = self.model.encode_query(
                [text], output_value="token_embeddings", show_progress_bar=False
            )
            return self.encode_queries([text])[0], tokens[0].cpu().numpy()

        offsets = placed(read["offset_mapping"], text, prompt)
        return ReadInContext(text, outcome, offsets, self.encode_queries)

    @property
    def reads_stretches(self) -> bool:
        """Whether the mean of some tokens is in the same space as the mean of all."""
        kinds = [type(module).__name__ for module in self.model]
        pooling = self.model[1].get_config_dict() if kinds[1:2] == ["Pooling"] else {}  # type: ignore[operator]
        return kinds in _MEAN_POOLING and pooling.get("pooling_mode") == "mean"

    def _unit_rows(self, encode: object, texts: Sequence[str]) -> NDArray[np.float32]:
        if not texts:
            return np.zeros((0, self.dimension), dtype=np.float32)
        rows = encode(  # type: ignore[operator]
            list(texts), batch_size=self._batch, normalize_embeddings=True, show_progress_bar=False
        )
        return np.ascontiguousarray(rows, dtype=np.float32)


def prompt_of(model: "SentenceTransformer", names: Sequence[str]) -> str:
    """What sentence-transformers puts before a text of the kind that goes by these names."""
    return next((prompt for name in names if (prompt := model.prompts.get(name))), "")


def _load(model: str, threads: int | None) -> "SentenceTransformer":
    folder = str(plain_model_folder()) if model in PACKAGED else model
    try:
        import torch
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging
    except ImportError as error:
        raise EncoderUnavailable(
            f"sentence-transformers cannot be imported ({error}): reinstall the project."
        ) from error
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    if threads:
        torch.set_num_threads(threads)
    local = model in PACKAGED or Path(model).is_dir()
    try:
        return SentenceTransformer(folder, device="cpu", local_files_only=local)
    except Exception as error:  # the library raises a dozen types for a missing or broken model
        raise EncoderUnavailable(
            f"The encoder {model!r} cannot be loaded ({type(error).__name__}): expected a folder "
            f"of a sentence-transformers model, a reachable hub's model name, or one of "
            f"{', '.join(PACKAGED)}."
        ) from error


def _fingerprint(model: "SentenceTransformer") -> str:
    """Twelve hex digits over weights, modules, prompts and the maximum number of tokens."""
    digest = hashlib.sha256()
    for name, tensor in sorted(model.state_dict().items()):
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    modules = [type(module).__name__ for module in model]
    pooling = [
        module.get_config_dict()  # type: ignore[operator]
        for module in model
        if type(module).__name__ == "Pooling"
    ]
    described = [modules, pooling, dict(model.prompts), model.max_seq_length, "l2"]
    digest.update(json.dumps(described, sort_keys=True, default=str).encode())
    return digest.hexdigest()[:12]


def _runtime(model: "SentenceTransformer") -> str:
    versions = "+".join(
        f"{package}-{importlib.metadata.version(package)}"
        for package in ("sentence-transformers", "torch")
    )
    return f"{versions}-{str(model.dtype).removeprefix('torch.')}-{model.device.type}"
