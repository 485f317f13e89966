"""Panels of a search: significance improvement, what a cut does to a variable, the bump hunt."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from unseen.evaluation import sic_curve
from unseen.evaluation.weights import weighted_quantile
from unseen.report.content import Content
from unseen.report.figures import search
from unseen.report.figures.scores import MOST_KINDS
from unseen.report.panels import Panel, panel_of
from unseen.report.tables import Table
from unseen.studies.sculpting import Sculpted


def improvement_panel(content: Content) -> Iterator[Panel]:
    """Significance improvement of each kind; nothing where nothing is labelled or rows are too few."""
    main = content.main
    if main.evaluation is None:
        return
    curves = {}
    for name, rows in main.kinds.items():
        own = main.weights_of(name)
        curve = sic_curve(main.normal, rows, normal_weights=main.normal_weights, anomaly_weights=own)
        if curve.tpr.size > 1:
            curves[name] = curve.thin(200)
    drawn = {name: curves[name] for name in main.hardest(MOST_KINDS) if name in curves}
    if not drawn:
        return
    points = tuple(
        (name, float(t), float(f), float(s))
        for name, curve in curves.items()
        for t, f, s in zip(curve.tpr, curve.fpr, curve.sic, strict=True)
    )
    some = f" Shown: the {MOST_KINDS} kinds hardest to rank." if len(drawn) < len(curves) else ""
    yield panel_of(
        "sic",
        "Gain in significance",
        "By how much a cut multiplies signal over root background, TPR / sqrt(FPR); above the dotted line "
        f"the cut helps a search. Drawn while ten normal rows are left.{some}",
        search.improvement(drawn, main.evaluation),
        Table(("kind", "tpr", "fpr", "sic"), points),
    )


def mass_panels(content: Content) -> Iterator[Panel]:
    """Spectrum before and after the cut, rates by tenth, and the bump hunt; nothing without a variable."""
    mass = content.mass
    if mass is None:
        return
    yield _spectrum(mass)
    parts = tuple(
        (float(low), float(high), part)
        for low, high, part in zip(
            mass.deciles.edges[:-1], mass.deciles.edges[1:], mass.deciles.share, strict=True
        )
    )
    yield panel_of(
        "deciles",
        "False alarms by tenth",
        f"One cut for all, which {mass.share:.1%} of the normal rows pass (dotted). A score that does not "
        f"know “{mass.name}” has every tenth on the dotted line; intervals are exact, 95 %.",
        search.by_decile(mass.deciles, name=mass.name, rate=mass.share),
        Table(("low", "high", "rate"), parts),
    )
    if mass.bump is not None:
        yield _bump(mass)


def _spectrum(mass: Sculpted) -> Panel:
    low, high = weighted_quantile(mass.values, [0.001, 0.999], mass.weights)
    edges = np.linspace(low, high if high > low else low + 1.0, 31)
    own = np.ones(mass.values.size) if mass.weights is None else mass.weights
    before, after = (
        np.histogram(mass.values[mask], edges, weights=own[mask])[0] / max(own[mask].sum(), 1e-300)
        for mask in (np.ones(mass.values.size, dtype=bool), mass.selected)
    )
    found = mass.joined
    chance = "as random rows give" if found.p_value > 0.05 else "more than random rows give"
    rows: tuple[tuple[float, float, float, float], ...] = tuple(
        zip(edges[:-1].tolist(), edges[1:].tolist(), before.tolist(), after.tolist(), strict=True)
    )
    return panel_of(
        "spectrum",
        "Before and after the cut",
        f"Normal rows only. The two differ by a Jensen-Shannon divergence of {found.js:.3f} bits, {chance} "
        f"({found.by_chance:.3f}, p = {found.p_value:.2g}); distance correlation of score and variable "
        f"{mass.dependence:.2f}.",
        search.spectrum(
            edges,
            before,
            after,
            name=mass.name,
            before_words=f"all {mass.values.size:,} normal rows",
            after_words=f"the strangest {mass.share:.1%} ({found.selected:,})",
        ),
        Table(("low", "high", "all", "selected"), rows),
    )


def _bump(mass: Sculpted) -> Panel:
    found = mass.bump
    assert found is not None  # noqa: S101 - asked before
    rows: tuple[tuple[float, float, float, float], ...] = tuple(
        zip(
            found.edges[:-1].tolist(),
            found.edges[1:].tolist(),
            found.observed.tolist(),
            found.expected.tolist(),
            strict=True,
        )
    )
    doubt = (
        " The smooth background does not fit outside of the window, so neither p is to be trusted."
        if found.fit_p < 0.01
        else ""
    )
    return panel_of(
        "bump",
        "Bump hunt above the cut",
        f"All judged rows above the cut, anomalies too. Most surprising window: {found.low:,.4g} to "
        f"{found.high:,.4g}, {found.in_window:,.1f} where {found.background:,.1f} are expected, local p = "
        f"{found.local_p:.1g}; anywhere, p = {found.global_p:.2g} (from toys).{doubt}",
        search.bump(found, name=mass.name),
        Table(("low", "high", "observed", "expected"), rows),
    )


def weight_note(content: Content) -> Iterator[str]:
    """Say that events are weighted, and what they are worth."""
    evaluation = content.main.evaluation
    if evaluation is None or evaluation.effective is None:
        return
    yield (
        f"Weighted events: every share is one of the weight. The {evaluation.normals:,} normal rows are "
        f"worth {evaluation.effective:,.0f} of equal weight, which counts where a number of rows decides."
    )
