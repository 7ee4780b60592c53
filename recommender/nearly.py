"""Nearly: what a mentee could add to the goal so that a mentor comes to the top.

A counterfactual that is tried, not estimated: the goal with the words added is recommended for,
and what did not bring the mentor up is not said.
"""

from collections.abc import Callable, Iterator

from models.goals import Goals
from models.mentor import Mentor
from models.naming import own_name
from models.neutral import neutralise
from models.recommendation import Nearly
from models.terms import terms

TOP = 5  # place from which somebody counts as found
MOST_TRIES = 8  # each is a recommendation of its own
LONGEST = 60  # characters of what could be added; a longer text is no topic but a sentence


def nearly(goals: Goals, mentor: Mentor, place: Callable[[str], int | None]) -> Nearly | None:
    """The first of the mentor's own phrases that brings the mentor among the first `TOP`.

    `place` says at which place of the first `TOP` the mentor comes for a goal text, if at all.
    """
    for phrase in phrases(goals, mentor)[:MOST_TRIES]:
        rank = place(f"{goals.text}\n{phrase}")
        if rank is not None:
            text = f"Adding “{phrase}” to the goal would bring this mentor to place {rank}."
            return Nearly(phrase, rank, text)
    return None


def phrases(goals: Goals, mentor: Mentor) -> list[str]:
    """Short strings of the record that say something new, those that say most first.

    How much is the rarity of their words that the goal does not have. What names the mentor or
    anybody's pronoun is left out.
    """
    worth: dict[str, float] = {}
    name = own_name(mentor.name, mentor.bio)
    for text in _short_strings(mentor):
        phrase = text.strip()
        new = {t.stem: t.weight for t in terms(phrase) if t.stem not in goals.terms}
        personal = neutralise(phrase, name).replaced
        if len(phrase) <= LONGEST and phrase.isprintable() and not personal and any(new.values()):
            worth.setdefault(phrase, sum(new.values()))
    return sorted(worth, key=lambda phrase: -worth[phrase])


def _short_strings(mentor: Mentor) -> Iterator[str]:
    """Of two that say as much, what the mentor offers help with comes first."""
    yield from mentor.topics
    yield from mentor.skills
    yield from mentor.industries
    yield from (post.title for post in mentor.experience)
