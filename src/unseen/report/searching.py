"""From a detector and judged rows to what a report shows of a search."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
import torch
from numpy.typing import NDArray
from torch import Tensor

from unseen.data.scale import Pixels
from unseen.detectors.two_stage import TwoStage
from unseen.evaluation import hertz
from unseen.models.categorical import CoDVAE
from unseen.models.dual import CoDAE
from unseen.report.networks import image_shape, network_of, rebuilt, scaled
from unseen.report.search_content import CHANNELS, CodeMap, EventDisplay, SearchContent
from unseen.studies.judging import Judged
from unseen.studies.searching import Asked, searched
from unseen.studies.variables import of_table

Floats = NDArray[np.float64]
# Rows passed at a time, normal rows the best and worst rebuilt are looked for among, kinds displayed.
BLOCK, LOOKED_AT, KINDS = 256, 1_000, 8


def is_event(detector: TwoStage) -> bool:
    """Whether the rows are event images: energies on a grid, scaled by their logarithm."""
    return image_shape(detector) is not None and not isinstance(detector.scaler_, Pixels)


def search_content(detector: TwoStage, judged: Judged, asked: Asked, *, seed: int = 0) -> SearchContent:
    """Return what a search shows of judged rows; events are displayed where the rows are event images.

    Raises:
        DataError: As `unseen.studies.searching.searched`.

    """
    values = np.empty(0)
    if asked.fixed is not None:
        values = of_table(judged.table, [asked.fixed], judged.beside)[asked.fixed]
    return SearchContent(
        found=searched(judged, asked, seed=seed),
        input_rate=hertz(asked.input_rate),
        scores=judged.scores,
        kinds=judged.kinds,
        normal=judged.normal,
        variable=asked.fixed or "",
        values=values,
        displays=dict(_displays(detector, judged)) if is_event(detector) else {},
        code=_code(detector, judged),
    )


def _displays(detector: TwoStage, judged: Judged) -> Iterator[tuple[str, tuple[EventDisplay, ...]]]:
    normal = np.flatnonzero(judged.normal)[:LOOKED_AT]
    if normal.size > 1 and network_of(detector) is not None:
        apart = np.concatenate([np.abs(x - y).mean((1, 2, 3)) for x, y in _rebuilt(detector, judged, normal)])
        places = normal[[int(apart.argmin()), int(apart.argmax())]]
        words = ["best rebuilt normal event", "worst rebuilt normal event"]
        yield "Best and worst rebuilt", _shown(detector, judged, places, words)
    kinds = sorted(set(judged.kinds[~judged.normal].tolist()))[:KINDS]
    for first in range(0, len(kinds), 2):
        pair = kinds[first : first + 2]
        places = np.array([_strangest(judged, kind) for kind in pair])
        words = [f"{kind} · row {judged.places[row]}" for kind, row in zip(pair, places, strict=True)]
        shown = _shown(detector, judged, places, words)
        if shown:
            yield f"The strangest: {', '.join(pair)}", shown


def _strangest(judged: Judged, kind: str) -> int:
    rows = np.flatnonzero((judged.kinds == kind) & ~judged.normal)
    return int(rows[judged.scores[rows].argmax()])


def _shown(
    detector: TwoStage, judged: Judged, places: NDArray[np.intp], words: Sequence[str]
) -> tuple[EventDisplay, ...]:
    pairs = [pair for x, y in _rebuilt(detector, judged, places) for pair in zip(x, y, strict=True)]
    masks = isinstance(detector.model, CoDAE | CoDVAE) and not detector.model.energies
    shape = image_shape(detector)
    names = CHANNELS if shape is not None and shape[0] == len(CHANNELS) else ()
    return tuple(
        EventDisplay(word, x, y, names=names[: len(x)], masks=masks)
        for word, (x, y) in zip(words, pairs, strict=True)
    )


def _rebuilt(detector: TwoStage, judged: Judged, places: NDArray[np.intp]) -> Iterator[tuple[Floats, Floats]]:
    """Yield images and what the first network makes of them, (n, C, H, W) each, block by block."""
    network = network_of(detector)
    if network is None:
        return
    for start in range(0, len(places), BLOCK):
        x = scaled(detector, judged.table.take(pa.array(places[start : start + BLOCK])))
        given, made = rebuilt(network, x)
        yield given.double().numpy(), made.double().numpy()


def _code(detector: TwoStage, judged: Judged) -> CodeMap | None:
    """Return the two-number code of each row: the small code of a dual network, or a latent space of two."""
    network = network_of(detector)
    if network is None:
        return None
    parts: list[Tensor] = []
    for start in range(0, judged.table.num_rows, BLOCK):
        with torch.inference_mode():
            passed = network(scaled(detector, judged.table.slice(start, BLOCK)))
        code = getattr(passed, "condition", None)
        code = passed.posterior.mean if code is None else code
        if code is None or code.ndim != 2 or code.shape[1] != 2:
            return None
        parts.append(code)
    return CodeMap(torch.cat(parts).double().numpy(), judged.kinds, judged.normal) if parts else None
