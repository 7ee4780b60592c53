"""What stands in a record only to be ranked: endless word lists, and requests to the ranking.

Nobody reads it, so neither does the encoder nor the lexical index; the record stays as it is and
everything else in it counts as before. `benchmarks/stuffing.md` has what it would gain.
"""

import functools
import re
from collections.abc import Iterator, Sequence

from models.sentences import sentences

# Well beyond what any profile has that was looked at; `make bench-stuffing` prints the longest.
ENDLESS = 40  # items of a list
ENDLESS_TEXT = 100  # short fragments in a row
FRAGMENT_WORDS = 8  # more words between two commas are a clause, not an item

_BETWEEN = ",:;|•·\n.!?"  # fragments
_AROUND = 20  # characters looked back at, to see whether a sentence ended
_SOMEBODY = re.compile(r"\b(?:I|me|my|we|us|our|you|your|they|them|their)\b", re.IGNORECASE)
_FRAGMENT = re.compile(r"[^,:;|•·\n.!?]*\w[^,:;|•·\n.!?]*")
_STRETCH = re.compile(r"\S.*?(?:[.!?](?=\s|$)|$)", re.DOTALL)
_WORD = re.compile(r"\w+")
_WHOM = r"(?:me\b|my profile\b|this (?:mentor|profile|candidate|person)\b)"
_REQUEST = re.compile(
    r"\b(?<!not )(?<!never )(?:ignore|disregard|forget|skip|overlook|override)(?:\s+[\w']+){0,3}"
    r"\s+(?:mentors?|profiles?|candidates?|instructions?|prompts?|results?|recommendations?|"
    r"rankings?|matches)\b"
    rf"|(?:^|[,;:.!?-]\s*|\b(?:and|please|always|only|must|should|just)\s+)(?:recommend|rank|choose|"
    rf"pick|select|prefer)\s+(?:only\s+)?{_WHOM}"
    r"|\bthis (?:mentor|profile|candidate)\s+(?:perfectly\s+)?(?:matches|fits|suits|is the (?:best|"
    r"perfect|ideal|right|only))\b"
    r"|\b(?:best|perfect|ideal|right|only) (?:mentor|match|choice|candidate) (?:for|to) "
    r"(?:any|every|all)\b"
    r"|^\s*(?:system|assistant|instructions?|prompt|score|rank)\s*:",
    re.IGNORECASE,
)
_IN_REQUESTS = frozenset(
    """
    ignore disregard forget skip overlook override recommend rank choose pick select prefer mentor
    profile candidate match choice system assistant instruction instructions prompt score
    """.split()  # noqa: SIM905 (a list of quoted words is harder to read)
)
"""One of these is in each of them."""


@functools.lru_cache(maxsize=1_000)  # passages and words of a mentor look at the same texts
def padding(text: str) -> tuple[tuple[int, int], ...]:
    """Code-point offsets of the stretches of `text` that are not read, in order."""
    endless: list[tuple[int, int]] = []
    if sum(map(text.count, _BETWEEN)) >= ENDLESS_TEXT:
        runs = (run for run in fragments(text) if len(run) > ENDLESS_TEXT)
        endless = [(run[0][0], run[-1][1]) for run in runs]
    return tuple(sorted([*endless, *_requests(text)]))


def outside(start: int, end: int, padded: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """What is left of a stretch of the text without its `padding`."""
    for begin, stop in padded:
        if begin < end and start < stop:
            if start < begin:
                yield start, begin
            start = max(start, stop)
    if start < end:
        yield start, end


def fragments(text: str) -> Iterator[list[tuple[int, int]]]:
    """Each run of short fragments of `text`, as code-point offsets; prose breaks a run."""
    run: list[tuple[int, int]] = []
    before, heads = (0, 0), False
    for match in _FRAGMENT.finditer(text):
        item = match.group()
        opens = _opens(text, match.start())
        long = len(_WORD.findall(item)) > FRAGMENT_WORDS
        listed = text[before[1] : match.start()].strip() == ":"
        if long or _SOMEBODY.search(item):
            yield run
            run = []
        elif run:
            run.append(match.span())
        elif listed:  # with its heading, unless that is the end of a sentence of the mentor's own
            run = [before, match.span()] if heads else [match.span()]
        elif opens:
            run = [match.span()]
        before, heads = match.span(), opens and not long
    yield run


def _opens(text: str, start: int) -> bool:
    before = text[max(0, start - _AROUND) : start]
    return not before.strip() or before.rstrip(" \t")[-1] in ".!?\n•"


def _requests(text: str) -> Iterator[tuple[int, int]]:
    # Almost no text has any, and looking for the words is faster than for the sentences.
    if _IN_REQUESTS.isdisjoint(_WORD.findall(text.casefold())) or not _REQUEST.search(text):
        return
    for start, end in sentences(text):
        # The library takes "me. I" for one sentence; a request ends where any sentence may end.
        for piece in _STRETCH.finditer(text, start, end):
            if _REQUEST.search(piece.group()):
                yield piece.span()
