"""What a part of a goal is about, and the kind of help it asks for.

A linear classifier (`recommender.grams`) trained on parts of goals that were labelled by reading;
`examples/goal_parts.md` says how, `training/goal_parts.py` trains it, and
`benchmarks/understanding.md` has how often it is right on goals it never saw.
"""

import functools
from pathlib import Path

from models.neutral import neutralise
from recommender.grams import Classifier, grams

FILE = Path(__file__).with_name("goal_parts.npz")
KINDS = (
    "insight",
    "skills",
    "network",
    "feedback",
    "transition",
    "direction",
    "confidence",
    "giving_back",
)
"""The kinds of help a mentor gives; a wish may also be a bare `topic`."""


def labels(text: str) -> dict[str, float]:
    """The probability of each kind, of `topic`, `self` and `filler` for one part of a goal.

    Names and signs of gender are out of the way: they say nothing about what is asked.
    """
    return _labeller().probabilities(*grams(neutralise(text).text))


def about(labels: dict[str, float]) -> str:
    """Whether a part is a `wish`, tells of the mentee (`self`) or is `filler`."""
    likely = max(labels, key=lambda name: labels[name])
    return likely if likely in ("self", "filler") else "wish"


def help_wanted(labels: dict[str, float]) -> str | None:
    """The kind of help that a wish asks for, or None where nothing tells."""
    likely = max(labels, key=lambda name: labels[name])
    return likely if likely in KINDS else None


@functools.cache
def _labeller() -> Classifier:
    return Classifier.load(FILE, "labels")
