"""Train what understands goals: the labels of parts, and where a part ends.

Read from `training/data/` and the development half in `examples/`; the held-out half is never
read. Both are logistic regressions; strengths and thresholds were chosen by cross-validation over
these texts. The seams learn from labels that were made without the text at hand, as the labels of
an unseen text will be.
"""

import json
import math
import re
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import LogisticRegression

from models.neutral import neutralise
from recommender.grams import Classifier, grams
from recommender.help import FILE
from recommender.seams import around, seams

ROOT = Path(__file__).resolve().parents[1]
FEWEST_TEXTS = 2  # in which a string must occur to count
LABEL_STRENGTH, SEAM_STRENGTH = 3.0, 0.3  # inverse regularisation
FOLDS = 6

_LETTER = re.compile(r"\w")
Label = Callable[[str], dict[str, float]]
Families = Sequence[set[str]]


def main() -> None:
    """Write the model file."""
    phrases = [(one["text"], one["label"]) for one in read("training/data/phrases.jsonl")]
    goals = [*read("training/data/goals.jsonl"), *read("examples/goal_parts_dev.jsonl")]
    labels = labelled([*phrases, *pairs(goals)])
    examples = []
    order = np.random.default_rng(0).permutation(len(goals)).tolist()
    for fold in range(FOLDS):
        others = [goals[i] for at, i in enumerate(order) if at % FOLDS != fold]
        label = labeller(labelled([*phrases, *pairs(others)]))
        examples += [one for i in order[fold::FOLDS] for one in seam_examples(goals[i], label)]
    cuts = fit(
        [[strings] for strings, _ in examples],
        ["cut" if cut else "keep" for _, cut in examples],
        SEAM_STRENGTH,
        rarity=False,
        balanced=False,
    )
    np.savez_compressed(FILE, **packed("labels", labels), **packed("seams", cuts))
    print(f"{FILE.name}: {len(goals)} goals, {len(phrases)} phrases, {FILE.stat().st_size:,} B")


def read(path: str) -> list[dict[str, Any]]:
    """The objects of a JSON-lines file of the repository."""
    lines = (ROOT / path).read_text(encoding="utf-8").split("\n")
    return [json.loads(line) for line in lines if line.strip()]


def pairs(goals: Sequence[dict[str, Any]]) -> list[tuple[str, str]]:
    """Each part with its label: a kind, `topic`, `self` or `filler`."""
    return [
        (part["text"], part["help"] or ("topic" if part["about"] == "wish" else part["about"]))
        for goal in goals
        for part in goal["parts"]
    ]


Fitted = tuple[tuple[str, ...], dict[str, float], np.ndarray, np.ndarray]


def labelled(found: Sequence[tuple[str, str]]) -> Fitted:
    """What labels a part, learnt from parts with their labels."""
    families = [grams(neutralise(text).text) for text, _ in found]
    return fit(families, [label for _, label in found], LABEL_STRENGTH, rarity=True, balanced=True)


def fit(
    texts: Sequence[Families],
    wanted: Sequence[str],
    strength: float,
    *,
    rarity: bool,
    balanced: bool,
) -> Fitted:
    """Labels, inverse document frequencies, weights and biases."""
    counts = Counter(one for families in texts for family in families for one in family)
    idf = {
        one: math.log((1 + len(texts)) / (1 + count)) + 1 if rarity else 1.0
        for one, count in sorted(counts.items())
        if count >= FEWEST_TEXTS
    }
    vectorizer = DictVectorizer()
    vectorizer.fit([dict.fromkeys(idf, 1.0)])
    rows = vectorizer.transform([values(families, idf) for families in texts])
    model = LogisticRegression(
        C=strength, max_iter=5_000, class_weight="balanced" if balanced else None
    ).fit(rows, list(wanted))
    weights, bias = model.coef_.T, model.intercept_
    if weights.shape[1] == 1:  # of two classes scikit-learn keeps the second alone
        weights = np.hstack([np.zeros_like(weights), weights])
        bias = np.asarray([0.0, bias[0]])
    names = vectorizer.get_feature_names_out().tolist()
    return tuple(model.classes_.tolist()), {name: idf[name] for name in names}, weights, bias


def values(families: Families, idf: dict[str, float]) -> dict[str, float]:
    """Each known string with its value, families at unit length."""
    found: dict[str, float] = {}
    for family in families:
        known = [one for one in family if one in idf]
        length = math.sqrt(sum(idf[one] ** 2 for one in known)) or 1.0
        found |= {one: idf[one] / length for one in known}
    return found


def labeller(fitted: Fitted) -> Label:
    """The probabilities of the labels of a text, as `recommender.help.labels` gives them."""
    names, idf, weights, bias = fitted
    classifier = Classifier(names, idf, weights.astype(np.float32), bias.astype(np.float32))
    return lambda text: classifier.probabilities(*grams(neutralise(text).text))


def seam_examples(goal: dict[str, Any], label: Label) -> list[tuple[set[str], bool]]:
    """What stands around each seam of a goal, and whether a part begins there."""
    text, at, begins = goal["text"], 0, set()
    for part in goal["parts"]:
        at = text.index(part["text"], at)
        begins.add(_first_letter(text, at))
        at += len(part["text"])
    found = seams(text)
    return [
        (around(text, found, i, label), _first_letter(text, seam.after) in begins)
        for i, seam in enumerate(found)
    ]


def _first_letter(text: str, start: int) -> int:
    match = _LETTER.search(text, start)
    return match.start() if match else len(text)


def packed(name: str, fitted: Fitted) -> dict[str, np.ndarray]:
    """The arrays that `Classifier.load` reads."""
    names, idf, weights, bias = fitted
    return {
        f"{name}_labels": np.frombuffer("\n".join(names).encode(), dtype=np.uint8),
        f"{name}_strings": np.frombuffer("\n".join(idf).encode(), dtype=np.uint8),
        f"{name}_idf": np.asarray(list(idf.values()), dtype=np.float16),
        f"{name}_weights": weights.astype(np.float16),
        f"{name}_bias": bias.astype(np.float32),
    }


if __name__ == "__main__":
    main()
