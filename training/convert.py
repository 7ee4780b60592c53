"""Turn the official downloads of O*NET and ESCO into the files that training reads.

    python -m training.convert --onet FOLDER --esco FOLDER --output FOLDER

`docs/training.md` says where anyone gets them, and which files and columns are read. Texts stay as
they are: what is learnt from them is decided in `training.occupations`.
"""

import argparse
import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from models.errors import BadInput, SourceUnreadable

CODE, RELATED = "O*NET-SOC Code", "Related O*NET-SOC Code"
CORE = "Core"  # other tasks are "Supplemental", or "n/a" where nobody has rated them yet
NEAR = ("Primary-Short", "Primary-Long")  # the ten that are most alike; ten more are less so

Row = Mapping[str, str]
Json = dict[str, object]


def main() -> None:
    """Read the command line, convert, and say what was written."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--onet", type=Path, required=True, help="folder of O*NET's text files")
    parser.add_argument("--esco", type=Path, required=True, help="folder of ESCO's CSV files")
    parser.add_argument("--output", type=Path, required=True, help="folder to write to")
    given = parser.parse_args()
    try:
        files = convert(given.onet, given.esco)
        write(files, given.output)
    except BadInput as error:
        parser.exit(2, f"{error}\n")
    for name, rows in files.items():
        print(f"{given.output / name}: {len(rows):,} lines")


def convert(onet: Path, esco: Path) -> dict[str, list[Json]]:
    """The rows of each file by its name. Raises SourceUnreadable."""
    return {
        "onet_occupations.jsonl": onet_occupations(onet),
        "esco_occupations.jsonl": esco_occupations(esco),
        "esco_skills.jsonl": esco_skills(esco),
    }


def write(files: Mapping[str, Sequence[Json]], folder: Path) -> None:
    """A JSON object a line. Raises BadInput when the folder cannot be written to."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, rows in files.items():
            lines = (json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
            (folder / name).write_text("".join(lines), encoding="utf-8", newline="\n")
    except OSError as error:
        raise BadInput(f"{folder} cannot be written to: {error.strerror}.") from error


def onet_occupations(folder: Path) -> list[Json]:
    """O*NET's occupations by code. Raises SourceUnreadable."""
    occupations = _onet(folder, "Occupation Data.txt", "Title", "Description")
    tasks = _onet(folder, "Task Statements.txt", "Task", "Task Type")
    alternate = _onet(folder, "Alternate Titles.txt", "Alternate Title")
    reported = _onet(folder, "Sample of Reported Titles.txt", "Reported Job Title")
    tools = _onet(folder, "Technology Skills.txt", "Example", "Hot Technology")
    related = _onet(folder, "Related Occupations.txt", RELATED, "Relatedness Tier")
    zones = _zones(folder)
    lists = {
        "tasks": _listed("Task", (row for row in tasks if row["Task Type"] == CORE)),
        "tasks_supplemental": _listed("Task", (row for row in tasks if row["Task Type"] != CORE)),
        "alternate_titles": _listed("Alternate Title", alternate),
        "reported_titles": _listed("Reported Job Title", reported),
        "hot_technologies": _listed("Example", (r for r in tools if r["Hot Technology"] == "Y")),
        "related_primary": _listed(RELATED, (r for r in related if r["Relatedness Tier"] in NEAR)),
    }
    return [
        {
            "code": row[CODE],
            "title": row["Title"],
            "description": row["Description"],
            "job_zone": zones.get(row[CODE]),
            **{name: texts.get(row[CODE], []) for name, texts in lists.items()},
        }
        for row in sorted(occupations, key=lambda row: row[CODE])
    ]


def esco_occupations(folder: Path) -> list[Json]:
    """ESCO's occupations by URI. Raises SourceUnreadable."""
    columns = ("iscoGroup", "preferredLabel", "altLabels", "description", "scopeNote", "code")
    groups = _groups(folder)
    return [
        {
            "uri": row["conceptUri"],
            "code": row["code"],
            "isco": row["iscoGroup"],
            "isco_label": groups.get(row["iscoGroup"]),
            "label": row["preferredLabel"],
            "alt": _labels(row["altLabels"]),
            "description": row["description"],
            "scope_note": row["scopeNote"],
        }
        for row in _esco(folder, "occupations_en.csv", *columns)
    ]


def esco_skills(folder: Path) -> list[Json]:
    """ESCO's skills by URI: labels and description in one string. Raises SourceUnreadable."""
    texts = ("preferredLabel", "altLabels", "description")
    return [
        {
            "uri": row["conceptUri"],
            "text": " ".join(word for name in texts for word in row[name].split()),
        }
        for row in _esco(folder, "skills_en.csv", *texts)
    ]


def _listed(column: str, rows: Iterable[Row]) -> dict[str, list[str]]:
    """The texts of a column by occupation, each once, in the order of the file."""
    found: dict[str, dict[str, None]] = {}
    for row in rows:
        found.setdefault(row[CODE], {})[row[column]] = None
    return {code: list(texts) for code, texts in found.items()}


def _zones(folder: Path) -> dict[str, int]:
    """How much preparation each occupation takes; training does without."""
    if not (folder / "Job Zones.txt").exists():
        return {}
    rows = _onet(folder, "Job Zones.txt", "Job Zone")
    return {row[CODE]: int(row["Job Zone"]) for row in rows if row["Job Zone"].isdecimal()}


def _groups(folder: Path) -> dict[str, str]:
    """What each ISCO group is called; training does without."""
    if not (folder / "ISCOGroups_en.csv").exists():
        return {}
    rows = _esco(folder, "ISCOGroups_en.csv", "code", "preferredLabel")
    return {row["code"]: row["preferredLabel"] for row in rows}


def _labels(cell: str) -> list[str]:
    return [label.strip() for label in cell.split("\n") if label.strip()]


def _onet(folder: Path, name: str, *columns: str) -> list[Row]:
    """A file with tabs between, in which a quotation mark is a letter like others."""
    dialect = {"delimiter": "\t", "quoting": csv.QUOTE_NONE}
    return _table(folder / name, (CODE, *columns), dialect)


def _esco(folder: Path, name: str, *columns: str) -> list[Row]:
    """A file with commas between and quoted line breaks; by URI."""
    rows = _table(folder / name, ("conceptUri", *columns), {})
    return sorted(rows, key=lambda row: row["conceptUri"])


def _table(path: Path, columns: Sequence[str], dialect: Mapping[str, object]) -> list[Row]:
    """Raises SourceUnreadable for a file that is missing or has not all of `columns`."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True, **dialect)  # type: ignore[call-overload]
            names, rows = reader.fieldnames or (), list(reader)
    except FileNotFoundError as error:
        raise SourceUnreadable(
            f"{path} is missing: docs/training.md names what must be in the folder."
        ) from error
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SourceUnreadable(f"{path} cannot be read as a table in UTF-8: {error}.") from error
    for column in columns:
        if column not in names:
            raise SourceUnreadable(
                f"{path} has no column {column!r}, but {', '.join(names) or 'none'}: another "
                f"release than docs/training.md names?"
            )
    for number, row in enumerate(rows, 1):
        if None in row or any(row[column] is None for column in columns):
            raise SourceUnreadable(
                f"{path}, row {number} below the header: expected {len(names)} cells, "
                f"got {list(row.values())!r:.60}."
            )
    return rows


if __name__ == "__main__":
    main()
