"""Panels of a latent code: figures with one line on how to read them and the numbers behind."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from unseen.latent.rules import LEAST_NATS, counts, gap
from unseen.latent.traverse import LEVELS
from unseen.report.figures import code as figures
from unseen.report.panels import Panel, panel_of
from unseen.report.tables import Cell, Table
from unseen.studies.code_study import CodeStudy

# Units in a heat map, and features.
SHOWN, FEATURES = 24, 30
LEVEL = 0.01


def unit_panels(found: CodeStudy) -> Iterator[Panel]:
    """Spectra of rho and KL with the closed form, and histograms; without spread, decoder weights."""
    measures, counted, linear = found.reading.relevance, found.reading.relevant, found.embedding.linear
    names = found.reading.names
    behind = _spectrum_table(found)
    if measures.spread:
        fall = gap(measures)
        yield panel_of(
            "rho",
            "Relevance, rho",
            f"Signal over noise of each unit; dashed: 1. The largest gap, {fall.above:.3g} to "
            f"{fall.below:.3g}, parts what counts from noise. Rings: the closed form for a linear VAE.",
            figures.spectrum(
                measures.ratio,
                counted,
                axis="rho",
                line=1.0,
                law=None if linear is None else linear.relevance,
            ),
            behind,
        )
        yield panel_of(
            "kl",
            "What each unit says, KL",
            "Mean divergence from the prior, nats a row; dashed: 0.1. A unit at the prior says nothing.",
            figures.spectrum(
                measures.divergence, counted, axis="KL (nats)", line=LEAST_NATS,
                law=None if linear is None else linear.divergence,
            ),
            behind,
        )  # fmt: skip
        yield panel_of(
            "histograms",
            "Means and spreads",
            "Noise has means that stand still (left, near 0) and the spread of the prior (right, near 1).",
            figures.two_histograms(np.sqrt(measures.variance), measures.sigma, counted),
            Table(
                ("unit", "std mu", "mean sigma"),
                tuple(zip(names, np.sqrt(measures.variance).tolist(), measures.sigma.tolist(), strict=True)),
            ),
        )
    else:
        share = measures.weight / (np.nansum(measures.weight) or 1.0)
        yield panel_of(
            "weight",
            "Decoder weight",
            "Share of each unit in what the decoder makes of the code. Units that make up 99 % count.",
            figures.spectrum(share, counted, axis="share of the weight", line=0.01),
            behind,
        )


def _spectrum_table(found: CodeStudy) -> Table:
    measures, linear = found.reading.relevance, found.embedding.linear
    order = measures.order()
    rows: list[tuple[Cell, ...]] = []
    for place, unit in enumerate(order):
        law = (math.nan, math.nan)
        if linear is not None and place < linear.relevance.size:
            law = float(linear.relevance[place]), float(linear.divergence[place])
        rows.append(
            (
                found.reading.names[unit],
                "counts" if found.reading.relevant[unit] else "noise",
                float(measures.ratio[unit]),
                float(measures.divergence[unit]),
                float(measures.weight[unit]),
                *law,
            )
        )
    return Table(
        ("unit", "role", "rho", "KL", "weight", "rho of a linear VAE", "KL of a linear VAE"), tuple(rows)
    )


def tally_panel(found: CodeStudy) -> Panel:
    """Units by each rule beside rank and intrinsic dimension."""
    embedding = found.embedding
    linear = None if embedding.linear is None else embedding.linear.counted
    rows: list[tuple[Cell, ...]] = [
        ("units", rule, count, math.nan, math.nan) for rule, count in embedding.units.items()
    ]
    if linear is not None:
        rows.append(("units", "linear VAE, rho > 1", linear, math.nan, math.nan))
    if embedding.rank is not None:
        rows.append(("PCA rank", "eigenvalues above 1e-8", embedding.rank, math.nan, math.nan))
    for what, dimensions in (("rows", embedding.dimensions), ("code", embedding.of_code)):
        rows += [
            (f"dimension of the {what}", one.estimator, one.value, one.low, one.high) for one in dimensions
        ]
    return panel_of(
        "counts-by-rule",
        "Counts by rule",
        "Units by each rule (blue), linear directions, and the intrinsic dimension of the rows (orange) with "
        "95 % intervals where the estimator has one.",
        figures.tally(embedding.units, embedding.rank, linear, embedding.dimensions),
        Table(("what", "rule", "value", "low", "high"), tuple(rows)),
    )


def scan_panels(found: CodeStudy) -> Iterator[Panel]:
    """Show counts and rho against beta over seeds; nothing where no fits were asked for."""
    if found.scan is None:
        return
    rows: list[tuple[Cell, ...]] = []
    for fit in found.scan.fits:
        counted = counts(fit.relevance)
        for place, ratio in enumerate(fit.sorted_ratio.tolist()):
            rows.append((fit.beta, fit.seed, counted["rho > 1"], place + 1, ratio))
    names = found.embedding.dimensions
    yield panel_of(
        "against-beta",
        "The same network at other betas",
        "Rho of each unit (grey, mean of the seeds) and units with rho > 1 (blue, least to most over seeds). "
        "Orange band: intrinsic dimension. One beta or one seed is no result.",
        figures.against_beta(found.scan, [one.value for one in names]),
        Table(("beta", "seed", "units with rho > 1", "unit", "rho"), tuple(rows)),
    )


def kept_panel(found: CodeStudy) -> Panel:
    """Error against the number of units kept."""
    zero = found.reading.zero
    rows: list[tuple[Cell, ...]] = [(0, float(zero.none[0]), float(zero.none[0]))]
    for place, count in enumerate(zero.counts):
        rows.append((int(count), float(zero.top[place, 0]), float(zero.chance[:, place, 0].mean())))
    rows.append((found.reading.relevance.units, float(zero.full[0]), float(zero.full[0])))
    return panel_of(
        "kept",
        "Error with the first k units",
        "All other units stand at their mean. The diamond is the error with every spare unit gone at once.",
        figures.kept(zero),
        Table(("units kept", "most relevant", "by chance"), tuple(rows)),
    )


def association_panels(found: CodeStudy) -> Iterator[Panel]:
    """Heat map of the units that count and the features; nothing where there is none."""
    association = found.association
    if association is None:
        return
    order = [unit for unit in found.reading.relevance.order() if found.reading.relevant[unit]][:SHOWN]
    if not order:
        return
    strength = association.strength[order]
    wanted = np.argsort(-strength.max(0), kind="stable")[:FEATURES]
    wanted = np.sort(wanted)
    units = [found.reading.names[unit] for unit in order]
    columns = [association.features[place] for place in wanted]
    rows = tuple(
        (
            found.reading.names[unit],
            name,
            float(association.spearman[unit, place]),
            float(association.phi[unit, place]),
            float(association.information[unit, place]),
            float(association.p[unit, place]),
        )
        for unit in order
        for place, name in enumerate(association.features)
    )
    yield panel_of(
        "association",
        "Units and features",
        f"Larger of |rank correlation| and phi_K over {association.rows:,} rows; a dot where fewer than 1 in "
        f"100 of {association.permutations} shuffled tables have any pair as strong (99 of 100 stay below "
        f"{max(association.largest):.2f}). Only units that count: no decoder reads what others follow.",
        figures.heat(
            strength[:, wanted],
            units,
            columns,
            marks=(association.p[order] < LEVEL)[:, wanted],
            unit="strength",
        ),
        Table(("unit", "feature", "rank correlation", "phi_K", "information (nats)", "corrected p"), rows),
    )


def path_panels(found: CodeStudy) -> Iterator[Panel]:
    """Show what rows do when one unit is moved: images as strips, tables as shades."""
    shape = found.detector.input_shape
    names = [found.reading.names[path.unit] for path in found.paths]
    if len(shape) == 3:
        pictures = np.array([path.typical.reshape(len(LEVELS), *shape).sum(1) for path in found.paths])
        rows = tuple(
            (name, level, value)
            for name, path in zip(names, found.paths, strict=True)
            for level, value in zip(LEVELS, path.values.tolist(), strict=True)
        )
        yield panel_of(
            "moved",
            "One image, one unit moved",
            "The image whose code is nearest the middle, rebuilt with one unit at seven of its quantiles; "
            "channels are summed, shades are the row's own.",
            figures.strips(pictures, names, np.array(LEVELS)),
            Table(("unit", "quantile", "value"), rows),
        )
        return
    change = np.array([path.features[-1] - path.features[0] for path in found.paths])
    size = found.detector.unscaled(found.reading.code.rows.double().numpy()).std(0)
    scaled = change / np.where(size > 0, size, 1.0)
    wanted = np.sort(np.argsort(-np.abs(scaled).max(0), kind="stable")[:FEATURES])
    steps: tuple[tuple[Cell, ...], ...] = tuple(
        (name, float(level), float(value), found.features[place], float(path.features[step, place]))
        for name, path in zip(names, found.paths, strict=True)
        for step, (level, value) in enumerate(zip(LEVELS, path.values, strict=True))
        for place in wanted
    )
    yield panel_of(
        "moved",
        "How far features move with a unit",
        "From the 1 % to the 99 % quantile of the unit, the others left, averaged over 64 rows; in standard "
        "deviations of the feature. In their own units, step by step, behind the link.",
        figures.heat(
            scaled[:, wanted],
            names,
            [found.features[place] for place in wanted],
            signed=True,
            unit="std of the feature",
        ),
        Table(("unit", "quantile", "value", "feature", "decoded"), steps),
    )
