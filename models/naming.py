"""Where a record names its own mentor.

The name is the record's `name`, and the one by which the bio introduces its subject: "Amara Okoye
is", "My name is Amara". It is found as written, with what stands around it, and never by a list
of names: half of them also mean something.
"""

import functools
import re
import unicodedata
from collections.abc import Iterator

from models.introducing import DOES, introduced
from models.terms import is_function_word, weight

SHORTEST = 2  # letters; a one-letter part of a name is an initial, and also the article "a"
EVERYDAY = 3.0  # decades: "Xanthe" is rarer and always a name; "Grant" and "Maria" are not
AROUND = 80  # characters before a name that are looked at
SHORT_CAPITALS = 3  # letters; "AI" is rarely Ai, and "LAW" is
POSSESSIVE = ("'s", "’s", "'S", "’S")  # noqa: RUF001 (typographic apostrophe)

_BETWEEN = r"""[\s,"“”()'’-]{1,3}"""  # noqa: RUF001 (never a full stop: names do not cross it)
_CAPITAL = r"[^\W\d_a-z]"
_OTHERS = rf"(?:{_CAPITAL}[\w’-]*\.?\s){{0,2}}"  # noqa: RUF001 (middle names the record leaves out)
_TITLE = r"(?:(?:Mrs?|Ms|Miss|Mx|Sir|Dame|Madam|Dr|Prof|Professor)\b\.?\s+)"

# What does not stand before, or after, the name of a person in a sentence about that person.
_BEFORE_OTHER_THINGS = re.compile(
    rf"(?:\b(?:an?|the|my|our|your|at|in|In|At)|{_CAPITAL}\w*\s+(?:of|for))"
    r"\s+$|&\s?$"
)
_AFTER_OTHER_THINGS = re.compile(
    rf"[\s-]+(?:(?!I\b|{_CAPITAL}\.){_CAPITAL}|\d"
    r"|(?:\w+ing|\w+(?:tion|ment)s?|you|your|me|my|our|us|the|this|that|to|of"
    r"|for|it)\b)|\s?&|\.\w"
)
_SAID_TO_SOMEBODY = frozenset(
    "ask call contact dear email follow hire invite join meet message tell thank thanks".split()  # noqa: SIM905
)
# A subject may have names that the record leaves out around it: "Li Amara is", "Amara Da has".
_CLAUSE_BEFORE = re.compile(rf"(?:^|[.!?:,\n]\s+)(?:{_CAPITAL}\w*\s){{0,3}}$")
_VERB_AFTER = re.compile(rf"(?:\s{_CAPITAL}\w*){{0,2}}{DOES.pattern}")
_INITIAL_BEFORE = re.compile(rf"(?<!\w){_CAPITAL}\.$")
_CAPITAL_BEFORE = re.compile(rf"({_CAPITAL}[\w’'.]*)[ -]+$")  # noqa: RUF001


def own_name(name: str, bio: str) -> str:
    """The record's `name`, and what the bio adds to it: all of the name where there is none."""
    called = introduced(bio)
    shared = set(name_parts(name)) & set(name_parts(called))
    return f"{name} {called}".strip() if shared or not name.strip() else name


def name_parts(name: str) -> tuple[str, ...]:
    """The words of a name without its initials, in order, each once."""
    words = re.split(r"[^\w'’]+|_", name)  # noqa: RUF001
    return tuple(dict.fromkeys(word for word in words if len(word) >= SHORTEST))


def mentions(name: str, text: str) -> Iterator[tuple[int, int]]:
    """Where the full name, or one of its parts, stands in `text`, as written or in capitals.

    A part alone counts where it can be a person's name: not in "grant writing", "Grant writing",
    "J.P. Morgan", "the Law", nor as a whole item of a list.
    """
    found = _pattern(name)
    for match in found.finditer(text) if found else ():
        sure = match["title"] or match["initial"] or match["more"]
        if sure or _is_a_person(text, *match.span()):
            yield match.span()


@functools.lru_cache(maxsize=8)  # all strings of one mentor are read for the same name
def _pattern(name: str) -> re.Pattern[str] | None:
    parts = name_parts(name)
    forms = sorted({form for part in parts for form in _forms(part)}, key=len, reverse=True)
    if not forms:
        return None
    one = "|".join(re.escape(form) for form in forms)
    initials = "".join(sorted({part[0].upper() for part in parts}))
    return re.compile(
        rf"(?<!\w)(?P<title>{_TITLE})?(?P<initial>(?<!\.)[{re.escape(initials)}]\.\s?)?(?:{one})"
        rf"(?P<more>(?:{_BETWEEN}{_OTHERS}(?:{one})(?!\w))*)(?!\w)(?P<whose>['’]s\b)?"  # noqa: RUF001
    )


def _forms(part: str) -> Iterator[str]:
    """The part as it may be written: composed or decomposed accents, capitals."""
    for normal in ("NFC", "NFD"):
        written = unicodedata.normalize(normal, part)
        yield from (written, written.upper())


def _is_a_person(text: str, start: int, end: int) -> bool:
    """Whether a part of a name that stands alone means its bearer."""
    before = text[max(0, start - AROUND) : start]
    word = text[start:end]
    if word.endswith(POSSESSIVE) or weight(word.casefold()) > EVERYDAY:
        return True
    if word == text.strip() or (word.isupper() and len(word) <= SHORT_CAPITALS):
        return False
    opens = opens_a_sentence(text, start)
    if opens and is_function_word(word):
        return DOES.match(text, end) is not None
    if _CLAUSE_BEFORE.search(before) and _VERB_AFTER.match(text, end):
        return True
    if _AFTER_OTHER_THINGS.match(text, end) or _BEFORE_OTHER_THINGS.search(before):
        return False
    capital = _CAPITAL_BEFORE.search(before)
    return opens or capital is None or _leads_in(before, capital)


def _leads_in(text: str, before: re.Match[str]) -> bool:
    """Whether the capital before a name is that of a sentence: "When Grace", not "Harvard Law"."""
    word = before[1]
    if word.lower() in _SAID_TO_SOMEBODY:
        return True
    adverb = word.endswith("ly") and opens_a_sentence(text, before.start())
    return adverb or is_function_word(word)


def opens_a_sentence(text: str, start: int) -> bool:
    """Whether nothing, or the end of a sentence, stands before `start`; an initial is none."""
    before = text[max(0, start - AROUND) : start].rstrip(" \t")
    return not before.strip() or (before[-1] in ".!?:\n" and not _INITIAL_BEFORE.search(before))
