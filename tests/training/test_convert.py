import json

import pytest

from models.errors import BadInput, SourceUnreadable
from training.convert import convert, main, write
from training.occupations import Files, read_sources

ONET = {
    "Occupation Data.txt": [
        "O*NET-SOC Code|Title|Description",
        "02-0000.00|Fog Catchers, All Other|All fog catchers not listed separately.",
        "01-0000.00|Fog Catchers|Catch fog in nets on ridges above dry valleys.",
    ],
    "Task Statements.txt": [
        "O*NET-SOC Code|Task ID|Task|Task Type|Incumbents Responding|Date|Domain Source",
        "01-0000.00|1|Stretch nets between poles before dawn.|Core|9|08/2022|Incumbent",
        '01-0000.00|2|"No entry" signs: hang them beside nets.|Supplemental|9|08/2022|Incumbent',
        "01-0000.00|3|Weigh the water that every net has caught.|n/a|n/a|08/2022|Analyst",
    ],
    "Alternate Titles.txt": [
        "O*NET-SOC Code|Alternate Title|Short Title|Source(s)",
        "01-0000.00|Net Warden (NW)|NW|08",
        "01-0000.00|Mist Keeper|n/a|02,08",
        "01-0000.00|Mist Keeper|n/a|10",
        "02-0000.00|Dew Gatherer|n/a|08",
    ],
    "Sample of Reported Titles.txt": [
        "O*NET-SOC Code|Reported Job Title|Shown in My Next Move",
        "01-0000.00|Fog Catcher|Y",
        "01-0000.00|Cloud Señor|N",
    ],
    "Technology Skills.txt": [
        "O*NET-SOC Code|Example|Commodity Code|Commodity Title|Hot Technology",
        "01-0000.00|NetPlan|1|Planning software|Y",
        "01-0000.00|Old Ledger|2|Ledger software|N",
    ],
    "Related Occupations.txt": [
        "O*NET-SOC Code|Related O*NET-SOC Code|Relatedness Tier|Index",
        "01-0000.00|02-0000.00|Primary-Short|1",
        "01-0000.00|03-0000.00|Primary-Long|6",
        "01-0000.00|04-0000.00|Supplemental|11",
    ],
    "Job Zones.txt": [
        "O*NET-SOC Code|Job Zone|Date|Domain Source",
        "01-0000.00|3|08/2022|Analyst",
    ],
}
ESCO = {
    "occupations_en.csv": (
        "conceptType,conceptUri,iscoGroup,preferredLabel,altLabels,hiddenLabels,status,"
        "modifiedDate,regulatedProfessionNote,scopeNote,definition,inScheme,description,code\n"
        "Occupation,o:2,0119,moss painter,,,released,,,,,,"
        "Moss painters draw maps on wet walls.,0119.2\n"
        'Occupation,o:1,9998,echo tuner,"echo fitter\nvalley ""bell"" tuner",,released,,,'
        '"Excludes organ\ntuners.",,,"Echo tuners set stones, so that valleys answer in key. They'
        ' also measure delays.",9998.1\n'
    ),
    "skills_en.csv": (
        "conceptType,conceptUri,skillType,reuseLevel,preferredLabel,altLabels,hiddenLabels,status,"
        "modifiedDate,scopeNote,definition,inScheme,description\n"
        'KnowledgeSkillCompetence,s:1,skill/competence,,tune echoes,"set echoes\nadjust an echo",,'
        "released,,,,,Move stones on a slope until a call comes back in key.\n"
    ),
    "ISCOGroups_en.csv": (
        "conceptType,conceptUri,code,preferredLabel,status,altLabels,inScheme,description\n"
        "ISCOGroup,g:1,9998,Valley workers,released,,,\n"
    ),
}


@pytest.fixture
def onet(tmp_path):
    folder = tmp_path / "onet"
    folder.mkdir()
    for name, lines in ONET.items():
        text = "".join(line.replace("|", "\t") + "\r\n" for line in lines)
        (folder / name).write_bytes(text.encode())
    return folder


@pytest.fixture
def esco(tmp_path):
    folder = tmp_path / "esco"
    folder.mkdir()
    for name, text in ESCO.items():
        (folder / name).write_bytes(b"\xef\xbb\xbf" + text.encode())
    return folder


def test_onet_files_become_a_row_for_each_occupation(onet, esco):
    assert convert(onet, esco)["onet_occupations.jsonl"] == [
        {
            "code": "01-0000.00",
            "title": "Fog Catchers",
            "description": "Catch fog in nets on ridges above dry valleys.",
            "job_zone": 3,
            "tasks": ["Stretch nets between poles before dawn."],
            "tasks_supplemental": [
                '"No entry" signs: hang them beside nets.',
                "Weigh the water that every net has caught.",
            ],
            "alternate_titles": ["Net Warden (NW)", "Mist Keeper"],
            "reported_titles": ["Fog Catcher", "Cloud Señor"],
            "hot_technologies": ["NetPlan"],
            "related_primary": ["02-0000.00", "03-0000.00"],
        },
        {
            "code": "02-0000.00",
            "title": "Fog Catchers, All Other",
            "description": "All fog catchers not listed separately.",
            "job_zone": None,
            "tasks": [],
            "tasks_supplemental": [],
            "alternate_titles": ["Dew Gatherer"],
            "reported_titles": [],
            "hot_technologies": [],
            "related_primary": [],
        },
    ]


def test_esco_occupations_come_in_the_order_of_uris(onet, esco):
    assert convert(onet, esco)["esco_occupations.jsonl"] == [
        {
            "uri": "o:1",
            "code": "9998.1",
            "isco": "9998",
            "isco_label": "Valley workers",
            "label": "echo tuner",
            "alt": ["echo fitter", 'valley "bell" tuner'],
            "description": "Echo tuners set stones, so that valleys answer in key. They also "
            "measure delays.",
            "scope_note": "Excludes organ\ntuners.",
        },
        {
            "uri": "o:2",
            "code": "0119.2",
            "isco": "0119",
            "isco_label": None,
            "label": "moss painter",
            "alt": [],
            "description": "Moss painters draw maps on wet walls.",
            "scope_note": "",
        },
    ]


def test_a_skill_is_its_labels_and_its_description_in_one_string(onet, esco):
    assert convert(onet, esco)["esco_skills.jsonl"] == [
        {
            "uri": "s:1",
            "text": "tune echoes set echoes adjust an echo Move stones on a slope until a call "
            "comes back in key.",
        }
    ]


def test_job_zones_and_names_of_groups_may_be_missing(onet, esco):
    (onet / "Job Zones.txt").unlink()
    (esco / "ISCOGroups_en.csv").unlink()
    found = convert(onet, esco)
    assert [row["job_zone"] for row in found["onet_occupations.jsonl"]] == [None, None]
    assert [row["isco_label"] for row in found["esco_occupations.jsonl"]] == [None, None]


@pytest.mark.parametrize("name", [name for name in ONET if name != "Job Zones.txt"])
def test_a_missing_onet_file_is_named(onet, esco, name):
    (onet / name).unlink()
    with pytest.raises(SourceUnreadable) as caught:
        convert(onet, esco)
    assert str(caught.value) == (
        f"{onet / name} is missing: docs/training.md names what must be in the folder."
    )


def test_a_missing_esco_file_is_named(onet, esco):
    (esco / "skills_en.csv").unlink()
    with pytest.raises(SourceUnreadable, match=r"skills_en\.csv is missing"):
        convert(onet, esco)


def test_a_missing_column_is_named_with_those_that_are_there(onet, esco):
    path = onet / "Technology Skills.txt"
    path.write_text(path.read_text().replace("Hot Technology", "Hot"))
    with pytest.raises(SourceUnreadable) as caught:
        convert(onet, esco)
    assert str(caught.value) == (
        f"{path} has no column 'Hot Technology', but O*NET-SOC Code, Example, Commodity Code, "
        f"Commodity Title, Hot: another release than docs/training.md names?"
    )


def test_an_empty_file_has_no_column(onet, esco):
    (esco / "occupations_en.csv").write_bytes(b"")
    with pytest.raises(SourceUnreadable, match=r"has no column 'conceptUri', but none"):
        convert(onet, esco)


def test_a_row_of_another_length_is_named(onet, esco):
    with (onet / "Occupation Data.txt").open("a") as file:
        file.write("03-0000.00\tRain Tellers\n")
    with pytest.raises(SourceUnreadable) as caught:
        convert(onet, esco)
    assert str(caught.value) == (
        f"{onet / 'Occupation Data.txt'}, row 3 below the header: expected 3 cells, "
        f"got ['03-0000.00', 'Rain Tellers', None]."
    )


def test_a_quote_that_never_ends_is_refused(onet, esco):
    with (esco / "skills_en.csv").open("a") as file:
        file.write('KnowledgeSkillCompetence,s:2,,,"never ends\n')
    with pytest.raises(SourceUnreadable, match=r"skills_en\.csv cannot be read as a table"):
        convert(onet, esco)


def test_text_that_is_not_utf_8_is_refused(onet, esco):
    (onet / "Alternate Titles.txt").write_bytes(b"O*NET-SOC Code\tAlternate Title\n1\tSe\xf1or\n")
    with pytest.raises(SourceUnreadable, match=r"Alternate Titles\.txt cannot be read as a table"):
        convert(onet, esco)


def test_training_reads_what_was_written(onet, esco, tmp_path):
    output = tmp_path / "made" / "sources"
    write(convert(onet, esco), output)
    (output / "held_out.txt").write_text("")
    sources = read_sources(
        Files(
            output / "onet_occupations.jsonl",
            output / "esco_occupations.jsonl",
            output / "esco_skills.jsonl",
            output / "held_out.txt",
            output / "held_out.txt",
        )
    )
    fog, echo, moss = sources.occupations
    assert set(fog.titles) == {"Fog Catcher", "Cloud Señor", "Net Warden", "Mist Keeper"}
    assert set(fog.does) == {
        "catch fog in nets on ridges above dry valleys.",
        "stretch nets between poles before dawn.",
        '"No entry" signs: hang them beside nets.',
        "weigh the water that every net has caught.",
    }
    assert fog.tools == ("NetPlan",)
    assert fog.near == {"01-0000.00", "02-0000.00", "03-0000.00"}
    assert set(echo.titles) == {"echo tuner", "echo fitter", 'valley "bell" tuner'}
    assert echo.does == ("set stones, so that valleys answer in key.",)
    assert (moss.titles[0], moss.near) == ("moss painter", {"o:2"})
    (skill,) = sources.skills
    assert skill.described == "move stones on a slope until a call comes back in key"


def test_each_line_is_an_object_in_utf_8(onet, esco, tmp_path):
    write(convert(onet, esco), tmp_path)
    first, second = (tmp_path / "onet_occupations.jsonl").read_bytes().splitlines()
    assert json.loads(first)["reported_titles"][1] == "Cloud Señor"
    assert "Señor".encode() in first
    assert json.loads(second)["code"] == "02-0000.00"


def test_a_folder_that_cannot_be_written_to_is_named(onet, esco, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(BadInput, match=r"file cannot be written to: File exists\."):
        write(convert(onet, esco), blocked)


def test_the_command_says_what_it_wrote(onet, esco, tmp_path, monkeypatch, capsys):
    arguments = ["--onet", str(onet), "--esco", str(esco), "--output", str(tmp_path)]
    monkeypatch.setattr("sys.argv", ["convert", *arguments])
    main()
    assert capsys.readouterr().out == (
        f"{tmp_path / 'onet_occupations.jsonl'}: 2 lines\n"
        f"{tmp_path / 'esco_occupations.jsonl'}: 2 lines\n"
        f"{tmp_path / 'esco_skills.jsonl'}: 1 lines\n"
    )


def test_the_command_ends_with_one_sentence(esco, tmp_path, monkeypatch, capsys):
    arguments = ["--onet", str(esco), "--esco", str(esco), "--output", str(tmp_path / "made")]
    monkeypatch.setattr("sys.argv", ["convert", *arguments])
    with pytest.raises(SystemExit) as caught:
        main()
    assert caught.value.code == 2
    assert capsys.readouterr().err == (
        f"{esco / 'Occupation Data.txt'} is missing: "
        f"docs/training.md names what must be in the folder.\n"
    )
    assert not (tmp_path / "made").exists()
