"""Words: what goal and profile share, behind the lexical part of a score."""

import functools
from collections.abc import Mapping

import numpy as np

from models.goals import GoalPart, Goals
from models.mentor import Mentor, text_at
from models.neutral import neutral_terms
from models.outline import Outline
from models.recommendation import Reason
from models.terms import Term
from recommender.scoring import LEXICAL, shares
from recommender.words import alike

READABLE = 1.0  # decades: sharing a word as common as "four" counts, but is no reason to read
KIN = 0.4  # credit below which a related word counts unseen: "afternoon" is no reason for "nights"
MOST_TERMS = 5  # reasons shown; what the other words add is in other_terms


class SharedWords:
    """Which words of a goal one mentor uses, or related ones, and what they add."""

    def __init__(
        self, goals: Goals, mentor: Mentor, outline: Outline, found: Mapping[str, tuple[str, float]]
    ) -> None:
        """`found`: what `recommender.words.matched_by` finds for the mentor."""
        self._goals = goals
        self._mentor = mentor
        self._outline = outline
        attainable = sum(goals.terms.values()) or 1.0
        self._worth = {
            stem: LEXICAL * goals.terms[stem] * match / attainable
            for stem, (_, match) in found.items()
        }
        self._by = {stem: by for stem, (by, _) in found.items()}

    def reasons(self) -> tuple[Reason, ...]:
        """The words that add most, each quoted where it first stands."""
        readable = [stem for stem in self._worth if self._credit(stem) >= KIN]
        telling = [stem for stem in readable if self._goals.terms[stem] >= READABLE]
        strongest = sorted(telling, key=lambda stem: (-self._worth[stem], stem))[:MOST_TERMS]
        adds = shares(np.asarray([self._worth[stem] for stem in strongest]))
        return tuple(
            self._reason(stem, contribution)
            for stem, contribution in zip(strongest, adds, strict=True)
        )

    def share(self, part: GoalPart) -> float:
        """How much of the part's word weight the mentor's words answer, range [0, 1]."""
        weights = {term.stem: term.weight for term in _asked_terms(part.text)}
        said = sum(weight * self._credit(stem) for stem, weight in weights.items())
        return said / (sum(weights.values()) or 1.0)

    def _credit(self, stem: str) -> float:
        return alike(stem)[self._by[stem]] if stem in self._by else 0.0

    def _reason(self, stem: str, contribution: float) -> Reason:
        at = self._outline.place(self._by[stem])
        part, asked = self._asked(stem)
        quote = text_at(self._mentor, at.pointer)[at.start : at.end]
        return Reason(
            part, "lexical", at.pointer, quote, at.start, at.end, None, contribution, asked
        )

    def _asked(self, stem: str) -> tuple[int, str]:
        """The goal part that asks with this stem first, and the word as it stands there."""
        for part in self._goals.parts:
            for term in _asked_terms(part.text):
                if term.stem == stem:
                    return part.part, part.text[term.start : term.end]
        return 0, stem


@functools.lru_cache(maxsize=1_000)
def _asked_terms(text: str) -> tuple[Term, ...]:
    """The words of a goal's part, which each mentor of an answer is asked for."""
    return tuple(neutral_terms(text))
