import json

import pytest

from models.weights import DEFAULT_MODEL
from tests.fakes import RECORDS, version

GOAL = "I work in audit and want to move into venture capital"
SHOWN = ["  1. I work in audit", "  2. and want to move into venture capital  (transition)"]


@pytest.fixture
def data(tmp_path):
    return tmp_path / "data"


@pytest.fixture
def records(tmp_path):
    """The five mentors as a file of JSON lines."""
    path = tmp_path / "mentors.jsonl"
    path.write_text("".join(json.dumps(record) + "\n" for record in RECORDS))
    return path


@pytest.fixture
def indexed(run, data, records):
    """A data folder made by `mentors index`."""
    assert run("index", records, "--data", data).status == 0
    return data


def lines(path, *values):
    path.write_text("".join(json.dumps(value, ensure_ascii=False) + "\n" for value in values))
    return path


def refused(ran, message):
    """One sentence on standard error, nothing else, and exit status 2."""
    assert (ran.status, ran.out) == (2, "")
    assert message in ran.err
    assert len(ran.err.splitlines()) == 1
    assert ran.err.endswith(".\n")


def answer(ran):
    assert (ran.status, ran.err) == (0, "")
    return json.loads(ran.out)


def ids(found):
    return [one["mentor"]["id"] for one in found["recommendations"]]


def test_indexing_says_what_was_read_and_built(run, data, records):
    ran = run("index", records, "--data", data)
    first, second = ran.out.splitlines()
    assert ran.status == 0
    assert first == f"{records}: 5 records, 5 added, 0 changed, 0 unchanged, 0 rejected"
    assert second.startswith("Indexed 5 mentors in ")
    assert " s: 26 new texts embedded, peak memory " in second
    assert second.endswith(" MiB.")


def test_indexing_again_changes_only_what_changed(run, indexed, tmp_path):
    again = lines(tmp_path / "again.jsonl", RECORDS[0] | {"headline": "Auditor"}, *RECORDS[1:])
    assert "0 added, 1 changed, 4 unchanged" in run("index", again, "--data", indexed).out


def test_indexing_again_embeds_only_what_is_new(run, indexed, tmp_path):
    again = lines(tmp_path / "again.jsonl", RECORDS[0] | {"headline": "Auditor"}, *RECORDS[1:])
    assert " s: 1 new texts embedded" in run("index", again, "--data", indexed).out
    assert " s: 0 new texts embedded" in run("index", again, "--data", indexed).out


def test_who_is_no_longer_listed_stays_without_sync_and_leaves_with_it(run, indexed, tmp_path):
    fewer = lines(tmp_path / "fewer.jsonl", *RECORDS[:4])
    assert "Indexed 5 mentors" in run("index", fewer, "--data", indexed).out
    out = run("index", fewer, "--sync", "--data", indexed).out
    assert "1 mentors who are no longer listed were removed.\nIndexed 4 mentors in " in out
    found = answer(run("status", "--json", "--data", indexed))
    assert (found["mentors"], found["sequence"], found["erasure_pending"]) == (4, 6, False)


def test_a_sync_that_removes_too_many_is_refused_before_anything_changes(run, indexed, tmp_path):
    fewer = lines(tmp_path / "fewer.jsonl", *RECORDS[:3], {"id": "new", "bio": "I weld."})
    refused(
        run("index", fewer, "--sync", "--data", indexed),
        "--sync would remove 2 mentors, 40 % of all, more than 20 %: if that is meant, say "
        "--max-removed 41. Nothing was changed.",
    )
    assert answer(run("status", "--json", "--data", indexed))["sequence"] == 5
    allowed = run("index", fewer, "--sync", "--max-removed", 41, "--data", indexed)
    assert (allowed.status, "Indexed 4 mentors" in allowed.out) == (0, True)


def test_a_sync_with_a_record_that_could_be_anybodys_is_refused(run, indexed, tmp_path):
    some = lines(tmp_path / "some.jsonl", *RECORDS[:4], {"bio": "Whose?"})
    refused(
        run("index", some, "--sync", "--data", indexed),
        f"--sync would remove 1 mentors, but {some}, line 5: /id is missing. Whose record that is "
        f"cannot be told: mend it first. Nothing was changed.",
    )
    assert answer(run("status", "--json", "--data", indexed))["sequence"] == 5


def test_a_sync_with_an_unreadable_file_removes_nobody(run, indexed, tmp_path):
    fewer = lines(tmp_path / "fewer.jsonl", *RECORDS[:4])
    ran = run("index", fewer, tmp_path / "none.jsonl", "--sync", "--data", indexed)
    refused(ran, "none.jsonl does not exist.")
    assert answer(run("status", "--json", "--data", indexed))["mentors"] == 5


def test_a_dry_run_says_what_would_change_and_changes_nothing(run, indexed, tmp_path):
    source = lines(
        tmp_path / "some.jsonl",
        RECORDS[0] | {"headline": "Auditor", "capacity": 4},
        *RECORDS[1:4],
        {"id": "new", "bio": "I weld."},
    )
    ran = run("index", source, "--sync", "--dry-run", "--data", indexed)
    assert (ran.status, ran.out.splitlines()) == (
        0,
        [
            "+ new",
            "~ auditor (capacity, headline)",
            "- solicitor",
            "Would add 1, change 1, remove 1 and leave 3 mentors as they are; 0 records would be "
            "rejected. Nothing was changed.",
        ],
    )
    assert answer(run("status", "--json", "--data", indexed))["sequence"] == 5


def test_a_dry_run_into_no_folder_makes_none(run, data, records):
    ran = run("index", records, "--dry-run", "--data", data)
    assert (ran.status, ran.out.splitlines()[-1][:32]) == (0, "Would add 5, change 0, remove 0 ")
    assert not data.exists()


def test_a_dry_run_with_a_bad_record_names_it(run, indexed, tmp_path):
    source = lines(tmp_path / "some.jsonl", RECORDS[0], {"bio": "Nobody"})
    ran = run("index", source, "--dry-run", "--data", indexed)
    assert ran.status == 2
    assert ran.err == f"{source}, line 2: /id is missing.\n"
    assert not list(indexed.glob("tenants/default/rejects/*"))


def test_rejected_records_are_counted_until_their_file_is_mended(run, data, tmp_path):
    source = lines(tmp_path / "some.jsonl", RECORDS[0], {"id": "empty"}, {"bio": "Nobody"})
    run("index", source, "--data", data)
    assert answer(run("status", "--json", "--data", data))["rejected_records"] == 2
    lines(source, RECORDS[0])
    run("index", source, "--data", data)
    assert answer(run("status", "--json", "--data", data))["rejected_records"] == 0
    assert not list(data.glob("tenants/default/rejects/*"))


def test_a_table_is_indexed_by_its_mapping(run, data, tmp_path):
    table, mapping = tmp_path / "people.csv", tmp_path / "mapping.json"
    table.write_text("Key,About,Land,Shoe size\nm1,I audit funds,SG,43\n")
    columns = {"Key": "id", "About": "bio", "Land": "location.country"}
    mapping.write_text(json.dumps({"columns": columns, "ignore": ["Shoe size"]}))
    assert run("index", table, "--map", mapping, "--data", data).status == 0
    found = answer(run("recommend", "audit", "--filter", "country=SG", "--json", "--data", data))
    assert found["recommendations"][0]["mentor"]["bio"] == "I audit funds"


def test_a_bad_record_is_kept_apart_and_the_good_ones_are_indexed(run, data, tmp_path):
    source = lines(tmp_path / "some.jsonl", RECORDS[0], {"id": "empty"}, {"bio": "Nobody"})
    ran = run("index", source, "--data", data)
    kept = next(data.glob("tenants/default/rejects/*"))
    assert ran.status == 2
    assert f"{source}, line 3: /id is missing." in ran.err
    assert f"The rejected records are kept in {kept}." in ran.err
    assert [json.loads(line)["line"] for line in kept.read_text().splitlines()] == [2, 3]


def test_unknown_fields_are_named(run, data, tmp_path):
    source = lines(tmp_path / "some.jsonl", RECORDS[0] | {"shoe_size": 43})
    ran = run("index", source, "--data", data)
    assert ran.status == 0
    assert "'shoe_size' is no field of a mentor record and was ignored" in ran.err


def test_when_no_record_can_be_taken_nothing_is_indexed(run, data, tmp_path):
    ran = run("index", lines(tmp_path / "some.jsonl", {"id": "empty"}), "--data", data)
    assert ran.status == 2
    assert "No mentor was indexed" in ran.err


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("none.jsonl", None, "none.jsonl does not exist."),
        ("empty.jsonl", b"", "empty.jsonl is empty: expected mentor records."),
        ("photo.jpg", b"\xff\xd8", "the ending '.jpg' tells no format"),
        ("zeros.jsonl", b"\0\0\0", "zeros.jsonl is binary"),
    ],
)
def test_a_file_that_holds_no_records_is_refused(run, data, tmp_path, name, content, message):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    refused(run("index", tmp_path / name, "--data", data), message)


def test_an_unknown_format_is_refused_with_the_known_ones(run, data, records):
    ran = run("index", records, "--format", "xml", "--data", data)
    refused(ran, "--format 'xml': expected one of auto, jsonl, csv, parquet.")


def test_a_folder_of_something_else_is_never_written_to(run, data, records):
    data.mkdir()
    (data / "photo.jpg").write_bytes(b"x")
    refused(run("index", records, "--data", data), "belongs to something else")
    assert [path.name for path in data.iterdir()] == ["photo.jpg"]


def test_recommendations_are_shown_with_quotes(run, indexed):
    ran = run("recommend", GOAL, "--limit", 1, "--data", indexed)
    assert (ran.status, ran.err) == (0, "")
    out = ran.out.splitlines()
    assert out[:3] == [*SHOWN, ""]
    assert out[3].startswith(" 1  Wanjiru Oduya  From audit to venture capital  strong 0.")
    assert out[4].startswith(
        "    For “want to move into venture capital”: “From audit to venture capital” (headline), "
    )
    assert out[4].endswith(" 2 of 3 places free.")
    assert out[5].startswith("    headline +0.")


def test_five_mentors_come_unless_another_limit_is_named(run, indexed):
    found = answer(run("recommend", GOAL, "--json", "--filter", "available=any", "--data", indexed))
    assert len(ids(found)) == 5
    assert ids(answer(run("recommend", GOAL, "--json", "--limit", 1, "--data", indexed))) == [
        "auditor"
    ]


def test_json_is_what_the_endpoint_answers_but_for_its_id(run, home, client):
    ran = run("recommend", GOAL, "--json", "--limit", 7, "--data", home.data)
    body = {"goals": GOAL, "limit": 7}
    there = client.post("/v1/recommendations", json=body).json()
    assert answer(ran) | {"recommendation_id": ""} == there | {"recommendation_id": ""}
    assert there["next"] is not None


def test_json_with_filters_is_what_the_endpoint_answers_but_for_its_id(run, home, client):
    chosen = ["--filter", "language=en", "--filter", "attributes.years=5..", "--exclude", "ids=x"]
    here = answer(run("recommend", GOAL, "--json", "--limit", 3, *chosen, "--data", home.data))
    filters = {"language": ["en"], "attributes": {"years": {"gte": 5}}}
    body = {"goals": GOAL, "limit": 3, "filters": filters, "exclude": {"ids": ["x"]}}
    there = client.post("/v1/recommendations", json=body).json()
    assert here | {"recommendation_id": ""} == there | {"recommendation_id": ""}
    assert ids(here) == ["auditor", "nurse"]


def test_a_varied_answer_is_what_the_endpoint_answers_but_for_its_id(run, home, client):
    options = ["--diversity", 0.6, "--limit", 7]
    here = answer(run("recommend", GOAL, "--json", *options, "--data", home.data))
    body = {"goals": GOAL, "limit": 7, "diversity": 0.6}
    there = client.post("/v1/recommendations", json=body).json()
    assert here | {"recommendation_id": ""} == there | {"recommendation_id": ""}
    assert any(one["adjustments"] for one in here["recommendations"])


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--filter", "country=PL,SG"], ["nurse", "teacher"]),
        (["--filter", "country=PL", "--filter", "country=SG"], ["nurse", "teacher"]),
        (["--filter", "available=false"], ["solicitor", "welder"]),
        (["--filter", "max_hours_apart=1", "--filter", "timezone=Asia/Singapore"], ["teacher"]),
        (["--filter", "attributes.years=..10"], ["nurse"]),
        (["--filter", "attributes.cohort=Spring"], ["auditor"]),
        (["--exclude", "ids=auditor,nurse"], ["teacher"]),
        (["--exclude", "organization=Ledge Fund"], ["nurse", "teacher"]),
    ],
)
def test_filters_and_exclusions_choose_who_may_come(run, indexed, options, expected):
    found = answer(run("recommend", GOAL, "--json", *options, "--data", indexed))
    assert sorted(ids(found)) == expected


def test_an_explanation_is_shown_with_place_and_quotes(run, indexed):
    ran = run("explain", GOAL, "nurse", "--data", indexed)
    assert (ran.status, ran.err) == (0, "")
    out = ran.out.splitlines()
    assert out[:3] == [*SHOWN, ""]
    assert out[3].startswith(
        " 2  Tomasz Zielny  Ward nurse turned health informatics lead  partial 0."
    )
    assert out[4].endswith(" 2 of 2 places free.")
    assert "Why not" not in ran.out


def test_an_explanation_names_what_keeps_the_mentor_out(run, indexed):
    chosen = ["--filter", "country=SG", "--exclude", "ids=x,auditor"]
    out = run("explain", GOAL, "auditor", *chosen, "--data", indexed).out.splitlines()
    assert out[3].startswith("--  Wanjiru Oduya")
    assert out[-2:] == [
        "    Why not: Does not pass the filter 'country'.",
        "    Why not: Excluded by id.",
    ]


def test_the_json_of_an_explanation_is_what_the_endpoint_answers(run, home, client):
    chosen = ["--filter", "available=any", "--exclude", "ids=teacher"]
    here = answer(run("explain", GOAL, "welder", "--json", *chosen, "--data", home.data))
    body = {"filters": {"available": None}, "exclude": {"ids": ["teacher"]}, "mentor": "welder"}
    there = client.post("/v1/recommendations/explain", json={"goals": GOAL} | body)
    assert here == there.json()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([GOAL, "nobody"], "There is no mentor with the id 'nobody'."),
        (["", "auditor"], "The goal is empty"),
        ([GOAL, ""], "mentor: string should have at least 1 character, got ''."),
        ([GOAL, "auditor", "--filter", "colour=red"], "unknown name 'colour'"),
        ([GOAL, "auditor", "--filter", "max_hours_apart=3"], "max_hours_apart needs timezone"),
    ],
)
def test_a_wrong_question_about_a_mentor_is_refused(run, indexed, arguments, message):
    refused(run("explain", *arguments, "--data", indexed), message)


def test_that_nobody_fits_is_no_error(run, indexed):
    ran = run("recommend", GOAL, "--filter", "country=AQ", "--data", indexed)
    assert ran.status == 0
    assert ran.out.splitlines() == [
        *SHOWN,
        "Hint: No mentor here fits this goal well.",
        "Hint: Fewer than asked for are left: of 5 mentors, available leaves out 2, country leaves "
        "out 5.",
        "Nobody passes these filters.",
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "Name either a goal or a file with --goals."),
        ([GOAL, "--goals", "g.jsonl"], "Name either a goal or a file with --goals."),
        (["--goals", "g.jsonl"], "--goals and --output go together."),
        ([GOAL, "--output", "run.jsonl"], "--goals and --output go together."),
        ([""], "The goal is empty"),
        (["🙂"], "The goal holds no word"),
        (["a" * 100_000], "has 100,000 characters, at most 5,000 are taken"),
        ([GOAL, "--limit", 0], "limit: input should be greater than or equal to 1, got 0."),
        ([GOAL, "--limit", 301], "limit: input should be less than or equal to 300, got 301."),
        ([GOAL, "--diversity", 2], "diversity: input should be less than or equal to 1, got 2.0."),
        ([GOAL, "--filter", "colour=red"], "unknown name 'colour'"),
        ([GOAL, "--filter", "max_hours_apart=x"], "filters.max_hours_apart: input should be a"),
        ([GOAL, "--filter", "max_hours_apart=3"], "max_hours_apart needs timezone"),
        ([GOAL, "--filter", "country=" + "S" * 201], "filters.country.0: string should have at"),
    ],
)
def test_a_wrong_question_is_refused_in_one_sentence(run, indexed, arguments, message):
    refused(run("recommend", *arguments, "--data", indexed), message)


def test_a_file_of_goals_gives_a_line_an_answer(run, indexed, tmp_path):
    goals = lines(tmp_path / "goals.jsonl", {"id": "g1", "text": GOAL}, {"id": 2, "text": "Law"})
    target = tmp_path / "run.jsonl"
    ran = run("recommend", "--goals", goals, "--output", target, "--limit", 2, "--data", indexed)
    found = [json.loads(line) for line in target.read_text().split("\n")[:-1]]
    assert (ran.status, ran.out) == (0, f"2 answers are in {target}.\n")
    assert [one["id"] for one in found] == ["g1", "2"]
    alone = answer(run("recommend", GOAL, "--limit", 2, "--json", "--data", indexed))
    assert found[0] | {"recommendation_id": ""} == {"id": "g1"} | alone | {"recommendation_id": ""}


def test_a_line_separator_inside_a_goal_does_not_break_its_line(run, indexed, tmp_path):
    goals = lines(tmp_path / "goals.jsonl", {"id": "g", "text": "audit\u2028law\x85sea"})
    target = tmp_path / "run.jsonl"
    assert run("recommend", "--goals", goals, "--output", target, "--data", indexed).status == 0
    assert json.loads(target.read_text())["id"] == "g"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is empty: expected lines of"),
        ("nurse\n", "line 1: expected"),
        ('{"id": "g", "text": "law"}\n{"id": "h"}\n', "line 2: expected"),
        ('{"id": "g", "text": null}\n', "line 1: expected"),
        ('{"id": "g", "text": "law"}\n{"id": "h", "text": "?"}\n', "goal 'h': The goal holds no"),
    ],
)
def test_a_wrong_file_of_goals_is_refused_before_anything_is_written(
    run, indexed, tmp_path, content, message
):
    goals, target = tmp_path / "goals.jsonl", tmp_path / "run.jsonl"
    goals.write_text(content)
    refused(run("recommend", "--goals", goals, "--output", target, "--data", indexed), message)
    assert not target.exists()


def test_an_output_that_cannot_be_written_is_refused(run, indexed, tmp_path):
    goals = lines(tmp_path / "goals.jsonl", {"id": "g", "text": "law"})
    target = tmp_path / "none" / "run.jsonl"
    ran = run("recommend", "--goals", goals, "--output", target, "--data", indexed)
    refused(ran, "cannot be written: No such file or directory.")


def test_the_status_has_the_figures_of_the_design(run, indexed):
    (live,) = (path.name for path in indexed.glob("tenants/default/snapshots/*"))
    assert answer(run("status", "--json", "--data", indexed)) == {
        "mentors": 5,
        "passages": 18,
        "sequence": 5,
        "index_version": version(5),
        "encoder": "table-1",
        "encoder_name": "careers-MiniLM-L6-v2",
        "moving_to": None,
        "runtime": "numpy",
        "snapshot": live,
        "changes_since_snapshot": 0,
        "erasure_pending": False,
        "rejected_records": 0,
        "data": str(indexed),
        "tenant": "default",
    }


def test_the_status_is_shown_in_two_columns(run, indexed):
    ran = run("status", "--data", indexed)
    assert ran.status == 0
    assert ran.out.splitlines()[0].split() == ["mentors", "5"]


def test_the_data_folder_may_be_named_by_the_environment(run, indexed, monkeypatch):
    monkeypatch.setenv("MENTORS_DATA", str(indexed))
    assert answer(run("status", "--json"))["mentors"] == 5


def test_the_option_goes_before_the_environment(run, indexed, monkeypatch, tmp_path):
    monkeypatch.setenv("MENTORS_DATA", str(tmp_path / "none"))
    assert answer(run("status", "--json", "--data", indexed))["mentors"] == 5


def test_a_wrong_setting_in_the_environment_is_named(run, indexed, monkeypatch):
    monkeypatch.setenv("MENTORS_THREADS", "many")
    ran = run("status", "--data", indexed)
    refused(ran, "MENTORS_THREADS: input should be a valid integer")


def test_tenants_are_apart(run, indexed, tmp_path):
    source = lines(tmp_path / "other.jsonl", {"id": "m", "bio": "I audit."})
    assert run("index", source, "--tenant", "other", "--data", indexed).status == 0
    found = answer(run("recommend", GOAL, "--json", "--tenant", "other", "--data", indexed))
    assert ids(found) == ["m"]
    assert answer(run("status", "--json", "--data", indexed))["mentors"] == 5


COMMANDS = [["recommend", GOAL], ["explain", GOAL, "auditor"], ["status"], ["serve"]]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_missing_folder_is_refused_with_what_to_do(run, data, command):
    refused(run(*command, "--data", data), "run 'mentors index FILE' first")
    assert not data.exists()


@pytest.mark.parametrize("command", COMMANDS)
def test_a_folder_of_something_else_is_refused(run, data, command):
    data.mkdir()
    (data / "photo.jpg").write_bytes(b"x")
    refused(run(*command, "--data", data), "it is not a data folder of this program")


@pytest.mark.parametrize("command", COMMANDS)
def test_a_tenant_without_an_index_is_refused(run, indexed, command):
    ran = run(*command, "--tenant", "other", "--data", indexed)
    refused(ran, "run 'mentors index FILE' with the same --data")


def test_a_tenant_that_is_no_name_is_refused(run, indexed, records):
    refused(run("index", records, "--tenant", "../up", "--data", indexed), "is no name")


def damaged(indexed):
    """The name of the live snapshot, one file of which is cut short."""
    (path,) = indexed.glob("tenants/default/snapshots/*/passages.f16")
    path.write_bytes(path.read_bytes()[:-1])
    return path.parent.name


def test_a_damaged_snapshot_is_rebuilt_from_the_database_which_is_said(run, indexed, caplog):
    before = answer(run("recommend", GOAL, "--json", "--data", indexed))
    name = damaged(indexed)
    after = answer(run("recommend", GOAL, "--json", "--data", indexed))
    assert after | {"recommendation_id": ""} == before | {"recommendation_id": ""}
    assert f"{name}/passages.f16 is missing or damaged. Served: a rebuild" in caplog.text


def test_serving_another_space_is_refused_in_one_sentence(run, indexed):
    refused(run("serve", "--data", indexed, space="table-2"), "made in the space table-1")


def test_a_damaged_database_is_refused(run, indexed):
    for extra in indexed.glob("mentors.db-*"):
        extra.unlink()
    (indexed / "mentors.db").write_bytes(b"no database" * 1000)
    refused(run("recommend", GOAL, "--data", indexed), "cannot be opened")


def test_indexing_again_mends_a_damaged_snapshot(run, indexed, records, caplog):
    name = damaged(indexed)
    ran = run("index", records, "--data", indexed)
    assert ran.status == 0
    assert f"{name}/passages.f16 is missing or damaged." in ran.err
    assert answer(run("status", "--json", "--data", indexed))["snapshot"] != name
    caplog.clear()
    assert run("recommend", GOAL, "--data", indexed).status == 0
    assert "damaged" not in caplog.text


def test_an_index_of_another_space_is_refused_with_both_names(run, indexed):
    ran = run("recommend", GOAL, "--data", indexed, space="table-2")
    refused(ran, "made in the space table-1, the encoder's is table-2: set MENTORS_ENCODER")


def test_indexing_with_another_model_is_refused_and_changes_nothing(run, indexed, records):
    ran = run("index", records, "--data", indexed, space="table-2")
    refused(ran, "made in the space table-1, the encoder's is table-2: set MENTORS_ENCODER")
    assert answer(run("status", "--json", "--data", indexed))["index_version"] == version(5)


def test_indexing_embeds_anew_where_the_same_model_reads_texts_in_a_new_way(run, records, tmp_path):
    assert run("index", records, "--data", tmp_path / "data", space="table-r1").status == 0
    refused(
        run("recommend", GOAL, "--data", tmp_path / "data", space="table-r2"),
        f"newer way of reading texts: run 'mentors reembed --encoder {DEFAULT_MODEL}'",
    )
    ran = run("index", records, "--data", tmp_path / "data", space="table-r2")
    assert ran.status == 0
    assert ran.out.startswith(
        "Texts are read in a new way, so everybody was embedded again: the index has moved from "
        "table-r1 to table-r2.\n"
    )
    assert run("recommend", GOAL, "--data", tmp_path / "data", space="table-r2").status == 0


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.5", "::", "example.org"])
def test_serving_others_is_refused(run, indexed, host):
    ran = run("serve", "--host", host, "--data", indexed)
    refused(ran, f"--host {host} would be open to everybody, and there are no API keys")


@pytest.mark.parametrize("arguments", [["--colour"], ["recommend", "x", "--limit", "many"]])
def test_a_wrong_option_is_refused_without_a_traceback(run, arguments):
    ran = run(*arguments)
    assert ran.status == 2
    assert "Traceback" not in ran.err


def test_what_goes_wrong_inside_is_one_sentence(run, indexed, monkeypatch):
    def breaks(*_):
        raise RuntimeError("out of ink")

    monkeypatch.setattr("api.recommending.Serving", breaks)
    ran = run("recommend", GOAL, "--data", indexed)
    assert ran.status == 1
    assert ran.err == (
        "Something went wrong inside (RuntimeError: out of ink); set MENTORS_DEBUG=1 to see "
        "where.\n"
    )


@pytest.fixture
def judged(tmp_path):
    goals = [{"id": "g1", "text": GOAL}, {"id": "g2", "text": "I want to nurse patients"}]
    qrels = tmp_path / "qrels.tsv"
    qrels.write_text("g1\tauditor\t3\ng1\tnurse\t0\ng2\tnurse\t2\ng2\tauditor\t0\n")
    return "--goals", lines(tmp_path / "goals.jsonl", *goals), "--qrels", qrels


def test_a_judged_set_measures_this_engine_beside_the_baseline(run, indexed, judged):
    ran = run("eval", *judged, "--json", "--data", indexed)
    report = json.loads(ran.out)
    assert (ran.status, report["goals"], report["judgments"]) == (0, 2, 4)
    measured = {system["name"]: system["condensed nDCG@10"] for system in report["systems"]}
    assert measured == {"whole-profile embedding": 1.0, "this engine": 1.0}


def test_a_run_file_is_measured_like_the_live_index(run, indexed, judged, tmp_path):
    target = tmp_path / "run.jsonl"
    bios = lines(tmp_path / "odd.jsonl", {"id": "odd", "bio": "Audit\u2028and law\x85at sea."})
    assert run("index", bios, "--data", indexed).status == 0
    assert run("recommend", *judged[:2], "--output", target, "--data", indexed).status == 0
    report = answer(run("eval", *judged, "--run", target, "--json"))
    assert [(s["name"], s["hit@3"]) for s in report["systems"]] == [("run.jsonl", 1.0)]


def test_measures_are_shown_as_a_table(run, indexed, judged):
    out = run("eval", *judged, "--data", indexed).out
    assert "2 goals, 4 judgments" in out
    assert "this engine" in out


@pytest.mark.parametrize(
    ("content", "message"),
    [("g1\tauditor\n", "line 1: expected goal, mentor and grade"), ("g9\tx\t1\n", "'g9'")],
)
def test_wrong_judgments_are_refused(run, indexed, judged, content, message):
    judged[3].write_text(content)
    refused(run("eval", *judged, "--data", indexed), message)


def test_a_wrong_run_file_is_refused(run, judged, tmp_path):
    other = lines(tmp_path / "other.jsonl", {"id": "g1"})
    refused(run("eval", *judged, "--run", other), "line 1: expected a line that 'mentors recommend")
