import numpy as np
import pytest

from models import remembering
from models.remembering import Remembering
from tests.fakes import TableEncoder

TEXTS = ["audit", "law", "a fund"]


@pytest.fixture
def encoder():
    return TableEncoder()


def test_a_text_met_lately_is_not_encoded_again(encoder):
    remembers = Remembering(encoder)
    first = remembers.encode_passages(TEXTS)
    again = remembers.encode_passages(["law", "nurse", "audit", "law"])
    assert encoder.encoded == [*TEXTS, "nurse"]
    expected = [first[1], *TableEncoder().encode_passages(["nurse"]), first[0], first[1]]
    assert again.tobytes() == np.stack(expected).tobytes()


def test_the_text_met_longest_ago_is_forgotten_first(encoder, monkeypatch):
    monkeypatch.setattr(remembering, "MOST", 2)
    remembers = Remembering(encoder)
    for text in ("audit", "law", "audit", "nurse", "audit", "law"):
        remembers.encode_passages([text])
    assert encoder.encoded == ["audit", "law", "nurse", "law"]


def test_it_is_of_the_space_of_its_encoder(encoder):
    remembers = Remembering(encoder)
    assert (remembers.space_id, remembers.runtime_id, remembers.dimension) == (
        "table-1",
        "numpy",
        9,
    )
    assert remembers.encode_queries(["law"]).tobytes() == encoder.encode_queries(["law"]).tobytes()
