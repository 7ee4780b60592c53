"""What makes the plain model know careers: low-rank changes to its weights (LoRA, Hu et al. 2021).

A change of a weight matrix of shape (m, n) is kept as `NAME.up`, shape (m, rank), and `NAME.down`,
shape (rank, n), both float16; a change of a vector as it is, `NAME.add`. Added to the plain
weights once, when the model is loaded, so encoding costs what it costs with the plain model, and
nothing that trains is needed.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from models.errors import EncoderUnavailable
from models.weights import sha256_of

if TYPE_CHECKING:
    import torch

UP, DOWN, ADD = ".up", ".down", ".add"


def adapt(model: "torch.nn.Module", path: Path, sha256: str) -> None:
    """Add the changes in the file at `path` to the weights of `model`, in place.

    Raises EncoderUnavailable when the file is missing, has another sha256, or does not fit.
    """
    if not path.is_file():
        raise EncoderUnavailable(f"{path} is missing: reinstall the project.")
    found = sha256_of(path)
    if found != sha256:
        raise EncoderUnavailable(
            f"{path} has sha256 {found[:12]}..., expected {sha256[:12]}...: reinstall the project."
        )
    from safetensors.torch import load_file

    add(model.state_dict(), load_file(path))


def add(weights: "Mapping[str, torch.Tensor]", changes: "Mapping[str, torch.Tensor]") -> None:
    """Add `changes` to `weights`, in place. Raises EncoderUnavailable when they do not fit."""
    import torch

    with torch.no_grad():
        for key, change in changes.items():
            name, _, kind = key.rpartition(".")
            if f".{kind}" == DOWN:
                continue
            whole = change.float()
            if f".{kind}" == UP:
                whole = whole @ changes[name + DOWN].float()
            if name not in weights or weights[name].shape != whole.shape:
                raise EncoderUnavailable(
                    f"The adapter changes {name!r} of shape {tuple(whole.shape)}, which the model "
                    f"does not have: it was made for another model."
                )
            weights[name].add_(whole)
