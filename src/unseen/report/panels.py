"""From content to panels: a figure, one line on how to read it, and the numbers behind it as CSV."""

from __future__ import annotations

import base64
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from unseen.evaluation import calibration_curve, false_alarms, roc_curve
from unseen.evaluation.ranking import cut_at
from unseen.evaluation.tally import tally
from unseen.report import figures
from unseen.report.content import Content, Scored
from unseen.report.figures.scores import MOST_KINDS, score_edges, shares
from unseen.report.svg import inline
from unseen.report.tables import MEASURE_NAMES, Cell, Table, to_csv


@dataclass(frozen=True)
class Panel:
    """One figure of the page.

    Attributes:
        name: stable id.
        title: heading.
        reading: one line on how to read it.
        svg: the figure.
        link: data URI of the CSV behind it.

    """

    name: str
    title: str
    reading: str
    svg: str
    link: str


def panel_of(name: str, title: str, reading: str, figure: Figure, behind: Table) -> Panel:
    """Make a panel: the figure inline, the table behind it as a CSV in a data URI."""
    body = base64.b64encode(to_csv(behind).encode("utf-8", "replace")).decode("ascii")
    return Panel(
        name, title, reading, inline(figure, name, title), f"data:text/csv;charset=utf-8;base64,{body}"
    )


def ranking_panels(content: Content) -> Iterator[Panel]:
    """Dots with intervals and ROC curves; nothing where nothing is labelled."""
    main, evaluation = content.main, content.main.evaluation
    if evaluation is None:
        return
    yield _dots(
        content,
        "auc",
        "Each kind, ranked",
        "area under the ROC curve",
        "Filled: the judged score with its 95 % interval; open grey: what it stands beside. "
        "1 is perfect, 0.5 is chance.",
    )
    if any(k.measures.tpr_1e2.known for k in evaluation.kinds):
        yield _dots(
            content,
            "tpr_1e2",
            "Each kind, caught",
            "caught at 1 % false alarms",
            "The same where it is used: share of each kind above a threshold that one normal row in a "
            "hundred passes.",
        )
    curves = {
        name: roc_curve(
            main.normal, rows, normal_weights=main.normal_weights, anomaly_weights=main.weights_of(name)
        ).thin(240)
        for name, rows in main.kinds.items()
        if rows.size
    }
    drawn = {name: curves[name] for name in main.hardest(MOST_KINDS)}
    some = f" Shown: the {MOST_KINDS} kinds hardest to rank." if len(drawn) < len(curves) else ""
    points = tuple(
        (name, f, t) for name, curve in curves.items() for f, t in zip(curve.fpr, curve.tpr, strict=True)
    )
    behind = Table(("kind", "fpr", "tpr"), points)
    yield panel_of(
        "roc-log",
        "ROC, few false alarms",
        "Read at the left: how much is caught when hardly any normal row may alarm. "
        f"Dotted grey: guessing.{some}",
        figures.roc(drawn, evaluation, floor=1 / max(10, main.normal.size)),
        behind,
    )
    yield panel_of(
        "roc",
        "ROC",
        "The whole curve; the closer to the upper left corner, the better. "
        f"Warm colours: told kinds, cool colours: unseen ones.{some}",
        figures.roc(drawn, evaluation),
        behind,
    )


def _dots(content: Content, measure: str, title: str, axis: str, reading: str) -> Panel:
    rows = tuple(
        (scored.name, k.kind, "told" if k.told else "unseen", k.n, getattr(k.measures, measure))
        for scored in content.scores
        if scored.evaluation
        for k in scored.evaluation.kinds
    )
    behind = Table(("score", "kind", "role", "rows", measure), rows)
    return panel_of(
        f"dots-{measure.replace('_', '-')}",
        title,
        reading,
        figures.dots(content.scores, measure, axis),
        behind,
    )


def score_panel(scored: Scored) -> Panel:
    """Histograms of the score by kind."""
    threshold = None
    if scored.kinds and scored.normal.size >= 100:
        cut = cut_at(tally(scored.normal, scored.normal, scored.normal_weights), 0.01)
        threshold = cut if math.isfinite(cut) else None
    edges = score_edges(scored)
    sides = {"normal": (scored.normal, scored.normal_weights)}
    sides |= {name: (rows, scored.weights_of(name)) for name, rows in scored.kinds.items()}
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (name, float(low), float(high), float(share))
        for name, (values, weights) in sides.items()
        for low, high, share in zip(edges[:-1], edges[1:], shares(values, edges, weights), strict=True)
    )
    reading = (
        "Grey: normal rows, the same in every strip; colour: one kind. Heights are shares on a log scale, so "
        "a single row still shows."
    )
    if len(scored.kinds) > MOST_KINDS:
        reading += f" Shown: the {MOST_KINDS} kinds hardest to rank."
    if not scored.kinds:
        reading = "All scored rows; heights are shares on a log scale, so a single row still shows."
    return panel_of(
        "scores",
        "Scores by kind" if scored.kinds else "Scores",
        reading,
        figures.histograms(scored, threshold),
        Table(("kind", "low", "high", "share"), rows),
    )


def telling_panels(content: Content) -> Iterator[Panel]:
    """Show what being told changes: gain matrix and label budget."""
    if content.gains is not None:
        m = content.gains
        rows = tuple((t, k, float(m.gain[i, j])) for i, t in enumerate(m.told) for j, k in enumerate(m.kinds))
        yield panel_of(
            "gains",
            "What being told changes",
            "Change in AUC on each kind (column) after being told of the "
            "row's kinds. Blue is a gain, red a loss, white none; framed cells judge a told kind.",
            figures.gains(m),
            Table(("told", "kind", "gain"), rows),
        )
    if content.budget:
        points = tuple((c.name, k, e) for c in content.budget for k, e in c.points)
        yield panel_of(
            "budget",
            "How many labels it takes",
            "Mean over kinds against the number of told rows; bands "
            "are 95 % intervals. Orange: told kinds, blue: unseen ones.",
            figures.budget(content.budget, MEASURE_NAMES["auc"]),
            Table(("curve", "labels", "auc"), points),
        )


def calibration_panel(content: Content) -> Iterator[Panel]:
    """Stated against realised false-alarm rate."""
    if content.p_values is None or content.p_values.size == 0:
        return
    curve = calibration_curve(content.p_values, weights=content.p_weights)
    rows: Any = tuple(
        zip(*(a.tolist() for a in (curve.stated, curve.realised, curve.low, curve.high)), strict=True)
    )
    yield panel_of(
        "calibration",
        "Are the false-alarm rates true?",
        "On the dotted line, as many normal rows alarm as "
        "was stated; above it, more. The band is the exact 99 % interval.",
        figures.calibration(curve, false_alarms(content.p_values, weights=content.p_weights)),
        Table(("stated", "realised", "low", "high"), rows),
    )


def row_panels(content: Content) -> Iterator[Panel]:
    """Why the strangest rows are strange."""
    shown = [row for row in content.top if row.contributions][:4]
    if shown:
        parts = tuple(
            (str(r.row), c.feature, c.value, c.amount) for r in content.top for c in r.contributions
        )
        yield panel_of(
            "why",
            "Why these rows",
            "Each bar is one feature's part of the score (the parts add up to it), "
            "beside the value the row had.",
            figures.contributions(shown),
            Table(("row", "feature", "value", "part"), parts),
        )
    if content.images:
        sizes = tuple(
            (image.caption, float(np.square(image.image - image.reconstruction).mean()))
            for image in content.images
        )
        yield panel_of(
            "images",
            "The strangest images",
            "Above: as given; middle: as the model rebuilt it from what it "
            "knows as normal; below: where the two differ.",
            figures.images(content.images),
            Table(("caption", "mean squared residual"), sizes),
        )


def model_panels(content: Content) -> Iterator[Panel]:
    """Latent relevance and training trace."""
    if content.latent is not None:
        units = content.latent
        names = units.names or tuple(f"z{i}" for i in range(units.relevance.size))
        rows = tuple(
            (n, float(r), int(q)) for n, r, q in zip(names, units.relevance, units.noise, strict=True)
        )
        yield panel_of(
            "latent",
            "What the latent units carry",
            "How far each unit moves from the prior on normal rows; "
            "grey units carry nothing and could be left out.",
            figures.latent(units),
            Table(("unit", "relevance", "noise"), rows),
        )
    if content.trace is not None:
        t = content.trace
        columns = {"step": t.step, "normal": t.normal, "known": t.known, "ramp": t.ramp}
        kept = {name: values for name, values in columns.items() if values.size}
        lines: Any = tuple(zip(*(values.tolist() for values in kept.values()), strict=True))
        yield panel_of(
            "trace",
            "Training",
            f"{t.caption} (ink)"
            + (", known anomalies should not (orange)" if t.known.size else "")
            + ("; grey: the weight of the awareness term." if t.ramp.size else "."),
            figures.trace(t),
            Table(tuple(kept), lines),
        )
