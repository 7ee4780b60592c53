"""How a mentor's profile shows that somebody does, or has done, a kind of work.

Each text is what the text recipe would make a passage: a headline, a sentence or two of a bio, a
sentence of a post under its title, a list. No name occurs in any.
"""

import random
import re

from training.mentees import article, said
from training.occupations import Occupation

HEADLINE = (
    "{B}",
    "Senior {B}",
    "{B} | {C}",
    "{B}, {org}",
    "{B} at {org}",
    "Lead {B}, {org}",
    "Former {B}",
    "Head of department, earlier {b}",
)
DID = (
    "I {does}.",
    "They {does}.",
    "The mentor has worked for {n} years as {a b}.",
    "The mentor is {a b}. They {does}.",
    "As {a b}, they {does}.",
    "As {a b} I {does}.",
    "In this role they {does}, and {does}.",
    "{n} years as {a b} at {org}. I {does}.",
    "{B}: {does}",
    "{B}: {does}",
    "They currently {does}.",
    "My day: I {does}.",
    "With over {n} years of experience as {a b}, the mentor can tell how to {does}.",
    "Previously they were {a b} at {org}, where they had to {does}.",
    "{does}",
)
CHANGED = (
    "They started out as {a a} and are now {a b}.",
    "{B}, former {a}",
    "After {n} years as {a a} they retrained as {a b}. They {does}.",
    "I was {a a} before I became {a b}.",
    "From {a} to {b}: they made the move {n} years ago.",
    "{A} turned {b}",
    "Ex-{a}, now {b} at {org}",
    "Left {org}, where they were {a a}, and now {does}.",
    "They used to {did}. Today they {does}.",
    "I changed careers: for {n} years I had to {did}, now I {does}.",
    "With a background as {a a}, the mentor is now {a b}.",
    "Trained as {a a}, works as {a b}, and helps others who want to make that change.",
)
LISTED = ("{B}, {C}, {D}", "{tools}", "becoming {a b}, {b} jobs, how to {does}")
ABLE = (
    "{does}",
    "They {does}.",
    "I {does}.",
    "Their work is to {does}.",
    "Experienced in this: {does}.",
)
HEADED, LISTS = 0.15, 0.25  # below: a headline, a list; then sentences
CHANGERS = 0.75  # of the passages of somebody who did other work before say so
ORGANISATIONS = (
    "a family firm", "a public hospital", "a start-up", "the ministry", "a university",
    "a large bank", "Northlight Group", "Harbour & Lane", "Tessera Labs", "the city council",
    "a charity", "Calder Works", "Brightwater Ltd", "a listed company", "Meridian Partners",
    "a school",
)  # fmt: skip


class Mentors:
    """Draws passages of profiles."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance

    def doing(self, work: Occupation, before: Occupation | None) -> str:
        """A passage of somebody who does `work`, perhaps after having done `before`."""
        kind = self._chance.random()
        if before is not None and kind < CHANGERS:
            return self._filled(self._chance.choice(CHANGED), work, before)
        if kind < HEADED:
            return self._filled(self._chance.choice(HEADLINE), work, None)
        if kind < LISTS:
            return self._filled(self._chance.choice(LISTED), work, None)
        return self._filled(self._chance.choice(DID), work, None)

    def able(self, does: str) -> str:
        """A passage of somebody who can do something."""
        return self._chance.choice(ABLE).replace("{does}", does)

    def _filled(self, template: str, work: Occupation, before: Occupation | None) -> str:
        chance = self._chance
        b, c, d = (said(chance.choice(work.titles)) for _ in range(3))
        a = said(chance.choice(before.titles)) if before else ""
        tools = chance.sample(work.tools, min(len(work.tools), 5))
        values = {
            "{a b}": article(b),
            "{b}": b,
            "{B}": _headed(b),
            "{C}": _headed(c),
            "{D}": _headed(d),
            "{a a}": article(a),
            "{A}": _headed(a),
            "{a}": a,
            "{did}": chance.choice(before.does).rstrip(".") if before else "",
            "{n}": str(chance.randint(2, 30)),
            "{org}": chance.choice(ORGANISATIONS),
            "{tools}": ", ".join([*tools, b]),
        }

        def value(found: re.Match[str]) -> str:
            if found.group() == "{does}":  # another one each time
                return chance.choice(work.does).rstrip(".")
            return values[found.group()]

        return re.sub(r"\{[^}]+\}", value, template)


def _headed(title: str) -> str:
    return title[:1].upper() + title[1:]
