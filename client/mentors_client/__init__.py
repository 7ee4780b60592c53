"""A client of the mentor recommender: `Mentors`, and `AsyncMentors` for asyncio."""

from mentors_client.answers import (
    BatchAnswer,
    Change,
    Chart,
    EventResult,
    Explanation,
    Feedback,
    GoalPart,
    LineResult,
    Places,
    Point,
    Reason,
    Recommendation,
    Recommendations,
    Said,
    Similar,
    SimilarMentor,
    SimilarMentors,
    Told,
    Understood,
)
from mentors_client.calls import Event
from mentors_client.clients import AsyncMentors, Mentors
from mentors_client.problems import NotReached, Problem

__all__ = [
    "AsyncMentors",
    "BatchAnswer",
    "Change",
    "Chart",
    "Event",
    "EventResult",
    "Explanation",
    "Feedback",
    "GoalPart",
    "LineResult",
    "Mentors",
    "NotReached",
    "Places",
    "Point",
    "Problem",
    "Reason",
    "Recommendation",
    "Recommendations",
    "Said",
    "Similar",
    "SimilarMentor",
    "SimilarMentors",
    "Told",
    "Understood",
]
