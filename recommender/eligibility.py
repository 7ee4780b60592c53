"""Who may be recommended at all: filters and exclusions as one mask over the catalogue."""

import zoneinfo
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial

import numpy as np
from numpy.typing import NDArray

from models.errors import BadFilter
from models.mentor import Attribute
from models.ports import Catalogue

Bounds = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Filters:
    """What a mentor must have. Texts compare without case; empty means no condition.

    `available` True = available and with a free place, False = not so, None = either.
    `attributes` maps a name to a value, a list of values (any of them) or bounds {"gte","lte"}.
    """

    country: tuple[str, ...] = ()
    language: tuple[str, ...] = ()
    industry: tuple[str, ...] = ()
    seniority: tuple[str, ...] = ()
    skills_any: tuple[str, ...] = ()
    skills_all: tuple[str, ...] = ()
    max_hours_apart: float | None = None
    timezone: str = ""
    available: bool | None = True
    attributes: Mapping[str, Attribute | Bounds] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Exclusions:
    """Who must not come: mentors by id, and everybody now at an organization."""

    ids: tuple[str, ...] = ()
    organization: tuple[str, ...] = ()


def eligible(
    catalogue: Catalogue, filters: Filters, exclude: Exclusions, now: datetime | None = None
) -> NDArray[np.bool_]:
    """True for each row that is a mentor who passes every filter; shape (n_rows,).

    `now` decides daylight saving time. Raises BadFilter when hours apart are asked for without
    a known time zone.
    """
    mask = catalogue.alive().copy()
    for _, passes in conditions(catalogue, filters, exclude, now):
        mask &= passes
    return mask


def conditions(
    catalogue: Catalogue, filters: Filters, exclude: Exclusions, now: datetime | None = None
) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    """Each condition by name, and which rows pass it; shape (n_rows,). Raises BadFilter."""
    if filters.available is not None:
        yield "available", catalogue.available() == filters.available
    for name, column, texts in (
        ("country", "country", filters.country),
        ("seniority", "seniority", filters.seniority),
        ("industry", "industries", filters.industry),
        ("skills_any", "skills", filters.skills_any),
        *(("skills_all", "skills", (skill,)) for skill in filters.skills_all),
    ):
        if texts:
            yield name, catalogue.having(column, texts)
    if filters.language:
        yield "language", catalogue.where("languages", _speaks(filters.language))
    if filters.max_hours_apart is not None:
        near = _near(filters, now or datetime.now(UTC))
        yield "max_hours_apart", catalogue.where("timezone", near)
    for name, condition in filters.attributes.items():
        matches = _matcher(condition)
        yield f"attributes.{name}", catalogue.where_attribute(name, matches)
    if exclude.organization:
        yield "exclude.organization", ~catalogue.having("organizations", exclude.organization)
    if exclude.ids:
        others = np.ones(catalogue.size, dtype=np.bool_)
        others[catalogue.rows(exclude.ids)] = False
        yield "exclude.ids", others


def left_out(catalogue: Catalogue, filters: Filters, exclude: Exclusions) -> dict[str, int]:
    """How many mentors each condition leaves out, whatever the others do; >= 1 each."""
    found: dict[str, int] = {}
    for name, passes in conditions(catalogue, filters, exclude):
        found[name] = found.get(name, 0) + int((catalogue.alive() & ~passes).sum())
    return {name: count for name, count in found.items() if count}


def _speaks(wanted: Sequence[str]) -> Callable[[str], bool]:
    """BCP 47 basic filtering (RFC 4647): "pt" takes "pt-BR", "pt-BR" does not take "pt"."""
    ranges = tuple(f"{tag.casefold()}-" for tag in wanted)
    return lambda tag: f"{tag}-".startswith(ranges)


def _near(filters: Filters, now: datetime) -> Callable[[str], bool]:
    here = _hours(filters.timezone, now)
    if here is None:
        raise BadFilter(
            f"max_hours_apart needs timezone, an IANA name such as 'Europe/Berlin'; "
            f"got {filters.timezone!r}.",
            pointer="/filters/timezone",
        )
    limit = filters.max_hours_apart or 0.0

    def near(zone: str) -> bool:
        there = _hours(zone, now)
        if there is None:
            return False
        apart = abs(there - here) % 24
        return min(apart, 24 - apart) <= limit

    return near


def _hours(zone: str, now: datetime) -> float | None:
    """Hours ahead of UTC at `now`; None for an unknown zone."""
    try:
        offset = now.astimezone(zoneinfo.ZoneInfo(zone)).utcoffset()
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return None
    return None if offset is None else offset.total_seconds() / 3600


def _matcher(condition: Attribute | Bounds) -> Callable[[object], bool]:
    """Whether the value of an attribute is as the condition wants it."""
    if isinstance(condition, Mapping):
        return partial(_within, bounds=condition)
    wanted = {_folded(v) for v in (condition if isinstance(condition, tuple) else (condition,))}

    def matches(value: object) -> bool:
        held = value if isinstance(value, list) else [value]
        return any(_folded(item) in wanted for item in held)

    return matches


def _within(value: object, bounds: Bounds) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and bounds.get("gte", value) <= value <= bounds.get("lte", value)  # type: ignore[operator]


def _folded(value: object) -> tuple[bool, object]:
    """Comparable without case; true is not 1."""
    return isinstance(value, bool), value.casefold() if isinstance(value, str) else value
