"""The records edge: a JSON object that claims to be a mentor, checked and made a `Mentor`."""

import functools
import hashlib
import json
import zoneinfo
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any

import langcodes
import pycountry
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StrictFloat,
    StrictInt,
    StrictStr,
    StringConstraints,
    ValidationError,
)

from models.errors import RecordRejected
from models.mentor import Education, Experience, Location, Mentor, as_record
from models.terms import has_word

MAX_TEXT = 20_000  # characters of one string; ten times the longest real bio seen
MAX_ITEMS = 500  # of one list
MAX_ID = 200
_SHOWN = 60  # characters of a wrong value in a message
_EXPECTED = {  # by pydantic's name of the problem
    "tuple_type": "a list",
    "model_type": "an object",
    "dict_type": "an object",
    "int_type": "a whole number",
    "bool_type": "true or false",
}


def _whole(value: object) -> object:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _country(code: str) -> str:
    if pycountry.countries.get(alpha_2=code) is None:
        raise ValueError("expected an ISO 3166-1 alpha-2 code such as 'SG' or 'GB'")
    return code


def _timezone(name: str) -> str:
    if name not in _timezones():
        raise ValueError("expected an IANA time zone such as 'Asia/Singapore'")
    return name


@functools.cache
def _timezones() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones())  # reads a folder tree each time


def _language(tag: str) -> str:
    if not langcodes.tag_is_valid(tag):
        raise ValueError("expected a BCP 47 language tag such as 'en' or 'pt-BR'")
    return tag


def _timestamp(text: str) -> str:
    try:
        aware = datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        aware = False
    if not aware:
        raise ValueError("expected an RFC 3339 time such as '2026-05-01T09:30:00Z'")
    return text


Text = Annotated[StrictStr, StringConstraints(max_length=MAX_TEXT)]
Texts = Annotated[tuple[Text, ...], Field(max_length=MAX_ITEMS)]
# Tables with empty cells turn whole numbers into 3.0.
Count = Annotated[StrictInt, Field(ge=0, le=1_000_000), BeforeValidator(_whole)]
Partial = Annotated[
    StrictStr,
    StringConstraints(
        pattern=r"^([0-9]{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01]))?)?)?$"  # YYYY[-MM[-DD]]
    ),
]
Number = Annotated[StrictFloat, Field(allow_inf_nan=False)]  # JSON has no others
Scalar = StrictBool | StrictInt | Number | Text


class _Edge(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class _Experience(_Edge):
    title: Text = ""
    organization: Text = ""
    start: Partial = ""
    end: Partial = ""
    description: Text = ""


class _Education(_Edge):
    school: Text = ""
    field: Text = ""
    degree: Text = ""


class _Location(_Edge):
    country: Annotated[Text, AfterValidator(_country)] = ""
    timezone: Annotated[Text, AfterValidator(_timezone)] = ""
    label: Text = ""


class _Record(_Edge):
    id: Annotated[
        Text, StringConstraints(min_length=1, max_length=MAX_ID, pattern=r"^[^\s/\x00-\x1f]+$")
    ]
    name: Text = ""
    headline: Text = ""
    bio: Text = ""
    experience: Annotated[tuple[_Experience, ...], Field(max_length=MAX_ITEMS)] = ()
    skills: Texts = ()
    topics: Texts = ()
    looking_for: Text = ""
    industries: Texts = ()
    languages: Annotated[
        tuple[Annotated[Text, AfterValidator(_language)], ...], Field(max_length=MAX_ITEMS)
    ] = ()
    location: _Location | None = None
    education: Annotated[tuple[_Education, ...], Field(max_length=MAX_ITEMS)] = ()
    organization: Text = ""
    seniority: Text = ""
    capacity: Count | None = None
    active_mentees: Count = 0
    available: StrictBool = True
    attributes: Annotated[
        dict[Text, Scalar | Annotated[tuple[Scalar, ...], Field(max_length=MAX_ITEMS)]],
        Field(max_length=MAX_ITEMS),
    ] = {}
    updated_at: Annotated[Text, AfterValidator(_timestamp)] = ""


FIELDS = frozenset(_Record.model_fields)


def mentor_from(value: object) -> Mentor:
    """Check one decoded JSON value and return the mentor it describes.

    Null counts as absent and unknown fields are ignored (`unknown_fields` names them).
    Raises RecordRejected with one sentence and the JSON Pointer of the first problem.
    """
    if not isinstance(value, Mapping):
        raise RecordRejected(f"expected a JSON object, got {_kind(value)}")
    try:
        record = _Record.model_validate(_without_nulls(value))
    except ValidationError as error:
        raise _rejection(error) from error
    except RecursionError as error:
        raise RecordRejected("is nested too deeply") from error
    mentor = _mentor(record)
    if not _has_text(mentor):
        raise RecordRejected(
            "has no text: expected at least one word in headline, bio, experience, skills, "
            "topics, looking_for, industries, education or organization"
        )
    return mentor


def patched(record: Mapping[str, object], patch: Mapping[str, object]) -> dict[str, object]:
    """`record` after a JSON merge patch (RFC 7396): null removes, objects merge, all else replaces.

    Raises RecordRejected when the patch would change the id.
    """
    if "id" in patch and patch["id"] != record["id"]:
        raise RecordRejected(
            f"/id {_shown(patch['id'])} is not {record['id']!r}: an id cannot be changed",
            pointer="/id",
        )
    return _merged(record, patch)


def _merged(target: object, patch: Mapping[str, object]) -> dict[str, object]:
    merged = dict(target) if isinstance(target, Mapping) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        elif isinstance(value, Mapping):
            merged[name] = _merged(merged.get(name), value)
        else:
            merged[name] = value
    return merged


def unknown_fields(value: object) -> frozenset[str]:
    """Top-level names in a decoded record that are not part of the format."""
    return frozenset(map(str, value)) - FIELDS if isinstance(value, Mapping) else frozenset()


def canonical_json(mentor: Mentor) -> str:
    """The record as JSON with sorted keys: what is stored, and what is hashed."""
    return json.dumps(as_record(mentor), ensure_ascii=False, sort_keys=True)


def content_hash(record_json: str) -> str:
    """Hex sha256 of a canonical record."""
    return hashlib.sha256(record_json.encode()).hexdigest()


def text_hash(mentor: Mentor) -> str:
    """Hex sha256 of everything but the places, which change without touching any text."""
    still = replace(mentor, capacity=None, active_mentees=0, available=True, updated_at="")
    return hashlib.sha256(canonical_json(still).encode()).hexdigest()


def readable(record_json: str) -> Mentor | None:
    """The mentor of a stored record, None when it was damaged since."""
    try:
        return mentor_from_canonical(record_json)
    except (ValueError, TypeError, KeyError, AttributeError):
        return None


def mentor_from_canonical(record_json: str) -> Mentor:
    """The mentor of a record that this module has checked and written before."""
    record: dict[str, Any] = json.loads(record_json)
    location = record.get("location")
    nested: dict[str, Any] = {
        "experience": tuple(Experience(**post) for post in record.get("experience", ())),
        "education": tuple(Education(**course) for course in record.get("education", ())),
        "location": None if location is None else Location(**location),
        "attributes": {k: _frozen(v) for k, v in record.get("attributes", {}).items()},
    }
    flat = {k: _frozen(v) for k, v in record.items() if k not in nested}
    return Mentor(**flat, **nested)


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _mentor(record: _Record) -> Mentor:
    values = {name: getattr(record, name) for name in _Record.model_fields}
    values["experience"] = tuple(Experience(**dict(post)) for post in record.experience)
    values["education"] = tuple(Education(**dict(course)) for course in record.education)
    values["location"] = None if record.location is None else Location(**dict(record.location))
    return Mentor(**values)


def _has_text(mentor: Mentor) -> bool:
    posts = [t for e in mentor.experience for t in (e.title, e.organization, e.description)]
    studies = [t for e in mentor.education for t in (e.degree, e.field)]
    lists = [*mentor.skills, *mentor.topics, *mentor.industries]
    texts = [mentor.headline, mentor.bio, mentor.looking_for, mentor.organization]
    return any(has_word(text) for text in [*texts, *posts, *studies, *lists])


def _without_nulls(value: object) -> object:
    if isinstance(value, Mapping):
        return {str(k): _without_nulls(v) for k, v in value.items() if v is not None}
    if isinstance(value, list | tuple):
        return [_without_nulls(item) for item in value]
    return value


def _rejection(error: ValidationError) -> RecordRejected:
    errors = error.errors(include_url=False)
    first = errors[0]
    if first["loc"][:1] == ("attributes",):
        # One error a branch of the union: the telling one is from the branch of the right type.
        same = [e for e in errors if e["loc"][:2] == first["loc"][:2]]
        first = next((e for e in same if not e["type"].endswith("_type")), first)
    pointer = "".join(f"/{_token(part)}" for part in _path(first["loc"]))
    return RecordRejected(_sentence(first, pointer), pointer=pointer)


def _path(loc: tuple[int | str, ...]) -> list[int | str]:
    """The location without the names pydantic gives to the branches of a union."""
    if loc[:1] != ("attributes",):
        return list(loc)
    return [*loc[:2], *(part for part in loc[2:] if isinstance(part, int))]


def _token(part: int | str) -> str:
    return str(part).replace("~", "~0").replace("/", "~1")


def _sentence(problem: Any, pointer: str) -> str:
    where, got = pointer or "the record", problem["input"]
    match problem["type"]:
        case kind if kind.endswith("_type") and pointer.startswith("/attributes/"):
            expected = "text, a number, true or false, or a list of these"
            return f"{where} expected {expected}, got {_shown(got)}"
        case "missing":
            return f"{where} is missing"
        case "string_type":
            return f"{where} expected text, got {_kind(got)}"
        case "string_unicode":
            return f"{where} holds half of a surrogate pair, which is no character: {_shown(got)}"
        case "string_too_short":
            return f"{where} is empty"
        case "string_too_long":
            limit = problem["ctx"]["max_length"]
            return f"{where} has {len(got):,} characters, at most {limit:,} are taken"
        case "too_long":
            return f"{where} has {len(got):,} entries, at most {MAX_ITEMS} are taken"
        case kind if kind in _EXPECTED:
            return f"{where} expected {_EXPECTED[kind]}, got {_shown(got)}"
        case "string_pattern_mismatch" if pointer == "/id":
            return f"/id {_shown(got)} holds a space, a slash or a control character"
        case "string_pattern_mismatch":
            return f"{where} expected a date such as '2021' or '2021-03', got {_shown(got)}"
        case "value_error":
            reason = str(problem["ctx"]["error"])
            return f"{where} {reason}, got {_shown(got)}"
        case _:
            reason = problem["msg"].removeprefix("Input should be ").removeprefix("a valid ")
            return f"{where} expected {reason}, got {_shown(got)}"


def _kind(value: object) -> str:
    names = {dict: "an object", list: "a list", str: "text", bool: "true/false", type(None): "null"}
    return names.get(type(value), "a number" if isinstance(value, int | float) else "other data")


def _shown(value: object) -> str:
    if isinstance(value, Mapping | list):
        return _kind(value)
    text = ascii(value) if isinstance(value, str) and not value.isprintable() else repr(value)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "..."
