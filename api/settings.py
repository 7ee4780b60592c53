"""Settings: the environment (MENTORS_*), overridden by the command line."""

from pathlib import Path

from pydantic_settings import BaseSettings, SettingsConfigDict

from models.weights import DEFAULT_MODEL


class Settings(BaseSettings):
    """What a deployment chooses.

    `data`: the data folder; `tenant`: whose mentors; `encoder`: the default's name, a local
    sentence-transformers folder, or a model hub's name; `threads`: of the encoder, None = all
    cores; `create`: whether a server begins with nobody where nothing is indexed yet.
    """

    model_config = SettingsConfigDict(env_prefix="MENTORS_", frozen=True)

    data: Path = Path("data")
    tenant: str = "default"
    encoder: str = DEFAULT_MODEL
    threads: int | None = None
    create: bool = False
