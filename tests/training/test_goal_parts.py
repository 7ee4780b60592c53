import sys

import numpy as np
import pytest

from recommender.linear import FILE
from training import goal_parts


@pytest.mark.slow
def test_training_again_gives_the_packaged_models(tmp_path, monkeypatch):
    again = tmp_path / "again.npz"
    monkeypatch.setattr(sys, "argv", ["goal_parts", "--output", str(again)])

    goal_parts.main()

    with np.load(FILE) as packaged, np.load(again) as made:
        assert set(packaged.files) == set(made.files)
        for name in packaged.files:
            if packaged[name].dtype.kind == "f":
                # The last bit of a float may differ between processors.
                np.testing.assert_allclose(packaged[name], made[name], rtol=0, atol=2e-2)
            else:
                np.testing.assert_array_equal(packaged[name], made[name])
