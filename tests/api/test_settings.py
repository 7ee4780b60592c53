import pytest

from api.settings import Settings


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_without_a_name_the_encoder_is_that_of_the_index():
    assert Settings().encoder == ""


def test_a_folder_of_an_encoder_is_kept_with_its_whole_path(here, monkeypatch):
    (here / "models" / "mine").mkdir(parents=True)
    monkeypatch.setenv("MENTORS_ENCODER", "models/mine")
    assert Settings().encoder == str(here / "models" / "mine")


def test_a_link_to_a_folder_keeps_its_own_name(here):
    (here / "v3").mkdir()
    (here / "newest").symlink_to("v3")
    assert Settings(encoder="newest").encoder == str(here / "newest")


@pytest.mark.parametrize("name", ["all-MiniLM-L6-v2", "somebody/their-model"])
def test_other_names_stay_as_they_are(here, name):
    (here / "all-MiniLM-L6-v2").mkdir()  # a packaged model is meant even then
    assert Settings(encoder=name).encoder == name
