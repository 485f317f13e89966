"""From a detector and judged rows to the content of a report."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np
import pyarrow as pa
import torch
from numpy.typing import NDArray
from torch import Tensor

import unseen
from unseen.class_scores import Uniformity
from unseen.detectors.classify import AwareClassifier
from unseen.detectors.ensemble import CommitteeDetector
from unseen.detectors.two_stage import TwoStage
from unseen.evaluation import Evaluation
from unseen.models.classifier import Classifier
from unseen.models.vae import VAE
from unseen.objectives import Uniform
from unseen.report.content import (
    BudgetCurve,
    Content,
    Contribution,
    ImageRow,
    Latent,
    Provenance,
    Scored,
    TopAnomaly,
    Trace,
    sentence,
)
from unseen.report.networks import image_shape, network_of, rebuilt, scaled
from unseen.report.regions import region_of
from unseen.report.search_content import CHANNELS
from unseen.report.searching import is_event, search_content
from unseen.report.who_said import inside, who_said
from unseen.studies.explaining import explain_rows
from unseen.studies.joining import joined_by
from unseen.studies.judging import Judged
from unseen.studies.scoring import ALARM, P_VALUE, ROW, SCORE
from unseen.studies.searching import Asked

Floats = NDArray[np.float64]

# Rows explained, images shown, and normal rows the latent units are read on.
TOP, IMAGES, LATENT_ROWS = 10, 8, 5_000
# Divergence below which a latent unit carries nothing, nats.
SILENT = 0.01
JOINED, UNAIDED = "after being told", "stage 1"


def judged_content(
    detector: TwoStage,
    judged: Judged,
    *,
    data: str,
    command: str = "",
    date: str = "",
    asked: Asked | None = None,
) -> Content:
    """Return the content of a report on judged rows.

    `data` is the name of the data as a reader knows it, `command` and `date` go into the provenance, `asked`
    is what a search wants to know; of event images the number of hits is held fixed unless another is named.
    """
    if is_event(detector) and (asked is None or asked.fixed is None):
        asked = replace(asked or Asked(), fixed="hits")
    main = _scored(JOINED if judged.stage1 else "unaided", judged.scores, judged, judged.joined)
    beside = () if judged.stage1 is None else (_scored(UNAIDED, judged.unaided, judged, judged.stage1),)
    order = np.argsort(-judged.scores, kind="stable")
    return Content(
        title=f"Anomalies in {data}",
        summary=sentence(main),
        provenance=Provenance(
            data=data,
            rows=len(judged.scores),
            seed=detector.seed,
            command=command,
            date=date,
            versions=versions(),
            settings=settings_of(detector),
        ),
        scores=(main, *beside),
        reference=UNAIDED if beside else None,
        latent=_latent(detector, judged.table.filter(pa.array(judged.normal))),
        trace=_trace(detector),
        said=who_said(detector, judged),
        inside=inside(detector),
        p_values=judged.p_values[judged.normal] if judged.fresh else None,
        p_weights=None if judged.weights is None else judged.weights[judged.normal],
        mass=judged.mass,
        search=search_content(detector, judged, asked) if asked is not None and asked.anything else None,
        calibration_rows=round(detector.calibration_.effective),
        top=_top(detector, judged, order[:TOP]),
        images=_images(detector, judged, _by_turns(judged, order)[:IMAGES]),
        guards=tuple(notice for trace in detector.traces_ for notice in trace.notices),
        warnings=tuple(f"{warning[:1].upper()}{warning[1:]}." for warning in judged.warnings),
    )


def budget_curves(name: str, budget: Mapping[int, Evaluation]) -> tuple[BudgetCurve, ...]:
    """Return the label-budget curves, told and unseen kinds apart, from evaluations by number of labels."""
    curves = []
    for unseen_kinds in (True, False):
        sides = {count: (e.unseen if unseen_kinds else e.told) for count, e in sorted(budget.items())}
        points = tuple((count, side.auc) for count, side in sides.items() if side is not None)
        curves.append(BudgetCurve(name, unseen_kinds, points))
    return tuple(curve for curve in curves if curve.points)


def versions() -> dict[str, str]:
    """Versions of what made the numbers."""
    found = {"unseen": unseen.__version__, "python": platform.python_version()}
    for package in ("torch", "numpy", "scikit-learn", "pyarrow"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def settings_of(detector: TwoStage) -> dict[str, str]:
    """Return what a reader would want to know of a detector, each on one line."""
    told = ", ".join(f"{kind} ({count})" for kind, count in detector.known_kinds_.items())
    about = {AwareClassifier: _classifier, CommitteeDetector: _committee}.get(type(detector), _autoencoder)
    return {
        **about(detector),
        "trust": f"{detector.trust:g}",
        "told of": told or "nothing",
    }


def _committee(detector: CommitteeDetector) -> dict[str, str]:
    joined = joined_by(detector)
    return {
        "model": f"committee: {', '.join(map(repr, detector.learners()))}",
        **({} if joined is None else {"joined": joined.sentence}),
    }


def _autoencoder(detector: TwoStage) -> dict[str, str]:
    model = detector.model or VAE()
    found = {
        "model": f"{type(model).__name__}, {model.body}",
        "networks": str(detector.members),
        "awareness": "Abc()" if detector.awareness is None else repr(detector.awareness),
    }
    if detector.neighbours is not None:
        found["neighbours"] = (
            f"{detector.neighbours.k} of {detector.neighbours.reference:,} normal rows at most"
        )
    if detector.decorrelate is not None:
        found["decorrelated"] = repr(detector.decorrelate)
    return found


def _classifier(detector: TwoStage) -> dict[str, str]:
    accuracy, classes = detector.accuracy_, [str(name) for name in detector.classes_]
    after = "" if accuracy.after is None else f", {accuracy.after:.1%} after being told"
    return {
        "model": repr(detector.model or Classifier()),
        "awareness": repr(detector.awareness or Uniform()),
        "score": repr(detector.row_score or Uniformity()),
        "classes": ", ".join(classes[:12]) + (f" and {len(classes) - 12} more" if len(classes) > 12 else ""),
        "accuracy on held-out normal rows": f"{accuracy.before:.1%}{after}",
        "networks": str(detector.members),
    }


def _scored(name: str, scores: Floats, judged: Judged, evaluation: Evaluation) -> Scored:
    rows = {k.kind: (judged.kinds == k.kind) & ~judged.normal for k in evaluation.kinds}
    weights = judged.weights
    return Scored(
        name,
        normal=scores[judged.normal],
        kinds={kind: scores[mask] for kind, mask in rows.items()},
        evaluation=evaluation,
        normal_weights=None if weights is None else weights[judged.normal],
        kind_weights={} if weights is None else {kind: weights[mask] for kind, mask in rows.items()},
    )


def _top(detector: TwoStage, judged: Judged, places: NDArray[np.intp]) -> tuple[TopAnomaly, ...]:
    """Explain the strangest rows; of images, the part where the residual is largest."""
    result = pa.table(
        {
            ROW: judged.places[places],
            SCORE: judged.scores[places],
            P_VALUE: judged.p_values[places],
            ALARM: judged.raised[places],
        }
    )
    images = image_shape(detector) is not None
    where = _regions(detector, judged.table.take(places)) if images else [""] * len(places)
    explained = () if images else explain_rows(detector, result, judged.table.take(places))
    parts: Sequence[tuple[Contribution, ...]] = [
        tuple(Contribution(p.feature, p.amount, p.value) for p in row.parts[:8]) for row in explained
    ] or [()] * len(places)
    return tuple(
        TopAnomaly(
            row=int(judged.places[place]),
            score=float(judged.scores[place]),
            contributions=own,
            p_value=float(judged.p_values[place]),
            kind=str(judged.kinds[place]),
            where=region,
        )
        for place, own, region in zip(places, parts, where, strict=True)
    )


def _regions(detector: TwoStage, table: pa.Table) -> list[str]:
    """Say of each image in which part it is furthest from what the model made of it."""
    network = network_of(detector)
    if network is None:
        return [""] * table.num_rows
    x = scaled(detector, table)
    given, made = rebuilt(network, x)
    apart = (given - made).square().double().numpy()
    return [region_of(residual, names=CHANNELS if is_event(detector) else ()) for residual in apart]


def _by_turns(judged: Judged, order: NDArray[np.intp]) -> NDArray[np.intp]:
    """Let the kinds of anomaly take turns, strangest first, so that pictures show every kind."""
    anomalies = order[~judged.normal[order]]
    kinds = judged.kinds[anomalies]
    turn = np.array([int((kinds[:place] == kind).sum()) for place, kind in enumerate(kinds[:1000])])
    return anomalies[: len(turn)][np.argsort(turn, kind="stable")]


def _images(detector: TwoStage, judged: Judged, places: NDArray[np.intp]) -> tuple[ImageRow, ...]:
    network = network_of(detector)
    if image_shape(detector) is None or network is None or is_event(detector):
        return ()
    x = scaled(detector, judged.table.take(places))
    return tuple(
        ImageRow(str(judged.kinds[p]), _picture(given), _picture(made))
        for p, given, made in zip(places, *rebuilt(network, x), strict=True)
    )


def _latent(detector: TwoStage, normal: pa.Table) -> Latent | None:
    """Mean divergence of each latent unit on normal rows; none for models without a spread of codes."""
    network = network_of(detector)
    if network is None:
        return None
    with torch.inference_mode():
        posterior = network.encode(scaled(detector, normal.slice(0, LATENT_ROWS)))
        relevance = posterior.divergence().mean(0).double().numpy()
    if not relevance.any():
        return None
    return Latent(relevance, noise=relevance < SILENT, threshold=SILENT)


def _trace(detector: TwoStage) -> Trace | None:
    """Held-out loss of the first network through stage 1 and, after that, stage 2; None without training."""
    if not detector.traces_:
        return None
    first = detector.traces_[0]
    steps, loss, ramp = list(first.steps), list(first.normal), [0.0] * len(first.steps)
    events: dict[int, str] = {}
    if detector.stage2_ and first.steps:
        second, start = detector.traces_[detector.members], first.steps[-1]
        events[start] = "told of the known anomalies"
        steps += [start + step for step in second.steps]
        loss += second.normal
        ramp += second.ramp
    if not steps:
        return None
    words: dict[str, Any] = {}
    if isinstance(detector, AwareClassifier):
        words = {"unit": "mean cross entropy (nats)", "caption": "Normal rows should stay in their classes"}
    return Trace(
        np.array(steps, float),
        np.array(loss),
        ramp=np.array(ramp) if events else np.empty(0),
        events=events,
        **words,
    )


def _picture(image: Tensor) -> Floats:
    """(C, H, W) to (H, W) or (H, W, 3), between 0 and 1."""
    pixels = image.double().clamp(0.0, 1.0).numpy()
    return np.asarray(pixels[0] if len(pixels) != 3 else pixels.transpose(1, 2, 0))
