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
            if packaged[name].dtype == np.uint8:  # the features, as text
                np.testing.assert_array_equal(packaged[name], made[name])
            else:
                # Weights are kept in steps of 1/127; the last ones may differ between processors.
                steps = 2 if packaged[name].dtype == np.int8 else 2e-2
                there, here = packaged[name].astype(np.float64), made[name].astype(np.float64)
                np.testing.assert_allclose(there, here, rtol=0, atol=steps)
