import pytest
import torch
from safetensors.torch import save_file

from models.adapter import adapt, add
from models.errors import EncoderUnavailable
from models.weights import sha256_of


def layer():
    model = torch.nn.Linear(3, 2)
    with torch.no_grad():
        model.weight.zero_()
        model.bias.zero_()
    return model


CHANGES = {
    "weight.up": torch.tensor([[1.0], [2.0]], dtype=torch.float16),
    "weight.down": torch.tensor([[1.0, 0.0, -1.0]], dtype=torch.float16),
    "bias.add": torch.tensor([0.5, -0.25], dtype=torch.float16),
}


def test_a_matrix_gets_the_product_and_a_vector_the_sum():
    model = layer()
    add(model.state_dict(), CHANGES)
    assert model.weight.tolist() == [[1.0, 0.0, -1.0], [2.0, 0.0, -2.0]]
    assert model.bias.tolist() == [0.5, -0.25]


def test_changes_are_added_and_do_not_replace():
    model = layer()
    add(model.state_dict(), CHANGES)
    add(model.state_dict(), CHANGES)
    assert model.bias.tolist() == [1.0, -0.5]


@pytest.mark.parametrize(
    "changes",
    [{"other.add": torch.zeros(2)}, {"bias.add": torch.zeros(3)}],
    ids=["of a weight that is not there", "of another shape"],
)
def test_changes_of_another_model_are_refused(changes):
    with pytest.raises(EncoderUnavailable, match="made for another model"):
        add(layer().state_dict(), changes)


def test_a_file_with_the_expected_sha256_is_applied(tmp_path):
    path = tmp_path / "changes.safetensors"
    save_file(CHANGES, path)
    model = layer()
    adapt(model, path, sha256_of(path))
    assert model.bias.tolist() == [0.5, -0.25]


def test_a_file_with_another_sha256_is_refused_and_changes_nothing(tmp_path):
    path = tmp_path / "changes.safetensors"
    save_file(CHANGES, path)
    model = layer()
    with pytest.raises(EncoderUnavailable, match=r"expected 000000000000\.\.\.: reinstall"):
        adapt(model, path, "0" * 64)
    assert model.bias.tolist() == [0.0, 0.0]


def test_a_missing_file_is_said_in_one_sentence(tmp_path):
    with pytest.raises(EncoderUnavailable, match="is missing: reinstall the project"):
        adapt(layer(), tmp_path / "none.safetensors", "0" * 64)
