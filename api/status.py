"""The route of whoever runs the server: what there is, how fresh it is, and how answering goes."""

import time
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends

from api.desk import Asked, asks
from api.figures import figures
from api.json_response import Json
from api.schemas import StatusAnswer
from indexer.feedback import WINDOW_S
from indexer.generations import Generations, sequence_of
from indexer.remote import Remote
from indexer.tallies import DAY_S, by_day

router = APIRouter(tags=["Operating"])


@router.get("/v1/status", response_model=StatusAnswer)
async def status(asked: Annotated[Asked, Depends(asks("admin"))]) -> Any:
    """Counts, freshness, encoder and feedback of the key's tenant; figures of the whole server.

    Figures count from when the server started; feedback is that of the last 30 days.
    """
    return Json(await asked.desk.explain(lambda: _status(asked)))


def _status(asked: Asked) -> dict[str, Any]:
    serving, tenant = asked.serving, asked.caller.tenant
    store = serving.store
    head = store.head(tenant)
    return {
        "tenant": tenant,
        "mentors": store.count(tenant),
        "passages": store.count_passages(tenant),
        "free": serving.follower.index.free_now,
        "rejected_records": sum(map(len, store.rejects(tenant).values())),
        "index_version": serving.recommender.index_version,
        "encoder": {
            "name": head.encoder or None,
            "space": serving.encoder.space_id,
            "runtime": serving.encoder.runtime_id,
            "moving_to": head.moving_to or None,
            "stuck": serving.stuck or None,
        },
        "freshness": {
            "sequence": head.sequence,
            "not_followed": serving.lag,
            "erasure_pending": head.erased_at < head.removed_at,
            **_snapshot(serving.keeper.generations, head.sequence),
        },
        "search": _search(serving.remote, head.sequence),
        "feedback": _feedback(asked),
        **figures(),
    }


def _snapshot(generations: Generations, sequence: int) -> dict[str, Any]:
    live = generations.live()
    if live is None:
        return {"snapshot_at": None, "changes_since_snapshot": sequence}
    at = datetime.fromtimestamp((generations.folder / "CURRENT").stat().st_mtime, UTC)
    return {
        "snapshot_at": at.isoformat(timespec="seconds"),
        "changes_since_snapshot": max(0, sequence - sequence_of(live)),
    }


def _search(remote: Remote | None, sequence: int) -> dict[str, Any]:
    if remote is None:
        return {"engine": "faiss", "not_brought": 0, "problem": None}
    behind = max(0, sequence - remote.applied)
    return {"engine": "milvus", "not_brought": behind, "problem": remote.problem or None}


def _feedback(asked: Asked) -> dict[str, Any]:
    today = int(time.time() // DAY_S)
    first = today - int(WINDOW_S // DAY_S) + 1
    found = by_day(asked.serving.store.database, asked.caller.tenant, first * DAY_S)
    totals: dict[str, int] = {}
    days: dict[int, dict[str, int]] = {day: {} for day in range(first, today + 1)}
    for tally in found:
        totals[tally.event] = totals.get(tally.event, 0) + tally.count
        days.setdefault(tally.day, {})[tally.event] = tally.count
    stars = sum(tally.ratings for tally in found)
    return {
        "totals": totals,
        "mean_rating": round(stars / totals["rated"], 2) if totals.get("rated") else None,
        "days": [{"day": _date(day), "events": events} for day, events in sorted(days.items())],
    }


def _date(day: int) -> str:
    return datetime.fromtimestamp(day * DAY_S, UTC).date().isoformat()
