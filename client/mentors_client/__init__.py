"""A client of the mentor recommender: `Mentors`, and `AsyncMentors` for asyncio."""

from mentors_client.answers import (
    BatchAnswer,
    Change,
    EventResult,
    Explanation,
    Feedback,
    GoalPart,
    LineResult,
    Reason,
    Recommendation,
    Recommendations,
    Said,
    Similar,
    SimilarMentor,
    SimilarMentors,
)
from mentors_client.calls import Event
from mentors_client.clients import AsyncMentors, Mentors
from mentors_client.problems import NotReached, Problem

__all__ = [
    "AsyncMentors",
    "BatchAnswer",
    "Change",
    "Event",
    "EventResult",
    "Explanation",
    "Feedback",
    "GoalPart",
    "LineResult",
    "Mentors",
    "NotReached",
    "Problem",
    "Reason",
    "Recommendation",
    "Recommendations",
    "Said",
    "Similar",
    "SimilarMentor",
    "SimilarMentors",
]
