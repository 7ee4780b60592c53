"""Answers as JSON: the same for HTTP and for `mentors recommend --json`."""

from collections.abc import Sequence
from typing import Any

from api.cursors import cursor
from models.goals import Goals, Hint
from models.mentor import as_record
from models.recommendation import (
    Fact,
    Obstacle,
    Places,
    Recommendation,
    Recommendations,
    Standing,
)
from recommender.mapping import Charted
from recommender.similar import Similar

FINE = 4  # digits of a place on the map: a tenth of a pixel


def recommendations_json(answer: Recommendations, request_digest: str, id: str) -> dict[str, Any]:
    """The body of an answer; `id` is another one each time."""
    following = answer.next_offset
    found = {
        "recommendation_id": id,
        "index_version": answer.index_version,
        "encoder": answer.encoder,
        "next": None
        if following is None
        else cursor(following, request_digest, answer.index_version),
        "goals": _parts(answer.goals),
        "hints": _coded(answer.hints),
        "abstained": answer.abstained,
        "recommendations": [_recommendation(one) for one in answer.recommendations],
    }
    return found if answer.places is None else found | {"map": _places(answer.places)}


def understood_json(goals: Goals) -> dict[str, Any]:
    """The body of an answer that only understands."""
    return {"goals": _parts(goals), "hints": _coded(goals.hints)}


def map_json(found: Charted) -> dict[str, Any]:
    """The map."""
    return {
        "index_version": found.index_version,
        "map": found.map,
        "total": found.total,
        "points": [
            {
                "mentor": p.mentor,
                "headline": p.headline,
                "x": round(p.x, FINE),
                "y": round(p.y, FINE),
            }
            for p in found.points
        ],
    }


def standing_json(found: Standing) -> dict[str, Any]:
    """The body of an answer about one mentor."""
    nearly = found.nearly
    return {
        "index_version": found.index_version,
        "encoder": found.encoder,
        "goals": _parts(found.goals),
        "hints": _coded(found.hints),
        "rank": found.rank,
        "recommendation": _recommendation(found.recommendation),
        "why_not": _coded(found.why_not),
        "nearly": nearly and {"add": nearly.add, "rank": nearly.rank, "text": nearly.text},
    }


def similar_json(index_version: str, found: Sequence[Similar]) -> dict[str, Any]:
    """The body of an answer about mentors like another one."""
    return {
        "index_version": index_version,
        "similar": [
            {
                "mentor": as_record(one.mentor),
                "likeness": one.likeness,
                "reasons": [
                    {
                        "field": said.field,
                        "quote": said.quote,
                        "start": said.start,
                        "end": said.end,
                        "contribution": said.contribution,
                    }
                    for said in one.said
                ],
                "other_passages": one.other_passages,
            }
            for one in found
        ],
    }


def _places(found: Places) -> dict[str, Any]:
    goal, *mentors = [[round(x, FINE), round(y, FINE)] for x, y in (found.goal, *found.mentors)]
    return {"map": found.map, "goal": goal, "mentors": mentors}


def _parts(goals: Goals) -> list[dict[str, Any]]:
    return [
        {
            "part": part.part,
            "text": part.text,
            "start": part.start,
            "end": part.end,
            "about": part.about,
            "help": part.help,
        }
        for part in goals.parts
    ]


def _recommendation(one: Recommendation) -> dict[str, Any]:
    return {
        "mentor": as_record(one.mentor),
        "score": one.score,
        "chance": one.chance,
        "match": one.match,
        "summary": one.summary,
        "contributions": one.contributions,
        "reasons": [
            {
                "goal": reason.goal,
                "part": reason.part,
                "field": reason.field,
                "quote": reason.quote,
                "start": reason.start,
                "end": reason.end,
                "similarity": reason.similarity,
                "contribution": reason.contribution,
                "term": reason.term,
            }
            for reason in one.reasons
        ],
        "other_passages": one.other_passages,
        "other_profile": one.other_profile,
        "other_terms": one.other_terms,
        "uncovered_goals": list(one.uncovered_goals),
        "adjustments": {
            name: {"from": move.before, "to": move.after} for name, move in one.adjustments.items()
        },
        "facts": _coded(one.facts),
    }


def _coded(statements: Sequence[Hint | Fact | Obstacle]) -> list[dict[str, Any]]:
    return [{"code": s.code, "params": dict(s.params), "text": s.text} for s in statements]
