import json

import pytest

from evaluation.judgments import JudgedSet, read_judged_set
from models.errors import SourceUnreadable

GOALS = '{"id": "g1", "text": "bread"}\n{"id": "g2", "text": "rye"}\n'
QRELS = "g1\tm1\t3\n"


@pytest.fixture
def judge(tmp_path):
    def judged(goals: str | bytes = GOALS, qrels: str | bytes = QRELS) -> JudgedSet:
        for name, content in (("goals", goals), ("qrels", qrels)):
            encoded = content.encode() if isinstance(content, str) else content
            (tmp_path / name).write_bytes(encoded)
        return read_judged_set(tmp_path / "goals", tmp_path / "qrels")

    return judged


def test_goals_and_grades_are_read(judge):
    assert judge(GOALS, "g1\tm1\t3\ng1\tm2\t0\n\ng2\tm1\t1\n") == JudgedSet(
        {"g1": "bread", "g2": "rye"}, {"g1": {"m1": 3, "m2": 0}, "g2": {"m1": 1}}, ("g1", "g2")
    )


def test_goals_without_a_grade_above_zero_are_not_measured(judge):
    assert judge(GOALS, "g1\tm1\t0\ng2\tm1\t1\n").judged == ("g2",)


def test_goals_off_topic_are_not_measured(judge):
    goals = GOALS + '{"id": "g3", "text": "weather", "kind": "offtopic"}\n'
    assert judge(goals, "g1\tm1\t1\ng3\tm1\t2\n").judged == ("g1",)


def test_columns_after_the_grade_are_ignored(judge):
    assert judge(qrels="g1\tm1\t2\t1,2,3\r\n").grades == {"g1": {"m1": 2}}


def test_a_byte_order_mark_and_crlf_are_no_part_of_the_first_goal(judge):
    goals, qrels = GOALS.replace("\n", "\r\n"), QRELS.replace("\n", "\r\n")
    assert judge("\ufeff" + goals, "\ufeff" + qrels) == judge()


def test_a_line_separator_inside_a_goal_ends_no_line(judge):
    goal = json.dumps({"id": "g1", "text": "one\u2028two\x85three"}, ensure_ascii=False)
    assert judge(goal).texts == {"g1": "one\u2028two\x85three"}


@pytest.mark.parametrize("line", ["{", "[]", "7", '"g1"', '{"id": "g1"}', '{"text": "x"}', "null"])
def test_a_line_that_is_no_goal_is_named(judge, line):
    with pytest.raises(SourceUnreadable, match=r'goals, line 4: expected \{"id": \.\.\., "text"'):
        judge(GOALS + "\n" + line)


@pytest.mark.parametrize(
    "line",
    ["g1\tm1", "g1 m1 3", "g1\tm1\t4", "g1\tm1\t-1", "g1\tm1\t2.5", "g1\tm1\t", "g1\t0\tm1\t3"],
)
def test_a_line_that_is_no_judgment_is_named(judge, line):
    with pytest.raises(
        SourceUnreadable, match=r"qrels, line 2: expected goal, mentor and grade 0\.\.3"
    ):
        judge(qrels=QRELS + line)


def test_a_judgment_of_an_unknown_goal_is_named(judge):
    with pytest.raises(SourceUnreadable, match="judges the goal 'g9', which is not in"):
        judge(qrels=QRELS + "g9\tm1\t1\n")


@pytest.mark.parametrize("qrels", ["", "g1\tm1\t0\n"])
def test_judgments_that_measure_nothing_are_refused(judge, qrels):
    with pytest.raises(SourceUnreadable, match="has no grade above 0 for any goal of"):
        judge(qrels=qrels)


@pytest.mark.parametrize("binary", [{"goals": b"\xff\xfe"}, {"qrels": b"g1\tcaf\xe9\t1"}])
def test_files_that_are_not_utf_8_are_refused(judge, binary):
    with pytest.raises(SourceUnreadable, match="cannot be read as UTF-8 text"):
        judge(**binary)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(
        SourceUnreadable, match=r"none cannot be read as UTF-8 text: .*No such file"
    ):
        read_judged_set(tmp_path / "none", tmp_path / "none")


def test_the_sample_judgments_fit_the_sample_goals(examples):
    found = read_judged_set(examples / "goals.jsonl", examples / "judgments.tsv")
    assert set(found.judged) <= set(found.texts)
    assert found.judged
