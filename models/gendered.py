"""Words that say which gender somebody has and nothing about their work, and what stands for them.

They are pronouns, forms of address before a name, and posts that come in two forms. "Woman",
"female" or "mother" are none of these: whoever writes "women in tech" means it.
"""

import re
from collections.abc import Iterator

_IN_TWO_FORMS = (
    ("actor", "actress", "actor"),
    ("anchorman", "anchorwoman", "anchor"),
    ("businessman", "businesswoman", "businessperson"),
    ("cameraman", "camerawoman", "camera operator"),
    ("chairman", "chairwoman", "chairperson"),
    ("councilman", "councilwoman", "councillor"),
    ("craftsman", "craftswoman", "craftsperson"),
    ("fireman", "firewoman", "firefighter"),
    ("fisherman", "fisherwoman", "fisher"),
    ("foreman", "forewoman", "foreperson"),
    ("headmaster", "headmistress", "headteacher"),
    ("policeman", "policewoman", "police officer"),
    ("salesman", "saleswoman", "salesperson"),
    ("spokesman", "spokeswoman", "spokesperson"),
    ("sportsman", "sportswoman", "sportsperson"),
    ("stuntman", "stuntwoman", "stunt performer"),
    ("tradesman", "tradeswoman", "tradesperson"),
    ("waiter", "waitress", "waiter"),
)


def _plural(post: str) -> str:
    if post.endswith("man"):
        return post[:-2] + "en"
    return post + ("es" if post.endswith("ss") else "s")


POSTS = (
    *_IN_TWO_FORMS,
    *((_plural(one), _plural(other), _plural(both)) for one, other, both in _IN_TWO_FORMS),
    ("alumnus", "alumna", "graduate"),
    ("alumni", "alumnae", "graduates"),
)
"""The masculine, the feminine and the neutral name of each post."""

# "Her" is both "him" and "his", and no rule tells which every time: one stand-in for all of them
# says the same of everybody, whatever it does to the grammar.
_STAND_INS = {
    "he": "they",
    "she": "they",
    "him": "their",
    "his": "their",
    "her": "their",
    "hers": "their",
    "himself": "themselves",
    "herself": "themselves",
    **{post: both for one, other, both in POSTS for post in (one, other) if post != both},
}
_ANYBODY = "they"  # for "she/her/hers" and "he/they", and for "Mr" and "Ms"

_PRONOUN = r"(?i:s?he|hers?|him|his|they|them|theirs?)"
_GENDERED = re.compile(
    rf"\b(?:(?P<declared>{_PRONOUN}(?:\s?/\s?{_PRONOUN})+)\b"
    r"|(?P<address>(?:Mrs?|Ms|Miss|Sir|Dame|Madam)\b\.?(?=\s+[^\W\d_a-z])"
    r"|(?:Sir|Madam)\b(?:\s?/\s?(?:Sir|Madam)\b)?)"
    r"|(?P<word>[^\W\d_]+)\b)"
)
_LETTERS = re.compile(r"[^\W\d_]+")
_SIGNS = frozenset([*_STAND_INS, "mr", "mrs", "ms", "miss", "sir", "dame", "madam"])


def may_be_gendered(text: str) -> bool:
    """Whether a closer look is worth while: almost no text is, and looking takes ten times as long.

    A text of which this does not hold says no gender.
    """
    return "/" in text or not _SIGNS.isdisjoint(map(str.lower, _LETTERS.findall(text)))


def gendered(text: str) -> Iterator[tuple[int, int, str]]:
    """Where `text` says a gender: code-point offsets, and the word that stands for it."""
    if not may_be_gendered(text):
        return
    for match in _GENDERED.finditer(text):
        stand_in = _STAND_INS.get(match["word"].lower(), "") if match["word"] else _ANYBODY
        if stand_in:
            yield match.start(), match.end(), stand_in
