"""Goal texts as a hasty writer types them: seams between parts lose their marks.

The texts to learn from are mostly punctuated with care. A second copy of each, with blanks, commas
and dashes where sentences ended, teaches that a part can begin without any mark.
"""

import random

from evaluation.goal_texts import ReadGoal, ReadPart

SHARE = 0.7  # of the seams that can be weakened
MARKS = (" ", " ", ", ", ", ", " - ")
LOWER = 0.5  # of the texts are typed without capitals


def hasty(goal: ReadGoal, chance: random.Random) -> ReadGoal:
    """`goal` with weaker seams between wishes, and between a wish and what is said of oneself."""
    lower = chance.random() < LOWER
    text, parts, weakened = goal.text[: goal.parts[0].start], [], False
    for part, after in zip(goal.parts, (*goal.parts[1:], None), strict=True):
        words = goal.text[part.start : part.end]
        if weakened and not words.startswith(("I ", "I'")) and not words[1:2].isupper():
            words = words[0].lower() + words[1:]
        gap = goal.text[part.end : after.start if after else len(goal.text)]
        weakened = _can_be_weaker(part, after, words, gap) and chance.random() < SHARE
        if weakened:
            words, gap = words.rstrip(".,;!"), chance.choice(MARKS)
        parts.append(ReadPart(len(text), len(text) + len(words), part.about, part.help))
        text += words + gap
    # Few characters become two in lower case; those would move the offsets.
    if lower and len(text.lower()) == len(text):
        text = text.lower()
    return ReadGoal(goal.id, text, tuple(parts), goal.hints)


def _can_be_weaker(part: ReadPart, after: ReadPart | None, words: str, gap: str) -> bool:
    if after is None or "filler" in {part.about, after.about}:
        return False
    # Two sentences about oneself become one part where the stop between them goes.
    return "wish" in {part.about, after.about} and "\n" not in gap and not words.endswith("?")
