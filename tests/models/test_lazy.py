import threading

import numpy as np
import pytest

from models.errors import EncoderUnavailable
from models.lazy import LazyEncoder
from tests.fakes import TableEncoder

SECONDS = 20  # how long a thread is waited for before a test fails


@pytest.fixture
def loaded():
    """The encoders that were loaded."""
    return []


@pytest.fixture
def lazy(loaded):
    def load():
        loaded.append(TableEncoder())
        return loaded[-1]

    return LazyEncoder(load, "table-1", 9)


def test_its_space_and_dimension_are_known_before_it_is_loaded(lazy, loaded):
    assert (lazy.space_id, lazy.dimension, lazy.runtime_id) == ("table-1", 9, "")
    assert loaded == []


def test_the_first_text_loads_it_and_then_it_names_its_engine(lazy, loaded):
    rows = lazy.encode_passages(["audit", "law"])
    assert rows.tobytes() == TableEncoder().encode_passages(["audit", "law"]).tobytes()
    assert lazy.runtime_id == "numpy"
    assert len(loaded) == 1


def test_a_query_loads_it_too(lazy, loaded):
    rows = lazy.encode_queries(["audit"])
    assert rows.dtype == np.float32
    assert len(loaded) == 1


def test_it_is_loaded_once_however_many_ask_at_once(lazy, loaded):
    together = threading.Barrier(8)

    def ask():
        together.wait(SECONDS)
        lazy.encode_queries(["audit"])

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SECONDS)
    assert len(loaded) == 1


@pytest.mark.parametrize(("space_id", "dimension"), [("table-2", 9), ("table-1", 8)])
def test_a_model_of_another_space_is_refused_at_every_text(space_id, dimension):
    lazy = LazyEncoder(TableEncoder, space_id, dimension)
    for _ in range(2):
        with pytest.raises(EncoderUnavailable) as raised:
            lazy.encode_queries(["audit"])
        assert str(raised.value) == (
            "The model makes vectors of 9 dimensions in the space table-1, expected "
            f"{dimension} in {space_id}: its files have changed; reinstall it."
        )
    assert lazy.runtime_id == ""


def test_a_model_that_could_not_be_loaded_is_tried_again():
    answers = iter([EncoderUnavailable("The weights are missing."), TableEncoder()])

    def load():
        found = next(answers)
        if isinstance(found, Exception):
            raise found
        return found

    lazy = LazyEncoder(load, "table-1", 9)
    with pytest.raises(EncoderUnavailable, match="The weights are missing"):
        lazy.encode_queries(["audit"])
    assert lazy.encode_queries(["audit"]).shape == (1, 9)
