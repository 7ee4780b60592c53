import numpy as np
import pytest
import torch

from models.adapter import add
from models.weights import plain_model_folder
from training.config import CONFIG, read_config
from training.occupations import read_sources

pytest.importorskip("datasets", reason="the extra 'training' is not installed")
from training.encoder import measuring_in, own_texts, train
from training.fit import changes, mean
from training.overlap import require_apart

PLAIN = {"matrix": torch.eye(4), "vector": torch.zeros(4), "same": torch.ones(2)}
TRAINED = {
    "matrix": torch.eye(4) + torch.outer(torch.arange(4.0), torch.tensor([1.0, 0.0, 2.0, 0.0])),
    "vector": torch.tensor([1.0, 0.0, 0.0, -1.0]),
    "same": torch.ones(2),
}


def merged(rank, kept):
    weights = {name: weight.clone() for name, weight in PLAIN.items()}
    add(weights, changes(PLAIN, TRAINED, rank, kept))
    return weights


def test_changes_of_full_rank_give_the_trained_weights_back():
    found = merged(4, 1.0)
    for name, weight in TRAINED.items():
        torch.testing.assert_close(found[name], weight, atol=2e-3, rtol=2e-3)


def test_a_change_of_rank_one_needs_one_rank():
    torch.testing.assert_close(merged(1, 1.0)["matrix"], TRAINED["matrix"], atol=2e-3, rtol=2e-3)


def test_half_of_the_change_is_half_way():
    torch.testing.assert_close(merged(4, 0.5)["vector"], TRAINED["vector"] / 2)


def test_what_did_not_change_takes_no_room():
    found = changes(PLAIN, TRAINED, 2, 1.0)
    assert set(found) == {"matrix.up", "matrix.down", "vector.add"}
    assert found["matrix.up"].shape == (4, 2)
    assert found["matrix.down"].shape == (2, 4)
    assert {change.dtype for change in found.values()} == {torch.float16}


def test_the_mean_of_trainings_is_taken_weight_by_weight():
    found = mean([PLAIN, TRAINED])
    assert found["vector"].tolist() == [0.5, 0.0, 0.0, -0.5]


def test_what_was_written_to_be_learnt_from_repeats_no_sample_goal_or_profile(tmp_path):
    measuring = measuring_in(tmp_path)
    assert {path.name for path in measuring} == {"goals.jsonl", "mentors.jsonl"}
    require_apart(own_texts(), measuring)


@pytest.mark.slow
def test_what_was_written_to_be_learnt_from_repeats_nothing_judged(judged):
    measuring = measuring_in(judged)
    assert {"dev_goals.jsonl", "mentors.jsonl"} <= {path.name for path in measuring}
    require_apart(own_texts(), measuring)


@pytest.mark.slow
@pytest.mark.long
def test_training_brings_goals_nearer_to_who_does_that_work(files):
    from sentence_transformers import SentenceTransformer

    config = read_config(CONFIG)
    few = {"pairs": 120, "batch": 2, "rate": 1e-4, "kept": 1.0, "seeds": (1,)}
    found = train(read_sources(files), config.model_copy(update=few))
    assert not any("embeddings" in name for name in found)
    model = SentenceTransformer(str(plain_model_folder()), device="cpu")
    goal, passage = "I want to become a wick trimmer", "They light lamps along quays and in lanes."
    other = "They draw dragons and carp on finished kites by hand."

    def margin():
        rows = model.encode([goal, passage, other], normalize_embeddings=True)
        return float(rows[0] @ rows[1] - rows[0] @ rows[2])

    before = margin()
    add(model.state_dict(), found)
    assert margin() > before + 0.05
    assert np.isfinite(margin())
