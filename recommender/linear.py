"""The packaged linear models: a weight for each feature, made by `training/goal_parts.py`."""

import functools
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

FILE = Path(__file__).with_name("goal_parts.npz")


@dataclass(frozen=True, slots=True, eq=False)
class Linear:
    """A weight for each feature and label; two are equal when they are the same.

    `weights`: float32, shape (n_features, n_labels); `bias`: float32, shape (n_labels,);
    `rarity`: float32, shape (n_features,), what a feature counts for before its weight, > 0.
    """

    places: dict[str, int]
    rarity: NDArray[np.float32]
    weights: NDArray[np.float32]
    bias: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Models:
    """`help` tells what a part is about and which help it wants, `seam` where a part begins."""

    help: Linear
    seam: Linear


def save(models: Models, file: Path = FILE) -> None:
    """Write both; a weight is kept in 254 steps a label."""
    arrays: dict[str, NDArray[np.generic]] = {}
    for name, model in (("help", models.help), ("seam", models.seam)):
        step = np.maximum(np.abs(model.weights).max(axis=0), 1e-9) / 127
        arrays[f"{name}_features"] = np.frombuffer("\n".join(model.places).encode(), np.uint8)
        arrays[f"{name}_rarity"] = model.rarity.astype(np.float16)
        arrays[f"{name}_weights"] = np.rint(model.weights / step).astype(np.int8)
        arrays[f"{name}_step"] = step.astype(np.float32)
        arrays[f"{name}_bias"] = model.bias.astype(np.float32)
    np.savez_compressed(file, **arrays)  # type: ignore[arg-type]


def load(file: Path = FILE) -> Models:
    """Both models as they were saved."""
    with np.load(file) as arrays:
        return Models(*(_linear(name, arrays) for name in ("help", "seam")))


@functools.cache
def packaged() -> Models:
    """The models that the package comes with, read once."""
    return load()


def _linear(name: str, arrays: "np.lib.npyio.NpzFile") -> Linear:
    features = bytes(arrays[f"{name}_features"]).decode().split("\n")
    return Linear(
        {feature: place for place, feature in enumerate(features)},
        arrays[f"{name}_rarity"].astype(np.float32),
        arrays[f"{name}_weights"].astype(np.float32) * arrays[f"{name}_step"],
        arrays[f"{name}_bias"],
    )
