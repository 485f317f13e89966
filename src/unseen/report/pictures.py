"""Pictures and their symmetries as a page: what was looked at, what its network made of it, a table each."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from unseen.errors import need
from unseen.report.content import Provenance
from unseen.report.document import Page, Picture, Section, write_page
from unseen.report.tables import Table, to_html

if TYPE_CHECKING:
    from unseen.decoy.verdicts import Judged, Reading

Floats = NDArray[np.floating[Any]]

COLUMNS = (
    "symmetry",
    "verdict",
    "level",
    "level, detrended",
    "by chance in",
    "agreement",
    "agreement, detrended",
    "best patch",
)
HOW = (
    "Level: share of the light and dark that has the symmetry, read from the last hidden layer of a small "
    "network that only learned which of five levels of brightness each place has.",
    "Detrended: without the mean of each ring around the centre and of each row, so that a horizon or a dark "
    "rim does not count as symmetry. Shifts from left to right and turns by any angle are nothing else, and "
    "are read from the picture as it is.",
    "By chance in: how often two unrelated works of art agree as much under that change; in less than 5 % of "
    "the pairs it is called more than chance. Half of any picture survives a mirror by chance, so a level of "
    "50 % under a mirror is none.",
    "Agreement: of the picture itself with its mirrored, turned or shifted self; 1 is the same, 0 has "
    "nothing to do with it. Best patch: the largest agreement of one of the 3 x 3 patches.",
)


def write_pictures(judged: Sequence[Judged], path: str | Path, *, command: str = "", seed: int = 0) -> Path:
    """Write the page of a few pictures; it holds their centre squares, 192 pixels a side.

    Raises:
        MissingExtraError: Pillow, Jinja2 or matplotlib is not installed.

    """
    sections = [Section("how", "How to read it", sentences=HOW)]
    for number, one in enumerate(judged):
        sections.append(
            Section(
                f"picture-{number}",
                Path(one.seen.name).name,
                gallery=(
                    Picture(
                        link(one.seen.square), "centre square", (f"{one.seen.size[0]} x {one.seen.size[1]}",)
                    ),
                    Picture(link(one.leading), "as its network sees it", ("first component",)),
                ),
                tables=(("", to_html(table_of(one.readings))),),
                sentences=one.seen.notes,
            )
        )
    page = Page(
        title="Symmetry of pictures",
        summary=summary(judged),
        provenance=Provenance("pictures", len(judged), seed=seed, command=command),
        sections=tuple(sections),
    )
    return write_page(page, path)


def summary(judged: Sequence[Judged]) -> str:
    """Say of each picture which symmetries it has, at most five pictures."""
    said = []
    for one in judged[:5]:
        found = [f"{r.symmetry} ({r.words})" for r in one.readings if r.present]
        said.append(f"{Path(one.seen.name).name}: {', '.join(found) or 'no symmetry beyond chance'}.")
    more = f" And {len(judged) - 5} more below." if len(judged) > 5 else ""
    return " ".join(said) + more


def table_of(readings: Sequence[Reading]) -> Table:
    """Return one row a symmetry."""
    return Table(COLUMNS, tuple(_row(reading) for reading in readings))


def _row(reading: Reading) -> tuple[str, ...]:
    whole, other = reading.whole, reading.detrended
    p = (other or whole).p
    return (
        reading.symmetry,
        reading.words,
        f"{whole.level:.0%}",
        f"{other.level:.0%}" if other else "-",
        f"{p:.0%}",
        f"{round(whole.agreement, 2) + 0:.2f}",
        f"{round(other.agreement, 2) + 0:.2f}" if other else "-",
        f"{round(reading.patches, 2) + 0:.2f}",
    )


def link(square: Floats, *, side: int = 192) -> str:
    """Return a square (S, S) of any range as a PNG in a data URI, its darkest black, its brightest white."""
    pillow: Any = need("PIL.Image", extra="images", purpose="showing a picture")
    low, high = float(square.min()), float(square.max())
    grey = ((square - low) / ((high - low) or 1.0) * 255).round().astype(np.uint8)
    image = pillow.fromarray(grey).resize((side, side), pillow.Resampling.NEAREST)
    stream = io.BytesIO()
    image.save(stream, "PNG", optimize=True)
    return f"data:image/png;base64,{base64.b64encode(stream.getvalue()).decode('ascii')}"
