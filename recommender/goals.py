"""Goal understanding: a mentee's text becomes parts, terms and hints."""

import re
from collections.abc import Sequence

from models.errors import BadGoals
from models.goals import GoalPart, Goals, Hint
from models.language import foreign_language
from models.neutral import neutral_terms
from models.sentences import sentences
from models.terms import has_word, stem, terms
from recommender.help import help_wanted

MAX_CHARACTERS = 5_000  # the longest goal seen has 700; a pasted CV is not a goal
TELLING = 1.0  # decades: "nurse" has 2.1, "teacher" 1.4; a wish with no rarer word is vague

# Stems that every wish for a better working life holds, whatever the field.
_GENERIC = frozenset(
    stem(word)
    for word in """
    advice advise ambition better career change dream experience field find future goal good great
    grow growth guidance happy help hope improve interesting job learn life meaningful mentor money
    new next opportunity path people position professional role skill someone something start step
    success successful switch work
    """.split()  # noqa: SIM905 (a list of quoted words is harder to read)
)

# A list item, or a clause that begins a wish of its own.
_SEAM = re.compile(
    r"\n+|;\s+|(?:^|\s+)(?:\(?[0-9a-z]\)|[-*•])\s+|^[0-9]{1,2}\.\s+|,\s+(?:and|but|plus|or)\s+",
    re.MULTILINE,
)
FEWEST_WORDS = 3  # content words; a shorter clause stays with its neighbour


def understand(text: str) -> Goals:
    """Split `text` into parts, weigh its words, and say what would make it clearer.

    Raises BadGoals when it is empty, too long or holds no word.
    """
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
    weights = _weights(text)
    return Goals(text, _parts(text), weights, _hints(text, weights))


def joined(goals: str | Sequence[str]) -> str:
    """One text of goals given as a text or as a list; offsets of parts count in it."""
    return goals if isinstance(goals, str) else "\n".join(goals)


def _weights(text: str) -> dict[str, float]:
    """Stem to weight; a word that only stands for a person weighs nothing."""
    found: dict[str, float] = {}
    for term in neutral_terms(text):
        found[term.stem] = max(term.weight, found.get(term.stem, 0.0))
    return found


def _parts(text: str) -> tuple[GoalPart, ...]:
    spans = [span for sentence in sentences(text) for span in _clauses(text, *sentence)]
    if not spans:  # its only words were taken for a list marker, as in "1. !"
        spans = [_trimmed(text, 0, len(text))]
    parts = []
    for number, (start, end) in enumerate(spans):
        part = text[start:end]
        informativeness = sum({t.stem: t.weight for t in neutral_terms(part)}.values())
        parts.append(GoalPart(number, part, start, end, informativeness, help_wanted(part)))
    return tuple(parts)


def _clauses(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """The sentence cut at its seams; a piece with too few words stays with the one before."""
    # On the sentence alone: its own beginning is where a list item's marker may stand.
    cuts = [(start + m.start(), start + m.end()) for m in _SEAM.finditer(text[start:end])]
    pieces = zip([start, *(after for _, after in cuts)], [*(b for b, _ in cuts), end], strict=True)
    spans: list[tuple[int, int]] = []
    for piece in pieces:
        begin, stop = _trimmed(text, *piece)
        if not has_word(text[begin:stop]):
            continue
        listed = "\n" in text[start:begin] or text[begin - 3 : begin].strip(" ").endswith(
            (")", ".")
        )
        if spans and not listed and sum(1 for _ in terms(text[begin:stop])) < FEWEST_WORDS:
            spans[-1] = (spans[-1][0], stop)
        else:
            spans.append((begin, stop))
    return spans


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    piece = text[start:end]
    return end - len(piece.lstrip()), start + len(piece.rstrip())


def _hints(text: str, weights: dict[str, float]) -> tuple[Hint, ...]:
    hints = []
    language = foreign_language(text)
    if language:
        hints.append(
            Hint(
                "not_english",
                "This goal does not read as English; matching works best in English.",
                (("language", language),),
            )
        )
    elif not any(w > TELLING and stem_ not in _GENERIC for stem_, w in weights.items()):
        hints.append(Hint("vague", "Name the role or field you want to move to."))
    return tuple(hints)
