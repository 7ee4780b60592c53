"""How the columns of a table become the fields of a record.

A mapping file is JSON: {"columns": {"Full name": "name", "Country": "location.country"},
"separator": ";", "ignore": ["Shoe size"]}. A column that is not named keeps its own name;
dots reach into objects (`location.country`, `attributes.cohort`, `experience.0.title`).
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from models.errors import RecordRejected, SourceUnreadable

_LISTS = frozenset({"skills", "topics", "industries", "languages"})
_NUMBERS = frozenset({"capacity", "active_mentees"})
_TRUTHS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


@dataclass(frozen=True, slots=True)
class ColumnMapping:
    """Column names to record fields; without one, columns carry the fields' own names."""

    columns: Mapping[str, str] = field(default_factory=dict)
    separator: str = ";"
    ignore: frozenset[str] = frozenset()

    def header(self, names: Sequence[str], source: str) -> list[str]:
        """The record field of each column; "" for an ignored one."""
        missing = [column for column in self.columns if column not in names]
        if missing:
            raise SourceUnreadable(
                f"{source} has no column {missing[0]!r}, which the mapping names; "
                f"its columns are {', '.join(names)}."
            )
        fields = [self._field(name) for name in names]
        twice = [f for i, f in enumerate(fields) if f and f in fields[:i]]
        if twice:
            raise SourceUnreadable(f"{source} has two columns for the field {twice[0]!r}.")
        return fields

    def renamed(self, value: object) -> object:
        """A record with its top-level names mapped; anything but an object is returned as is."""
        if not isinstance(value, Mapping) or not (self.columns or self.ignore):
            return value
        record: dict[str, Any] = {}
        for name, item in value.items():
            if target := self._field(str(name)):
                _put(record, target, item)
        return _with_lists(record)

    def record(self, header: Sequence[str], cells: Sequence[str]) -> object:
        """The record in one row of text cells; an empty cell is an absent field.

        Raises RecordRejected when a cell cannot be what its field needs.
        """
        record: dict[str, Any] = {}
        for name, cell in zip(header, cells, strict=True):
            if name and cell.strip():
                _put(record, name, self._value(name, cell))
        return _with_lists(record)

    def _field(self, name: str) -> str:
        return "" if name in self.ignore else self.columns.get(name, name)

    def _value(self, name: str, cell: str) -> object:
        if cell.lstrip()[:1] in ("[", "{") and name.split(".", maxsplit=1)[0] != "bio":
            try:
                return json.loads(cell)
            except (json.JSONDecodeError, RecursionError):
                pass  # text that happens to begin with a bracket
        if name in _LISTS:
            return [item.strip() for item in cell.split(self.separator) if item.strip()]
        if name in _NUMBERS:
            digits = cell.strip().removesuffix(".0")  # as tables with empty cells write them
            if not digits.isdecimal():
                raise RecordRejected(
                    f"/{name} expected a whole number, got {cell.strip()!r}", pointer=f"/{name}"
                )
            return int(digits)
        if name == "available":
            truth = _TRUTHS.get(cell.strip().lower())
            if truth is None:
                raise RecordRejected(
                    f"/{name} expected true or false, got {cell.strip()!r}", pointer=f"/{name}"
                )
            return truth
        return cell


def read_mapping(path: Path) -> ColumnMapping:
    """The mapping in a JSON file. Raises SourceUnreadable when it is not one."""
    expected = '{"columns": {column: field}, "separator": ";", "ignore": [column]}'
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
        columns, ignore = value.get("columns", {}), value.get("ignore", [])
        unknown = set(value) - {"columns", "separator", "ignore"}
        texts = [*columns, *columns.values(), *ignore, value.get("separator", ";")]
        if unknown or not all(isinstance(text, str) and text for text in texts):
            raise TypeError
    except OSError as error:
        raise SourceUnreadable(f"{path} cannot be read: {error.strerror}.") from error
    except (ValueError, TypeError, AttributeError) as error:
        raise SourceUnreadable(f"{path} is not a mapping: expected {expected}.") from error
    return ColumnMapping(columns, value.get("separator", ";"), frozenset(ignore))


def _put(record: dict[str, Any], path: str, value: object) -> None:
    *parents, last = path.split(".")
    node = record
    for parent in parents:
        node = node.setdefault(parent, {})
        if not isinstance(node, dict):
            pointer = f"/{path.replace('.', '/')}"
            raise RecordRejected(f"{pointer} is below a field that is no object", pointer=pointer)
    node[last] = value


def _with_lists(value: Any) -> Any:
    """Objects whose keys are 0, 1, 2, ... become lists: `experience.0.title`."""
    if not isinstance(value, dict):
        return value
    inner = {key: _with_lists(item) for key, item in value.items()}
    if inner and all(key.isdecimal() for key in inner):
        return [inner[key] for key in sorted(inner, key=int)]
    return inner
