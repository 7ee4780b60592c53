import json
from dataclasses import replace

import pytest

from models.errors import BadInput, SourceUnreadable
from training.occupations import plain, read_sources, require_unmeasured


def by_id(sources):
    return {one.id: one for one in sources.occupations}


def test_imperatives_and_plurals_become_clauses_that_follow_they(files):
    found = by_id(read_sources(files))
    assert found["1"].does[0] == "light lamps along quays and in lanes."
    assert found["1"].does[-1] == "report broken glass to the harbour office in writing."
    assert found["e:1"].does == ("cut paper and split bamboo for kites.",)


def test_titles_lose_their_brackets(files):
    assert set(by_id(read_sources(files))["1"].titles) == {
        "Lamplighter", "Wick Trimmer", "Gas Light Keeper",
    }  # fmt: skip


def test_occupations_of_one_unit_group_or_with_a_title_in_common_are_near(files):
    found = by_id(read_sources(files))
    assert found["e:2"].near == {"e:1", "e:2"}
    assert found["e:1"].near == {"e:1", "e:2", "2"}  # and who shares the title "Ringer"
    assert found["1"].near == {"1", "2"}


def test_a_skill_is_parted_into_what_it_is_called_and_what_it_is(files):
    (skill,) = read_sources(files).skills
    assert skill.called == "fold paper"
    assert skill.described == "make boats and birds out of one sheet without scissors"


def test_what_is_held_out_is_not_learnt_from_nor_its_titles_for_others(files):
    files.held_out_onet.write_text("2\n", encoding="utf-8")
    found = by_id(read_sources(files))
    assert set(found) == {"1", "e:1", "e:2"}
    assert set(found["1"].titles) == {"Lamplighter", "Gas Light Keeper"}
    assert set(found["e:1"].titles) == {"kite maker", "kite builder"}


def test_an_occupation_that_measures_is_refused(files):
    sources = read_sources(files)
    with pytest.raises(BadInput, match="The occupation 2 measures the encoder: never train on it"):
        require_unmeasured(replace(sources, measured_ids=frozenset({"2"})))


def test_a_title_of_an_occupation_that_measures_is_refused(files):
    sources = read_sources(files)
    with pytest.raises(BadInput, match=r"'kite maker' of e:1 is also said .* never train on it"):
        require_unmeasured(replace(sources, measured_titles=frozenset({"kite maker"})))


def test_a_sentence_of_what_is_held_out_is_learnt_for_nobody(files):
    rows = [json.loads(line) for line in files.onet.read_text(encoding="utf-8").splitlines()]
    rows[0]["tasks"] += ["Keep ropes dry, and free of knots so that bells sound in time"]
    files.onet.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    assert any("ropes" in text for text in by_id(read_sources(files))["1"].does)
    files.held_out_onet.write_text("2\n", encoding="utf-8")
    assert not any("ropes" in text for text in by_id(read_sources(files))["1"].does)


def test_a_very_long_title_in_the_plural_is_held_out_too(files):
    rows = [json.loads(line) for line in files.onet.read_text(encoding="utf-8").splitlines()]
    rows[1]["alternate_titles"] = [f"Kite Builders ({'who also ring bells ' * 5})"]
    files.onet.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    files.held_out_onet.write_text("2\n", encoding="utf-8")
    assert set(by_id(read_sources(files))["e:1"].titles) == {"kite maker"}


def test_a_sentence_that_measures_is_refused(files):
    sources = read_sources(files)
    texts = frozenset({plain("light lamps along quays and in lanes.")})
    with pytest.raises(BadInput, match="'light lamps along quays and in lane' of 1 is also said"):
        require_unmeasured(replace(sources, measured_texts=texts))


def test_a_code_that_no_source_has_is_said(files):
    files.held_out_esco.write_text("e:7\n", encoding="utf-8")
    with pytest.raises(BadInput, match="'e:7' is held out of training, but no source has it"):
        read_sources(files)


def test_a_broken_line_is_named(files):
    with files.esco.open("a", encoding="utf-8") as file:
        file.write('{"uri": "e:3"}\n')
    with pytest.raises(SourceUnreadable, match=r"esco.jsonl, line 3: not the fields"):
        read_sources(files)


def test_a_missing_file_is_said(files):
    files.skills.unlink()
    with pytest.raises(SourceUnreadable, match=r"skills.jsonl cannot be read"):
        read_sources(files)


def test_texts_are_compared_without_case_brackets_marks_and_the_last_plural():
    assert plain("C++ Developers (Senior), Back-Ends") == "c++ developers back end"
