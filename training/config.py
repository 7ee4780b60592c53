"""How an encoder is trained: the numbers of `training/encoder.toml`."""

import tomllib
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from models.errors import BadInput

CONFIG = Path(__file__).parent / "encoder.toml"


class Shares(BaseModel):
    """How many of a hundred pairs are of each kind; the rest is a wish for an occupation."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    moves: float = Field(ge=0)
    skills: float = Field(ge=0)
    topics: float = Field(ge=0)
    both: float = Field(ge=0)


class Config(BaseModel):
    """`pairs` drawn for each of `seeds`, for one pass in batches of `batch`; `rate`: its peak.

    `scale`: of the cosines in the loss; `tokens`: longest text while training; `rank`: of the
    changes kept; `kept`: 0..1, how much of each change is kept, which averages the trained with the
    plain weights. The trained weights are the mean of those of all seeds.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    seeds: tuple[int, ...] = Field(min_length=1)
    pairs: int = Field(ge=1)
    batch: int = Field(ge=2)
    rate: float = Field(gt=0)
    warmup: float = Field(ge=0, le=1)
    decay: float = Field(ge=0)
    scale: float = Field(gt=0)
    tokens: int = Field(ge=16, le=512)
    rank: int = Field(ge=1)
    kept: float = Field(gt=0, le=1)
    shares: Shares


def read_config(path: Path) -> Config:
    """Raises BadInput for a file that is missing or says something else."""
    try:
        return Config(**tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}.") from error
    except (ValidationError, tomllib.TOMLDecodeError) as error:
        raise BadInput(f"{path} is no training configuration: {error}") from error
