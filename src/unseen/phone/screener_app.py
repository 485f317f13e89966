"""A screener as an app: its graph, the rule, the records of sources, and the page about the model."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

import unseen
from unseen.errors import ConfigError
from unseen.export.golden import TOLERANCE
from unseen.phone.bundle import WrittenApp, model_id, refuse_place, write_app
from unseen.phone.manifest import GateLevels, Manifest, MapScale
from unseen.screening.card import card as model_card
from unseen.screening.graph import Graph, Rounding, run, screener_graph
from unseen.screening.records import Record
from unseen.screening.screener import Screener
from unseen.seeds import generator

# Vectors that the app checks at every start.
GOLDEN = 3


@dataclass(frozen=True)
class ScreenerApp:
    """An app, and the graph in it."""

    app: WrittenApp
    graph: Graph

    def to_dict(self) -> dict[str, Any]:
        """Return JSON values."""
        graph = self.graph
        return {
            "app": self.app.to_dict(),
            "precision": graph.precision,
            "network_bytes": graph.network_bytes,
            "gate_bytes": graph.gate_bytes,
            "agreement": None if graph.agreement is None else vars(graph.agreement),
        }


def write_screener_app(
    screener: Screener,
    folder: str | os.PathLike[str],
    *,
    title: str = "unseen",
    records: Sequence[Record] = (),
    rounding: Rounding | None = None,
    demo: bool = False,
    card: Mapping[str, Any] | None = None,
    runtime: str | os.PathLike[str] | None = None,
) -> ScreenerApp:
    """Write a screener as an app: a film in, one of four answers out.

    Args:
        screener: Fitted.
        folder: Where the app goes; an older app there is replaced.
        title: Shown at the head of the app.
        records: Of the sources that people may choose.
        rounding: Films for 8 bits; None writes single precision.
        demo: Lets "no signs" pass without a record, under a red banner.
        card: Of the page about the model; None is what the model file knows.
        runtime: See `write_app`.

    Raises:
        ConfigError: Two records of one name.
        ModelFileError: The place is not fit, the graph differs from the screener, or the app weighs too much.
        MissingExtraError: The extra "export" is not installed.

    """
    names = [record.source for record in records]
    if len(set(names)) < len(names):
        raise ConfigError(f"records of sources {', '.join(names)} came; accepted: each name once")
    target = refuse_place(folder)
    graph = screener_graph(screener, rounding)
    rows = made_up_films(GOLDEN, screener.size)
    found = run(graph.model, rows)
    manifest = Manifest(
        kind="screener",
        id=model_id(graph.model),
        unseen=unseen.__version__,
        created=dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        title=title,
        framing=screener.framing.to_dict(),
        limits=screener.limits.to_dict(),
        map=MapScale(found["map"].shape[1], found["map"].shape[2], screener.most_),
        golden=tuple(
            {"rows": row.ravel().astype(float).tolist(), "logit": float(logit), "gate": float(gate)}
            for row, logit, gate in zip(rows, found["logit"], found["gate"], strict=True)
        ),
        card=dict(card or {}) or known_card(screener, graph),
        labels=screener.labels_,
        alpha=screener.rule.alpha,
        gate=GateLevels(screener.rule.refuse, screener.rule.amber),
        records=tuple(record.model_dump(mode="json") for record in records),
        base=screener.base_.model_dump(mode="json"),
        demo=demo,
        hints=True,
        tolerance=TOLERANCE["fp32" if graph.precision == "fp32" else "int8"],
    )
    return ScreenerApp(write_app(target, graph.model, manifest, runtime=runtime), graph)


def made_up_films(count: int, size: int) -> NDArray[np.float32]:
    """Make pictures with coarse light and shade, (count, 1, S, S), in whole grey levels of 8 bits."""
    rng = generator(0, 73)
    noise = np.stack([gaussian_filter(rng.normal(size=(size, size)), size / 8) for _ in range(count)])
    low, high = noise.min((1, 2), keepdims=True), noise.max((1, 2), keepdims=True)
    levels = np.rint(255 * (noise - low) / (high - low))[:, None]
    return np.asarray(levels / 255, dtype=np.float32)


def known_card(screener: Screener, graph: Graph) -> dict[str, Any]:
    """Say what the model file knows, for the page about the model."""
    return {
        **model_card(screener),
        "precision": graph.precision,
        "network_bytes": graph.network_bytes,
        "gate_bytes": graph.gate_bytes,
    }
