"""Telling: the reasons of a recommendation as one to three sentences.

Nothing is said that the reasons do not hold: the mentor's words stand in quotation marks as they
were written, the mentee's too, and what nothing was found about is named.
"""

import re
from collections.abc import Iterable, Mapping, Sequence

from models.goals import Goals
from models.recommendation import Reason, Recommendation
from models.terms import terms

_JOINING = re.compile(r"^(?:and|but|so|plus|then|also)\s+", re.IGNORECASE)
LONGEST_QUOTE = 320  # characters, two or three sentences; a passage has 600 at most
LONGEST_WISH = 80  # characters of a goal part, which the mentee need only recognise
MOST_WISHES = 2  # named as uncovered; of a longer list the number says enough


def tell(goals: Goals, one: Recommendation) -> str:
    """What speaks for the mentor, what nothing was found about, and the facts, in English."""
    wishes = {part.part: _wish(part.text) for part in goals.parts}
    quotes = [reason for reason in one.reasons if reason.part != "lexical"]
    near = [reason for reason in quotes if reason.goal not in one.uncovered_goals]
    far = [reason for reason in quotes if reason.goal in one.uncovered_goals]
    sentences = [
        _found(near, _unquoted_words(one.reasons, quotes), wishes),
        _missing([wishes[part] for part in one.uncovered_goals], far),
        *(fact.text for fact in one.facts),
    ]
    told = [f"{sentence}." for sentence in sentences if sentence]
    return " ".join(told) or "No words of this profile stand out."


def _found(near: Sequence[Reason], words: Sequence[str], wishes: Mapping[int, str]) -> str:
    """The quotes under the goal part that each answers, strongest first, then single words."""
    answered: dict[int, list[str]] = {}
    for reason in near:
        answered.setdefault(reason.goal, []).append(_placed(reason))
    clauses = [f"for {wishes[part]}: {_and(said)}" for part, said in answered.items()]
    if words:
        clauses.append(f"the profile {'also ' if clauses else ''}names {_and(words)}")
    sentence = "; ".join(clauses)
    return sentence[:1].upper() + sentence[1:]


def _missing(wishes: Sequence[str], far: Sequence[Reason]) -> str:
    if not wishes:
        return ""
    named = list(wishes[:MOST_WISHES])
    if len(wishes) > MOST_WISHES:
        named.append(f"{len(wishes) - MOST_WISHES} more")
    nearest = f"; the nearest {'is' if len(far) == 1 else 'are'} " if far else ""
    return f"Nothing found about {_and(named)}{nearest}{_and(_placed(reason) for reason in far)}"


def _unquoted_words(reasons: Sequence[Reason], quotes: Sequence[Reason]) -> list[str]:
    """The shared words that do not stand in one of the quotes anyway."""
    said = {stem for reason in quotes for stem in _stems(reason.quote)}
    shared = [reason for reason in reasons if reason.part == "lexical"]
    return [_word(reason) for reason in shared if not _stems(reason.quote) <= said]


def _word(reason: Reason) -> str:
    """The mentor's word; where it is another than the mentee's, both."""
    same = reason.term is None or _stems(reason.term) == _stems(reason.quote)
    return f"“{reason.quote}”" if same else f"“{reason.quote}” (your “{reason.term}”)"


def _stems(text: str) -> set[str]:
    return {term.stem for term in terms(text)}


def _placed(reason: Reason) -> str:
    name = reason.field.split("/")[1].replace("_", " ")
    return f"{_quoted(reason.quote, LONGEST_QUOTE)} ({name})"


def _wish(text: str) -> str:
    """A goal part in its own words, without what joins it to the next or ends our sentence."""
    return _quoted(_JOINING.sub("", " ".join(text.split())).rstrip(".,;:"), LONGEST_WISH)


def _quoted(text: str, longest: int) -> str:
    """`text` in quotation marks; cut between words where it is too long, which is said outside."""
    if len(text) <= longest:
        return f"“{text}”"
    whole_words = re.match(rf".{{1,{longest}}}(?=\s)", text, re.DOTALL)
    return f"“{(whole_words.group() if whole_words else text[:longest]).rstrip()}” …"


def _and(items: Iterable[str]) -> str:
    *others, last = [*items] or [""]
    return f"{', '.join(others)} and {last}" if others else last
