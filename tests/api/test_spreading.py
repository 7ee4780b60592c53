"""What is said of --engine ray where Ray need not be there."""

import sys

import pytest


@pytest.fixture
def without_ray(monkeypatch):
    """As after an install without the extra."""
    monkeypatch.setitem(sys.modules, "ray", None)


def test_without_the_extra_one_sentence_says_how_to_install_it(run, tmp_path, without_ray):
    said = run("index", "mentors.jsonl", "--engine", "ray", "--data", tmp_path / "data")
    wanted = "--engine ray needs Ray: run pip install 'mentor-recommender[ray]'.\n"
    assert (said.status, said.err) == (2, wanted)
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--engine", "spark"), "--engine 'spark': expected one of local, ray."),
        (("--engine", "ray", "--actors", "0"), "--actors 0: expected 1 or more."),
        (("--actors", "2"), "--actors and --gpus go with --engine ray."),
        (("--gpus",), "--actors and --gpus go with --engine ray."),
        (
            ("s3://bucket/a.jsonl",),
            "s3://bucket/a.jsonl is an address and no file: say --engine ray to read it.",
        ),
    ],
)
def test_options_that_do_not_fit_are_refused(run, tmp_path, arguments, said):
    found = run("index", "mentors.jsonl", "--data", tmp_path / "data", *arguments)
    assert (found.status, found.err) == (2, said + "\n")
    assert not (tmp_path / "data").exists()
