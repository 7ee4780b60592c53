"""After a removal no byte of the person is left: whatever was written before, and in time."""

import random
import threading
import time

import httpx
import pytest

from api.settings import Settings
from api.wiring import Serving
from indexer import keeping
from indexer.proof import Evidence, evidence, look
from indexer.store import Store
from tests.conftest import COUNTS, rounds_of
from tests.fakes import AXES, mentors, table_encoder
from tests.live.servers import server

WITHIN_S = 60.0
WORDS = [word for axis in AXES for word in axis.split()]


def sentence(chance: random.Random) -> str:
    """Words that stand in no other text, and one the table knows."""
    made = ["".join(chance.choices("bcdfghjklmnprstvwz", k=9)) for _ in range(4)]
    return f"{chance.choice(WORDS)} {' '.join(made)}."


def record(id: str, chance: random.Random) -> dict[str, object]:
    return {
        "id": id,
        "name": sentence(chance),
        "headline": sentence(chance),
        "bio": " ".join(sentence(chance) for _ in range(chance.randint(1, 30))),
        "skills": [sentence(chance) for _ in range(chance.randint(0, 3))],
    }


def texts(record: dict[str, object]) -> tuple[str, ...]:
    return (str(record["name"]), str(record["headline"]), str(record["bio"])[:60])


@pytest.mark.parametrize("seed", range(3))
def test_no_text_of_any_earlier_version_is_left_after_removals(tmp_path, seed):
    """Records grow, shrink and move between pages of the database; none leaves a copy behind."""
    chance = random.Random(seed)
    serving = Serving(Settings(data=tmp_path / "data"), table_encoder, create=True)
    versions: dict[str, list[str]] = {}
    for _ in range(2 * rounds_of("examples of each property")):
        id = f"m{chance.randrange(40):02}"
        if chance.random() < 0.3:
            serving.remove(id)
        else:
            newest = record(id, chance)
            versions.setdefault(id, []).extend(texts(newest))
            serving.put(mentors(newest))
        if chance.random() < 0.05:
            serving.follow()
            serving.keeper.keep(snapshot=True)
    here = serving.store.text_hashes("default").keys()
    leaving = sorted(here)[: len(here) // 2]
    serving.writer.remove(leaving)
    serving.keeper.keep()
    gone = [text for id in versions if id not in here or id in leaving for text in versions[id]]
    proof = look(tmp_path / "data", Evidence(tuple(gone), ()))
    assert proof.texts > 50
    assert proof.traces == ()
    serving.close()


def test_a_served_mentor_is_gone_from_answers_at_once_and_from_all_bytes_in_time(tmp_path, capsys):
    data, chance = tmp_path / "data", random.Random(4)
    erase_after_s = keeping.ERASE_AFTER_S if COUNTS == "full" else 1.0
    somebody = record("somebody", chance)
    with server(data, erase_after_s) as url, httpx.Client(base_url=url, trust_env=False) as client:
        for id in ("a", "b", "c"):
            client.put(f"/v1/mentors/{id}", json=record(id, chance)).raise_for_status()
        client.put("/v1/mentors/somebody", json=record("somebody", chance)).raise_for_status()
        client.put("/v1/mentors/somebody", json=somebody).raise_for_status()
        store = Store.in_folder(data)
        wanted = evidence(store, "default", mentors(somebody)[0])
        store.close()
        assert (len(wanted.texts) > 3, len(wanted.vectors) > 3) == (True, True)
        assert look(data, wanted).traces != ()
        goal = {"goals": str(somebody["headline"]), "limit": 10}
        assert "somebody" in client.post("/v1/recommendations", json=goal).text
        client.delete("/v1/mentors/somebody").raise_for_status()
        began = time.monotonic()
        assert "somebody" not in client.post("/v1/recommendations", json=goal).text
        assert client.get("/v1/mentors/somebody").status_code == 404
        while look(data, wanted).traces:
            assert time.monotonic() - began < WITHIN_S, look(data, wanted).traces
            threading.Event().wait(0.2)
        seconds = time.monotonic() - began
    with capsys.disabled():
        gathered = f"removals gathered for {erase_after_s:.0f} s"
        print(f"\nmeasured: no byte left {seconds:.1f} s after the removal, {gathered}")
    assert look(data, wanted).traces == ()
