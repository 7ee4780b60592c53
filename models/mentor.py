"""A mentor, as the rest of the code knows one."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass

Scalar = str | int | float | bool
Attribute = Scalar | tuple[Scalar, ...]


@dataclass(frozen=True, slots=True)
class Experience:
    """One post held; `start` and `end` are "YYYY", "YYYY-MM" or "YYYY-MM-DD", no `end` = now."""

    title: str = ""
    organization: str = ""
    start: str = ""
    end: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True)
class Education:
    """One course of study."""

    school: str = ""
    field: str = ""
    degree: str = ""


@dataclass(frozen=True, slots=True)
class Location:
    """Where a mentor is: `country` ISO 3166-1 alpha-2, `timezone` IANA, `label` for people."""

    country: str = ""
    timezone: str = ""
    label: str = ""


@dataclass(frozen=True, slots=True)
class Mentor:
    """A validated mentor record; every string stands exactly as it was given."""

    id: str
    name: str = ""
    headline: str = ""
    bio: str = ""
    experience: tuple[Experience, ...] = ()
    skills: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    looking_for: str = ""
    industries: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    location: Location | None = None
    education: tuple[Education, ...] = ()
    organization: str = ""
    seniority: str = ""
    capacity: int | None = None
    active_mentees: int = 0
    available: bool = True
    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    updated_at: str = ""

    @property
    def places_free(self) -> int | None:
        """Mentees this mentor can still take, >= 0; None = no limit stated."""
        return None if self.capacity is None else max(0, self.capacity - self.active_mentees)

    @property
    def can_take_a_mentee(self) -> bool:
        """Available and with a free place."""
        return self.available and self.places_free != 0


def as_record(mentor: Mentor) -> dict[str, object]:
    """The mentor as a JSON object in the record format; what is empty is left out."""
    return {name: value for name, value in _leaves(mentor) if value or value == 0}


def _leaves(value: object) -> list[tuple[str, object]]:
    return [(f.name, _plain(getattr(value, f.name))) for f in fields(value)]  # type: ignore[arg-type]


def _plain(value: object) -> object:
    if isinstance(value, Experience | Education | Location):
        return {name: leaf for name, leaf in _leaves(value) if leaf}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return value


def text_at(mentor: Mentor, pointer: str) -> str:
    """As `string_at` of the mentor's record, for the strings that passages are cut from."""
    node: object = mentor
    for key in pointer.split("/")[1:]:
        if isinstance(node, tuple) and key.isdigit() and int(key) < len(node):
            node = node[int(key)]
        elif is_dataclass(node):
            node = getattr(node, key, None)
        else:
            raise KeyError(pointer)
    if not isinstance(node, str):
        raise KeyError(pointer)
    return node


def strings_in(value: object) -> Iterator[str]:
    """Every string leaf of a record, or of a part of one, in order."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from strings_in(item)
    elif isinstance(value, list):
        for item in value:
            yield from strings_in(item)


def string_at(record: Mapping[str, object], pointer: str) -> str:
    """The string leaf of a record at a JSON Pointer (RFC 6901).

    Raises KeyError when the pointer leads nowhere or not to a string.
    """
    node: object = record
    for token in pointer.split("/")[1:]:
        key = token.replace("~1", "/").replace("~0", "~")
        if isinstance(node, Mapping) and key in node:
            node = node[key]
        elif isinstance(node, list) and key.isdigit() and int(key) < len(node):
            node = node[int(key)]
        else:
            raise KeyError(pointer)
    if not isinstance(node, str):
        raise KeyError(pointer)
    return node
