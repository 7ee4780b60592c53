"""What a user would do otherwise: one vector for the whole profile, nearest by cosine."""

from collections.abc import Mapping, Sequence

import numpy as np

from models.mentor import Mentor
from models.ports import Encoder

NAME = "whole-profile embedding"


def whole_profile(mentor: Mentor) -> str:
    """All of a profile that one vector can hold, as one text; no name, no contact."""
    posts = [f"{e.title} {e.organization} {e.description}".strip() for e in mentor.experience]
    studies = [f"{e.degree} {e.field}".strip() for e in mentor.education]
    lists = [", ".join(items) for items in (mentor.skills, mentor.topics, mentor.industries)]
    texts = [mentor.headline, mentor.bio, *posts, *lists, mentor.looking_for, *studies]
    return ". ".join(text for text in texts if text)


def whole_profile_run(
    mentors: Sequence[Mentor], goals: Mapping[str, str], encoder: Encoder, depth: int
) -> dict[str, list[str]]:
    """The `depth` nearest mentors of each goal by one vector a mentor, best first."""
    profiles = encoder.encode_passages([whole_profile(mentor) for mentor in mentors])
    queries = encoder.encode_queries(list(goals.values()))
    order = np.argsort(-(queries @ profiles.T), axis=1, kind="stable")[:, :depth]
    return {
        goal: [mentors[row].id for row in rows]
        for goal, rows in zip(goals, order.tolist(), strict=True)
    }
