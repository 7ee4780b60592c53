"""What a score is worth: the chance that a reader would call the mentor useful for the goal.

A logistic curve over the score and the number of content words of the goal (a long goal shares a
smaller part of its words with anybody), fitted to judged pairs (Platt 1999, "Probabilistic Outputs
for Support Vector Machines"). Both are the same whoever else is in the pool, so the chance is too.
`make bench-calibration` fits the constants anew, by goals held out, and says how far to trust them.
"""

import math

from models.recommendation import Match

USEFUL = 2  # grade of 0..3 from which a judged mentor counts as useful

BIAS = -7.31
PER_SCORE = 16.36
PER_LOG_WORDS = 0.59

STRONG = 0.5  # useful more likely than not
GOOD = 0.2  # below one in five it is a stretch: most who come here for a goal are not useful


def chance(score: float, words: int) -> float:
    """The chance that the mentor is useful, range (0, 1).

    `score`: as recommended, -0.45..1; `words`: distinct content words of the goal, >= 0.
    """
    return logistic(BIAS + PER_SCORE * score + PER_LOG_WORDS * math.log(max(words, 1)))


def in_millionths(chance: float) -> float:
    """The chance as it is told: six digits, and never a certainty made by rounding."""
    return min(max(round(chance, 6), 1e-6), 1 - 1e-6)


def logistic(value: float) -> float:
    """1 / (1 + e^-value), without overflow for the values of any score."""
    return 1.0 / (1.0 + math.exp(-value))


def match(chance: float) -> Match:
    """The chance in a word."""
    if chance >= STRONG:
        return "strong"
    return "good" if chance >= GOOD else "partial"
