import pytest

from models.mentor import Experience, Mentor, as_record, string_at


def test_places_free_are_counted_and_never_negative():
    assert Mentor("m", capacity=3, active_mentees=1).places_free == 2
    assert Mentor("m", capacity=1, active_mentees=4).places_free == 0
    assert Mentor("m").places_free is None


@pytest.mark.parametrize(
    ("mentor", "can"),
    [
        (Mentor("m"), True),
        (Mentor("m", capacity=0), False),
        (Mentor("m", capacity=1), True),
        (Mentor("m", available=False), False),
    ],
)
def test_a_mentee_can_be_taken_when_available_with_a_free_place(mentor, can):
    assert mentor.can_take_a_mentee is can


def test_a_record_leaves_out_what_is_empty_and_keeps_zero_and_false():
    record = as_record(Mentor("m", headline="Nurse", capacity=0, available=False))
    assert record == {
        "id": "m",
        "headline": "Nurse",
        "capacity": 0,
        "active_mentees": 0,
        "available": False,
    }


def test_a_pointer_leads_to_a_string_leaf():
    mentor = Mentor("m", experience=(Experience(title="A"), Experience(description="b")))
    assert string_at(as_record(mentor), "/experience/1/description") == "b"
    assert string_at({"a/b": {"~": "x"}}, "/a~1b/~0") == "x"
    with pytest.raises(KeyError):
        string_at(as_record(mentor), "/experience/2/title")
