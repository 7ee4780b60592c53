"""Settings: the environment (MENTORS_*), overridden by the command line."""

from pathlib import Path

from pydantic import field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from models.weights import PACKAGED


class Settings(BaseSettings):
    """What a deployment chooses.

    `data`: the data folder; `tenant`: whose mentors; `encoder`: a packaged one's name, a local
    sentence-transformers folder, or a model hub's name, "" = the one the index was made with, or
    the default for a new index; `threads`: of the encoder, None = all cores; `create`: whether a
    server begins with nobody where nothing is indexed yet.
    """

    model_config = SettingsConfigDict(env_prefix="MENTORS_", frozen=True)

    data: Path = Path("data")
    tenant: str = "default"
    encoder: str = ""
    threads: int | None = None
    create: bool = False

    @field_validator("encoder")
    @classmethod
    def _absolute(cls, name: str) -> str:
        # The index remembers it, and is opened from other folders too. A link keeps its own name,
        # which is part of the space.
        return str(Path(name).absolute()) if _is_folder(name) else name


def _is_folder(name: str) -> bool:
    return bool(name) and name not in PACKAGED and Path(name).is_dir()
