"""A mentor record as passages to embed, and as words to match.

What each passage reads, and which stretch of the record it quotes, is the text recipe: raise
`models.encoder.TEXT_RECIPE` when any of it changes.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from indexer.padding import ENDLESS, outside, padding
from models.mentor import Mentor, text_at
from models.naming import own_name
from models.neutral import neutral_terms, neutralise
from models.passage import Leaf, Passage
from models.sentences import sentences
from models.terms import Term, has_word

MAX_CHARACTERS = 600  # well under 256 word pieces, the shortest maximum among common encoders
SHORT_SENTENCE = 25  # characters; "Ask me." alone says nothing, so it joins its neighbour
LONG_ITEM = 60  # characters; a longer list item is a sentence and stands alone
ITEMS_TOGETHER = 12  # of a list in one passage; a longer list becomes several passages

_SPACE = re.compile(r"\s")


def passages(mentor: Mentor) -> tuple[Passage, ...]:
    """Everything in the record worth embedding, in the order of the record's fields; at least one.

    An index has a place for nobody without a passage.
    """
    mentor = _named(mentor)
    found = [
        *_sentences(mentor, "/headline", mentor.headline),
        *_sentences(mentor, "/bio", mentor.bio),
        *_experience(mentor),
        *_list(mentor, "/skills", mentor.skills),
        *_list(mentor, "/topics", mentor.topics),
        *_sentences(mentor, "/looking_for", mentor.looking_for),
        *_list(mentor, "/industries", mentor.industries),
        *_education(mentor),
    ]
    found = found or list(_sentences(mentor, "/organization", mentor.organization))
    return tuple(found or _anything(mentor))


def as_read(mentor: Mentor, leaves: Sequence[Leaf]) -> list[str]:
    """What the encoder reads for each of these stretches of the record."""
    name = _named(mentor).name
    texts = (text_at(mentor, leaf.pointer)[leaf.start : leaf.end] for leaf in leaves)
    return [neutralise(text, name).text for text in texts]


def words(mentor: Mentor) -> Iterator[tuple[str, Term]]:
    """Every content word of the record with the JSON Pointer of its string.

    The mentor's name and pronouns are left out wherever they stand, and what is padding.
    """
    mentor = _named(mentor)
    for pointer, text in _strings(mentor):
        padded = padding(text)
        for term in neutral_terms(text, mentor.name):
            if not (padded and any(start <= term.start < end for start, end in padded)):
                yield pointer, term


def _named(mentor: Mentor) -> Mentor:
    """The mentor with the name that is replaced, which a bio may give where `name` does not."""
    return replace(mentor, name=own_name(mentor.name, mentor.bio))


def _strings(mentor: Mentor) -> Iterator[tuple[str, str]]:
    yield "/headline", mentor.headline
    yield "/bio", mentor.bio
    for i, post in enumerate(mentor.experience):
        yield f"/experience/{i}/title", post.title
        yield f"/experience/{i}/organization", post.organization
        yield f"/experience/{i}/description", post.description
    for name in ("skills", "topics", "industries"):
        for i, item in enumerate(_honest(getattr(mentor, name))):
            yield f"/{name}/{i}", item
    yield "/looking_for", mentor.looking_for
    for i, course in enumerate(mentor.education):
        yield f"/education/{i}/degree", course.degree
        yield f"/education/{i}/field", course.field
    yield "/organization", mentor.organization


def _sentences(mentor: Mentor, pointer: str, text: str) -> Iterator[Passage]:
    for start, end in sentence_spans(text, mentor.name):
        yield _together(mentor, [(Leaf(pointer, start, end), text[start:end])], "")


def sentence_spans(text: str, name: str = "") -> list[tuple[int, int]]:
    """Code-point offsets of the sentences of `text`, trimmed of white space.

    A very short sentence joins the one before it, however long the names in it are; a very long
    one is cut between words.
    """
    spans: list[tuple[int, int]] = []
    padded = padding(text)
    stretches = (part for sentence in sentences(text) for part in outside(*sentence, padded))
    for stretch in stretches:
        start, end = _trimmed(text, *stretch)
        if not has_word(text[start:end]):
            continue
        short = len(neutralise(text[start:end], name).text) < SHORT_SENTENCE
        cut_out = any(spans[-1][1] <= begin < start for begin, _ in padded) if spans else False
        if short and spans and not cut_out and end - spans[-1][0] <= MAX_CHARACTERS:
            spans[-1] = (spans[-1][0], end)
        else:
            spans += _cut(text, start, end)
    return spans


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end


def _cut(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    while end - start > MAX_CHARACTERS:
        spaces = [m.start() for m in _SPACE.finditer(text, start + 1, start + MAX_CHARACTERS)]
        middle = spaces[-1] if spaces else start + MAX_CHARACTERS
        yield _trimmed(text, start, middle)
        start, end = _trimmed(text, middle, end)
    if end > start:
        yield start, end


def _anything(mentor: Mentor) -> Iterator[Passage]:
    """The beginning of the first string with a word, padding or not: nobody has no passage."""
    lists = ((name, getattr(mentor, name)) for name in ("skills", "topics", "industries"))
    endless = ((f"/{name}/{i}", item) for name, items in lists for i, item in enumerate(items))
    for pointer, text in (*_strings(mentor), *endless):
        if has_word(text):
            start, end = next(_cut(text, *_trimmed(text, 0, len(text))))
            yield _together(mentor, [(Leaf(pointer, start, end), text[start:end])], "")
            return


def _experience(mentor: Mentor) -> Iterator[Passage]:
    for i, post in enumerate(mentor.experience):
        at = f"/experience/{i}"
        named = [(f"{at}/title", post.title), (f"{at}/organization", post.organization)]
        yield from _joined(mentor, [(p, text) for p, text in named if has_word(text)])
        # A sentence of a job description rarely names the job, which the goal often does: both
        # are read together, and the one nearer to the goal is quoted.
        title = [(Leaf(f"{at}/title", 0, len(post.title)), post.title)] if post.title else []
        for start, end in sentence_spans(post.description, mentor.name):
            leaf = Leaf(f"{at}/description", start, end)
            yield _together(mentor, [*title, (leaf, post.description[start:end])], ": ")


def _education(mentor: Mentor) -> Iterator[Passage]:
    for i, course in enumerate(mentor.education):
        at = f"/education/{i}"
        named = [(f"{at}/degree", course.degree), (f"{at}/field", course.field)]
        yield from _joined(mentor, [(p, text) for p, text in named if has_word(text)])


def _list(mentor: Mentor, pointer: str, items: tuple[str, ...]) -> Iterator[Passage]:
    honest = _honest(items)
    placed = [(f"{pointer}/{i}", item) for i, item in enumerate(honest) if has_word(item)]
    short = [(p, item) for p, item in placed if len(item) <= LONG_ITEM]
    for first in range(0, len(short), ITEMS_TOGETHER):
        yield from _joined(mentor, short[first : first + ITEMS_TOGETHER])
    for p, item in placed:
        if len(item) > LONG_ITEM:
            yield from _sentences(mentor, p, item)


def _honest(items: tuple[str, ...]) -> tuple[str, ...]:
    """The items, or none where there are so many that they claim everything."""
    return items if len(items) <= ENDLESS else ()


def _joined(mentor: Mentor, placed: list[tuple[str, str]]) -> Iterator[Passage]:
    """One passage of several short strings; nothing for none."""
    if placed:
        yield _together(mentor, [(Leaf(p, 0, len(text)), text) for p, text in placed], ", ")


def _together(mentor: Mentor, quotable: list[tuple[Leaf, str]], between: str) -> Passage:
    leaves, quotes = zip(*quotable, strict=True)
    items = tuple(neutralise(quote, mentor.name).text for quote in quotes)
    return Passage(between.join(items), leaves, items if len(items) > 1 else ())
