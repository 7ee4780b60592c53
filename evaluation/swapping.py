"""A text as it would stand if it were about somebody of the other gender.

Pronouns, forms of address before a name, and posts in two forms are exchanged; "women in tech"
stays. Grammar is followed as far as words alone tell it.
"""

import re

from models.gendered import POSTS

_PAIRS = (
    ("he", "she"),
    ("himself", "herself"),
    ("Mr", "Ms"),
    ("Sir", "Madam"),
    *((one, other) for one, other, _ in POSTS),
)
_OTHERS = {
    **{one.lower(): other for one, other in _PAIRS},
    **{other.lower(): one for one, other in _PAIRS},
    "him": "her",
    "hers": "his",
    "mrs": "Mr",
    "miss": "Mr",
    "dame": "Sir",
}
# "his team" is "her team", "it was his" is "it was hers"; "her team" and "asked her" likewise.
_POSSESSED = re.compile(
    r"\s+(?!(?:about|after|and|as|at|because|before|by|for|from|how|if|in|into|is|of|on|or|so|than|"
    r"that|the|to|was|what|when|where|while|who|why|with)\b)\w"
)
_WORD = re.compile(r"\b[^\W\d_]+\b")
_FORMS_OF_ADDRESS = {"mr", "mrs", "ms", "miss", "sir", "madam", "dame"}


def swapped(text: str) -> str:
    """`text` about somebody of the other gender."""
    return _WORD.sub(_other, text)


def _other(match: re.Match[str]) -> str:
    word, low = match.group(), match.group().lower()
    if low in _FORMS_OF_ADDRESS and not word.istitle():  # "MS Excel", "we miss"
        return word
    possessed = _POSSESSED.match(match.string, match.end()) is not None
    if low == "his":
        other = "her" if possessed else "hers"
    elif low == "her":
        other = "his" if possessed else "him"
    else:
        other = _OTHERS.get(low, word)
    return other[0].upper() + other[1:] if word[0].isupper() else other
