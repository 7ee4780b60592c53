"""Whether an explanation is the score, or a story about it.

Erasure (DeYoung et al. 2020, "ERASER", doi:10.18653/v1/2020.acl-main.408): a quoted sentence that
carried the score lowers it when it is taken out of the profile, and by more than another sentence
of like length that nobody quoted. The figures of an explanation must also add up, in whole
millionths, and its quotes must stand in the record.
"""

import copy
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from models.mentor import string_at
from models.recommendation import Reason, Recommendation

MICRO = 1_000_000

Record = Mapping[str, object]
Spans = Callable[[str], Sequence[tuple[int, int]]]


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of a record: code-point offsets, end exclusive, in the string at `pointer`."""

    pointer: str
    start: int
    end: int

    @property
    def length(self) -> int:
        return self.end - self.start

    @property
    def kind(self) -> str:
        """The pointer without its numbers, as in "experience/description"."""
        return "/".join(token for token in self.pointer.split("/")[1:] if not token.isdigit())

    def overlaps(self, reason: Reason) -> bool:
        """Whether the reason quotes some of this sentence."""
        return self.pointer == reason.field and self.start < reason.end and reason.start < self.end


@dataclass(frozen=True, slots=True)
class Outcome:
    """How much two removals lowered a score, in millionths; below 0 where it rose."""

    kind: str
    quoted: int
    other: int

    @property
    def verdict(self) -> str:
        """What happened: "faithful" when removing the quote costs more."""
        if self.quoted > self.other:
            return "faithful"
        if self.quoted < 0:
            return "the score rose without the quote"
        return "equal" if self.quoted == self.other else "the other sentence cost more"


def sentences_of(record: Record, spans: Spans) -> list[Sentence]:
    """The sentences of the running texts of a record, in order; `spans` cuts one text."""
    texts = {f"/{name}": record.get(name, "") for name in ("headline", "bio", "looking_for")}
    posts = record.get("experience", [])
    assert isinstance(posts, list)
    for i, post in enumerate(posts):
        texts[f"/experience/{i}/description"] = post.get("description", "")
    return [
        Sentence(pointer, *span) for pointer, text in texts.items() for span in spans(str(text))
    ]


def quoted_sentence(reason: Reason, sentences: Iterable[Sentence]) -> Sentence | None:
    """The sentence that a reason quotes, most of it if several; None where it quotes another."""
    touched = [sentence for sentence in sentences if sentence.overlaps(reason)]
    shared = [min(s.end, reason.end) - max(s.start, reason.start) for s in touched]
    return touched[shared.index(max(shared))] if touched else None


def counterpart(
    quoted: Sentence, sentences: Iterable[Sentence], reasons: Sequence[Reason]
) -> Sentence | None:
    """The sentence nearest in length among those of which no reason quotes anything.

    None when there is no such sentence; of two equally near the first counts.
    """
    free = [s for s in sentences if not any(s.overlaps(reason) for reason in reasons)]
    return min(free, key=lambda s: abs(s.length - quoted.length), default=None)


def without(record: Record, sentence: Sentence) -> dict[str, object]:
    """A copy of the record without the sentence and the white space after it."""
    text = string_at(record, sentence.pointer)
    left = text[: sentence.start] + text[sentence.end :].lstrip()
    copied: Any = copy.deepcopy(dict(record))
    node = copied
    *path, last = sentence.pointer.split("/")[1:]
    for token in path:
        node = node[int(token)] if isinstance(node, list) else node[token]
    node[last] = left.rstrip()
    return dict(copied)


def sum_faults(one: Recommendation) -> list[str]:
    """Which of a recommendation's figures do not add up exactly; none where all do."""
    parts = {name: micro(value) for name, value in one.contributions.items()}
    rest = {
        "passages": micro(one.other_passages),
        "profile": micro(one.other_profile),
        "lexical": micro(one.other_terms),
    }
    faults = [] if sum(parts.values()) == micro(one.score) else ["contributions to score"]
    for part, other in rest.items():
        quoted = sum(micro(r.contribution) for r in one.reasons if r.part == part)
        if quoted + other != parts[part]:
            faults.append(f"reasons to {part}")
    return faults


def is_verbatim(record: Record, reason: Reason) -> bool:
    """Whether the quote stands in the record, exactly where the reason says."""
    try:
        text = string_at(record, reason.field)
    except KeyError:
        return False
    return reason.quote != "" and text[reason.start : reason.end] == reason.quote


def micro(value: float) -> int:
    """Whole millionths, in which every figure of an explanation is given."""
    return round(value * MICRO)
