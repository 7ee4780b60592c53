"""Recommend mentors for two sample goals: what `make demo` prints after indexing."""

import sys
from pathlib import Path

from api.recommending import answer_many
from api.screen import say, show_recommendations
from api.settings import Settings

GOALS = (
    "I run audits at a mid-size firm and want to move into venture capital. "
    "I have no MBA: how do people get their first job there?",
    "8 years on a surgical ward, mostly nights. I would like to get out of hospital work into "
    "something else, computers perhaps, and hear how the money was afterwards.",
)


def main() -> None:
    """Print both answers, with the model loaded once."""
    wanted = {"limit": 3}
    answers = answer_many(GOALS, wanted, Settings(data=Path(sys.argv[1])))
    for goal, answer in zip(GOALS, answers, strict=True):
        say(f'\n$ mentors recommend "{goal}"\n')
        show_recommendations(answer)


if __name__ == "__main__":
    main()
