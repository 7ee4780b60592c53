import hashlib
import json
import logging
import shutil
import subprocess
import sys
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.compiled import (
    LEAST_COSINE,
    MANIFEST,
    MODEL,
    PROBES,
    WEIGHTS,
    batches_of,
    engine,
    read_manifest,
)
from models.compiling import Compiler
from models.encoder import SentenceTransformerEncoder, packaged_space
from models.errors import EncoderUnavailable
from models.weights import DEFAULT_MODEL

TEXTS = [
    "I want to get into chartering",
    "Nurse turned product manager",
    "leaving the ward for health software",
    "   Coaches people who fear the stage, one rehearsal at a time.  ",
    "SQL, Python, dashboards, stakeholder management, négociation, 产品经理",
    "a",
    "",
] + [
    f"In year {year} she moved a team of {year % 13} from paper to software." for year in range(60)
]


@given(st.lists(st.integers(1, 300), max_size=60), st.integers(1, 600))
def test_batches_hold_every_text_once_and_few_tokens(lengths, most):
    batches = [batch.tolist() for batch in batches_of(lengths, most)]
    assert sorted(i for batch in batches for i in batch) == list(range(len(lengths)))
    for batch in batches:
        assert len(batch) == 1 or max(lengths[i] for i in batch) * len(batch) <= most
    widest = [max(lengths[i] for i in batch) for batch in batches]
    assert widest == sorted(widest, reverse=True)


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def compiler(cache):
    return Compiler(cache)


@pytest.fixture(scope="module")
def compiled(compiler):
    return compiler.make(DEFAULT_MODEL)


@pytest.fixture(scope="module")
def reference():
    return SentenceTransformerEncoder()


@pytest.mark.slow
def test_a_compiled_encoder_is_in_the_space_of_the_model_it_was_made_from(compiled, reference):
    assert compiled.space_id == reference.space_id == packaged_space()
    assert compiled.dimension == reference.dimension
    assert compiled.runtime_id.startswith("openvino-")
    assert compiled.runtime_id != reference.runtime_id


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["encode_passages", "encode_queries"])
def test_its_vectors_are_those_of_the_model(compiled, reference, kind):
    here, there = getattr(compiled, kind)(TEXTS), getattr(reference, kind)(TEXTS)
    assert here.dtype == np.float32
    assert here.shape == (len(TEXTS), 384)
    np.testing.assert_allclose(np.linalg.norm(here, axis=1), 1.0, atol=1e-5)
    assert (here * there).sum(axis=1).min() >= LEAST_COSINE["bf16"]


@pytest.mark.slow
def test_stretches_are_read_in_the_context_of_the_text(compiled, reference):
    text = "  I left nursing. I want to do the same for my team 🚀 in software."
    stretches = [(2, 17), (18, 49), (18, len(text))]
    here = compiled.read_query(text).rows(stretches)
    assert (here * reference.read_query(text).rows(stretches)).sum(axis=1).min() >= LEAST_COSINE[
        "bf16"
    ]
    np.testing.assert_array_equal(here[:1], compiled.encode_queries([text]))
    # "The same" is near to what it stands for, which it is not alone.
    alone = compiled.encode_queries([text[start:end] for start, end in stretches])
    assert here[2] @ here[1] > alone[1] @ alone[0] + 0.1


@pytest.mark.slow
def test_a_query_has_the_same_bits_whoever_else_asks(compiled):
    alone = compiled.encode_queries(TEXTS)
    other = compiled._begun(compiled._read("", ["another goal"])[0])
    assert len(compiled._querying) == 1
    np.testing.assert_array_equal(alone, compiled.encode_queries(TEXTS))
    other.outcome()
    assert not compiled._querying


@pytest.mark.slow
def test_a_query_that_nobody_waits_for_does_not_count(compiled):
    compiled.read_query("a goal that could not be understood")
    assert not compiled._querying
    assert compiled.encode_queries(["law"]).shape == (1, 384)


@pytest.mark.slow
def test_no_text_gives_no_row(compiled):
    assert compiled.encode_passages([]).shape == (0, 384)
    assert compiled.encode_queries([]).shape == (0, 384)


@pytest.mark.slow
def test_a_text_longer_than_the_model_reads_is_told(compiled, caplog):
    with caplog.at_level(logging.WARNING):
        compiled.encode_passages(["law " * 400, "law"])
    assert "1 of 2 texts are longer than 256 tokens" in caplog.text


@pytest.mark.slow
def test_what_was_made_is_used_by_the_next_process_without_torch(compiled, compiler, cache):
    code = (
        "import sys\nfrom pathlib import Path\nfrom models.compiling import Compiler\n"
        f"one = Compiler(Path({str(cache)!r})).open({DEFAULT_MODEL!r})\n"
        "rows = one.encode_queries(['law'])\n"
        "assert not {'torch', 'transformers', 'sentence_transformers'} & set(sys.modules)\n"
        "assert sys.modules['openvino_telemetry'] is None\n"
        "print(rows.tobytes().hex())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == compiled.encode_queries(["law"]).tobytes().hex()


@pytest.fixture
def copied(compiled, cache, tmp_path):
    """A compiler with a cache of its own that has a copy of what was made."""
    shutil.copytree(cache, tmp_path, dirs_exist_ok=True)
    return Compiler(tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("name", [MODEL, WEIGHTS, MANIFEST])
def test_a_damaged_file_is_refused_and_made_again(copied, name, caplog):
    path = copied.folder(DEFAULT_MODEL) / name
    path.write_bytes(path.read_bytes()[:-100])
    assert copied.open(DEFAULT_MODEL) is None
    assert str(copied.folder(DEFAULT_MODEL)) in caplog.text
    assert copied.make(DEFAULT_MODEL).encode_queries(["law"]).shape == (1, 384)
    assert copied.open(DEFAULT_MODEL) is not None


@pytest.mark.slow
def test_vectors_that_differ_from_the_reference_are_refused(copied, caplog):
    folder = copied.folder(DEFAULT_MODEL)
    reference = np.load(folder / "reference.npy")
    turned = np.roll(reference, 1, axis=1)
    np.save(folder / "reference.npy", turned)
    made = json.loads((folder / MANIFEST).read_text())
    made["files"]["reference.npy"] = hashlib.sha256(
        (folder / "reference.npy").read_bytes()
    ).hexdigest()
    (folder / MANIFEST).write_text(json.dumps(made))
    assert copied.open(DEFAULT_MODEL) is None
    assert "differs from the reference" in caplog.text


@pytest.mark.slow
def test_vectors_that_differ_when_made_leave_the_model_as_it_is(tmp_path, caplog, monkeypatch):
    monkeypatch.setattr("models.compiled.LEAST_COSINE", dict.fromkeys(("f32", "bf16"), 1.1))
    assert Compiler(tmp_path).make(DEFAULT_MODEL) is None
    assert "cannot be compiled" in caplog.text
    assert "differs from the reference" in caplog.text
    assert list((tmp_path / "encoders").iterdir()) == []


@pytest.mark.slow
def test_what_one_user_made_another_can_read(compiled, compiler):
    folder = compiler.folder(DEFAULT_MODEL)
    assert folder.stat().st_mode & 0o755 == 0o755
    assert all(path.stat().st_mode & 0o444 == 0o444 for path in folder.iterdir())


def test_a_runtime_that_cannot_be_loaded_leaves_the_model_as_it_is(tmp_path, caplog, monkeypatch):
    def fail(_):
        raise ImportError("no shared object")

    monkeypatch.setattr("models.compiling.engine", fail)
    compiler = Compiler(tmp_path, "f32")
    assert compiler.folder(DEFAULT_MODEL) is None
    assert compiler.open(DEFAULT_MODEL) is compiler.make(DEFAULT_MODEL) is None
    assert "OpenVINO cannot be used here (ImportError: no shared object)" in caplog.text


@pytest.mark.parametrize("error", [PermissionError(13, "no"), RuntimeError("a bad graph")])
def test_files_that_cannot_be_used_leave_the_model_as_it_is(tmp_path, caplog, monkeypatch, error):
    def fail(*_, **__):
        raise error

    compiler = Compiler(tmp_path, "f32")
    folder = compiler.folder(DEFAULT_MODEL)
    folder.mkdir(parents=True)
    (folder / MANIFEST).write_text("{}")
    monkeypatch.setattr("models.compiling.CompiledEncoder", fail)
    assert compiler.open(DEFAULT_MODEL) is None
    assert f"{folder} cannot be used ({type(error).__name__}" in caplog.text


@pytest.mark.slow
def test_a_model_that_pools_otherwise_is_compiled_and_reads_stretches_alone(tmp_path, compiler):
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer

    from models.weights import plain_model_folder

    words = Transformer(str(plain_model_folder()), max_seq_length=64)
    first = Pooling(words.get_embedding_dimension(), pooling_mode="cls")
    model = SentenceTransformer(
        modules=[words, first], device="cpu", prompts={"query": "goal: ", "document": "who: "}
    )
    model.save(str(tmp_path / "first-token"))
    name = str(tmp_path / "first-token")
    here, there = compiler.make(name), SentenceTransformerEncoder(name)
    assert here.space_id == there.space_id
    assert read_manifest(compiler.folder(name)).max_tokens == 64
    rows = here.read_query("from nurse to lawyer").rows([(5, 10)])
    assert (rows * there.read_query("from nurse to lawyer").rows([(5, 10)])).sum(
        axis=1
    ).min() > 0.999
    np.testing.assert_array_equal(rows[1:], here.encode_queries(["nurse"]))
    assert not np.allclose(here.encode_queries(["law"]), here.encode_passages(["law"]))


def test_models_of_a_hub_and_the_reference_are_never_compiled(tmp_path):
    assert Compiler(tmp_path).folder("somebody/some-model") is None
    assert Compiler(tmp_path, "reference").folder(DEFAULT_MODEL) is None
    assert Compiler(tmp_path, "reference").make(DEFAULT_MODEL) is None


def test_a_folder_without_a_compiled_encoder_opens_none(tmp_path):
    assert Compiler(tmp_path).open(DEFAULT_MODEL) is None
    with pytest.raises(EncoderUnavailable, match="no compiled encoder"):
        read_manifest(tmp_path)


def test_each_precision_and_each_model_lies_in_a_folder_of_its_own(tmp_path):
    folders = {
        Compiler(tmp_path, precision).folder(model)
        for precision in ("f32", "bf16", "int8")
        for model in (DEFAULT_MODEL, "all-MiniLM-L6-v2")
    }
    assert len(folders) == 6


@pytest.mark.parametrize(
    ("noted", "meant"), [("f32", "f32"), ("bf16", "bf16"), ("f16", "bf16"), (None, "bf16")]
)
def test_of_bf16_and_f32_what_was_faster_here_is_meant(tmp_path, monkeypatch, noted, meant):
    monkeypatch.setattr("models.compiling.capabilities", lambda: ("BF16", "FP32"))
    if noted:
        (tmp_path / "encoders").mkdir()
        (tmp_path / "encoders" / f"{engine('auto')}.faster").write_text(noted)
    assert Compiler(tmp_path).precision == meant
    assert Compiler(tmp_path, "int8").precision == "int8"


def test_a_cpu_without_bf16_has_nothing_to_choose(tmp_path, monkeypatch):
    monkeypatch.setattr("models.compiling.capabilities", lambda: ("FP32",))
    assert Compiler(tmp_path).precision == "f32"


@pytest.mark.slow
@pytest.mark.parametrize("quick", ["f32", "bf16"])
def test_what_is_faster_is_found_when_an_encoder_is_made_and_kept(tmp_path, monkeypatch, quick):
    monkeypatch.setattr("models.compiling.capabilities", lambda: ("BF16", "FP32"))
    monkeypatch.setattr("models.compiling.Passes", lambda model: Paced(model, quick))
    monkeypatch.setattr("models.compiling.compiled", lambda _, precision, *__, **___: precision)
    assert Compiler(tmp_path).make(DEFAULT_MODEL).runtime_id == engine(quick)
    monkeypatch.setattr("models.compiling.faster", None)  # not looked for again
    assert Compiler(tmp_path).make(DEFAULT_MODEL).runtime_id == engine(quick)
    assert len(list((tmp_path / "encoders").iterdir())) == 2


class Paced:
    """Passes of which one precision is the quick one."""

    def __init__(self, precision, quick):
        self.pause = 0.0 if precision == quick else 0.05

    def begin(self, batch):
        assert len({len(tokens) for tokens in batch}) > 1
        return lambda: time.sleep(self.pause)


def test_a_changed_file_of_a_model_is_another_model(tmp_path):
    (tmp_path / "weights").write_bytes(b"1")
    before = Compiler(tmp_path).folder(str(tmp_path))
    (tmp_path / "weights").write_bytes(b"2")
    assert Compiler(tmp_path).folder(str(tmp_path)) != before


def test_the_probes_are_short_and_long_and_more_than_english():
    assert "" in PROBES
    assert max(map(len, PROBES)) > 150
    assert any(not text.isascii() for text in PROBES)


@pytest.mark.slow
def test_a_process_lives_through_a_signal_after_an_encoder_is_let_go_of(compiled, cache):
    # As when a server changes its encoder and is later told to end: the last reference went on
    # another thread than the one that made it, to which the runtime had given a stack for signals.
    program = """
import gc, signal, sys, threading
from pathlib import Path
from models.compiling import Compiler
encoders = [Compiler(Path(sys.argv[1])).open(sys.argv[2])]
encoders[0].encode_queries(["law"])
def let_go():
    encoders.clear()
    gc.collect()
thread = threading.Thread(target=let_go)
thread.start()
thread.join()
told = []
signal.signal(signal.SIGTERM, lambda number, frame: told.append(number))
signal.raise_signal(signal.SIGTERM)
print(told == [signal.SIGTERM])
"""
    ran = subprocess.run(
        [sys.executable, "-c", program, str(cache), DEFAULT_MODEL],
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (ran.stdout, ran.returncode) == ("True\n", 0), ran.stderr
