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


def answer(*reasons, goals=("audit",), hints=(), summary="Told.", moved=None, **mentor):
    one = {
        "mentor": {"id": "m1"} | mentor,
        "score": 0.726968,
        "match": "strong",
        "summary": summary,
        "contributions": {"passages": 0.15, "profile": 0.1, "lexical": 0.2},
        "reasons": reasons,
        "adjustments": {"diversity": moved} if moved else {},
    }
    parts = [{"part": i, "text": text, "help": "giving_back"} for i, text in enumerate(goals)]
    return {"goals": parts, "hints": [{"text": h} for h in hints], "recommendations": [one]}


def shown(capsys, value):
    screen.show_recommendations(value)
    return capsys.readouterr().out.splitlines()


def test_a_mentor_is_shown_with_name_score_summary_and_what_each_reason_adds(capsys):
    words = [reason(w, part="lexical", contribution=0.1) for w in ("audit", "MBA")]
    topic = reason("funds", field="/topics/1", contribution=0.05)
    value = answer(reason("I audit."), topic, *words, name="Wanjiru", headline="Fund")
    assert shown(capsys, value) == [
        "",
        " 1  Wanjiru  Fund  strong 0.73",
        "    Told.",
        "    bio +0.08 · topics/1 +0.05 · profile +0.10 · words you share (audit, MBA) +0.20",
    ]


def test_quotes_behind_the_profile_part_stand_after_those_behind_the_passages(capsys):
    value = answer(
        reason("I audit."), reason("I teach.", part="profile", field="/topics/0", contribution=0.04)
    )
    assert shown(capsys, value)[3] == "    bio +0.08 · topics/0 +0.04 · lexical +0.20"


def test_a_part_without_a_reason_to_show_is_shown_as_a_whole(capsys):
    assert shown(capsys, answer())[3] == "    passages +0.15 · profile +0.10 · lexical +0.20"


def test_who_was_moved_by_diversity_is_shown_with_the_place_by_score(capsys):
    line = shown(capsys, answer(moved={"from": 7, "to": 1}))[3]
    assert line.endswith(" · lexical +0.20 · place 7 by score alone")


def test_a_mentor_without_a_name_is_shown_by_id(capsys):
    assert shown(capsys, answer())[1] == " 1  m1  strong 0.73"


def test_several_goals_are_listed_with_the_help_they_ask_for(capsys):
    lines = shown(capsys, answer(goals=("audit", "law")))
    assert lines[:2] == ["  1. audit  (giving back)", "  2. law  (giving back)"]


def standing(capsys, **change):
    value = answer(goals=("audit", "law"))
    (one,) = value.pop("recommendations")
    found = {"recommendation": one, "rank": 12, "why_not": [], "nearly": None} | value | change
    screen.show_standing(found)
    return capsys.readouterr().out.splitlines()


def test_one_mentor_is_shown_at_the_place_with_what_is_in_the_way_and_what_would_help(capsys):
    nearly = {"add": "law", "rank": 4, "text": "Adding “law” would help."}
    why_not = [{"text": "Comes at place 12."}, {"text": "Has\nno place."}]
    assert standing(capsys, nearly=nearly, why_not=why_not) == [
        "  1. audit  (giving back)",
        "  2. law  (giving back)",
        "",
        "12  m1  strong 0.73",
        "    Told.",
        "    passages +0.15 · profile +0.10 · lexical +0.20",
        "    Why not: Comes at place 12.",
        "    Why not: Has no place.",
        "    Adding “law” would help.",
    ]


def test_a_mentor_without_a_place_is_shown_with_a_dash_for_it(capsys):
    assert standing(capsys, rank=None)[3] == "--  m1  strong 0.73"


def test_hints_are_shown(capsys):
    assert shown(capsys, answer(hints=["Name the role."]))[0] == "Hint: Name the role."


def test_that_nobody_passes_the_filters_is_said(capsys):
    assert shown(capsys, answer() | {"recommendations": []}) == ["Nobody passes these filters."]


def test_a_piped_line_is_not_broken_however_long(capsys):
    assert shown(capsys, answer(summary="w " * 150 + "w"))[2] == "    " + "w " * 150 + "w"


@pytest.mark.parametrize(
    "text", ["two\nlines", "two\r\n  lines", "two\x1b\x07 lines", "two\u2028lines"]
)
def test_a_profile_can_neither_break_the_line_nor_steer_the_terminal(capsys, text):
    word = reason(text, part="lexical", contribution=0.2)
    lines = shown(capsys, answer(word, name=text, headline=text, summary=f"“{text}”"))
    assert lines[1:3] == [" 1  two lines  two lines  strong 0.73", "    “two lines”"]
    assert lines[3].endswith("words you share (two lines) +0.20")
    assert len(lines) == 4


def test_square_brackets_are_shown_as_they_are(capsys):
    text = "[bold]R&D[/bold] lead"
    lines = shown(capsys, answer(headline=text, summary=text))
    assert lines[1:3] == [f" 1  m1  {text}  strong 0.73", f"    {text}"]


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
