"""A picture of a measure by system as SVG: a bar each, ours in blue."""

from collections.abc import Mapping

WIDTH, NAMES, HEIGHT = 420, 300, 20  # pixels: the longest bar, room for names, one bar
# Greys and a blue that read on white as on black.
STYLE = (
    "text{font:12px sans-serif;fill:#888}rect{fill:#888;fill-opacity:.45}.ours{fill:#48c;"
    "fill-opacity:1}.title{font-weight:bold}"
)


def picture(groups: Mapping[str, Mapping[str, float]], ours: str) -> str:
    """One group of bars under its title after the other; values range 0..1."""
    shapes, y = [], 10
    for title, values in groups.items():
        shapes.append(f'<text class="title" x="{NAMES}" y="{y + 14}">{title}</text>')
        y += HEIGHT + 2
        for name, value in values.items():
            shapes += _bar(name, value, y, is_ours=name == ours)
            y += HEIGHT
        y += HEIGHT
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {NAMES + WIDTH + 60} {y}" '
        f'width="{NAMES + WIDTH + 60}">\n<style>{STYLE}</style>\n'
        + "\n".join(shapes)
        + "\n</svg>\n"
    )


def _bar(name: str, value: float, y: int, *, is_ours: bool) -> list[str]:
    kind = ' class="ours"' if is_ours else ""
    long = max(1.0, WIDTH * value)
    return [
        f'<text x="{NAMES - 8}" y="{y + 13}" text-anchor="end">{name}</text>',
        f'<rect{kind} x="{NAMES}" y="{y + 2}" width="{long:.1f}" height="{HEIGHT - 5}"/>',
        f'<text x="{NAMES + long + 6:.1f}" y="{y + 13}">{value:.3f}</text>',
    ]
