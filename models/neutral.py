"""Names, genders and contacts out of the way, for matching only; quotes stay as written.

A mentor's own name (see `models.naming`), mail addresses, links and telephone numbers become
"they", signs of gender (see `models.gendered`) their neutral forms, so neither the encoder nor
the lexical index sees who somebody is.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from models.gendered import gendered, may_be_gendered
from models.naming import POSSESSIVE, mentions, opens_a_sentence
from models.terms import Term, terms

_CONTACT = re.compile(
    r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"  # mail
    r"|\b(?:https?://|www\.)\S+\w/?"
    r"|\b(?:linkedin|github|twitter|instagram|facebook)\.com/\S*\w/?"
    r"|(?<!\w)\+\d[\d ()-]{6,}\d\b"  # a telephone number, with its country's code
)
_OF_CONTACTS = ("@", "://", "www.", ".com/", "+")  # one of them is in each of these


@dataclass(frozen=True, slots=True)
class Neutral:
    """A text with names and signs of gender replaced, and the stretches of the original replaced.

    `replaced` holds (start, end) code-point offsets into the original, in order; `written` how
    long what stands there instead is.
    """

    text: str
    replaced: tuple[tuple[int, int], ...]
    written: tuple[int, ...]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where a stretch of the original stands in `text`; what it cuts through comes whole."""
        return self._at(start, 0), self._at(end, 1)

    def _at(self, offset: int, end: int) -> int:
        shift = 0
        for (start, stop), length in zip(self.replaced, self.written, strict=True):
            if offset <= start:
                break
            if offset < stop:
                return start + shift + end * length
            shift += length - (stop - start)
        return offset + shift


def neutralise(text: str, name: str = "") -> Neutral:
    """Replace `name`, its parts, contacts and signs of gender in `text`."""
    out: list[str] = []
    kept_to = 0
    spans = list(_stretches(text, name))
    for start, end, stand_in in spans:
        out += [text[kept_to:start], stand_in]
        kept_to = end
    return Neutral(
        "".join([*out, text[kept_to:]]),
        tuple((start, end) for start, end, _ in spans),
        tuple(len(stand_in) for _, _, stand_in in spans),
    )


def neutral_terms(text: str, name: str = "") -> Iterator[Term]:
    """The content words of `text` as the lexical index sees them, at their original offsets.

    A name or a pronoun leaves none; "chairman" leaves that of "chairperson".
    """
    found = list(terms(text))
    if not found and not may_be_gendered(text):  # no stand-in brings a word
        return
    spans = list(_stretches(text, name))
    if not spans:  # as of almost every text
        yield from found
        return
    for term in found:
        if not any(start < term.end and term.start < end for start, end, _ in spans):
            yield term
    for start, end, stand_in in spans:
        for term in terms(stand_in):
            yield Term(term.stem, term.weight, start, end)


def _stretches(text: str, name: str) -> Iterator[tuple[int, int, str]]:
    """What is replaced, in order and apart: offsets and the stand-in as it is written there."""
    found = [(*span, _anybody(text, *span)) for span in mentions(name, text)]
    if any(sign in text for sign in _OF_CONTACTS):
        found += [(*match.span(), "they") for match in _CONTACT.finditer(text)]
    found += gendered(text)
    kept_to = 0
    for start, end, stand_in in sorted(found, key=lambda one: (one[0], -one[1])):
        if start >= kept_to:  # not inside a longer one, as a form of address is in a name
            kept_to = end
            opens = text[start].isupper() and opens_a_sentence(text, start)
            yield start, end, stand_in.capitalize() if opens else stand_in


def _anybody(text: str, start: int, end: int) -> str:
    return "their" if text[start:end].endswith(POSSESSIVE) else "they"
