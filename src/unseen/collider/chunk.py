"""One chunk of events: under a seed of its own, so it is the same whoever makes it and whenever."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unseen.collider import kinematics
from unseen.collider.cluster import Jets
from unseen.collider.generator import Event, Generator
from unseen.collider.physics import Physics
from unseen.collider.pileup import Pool
from unseen.collider.selection import event_features, event_jets, scalar_sum, truth_features
from unseen.collider.settings import Run, pythia_seed
from unseen.collider.store import Jagged, Record
from unseen.collider.suep import Shower, boiled
from unseen.errors import ConfigError

HOPELESS = 20_000
"""Tries in a row without an event that passes, after which the selection is called too tight."""

Tell = Callable[[int, int], None]


@dataclass
class _Rows:
    """What is gathered event by event."""

    features: list[Mapping[str, float]] = field(default_factory=list)
    jets: list[NDArray[np.float64]] = field(default_factory=list)
    particles: list[tuple[Event, NDArray[np.int64]]] = field(default_factory=list)
    images: list[NDArray[np.float32]] = field(default_factory=list)


def make_chunk(
    run: Run, number: int, count: int, pool: Pool | None = None, tell: Tell | None = None
) -> Record:
    """Make `count` events that pass the selection; a smaller count makes the first of the same events.

    Args:
        run: settled settings.
        number: of the chunk, from 0 on.
        count: number of events.
        pool: pile-up to draw from.
        tell: called as `tell(accepted, tried)` after every accepted event.

    Raises:
        ConfigError: Pythia refuses the settings, or no event passes.

    """
    rng = run.stream(number)
    source = Generator(run.lines(), pythia_seed(rng), run.process.truth)
    rows = _Rows()
    tried = last = near = 0
    while len(rows.features) < count:
        event = _drawn(source, run.physics, rng)
        tried += 1
        if _accepted(event, run, rows, pool, rng):
            last = tried
            near += event.pt_hat < 1.1 * (run.physics.pt_hat_min or 0.0)
            if tell is not None:
                tell(len(rows.features), tried)
        elif tried - last >= HOPELESS:
            raise ConfigError(
                f"none of {HOPELESS:,} {run.physics.process} events in a row passed the selection "
                f"{run.selection.kind}; lower --pt-min or --ht-min, or raise --pt-hat-min"
            )
    section, error = source.cross_section
    counts = {"tried": tried, "accepted": count, "near_pt_hat_min": near}
    sections = {"cross_section_pb": section, "cross_section_error_pb": error}
    return _record(rows, {**_alone(counts), **_alone(sections)})


def _alone(values: Mapping[str, float]) -> dict[str, NDArray[Any]]:
    return {name: np.array([value]) for name, value in values.items()}


def _drawn(source: Generator, physics: Physics, rng: np.random.Generator) -> Event:
    event = source.draw()
    if physics.process == "suep" and physics.temperature and physics.meson_mass and physics.photon_mass:
        event = boiled(event, Shower(physics.temperature, physics.meson_mass, physics.photon_mass), rng)
    return event.visible()


def _accepted(event: Event, run: Run, rows: _Rows, pool: Pool | None, rng: np.random.Generator) -> bool:
    selection = run.selection
    ht = scalar_sum(event.p4, selection.eta_max)
    if not selection.may_keep(event.p4, ht):
        return False
    jets = event_jets(event.p4, selection)
    if not selection.keeps(ht, jets):
        return False
    features = event_features(event.p4, jets, ht, event.weight, selection.radius)
    features |= truth_features(event.truth)
    if run.detector is not None:
        further = pool.draw(run.detector.pile_up, rng) if pool is not None else None
        image, tracks = run.detector.observe(event, further, rng)
        rows.images.append(image)
        features["n_tracks"] = float(tracks)
    rows.features.append(features)
    rows.jets.append(jets.p4)
    if run.particles:
        rows.particles.append((event, _places(jets, len(event.p4))))
    return True


def _places(jets: Jets, count: int) -> NDArray[np.int64]:
    places = np.full(count, -1, dtype=np.int64)
    for place, members in enumerate(jets.members):
        places[members] = place
    return places


def _record(rows: _Rows, chunks: Mapping[str, NDArray[Any]]) -> Record:
    events: dict[str, NDArray[Any]] = {}
    for name in rows.features[0]:
        values = np.array([row[name] for row in rows.features], dtype=np.float64)
        events[name] = values.astype(np.int64) if name == "n_tracks" else values
    jagged = {"jets": _lists(rows.jets)}
    if rows.particles:
        lists = _lists([event.p4 for event, _ in rows.particles])
        more: dict[str, NDArray[Any]] = {
            "pdg": np.concatenate([event.pdg for event, _ in rows.particles]).astype(np.int32),
            "charge": np.concatenate([event.charge for event, _ in rows.particles]).astype(np.float32),
            "jet": np.concatenate([places for _, places in rows.particles]).astype(np.int16),
        }
        jagged["particles"] = Jagged({**lists.columns, **more}, lists.offsets)
    return Record(events, chunks, jagged, np.stack(rows.images) if rows.images else None)


def _lists(vectors: list[NDArray[np.float64]]) -> Jagged:
    flat = np.concatenate(vectors)
    columns = {
        name: np.asarray(getattr(kinematics, name)(flat), np.float32) for name in ("pt", "eta", "phi", "mass")
    }
    return Jagged(columns, np.concatenate([[0], np.cumsum([len(one) for one in vectors])]).astype(np.int64))
