"""Occupations and skills to learn from: O*NET's and ESCO's, without those that measure the encoder.

O*NET (Occupational Information Network, USDOL/ETA, CC BY 4.0) and ESCO (European Commission,
Decision 2011/833/EU) are given as JSON Lines; `docs/training.md` says where anyone gets them and
which fields are read. Occupations kept for evaluation are left out where they are read, with every
title and every sentence that one of them has, and `require_unmeasured` looks again at what is to be
trained on.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from models.errors import BadInput, SourceUnreadable
from models.sentences import sentences

_T = TypeVar("_T")
CALLED = 60  # characters of what a skill is called
SHORT_TITLE, LONG_TITLE = 3, 60  # characters; outside are abbreviations and lists of titles
FRAGMENT = 15
SHORTEST, LONGEST = 20, 320  # characters of one sentence or task; a passage is rarely longer


@dataclass(frozen=True, slots=True)
class Occupation:
    """A kind of work.

    `titles`: what its holders call it, singular; `does`: clauses that follow "they": "set up
    lathes"; `near`: ids of occupations too like it to be told apart. `every_title` and
    `every_text` are all that the source has, for comparison.
    """

    id: str
    titles: tuple[str, ...]
    does: tuple[str, ...]
    tools: tuple[str, ...]
    near: frozenset[str]
    every_title: frozenset[str]
    every_text: frozenset[str]


@dataclass(frozen=True, slots=True)
class Skill:
    """Something that can be learnt: what it is called, and what it is to do it."""

    id: str
    called: str
    described: str


@dataclass(frozen=True, slots=True)
class Sources:
    """What is learnt from, and what must not be."""

    occupations: tuple[Occupation, ...]
    skills: tuple[Skill, ...]
    measured_ids: frozenset[str]
    measured_titles: frozenset[str]
    measured_texts: frozenset[str]


@dataclass(frozen=True, slots=True)
class Files:
    """Where the sources lie. `held_out_*`: a code, or a URI, a line."""

    onet: Path
    esco: Path
    skills: Path
    held_out_onet: Path
    held_out_esco: Path


def read_sources(files: Files) -> Sources:
    """Everything that may be learnt from. Raises SourceUnreadable or BadInput."""
    held_out = frozenset(_codes(files.held_out_onet) + _codes(files.held_out_esco))
    found = [*_rows(files.onet, _onet), *_grouped(_rows(files.esco, _esco))]
    unknown = sorted(held_out - {one.id for one in found})
    if unknown:
        raise BadInput(f"{unknown[0]!r} is held out of training, but no source has it: wrong file?")
    # A title or a task that a measured occupation has too would be learnt for another one.
    measured = [one for one in found if one.id in held_out]
    titles = frozenset[str]().union(*(one.every_title for one in measured))
    texts = frozenset[str]().union(*(one.every_text for one in measured))
    kept = [_without(one, titles, texts) for one in found if one.id not in held_out]
    sources = Sources(
        tuple(_twins([one for one in kept if one.titles and one.does])),
        tuple(_rows(files.skills, _skill)),
        held_out,
        titles,
        texts,
    )
    require_unmeasured(sources)
    return sources


def require_unmeasured(sources: Sources) -> None:
    """Raises BadInput when anything kept for evaluation is among what to learn from."""
    for one in sources.occupations:
        if one.id in sources.measured_ids:
            raise BadInput(f"The occupation {one.id} measures the encoder: never train on it.")
        shared = sources.measured_titles & set(map(plain, one.titles))
        shared |= sources.measured_texts & set(map(plain, one.does))
        if shared:
            raise BadInput(
                f"{min(shared)!r} of {one.id} is also said of an occupation that measures the "
                f"encoder: never train on it."
            )


def plain(text: str) -> str:
    """A text without case, brackets, marks and the last word's plural, to compare it."""
    found = " ".join(re.findall(r"[a-z0-9+#]+", re.sub(r"\([^)]*\)", " ", text.lower())))
    return re.sub(r"(?<=[a-z]{3})s$", "", found)


def _without(one: Occupation, titles: frozenset[str], texts: frozenset[str]) -> Occupation:
    return replace(
        one,
        titles=tuple(title for title in one.titles if plain(title) not in titles),
        does=tuple(text for text in one.does if plain(text) not in texts),
    )


def _onet(row: Mapping[str, object]) -> Occupation:
    # Reported titles are what people say; the list of alternates is longer and odder.
    titles = (*_strings(row, "reported_titles") * 2, *_strings(row, "alternate_titles"))
    tasks = (*_strings(row, "tasks"), *_strings(row, "tasks_supplemental"))
    described = _split(str(row["description"]))
    return Occupation(
        str(row["code"]),
        tuple(_singular(title) for title in titles if _says(title)),
        _usable(_clause(text) for text in (*described * 3, *tasks)),
        tuple(_strings(row, "hot_technologies")),
        frozenset(_strings(row, "related_primary")),
        frozenset(map(plain, (*titles, str(row["title"])))),
        frozenset(map(plain, (*described, *tasks))),
    )


def _esco(row: Mapping[str, object]) -> Occupation:
    label, described = str(row["label"]), _split(str(row["description"]))
    titles = (label, label, label, *_strings(row, "alt"))
    spoken = [_spoken(text, label) for text in described]
    return Occupation(
        str(row["uri"]),
        tuple(_singular(title) for title in titles if _says(title)),
        _usable(spoken),
        (),
        frozenset({str(row["isco"])}),
        frozenset(map(plain, titles)),
        frozenset(map(plain, (*described, *spoken))),
    )


def _grouped(found: Sequence[Occupation]) -> list[Occupation]:
    """Near are those of the same unit group, whose code `near` has so far."""
    groups: dict[frozenset[str], set[str]] = {}
    for one in found:
        groups.setdefault(one.near, set()).add(one.id)
    return [replace(one, near=frozenset(groups[one.near])) for one in found]


def _twins(found: Sequence[Occupation]) -> Iterator[Occupation]:
    """Near are also those that share a title: the two sources describe the same work."""
    called: dict[str, set[str]] = {}
    for one in found:
        for title in one.every_title:
            called.setdefault(title, set()).add(one.id)
    for one in found:
        yield replace(one, near=one.near.union(*(called[title] for title in one.every_title)))


def _skill(row: Mapping[str, object]) -> Skill:
    """ESCO's labels and description come as one string; the description begins with a capital."""
    text = str(row["text"])
    found = re.search(r"(?<=[^.\s]) (?=[A-Z][a-z]+,? [a-z(])", text[12:])
    at = 12 + found.start() if found else len(text) // 2
    described = _split(text[at:].strip()) or (text[at:].strip(),)
    return Skill(str(row["uri"]), _called(text[:at]), _clause(described[0]).rstrip(".")[:LONGEST])


def _called(labels: str) -> str:
    """The first of labels that stand one after another without a mark between them.

    The next one mostly begins with the same word; where none does, the first words will do.
    """
    first = labels.split(maxsplit=1)[0] if labels.strip() else ""
    again = labels.find(f" {first} ", len(first) + SHORT_TITLE)
    if 0 < again <= CALLED:
        return labels[:again].strip()
    return labels.strip() if len(labels) <= CALLED else labels[:CALLED].rpartition(" ")[0].strip()


def _says(title: str) -> bool:
    return SHORT_TITLE < len(title) < LONG_TITLE


def _usable(clauses: Iterable[str]) -> tuple[str, ...]:
    return tuple(text for text in clauses if SHORTEST < len(text) <= LONGEST)


def _split(text: str) -> tuple[str, ...]:
    return tuple(
        text[start:end].strip() for start, end in sentences(text) if end - start > FRAGMENT
    )


def _spoken(text: str, label: str) -> str:
    """What follows "They" or the label, of a sentence that begins so; "" of all others."""
    text = re.sub(r"^Moreover, ", "", text)
    for opening in (rf"{re.escape(label)}s?", rf"{re.escape(label[:-1])}ies", "they", "he or she"):
        found = re.match(
            rf"{opening} (?:also |may also )?(?!is |are part |was )", text, re.IGNORECASE
        )
        if found:
            return text[found.end() :]
    return ""


def _clause(text: str) -> str:
    """An imperative as it follows "they"; "" for a sentence that is none."""
    if re.match(r"(All|This|These|Includes?|Excludes?|May)\b", text):
        return ""
    return text[0].lower() + text[1:] if text[1:2].islower() else text


def _singular(title: str) -> str:
    """Without what stands in brackets."""
    return re.sub(r"\s*\([^)]*\)", "", title).strip()


def _strings(row: Mapping[str, object], name: str) -> tuple[str, ...]:
    value = row[name]
    if not isinstance(value, list):
        raise TypeError
    return tuple(str(one) for one in value)


def _rows(path: Path, read: Callable[[Mapping[str, object]], _T]) -> list[_T]:
    found = []
    for number, line in _lines(path):
        try:
            found.append(read(json.loads(line)))
        except (ValueError, TypeError, KeyError) as error:
            raise SourceUnreadable(
                f"{path}, line {number}: not the fields that docs/training.md names, "
                f"got {line[:60]!r}."
            ) from error
    return found


def _codes(path: Path) -> list[str]:
    return [line for _, line in _lines(path)]


def _lines(path: Path) -> Iterable[tuple[int, str]]:
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise SourceUnreadable(f"{path} cannot be read as UTF-8 text: {error}.") from error
    return [(number, line.strip()) for number, line in enumerate(lines, 1) if line.strip()]
