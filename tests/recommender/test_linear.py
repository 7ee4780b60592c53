import numpy as np

from recommender.linear import FILE, Linear, Models, load, save


def model(weights):
    rows, labels = np.shape(weights)
    places = {f"feature {i}": i for i in range(rows)}
    return Linear(places, np.ones(rows, "f4"), np.float32(weights), np.zeros(labels, "f4"))


def test_models_are_read_as_they_were_written(tmp_path):
    help, seam = model([[1.27, 0.0], [-0.5, 2.54]]), model([[0.0], [-127.0], [64.0]])
    save(Models(help, seam), tmp_path / "m.npz")
    found = load(tmp_path / "m.npz")
    assert list(found.help.places) == ["feature 0", "feature 1"]
    np.testing.assert_allclose(found.help.weights, help.weights, atol=0.01)
    np.testing.assert_array_equal(found.seam.weights, seam.weights)


def test_the_same_models_give_the_same_file(tmp_path):
    models = Models(model([[1.0]]), model([[2.0]]))
    save(models, tmp_path / "a.npz")
    save(models, tmp_path / "b.npz")
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def test_the_packaged_file_is_small():
    assert FILE.stat().st_size < 600_000
