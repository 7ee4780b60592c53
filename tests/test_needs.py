"""What a machine lacks is skipped, and what it must have is not."""

import pytest

from tests import needs


def test_a_test_is_skipped_for_lack_of_what_nobody_said_is_there(monkeypatch):
    monkeypatch.setattr(needs, "_NEEDED", ["axe", "node"])
    with pytest.raises(pytest.skip.Exception, match="no browser here"):
        needs.missing("browser", "no browser here")


def test_it_fails_for_lack_of_what_must_be_there(monkeypatch):
    monkeypatch.setattr(needs, "_NEEDED", ["axe", "browser"])
    with pytest.raises(pytest.fail.Exception, match="no browser here"):
        needs.missing("browser", "no browser here")


def test_a_judged_set_that_must_be_there_is_not_skipped(monkeypatch, tmp_path):
    monkeypatch.setattr(needs, "_NEEDED", ["judged"])
    with pytest.raises(pytest.fail.Exception, match="no judged set of real mentors"):
        needs.judged_in(tmp_path)
    (tmp_path / "mentors.jsonl").write_text("")
    assert needs.judged_in(tmp_path) == tmp_path
