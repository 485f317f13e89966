"""What the study draws and writes beside its numbers: figures, the page of works, table, reference."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unseen.decoy.elements import GROUPS
from unseen.decoy.networks import Schedule, train, untrained
from unseen.decoy.pictures import BANDS
from unseen.decoy.reference import SIGHTS
from unseen.decoy.templates import CLASSES, FAMILIES, Templates, joined, make
from unseen.evaluation import Record
from unseen.recipes.symmetry_decoy import figures as draw
from unseen.recipes.symmetry_decoy import naming, works
from unseen.report.content import Provenance
from unseen.report.document import Page, Picture, Section, render_page
from unseen.report.panels import panel_of
from unseen.report.pictures import link
from unseen.report.svg import inline
from unseen.report.tables import Table, to_html

Floats = NDArray[np.floating[Any]]

SHOWN = (naming.DENSITY, naming.DENSITIES, naming.MAPS, naming.MOVED, naming.PLAIN, naming.EVERY_LAYER)
FIRST_SHOWN, LAST_SHOWN = 24, 6


def figures(
    records: Sequence[Record], gallery: works.Gallery, config: dict[str, Any]
) -> dict[str, Callable[[], str]]:
    """Return what draws each figure."""
    found = {
        "templates.svg": lambda: inline(draw.gallery(one_each()), "templates", "Templates"),
        "components.svg": lambda: inline(_components(config), "components", "What hidden layers show"),
        "confusion.svg": lambda: inline(draw.confusion(confusions(records)), "confusion", "Confusions"),
        "levels.svg": lambda: inline(draw.levels(*_levels(records)), "levels", "Level read and made with"),
        "works.svg": lambda: inline(_scatter(gallery), "works", "Works by both scores"),
    }
    curves = _curves(records)
    if curves:
        found["steps.svg"] = lambda: inline(draw.steps(curves), "steps", "Read-outs by steps")
    return found


def files(gallery: works.Gallery) -> dict[str, Callable[[], bytes]]:
    """Return what makes each file; the page holds the works and is not committed."""
    return {
        "works.csv": lambda: works.table(gallery),
        "reference.json": gallery.reference.to_bytes,
        "paintings.html": lambda: page(gallery).encode(),
    }


def one_each() -> Templates:
    """Return a template of each class and family, class by class."""
    several = [make(1, [family], seed=0, purpose=21 + i) for i, family in enumerate(FAMILIES)]
    both = joined(several)
    order = [i * len(CLASSES) + j for j in range(len(CLASSES)) for i in range(len(FAMILIES))]
    return both.take(np.array(order))


def _components(config: dict[str, Any]) -> Any:
    some = make(1, ["waves"], seed=0, purpose=22)
    schedule = Schedule(**config["schedule"])
    trained = train(some.values, seed=0, schedule=schedule)
    return draw.seen(some, trained, untrained(len(some), seed=0, schedule=schedule))


def confusions(records: Sequence[Record]) -> dict[str, Floats]:
    """Read-out -> how often each class (row) of the unseen family is named which (column)."""
    found: dict[str, Floats] = {name: np.zeros((len(CLASSES), len(CLASSES))) for name in SHOWN}
    for r in records:
        if r.detector in found and r.metric.startswith("named "):
            place = CLASSES.index(r.kind), CLASSES.index(r.metric.removeprefix("named "))
            found[r.detector][place] += r.value
    return found


def _levels(records: Sequence[Record]) -> tuple[Floats, Floats, list[str]]:
    mine = {(r.seed, r.kind, r.metric): r.value for r in records if r.detector == "level"}
    keys = [(seed, kind) for seed, kind, metric in mine if metric == "read"]
    true = np.array([mine[seed, kind, "made with"] for seed, kind in keys])
    told = np.array([mine[seed, kind, "read"] for seed, kind in keys])
    return true, told, [kind.rpartition(" ")[0] for _, kind in keys]


def _curves(records: Sequence[Record]) -> dict[str, list[tuple[float, float]]]:
    found: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for r in records:
        if r.detector == "steps":
            found[r.metric].append((float(r.kind), r.value))
    return dict(found)


def _scatter(gallery: works.Gallery) -> Any:
    named = {words: gallery.place(file) for words, file in works.NAMED.items()}
    first = works.FIRST
    return draw.works(
        gallery.levels[1, :, first], gallery.agreement[1, :, first], named, words=f"{works.RANKED}, detrended"
    )


def page(gallery: works.Gallery) -> str:
    """Lay out the works: the ranking with pictures, the scores side by side, both controls."""
    behind = Table(
        ("file", "level", "agreement"),
        tuple(
            (file, float(gallery.levels[1, n, works.FIRST]), float(gallery.agreement[1, n, works.FIRST]))
            for n, file in enumerate(gallery.files)
        ),
    )
    panel = panel_of(
        "works",
        "What the networks hold and what the pictures say",
        "Each point is a work: to the right the more the picture agrees with its mirrored self, upwards the "
        "higher the level read from the hidden layer of the network that learned it. Orange: both controls.",
        _scatter(gallery),
        behind,
    )
    order = gallery.order.tolist()
    return render_page(
        Page(
            title="Symmetry of works of art",
            summary=" ".join(f"{note[0].upper()}{note[1:]}." for note in works.notes(gallery)),
            provenance=Provenance("paintings_512.zip", len(gallery.files), seed=0),
            sections=(
                Section("controls", "Both controls", gallery=_controls(gallery)),
                Section("scores", "Scores", panels=(panel,), tables=(("", to_html(_summary(gallery))),)),
                Section("first", "The most mirror-like", gallery=_pictures(gallery, order[:FIRST_SHOWN])),
                Section("last", "The least", gallery=_pictures(gallery, order[-LAST_SHOWN:])),
            ),
        )
    )


def _controls(gallery: works.Gallery) -> tuple[Picture, ...]:
    return _pictures(gallery, [gallery.place(file) for file in works.NAMED.values()])


def _pictures(gallery: works.Gallery, places: Sequence[int]) -> tuple[Picture, ...]:
    rank = {n: place for place, n in enumerate(gallery.order.tolist(), start=1)}
    found = []
    for n in places:
        lines = [f"{works.RANKED}, number {rank[n]}"]
        for i, sight in enumerate(SIGHTS):
            level, agreement = gallery.levels[i, n, works.FIRST], gallery.agreement[i, n, works.FIRST]
            lines.append(f"{sight}: level {level:.0%}, agreement {agreement:.2f}")
        lines.append(f"by chance in {gallery.p[1, n, works.FIRST]:.0%}")
        found.append(Picture(link(gallery.squares[n]), gallery.titles[n], tuple(lines)))
    return tuple(found)


def _summary(gallery: works.Gallery) -> Table:
    """One row a symmetry: medians and how the two scores go together, as it is and detrended."""
    numbers = {(r.kind, r.metric): r.value for r in gallery.records}
    metrics = [r.metric for r in gallery.records if r.kind == f"{works.RANKED}, {SIGHTS[0]}"]
    rows = [
        (name, sight, *(f"{numbers[f'{name}, {sight}', metric]:.2f}" for metric in metrics))
        for name in GROUPS
        for i, sight in enumerate(SIGHTS)
        if not (i and name in BANDS)
    ]
    return Table(("symmetry", "sight", *metrics), tuple(rows))
