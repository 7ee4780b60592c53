import io
import json
import sys

import pytest

from api import screen


def reason(quote, **change):
    return {
        "goal": 0,
        "part": "passages",
        "field": "/bio",
        "quote": quote,
        "contribution": 0.0807,
    } | change


def answer(*reasons, goals=("audit",), hints=(), **mentor):
    one = {
        "mentor": {"id": "m1"} | mentor,
        "score": 0.726968,
        "reasons": reasons,
        "facts": [{"text": "2 of 3 places free"}],
        "uncovered_goals": [1] if len(goals) > 1 else [],
    }
    parts = [{"part": i, "text": text, "help": "giving_back"} for i, text in enumerate(goals)]
    return {"goals": parts, "hints": [{"text": h} for h in hints], "recommendations": [one]}


def shown(capsys, value):
    screen.show_recommendations(value)
    return capsys.readouterr().out.splitlines()


def test_a_mentor_is_shown_with_name_score_quotes_shared_words_and_places(capsys):
    words = reason("audit", part="lexical", contribution=0.1)
    assert shown(capsys, answer(reason("I audit."), words, name="Wanjiru", headline="Fund")) == [
        "",
        " 1  Wanjiru  Fund  0.73",
        "    “I audit.”  bio, +0.08",
        "    shares your words: audit  +0.10",
        "    2 of 3 places free",
    ]


def test_a_mentor_without_a_name_is_shown_by_id(capsys):
    assert shown(capsys, answer())[1] == " 1  m1  0.73"


def test_several_goals_are_listed_and_quotes_say_which_they_answer(capsys):
    lines = shown(capsys, answer(reason("I audit.", goal=1), goals=("audit", "law")))
    assert lines[:2] == ["  1. audit  (giving back)", "  2. law  (giving back)"]
    assert lines[4] == "    “I audit.”  goal 2, bio, +0.08"
    assert lines[5] == "    2 of 3 places free · not covered: goal 2"


def test_hints_are_shown(capsys):
    assert shown(capsys, answer(hints=["Name the role."]))[0] == "Hint: Name the role."


def test_that_nobody_fits_is_said(capsys):
    assert shown(capsys, answer() | {"recommendations": []}) == ["Nobody fits these filters."]


def test_three_quotes_are_shown_at_most(capsys):
    lines = shown(capsys, answer(*[reason(f"{i}") for i in range(5)]))
    assert [line.split("”")[0] for line in lines if "“" in line] == [
        "    “0",
        "    “1",
        "    “2",
    ]


def test_a_long_quote_is_shortened(capsys):
    line = shown(capsys, answer(reason("a" * 400)))[2]
    assert line == f"    “{'a' * 319}…”  bio, +0.08"


def test_a_piped_line_is_not_broken_however_long(capsys):
    assert "w " * 150 in shown(capsys, answer(reason("w " * 151)))[2]


@pytest.mark.parametrize(
    "text", ["two\nlines", "two\r\n  lines", "two\x1b\x07 lines", "two\u2028lines"]
)
def test_a_profile_can_neither_break_the_line_nor_steer_the_terminal(capsys, text):
    lines = shown(capsys, answer(reason(text), name=text, headline=text))
    assert lines[1:3] == [" 1  two lines  two lines  0.73", "    “two lines”  bio, +0.08"]


def test_square_brackets_are_shown_as_they_are(capsys):
    assert shown(capsys, answer(headline="[bold]R&D[/bold] lead"))[1] == (
        " 1  m1  [bold]R&D[/bold] lead  0.73"
    )


def test_json_keeps_every_script_readable(capsys):
    screen.print_json({"bio": "看護師 🎓"})
    out = capsys.readouterr().out
    assert "看護師 🎓" in out
    assert json.loads(out) == {"bio": "看護師 🎓"}


def test_complaints_go_to_standard_error(capsys):
    screen.complain("No.")
    assert tuple(capsys.readouterr()) == ("", "No.\n")


def test_progress_without_a_terminal_is_a_line_at_every_tenth(monkeypatch):
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    with screen.progress("embedding") as report:
        for done in range(1, 101):
            report(done * 10, 1000)
    lines = sys.stderr.getvalue().splitlines()
    assert len(lines) == 11
    assert lines[-1] == "embedding: 1,000 of 1,000"


def test_the_status_shows_numbers_with_separators(capsys):
    screen.show_status({"mentors": 12345, "index_version": "t/s1/5"})
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert lines == [["mentors", "12,345"], ["index", "version", "t/s1/5"]]


def test_measures_are_a_row_a_system(capsys):
    report = {"goals": 2, "judgments": 1234, "measures": ["hit@3"]}
    screen.show_measures(report | {"systems": [{"name": "whole-profile embedding", "hit@3": 0.5}]})
    out = capsys.readouterr().out
    assert "2 goals, 1,234 judgments" in out
    assert out.splitlines()[-1].split()[-1] == "0.500"
