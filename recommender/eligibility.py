"""Who may be recommended at all: filters and exclusions as one mask over the catalogue."""

import zoneinfo
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

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
    if filters.available is not None:
        mask &= catalogue.available() == filters.available
    for values, column in ((filters.country, "country"), (filters.seniority, "seniority")):
        if values:
            mask &= _where(catalogue.texts(column), _one_of(values))
    if filters.language:
        mask &= _where(catalogue.lists("languages"), _speaks(filters.language))
    for values, column in ((filters.industry, "industries"), (filters.skills_any, "skills")):
        if values:
            mask &= _where(catalogue.lists(column), _any_of(values))
    if filters.skills_all:
        mask &= _where(catalogue.lists("skills"), _all_of(filters.skills_all))
    if filters.max_hours_apart is not None:
        mask &= _near(catalogue.texts("timezone"), filters, now or datetime.now(UTC))
    if filters.attributes:
        mask &= _where(catalogue.attributes(), _has_attributes(filters.attributes))
    if exclude.organization:
        mask &= ~_where(catalogue.lists("organizations"), _any_of(exclude.organization))
    mask[catalogue.rows(exclude.ids)] = False
    return mask


def _where(values: Sequence[object], holds: Callable[..., bool]) -> NDArray[np.bool_]:
    return np.fromiter((holds(value) for value in values), dtype=np.bool_, count=len(values))


def _one_of(wanted: Sequence[str]) -> Callable[[str], bool]:
    folded = {text.casefold() for text in wanted}
    return lambda value: value.casefold() in folded


def _any_of(wanted: Sequence[str]) -> Callable[[list[str]], bool]:
    folded = {text.casefold() for text in wanted}
    return lambda values: any(value.casefold() in folded for value in values)


def _all_of(wanted: Sequence[str]) -> Callable[[list[str]], bool]:
    folded = {text.casefold() for text in wanted}
    return lambda values: folded <= {value.casefold() for value in values}


def _speaks(wanted: Sequence[str]) -> Callable[[list[str]], bool]:
    """BCP 47 basic filtering (RFC 4647): "pt" takes "pt-BR", "pt-BR" does not take "pt"."""
    ranges = [tag.casefold() for tag in wanted]
    return lambda tags: any(
        f"{tag.casefold()}-".startswith(f"{r}-") for tag in tags for r in ranges
    )


def _near(zones: Sequence[str], filters: Filters, now: datetime) -> NDArray[np.bool_]:
    here = _hours(filters.timezone, now)
    if here is None:
        raise BadFilter(
            f"max_hours_apart needs timezone, an IANA name such as 'Europe/Berlin'; "
            f"got {filters.timezone!r}.",
            pointer="/filters/timezone",
        )
    hours = {zone: _hours(zone, now) for zone in set(zones)}
    limit = filters.max_hours_apart or 0.0

    def near(zone: str) -> bool:
        there = hours[zone]
        if there is None:
            return False
        apart = abs(there - here) % 24
        return min(apart, 24 - apart) <= limit

    return _where(zones, near)


def _hours(zone: str, now: datetime) -> float | None:
    """Hours ahead of UTC at `now`; None for an unknown zone."""
    try:
        offset = now.astimezone(zoneinfo.ZoneInfo(zone)).utcoffset()
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return None
    return None if offset is None else offset.total_seconds() / 3600


def _has_attributes(wanted: Mapping[str, Attribute | Bounds]) -> Callable[..., bool]:
    return lambda attributes: all(
        name in attributes and _matches(attributes[name], condition)
        for name, condition in wanted.items()
    )


def _matches(value: object, condition: Attribute | Bounds) -> bool:
    if isinstance(condition, Mapping):
        within = isinstance(value, int | float) and not isinstance(value, bool)
        return within and condition.get("gte", value) <= value <= condition.get("lte", value)  # type: ignore[operator]
    wanted = (
        [_folded(v) for v in condition] if isinstance(condition, tuple) else [_folded(condition)]
    )
    held = value if isinstance(value, list) else [value]
    return any(_folded(item) in wanted for item in held)


def _folded(value: object) -> tuple[bool, object]:
    """Comparable without case; true is not 1."""
    return isinstance(value, bool), value.casefold() if isinstance(value, str) else value
