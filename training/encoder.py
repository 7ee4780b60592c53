"""Train the default encoder: make `careers.safetensors` from O*NET's and ESCO's occupations.

    python -m training.encoder --sources FOLDER

FOLDER holds what `docs/training.md` names. Everything else is in `training/encoder.toml`; the same
seeds on the same processor and libraries give the same file. On two cores it takes about half an
hour, and `pip install -e '.[training]'` beforehand.
"""

import argparse
import time
from pathlib import Path

import torch
from safetensors.torch import save_file
from sentence_transformers import SentenceTransformer

from models.weights import plain_model_folder, sha256_of
from training.config import CONFIG, Config, read_config
from training.fit import changes, fit, mean
from training.occupations import Files, Sources, read_sources
from training.overlap import require_apart
from training.pairs import asides, draw, read_topics

EXAMPLES = Path(__file__).parent.parent / "examples"
MEASURING = ("dev_goals.jsonl", "mentors.jsonl", "goals.jsonl")
"""Goals and profiles that measure, by name, in the folder of the sources and in `examples/`."""


def main() -> None:
    """Read the command line, train, write the file and say what it is."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sources", type=Path, required=True, help="folder of O*NET and ESCO")
    parser.add_argument("--config", type=Path, default=CONFIG)
    parser.add_argument("--seed", type=int, action="append", help="in place of those configured")
    parser.add_argument("--output", type=Path, default=Path("careers.safetensors"))
    given = parser.parse_args()
    config = read_config(given.config)
    if given.seed:
        config = config.model_copy(update={"seeds": tuple(given.seed)})
    began = time.perf_counter()
    require_apart(own_texts(), measuring_in(given.sources))
    found = train(read_sources(files_in(given.sources)), config)
    save_file(found, given.output, metadata={"config": config.model_dump_json()})
    size, minutes = given.output.stat().st_size, (time.perf_counter() - began) / 60
    print(
        f"{given.output}: {size:,} B, made in {minutes:.0f} min. To put it in place, copy it to "
        f"models/ and set CAREERS_SHA256 in models/weights.py to {sha256_of(given.output)}."
    )


def own_texts() -> list[str]:
    """Every text that was written to be learnt from."""
    topics = read_topics()
    return [*asides(), *(text for topic in topics for text in (*topic.wishes, *topic.offers))]


def measuring_in(folder: Path) -> list[Path]:
    """The goals and profiles that are there and must not be learnt from."""
    paths = (at / name for at in (folder, EXAMPLES) for name in MEASURING)
    return [path for path in paths if path.is_file()]


def files_in(folder: Path) -> Files:
    """The sources by the names that `docs/training.md` gives them."""
    return Files(
        folder / "onet_occupations.jsonl",
        folder / "esco_occupations.jsonl",
        folder / "esco_skills.jsonl",
        folder / "onet_eval_codes.txt",
        folder / "esco_excluded_from_training.txt",
    )


def train(sources: Sources, config: Config) -> dict[str, torch.Tensor]:
    """The changes to the plain model's weights, as `models.adapter` reads them."""
    trained = [trained_once(sources, config, seed) for seed in config.seeds]
    return changes(_plain().state_dict(), mean(trained), config.rank, config.kept)


def trained_once(sources: Sources, config: Config, seed: int) -> dict[str, torch.Tensor]:
    """All weights of the plain model after one training."""
    pairs = draw(sources, read_topics(), asides(), config.pairs, config.shares, seed)
    model = _plain()
    fit(model, pairs, config, seed)
    return {name: weight.cpu() for name, weight in model.state_dict().items()}


def _plain() -> SentenceTransformer:
    return SentenceTransformer(str(plain_model_folder()), device="cpu", local_files_only=True)


if __name__ == "__main__":
    main()
