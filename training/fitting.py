"""Logistic regression over named features, as the packaged models want it."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from recommender.help import LABELS, features
from recommender.linear import Linear

LABELLING = 5.0  # inverse strength of regularisation; from 3 to 10 labels were equally often right
SEAMING = 0.2  # from 0.05 to 0.3 parts were equally often right
OFTEN_ENOUGH = 2  # parts that hold an n-gram
SEEN_AT = 3  # seams that show a feature


def fit_help(texts: Sequence[str], labels: Sequence[str]) -> Linear:
    """One model a label against the rest, each side weighing the same, on tf-idf rows."""
    counted = [Counter(features(text)) for text in texts]
    places = _places(counted, OFTEN_ENOUGH)
    seen = Counter(feature for row in counted for feature in row)
    rarity = np.asarray([np.log((1 + len(texts)) / (1 + seen[f])) + 1 for f in places])
    matrix = _matrix([{f: 1 + np.log(n) for f, n in row.items()} for row in counted], places)
    matrix = matrix.multiply(rarity).tocsr()
    norms = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1))).ravel()
    matrix = _narrow(matrix.multiply(1 / np.maximum(norms, 1e-9)[:, None]).tocsr())
    weights, bias = [], []
    for label in LABELS:
        wanted = np.asarray([one == label for one in labels])
        model = LogisticRegression(C=LABELLING, solver="liblinear", class_weight="balanced")
        model.fit(matrix, wanted)
        weights.append(model.coef_[0])
        bias.append(model.intercept_[0])
    return Linear(places, _f32(rarity), _f32(np.transpose(weights)), _f32(bias))


def fit_seam(
    rows: Sequence[Mapping[str, float]], starts: Sequence[bool], weights: Sequence[float]
) -> Linear:
    """The model of whether a part begins at a seam."""
    places = _places(rows, SEEN_AT)
    model = LogisticRegression(C=SEAMING, solver="liblinear")
    model.fit(_matrix(rows, places), np.asarray(starts), sample_weight=np.asarray(weights))
    weight = _f32(model.coef_[0][:, None])
    return Linear(places, np.ones(len(places), np.float32), weight, _f32(model.intercept_))


def _places(rows: Iterable[Mapping[str, float]], fewest: int) -> dict[str, int]:
    seen = Counter(feature for row in rows for feature in row)
    often = sorted(feature for feature, rows_with in seen.items() if rows_with >= fewest)
    return {feature: place for place, feature in enumerate(often)}


def _matrix(rows: Sequence[Mapping[str, float]], places: Mapping[str, int]) -> csr_matrix:
    """float64, shape (n_rows, n_places)."""
    kept = [[(places[f], value) for f, value in row.items() if f in places] for row in rows]
    ends = np.cumsum([0, *map(len, kept)])
    columns = np.asarray([place for row in kept for place, _ in row])
    values = np.asarray([value for row in kept for _, value in row], dtype=np.float64)
    return _narrow(csr_matrix((values, columns, ends), shape=(len(rows), len(places))))


def _narrow(matrix: csr_matrix) -> csr_matrix:
    """The solver takes indices of 32 bits only."""
    matrix.sort_indices()
    matrix.indices, matrix.indptr = matrix.indices.astype("int32"), matrix.indptr.astype("int32")
    return matrix


def _f32(values: object) -> NDArray[np.float32]:
    return np.asarray(values, dtype=np.float32)
