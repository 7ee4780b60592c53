from evaluation.names import MAN, WOMAN, Person
from evaluation.rewriting import filled, with_gender, written_as
from models.mentor import Experience, Mentor

MARIA, JAMES = Person("Maria", "Lopez", WOMAN), Person("James", "Smith", MAN)


def test_a_mentor_is_written_as_somebody_else():
    mentor = Mentor(
        "m",
        "Grant Banks",
        headline="Grant writing at Banks & Sons",
        bio="Grant N. Banks audits. Mr. Banks likes his work; ask Grant.",
        experience=(Experience("Auditor", description="Grant's first post. He stayed."),),
        skills=("Grant", "audit"),
    )
    assert written_as(mentor, MARIA) == Mentor(
        "m",
        "Maria Lopez",
        headline="Grant writing at Banks & Sons",
        bio="Maria Lopez audits. Ms. Lopez likes her work; ask Maria.",
        experience=(Experience("Auditor", description="Maria's first post. She stayed."),),
        skills=("Grant", "audit"),
    )


def test_a_mentor_without_a_name_field_stays_without():
    mentor = Mentor("m", bio="Amara Okoye is an auditor. She likes it.")
    assert written_as(mentor, JAMES) == Mentor("m", bio="James Smith is an auditor. He likes it.")


def test_a_masked_mentor_is_filled_with_and_without_the_name_field():
    masked = Mentor("m", bio="{FIRST} {LAST} audits. {FIRST} likes it.")
    bio = "Maria Lopez audits. Maria likes it."
    assert filled(masked, MARIA, named=True) == Mentor("m", "Maria Lopez", bio=bio)
    assert filled(masked, MARIA, named=False) == Mentor("m", bio=bio)


def test_a_mentor_who_is_of_that_gender_already_or_of_none_said_stays():
    woman, nobody = Mentor("m", bio="She audits."), Mentor("m", bio="Audits.")
    assert with_gender(woman, WOMAN) is woman
    assert with_gender(nobody, MAN) is nobody
    assert with_gender(woman, MAN) == Mentor("m", bio="He audits.")
