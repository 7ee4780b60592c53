"""Settings: the environment (MENTORS_*), overridden by the command line."""

from pathlib import Path
from typing import Literal

from platformdirs import user_cache_path
from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from models.compiling import Precision
from models.weights import PACKAGED

CONNECTIONS = 2_000


class Settings(BaseSettings):
    """What a deployment chooses.

    `data`: the data folder; `store`: the URL of a PostgreSQL database that has the mentors, "" for
    the data folder's own (it holds a password, so it is no option of a command line, which
    everybody on a machine can read); `tenant`: whose mentors; `encoder`: a packaged one's name, a
    local sentence-transformers folder, or a model hub's name, "" = the one the index was made with,
    or the default for a new index; `threads`: of the encoder, None = all cores; `precision`: of the
    compiled encoder; `cache`: where compiled encoders are kept; `compile`: whether a server makes a
    missing one before it starts, as commands that write always do; `create`: whether a server
    begins with nobody where nothing is indexed yet; `rate`: requests a key may send, such as
    "600/minute", "" for any number; `rate_storage`: where they are counted, in each process or, by
    the address of a Redis or Memcached, for all; `cors_origins`: web origins whose pages may ask,
    as a JSON list; `page_key`: the key that the page for mentees sends, which everybody can read:
    one bound to an origin; `patience_s`: who would wait longer than this for a turn is refused;
    `connections`: how many may be open at once in each process; `passages`: where passages are
    searched, "" in this process, or the address of a Milvus, such as milvus://HOST:19530; `log`:
    "json" or "text", "" for text on a terminal; `tracing`: whether OpenTelemetry traces are sent;
    `drain_s`: how long a server that is told to end goes on answering while it says that it is not
    ready.
    """

    model_config = SettingsConfigDict(env_prefix="MENTORS_", frozen=True)

    data: Path = Path("data")
    store: str = Field(default="", repr=False)
    tenant: str = "default"
    encoder: str = ""
    threads: int | None = Field(default=None, ge=1)
    precision: Precision = "auto"
    cache: Path = Field(default_factory=lambda: user_cache_path("mentors", appauthor=False))
    compile: bool = False
    create: bool = False
    rate: str = "1200/minute"
    rate_storage: str = "memory://"
    cors_origins: list[str] = []
    page_key: str = ""
    log: Literal["", "json", "text"] = ""
    patience_s: float = Field(default=0.1, gt=0, le=60)
    connections: int = Field(default=CONNECTIONS, ge=1)
    passages: str = ""
    tracing: bool = False
    drain_s: float = Field(default=0.0, ge=0, le=600)

    @field_validator("encoder")
    @classmethod
    def _absolute(cls, name: str) -> str:
        # The index remembers it, and is opened from other folders too. A link keeps its own name,
        # which is part of the space.
        return str(Path(name).absolute()) if _is_folder(name) else name


def _is_folder(name: str) -> bool:
    return bool(name) and name not in PACKAGED and Path(name).is_dir()
