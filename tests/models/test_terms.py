from models.terms import NUMBER, RAREST, has_word, terms, weight


def test_function_words_are_no_terms_and_offsets_count_code_points():
    found = [(t.stem, t.start, t.end) for t in terms("🎓 I want nursing, the C++ of care")]
    assert found == [("nurs", 9, 16), ("c++", 22, 25), ("care", 29, 33)]


def test_a_word_that_nobody_has_heard_of_weighs_the_most():
    assert weight("qzxvbn") == RAREST


def test_rare_words_weigh_more_than_common_ones():
    assert 0 < weight("work") < weight("nurse") < weight("midwifery") < RAREST


def test_a_number_weighs_little_however_rare():
    assert {weight("24"), weight("2021"), weight("7")} == {NUMBER}


def test_a_compound_weighs_as_its_rarest_part():
    assert weight("nf-core") == max(weight("nf"), weight("core"))


def test_possessives_and_plurals_share_a_stem():
    assert [t.stem for t in terms("nurse's nurses nurse nurse’s")] == ["nurs"] * 4  # noqa: RUF001


def test_words_are_seen_in_any_script_and_not_in_emoji():
    assert has_word("看護師")
    assert has_word("محامي")
    assert not has_word("🙂 ... !?")
