"""Making the compiled encoder, once for a model, a precision and a kind of CPU.

The loaded sentence-transformers model is converted, pooling and normalisation included, and kept
in the cache folder under a name that says all it depends on. Whatever cannot be converted, or
gives other vectors afterwards, stays with sentence-transformers.
"""

import hashlib
import importlib.util
import json
import logging
import os
import shutil
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from models.compiled import (
    LEAST_COSINE,
    MANIFEST,
    MODEL,
    PROBES,
    REFERENCE,
    TOKENIZER,
    WEIGHTS,
    Compiled,
    CompiledEncoder,
    Passes,
    capabilities,
    compiled,
    engine,
    openvino,
    probed,
    read_manifest,
)
from models.encoder import (
    DOCUMENT,
    QUERY,
    TEXT_RECIPE,
    SentenceTransformerEncoder,
    prompt_of,
)
from models.errors import EncoderUnavailable
from models.weights import PACKAGED, sha256_of

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

Precision = Literal["auto", "f32", "bf16", "int8", "reference"]
"""Of the compiled encoder; "auto" is bf16 where the CPU has it and was faster with it than with f32
when the encoder was made, else f32; "reference" is the model as it is, on sentence-transformers.
Quality and speed of each are in benchmarks/speed.md."""

SAMPLES = Path(__file__).parent / "samples.txt"
"""Sentences of goals and profiles, invented; 8-bit numbers get their ranges from them."""

NO_MAXIMUM = 100_000  # tokens, for a model that names none

log = logging.getLogger(__name__)


class Compiler:
    """The compiled encoders in a cache folder."""

    def __init__(
        self, cache: Path, precision: Precision = "auto", threads: int | None = None
    ) -> None:
        self._cache = cache
        self._precision = precision
        self._threads = threads

    def folder(self, model: str) -> Path | None:
        """Where the compiled `model` lies or would lie; None for one that is never compiled.

        Those are models of a hub, whose files are not known before they are loaded.
        """
        try:
            return None if self._precision == "reference" else self._folder(model, self.precision)
        except Exception as error:  # noqa: BLE001 (a runtime that cannot be loaded raises anything)
            log.warning("OpenVINO cannot be used here (%s: %s).", type(error).__name__, error)
            return None

    @property
    def precision(self) -> str:
        """The precision that is meant."""
        return self._decided or ("bf16" if "BF16" in capabilities() else "f32")

    @property
    def _decided(self) -> str | None:
        """The precision, where it does not remain to be seen which is faster."""
        if self._precision != "auto":
            return self._precision
        if "BF16" not in capabilities():
            return "f32"
        try:
            noted = self._note.read_text(encoding="utf-8")
        except (OSError, ValueError):
            return None
        return noted if noted in ("bf16", "f32") else None

    @property
    def _note(self) -> Path:
        """What was faster here. It is kept: vectors are not to change with a moment's load."""
        return self._cache / "encoders" / f"{engine('auto')}.faster"

    def _folder(self, model: str, precision: str) -> Path | None:
        source = _source(model)
        name = f"{Path(model).name}-{source}-{engine(precision)}"
        return self._cache / "encoders" / name if source else None

    def open(self, model: str) -> CompiledEncoder | None:
        """The compiled `model`, or None where it has not been made or cannot be used here."""
        folder = self.folder(model)
        if folder is None:
            return None
        try:
            if not self._decided or not (folder / MANIFEST).is_file():
                return None
            space = f"{Path(model).name}-{{}}-r{TEXT_RECIPE}"
            return CompiledEncoder(folder, space, threads=self._threads)
        except EncoderUnavailable as error:
            log.warning("%s", error)
        except Exception as error:  # noqa: BLE001 (the runtime raises anything; there is another)
            log.warning("%s cannot be used (%s: %s).", folder, type(error).__name__, error)
        return None

    def make(self, model: str) -> CompiledEncoder | None:
        """The compiled `model`, made if need be; None where it cannot be.

        Raises EncoderUnavailable when `model` itself cannot be loaded, or "int8" lacks what it is
        made with.
        """
        folder = self.folder(model)
        if folder is None:
            return None
        if (found := self.open(model)) is None:
            log.warning("Compiling %s for this machine, once: some twenty seconds.", model)
            self._make(model)
            found = self.open(model)
        return found

    def _make(self, model: str) -> None:
        if self._precision == "int8":
            _require_nncf()
        reference = SentenceTransformerEncoder(model, threads=self._threads)
        try:
            graph = _graph(reference.model)
            decided = self._decided
            precision = decided or faster(graph, reference, self._threads)
            folder = self._folder(model, precision)
            assert folder is not None  # `make` has asked
            folder.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".making-") as made:
                _keep(graph, reference, Path(made), precision)
                _require_alike(CompiledEncoder(Path(made), "{}", threads=self._threads), Path(made))
                # Two that make the same at once make the same; a damaged one is replaced.
                shutil.rmtree(folder, ignore_errors=True)
                Path(made).chmod(0o755)  # those who only serve may be other users
                Path(made).rename(folder)
                Path(made).mkdir()  # for its own clean-up
            if not decided:
                self._note.write_text(precision, encoding="utf-8")
                self._note.chmod(0o644)
        except Exception as error:  # noqa: BLE001 (conversion raises anything; the model works without)
            log.warning("%s cannot be compiled (%s: %s).", model, type(error).__name__, error)


def faster(graph: Any, encoder: SentenceTransformerEncoder, threads: int | None) -> str:
    """Of bf16 and f32, what reads passages faster on this machine; f32, the exact one, when alike.

    A CPU that has bf16 may gain nothing by it, as Intel's do without AMX, which a virtual machine
    can hide.
    """
    batch = encoder.model.tokenizer(list(PROBES), truncation=True)["input_ids"] * 4
    threads = threads or len(os.sched_getaffinity(0))
    passes = {
        precision: Passes(compiled(graph, precision, threads, passes=threads))
        for precision in ("bf16", "f32")
    }
    took: dict[str, list[float]] = {precision: [] for precision in passes}
    for _ in range(4):
        for precision, model in passes.items():
            began = time.perf_counter()
            for wait in [model.begin(batch) for _ in range(2 * threads)]:
                wait()
            took[precision].append(time.perf_counter() - began)
    # The first is a warm-up; of the others the least is what the machine disturbed least.
    least = {precision: min(seconds[1:]) for precision, seconds in took.items()}
    return "bf16" if least["bf16"] < 0.9 * least["f32"] else "f32"


def _require_nncf() -> None:
    """Raises EncoderUnavailable without NNCF, which is an optional extra."""
    if importlib.util.find_spec("nncf") is None:
        raise EncoderUnavailable(
            "The precision int8 is made with NNCF: run pip install 'mentor-recommender[int8]', or "
            "choose another MENTORS_PRECISION."
        )


def _keep(graph: Any, encoder: SentenceTransformerEncoder, folder: Path, precision: str) -> None:
    model = encoder.model
    tokenizer = model.tokenizer.backend_tokenizer
    tokenizer.save(str(folder / TOKENIZER))
    if precision == "int8":
        graph = _quantised(graph, SAMPLES.read_text("utf-8").splitlines(), model.tokenizer.encode)
    openvino().save_model(graph, folder / MODEL, compress_to_fp16=precision == "bf16")
    np.save(folder / REFERENCE, probed(encoder), allow_pickle=False)
    files = (MODEL, WEIGHTS, TOKENIZER, REFERENCE)
    made = Compiled(
        encoder.fingerprint,
        encoder.dimension,
        int(model.max_seq_length or NO_MAXIMUM),
        prompt_of(model, QUERY),
        prompt_of(model, DOCUMENT),
        encoder.reads_stretches,
        precision,
        {name: sha256_of(folder / name) for name in files},
    )
    (folder / MANIFEST).write_text(json.dumps(asdict(made), indent=1), encoding="utf-8")


def _require_alike(made: CompiledEncoder, folder: Path) -> None:
    """Raises ValueError when queries, passages or stretches differ from what the model gives."""
    least = float((probed(made) * np.load(folder / REFERENCE)).sum(axis=1).min())
    if not least >= LEAST_COSINE[read_manifest(folder).precision]:
        raise ValueError(f"its vectors would differ from the model's, cosine {least:.4f}")


def _graph(model: "SentenceTransformer") -> Any:
    import torch

    class Unit(torch.nn.Module):
        """Token ids in; the unit vector of each text and the vectors of its tokens out."""

        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(
            self, input_ids: torch.Tensor, attention_mask: torch.Tensor
        ) -> tuple[torch.Tensor, torch.Tensor]:
            found = self.model({"input_ids": input_ids, "attention_mask": attention_mask})
            unit = torch.nn.functional.normalize(found["sentence_embedding"], dim=-1)
            return unit, found["token_embeddings"]

    ids = torch.ones((2, 7), dtype=torch.long)
    example = {"input_ids": ids, "attention_mask": ids.clone()}
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # tracing warns of branches; the probes say if it went well
        return openvino().convert_model(Unit().eval(), example_input=example)


def _quantised(graph: Any, texts: Sequence[str], tokenize: Callable[[str], Sequence[int]]) -> Any:
    """The graph in 8-bit integers, their ranges taken from `texts` (post-training quantisation)."""
    import nncf

    def inputs(text: str) -> dict[str, NDArray[np.int64]]:
        ids = np.asarray([tokenize(text)], dtype=np.int64)
        return {"input_ids": ids, "attention_mask": np.ones_like(ids)}

    nncf.set_log_level(logging.ERROR)
    data = nncf.Dataset(texts, inputs)
    return nncf.quantize(graph, data, model_type=nncf.ModelType.TRANSFORMER, subset_size=len(texts))


def _source(model: str) -> str | None:
    """Twelve hex digits that stand for the model's files; None where they are not here."""
    if model in PACKAGED:
        return PACKAGED[model].fingerprint
    if not Path(model).is_dir():
        return None
    digest = hashlib.sha256()
    for path in sorted(path for path in Path(model).rglob("*") if path.is_file()):
        digest.update(f"{path.relative_to(model)}\0{sha256_of(path)}\0".encode())
    return digest.hexdigest()[:12]
