import json
import subprocess
import sys

import numpy as np
import pytest

from models.encoder import SentenceTransformerEncoder, packaged_space
from models.errors import EncoderUnavailable
from models.weights import CAREERS_FILE, PACKAGED, PLAIN_MODEL


@pytest.fixture(scope="module")
def encoder():
    return SentenceTransformerEncoder()


@pytest.mark.slow
def test_rows_are_unit_vectors_in_the_order_of_the_texts(encoder):
    rows = encoder.encode_passages(["a nurse", "venture capital", "a nurse"])
    assert rows.shape == (3, 384)
    assert rows.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1.0, atol=1e-6)
    np.testing.assert_allclose(rows[0], rows[2], atol=1e-6)


@pytest.mark.slow
def test_no_text_gives_no_row(encoder):
    assert encoder.encode_queries([]).shape == (0, 384)


@pytest.mark.slow
def test_like_meanings_are_nearer_than_unlike_ones(encoder):
    goal = encoder.encode_queries(["I want to become a nurse"])[0]
    near, far = encoder.encode_passages(["Works on a hospital ward", "Repairs marine engines"])
    assert goal @ near > goal @ far + 0.1


@pytest.mark.slow
def test_the_space_changes_with_the_maximum_of_tokens(encoder, tmp_path):
    encoder.model.max_seq_length = 128
    encoder.model.save(str(tmp_path / "other"))
    encoder.model.max_seq_length = 256
    other = SentenceTransformerEncoder(str(tmp_path / "other"))
    assert other.space_id.startswith("other-")
    assert other.space_id.split("-")[-2] != encoder.space_id.split("-")[-2]


@pytest.mark.slow
def test_a_model_that_is_not_there_is_said_in_one_sentence(tmp_path):
    with pytest.raises(EncoderUnavailable, match="cannot be loaded"):
        SentenceTransformerEncoder(str(tmp_path))


def test_importing_the_models_imports_no_runtime():
    heavy = "{'torch', 'transformers', 'sentence_transformers', 'faiss', 'fastapi', 'openvino'}"
    code = (
        "import sys, pkgutil, importlib, models\n"
        "for m in pkgutil.iter_modules(models.__path__):\n"
        "    importlib.import_module('models.' + m.name)\n"
        f"print(sorted({heavy} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.slow
@pytest.mark.parametrize("model", PACKAGED)
def test_a_packaged_encoder_is_in_the_space_that_is_known_beforehand(model):
    found = SentenceTransformerEncoder(model)
    assert found.space_id == packaged_space(model)
    assert found.dimension == PACKAGED[model].dimension


@pytest.mark.slow
def test_the_default_encoder_knows_who_helps_with_a_fear_better_than_the_plain_one(encoder):
    texts = ["my voice shakes when I speak", "Coaches people who fear the stage", "Sound engineer"]
    plain = SentenceTransformerEncoder(PLAIN_MODEL)

    def margin(of):
        rows = of.encode_passages(texts)
        return float(rows[0] @ rows[1] - rows[0] @ rows[2])

    assert margin(encoder) > margin(plain) + 0.05


# Cosines of the shipped files in fp32; another sum of the same changes would be another model.
REFERENCE = (
    ("I want to get into chartering", "Ship broker", 0.1857),
    ("leaving the ward for health software", "Nurse turned product manager", 0.3495),
    ("my voice shakes when I speak", "Coaches people who fear the stage", 0.2718),
)


@pytest.mark.slow
def test_the_default_encoder_gives_the_cosines_that_it_was_shipped_with(encoder):
    for goal, passage, cosine in REFERENCE:
        rows = encoder.encode_passages([goal, passage])
        assert float(rows[0] @ rows[1]) == pytest.approx(cosine, abs=1e-3)


def test_the_shipped_changes_were_made_by_the_packaged_configuration():
    from safetensors import safe_open

    from training.config import CONFIG, read_config

    with safe_open(CAREERS_FILE, "np") as file:
        made_by = json.loads(file.metadata()["config"])
    assert made_by == json.loads(read_config(CONFIG).model_dump_json())
