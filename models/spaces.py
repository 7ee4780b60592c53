"""Spaces of vectors: which are of one model, and what is said where two may not meet."""

from models.errors import SpaceMismatch

_RECIPE = "-r"  # what stands before the number of the text recipe, at the end of a `space_id`


def same_model(one: str, other: str) -> bool:
    """Whether both spaces are of the same weights, at most with another text recipe."""
    model, recipe, _ = one.rpartition(_RECIPE)
    return one == other or (bool(recipe) and model == other.rpartition(_RECIPE)[0])


def mismatch(index: str, encoder: str, name: str = "") -> SpaceMismatch:
    """That an index of the space `index` cannot be used with the encoder called `name`."""
    made = f"The index was made in the space {index}, the encoder's is {encoder}"
    if same_model(index, encoder):
        option = f" --encoder {name}" if name else ""
        return SpaceMismatch(
            f"{made}, of the same model with a newer way of reading texts: run 'mentors "
            f"reembed{option}' to move the index there."
        )
    return SpaceMismatch(
        f"{made}: set MENTORS_ENCODER to the model the index was made with, or leave it unset, "
        f"or run 'mentors reembed' to move the index to another model."
    )
