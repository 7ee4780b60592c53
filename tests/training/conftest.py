import json

import pytest

from training.occupations import Files

ONET = [
    {
        "code": "1",
        "title": "Lamp Lighters",
        "description": "Light lamps along quays and in lanes. Trim wicks where they smoke.",
        "tasks": ["Climb ladders to reach lamps that hang over the water."],
        "tasks_supplemental": ["Report broken glass to the harbour office in writing."],
        "reported_titles": ["Lamplighter", "Wick Trimmer"],
        "alternate_titles": ["Gas Light Keeper (GLK)"],
        "hot_technologies": ["LampTrack"],
        "related_primary": ["2"],
    },
    {
        "code": "2",
        "title": "Bell Ringers",
        "description": "Ring bells at set hours and on feast days for the whole town.",
        "tasks": ["Keep ropes dry and free of knots so that bells sound in time."],
        "tasks_supplemental": [],
        "reported_titles": ["Bell Ringer", "Ringer"],
        "alternate_titles": ["Wick Trimmer"],
        "hot_technologies": [],
        "related_primary": [],
    },
]
ESCO = [
    {
        "uri": "e:1",
        "isco": "9999",
        "label": "kite maker",
        "alt": ["kite builder", "Ringer"],
        "description": "Kite makers cut paper and split bamboo for kites. They also teach flying. "
        "This is a craft with a long history in many towns.",
    },
    {
        "uri": "e:2",
        "isco": "9999",
        "label": "kite painter",
        "alt": [],
        "description": "Kite painters draw dragons and carp on finished kites by hand.",
    },
]
SKILLS = [
    {
        "uri": "s:1",
        "text": "fold paper fold sheets of paper paper folding Make boats and birds out of one "
        "sheet without scissors.",
    }
]


@pytest.fixture
def files(tmp_path):
    """Small sources, of which nothing is held out yet."""
    names = ("onet.jsonl", "esco.jsonl", "skills.jsonl", "codes.txt", "uris.txt")
    found = Files(*(tmp_path / name for name in names))
    for path, rows in zip(
        (found.onet, found.esco, found.skills), (ONET, ESCO, SKILLS), strict=True
    ):
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    found.held_out_onet.write_text("", encoding="utf-8")
    found.held_out_esco.write_text("", encoding="utf-8")
    return found
