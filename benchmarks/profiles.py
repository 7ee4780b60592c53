"""Profiles made from O*NET task statements, as many as wanted, hardly two passages alike.

O*NET (CC BY 4.0, U.S. Department of Labor, Employment and Training Administration) is read from a
file given by path; employers and numbers are invented here.
"""

import json
import random
from collections.abc import Iterator
from pathlib import Path

_NAMES = {
    "first": "Alder Brook Cedar Dune Ember Fjord Grove Harbor Iris Juniper Kestrel Linden",
    "second": "Works Partners Labs Trust Group Services Union Foundry Clinic House Yard Press",
    "city": "Porto Leeds Accra Quito Tampere Pune Cork Lyon Davao Izmir Natal Gdansk",
}
_SKILLS = Path(__file__).with_name("skills.txt").read_text(encoding="utf-8").split("\n")[:-1]
_OPENINGS = (
    "At {at} I had to {task} for {n} people.",
    "For {y} years at {at} my work was to {task}.",
    "In {city} I learned to {task} with a team of {n}.",
    "With {at} in {city} I came to {task}, {n} times a month.",
    "My {y} years in {city} taught me to {task}.",
)


class Profiles:
    """An endless supply of mentor records, the same for the same seed."""

    def __init__(self, occupations: Path, seed: int = 1) -> None:
        self._seed = seed
        lines = occupations.read_text(encoding="utf-8").splitlines()
        self._occupations = [one for line in lines if (one := json.loads(line)).get("tasks")]

    def records(self, count: int) -> Iterator[dict[str, object]]:
        """The first `count` records."""
        return (self.record(number) for number in range(count))

    def record(self, number: int, version: int = 0) -> dict[str, object]:
        """Record `number`; another `version` has one sentence of its bio and its places changed."""
        chance = random.Random(f"{self._seed}/{number}")
        one, other = chance.choice(self._occupations), chance.choice(self._occupations)
        bio = [self._sentence(one, chance) for _ in range(2)]
        post = {
            "title": other["title"],
            "organization": self._employer(chance),
            "start": str(chance.randint(1990, 2015)),
            "description": self._sentence(other, chance),
        }
        if version:
            bio[-1] = self._sentence(one, random.Random(f"{self._seed}/{number}/{version}"))
        return {
            "id": f"p{number:07}",
            "headline": f"{one['title']} at {self._employer(chance)}, {_name('city', chance)}",
            "bio": " ".join(bio),
            "experience": [post],
            "skills": [*chance.sample(_SKILLS, 6), f"{chance.randint(2, 900)} projects"],
            "capacity": 3,
            "active_mentees": version % 3,
        }

    def _sentence(self, occupation: dict[str, list[str]], chance: random.Random) -> str:
        task = chance.choice(occupation["tasks"]).rstrip(".")
        return chance.choice(_OPENINGS).format(
            task=task[:1].lower() + task[1:],
            at=self._employer(chance),
            city=_name("city", chance),
            n=chance.randint(2, 900),
            y=chance.randint(2, 30),
        )

    def _employer(self, chance: random.Random) -> str:
        return f"{_name('first', chance)} {_name('second', chance)} {chance.randint(1, 99)}"


def _name(kind: str, chance: random.Random) -> str:
    return chance.choice(_NAMES[kind].split())
