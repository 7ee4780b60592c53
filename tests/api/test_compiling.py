import logging

import numpy as np
import pytest

from api.settings import Settings
from api.wiring import default_encoder
from models.encoder import packaged_space
from models.weights import DEFAULT_MODEL


class Plain:
    """Stands for the model on sentence-transformers."""

    dimension, runtime_id = 384, "plain"

    def __init__(self, model, threads=None):
        self.space_id = packaged_space(model)

    def encode_queries(self, texts):
        return np.ones((len(texts), 384), dtype=np.float32)


def test_without_a_compiled_encoder_the_model_itself_is_used_and_that_is_said(
    tmp_path, monkeypatch, caplog
):
    monkeypatch.setattr("api.wiring.SentenceTransformerEncoder", Plain)
    encoder = default_encoder(Settings(cache=tmp_path))
    with caplog.at_level(logging.WARNING):
        assert encoder.encode_queries(["law"]).shape == (1, 384)
    assert encoder.runtime_id == "plain"
    assert f"There is no compiled encoder in {tmp_path}" in caplog.text
    assert "'mentors compile' makes one" in caplog.text


def test_whoever_asks_for_the_reference_is_not_told_to_compile(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr("api.wiring.SentenceTransformerEncoder", Plain)
    encoder = default_encoder(Settings(cache=tmp_path, precision="reference"))
    assert encoder.encode_queries(["law"]).shape == (1, 384)
    assert caplog.text == ""


def test_what_is_never_compiled_is_said_in_one_sentence(run, monkeypatch):
    monkeypatch.setenv("MENTORS_PRECISION", "reference")
    ran = run("compile")
    assert ran.status == 2
    assert ran.err.startswith(f"{DEFAULT_MODEL} is not compiled with MENTORS_PRECISION=reference:")


@pytest.mark.parametrize(("name", "value"), [("PRECISION", "fp4"), ("THREADS", "0")])
def test_a_wrong_setting_is_named(run, monkeypatch, name, value):
    monkeypatch.setenv(f"MENTORS_{name}", value)
    ran = run("compile")
    assert ran.status == 2
    assert ran.err.startswith(f"MENTORS_{name}:")
    assert repr(value) in ran.err


@pytest.mark.slow
def test_compiling_makes_what_answering_uses(run, tmp_path, monkeypatch, caplog):
    monkeypatch.setenv("MENTORS_CACHE", str(tmp_path))
    ran = run("compile")
    assert ran.status == 0, ran.err
    encoder = default_encoder(Settings(cache=tmp_path))
    encoder.encode_queries(["law"])
    assert encoder.runtime_id in ran.out
    assert encoder.runtime_id.startswith("openvino-")
    assert "There is no compiled encoder" not in caplog.text
    said = [record for record in caplog.records if "Compiling" in record.message]
    assert len(said) == 1
    assert run("compile").status == 0
    assert [record for record in caplog.records if "Compiling" in record.message] == said
