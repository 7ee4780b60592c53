"""The map's arithmetic, without a browser."""

import random

from tests.page.conftest import run_module

SCRIPT = """
const { besides } = await import("./api/page/sky.js");
const found = given.skies.map(({ ranked, goal = null, scale = 1 }) =>
  Object.fromEntries(besides({ ranked, goal }, scale)));
console.log(JSON.stringify(found));
"""
LINE, FIGURE = 11, 7  # of a rank on the screen


def stars(*places):
    return [{"id": str(n), "rank": n, "at": list(at)} for n, at in enumerate(places, start=1)]


def written(*skies):
    """Where the ranks of each sky begin."""
    return run_module(SCRIPT, skies=skies)


def box(at, scale=1.0, figures=1):
    """What a rank covers that begins there."""
    return at[0], at[1] - LINE / scale, at[0] + FIGURE * figures / scale, at[1]


def covers(one, other):
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def test_a_rank_stands_above_and_behind_its_star_as_near_at_every_zoom():
    whole = {"ranked": stars((100, 100))}
    assert written(whole, whole | {"scale": 4}) == [{"1": [106, 96]}, {"1": [101.5, 99]}]


def test_it_goes_elsewhere_where_a_star_or_the_goals_are():
    [beside] = written({"ranked": stars((100, 100), (109, 90))})
    assert beside["1"] == [106, 113]
    [by_goals] = written({"ranked": stars((100, 100)), "goal": [112, 92]})
    assert not covers(box(by_goals["1"]), (103, 83, 121, 101))


def test_ranks_of_stars_that_lie_close_do_not_cover_each_other():
    drawn = random.Random(19)
    skies = [
        {"ranked": stars(*((drawn.uniform(250, 300), drawn.uniform(250, 300)) for _ in range(4)))}
        for _ in range(50)
    ]
    for ranks in written(*skies):
        boxes = [box(at) for at in ranks.values()]
        pairs = [(one, other) for n, one in enumerate(boxes) for other in boxes[n + 1 :]]
        assert not any(covers(*pair) for pair in pairs)
