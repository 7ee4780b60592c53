"""What a mentee asks for, understood."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class GoalPart:
    """One stretch of the goal text; offsets count code points, end exclusive.

    `informativeness` is how much career content its words carry: the sum of their weights,
    in decades of rarity (see `models.terms.weight`), >= 0. `help` is one of the kinds of help
    in `recommender.help`, or None when no kind is recognised.
    """

    part: int
    text: str
    start: int
    end: int
    informativeness: float
    help: str | None
    about: str = "wish"


@dataclass(frozen=True, slots=True)
class Hint:
    """Something the mentee could do for better results. `code` is stable, `text` is English."""

    code: str
    text: str
    params: tuple[tuple[str, str | int], ...] = ()


@dataclass(frozen=True, slots=True)
class Goals:
    """A goal text, its parts in order of appearance, its terms and the hints about it.

    `terms` maps each stem to its weight in decades of rarity, 0..6.5.
    """

    text: str
    parts: tuple[GoalPart, ...]
    terms: dict[str, float]
    hints: tuple[Hint, ...]


@dataclass(frozen=True, slots=True)
class GoalVectors:
    """A goal as the encoder sees it.

    `goal`: float32, shape (dimension,), a unit row; `parts`: float32, shape (n_parts,
    dimension), unit rows in the order of `Goals.parts`.
    """

    goal: NDArray[np.float32]
    parts: NDArray[np.float32]
