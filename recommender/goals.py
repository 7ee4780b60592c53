"""Goal understanding: a mentee's text becomes parts, terms and hints."""

import re
from collections.abc import Sequence

from models.errors import BadGoals
from models.goals import GoalPart, Goals, Hint
from models.language import foreign_language
from models.neutral import neutral_terms
from models.terms import has_word, stem
from recommender.help import about, help_wanted, labels
from recommender.seams import parts

MAX_CHARACTERS = 5_000  # the longest goal seen has 700; a pasted CV is not a goal
TELLING = 1.0  # decades: "nurse" has 2.1, "teacher" 1.4; a wish with no rarer word is vague

FEWEST_WORDS = 4  # content words; "nurse, Leeds" is a wish in two words
_WANTING = re.compile(
    r"\?|\b(?:want|wanna|need|would|hope|wish|looking|help|torn|how|what|should|learn|dream|please|"
    r"pls|goal|become|afraid|scared)",
    re.IGNORECASE,
)

# Stems that every wish for a better working life holds, whatever the field.
_GENERIC = frozenset(
    stem(word)
    for word in """
    advance advice advise ambition answer ask begin best better big bored boss brave build burned
    career carrier challenge chance change choose clueless colleague company confidence confident
    confused cv day dear decide decision desk difference door dream earn enjoy everybody experience
    experienced fear feel field figure find forward fresh fulfil future goal gone good great grow
    growth guidance guide happy hard hate help honest hope idea idk im impossible improve inspire
    interesting job journey junior learn level life look lost love luck manager meaningful meet
    mentor mind money month morning motivated motivation move new next office ok open opportunity
    option passion past path pay people person plan please pls position possible potential problem
    profession professional professionally progress promote promotion purpose question raise reach
    real resume right role safe salary scared senior show sir situation skill somebody somehow
    someone something start step straight stress stuck success successful support switch talk tbh
    team tell thing time tired today top truth try unhappy unsure wait way well wise work world
    worse wrong year young
    """.split()  # noqa: SIM905 (a list of quoted words is harder to read)
)


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
    found = _parts(text)
    return Goals(text, found, weights, _hints(text, weights, found))


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
    found = []
    for number, (start, end) in enumerate(parts(text, labels)):
        part = text[start:end]
        likely = labels(part)
        what = about(likely)
        weight = sum({t.stem: t.weight for t in neutral_terms(part)}.values())
        found.append(
            GoalPart(
                number,
                part,
                start,
                end,
                0.0 if what == "filler" else weight,
                help_wanted(likely) if what == "wish" else None,
                what,
            )
        )
    return tuple(found)


def _hints(text: str, weights: dict[str, float], parts: Sequence[GoalPart]) -> tuple[Hint, ...]:
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
        return tuple(hints)
    if not any(w > TELLING and stem_ not in _GENERIC for stem_, w in weights.items()):
        hints.append(Hint("vague", "Name the role or field you want to move to."))
    elif _only_tells(text, parts):
        hints.append(Hint("no_wish", "Say what you want to reach or learn, too."))
    return tuple(hints)


def _only_tells(text: str, parts: Sequence[GoalPart]) -> bool:
    """Whether a text of some length tells of the mentee and wants nothing."""
    long = sum(1 for _ in neutral_terms(text)) >= FEWEST_WORDS
    return long and not _WANTING.search(text) and all(part.about != "wish" for part in parts)
