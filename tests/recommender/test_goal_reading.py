import pytest

from recommender.reading import read


def seams(text):
    reading = read(text)
    return [(reading.words[s.word], s.mark) for s in reading.seams]


def test_words_are_read_in_lower_case_without_list_markers():
    assert read("1. Pass ACCA\n2. Lead").words == ("pass", "acca", "lead")


def test_a_text_of_a_marker_alone_keeps_it_as_its_word():
    assert read("1. !").words == ("1",)


@pytest.mark.parametrize(
    ("text", "mark"),
    [
        ("weld, nurse", ","),
        ("weld; nurse", ";"),
        ("weld -> nurse", "AR"),
        ("weld — nurse", "DASH"),
        ("weld - nurse", "DASH"),
        ("weld / nurse", "/"),
        ("weld 🍞 nurse", "EMO"),
        ("weld\nnurse", "NL"),
        ("weld (nurse", "("),
        ("weld? nurse", "Q"),
    ],
)
def test_a_seam_has_the_sort_of_its_mark(text, mark):
    assert seams(text) == [("nurse", mark)]


def test_a_word_that_opens_a_clause_makes_a_seam_without_a_mark():
    assert seams("nurse i weld") == [("i", "_"), ("weld", "_")]


@pytest.mark.parametrize(
    "text", ["co-op harbour", "re\u0301sume\u0301s harbour", "e.g harbour", "a_b harbour"]
)
def test_signs_inside_a_word_are_no_seam(text):
    assert seams(text) == []


def test_a_line_is_certain_and_a_comma_is_not():
    assert [s.certain for s in read("weld\nnurse, cook").seams] == [True, False]


def test_an_abbreviation_ends_no_sentence_before_a_small_letter():
    ends = [s.ends_sentence for s in read("ECG fast, esp. heart blocks. Then sleep").seams]
    assert ends.count(True) == 1
