from datetime import UTC, datetime

import numpy as np
import pytest

from indexer.live import LiveIndex
from indexer.segment import segment_of
from models.errors import BadFilter
from recommender.eligibility import Exclusions, Filters, eligible
from tests.fakes import mentors

JANUARY = datetime(2026, 1, 15, 12, tzinfo=UTC)
JULY = datetime(2026, 7, 15, 12, tzinfo=UTC)


def catalogue(*records):
    found = mentors(*records)
    segment = segment_of(found, lambda texts: dict.fromkeys(texts, np.ones(1, np.float32)), 1)
    return LiveIndex("space", 1, len(found), [segment]).catalogue


def kept(*records, exclude=None, now=None, **filters):
    """Ids that pass; without a word on availability everybody may."""
    here = catalogue(*records)
    wanted = Filters(**({"available": None} | filters))
    mask = eligible(here, wanted, exclude or Exclusions(), now)
    return here.ids(np.flatnonzero(mask))


def person(id, **fields):
    return {"id": id, "bio": "I audit banks."} | fields


EVERYBODY = ["auditor", "nurse", "solicitor", "teacher", "welder"]


def test_without_conditions_everybody_passes():
    assert kept() == EVERYBODY


@pytest.mark.parametrize("available", [None, True, False])
def test_who_is_gone_passes_nothing(available):
    one = catalogue()._index.without(["auditor", "solicitor"]).catalogue
    mask = eligible(one, Filters(available=available), Exclusions(ids=("auditor", "nurse")))
    left = {None: ["teacher", "welder"], True: ["teacher"], False: ["welder"]}
    assert one.ids(np.flatnonzero(mask)) == left[available]


@pytest.mark.parametrize(
    ("available", "expected"),
    [(True, ["auditor", "nurse", "teacher"]), (False, ["solicitor", "welder"]), (None, EVERYBODY)],
)
def test_available_means_willing_and_with_a_free_place(available, expected):
    assert kept(available=available) == expected


def test_by_default_only_available_mentors_pass():
    assert Filters().available is True


def test_any_of_the_countries_will_do_without_regard_to_case():
    assert kept(country=("ke", "SG")) == ["auditor", "teacher"]


def test_a_mentor_without_a_country_is_in_none():
    assert "solicitor" not in kept(country=("KE", "PL", "SG", "GB"))


def test_a_language_takes_its_regional_forms():
    assert kept(language=("en",)) == EVERYBODY
    assert kept(language=("EN-gb",)) == ["nurse"]
    assert kept(language=("e",)) == []


def test_any_of_the_languages_will_do():
    assert kept(language=("sw", "pl")) == ["auditor", "nurse"]


def test_industry_and_seniority_are_compared_without_case():
    people = [
        person("a", industries=["Banking", "Retail"], seniority="Director"),
        person("b", industries=["Health"], seniority="Junior"),
    ]
    assert kept(*people, industry=("RETAIL", "mining")) == ["a"]
    assert kept(*people, seniority=("junior",)) == ["b"]


def test_skills_any_needs_one_and_skills_all_needs_each():
    people = [person("a", skills=["R", "SQL"]), person("b", skills=["sql"]), person("c")]
    assert kept(*people, skills_any=("r", "SQL")) == ["a", "b"]
    assert kept(*people, skills_all=("r", "SQL")) == ["a"]


def test_hours_apart_are_counted_at_the_moment_asked():
    people = [
        person("london", location={"timezone": "Europe/London"}),
        person("nairobi", location={"timezone": "Africa/Nairobi"}),
        person("nowhere"),
    ]
    near = {"max_hours_apart": 2.0, "timezone": "Africa/Nairobi"}
    assert kept(*people, now=JANUARY, **near) == ["nairobi"]
    assert kept(*people, now=JULY, **near) == ["london", "nairobi"]


def test_hours_apart_go_the_short_way_round_the_clock():
    far = person("samoa", location={"timezone": "Pacific/Pago_Pago"})
    assert kept(far, max_hours_apart=1.0, timezone="Pacific/Tongatapu", now=JANUARY) == ["samoa"]


def test_zero_hours_apart_is_a_condition():
    people = [
        person("a", location={"timezone": "Europe/Paris"}),
        person("b", location={"timezone": "UTC"}),
    ]
    assert kept(*people, max_hours_apart=0.0, timezone="Europe/Berlin", now=JULY) == ["a"]


@pytest.mark.parametrize("zone", ["", "Mars/Olympus", "../etc/passwd", "Europe"])
def test_hours_apart_need_a_zone_that_exists(zone):
    with pytest.raises(BadFilter, match="max_hours_apart needs timezone") as refused:
        kept(max_hours_apart=3.0, timezone=zone)
    assert refused.value.pointer == "/filters/timezone"


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"years": 11}, ["auditor"]),
        ({"years": (9, 11)}, ["auditor", "nurse"]),
        ({"years": {"gte": 10}}, ["auditor"]),
        ({"years": {"lte": 10}}, ["nurse"]),
        ({"years": {"gte": 9, "lte": 11}}, ["auditor", "nurse"]),
        ({"years": 11, "cohort": "SPRING"}, ["auditor"]),
        ({"cohort": {"gte": 1}}, []),
        ({"unknown": 1}, []),
    ],
)
def test_attributes_take_a_value_a_list_or_bounds(condition, expected):
    assert kept(attributes=condition) == expected


def test_an_attribute_that_is_a_list_matches_by_any_of_its_items():
    people = [
        person("a", attributes={"days": ["Mon", "Tue"]}),
        person("b", attributes={"days": []}),
    ]
    assert kept(*people, attributes={"days": ("tue", "wed")}) == ["a"]


def test_true_is_not_one():
    people = [person("a", attributes={"x": True}), person("b", attributes={"x": 1})]
    assert kept(*people, attributes={"x": True}) == ["a"]
    assert kept(*people, attributes={"x": 1}) == ["b"]


def test_all_conditions_must_hold_together():
    assert kept(language=("en",), country=("KE", "PL"), attributes={"years": {"lte": 10}}) == [
        "nurse"
    ]


def test_excluded_ids_are_left_out_and_unknown_ones_do_no_harm():
    assert kept(exclude=Exclusions(ids=("nurse", "nobody", "welder"))) == [
        "auditor",
        "solicitor",
        "teacher",
    ]


@pytest.mark.parametrize("ids", [("auditor", "aud"), ("aud", "auditor"), ("welder", "welder2")])
def test_an_unknown_id_does_not_shield_its_neighbour_from_exclusion(ids):
    assert not {"auditor", "welder"} & set(ids) & set(kept(exclude=Exclusions(ids=ids)))


def test_everybody_now_at_an_organization_is_left_out():
    people = [
        person("there", organization="Harrow Yard"),
        person("also", experience=[{"title": "Boss", "organization": "harrow yard"}]),
        person("left", experience=[{"organization": "Harrow Yard", "end": "2020"}]),
    ]
    assert kept(*people, exclude=Exclusions(organization=("HARROW YARD",))) == ["left"]
