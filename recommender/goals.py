"""Goal understanding: a mentee's text becomes parts, terms and hints."""

from collections.abc import Sequence

from models.errors import BadGoals
from models.goals import GoalPart, Goals
from models.neutral import neutral_terms
from models.terms import has_word
from recommender.help import Label, label
from recommender.hints import hints
from recommender.linear import Models, packaged
from recommender.splitting import parts_of

MAX_CHARACTERS = 5_000  # the longest goal seen has 700; a pasted CV is not a goal


def understand(text: str) -> Goals:
    """Split `text` into parts, weigh its words, and say what would make it clearer.

    Raises BadGoals as `require_goal`.
    """
    require_goal(text)
    return understood(text, packaged())


def require_goal(text: str) -> None:
    """Raises BadGoals when `text` is empty, too long or holds no word."""
    if not text.strip():
        raise BadGoals(
            "The goal is empty: write what you want to reach or learn.", pointer="/goals"
        )
    if len(text) > MAX_CHARACTERS:
        raise BadGoals(
            f"The goal has {len(text):,} characters, at most {MAX_CHARACTERS:,} are taken: "
            f"keep what you want to reach.",
            pointer="/goals",
        )
    if not has_word(text):
        raise BadGoals(
            "The goal holds no word: write what you want to reach or learn.", pointer="/goals"
        )
    if any("\ud800" <= c <= "\udfff" for c in text):
        raise BadGoals(
            "The goal holds half of a surrogate pair, which is no character.", pointer="/goals"
        )


def understood(text: str, models: Models) -> Goals:
    """`text`, which holds a word, as `models` understand it."""
    spans = parts_of(text, models)
    labels = [label(text[start:end], models.help) for start, end in spans]
    parts = tuple(
        _part(number, text[start:end], start, label_)
        for number, ((start, end), label_) in enumerate(zip(spans, labels, strict=True))
    )
    return Goals(text, parts, _weights(text), hints(text, parts, [one.wish for one in labels]))


def joined(goals: str | Sequence[str]) -> str:
    """One text of goals given as a text or as a list; offsets of parts count in it."""
    return goals if isinstance(goals, str) else "\n".join(goals)


def _weights(text: str) -> dict[str, float]:
    """Stem to weight; a word that only stands for a person weighs nothing."""
    found: dict[str, float] = {}
    for term in neutral_terms(text):
        found[term.stem] = max(term.weight, found.get(term.stem, 0.0))
    return found


def _part(number: int, text: str, start: int, label_: Label) -> GoalPart:
    informativeness = 0.0
    if label_.about != "filler":
        informativeness = sum({t.stem: t.weight for t in neutral_terms(text)}.values())
    end = start + len(text)
    return GoalPart(number, text, start, end, informativeness, label_.help, label_.about)
