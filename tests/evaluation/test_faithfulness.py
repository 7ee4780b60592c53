import pytest

from evaluation.faithfulness import (
    Outcome,
    Sentence,
    counterpart,
    is_verbatim,
    micro,
    quoted_sentence,
    sentences_of,
    sum_faults,
    without,
)
from models.mentor import Mentor
from models.recommendation import Reason, Recommendation

BIO = "I bake. I sold the shop. Ask me why."
RECORD = {
    "id": "m",
    "headline": "Baker",
    "bio": BIO,
    "experience": [{"title": "Cook"}, {"description": "Long nights.\nCold mornings."}],
    "topics": ["rye"],
}
BAKE, SOLD, ASK = Sentence("/bio", 0, 7), Sentence("/bio", 8, 24), Sentence("/bio", 25, 36)


def spans(text: str) -> list[tuple[int, int]]:
    """Sentences that end with a full stop, without the white space before them."""
    found, start = [], 0
    for piece in text.split("."):
        begin = start + len(piece) - len(piece.lstrip())
        if piece.strip():
            found.append((begin, min(len(text), start + len(piece) + 1)))
        start += len(piece) + 1
    return found


def reason(start: int, end: int, field: str = "/bio", **changed: object) -> Reason:
    given = {"part": "passages", "quote": BIO[start:end], "contribution": 0.1} | changed
    return Reason(0, given["part"], field, given["quote"], start, end, 0.5, given["contribution"])


def recommendation(score: float, *reasons: Reason, **rest: float) -> Recommendation:
    parts = {"passages": 0.3, "profile": 0.1, "lexical": 0.2}
    others = {"other_passages": 0.0, "other_profile": 0.1, "other_terms": 0.0} | rest
    return Recommendation(
        Mentor("m"),
        score,
        0.9,
        "strong",
        parts,
        reasons,
        uncovered_goals=(),
        facts=(),
        **others,
    )


def test_the_sentences_of_a_record_are_those_of_its_running_texts():
    assert sentences_of(RECORD, spans) == [
        Sentence("/headline", 0, 5),
        BAKE,
        SOLD,
        ASK,
        Sentence("/experience/1/description", 0, 12),
        Sentence("/experience/1/description", 13, 27),
    ]


def test_a_record_without_running_text_has_no_sentences():
    assert sentences_of({"id": "m", "skills": ["rye."]}, spans) == []


def test_the_kind_of_a_sentence_is_its_field_whatever_the_number():
    assert Sentence("/experience/12/description", 0, 5).kind == "experience/description"


def test_a_reason_quotes_the_sentence_that_it_shares_most_characters_with():
    assert quoted_sentence(reason(5, 20), [BAKE, SOLD, ASK]) == SOLD


@pytest.mark.parametrize(
    "elsewhere", [reason(7, 8), reason(0, 7, "/topics/0"), reason(0, 7, "/looking_for")]
)
def test_a_reason_that_touches_no_sentence_quotes_none(elsewhere):
    assert quoted_sentence(elsewhere, [BAKE, SOLD, ASK]) is None


def test_the_counterpart_is_the_sentence_nearest_in_length():
    assert counterpart(SOLD, [BAKE, SOLD, ASK], [reason(8, 24)]) == ASK


def test_the_counterpart_is_a_sentence_of_which_no_reason_quotes_anything():
    assert counterpart(SOLD, [BAKE, SOLD, ASK], [reason(8, 24), reason(29, 31)]) == BAKE


def test_of_two_sentences_equally_near_in_length_the_first_is_the_counterpart():
    one, other = Sentence("/bio", 0, 6), Sentence("/bio", 20, 28)
    assert counterpart(Sentence("/bio", 7, 14), [one, other], []) == one


def test_where_every_sentence_is_quoted_there_is_no_counterpart():
    assert counterpart(BAKE, [BAKE, SOLD], [reason(0, 24)]) is None


@pytest.mark.parametrize(
    ("gone", "left"),
    [
        (BAKE, "I sold the shop. Ask me why."),
        (SOLD, "I bake. Ask me why."),
        (ASK, "I bake. I sold the shop."),
    ],
)
def test_a_record_without_a_sentence_keeps_the_others(gone, left):
    assert without(RECORD, gone) == RECORD | {"bio": left}


def test_what_stands_before_a_removed_sentence_stays_on_its_line():
    record = {"bio": "- rye\n- spelt\n- oats"}
    assert without(record, Sentence("/bio", 6, 13)) == {"bio": "- rye\n- oats"}


def test_a_sentence_is_removed_from_one_post_of_many_and_the_record_given_stays():
    found = without(RECORD, Sentence("/experience/1/description", 0, 12))
    assert found["experience"] == [{"title": "Cook"}, {"description": "Cold mornings."}]
    assert RECORD["experience"][1] == {"description": "Long nights.\nCold mornings."}


def test_figures_that_add_up_have_no_faults():
    reasons = (
        reason(0, 7, contribution=0.2),
        reason(8, 24, part="profile", contribution=0.04),
        reason(0, 3, part="lexical", contribution=0.15),
    )
    one = recommendation(0.6, *reasons, other_passages=0.1, other_profile=0.06, other_terms=0.05)
    assert sum_faults(one) == []


@pytest.mark.parametrize(
    ("score", "others", "faults"),
    [
        (0.600001, (0.3, 0.1, 0.2), ["contributions to score"]),
        (0.6, (0.299999, 0.1, 0.2), ["reasons to passages"]),
        (0.6, (0.3, 0.100001, 0.2), ["reasons to profile"]),
        (0.6, (0.3, 0.1, 0.200001), ["reasons to lexical"]),
        (
            0.7,
            (0.0, 0.1, 0.0),
            ["contributions to score", "reasons to passages", "reasons to lexical"],
        ),
    ],
)
def test_a_millionth_too_much_or_too_little_is_a_fault(score, others, faults):
    names = ("other_passages", "other_profile", "other_terms")
    one = recommendation(score, **dict(zip(names, others, strict=True)))
    assert sum_faults(one) == faults


def test_a_quote_is_verbatim_where_its_offsets_say():
    assert is_verbatim(RECORD, reason(8, 24, quote="I sold the shop."))


@pytest.mark.parametrize(
    "wrong",
    [
        reason(8, 24, quote="I sold the Shop."),
        reason(7, 23, quote="I sold the shop."),
        reason(8, 8, quote=""),
        reason(0, 3, "/topics/7", quote="rye"),
    ],
)
def test_a_quote_that_does_not_stand_there_is_not_verbatim(wrong):
    assert not is_verbatim(RECORD, wrong)


@pytest.mark.parametrize(
    ("quoted", "other", "verdict"),
    [
        (5, 4, "faithful"),
        (5, -5, "faithful"),
        (-4, -5, "faithful"),
        (5, 5, "equal"),
        (4, 5, "the other sentence cost more"),
        (-4, 5, "the score rose without the quote"),
    ],
)
def test_a_reason_is_faithful_when_its_quote_costs_more(quoted, other, verdict):
    assert Outcome("bio", quoted, other).verdict == verdict


def test_micro_is_the_nearest_whole_millionth():
    assert [micro(0.1 + 0.2), micro(-0.0000014), micro(1.0)] == [300_000, -1, 1_000_000]


# By the score interval's closed form, to three digits as in the tables of Newcombe 1998.
