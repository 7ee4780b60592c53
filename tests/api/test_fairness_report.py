import json

import pytest

from api.fairness import EXCHANGED, VERSIONS
from models.neutral import Neutral
from tests.fakes import RECORDS

NAMED_IN_THE_BIO = {"id": "clerk", "bio": "Amara Okoye is a clerk in audit. She audits."}


@pytest.fixture
def data(run, tmp_path):
    path = lines(tmp_path / "mentors.jsonl", *RECORDS, NAMED_IN_THE_BIO)
    assert run("index", path, "--data", tmp_path / "data").status == 0
    return tmp_path / "data"


@pytest.fixture
def goals(tmp_path):
    texts = ("My boss says he knows audit", "Leave the ward", "Welding at sea")
    return lines(tmp_path / "goals.jsonl", *({"id": t[:4], "text": t} for t in texts))


def test_the_report_compares_every_version_with_the_mentors_as_they_are(run, data, goals):
    report = answer_of(run("fairness", "--goals", goals, "--json", "--data", data))
    counted = {name: report[name] for name in ("goals", "mentors", "named", "introduced", "depth")}
    assert counted == {"goals": 3, "mentors": 6, "named": 2, "introduced": 1, "depth": 10}
    assert [one["name"] for one in report["versions"]] == [EXCHANGED, *(v for v, _ in VERSIONS)]
    assert {(one["mean"], one["changed"], one["places"]) for one in report["versions"]} == {
        (1.0, 0, 18)
    }
    assert report["fair"] is True


def test_an_order_that_depends_on_pronouns_is_told(run, data, goals, monkeypatch):
    monkeypatch.setattr("indexer.passages.neutralise", lambda text, _name="": Neutral(text, (), ()))
    monkeypatch.setattr("tests.fakes._AXIS", {"he": 0, "she": 1, "audit": 0, "ward": 2})
    ran = run("fairness", "--goals", goals, "--data", data)
    assert ran.status == 1
    assert "The order of the first ten depends on names or genders." in ran.out


def test_the_report_says_in_words_what_it_means(run, data, goals):
    ran = run("fairness", "--goals", goals, "--data", data)
    assert ran.status == 0
    assert "3 goals, 6 mentors: 2 with a name field, 1 named in the bio only, 3 without" in ran.out
    assert "Names and genders do not decide the order of the first ten." in ran.out


def test_names_may_be_given(run, data, goals, tmp_path):
    names = tmp_path / "names.tsv"
    names.write_text("name\tgender\nAudit\tfemale\nWard\tmale\n")
    arguments = ("fairness", "--goals", goals, "--names", names, "--json", "--data", data)
    assert answer_of(run(*arguments))["fair"] is True


def test_a_table_of_names_without_men_is_refused(run, data, goals, tmp_path):
    names = tmp_path / "names.tsv"
    names.write_text("name\tgender\nAna\tfemale\n")
    ran = run("fairness", "--goals", goals, "--names", names, "--data", data)
    assert (ran.status, ran.out) == (2, "")
    assert "holds no male name" in ran.err


def test_the_data_folder_is_not_changed(run, data, goals):
    before = json.loads(run("status", "--json", "--data", data).out)
    run("fairness", "--goals", goals, "--data", data)
    assert json.loads(run("status", "--json", "--data", data).out) == before


def lines(path, *values):
    path.write_text("".join(json.dumps(value) + "\n" for value in values))
    return path


def answer_of(ran):
    assert ran.status == 0
    return json.loads(ran.out)
