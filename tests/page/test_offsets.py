"""Code points to UTF-16 units: the page's function against Python's own slices."""

import random

from tests.page.conftest import run_module

SCRIPT = """
const { inUnits, pieces, stretch, stringAt } = await import("./api/page/offsets.js");
const { cut, marked, at } = given;
console.log(JSON.stringify({
  cut: cut.map(([text, start, end]) => [stretch(text, start, end), inUnits(text, [end, start])]),
  marked: marked.map(([text, spans]) =>
    pieces(text, spans).map((piece) => [piece.text, piece.spans.map((span) => span.name)])),
  at: at.map(([record, pointer]) => stringAt(record, pointer) ?? null),
}));
"""
LETTERS = [
    *"ab é漢ا",
    "\N{ROCKET}",
    "\N{COMBINING ACUTE ACCENT}",
    "\N{ZERO WIDTH JOINER}",
    "\N{REGIONAL INDICATOR SYMBOL LETTER S}",
    "\N{MUSICAL SYMBOL G CLEF}",
    "\n",
]


def run(**given):
    return run_module(SCRIPT, **{"cut": [], "marked": [], "at": []} | given)


def units(text):
    return len(text.encode("utf-16-le")) // 2


def test_stretches_are_those_that_python_cuts():
    drawn = random.Random(8)
    cases = []
    for _ in range(500):
        text = "".join(drawn.choices(LETTERS, k=drawn.randrange(12)))
        start, end = sorted(drawn.choices(range(len(text) + 1), k=2))
        cases.append((text, start, end))
    assert run(cut=cases)["cut"] == [
        [text[start:end], [units(text[:end]), units(text[:start])]] for text, start, end in cases
    ]


def test_an_end_beyond_the_text_is_its_end():
    assert run(cut=[("a\N{ROCKET}", 1, 9)])["cut"] == [["\N{ROCKET}", [3, 1]]]


def test_spans_that_overlap_are_cut_into_pieces_that_make_up_the_text():
    text = "one \N{ROCKET} two three"
    spans = [
        {"name": "quote", "start": 4, "end": 9},
        {"name": "word", "start": 6, "end": 15},
        {"name": "other", "start": 6, "end": 9},
    ]
    assert run(marked=[(text, spans)])["marked"] == [
        [
            ["one ", []],
            ["\N{ROCKET} ", ["quote"]],
            ["two", ["quote", "word", "other"]],
            [" three", ["word"]],
        ]
    ]


def test_a_text_without_spans_is_one_piece():
    assert run(marked=[("a", []), ("", [])])["marked"] == [[["a", []]], []]


def test_pointers_lead_to_strings_and_nowhere_else():
    record = {"bio": "b", "skills": ["x", "y"], "a/b~c": "d", "n": 1}
    pointers = ["/bio", "/skills/1", "/a~1b~0c", "/n", "/skills", "/skills/2", "/toString", ""]
    found = run(at=[(record, pointer) for pointer in pointers])["at"]
    assert found == ["b", "y", "d", None, None, None, None, None]


def test_a_letter_keeps_its_accents_when_a_span_ends_between_them():
    text = "un cafe\N{COMBINING ACUTE ACCENT} noir"
    marked = run(marked=[(text, [{"name": "word", "start": 3, "end": 7}])])["marked"]
    assert marked == [
        [["un ", []], ["cafe\N{COMBINING ACUTE ACCENT}", ["word"]], [" noir", []]],
    ]
    family = "\N{MAN}\N{ZERO WIDTH JOINER}\N{ROCKET}"
    begins = run(marked=[(f"a{family}b", [{"name": "word", "start": 3, "end": 4}])])["marked"]
    assert begins == [[["a", []], [family, ["word"]], ["b", []]]]
