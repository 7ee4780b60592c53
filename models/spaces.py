"""Spaces of vectors: which are of one model, and what is said where two may not meet."""

import re

from models.errors import SpaceMismatch

_RECIPE = "-r"  # what stands before the number of the text recipe, at the end of a `space_id`

_NAMED = re.compile(r"(?P<name>.+)-[0-9a-f]{12}-r[0-9]+")  # as `models.encoder` makes it


def same_model(one: str, other: str) -> bool:
    """Whether both spaces are of the same weights, at most with another text recipe."""
    model, recipe, _ = one.rpartition(_RECIPE)
    return one == other or (bool(recipe) and model == other.rpartition(_RECIPE)[0])


def same_name(one: str, other: str) -> bool:
    """Whether both spaces are of a model of one name, with whatever weights and text recipe."""
    found, expected = _NAMED.fullmatch(one), _NAMED.fullmatch(other)
    return found is not None and expected is not None and found["name"] == expected["name"]


def mismatch(index: str, encoder: str, name: str = "") -> SpaceMismatch:
    """That an index of the space `index` cannot be used with the encoder called `name`."""
    made = f"The index was made in the space {index}, the encoder's is {encoder}"
    option = f" --encoder {name}" if name else ""
    how = f"run 'mentors reembed{option}' to move the index there."
    if same_model(index, encoder):
        return SpaceMismatch(f"{made}, of the same model with a newer way of reading texts: {how}")
    if same_name(index, encoder):  # the name is taken: no setting leads back to the older weights
        return SpaceMismatch(f"{made}, of another release of the model: {how}")
    return SpaceMismatch(
        f"{made}: set MENTORS_ENCODER to the model the index was made with, or leave it unset, "
        f"or run 'mentors reembed' to move the index to another model."
    )
