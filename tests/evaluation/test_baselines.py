from evaluation.baselines import whole_profile, whole_profile_run
from models.mentor import Education, Experience, Location, Mentor
from tests.fakes import TableEncoder, mentors


def test_a_whole_profile_is_its_texts_in_the_order_of_the_record():
    mentor = Mentor(
        "m",
        headline="Baker",
        bio="I bake",
        experience=(Experience("Head baker", "Crumb", description="Sourdough"), Experience("Cook")),
        skills=("rye", "spelt"),
        topics=("shops",),
        industries=("Food",),
        looking_for="Changers",
        education=(Education("Night school", "Baking", "Certificate"),),
    )
    assert whole_profile(mentor) == (
        "Baker. I bake. Head baker Crumb Sourdough. Cook. rye, spelt. shops. Food. Changers. "
        "Certificate Baking"
    )


def test_a_whole_profile_leaves_out_who_and_where_somebody_is():
    mentor = Mentor(
        "m",
        "Xanthe Qureshi",
        headline="Baker",
        location=Location("PT", "Europe/Lisbon", "Porto"),
        languages=("pt",),
        attributes={"team": "north"},
    )
    assert whole_profile(mentor) == "Baker"


def test_a_run_ranks_mentors_by_the_cosine_of_one_vector_each():
    found = mentors(
        {"id": "a", "headline": "audit"},
        {"id": "b", "headline": "audit nurse"},
        {"id": "c", "headline": "nurse"},
    )
    goals = {"g1": "audit", "g2": "nurse nurse nurse audit"}
    assert whole_profile_run(found, goals, TableEncoder(), 3) == {
        "g1": ["a", "b", "c"],
        "g2": ["c", "b", "a"],
    }


def test_a_run_is_as_deep_as_asked_and_no_deeper_than_there_are_mentors():
    encoder = TableEncoder()
    assert len(whole_profile_run(mentors(), {"g": "nurse"}, encoder, 2)["g"]) == 2
    assert len(whole_profile_run(mentors(), {"g": "nurse"}, encoder, 300)["g"]) == 5


def test_ties_of_a_run_stand_in_the_order_of_mentors():
    found = mentors(*({"id": id, "headline": "audit"} for id in "dbac"))
    assert whole_profile_run(found, {"g": "audit"}, TableEncoder(), 4) == {"g": list("abcd")}


def test_profiles_are_encoded_once_for_all_goals():
    encoder = TableEncoder()
    whole_profile_run(mentors(), {"g": "nurse", "h": "audit"}, encoder, 5)
    assert encoder.encoded == [whole_profile(mentor) for mentor in mentors()]
