import numpy as np
import pytest

from indexer import vectors as module
from indexer.store import Store
from indexer.vectors import Vectors, keyed, text_key
from tests.fakes import TableEncoder, put

ON_EVERY_STORE = True


@pytest.fixture
def store(tmp_path, store_url):
    store = Store.of(tmp_path, store_url)
    yield store
    store.close()


def test_rows_stand_in_the_order_of_the_texts(store):
    rows = Vectors(store, TableEncoder()).of(["nurse", "audit", "law and nothing", "audit"])
    assert rows.shape == (4, 9)
    assert rows.dtype == np.float32
    assert rows.argmax(axis=1).tolist() == [2, 0, 7, 0]
    assert rows[1].tobytes() == rows[3].tobytes()


def test_a_text_is_encoded_once_however_often_it_comes(store):
    encoder = TableEncoder()
    Vectors(store, encoder).of(["audit", "nurse", "audit"])
    assert sorted(encoder.encoded) == ["audit", "nurse"]


def test_a_vector_from_the_cache_is_the_one_that_was_encoded(store):
    put(store, {"id": "a", "headline": "audit fund nurse"})
    fresh = TableEncoder().encode_passages(["audit fund nurse"])
    again = TableEncoder()
    assert Vectors(store, again).of(["audit fund nurse"]).tobytes() == fresh.tobytes()
    assert again.encoded == []


def test_looking_up_a_vector_keeps_nothing(store):
    Vectors(store, TableEncoder()).of(["audit"])
    assert store.vectors("table-1", [text_key("audit")]) == {}


def test_the_exact_string_is_the_key(store):
    encoder = TableEncoder()
    Vectors(store, encoder).of(["audit", "audit ", "Audit", "cafe\u0301", "caf\u00e9"])
    assert len(encoder.encoded) == 5


def test_another_space_has_its_own_vectors(store):
    put(store, {"id": "a", "headline": "audit"})
    other = TableEncoder("two")
    Vectors(store, other).of(["audit"])
    assert other.encoded == ["audit"]


def test_texts_of_like_length_are_encoded_together(store):
    encoder = TableEncoder()
    Vectors(store, encoder).of(["audit and more", "law", "nurse"])
    assert encoder.encoded == ["law", "nurse", "audit and more"]


def test_no_text_has_no_row(store):
    assert Vectors(store, TableEncoder()).of([]).shape == (0, 9)


def test_only_what_is_new_is_encoded_some_at_a_time(store, monkeypatch):
    monkeypatch.setattr(module, "CHUNK", 2)
    put(store, {"id": "a", "headline": "audit"})
    vectors = Vectors(store, TableEncoder())
    texts = keyed(["audit", "a", "b", "c"])
    assert vectors.by_key(texts).keys() == texts.keys()
    assert vectors.encoded == 3
