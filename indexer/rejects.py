"""Rejected records as they are kept, and whether one speaks of a certain mentor."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from models.mentor import Mentor, as_record, strings_in

_WORD = re.compile(r"\w+")
ENOUGH = 36  # characters of such texts together: more than a title with an employer
TELLING = 20  # characters: a text this long is hardly somebody else's by chance


@dataclass(frozen=True, slots=True)
class Reject:
    """One rejected record: the id it claims, "" when that cannot be read, and its JSON line."""

    id: str
    line: str


def kept(line: int, field: str, reason: str, record: object) -> Reject:
    """A rejected record as a line of JSON with where it stood and why it was rejected."""
    whole = {"line": line, "field": field, "reason": reason, "record": record}
    try:
        text = json.dumps(whole, ensure_ascii=False, default=str)
    except RecursionError:  # nested too deeply to be written as it came
        text = json.dumps(whole | {"record": None}, ensure_ascii=False, default=str)
    return Reject(_plain(_id_of(record)), _plain(text))


class Looked:
    """What tells that a rejected record speaks of a mentor; made once for many records."""

    def __init__(self, mentor: Mentor) -> None:
        self._id = mentor.id
        self._as_word = re.compile(rf"(?<![\w-]){re.escape(mentor.id)}(?![\w-])")
        name = mentor.name if " " in mentor.name.strip() else ""
        self._name = _Needle(name) if name else None
        self._needles = [_Needle(text) for text in dict.fromkeys(_texts(as_record(mentor)))]

    def in_reject(self, reject: "Reject", words: frozenset[str]) -> bool:
        """Whether the record is the mentor's or holds the mentor's own texts.

        The id decides where it can be read; a broken line is searched for the id as a word. Any
        line is searched for the name and for texts of at least `TELLING` characters; in a record
        with the id of somebody else a text may be a common phrase, so they must come to `ENOUGH`
        together. `words` are those of the line (`words_of`).
        """
        if reject.id == self._id:
            return True
        if self._name and self._name.stands_in(reject.line, words):
            return True
        missing = ENOUGH if reject.id else TELLING
        for needle in self._needles:
            missing -= needle.length if needle.stands_in(reject.line, words) else 0
            if missing <= 0:
                return True
        return not reject.id and self._as_word.search(reject.line) is not None


class _Needle:
    """A text and the ways it may stand in a line; its longest word rules most lines out."""

    def __init__(self, text: str) -> None:
        self.length = len(text)
        self._forms = _forms(text)
        self._word = max(_WORD.findall(text), key=len, default="")

    def stands_in(self, line: str, words: frozenset[str]) -> bool:
        if self._word not in words and "\\u" not in line:
            return False
        return any(form in line for form in self._forms)


def words_of(line: str) -> frozenset[str]:
    """The words of a rejected record's line."""
    return frozenset(_WORD.findall(line.replace("\\n", " ").replace("\\t", " ")))


def speaks_of(reject: Reject, mentor: Mentor) -> bool:
    """Whether the rejected record is the mentor's or holds the mentor's own texts."""
    return Looked(mentor).in_reject(reject, words_of(reject.line))


def _texts(record: Mapping[str, object]) -> Iterator[str]:
    """The long texts of a record, in sentences: an earlier version shares most of them."""
    for text in strings_in(record):
        yield from (part for part in re.split(r"(?<=[.!?])\s+", text) if len(part) >= TELLING)


def _forms(text: str) -> set[str]:
    """A text as it may stand in a line: plain, escaped once as JSON, or twice in a broken line."""
    once = {_escaped(text, ascii_only=only) for only in (True, False)}
    return {text} | once | {_escaped(form, ascii_only=False) for form in once}


def _escaped(text: str, *, ascii_only: bool) -> str:
    return json.dumps(text, ensure_ascii=ascii_only)[1:-1]


def _id_of(record: object) -> str:
    id = record.get("id") if isinstance(record, Mapping) else None
    return str(id) if isinstance(id, str | int) else ""


def _plain(text: str) -> str:
    """`text` with half surrogate pairs, which UTF-8 cannot hold, as escapes."""
    return text.encode(errors="backslashreplace").decode()
