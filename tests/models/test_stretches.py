import numpy as np
import pytest

from models.stretches import ReadAlone, stretch_rows

TEXT = "nurse to law"
OFFSETS = [(0, 0), (0, 5), (6, 8), (9, 12), (0, 0)]  # the model's own tokens stand for nothing
TOKENS = np.eye(5, dtype=np.float32) * np.float32(3)


def never(texts):
    raise AssertionError(texts)


def test_a_stretch_is_the_mean_of_its_own_tokens_at_length_one():
    rows = stretch_rows(TEXT, [(0, 8), (9, 12)], TOKENS, OFFSETS, never)
    assert rows.dtype == np.float32
    np.testing.assert_allclose(rows, [[0, 0.5**0.5, 0.5**0.5, 0, 0], [0, 0, 0, 1, 0]], atol=1e-7)


def test_a_token_that_a_stretch_cuts_through_counts_for_it():
    assert stretch_rows(TEXT, [(3, 4)], TOKENS, OFFSETS, never)[0].tolist() == [0, 1, 0, 0, 0]


@pytest.mark.parametrize("stretch", [(12, 12), (13, 20), (5, 6)])
def test_a_stretch_of_which_nothing_was_read_is_encoded_alone(stretch):
    asked = []

    def alone(texts):
        asked.extend(texts)
        return np.asarray([[0, 0, 0, 0, 1]], dtype=np.float32)

    assert stretch_rows(TEXT, [stretch], TOKENS, OFFSETS, alone)[0].tolist() == [0, 0, 0, 0, 1]
    assert asked == [TEXT[slice(*stretch)]]


def test_tokens_that_cancel_out_say_nothing_so_the_stretch_is_encoded_alone():
    tokens = np.asarray([[1, 0], [-1, 0]], dtype=np.float32)
    alone = np.asarray([[0, 1]], dtype=np.float32)
    rows = stretch_rows("a b", [(0, 3)], tokens, [(0, 1), (2, 3)], lambda _: alone)
    assert rows.tolist() == [[0, 1]]


def test_no_stretch_gives_no_row():
    assert stretch_rows(TEXT, [], TOKENS, OFFSETS, never).shape == (0, 5)


def test_what_cannot_be_read_in_context_is_encoded_as_texts_of_their_own():
    asked = []
    ReadAlone(TEXT, asked.extend).rows([(0, 5), (9, 12)])
    assert asked == [TEXT, "nurse", "law"]
