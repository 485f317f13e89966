"""One look for all figures: palette for light and dark, fonts, axes; no global state left behind."""

from __future__ import annotations

import functools
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ParamSpec

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from matplotlib.font_manager import get_font_names
from matplotlib.ticker import FuncFormatter

P = ParamSpec("P")
WIDTH = 5.2
"""Inches. One narrow width for all figures: two fit beside each other on a screen, one fills a phone."""


@dataclass(frozen=True)
class Colour:
    """A colour by its role, for light and for dark paper; the page switches between the two."""

    role: str
    light: str
    dark: str


INK = Colour("ink", "#1b2430", "#e6ebf1")
MUTED = Colour("muted", "#5d6875", "#9ba7b4")
GRID = Colour("grid", "#e4e8ed", "#2b343f")
NORMAL = Colour("normal", "#8e98a4", "#7d8896")
FILL = Colour("fill", "#d3d8df", "#3c4653")
# Okabe and Ito's colour-blind-safe set, darkened until text in it is readable on white (4 : 1 and more):
# warm for what the detector was told, cool for what it never saw.
TOLD = Colour("told", "#c25400", "#ff9350")
UNSEEN = Colour("unseen", "#0072b2", "#57b6f2")
WARM = (TOLD, Colour("warm2", "#a07000", "#f2bd4b"), Colour("warm3", "#b0447a", "#ec92bb"))
COOL = (
    UNSEEN,
    Colour("cool2", "#00805e", "#46cfa5"),
    Colour("cool3", "#5b4fa2", "#ada2f5"),
    Colour("cool4", "#2f6f80", "#8fd3e3"),
)
PALETTE = (INK, MUTED, GRID, NORMAL, FILL, *WARM, *COOL)
DASHES: tuple[Any, ...] = ("-", (0, (5, 1.5)), (0, (1.5, 1.2)), (0, (6, 1.5, 1.5, 1.5)))

FONTS = ("Liberation Sans", "Arial", "Helvetica", "DejaVu Sans")
"""Text is measured with the first that is installed (all but the last have Arial's widths)."""


@functools.cache
def _font() -> str:
    installed = set(get_font_names())
    return next((name for name in FONTS if name in installed), "DejaVu Sans")


def rc() -> dict[str, Any]:
    """Return matplotlib's settings for drawing and for saving."""
    return {
        "font.family": _font(),
        "font.size": 9.5,
        "text.color": INK.light,
        "text.parse_math": False,  # a kind may be called "$5 scam"
        "axes.edgecolor": NORMAL.light,
        "axes.labelcolor": MUTED.light,
        "axes.labelsize": 9.5,
        "axes.linewidth": 0.8,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.axisbelow": True,
        "axes.grid": True,
        "axes.unicode_minus": True,
        "grid.color": GRID.light,
        "grid.linewidth": 0.8,
        "xtick.color": MUTED.light,
        "ytick.color": MUTED.light,
        "xtick.major.size": 0,
        "ytick.major.size": 0,
        "xtick.minor.size": 0,
        "ytick.minor.size": 0,
        "xtick.labelsize": 9,
        "ytick.labelsize": 9,
        "lines.linewidth": 1.9,
        "lines.solid_capstyle": "round",
        "figure.facecolor": "none",
        "axes.facecolor": "none",
        "savefig.facecolor": "none",
        "svg.fonttype": "none",
        "svg.image_inline": True,
    }


def styled(draw: Callable[P, Figure]) -> Callable[P, Figure]:
    """Draw under the style of the house, and leave the caller's settings as they were."""

    @functools.wraps(draw)
    def inside(*args: P.args, **kwargs: P.kwargs) -> Figure:
        with mpl.rc_context(rc()):
            return draw(*args, **kwargs)

    return inside


def canvas(height: float) -> Figure:
    """Return an empty figure of the house width, `height` in inches."""
    return Figure(figsize=(WIDTH, height), layout="constrained")


def kind_styles(told: Sequence[str], unseen: Sequence[str]) -> dict[str, tuple[str, Any]]:
    """Give each kind its colour and dash: warm where told, cool where unseen, the same in every figure."""
    return {
        name: (colours[i % len(colours)].light, DASHES[(i // len(colours)) % len(DASHES)])
        for names, colours in ((told, WARM), (unseen, COOL))
        for i, name in enumerate(names)
    }


_UNPRINTABLE = {"Cc", "Cs", "Cn", "Co"}
_TURNS = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
"""Marks that turn the writing direction of all that follows."""


def label(text: object, most: int = 26) -> str:
    r"""Make any text fit for a figure: one line, no control characters, at most `most` characters.

    >>> label("a\nb"), label("x" * 40, 6)
    ('a b', 'xxxxx…')
    """
    flat = "".join(
        " " if c.isspace() else "�" if unicodedata.category(c) in _UNPRINTABLE or c in _TURNS else c
        for c in str(text)
    )
    flat = " ".join(flat.split()) or "(no name)"
    return flat if len(flat) <= most else flat[: most - 1] + "…"


def percent(value: float, _position: object = None) -> str:
    """Write a rate as a reader says it.

    >>> [percent(v) for v in (1.0, 0.25, 0.01, 0.001, 0.00025)]
    ['100 %', '25 %', '1 %', '0.1 %', '0.025 %']
    """
    return f"{100 * value:.12g} %"


def number(value: float, _position: object = None) -> str:
    """Write a tick without an exponent where it stays short.

    >>> [number(v) for v in (0.0, 0.5, 1000.0, 1e7, 0.0001)]
    ['0', '0.5', '1,000', '1e+07', '0.0001']
    """
    if value != 0 and not 1e-4 <= abs(value) < 1e6:
        return f"{value:.0e}"
    return f"{value:,.6g}"


PERCENT = FuncFormatter(percent)
NUMBER = FuncFormatter(number)


def spread(positions: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Move label positions apart until neighbours are `gap` away, order kept, inside [low, high].

    >>> spread([0.5, 0.5, 0.9], 0.1, 0, 1)
    [0.45, 0.55, 0.9]
    """
    order = np.argsort(positions, kind="stable")
    n = len(positions)
    gap = min(gap, (high - low) / max(n - 1, 1))
    # Pool neighbours that collide and centre each pool on the mean of its members (isotonic regression).
    pools: list[list[float]] = []
    for rank, i in enumerate(order):
        pools.append([float(positions[i]) - rank * gap, 1.0])
        while len(pools) > 1 and pools[-2][0] > pools[-1][0]:
            start, size = pools.pop()
            pools[-1] = [
                (pools[-1][0] * pools[-1][1] + start * size) / (pools[-1][1] + size),
                pools[-1][1] + size,
            ]
    starts = [start for start, size in pools for _ in range(int(size))]
    placed = [0.0] * n
    for rank, i in enumerate(order):
        placed[i] = round(min(max(starts[rank], low), high - (n - 1) * gap) + rank * gap, 9)
    return placed
