"""Filters as typed on a command line: `country=SG`, `skills_any=R,SQL`, `attributes.years=5..`."""

from collections.abc import Sequence
from typing import Any

from api.schemas import ExcludeBody, FiltersBody
from models.errors import BadFilter

_WORDS = {"true": True, "false": False, "any": None, "null": None}


def filters_from(filters: Sequence[str], exclude: Sequence[str]) -> dict[str, Any]:
    """The `filters` and `exclude` of a request body. Raises BadFilter."""
    return {
        "filters": _body("--filter", filters, set(FiltersBody.model_fields)),
        "exclude": _body("--exclude", exclude, set(ExcludeBody.model_fields)),
    }


def _body(option: str, pairs: Sequence[str], known: set[str]) -> dict[str, Any]:
    body: dict[str, Any] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not value:
            raise BadFilter(f"{option} {pair!r}: expected NAME=VALUE.")
        if name.startswith("attributes.") and "attributes" in known:
            attribute = name.removeprefix("attributes.")
            body.setdefault("attributes", {})[attribute] = _attribute(value)
        elif name in known - {"attributes"}:
            body[name] = _value(name, value, body.get(name))
        else:
            raise BadFilter(
                f"{option} {pair!r}: unknown name {name!r}, expected one of "
                f"{', '.join(sorted(known))}."
            )
    return body


def _value(name: str, value: str, before: Any) -> Any:
    if name == "available":
        if value not in _WORDS:
            raise BadFilter(f"available={value!r}: expected true, false or any.")
        return _WORDS[value]
    if name in ("max_hours_apart", "timezone"):
        return value
    return [*(before or []), *(part.strip() for part in value.split(","))]


def _attribute(value: str) -> Any:
    """A range `5..10` with either end open, else a list of scalars."""
    low, dots, high = value.partition("..")
    if dots:
        ends = {"gte": _number(low), "lte": _number(high)}
        return {end: number for end, number in ends.items() if number is not None}
    return [_scalar(part.strip()) for part in value.split(",")]


def _number(text: str) -> float | None:
    try:
        return float(text) if text else None
    except ValueError as error:
        raise BadFilter(f"{text!r} is no number: expected a range such as 5..10.") from error


def _scalar(text: str) -> bool | int | float | str:
    if text in ("true", "false"):
        return text == "true"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
