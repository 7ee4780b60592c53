"""Names to write mentors under: plain ones, and ones that are also words or employers."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from models.errors import SourceUnreadable

WOMAN, MAN = "female", "male"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody a mentor is written as; `gender` is `WOMAN` or `MAN`."""

    first: str
    last: str
    gender: str


@dataclass(frozen=True, slots=True)
class Names:
    """First names by gender, and last names."""

    first: Mapping[str, Sequence[str]]
    last: Sequence[str]

    def person(self, gender: str, number: int) -> Person:
        """The same person for the same number; neighbours differ in both names."""
        firsts = self.first[gender]
        return Person(firsts[number % len(firsts)], self.last[number * 7 % len(self.last)], gender)


def _each(names: str) -> tuple[str, ...]:
    return tuple(names.split())


_LAST = _each(
    "Abdullah Andersson Bianchi Chen Diallo Fernandes Garcia Haddad Horvat Jensen Kim Kowalski "
    "Lopez Mensah Mueller Nakamura Nguyen Okafor Patel Rossi Santos Silva Singh Smith Tanaka "
    "Walker Wright Yilmaz Zhang"
)
PLAIN = Names(
    {
        WOMAN: _each(
            "Aisha Amina Ana Anna Carmen Chiara Elena Emily Emma Fatima Grethe Hannah Ingrid "
            "Jessica Karen Laura Leila Linda Maria Mei Nadia Olga Patricia Priya Rachel Sarah "
            "Sofia Susan Yuki Zainab"
        ),
        MAN: _each(
            "Ahmed Alejandro Andrew Anthony Carlos Daniel David Dmitri Emeka George Hassan Hiroshi "
            "Ivan James John Jose Kwame Lars Luis Marco Michael Mohammed Omar Pedro Raj Robert "
            "Thomas Wei William Yusuf"
        ),
    },
    _LAST,
)
WORDS = Names(
    {
        WOMAN: _each(
            "Amber April Constance Dawn Faith Grace Hope Iris Ivy Joy June Olive Patience Penny "
            "Rose Ruby Summer Violet"
        ),
        MAN: _each(
            "Art Bill Chase Christian Dean Earnest Frank Grant Guy Hunter Jack Mark Miles Page "
            "Pierce Rich Rob Will"
        ),
    },
    _each(
        "Baker Banks Chase Cook Dell Field Ford Fox Gates Goldman Johnson Law Marshall Morgan Page "
        "Price Stanley Wells Young"
    ),
)
"""Names that are also words or employers: to measure with, never to decide by."""


def read_names(path: Path) -> Names:
    """First names from a file with the columns `name` and `gender`, tabs between.

    Raises SourceUnreadable.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file, delimiter="\t"))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SourceUnreadable(f"{path} cannot be read as UTF-8 text: {error}.") from error
    first = {
        gender: [row["name"] for row in rows if row.get("name") and row.get("gender") == gender]
        for gender in (WOMAN, MAN)
    }
    for gender, names in first.items():
        if not names:
            raise SourceUnreadable(
                f"{path} holds no {gender} name: expected a table with tabs between and the "
                f"columns 'name' and 'gender' ({WOMAN} or {MAN})."
            )
    return Names(first, _LAST)
