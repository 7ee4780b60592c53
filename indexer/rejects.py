"""Rejected records as they are kept, and whether one speaks of a certain mentor."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from models.mentor import Mentor, as_record

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


def speaks_of(reject: Reject, mentor: Mentor) -> bool:
    """Whether the rejected record is the mentor's or holds one of the mentor's own texts.

    The id decides where it can be read; a broken line is searched for the id as a word. Every line
    is searched for the name and for every text of at least `TELLING` characters.
    """
    if reject.id == mentor.id:
        return True
    name = mentor.name if " " in mentor.name.strip() else ""
    texts = [text for text in (name, *_texts(as_record(mentor))) if text]
    if any(form in reject.line for text in texts for form in _forms(text)):
        return True
    as_word = rf"(?<![\w-]){re.escape(mentor.id)}(?![\w-])"
    return not reject.id and re.search(as_word, reject.line) is not None


def _texts(value: object) -> Iterator[str]:
    """The long texts of a record, in sentences: an earlier version shares most of them."""
    if isinstance(value, str):
        yield from (part for part in re.split(r"(?<=[.!?])\s+", value) if len(part) >= TELLING)
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)


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
