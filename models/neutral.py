"""Names and pronouns out of the way, for matching only; quotes stay as written.

A mentor's own name (from the record's `name`, not from a list of names that also mean things) and
mail addresses become "they", gendered pronouns become their neutral forms. Every replacement is a
function word, so neither the encoder nor the lexical index sees who somebody is.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

_SHORTEST_NAME = 2  # a one-letter part of a name is an initial, and also the article "a"

_PRONOUNS = {
    "he": "they",
    "she": "they",
    "him": "them",
    "his": "their",
    "hers": "theirs",
    "himself": "themself",
    "herself": "themself",
}
_PRONOUN = re.compile(r"\b(?:s?he|him|his|hers?|himself|herself)\b", re.IGNORECASE)
# "her team" is possessive; "asked her." and "asked her about visas" are not.
_POSSESSED = re.compile(
    r"\s+(?!(?:about|after|and|as|at|because|before|by|for|from|how|if|in|into|of|on|or|so|than|"
    r"that|to|what|when|where|while|who|why|with)\b)\w"
)
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_BETWEEN = r"""[\s,"“”()'’-]{1,3}"""  # noqa: RUF001 (never a full stop: names do not cross it)
_TITLE = r"(?:(?:Mrs?|Ms|Miss|Mx|Sir|Dame|Madam|Dr|Prof)\b\.?\s+)?"
_POSSESSIVE = r"(?:['’]s\b)?"  # noqa: RUF001 (typographic apostrophe)


@dataclass(frozen=True, slots=True)
class Neutral:
    """A text with names and pronouns replaced, and the stretches of the original replaced.

    `replaced` holds (start, end) code-point offsets into the original, in order.
    """

    text: str
    replaced: tuple[tuple[int, int], ...]


def neutralise(text: str, name: str = "") -> Neutral:
    """Replace `name`, its parts and gendered pronouns in `text`."""
    found = _names(name, text)
    found += [m.span() for pattern in (_EMAIL, _PRONOUN) for m in pattern.finditer(text)]
    out: list[str] = []
    kept_to = 0
    replaced: list[tuple[int, int]] = []
    for start, end in sorted(found):
        if start < kept_to:  # a pronoun inside a name, or a part inside the full name
            continue
        out += [text[kept_to:start], _stand_in(text, start, end)]
        replaced.append((start, end))
        kept_to = end
    return Neutral("".join([*out, text[kept_to:]]), tuple(replaced))


def _names(name: str, text: str) -> list[tuple[int, int]]:
    """Where the full name, or one of its parts, stands in `text`, as written or in capitals.

    Case matters otherwise: "grant writing" stays when somebody is called Grant.
    """
    parts = [p for p in re.split(r"[\W_]+", name) if len(p) >= _SHORTEST_NAME]
    forms = {form for part in parts for form in _forms(part)}
    if not forms:
        return []
    one = "|".join(re.escape(form) for form in sorted(forms, key=len, reverse=True))
    pattern = rf"(?<!\w){_TITLE}(?:{one})(?:{_BETWEEN}(?:{one}))*(?!\w){_POSSESSIVE}"
    return [m.span() for m in re.finditer(pattern, text)]


def _forms(part: str) -> Iterator[str]:
    """The part as it may be written: composed or decomposed accents, capitals."""
    for normal in ("NFC", "NFD"):
        written = unicodedata.normalize(normal, part)
        yield from (written, written.upper())


def _stand_in(text: str, start: int, end: int) -> str:
    word = text[start:end].lower()
    if word == "her":
        neutral = "their" if _POSSESSED.match(text, end) else "them"
    elif word in _PRONOUNS:
        neutral = _PRONOUNS[word]
    else:
        neutral = "their" if word.endswith(("'s", "’s")) else "they"  # noqa: RUF001
    return neutral.capitalize() if text[start].isupper() and _opens(text, start) else neutral


def _opens(text: str, start: int) -> bool:
    before = text[:start].rstrip()
    return not before or before[-1] in ".!?:\n"
