"""The name by which a bio introduces its subject: "Amara Okoye is", "My name is Amara".

It is told by what stands around it, never by a list of names: half of them also mean something.
"""

import functools
import re

OPENING = 400  # characters in which people say who they are; the first sentence of a long bio

_CAPITAL = r"[^\W\d_a-z]"
_WORD = rf"(?:{_CAPITAL}\.|{_CAPITAL}(?:(?!['’]s\b)['’-]?\w)*)"  # noqa: RUF001
_LINK = r"(?:(?:bin|binte|binti|bte|de|da|do|dos|du|di|del|della|van|von|der|den|la|le|al|el)\s)"
_BYNAME = r"""(?:["“(][^"”()]{2,20}["”)]\s)"""
_NAME = rf"(?P<name>{_WORD}(?:\s{_LINK}{{0,2}}{_BYNAME}?{_WORD}){{0,5}})"
_TITLE = r"(?:(?:Mrs?|Ms|Miss|Mx|Sir|Dame|Madam|Dr|Prof|Professor)\b\.?\s+)?"

_IS = r"(?:is|was|has|had|serves|served|works|worked|joined)"
_ACTS = (
    r"(?:[a-z-]{2,}(?:s|ed)|began|came|did|drew|fell|found|gave|got|grew|held|led|made|met|ran|"
    r"sold|spent|spoke|taught|took|went|won|wrote)"
)
_HOW = r"(?:(?:[a-z]+ly|also|first|now|then|today|who)\s+)?"
DOES = re.compile(rf"\s+{_HOW}(?:{_IS}|{_ACTS})\b")
"""What follows a person's name where a sentence says what the person is or does."""

_SAID = re.compile(rf"\b(?i:my name(?:['’]s|\sis)|call me)\s+{_TITLE}{_NAME}")  # noqa: RUF001
_GREETED = re.compile(
    rf"^(?i:hi|hello|hey|greetings)\b[^I]{{0,40}}\bI(?:['’]m|\sam)\s+{_TITLE}{_NAME}"  # noqa: RUF001
    r"(?=[,.!;]|\s(?:and|or|from)\b)"
)
_OPENED = re.compile(rf"^I(?:['’]m|\sam)\s+{_NAME}(?=,\s(?:an?|the)\b)")  # noqa: RUF001
_DOING = rf"(?:{_HOW}(?:(?P<is>{_IS})|{_ACTS})\b)"
_ASIDE = r"(?:\s?[,—–(-].{1,200}?[,—–)-]\s?|,?\s)"  # noqa: RUF001
_TOLD = re.compile(rf"{_TITLE}{_NAME}(?:{_ASIDE}{_DOING}|['’]s\b)")  # noqa: RUF001
# "Based in Lagos, Amara Okoye is": what comes first holds no verb.
_LED_TO = re.compile(
    r"(?:(?!\s(?:is|was|has)\b)[^.;:!?]){1,200},\s"
    rf"{_TITLE}{_NAME}(?:\s{_DOING}|['’]s\b)"  # noqa: RUF001
)

_FIRST_PERSON = re.compile(r"\b(?:I|[Mm]y|[Mm]e)\b")
_THIRD_PERSON = re.compile(r"\b(?:s?he|his|hers?|him)\b", re.IGNORECASE)
# How a sentence begins that is about something else; "Emily" and "Kimberly" end like an adverb.
_NO_NAME = re.compile(
    r"(?i:the|this|that|these|an?|my|our|your|we|it|he|she|they|his|her|their|what|which|who|how|"
    r"when|while|if|as|at|by|for|from|in|on|of|to|with|after|before|since|there|here|every|each|"
    r"all|most|many|some|no|not|and|or|but|today|now|"
    r"(?:current|former|original|previous|present|recent)ly|"
    r"\w+ing|\w+(?:tion|ment|ness|ship|ity))\b"
)


@functools.lru_cache(maxsize=1_000)
def introduced(bio: str) -> str:
    """The mentor's name as the bio gives it, or nothing where it gives none that is sure."""
    opening = bio[:OPENING]
    for way in (_SAID, _GREETED, _OPENED):
        if (said := way.search(opening)) and _can_be_a_name(said["name"]):
            return said["name"]
    third = _THIRD_PERSON.search(bio) is not None
    if not third and _FIRST_PERSON.search(bio):
        return ""
    for way in (_TOLD, _LED_TO):
        told = way.match(opening)
        if told and _can_be_a_name(told["name"]) and _is_told(told, bio, third=third):
            return told["name"]
    return ""


def _is_told(told: re.Match[str], bio: str, *, third: bool) -> bool:
    """Whether the rest of the bio bears out that somebody is told of.

    "Eighteen years" looks like a name that does something; a name does it again, or is something.
    """
    if " " in told["name"]:
        return third or told["is"] is not None
    return told["is"] is not None or (third and bio.count(told["name"]) > 1)


def _can_be_a_name(words: str) -> bool:
    return not _NO_NAME.match(words) and (" " in words or not words.isupper())
