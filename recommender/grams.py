"""A linear classifier over strings found in a text: small, quick, the same for every encoder.

A text is its words, pairs and triples of words, and the pieces of two to four letters of each
word, so that "proffesional" still looks like "professional". Each counts by its inverse document
frequency in the training texts, words and pieces of words at unit length each; the weights are a
multinomial logistic regression's. `training/goal_parts.py` makes the file.
"""

import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

LONGEST_WORDS = 3
PIECES = (2, 3, 4)

_WORD = re.compile(r"[\w']+|[?!]")


def grams(text: str) -> tuple[set[str], set[str]]:
    """The word n-grams of `text`, and the pieces of its words, which begin with "#"."""
    words = _WORD.findall(text.lower().replace("’", "'"))  # noqa: RUF001 (typographic apostrophe)
    several = {
        " ".join(words[i : i + n])
        for n in range(1, LONGEST_WORDS + 1)
        for i in range(len(words) - n + 1)
    }
    padded = [f" {word} " for word in words]
    pieces = {
        "#" + word[i : i + n] for word in padded for n in PIECES for i in range(len(word) - n + 1)
    }
    return several, pieces


class Classifier:
    """Labels with their probabilities, from strings with their values."""

    def __init__(
        self,
        labels: tuple[str, ...],
        idf: Mapping[str, float],
        weights: NDArray[np.float32],
        bias: NDArray[np.float32],
    ) -> None:
        """`weights`: shape (len(idf), len(labels)), rows in the order of `idf`."""
        self.labels = labels
        self._idf = np.asarray(list(idf.values()), dtype=np.float64)
        self._row = {gram: i for i, gram in enumerate(idf)}
        self._weights = weights
        self._bias = bias

    @classmethod
    def load(cls, file: Path, name: str) -> "Classifier":
        """The classifier `name` of a file that `training/goal_parts.py` wrote."""
        with np.load(file) as data:
            strings = bytes(data[f"{name}_strings"]).decode().split("\n")
            idf = dict(zip(strings, data[f"{name}_idf"].astype(float).tolist(), strict=True))
            labels = tuple(bytes(data[f"{name}_labels"]).decode().split("\n"))
            weights = data[f"{name}_weights"].astype(np.float32)
            return cls(labels, idf, weights, data[f"{name}_bias"])

    def probabilities(self, *families: set[str]) -> dict[str, float]:
        """The probability of each label; the strings of each family count at unit length."""
        scores = self._bias.astype(np.float64)
        for family in families:
            known = sorted(self._row[one] for one in family if one in self._row)
            if known:
                values = self._idf[known] / np.linalg.norm(self._idf[known])
                scores = scores + values @ self._weights[known]
        odds = np.exp(scores - scores.max())
        return dict(zip(self.labels, (odds / odds.sum()).tolist(), strict=True))
