import pytest

from evaluation.names import MAN, PLAIN, WOMAN, WORDS, Person, read_names
from models.errors import SourceUnreadable


def test_first_names_are_read_by_gender(tmp_path):
    path = tmp_path / "names.tsv"
    path.write_text("name\tgender\trank\nAna\tfemale\t1\nJo\tmale\t1\nEve\tfemale\t2\n")
    names = read_names(path)
    assert names.first == {WOMAN: ["Ana", "Eve"], MAN: ["Jo"]}
    assert names.person(WOMAN, 3) == Person("Eve", PLAIN.person(WOMAN, 3).last, WOMAN)


@pytest.mark.parametrize(
    ("content", "message"),
    [("name\tgender\nAna\tfemale\n", "holds no male name"), ("Ana\n", "holds no female name")],
)
def test_a_table_without_both_genders_is_refused(tmp_path, content, message):
    path = tmp_path / "names.tsv"
    path.write_text(content)
    with pytest.raises(SourceUnreadable, match=message):
        read_names(path)


def test_a_missing_table_is_refused(tmp_path):
    with pytest.raises(SourceUnreadable, match=r"missing\.tsv cannot be read"):
        read_names(tmp_path / "missing.tsv")


@pytest.mark.parametrize("names", [PLAIN, WORDS])
def test_no_two_of_nine_neighbours_share_a_name(names):
    people = [names.person(gender, number) for number in range(9) for gender in (WOMAN, MAN)]
    assert len({(one.first, one.gender) for one in people}) == 18
    assert len({one.last for one in people}) == 9
