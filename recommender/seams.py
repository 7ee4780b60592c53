"""Where one part of a goal may end and the next begin, and what stands around each such seam."""

import functools
import re
from collections.abc import Callable
from dataclasses import dataclass

from models.sentences import sentences
from recommender.grams import Classifier
from recommender.help import FILE

_MARK = r"(?:\(?(?:[0-9]{1,2}|[A-Za-z])[.)](?=\s)|[-*•–—])"  # noqa: RUF001 (dashes people type)
_SEAM = re.compile(
    rf"(?P<line>\s*\n\s*(?:{_MARK}\s*)?)"
    rf"|(?P<mark>(?:^|(?<=[\s,;:.])){_MARK}\s+)"
    r"|(?P<end>(?<![( ]eg\.)(?<!esp\.)(?<!e\.g\.)(?<!i\.e\.)(?<!etc\.)(?<!incl\.)(?<!approx\.)"
    r"(?<=[.!?…])\s+(?=\S))"
    r"|(?P<dash>\s+[-–—]+\s+)"  # noqa: RUF001 (dashes people type)
    r"|(?P<arrow>\s*(?:->|=>|→)\s*)"
    r"|(?P<stop>\s*[;:]\s+)"
    r"|(?P<comma>\s*,\s+)"
    r"|(?P<open>\s+(?=\())"
    r"|(?P<picture>\s*[\U0001F300-\U0001FAFF☀-➿]+\s*)"
    r"|(?P<join>\s+(?=(?:and|but|so|plus|then|also|or|because|cause|&)\s))",
    re.IGNORECASE,
)
_WORD = re.compile(r"\w[\w'’]*|[?!]")  # noqa: RUF001 (typographic apostrophe)
_MARKED = re.compile(rf"\s*{_MARK}\s*")
_CERTAIN = ("sentence", "line", "mark")  # a part begins there whatever it says


@dataclass(frozen=True, slots=True)
class Seam:
    """A place where the text may be cut: its parts end at `before` and begin at `after`.

    `kind` names what stands there: end (of a sentence), line, mark (of a list), arrow, stop, comma,
    open (bracket), picture or join. Offsets count code points.
    """

    before: int
    after: int
    kind: str


def seams(text: str) -> list[Seam]:
    """Every place where `text` may be cut, in order; at least one word lies between two."""
    ends = {end for _, end in sentences(text)}
    found: list[Seam] = []
    for match in _SEAM.finditer(text):
        kind = str(match.lastgroup)
        if kind == "end" and match.end() in ends:
            kind = "sentence"
        seam = Seam(match.start(), match.end(), kind)
        if found and not _WORD.search(text, found[-1].after, seam.before):
            seam = Seam(found[-1].before, seam.after, _stronger(found[-1].kind, kind))
            found.pop()
        found.append(seam)
    return [s for s in found if _WORD.search(text, 0, s.before) and _WORD.search(text, s.after)]


def _stronger(first: str, second: str) -> str:
    """Of two seams with no word between, the one that says more; ", and" is a join."""
    order = (
        "line",
        "mark",
        "sentence",
        "end",
        "stop",
        "dash",
        "arrow",
        "picture",
        "join",
        "comma",
        "open",
    )
    return min(first, second, key=order.index)


def around(
    text: str, found: list[Seam], at: int, label: Callable[[str], dict[str, float]]
) -> set[str]:
    """What speaks for or against cutting at seam `at`, as strings.

    `label` gives the probabilities of what a stretch of text is about.
    """
    seam = found[at]
    left = text[found[at - 1].after if at else 0 : seam.before]
    right = text[seam.after : found[at + 1].before if at + 1 < len(found) else len(text)]
    following = found[at + 1].kind if at + 1 < len(found) else "none"
    preceding = found[at - 1].kind if at else "none"
    words_left, words_right = (_WORD.findall(side.lower()) for side in (left, right))
    labels_left, labels_right = label(left), label(right)
    about_left, about_right = _about(labels_left), _about(labels_right)
    alike = sum(labels_left[name] * labels_right[name] for name in labels_left)
    alike /= max(labels_left.values()) * max(labels_right.values())
    likely_left, likely_right = _likely(about_left), _likely(about_right)
    kind = seam.kind
    skip = int(words_right[:1] != [] and words_right[0] in _JOINING)
    features = {
        f"kind {kind}",
        f"{kind} first {' '.join(words_right[:1])}",
        f"first {' '.join(words_right[:1])}",
        f"first two {' '.join(words_right[:2])}",
        f"last {' '.join(words_left[-1:])}",
        f"opens {' '.join(words_left[:1])} {' '.join(words_right[:1])}",
        f"{kind} left {_size(words_left)}",
        f"{kind} right {_size(words_right)}",
        f"{kind} about {likely_left} {likely_right}",
        f"about {likely_left} {likely_right}",
        f"right {likely_right}",
        f"self {_tenth(about_left['self'])} {_tenth(about_right['self'])}",
        f"{kind} self left {_tenth(about_left['self'])}",
        f"{kind} self right {_tenth(about_right['self'])}",
        f"{kind} sorts {_sort(words_right[:1])} {_sort(words_right[1:2])}",
        f"{kind} sort {_sort(words_right[skip : skip + 1])}",
        f"sides {_sort(words_left[:1])} {_sort(words_right[skip : skip + 1])}",
        f"{kind} sides {_sort(words_left[:1])} {_sort(words_right[skip : skip + 1])}",
        f"{kind} alike {_tenth(alike)}",
        f"{kind} alike {_tenth(alike)} {likely_right}",
        *(f"{kind} first piece {piece}" for piece in _pieces(words_right[skip : skip + 1])),
        f"turn {_tenth(about_right['self'] - about_left['self'])}",
        f"{kind} {preceding} {following}",
        f"{kind} asks {'?' in words_right}",
        f"{kind} of {min(sum(s.kind == kind for s in found), 4)}",
    }
    if kind in ("comma", "join"):
        second = words_right[1:2] if kind == "join" else words_right[:1]
        features |= {f"{kind} verb {' '.join(second)}", f"{kind} then {' '.join(words_right[1:3])}"}
    return features


_JOINING = frozenset(("and", "but", "so", "plus", "then", "also", "or", "because", "cause"))
_SORTS = {
    "me": "i i'm im i've ive i'd id i'll my we we're our me us",
    "want": "want wants wanna need needs would hope wish wishing looking like love dream dreaming",
    "ask": "how what where which who when why is are should can could do does will whether if",
    "them": "he she they it everyone everybody nobody people somebody someone this that there you",
    "near": "in on with for from at of by about after before since as without during into than",
    "some": "a an the some any more better less my two three one each every no not",
    "joining": " ".join(_JOINING),
    "to": "to",
    "act": "get learn find become build make pass improve help find move go start stop be "
    "understand know meet talk write read decide choose prepare practise practice teach lead "
    "grow work change",
}
_SORT_OF = {word: sort for sort, words in _SORTS.items() for word in words.split()}


def _sort(words: list[str]) -> str:
    """The sort of the first word: what it does in a wish, where that can be told."""
    if not words:
        return "none"
    word = words[0].replace("’", "'")  # noqa: RUF001 (typographic apostrophe)
    if word in _SORT_OF:
        return _SORT_OF[word]
    return "number" if word[0].isdigit() else "ing" if word.endswith("ing") else "other"


def _pieces(words: list[str]) -> set[str]:
    return {word[:n] for word in words for n in (2, 3, 4)} | {
        word[-n:] + "$" for word in words for n in (2, 3)
    }


CUT = 0.5


def parts(text: str, label: Callable[[str], dict[str, float]]) -> list[tuple[int, int]]:
    """Code-point offsets of the parts of `text`, in order, white space left out at both ends."""
    found, begin, spans = seams(text), 0, []
    for at, seam in enumerate(found):
        if seam.kind in _CERTAIN or _cut(around(text, found, at, label)):
            spans.append((begin, seam.before))
            begin = seam.after
    return [_trimmed(text, *span) for span in [*spans, (begin, len(text))]]


def _cut(strings: set[str]) -> bool:
    return _cutter().probabilities(strings)["cut"] >= CUT


@functools.cache
def _cutter() -> Classifier:
    return Classifier.load(FILE, "seams")


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    mark = _MARKED.match(text, start, end)
    start = mark.end() if mark and _WORD.search(text, mark.end(), end) else start
    piece = text[start:end]
    return end - len(piece.lstrip()), start + len(piece.rstrip())


def _about(probabilities: dict[str, float]) -> dict[str, float]:
    about = {"self": 0.0, "filler": 0.0, "topic": 0.0, "wish": 0.0}
    for label, probability in probabilities.items():
        about[label if label in about else "wish"] += probability
    return about


def _likely(about: dict[str, float]) -> str:
    return max(about, key=lambda name: about[name])


def _tenth(share: float) -> str:
    return str(round(4 * share))


def _size(words: list[str]) -> str:
    sizes = ("none", "one", "two", "three", "some", "some", "some", "some")
    return sizes[len(words)] if len(words) < len(sizes) else "many"
