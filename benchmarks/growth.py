"""A picture of how a cost grows: one line a system over logarithmic axes, as SVG; ours in blue."""

import math
from collections.abc import Mapping, Sequence
from functools import partial
from itertools import pairwise

WIDTH, HEIGHT = 520, 330  # pixels of the field
LEFT, TOP, RIGHT, BOTTOM = 86, 44, 160, 48  # room for names
GAP = 15  # pixels at least between two names
# Greys and a blue that read on white as on black.
STYLE = (
    "text{font:12px sans-serif;fill:#888}.title{font-weight:bold}.ours text,text.ours{fill:#48c;"
    "font-weight:bold}path{fill:none;stroke:#888;stroke-width:1.5}.grid{stroke-opacity:.3;"
    "stroke-width:1}circle{fill:#888}.ours path,path.ours{stroke:#48c;stroke-width:3}"
    ".ours circle{fill:#48c}"
)
DASHES = ("", "7 4", "2 3", "9 3 2 3", "4 4")

Points = Sequence[tuple[float, float]]


def picture(title: str, across: str, lines: Mapping[str, Points], ours: str) -> str:
    """`lines`: by name, points with both values > 0; `across` names the first of them."""
    xs = [x for points in lines.values() for x, _ in points]
    ys = [y for points in lines.values() for _, y in points]
    x_low, x_high = _decades(xs)
    y_low, y_high = _decades(ys)

    def at(x: float, y: float) -> tuple[float, float]:
        along = (math.log10(x) - x_low) / (x_high - x_low)
        up = (math.log10(y) - y_low) / (y_high - y_low)
        return LEFT + WIDTH * along, TOP + HEIGHT * (1 - up)

    shapes = [f'<text class="title" x="{LEFT}" y="20">{title}</text>']
    for decade in range(x_low, x_high + 1):
        x, y = at(10**decade, 10**y_low)
        shapes.append(f'<path class="grid" d="M{x:.1f} {TOP}V{y:.1f}"/>')
        label = f"{10**decade:,}"
        shapes.append(f'<text x="{x:.1f}" y="{y + 18:.1f}" text-anchor="middle">{label}</text>')
    for decade in range(y_low, y_high + 1):
        x, y = at(10**x_low, 10**decade)
        shapes.append(f'<path class="grid" d="M{x:.1f} {y:.1f}H{LEFT + WIDTH}"/>')
        label = f"{10.0**decade:,g} ms"
        shapes.append(f'<text x="{x - 8:.1f}" y="{y + 4:.1f}" text-anchor="end">{label}</text>')
    shapes.append(
        f'<text x="{LEFT + WIDTH / 2}" y="{TOP + HEIGHT + 40}" text-anchor="middle">{across}</text>'
    )
    places = {name: [at(*point) for point in points] for name, points in lines.items()}
    names = _names(places)
    greys = [name for name in lines if name != ours]
    for name in [*greys, *(one for one in lines if one == ours)]:  # ours on top
        dash = "" if name == ours else DASHES[greys.index(name) % len(DASHES)]
        shapes.append(_line(name, places[name], names[name], dash, is_ours=name == ours))
    wide, high = LEFT + WIDTH + RIGHT, TOP + HEIGHT + BOTTOM
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" width="{wide}">\n'
        f"<style>{STYLE}</style>\n" + "\n".join(shapes) + "\n</svg>\n"
    )


def _line(name: str, places: Points, at: tuple[float, float], dash: str, *, is_ours: bool) -> str:
    path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    dots = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3"/>' for x, y in places)
    said = f'<text x="{at[0]:.1f}" y="{at[1] + 4:.1f}">{name}</text>'
    kind = ' class="ours"' if is_ours else ""
    return f'<g{kind}><path d="{path}"{dashed}/>{dots}{said}</g>'


def _names(places: Mapping[str, Points]) -> dict[str, tuple[float, float]]:
    """Where each name begins, at half its height: beside the end of its line.

    A line that ends early has it above or below its end, where the other lines are further off.
    """
    edge = max(points[-1][0] for points in places.values())
    beside = {name: points[-1][1] for name, points in places.items() if points[-1][0] == edge}
    found = {name: (edge + 12, y) for name, y in _apart(beside).items()}
    for name, points in places.items():
        if name in found:
            continue
        x, y = points[-1]
        others = [other for key, other in places.items() if key != name]
        corners = [(x + side, y + up) for side in (4, -4 - 7 * len(name)) for up in (-GAP, GAP)]
        found[name] = max(corners, key=partial(_room, lines=others, width=7 * len(name)))
    return found


def _room(at: tuple[float, float], lines: Sequence[Points], width: float) -> float:
    """Pixels between a name at `at` and the nearest line above or below it."""
    x, y = at
    heights = (_height(line, x + along) for line in lines for along in (0, width / 2, width))
    return min((abs(y - height) for height in heights if height is not None), default=math.inf)


def _height(points: Points, x: float) -> float | None:
    """How high a line is at `x`; None where it does not go."""
    for (x1, y1), (x2, y2) in pairwise(points):
        if x1 <= x <= x2:
            return y1 + (y2 - y1) * (x - x1) / (x2 - x1)
    return None


def _decades(values: Sequence[float]) -> tuple[int, int]:
    """The powers of ten around the values, at least one apart."""
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    return low, max(high, low + 1)


def _apart(heights: Mapping[str, float]) -> dict[str, float]:
    """The heights, moved down where names would lie on each other."""
    found: dict[str, float] = {}
    last = -math.inf
    for name, height in sorted(heights.items(), key=lambda one: one[1]):
        last = max(height, last + GAP)
        found[name] = last
    return found
