"""A reliability picture as SVG: the share of useful pairs over the chance that was given."""

from collections.abc import Sequence

from evaluation.calibration import Bin
from evaluation.intervals import wilson

SIDE, MARGIN = 360, 48  # pixels
# Greys and a blue that read on white as on black.
STYLE = (
    "text{font:12px sans-serif;fill:#888}line{stroke:#888}.grid{stroke-opacity:.25}"
    ".even{stroke-dasharray:4 4}.span{stroke:#48c;stroke-width:2}circle{fill:#48c}"
)


def picture(bins: Sequence[Bin]) -> str:
    """A dot a bin with the 95 % interval of its share; on the broken line chances are true."""
    size = SIDE + 2 * MARGIN
    middle = MARGIN + SIDE / 2
    shapes = [
        *(shape for tick in (0.0, 0.25, 0.5, 0.75, 1.0) for shape in _tick(tick)),
        _line("even", (0.0, 0.0), (1.0, 1.0)),
        *(shape for one in bins for shape in _dot(one)),
        f'<text x="{middle}" y="{size - 10}" text-anchor="middle">chance given</text>',
        f'<text x="14" y="{middle}" text-anchor="middle" transform="rotate(-90 14 {middle})">'
        "share judged useful</text>",
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size}" width="{size}">\n'
        f"<title>Chance given and share judged useful</title>\n<style>{STYLE}</style>\n"
        + "\n".join(shapes)
        + "\n</svg>\n"
    )


def _tick(at: float) -> list[str]:
    x, y = _place(at, 0.0)
    left, level = _place(0.0, at)
    return [
        _line("grid", (at, 0.0), (at, 1.0)),
        _line("grid", (0.0, at), (1.0, at)),
        f'<text x="{x:g}" y="{y + 16:g}" text-anchor="middle">{at:g}</text>',
        f'<text x="{left - 6:g}" y="{level + 4:g}" text-anchor="end">{at:g}</text>',
    ]


def _dot(one: Bin) -> list[str]:
    low, high = wilson(one.useful, one.pairs)
    x, y = _place(one.chance, one.useful / one.pairs)
    return [
        _line("span", (one.chance, low), (one.chance, high)),
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4"/>',
    ]


def _line(kind: str, start: tuple[float, float], end: tuple[float, float]) -> str:
    (x1, y1), (x2, y2) = _place(*start), _place(*end)
    return f'<line class="{kind}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def _place(x: float, y: float) -> tuple[float, float]:
    return MARGIN + SIDE * x, MARGIN + SIDE * (1.0 - y)
