"""Make `recommender/goal_parts.npz`, by which goal texts are cut into parts and labelled.

`training/data/` holds what it learns from: goal texts labelled by the rules of
`examples/goal_parts.md`, and single phrases with a label each; all are fictional. A seam is judged
also by what either side would be labelled, so the labels it learns from must come from a model
that has not seen the text: five of them, each without a fifth of the texts and phrases.
"""

import argparse
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from evaluation.goal_texts import ReadGoal, ReadPart, read_goal_texts
from recommender.linear import FILE, Linear, Models, save
from recommender.reading import Reading, read
from recommender.splitting import seam_features
from training.fitting import fit_help, fit_seam
from training.hasty import hasty

DATA = Path(__file__).parent / "data"
MENTORS = Path(__file__).parent.parent / "examples" / "mentors.jsonl"
SKILLS = 4  # every fourth: all of them made more of what people say of themselves a topic
FOLDS = 5
SEED = 3
COPIES = 2  # of each text, as a hasty writer types it
HASTY = 0.5  # what such a copy weighs beside the text itself


@dataclass(frozen=True, slots=True)
class Phrase:
    """A part without a text around it."""

    text: str
    label: str


def main() -> None:
    """Train on all the data and write the models."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=FILE, help="where the models go")
    output = parser.parse_args().output
    models = train(read_goal_texts(DATA / "goal_parts_train.jsonl"), phrases())
    save(models, output)
    help, seam = len(models.help.places), len(models.seam.places)
    print(f"{output.name}: {help:,} + {seam:,} features, {output.stat().st_size:,} B")


def phrases() -> list[Phrase]:
    """The single phrases, and skills of the sample mentors: a goal may be no more than a skill."""
    lines = (DATA / "phrases.jsonl").read_text(encoding="utf-8").splitlines()
    mentors = [json.loads(line) for line in MENTORS.read_text(encoding="utf-8").splitlines()]
    skills = {skill for mentor in mentors for skill in mentor.get("skills", ())}
    return [
        *(Phrase(**json.loads(line)) for line in lines),
        *(Phrase(skill, "topic") for skill in sorted(skills)[::SKILLS]),
    ]


def train(goals: Sequence[ReadGoal], phrases: Sequence[Phrase]) -> Models:
    """Both models, from labelled texts and phrases."""
    shuffled = np.random.default_rng(SEED)
    goal_folds = shuffled.permutation(len(goals)) % FOLDS
    phrase_folds = shuffled.permutation(len(phrases)) % FOLDS
    chance = random.Random(SEED)  # noqa: S311 (typing habits, no secrets)
    versions = [(list(goals), 1.0)]
    versions += [([hasty(goal, chance) for goal in goals], HASTY) for _ in range(COPIES)]
    rows: list[dict[str, float]] = []
    starts: list[bool] = []
    weights: list[float] = []
    for fold in range(FOLDS):
        unseen = np.flatnonzero(goal_folds == fold)
        help = labelling(
            [goal for goal, f in zip(goals, goal_folds, strict=True) if f != fold],
            [phrase for phrase, f in zip(phrases, phrase_folds, strict=True) if f != fold],
        )
        for texts, weight in versions:
            for i in unseen:
                found, begins = seams(texts[i], help)
                rows += found
                starts += begins
                weights += [weight] * len(found)
    return Models(labelling(goals, phrases), fit_seam(rows, starts, weights))


def labelling(goals: Sequence[ReadGoal], phrases: Sequence[Phrase]) -> Linear:
    """The model of labels."""
    parts = [(goal.text[p.start : p.end], label_of(p)) for goal in goals for p in goal.parts]
    parts += [(phrase.text, phrase.label) for phrase in phrases]
    return fit_help([text for text, _ in parts], [label for _, label in parts])


def label_of(part: ReadPart) -> str:
    """The one of `recommender.help.LABELS` that a reader's part has."""
    return part.help or ("topic" if part.about == "wish" else part.about)


def seams(goal: ReadGoal, help: Linear) -> tuple[list[dict[str, float]], list[bool]]:
    """The features of each seam of a text, and whether a part begins there."""
    reading = read(goal.text)
    begins = _first_words(goal, reading)
    return seam_features(reading, help), [seam.word in begins for seam in reading.seams]


def _first_words(goal: ReadGoal, reading: Reading) -> set[int]:
    ends = np.asarray([end for _, end in reading.spans])
    return {int(np.searchsorted(ends, part.start, side="right")) for part in goal.parts}


if __name__ == "__main__":
    main()
