"""Take quoted sentences out of profiles, and see whether the score falls.

For every judged goal the best ten mentors are asked why. Each quoted sentence is taken out of the
profile, which is then indexed and scored again like any other; so is, beside it, the sentence
nearest in length of which no reason quotes anything. A reason is faithful when the score falls by
more without its quote. No score depends on who else is there, so the altered profiles stand
together in one index of their own.
"""

import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from machine import ROOT
from pool import Pool, report_by_set

from api.settings import Settings
from api.wiring import default_encoder
from evaluation.faithfulness import (
    Outcome,
    Sentence,
    counterpart,
    is_verbatim,
    micro,
    quoted_sentence,
    sentences_of,
    sum_faults,
    without,
)
from evaluation.intervals import wilson
from evaluation.judgments import JudgedSet
from indexer.passages import sentence_spans
from indexer.records import mentor_from
from models.mentor import Mentor, as_record
from models.ports import Encoder
from models.recommendation import Reason, Recommendation

OUT = ROOT / "benchmarks" / "faithfulness.md"
TOP = 10  # recommendations of each goal
FEWEST_SENTENCES = 4  # of a profile; taking one of two or three away leaves little to compare
WANTED = 300  # reasons, below which the share says little

STRICT = "no reason quotes anything of the other sentence"
LOOSE = "the other may hold a shared word that a reason quotes"


@dataclass(frozen=True, slots=True)
class Erasure:
    """A mentor recommended for a goal, a sentence quoted, and another one to compare it with."""

    goal: str
    mentor: str
    quoted: Sentence
    other: Sentence


@dataclass(slots=True)
class Checked:
    """What the explanations of one set came to."""

    recommendations: int = 0
    reasons: int = 0
    verbatim: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)
    erasures: dict[str, list[Erasure]] = field(default_factory=lambda: {STRICT: [], LOOSE: []})


def main() -> None:
    encoder = default_encoder(Settings(compile=True))

    def measured(name: str, mentors: Sequence[Mentor], judged: JudgedSet) -> str:
        return section(name, mentors, judged, encoder)

    report_by_set("Faithfulness of reasons", __doc__, OUT, measured)


def section(name: str, mentors: Sequence[Mentor], judged: JudgedSet, encoder: Encoder) -> str:
    goals = {goal: judged.texts[goal] for goal in judged.judged}
    with tempfile.TemporaryDirectory() as folder:
        pool = Pool(Path(folder), mentors, encoder)
        before = {goal: pool.best(text, TOP) for goal, text in goals.items()}
        pool.close()
        checked = checked_reasons(before)
        scores = {
            (g, one.mentor.id): micro(one.score) for g, best in before.items() for one in best
        }
        erased = Erased(Path(folder), mentors, checked, goals, encoder)
    moved = sum(erased.score(goal, id) != score for (goal, id), score in scores.items())
    lines = [f"## {name}\n", *figures(checked, moved)]
    for compared, erasures in checked.erasures.items():
        outcomes = [erased.outcome(one, scores[one.goal, one.mentor]) for one in erasures]
        lines += [f"\n### Where {compared}\n", *shares(outcomes)]
    return "\n".join(lines) + "\n"


def checked_reasons(before: Mapping[str, Sequence[Recommendation]]) -> Checked:
    """Sums and quotes checked, and what is to be taken out."""
    checked = Checked()
    for goal, best in before.items():
        for one in best:
            checked.recommendations += 1
            checked.faults.update(sum_faults(one))
            record = as_record(one.mentor)
            checked.reasons += len(one.reasons)
            checked.verbatim += sum(is_verbatim(record, reason) for reason in one.reasons)
            plan(checked, goal, one, sentences_of(record, sentence_spans))
    return checked


def plan(checked: Checked, goal: str, one: Recommendation, sentences: Sequence[Sentence]) -> None:
    """Note what is to be taken out for each reason, or why nothing is."""
    said = [reason for reason in one.reasons if reason.part == "passages"]
    against: dict[str, Sequence[Reason]] = {STRICT: one.reasons, LOOSE: said}
    for reason in said:
        quoted = quoted_sentence(reason, sentences)
        if quoted is None:
            checked.skipped["quotes no sentence but a title or an item of a list"] += 1
        elif len(sentences) < FEWEST_SENTENCES:
            checked.skipped[f"profile of fewer than {FEWEST_SENTENCES} sentences"] += 1
        else:
            for compared, reasons in against.items():
                other = counterpart(quoted, sentences, reasons)
                if other is None:
                    checked.skipped[f"no sentence left where {compared}"] += 1
                else:
                    erasure = Erasure(goal, one.mentor.id, quoted, other)
                    checked.erasures[compared].append(erasure)


class Erased:
    """The altered profiles, and the unaltered beside them, scored for every goal."""

    def __init__(
        self,
        folder: Path,
        mentors: Sequence[Mentor],
        checked: Checked,
        goals: Mapping[str, str],
        encoder: Encoder,
    ) -> None:
        by_id = {mentor.id: mentor for mentor in mentors}
        wanted: dict[tuple[str, Sentence | None], None] = dict.fromkeys(
            (one.mentor, sentence)
            for erasures in checked.erasures.values()
            for one in erasures
            for sentence in (one.quoted, one.other)
        )
        wanted |= dict.fromkeys((id, None) for id in by_id)
        self._ids = {key: f"e{number}" for number, key in enumerate(wanted)}
        altered = [_altered(by_id[id], gone, self._ids[id, gone]) for id, gone in wanted]
        pool = Pool(folder, altered, encoder, "erased")
        self._scores = {
            goal: {one.mentor.id: micro(one.score) for one in pool.all(text)}
            for goal, text in goals.items()
        }
        pool.close()

    def score(self, goal: str, mentor: str, gone: Sentence | None = None) -> int:
        """The score in millionths, with a sentence taken out or as it was."""
        return self._scores[goal][self._ids[mentor, gone]]

    def outcome(self, one: Erasure, before: int) -> Outcome:
        quoted = self.score(one.goal, one.mentor, one.quoted)
        other = self.score(one.goal, one.mentor, one.other)
        return Outcome(one.quoted.kind, before - quoted, before - other)


def _altered(mentor: Mentor, gone: Sentence | None, id: str) -> Mentor:
    record = as_record(mentor)
    return mentor_from({**(without(record, gone) if gone else record), "id": id})


def figures(checked: Checked, moved: int) -> list[str]:
    faults = ", ".join(f"{what} {count}" for what, count in checked.faults.items()) or "0"
    lines = [
        "| | |\n|---|---|",
        f"| recommendations, best {TOP} a goal | {checked.recommendations:,} |",
        f"| whose figures do not add up, in millionths | {faults} |",
        f"| reasons | {checked.reasons:,} |",
        f"| verbatim at their offsets | {checked.verbatim:,} |",
        f"| profiles that score otherwise when indexed again as they were | {moved} |",
    ]
    return lines + [f"| reasons left out: {why} | {n:,} |" for why, n in checked.skipped.items()]


def shares(outcomes: Sequence[Outcome]) -> list[str]:
    """A row for all and one for each kind of field, and how the unfaithful fail."""
    kinds = sorted({one.kind for one in outcomes})
    verdicts = sorted({one.verdict for one in outcomes} - {"faithful"})
    lines = [
        " | ".join(["| quoted from", "reasons", "faithful", "95 %", *verdicts, ""]).rstrip(),
        "|---" * (4 + len(verdicts)) + "|",
    ]
    for name, chosen in [("all", outcomes)] + [
        (kind, [one for one in outcomes if one.kind == kind]) for kind in kinds
    ]:
        found = Counter(one.verdict for one in chosen)
        low, high = wilson(found["faithful"], len(chosen))
        share = found["faithful"] / len(chosen) if chosen else 0.0
        failed = "".join(f" {found[verdict]} |" for verdict in verdicts)
        lines.append(f"| {name} | {len(chosen)} | {share:.1%} | {low:.1%} to {high:.1%} |{failed}")
    if len(outcomes) < WANTED:
        lines.append(f"\nFewer than {WANTED} reasons: the interval is wide.")
    return lines


if __name__ == "__main__":
    main()
