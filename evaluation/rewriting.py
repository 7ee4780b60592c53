"""The same mentor as somebody else: another name, another gender, the same life."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from evaluation.names import MAN, WOMAN, Person
from evaluation.swapping import swapped
from models.mentor import Mentor, as_record, strings_in
from models.naming import mentions, name_parts, own_name

_WOMEN = re.compile(r"\b(?:she|hers?|herself|Mrs|Ms)\b", re.IGNORECASE)
_MEN = re.compile(r"\b(?:he|him|his|himself|Mr)\b", re.IGNORECASE)


def written_as(mentor: Mentor, person: Person) -> Mentor:
    """The mentor under another name, with the pronouns and forms of address that go with it.

    The name is exchanged where the record says it of the mentor (see `models.naming`); a record
    without `name` stays without.
    """
    own = own_name(mentor.name, mentor.bio)
    found = _with_texts(mentor, lambda text: _renamed(text, own, person))
    if found.name:
        found = replace(found, name=f"{person.first} {person.last}")
    return with_gender(found, person.gender)


def filled(mentor: Mentor, person: Person, *, named: bool) -> Mentor:
    """A mentor whose texts hold {FIRST} and {LAST}, as `person`; with `name` only if `named`."""

    def fill(text: str) -> str:
        return text.replace("{FIRST}", person.first).replace("{LAST}", person.last)

    name = f"{person.first} {person.last}" if named else ""
    return replace(_with_texts(mentor, fill), name=name)


def with_gender(mentor: Mentor, gender: str) -> Mentor:
    """The mentor with the pronouns, forms of address and posts of `gender`.

    A record whose pronouns are of neither, or of both equally, stays as it is.
    """
    said = " ".join(strings_in(as_record(mentor)))
    women, men = len(_WOMEN.findall(said)), len(_MEN.findall(said))
    is_other = women > men if gender == MAN else men > women if gender == WOMAN else False
    return _with_texts(mentor, swapped) if is_other else mentor


def _renamed(text: str, own: str, person: Person) -> str:
    parts = name_parts(own)
    out: list[str] = []
    kept_to = 0
    for start, end in mentions(own, text):
        out += [text[kept_to:start], _as_person(text[start:end], parts, person)]
        kept_to = end
    return "".join([*out, text[kept_to:]])


def _as_person(said: str, parts: Sequence[str], person: Person) -> str:
    """One mention: "Ms. Amara N. Okoye's" as "Ms. Maria Lopez's", "Amara" as "Maria"."""
    one = "|".join(re.escape(part) for part in sorted(parts, key=len, reverse=True))
    words = list(re.finditer(one, said, re.IGNORECASE))
    if not words:  # written with decomposed accents
        return f"{person.first} {person.last}"
    alone = person.first if words[0].group().lower() == parts[0].lower() else person.last
    name = alone if len(words) == 1 else f"{person.first} {person.last}"
    return said[: words[0].start()] + name + said[words[-1].end() :]


def _with_texts(mentor: Mentor, change: Callable[[str], str]) -> Mentor:
    """The mentor with every text that is embedded or matched changed."""
    return replace(
        mentor,
        headline=change(mentor.headline),
        bio=change(mentor.bio),
        experience=tuple(
            replace(
                post,
                title=change(post.title),
                organization=change(post.organization),
                description=change(post.description),
            )
            for post in mentor.experience
        ),
        skills=tuple(map(change, mentor.skills)),
        topics=tuple(map(change, mentor.topics)),
        looking_for=change(mentor.looking_for),
        industries=tuple(map(change, mentor.industries)),
        education=tuple(
            replace(course, degree=change(course.degree), field=change(course.field))
            for course in mentor.education
        ),
        organization=change(mentor.organization),
    )
