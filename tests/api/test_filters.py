import pytest

from api.filters import filters_from
from api.schemas import RecommendationsBody
from models.errors import BadFilter
from recommender.eligibility import Exclusions, Filters


def filters(*pairs):
    return filters_from(pairs, ())["filters"]


def test_nothing_typed_asks_for_nothing():
    assert filters_from((), ()) == {"filters": {}, "exclude": {}}


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("country=SG", {"country": ["SG"]}),
        ("skills_any=Python, R", {"skills_any": ["Python", "R"]}),
        ("industry=Food=Drink", {"industry": ["Food=Drink"]}),
        ("max_hours_apart=3", {"max_hours_apart": "3"}),
        ("timezone=Europe/Berlin", {"timezone": "Europe/Berlin"}),
        ("available=true", {"available": True}),
        ("available=false", {"available": False}),
        ("available=any", {"available": None}),
        ("attributes.years=5..", {"attributes": {"years": {"gte": 5.0}}}),
        ("attributes.years=..7.5", {"attributes": {"years": {"lte": 7.5}}}),
        ("attributes.years=5..10", {"attributes": {"years": {"gte": 5.0, "lte": 10.0}}}),
        ("attributes.cohort=spring,autumn", {"attributes": {"cohort": ["spring", "autumn"]}}),
        ("attributes.years=11,12.5", {"attributes": {"years": [11, 12.5]}}),
        ("attributes.remote=true", {"attributes": {"remote": [True]}}),
        ("attributes.a.b=x", {"attributes": {"a.b": ["x"]}}),
    ],
)
def test_each_filter_has_its_form(typed, expected):
    assert filters(typed) == expected


def test_a_name_that_comes_again_adds_its_values():
    assert filters("country=SG", "country=KE,PL") == {"country": ["SG", "KE", "PL"]}


def test_attributes_come_together():
    assert filters("attributes.a=1", "attributes.b=x") == {"attributes": {"a": [1], "b": ["x"]}}


def test_exclusions_have_the_names_of_the_endpoint():
    typed = filters_from((), ("ids=m1,m2", "organization=Harrow Yard"))
    assert typed["exclude"] == {"ids": ["m1", "m2"], "organization": ["Harrow Yard"]}


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("country", "--filter 'country': expected NAME=VALUE."),
        ("country=", "--filter 'country=': expected NAME=VALUE."),
        ("=SG", "unknown name ''"),
        ("colour=red", "unknown name 'colour', expected one of attributes, available, country"),
        ("attributes=x", "unknown name 'attributes'"),
        ("available=maybe", "available='maybe': expected true, false or any."),
        ("attributes.years=5..ten", "'ten' is no number: expected a range such as 5..10."),
    ],
)
def test_a_wrong_filter_is_refused_with_what_was_expected(typed, message):
    with pytest.raises(BadFilter) as refused:
        filters(typed)
    assert message in str(refused.value)


def test_a_wrong_exclusion_is_refused_with_the_known_names():
    with pytest.raises(BadFilter, match="--exclude 'country=SG': unknown name 'country'"):
        filters_from((), ("country=SG",))


def test_what_is_typed_reaches_the_recommender():
    typed = filters_from(
        (
            "country=SG",
            "max_hours_apart=3",
            "timezone=UTC",
            "attributes.years=5..",
            "available=any",
        ),
        ("ids=m1", "organization=X"),
    )
    request = RecommendationsBody.model_validate({"goals": "audit"} | typed).request()
    assert request.exclude == Exclusions(("m1",), ("X",))
    assert request.filters == Filters(
        country=("SG",),
        max_hours_apart=3.0,
        timezone="UTC",
        available=None,
        attributes={"years": {"gte": 5.0}},
    )


def test_a_range_without_an_end_is_refused_with_a_pointer():
    typed = filters_from(("attributes.a/b=..",), ())
    with pytest.raises(BadFilter, match="names no bound") as refused:
        RecommendationsBody.model_validate({"goals": "audit"} | typed).request()
    assert refused.value.pointer == "/filters/attributes/a~1b"
