"""Figures of this server since it started, out of what `/metrics` counts."""

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from api import observing

RECOMMENDING = "/v1/recommendations"
_ANSWERED = "200"


def figures() -> dict[str, Any]:
    """Requests, how long recommending took, its stages, and how often nobody fitted."""
    content, _ = observing.page()
    families = {
        family.name: family.samples for family in text_string_to_metric_families(content.decode())
    }
    seconds = _of(families, "mentors_request_seconds", route=RECOMMENDING, status=_ANSWERED)
    buckets = _buckets(seconds)
    abstained = {
        one.labels["abstained"]: int(one.value)
        for one in _of(families, "mentors_recommended")
        if one.name.endswith("_total")
    }
    return {
        "requests": _requests(families),
        "refused": {
            one.labels["why"]: int(one.value)
            for one in _of(families, "mentors_refused")
            if one.name.endswith("_total")
        },
        "latency": {
            "count": sum(count for _, count in buckets),
            "p50_ms": quantile_ms(buckets, 0.5),
            "p95_ms": quantile_ms(buckets, 0.95),
            "p99_ms": quantile_ms(buckets, 0.99),
            "buckets": [
                {"up_to_ms": None if upper is None else upper * 1000, "count": count}
                for upper, count in buckets
            ],
        },
        "stages": list(_stages(_of(families, "mentors_stage_seconds"))),
        "recommended": {
            "answers": sum(abstained.values()),
            "abstained": abstained.get("true", 0),
        },
    }


def quantile_ms(buckets: Sequence[tuple[float | None, int]], share: float) -> float | None:
    """Below what time this share of requests was answered, as far as buckets can tell.

    `buckets`: upper ends in seconds, the last None, and how many requests each has. None where
    there are none, or where it lies beyond the last end.
    """
    wanted = share * sum(count for _, count in buckets)
    lower, so_far = 0.0, 0
    for upper, count in buckets:
        if count and so_far + count >= wanted:
            if upper is None:
                return None
            return round(1000 * (lower + (upper - lower) * (wanted - so_far) / count), 1)
        lower, so_far = upper or lower, so_far + count
    return None


def _of(families: Mapping[str, Sequence[Sample]], name: str, **labels: str) -> Iterator[Sample]:
    for sample in families.get(name, ()):
        if all(sample.labels.get(key) == value for key, value in labels.items()):
            yield sample


def _requests(families: Mapping[str, Sequence[Sample]]) -> dict[str, int]:
    """How many were answered with which status."""
    found: dict[str, int] = {}
    for one in _of(families, "mentors_requests"):
        if one.name.endswith("_total"):
            status = one.labels["status"]
            found[status] = found.get(status, 0) + int(one.value)
    return dict(sorted(found.items()))


def _buckets(samples: Iterator[Sample]) -> list[tuple[float | None, int]]:
    """The histogram's buckets, each without those below it."""
    upto: dict[float, int] = {}
    for one in samples:
        if one.name.endswith("_bucket"):
            end = float(one.labels["le"])
            upto[end] = upto.get(end, 0) + int(one.value)
    ends = sorted(upto)
    counts = [upto[end] - upto.get(before, 0) for before, end in pairwise([-1.0, *ends])]
    closed = [None if end == math.inf else end for end in ends]
    return list(zip(closed, counts, strict=True))


def _stages(samples: Iterator[Sample]) -> Iterator[dict[str, Any]]:
    sums: dict[str, float] = {}
    counts: dict[str, int] = {}
    for one in samples:
        if one.name.endswith("_sum"):
            sums[one.labels["stage"]] = one.value
        elif one.name.endswith("_count"):
            counts[one.labels["stage"]] = int(one.value)
    for name, count in counts.items():
        if count:
            yield {"stage": name, "count": count, "mean_ms": round(1000 * sums[name] / count, 2)}
