"""What a mentee types: an occupation, a skill or a topic in a goal-like text.

Small talk around them comes from the labelled goal texts in `training/data/`, so that an encoder
learns to read past it.
"""

import random
import re
from collections.abc import Sequence

from training.occupations import Occupation

# The wording of `benchmarks/occupations.py` is not among them: it measures.
BECOME = (
    "I would like to become {a b}.",
    "I'd love to work as {a b} one day. Where do people start?",
    "How do you get into work as {a b}?",
    "My dream is to be {a b}.",
    "I want to find out what being {a b} is really like before I commit.",
    "thinking about training as {a b}, is it worth it",
    "Hoping to land my first job as {a b}.",
    "what does it take to be {a b}?",
    "I am considering {b} as a career and don't know anybody who does it.",
    "I'd like to talk to {a b} about how they got there.",
    "Looking for a mentor who has worked as {a b}.",
    "Student, interested in {b} roles. Which internships help?",
    "need advice on applying for {b} positions",
    "Which qualifications do I need to be {a b}?",
    "I want to get from trainee to senior {b}.",
    "Newly hired as {a b} and want to get through the first year well.",
    "How can I grow as {a b} and get promoted?",
    "I've been offered a job as {a b}. What should I ask before I accept?",
    "starting my own business as {a b}",
    "Preparing for interviews for {b} jobs.",
)
MOVE = (
    "I am {a a} and want to become {a b}.",
    "{A a} for {n} years, now I'd like to move into work as {a b}. How do people make that switch?",
    "How can {a a} become {a b}?",
    "From {a} to {b}",
    "I work as {a a} but would rather be {a b}.",
    "After {n} years as {a a} I want to retrain as {a b}. Am I too late?",
    "Currently {a a}. Goal: {b}.",
    "Moving from {a} to {b}: which of my skills carry over?",
    "{A a} here, tired of it. I keep looking at jobs for {b}.",
    "My background is {a}; I'm aiming for {b} roles.",
    "{A a}, {n} yrs. I'd like to talk with anyone who left for work as {a b}.",
    "I've been {a a} since school. They say I would make a good {b}, but where do I start?",
    "{A a} to {b}",
    "Trained as {a a}, wants to be {a b}. Which doors are open to me?",
    "As {a a} I {did}. I want a job in which I {does}.",
)
LEARN = (
    "I want to learn how to {does}.",
    "I'd like to get better at this: {does}.",
    "My new job asks me to {does}. I have never done it.",
    "Who can show me how to {does}?",
    "need help to {does}",
    "I have to {does} and nobody on my team can review how I do it.",
    "As {a b} I want to be able to {does}.",
)
TERSE = ("{b}", "{b} career", "{b} jobs", "becoming {a b}", "{b} / {c}", "{b}, {c}", "work as {b}")
BOTH = (
    "{one} {two}",
    "{one} Also: {two}",
    "1) {one} 2) {two}",
    "Two things: {one} {two}",
    "- {one}\n- {two}",
    "{two} And {one}",
    "{one} Besides that, {two}",
)


# Shares of goals; none was measured alone, they are to make all forms common.
SENTENCE, LEARNING = 0.5, 0.8  # below: a wish in a sentence, to be able to do something; then terse
ONLY_NAMED = 0.3
WITH_ASIDE, ASIDE_FIRST = 0.25, 0.7
LOWER_CASE, WRONG = 0.2, 0.15
LONG = 4  # letters; only longer words are misspelt


class Mentees:
    """Draws goal texts."""

    def __init__(self, asides: Sequence[str], chance: random.Random) -> None:
        """`asides`: what people say beside their goal."""
        self._asides = asides
        self._chance = chance

    def becoming(self, wanted: Occupation, now: Occupation | None) -> str:
        """A wish to do the work of `wanted`, perhaps said by somebody who does that of `now`."""
        kind = self._chance.random()
        if now is not None:
            return self._typed(self._filled(self._chance.choice(MOVE), wanted, now))
        if kind < SENTENCE:
            return self._typed(self._filled(self._chance.choice(BECOME), wanted, None))
        if kind < LEARNING:
            return self._typed(self._filled(self._chance.choice(LEARN), wanted, None))
        return self._filled(self._chance.choice(TERSE), wanted, None)

    def learning(self, does: str) -> str:
        """A wish to be able to do something."""
        if self._chance.random() < ONLY_NAMED:
            return does
        return self._typed(self._chance.choice(LEARN[:-1]).replace("{does}", does))

    def wishing(self, wish: str) -> str:
        """A wish in somebody's own words."""
        return self._typed(wish)

    def both(self, one: str, two: str) -> str:
        """Two wishes in one text."""
        template = self._chance.choice(BOTH)
        return template.replace("{one}", one).replace("{two}", two)

    def _filled(self, template: str, wanted: Occupation, now: Occupation | None) -> str:
        chance = self._chance
        b, c = said(chance.choice(wanted.titles)), said(chance.choice(wanted.titles))
        a = said(chance.choice(now.titles)) if now else ""
        values = {
            "{a b}": article(b),
            "{b}": b,
            "{c}": c,
            "{a a}": article(a),
            "{A a}": a[:1].upper() + a[1:],
            "{a}": a,
            "{n}": str(chance.randint(2, 25)),
            "{does}": chance.choice(wanted.does).rstrip("."),
            "{did}": chance.choice(now.does).rstrip(".") if now else "",
        }
        return re.sub(r"\{[^}]+\}", lambda found: values[found.group()], template)

    def _typed(self, text: str) -> str:
        """With what people say beside it, and as hastily as they type."""
        chance = self._chance
        if self._asides and chance.random() < WITH_ASIDE:
            aside = chance.choice(self._asides)
            text = f"{aside} {text}" if chance.random() < ASIDE_FIRST else f"{text} {aside}"
        if chance.random() < LOWER_CASE:
            text = text.lower()
        return _misspelt(text, chance) if chance.random() < WRONG else text


def said(title: str) -> str:
    """A title as it stands in a sentence; abbreviations stay."""
    return " ".join(w if sum(c.isupper() for c in w) > 1 else w.lower() for w in title.split())


def article(title: str) -> str:
    """With "a" or "an"."""
    return f"an {title}" if title[:1].lower() in "aeiou" else f"a {title}"


def _misspelt(text: str, chance: random.Random) -> str:
    """One or two words with a letter left out, doubled, or exchanged with the next."""
    words = text.split(" ")
    long = [i for i, word in enumerate(words) if len(word) > LONG and word.isalpha()]
    for i in chance.sample(long, min(len(long), chance.randint(1, 2))):
        word, at = words[i], chance.randrange(1, len(words[i]) - 2)
        words[i] = chance.choice(
            (
                word[:at] + word[at + 1 :],
                word[: at + 1] + word[at:],
                word[:at] + word[at + 1] + word[at] + word[at + 2 :],
            )
        )
    return " ".join(words)
