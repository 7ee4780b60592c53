import pytest

from models.errors import BadInput
from training.config import CONFIG, read_config


def test_the_packaged_configuration_is_whole():
    config = read_config(CONFIG)
    assert config.batch < config.pairs
    shares = config.shares
    assert shares.moves + shares.skills + shares.topics + shares.both < 100


def test_an_unknown_number_is_refused(tmp_path):
    path = tmp_path / "other.toml"
    path.write_text(CONFIG.read_text(encoding="utf-8").replace("rank", "ranks"), encoding="utf-8")
    with pytest.raises(BadInput, match="is no training configuration"):
        read_config(path)


def test_a_missing_configuration_is_said_in_one_sentence(tmp_path):
    with pytest.raises(BadInput, match=r"none\.toml cannot be read"):
        read_config(tmp_path / "none.toml")
