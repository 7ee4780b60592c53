"""A process that changes mentors without pause until it is killed; it says what it does.

    python -m tests.live.worker DATA SEED

Reads one line, then works. `TRY n ...` goes out before each change, `ACK n` when it has returned,
`BAD ...` when a search of its own returned somebody who had been removed before it began.
"""

import json
import random
import sys
import tempfile
import threading
from pathlib import Path

from api import background
from api.background import Background
from api.callers import Callers
from api.settings import Settings
from api.tenants import Tenants
from api.wiring import Indexing, Serving
from indexer import keeping, live
from indexer.importing import Import
from indexer.keys import Keys
from indexer.mapping import ColumnMapping
from recommender.eligibility import Filters
from recommender.recommend import Request
from tests.fakes import AXES, mentors, table_encoder

IDS = 40
WORDS = [word for axis in AXES for word in axis.split()]


def hurry() -> None:
    """Merge, erase and tidy all the time, so that a kill falls into them."""
    background.FOLLOW_EVERY_S = 0.01
    background.KEEP_EVERY_S = 0.01
    keeping.ERASE_AFTER_S = 0.02
    keeping.BEHIND = 5
    live.LOOSE_MENTORS = 3


def record(chance: random.Random, id: str) -> dict[str, object]:
    """A random record; `capacity` tells versions apart even where the text is the same."""
    words = chance.choices(WORDS, k=chance.randint(2, 12))
    return {
        "id": id,
        "headline": f"{words[0]} and {words[-1]}".capitalize(),
        "bio": " ".join(words).capitalize() + ".",
        "skills": chance.sample(WORDS, 3),
        "capacity": chance.randint(0, 9),
    }


def changes(chance: random.Random) -> list[tuple[str, object]]:
    """The next change, as a kind and what it is about."""
    id = f"m{chance.randrange(IDS):02}"
    kind = chance.choice(["put", "put", "patch", "remove", "bulk", "index"])
    if kind in ("put", "patch", "remove"):
        about: object = record(chance, id)
        about = {"put": about, "patch": {"capacity": chance.randint(0, 9)}, "remove": None}[kind]
        return [(kind, [id, about])]
    some = chance.sample(range(IDS), 6)
    return [(kind, [record(chance, f"m{i:02}") for i in some])]


def apply(kind: str, about: object, serving: Serving, settings: Settings) -> None:
    """Make one change, as a door does."""
    if kind == "put":
        serving.put(mentors(about[1]))
    elif kind == "patch":
        if serving.mentor(about[0]):
            serving.patch(*about)
    elif kind == "remove":
        serving.remove(about[0])
    elif kind == "bulk":
        serving.put(mentors(*about))
    else:
        _index(about, settings)


def _index(records: object, settings: Settings) -> None:
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as file:
        file.writelines(json.dumps(one) + "\n" for one in records)
        file.flush()
        indexing = Indexing(settings, table_encoder)
        Import("auto", ColumnMapping()).read(Path(file.name), indexing.writer)
        indexing.publish()
        indexing.close()


def search(serving: Serving, gone: dict[str, int], seed: int) -> None:
    """Search without pause; whoever was removed before a search began must not be in it."""
    chance = random.Random(seed)
    while True:
        before = dict(gone)
        request = Request(" ".join(chance.choices(WORDS, k=4)), 20, filters=Filters(available=None))
        found = {one.mentor.id for one in serving.recommend(request).recommendations}
        wrong = [id for id in found & before.keys() if gone.get(id) == before[id]]
        if wrong:
            say(f"BAD removed but returned: {wrong}")


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> None:
    """Work until killed."""
    settings, chance = Settings(data=Path(sys.argv[1])), random.Random(int(sys.argv[2]))
    hurry()
    with tempfile.TemporaryDirectory() as folder:  # whatever loads on first use
        scratch = Serving(Settings(data=Path(folder)), table_encoder, create=True)
        scratch.put(mentors(record(chance, "m")))
        scratch.follow()
        scratch.warm_up()
        scratch.keeper.keep(snapshot=True)
        scratch.close()
    say("READY")
    sys.stdin.readline()
    tenants = Tenants(settings, table_encoder, create=True)
    serving = tenants.first
    Background(tenants, Callers(Keys(serving.store.database), serving.tenant)).start()
    gone: dict[str, int] = {}
    for seed in range(2):
        threading.Thread(target=search, args=(serving, gone, seed), daemon=True).start()
    number = 0
    while True:
        for kind, about in changes(chance):
            number += 1
            ids = [one["id"] for one in about] if kind in ("bulk", "index") else [about[0]]
            for id in ids:
                gone.pop(id, None)
            say(f"TRY {number} {json.dumps([kind, about])}")
            apply(kind, about, serving, settings)
            say(f"ACK {number}")
            if kind == "remove":
                gone[about[0]] = number


if __name__ == "__main__":
    main()
