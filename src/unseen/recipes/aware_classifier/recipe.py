"""Is awareness of more kinds awareness of unseen ones? The variety curve of arXiv 2007.14462.

A classifier of normal classes is told of a fixed number of anomalies, spread over k = 1, 2, 4, ... kinds.
Judged are kinds that nobody told of: others of the same family, and far ones.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from unseen.class_scores import ClassScore
from unseen.detectors.aware import AwareDetector
from unseen.detectors.classify import AwareClassifier
from unseen.evaluation import Estimate, Record
from unseen.evaluation import over_seeds as interval
from unseen.recipes import peers
from unseen.recipes.aware_classifier.figure import curve
from unseen.recipes.aware_classifier.tasks import FAR, TASKS, Rows, Task
from unseen.recipes.collider_sets import dijets
from unseen.recipes.results import Claim, Results
from unseen.recipes.running import chosen, measure, over_seeds, settings
from unseen.registry import build
from unseen.seeds import generator

SUPERVISED = "boosted trees"


def run(*, quick: bool, seeds: int | None, data: Path | None) -> Results:
    """Run every task and settle the claims."""
    config = settings(__file__, quick=quick)
    seeds = config["seeds"] if seeds is None else seeds
    if "jets" in config["tasks"]:
        dijets(config["jets"]["events"])  # made once, before the seeds run side by side
    records = over_seeds(study, seeds, config, data)
    return conclude("aware-classifier" + (" (quick)" if quick else ""), records, config)


def study(seed: int, config: dict[str, Any], data: Path | None) -> list[Record]:
    """All tasks for one seed; the task is the first word of every detector's name."""
    found = []
    for name in config["tasks"]:
        own = config[name]
        records = variety(TASKS[name](seed, own, data), seed, own)
        found += [replace(record, detector=f"{name} {record.detector}") for record in records]
    return found


def variety(task: Task, seed: int, config: dict[str, Any]) -> list[Record]:
    """Stage 1 once; then for every number of kinds, the same labels spread over one kind more or less.

    The kinds stand in a random order of this seed and the first k are told, so that what is told at k is
    told at 2 k too, and the last ones are never told of.
    """
    order = generator(seed, 34).permutation(sorted(task.pool)).tolist()
    classifier = AwareClassifier(seed=seed, image_shape=task.image, **_built(config["classifier"]))
    classifier.fit(task.normal, classes=task.classes)
    found = read(classifier, task, seed, (), 0, config)
    classifier.fine_tune(task.normal[:0])
    found += read(classifier, task, seed, (), 0, config, name="control")
    sphere = AwareDetector(seed=seed, image_shape=task.image, **_built(config["sphere"])).fit(task.normal)
    found += measure(sphere.stage1_score(task.test), task.kinds, detector="sphere stage 1", seed=seed)
    for count in config["kinds"]:
        kinds = tuple(order[:count])
        rows = spread(task, kinds, config["labels"], seed)
        classifier.fine_tune(rows)
        found += read(classifier, task, seed, kinds, len(rows), config)
        about: dict[str, Any] = {"seed": seed, "told": kinds, "labels": len(rows)}
        alone = sphere.fine_tune(rows).stage2_score(task.test)
        found += measure(alone, task.kinds, detector="sphere alone", **about)
        normal = task.normal[: config["peer_rows"]] / task.unit
        plain = peers.TOLD[config["plain"]](normal, rows / task.unit, task.test / task.unit, seed)
        found += measure(plain, task.kinds, detector="plain classifier", **about)
    return found + dedicated(task, seed)


def dedicated(task: Task, seed: int) -> list[Record]:
    """Measure one supervised classifier a kind, trained on many labelled rows of that kind, on it."""
    found = []
    for kind, rows in task.labelled.items():
        scores = peers.TOLD[SUPERVISED](task.normal, rows, task.test, seed)
        about: dict[str, Any] = {"seed": seed, "told": (kind,), "labels": len(rows)}
        found += measure(scores, task.kinds, detector="supervised", only=(kind,), **about)
    return found


def read(
    classifier: AwareClassifier,
    task: Task,
    seed: int,
    told: tuple[str, ...],
    labels: int,
    config: dict[str, Any],
    name: str | None = None,
) -> list[Record]:
    """Every score of the network: of stage 1 before a word was said, then joined, and of stage 2 alone."""
    found = []
    about: dict[str, Any] = {"seed": seed, "told": told, "labels": labels}
    for title, record in config["scores"].items():
        score: ClassScore = build(record)
        classifier.set_row_score(score)
        if not classifier.stage2_:
            stages = {"stage 1": classifier.stage1_score(task.test)}
        elif name is not None:
            stages = {name: classifier.stage2_score(task.test)}
        else:
            stages = {
                "joined": classifier.anomaly_score(task.test),
                "aware": classifier.stage2_score(task.test),
            }
        for stage, values in stages.items():
            found += measure(values, task.kinds, detector=f"{stage} {title}", **about)
    return found


def spread(task: Task, kinds: Sequence[str], labels: int, seed: int) -> Rows:
    """Take `labels` rows, as many of each kind, mixed; those of a kind are nested from one k to the next."""
    each = [labels // len(kinds) + (place < labels % len(kinds)) for place in range(len(kinds))]
    rows = np.concatenate([task.pool[kind][:count] for kind, count in zip(kinds, each, strict=True)])
    return generator(seed, 35).permutation(rows)


def _built(config: dict[str, Any]) -> dict[str, Any]:
    return {name: build(value) for name, value in config.items()}


# -- what it comes to --------------------------------------------------------------------------------


def conclude(name: str, records: list[Record], config: dict[str, Any]) -> Results:
    """AUC of told, sibling and far kinds against k; slopes; gains by kind at the largest k; the claims."""
    numbers: dict[str, Estimate] = {}
    claims: list[Claim] = []
    for task in config["tasks"]:
        own = [replace(r, detector=r.detector.removeprefix(f"{task} ")) for r in records]
        own = [r for r, whole in zip(own, records, strict=True) if whole.detector.startswith(f"{task} ")]
        ratios = sensitivity(chosen(own, metric="sic"))
        own = [r for r in chosen(own, metric="auc") if r.detector != "supervised"]
        found = {**curves(own), **slopes(own), **gains(own, max(config[task]["kinds"])), **ratios}
        numbers.update({f"{task} {title}": estimate for title, estimate in found.items()})
        claims += _claims(task, found, config[task]["targets"])
    figures = {
        f"variety-{task}.svg": partial(curve, numbers, task, config[task]["kinds"])
        for task in config["tasks"]
    }
    return Results(name, numbers, claims, records, figures=figures)


def curves(records: list[Record]) -> dict[str, Estimate]:
    """Mean AUC by detector, number of told kinds, and side: told kinds, siblings of theirs, far kinds."""
    values: dict[str, dict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
    for r in records:
        side = _side(r.kind) if r.unseen else "told"
        after = f", {len(r.told)} told" if r.told else ""
        values[f"{r.detector}{after}: {side} auc"][r.seed].append(r.value)
    return {title: interval([float(np.mean(v)) for v in seeds.values()]) for title, seeds in values.items()}


def slopes(records: list[Record]) -> dict[str, Estimate]:
    """Rise of the AUC with each doubling of the number of told kinds, on kinds that no k was told of."""
    told: dict[int, set[str]] = defaultdict(set)
    for r in records:
        told[r.seed] |= set(r.told)
    curve: dict[tuple[str, str], dict[int, dict[int, list[float]]]]
    curve = defaultdict(lambda: defaultdict(lambda: defaultdict(list)))
    for r in records:
        if r.told and r.kind not in told[r.seed]:
            curve[r.detector, _side(r.kind)][r.seed][len(r.told)].append(r.value)
    return {
        f"{detector}: slope of {side} auc": interval([_slope(points) for points in seeds.values()])
        for (detector, side), seeds in curve.items()
    }


def gains(records: list[Record], most: int) -> dict[str, Estimate]:
    """Aware and joined minus stage 1, and aware minus the control, on each unseen kind at the largest k."""
    value = {(r.detector, r.seed, r.kind): r.value for r in records if len(r.told) in (0, most)}
    found: dict[str, list[float]] = defaultdict(list)
    for r in records:
        stage, _, score = r.detector.partition(" ")
        if len(r.told) == most and r.unseen and stage in ("aware", "joined"):
            for reference in ("stage 1", "control"):
                gain = r.value - value[f"{reference} {score}", r.seed, r.kind]
                found[f"{r.detector} - {reference}: {r.kind}"].append(gain)
    return {title: interval(values) for title, values in found.items()}


def sensitivity(records: list[Record]) -> dict[str, Estimate]:
    """SIC of the dedicated classifier over that of each detector, told kinds and unseen ones apart."""
    best = {(r.seed, r.kind): r.value for r in records if r.detector == "supervised"}
    values: dict[str, dict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
    for r in records:
        if (r.seed, r.kind) in best and r.detector != "supervised":
            side = "unseen" if r.unseen else "told"
            after = f", {len(r.told)} told" if r.told else ""
            values[f"{r.detector}{after}: {side} sic ratio"][r.seed].append(best[r.seed, r.kind] / r.value)
    return {title: interval([float(np.mean(v)) for v in seeds.values()]) for title, seeds in values.items()}


def _side(kind: str) -> str:
    """Return "far", or "unseen" for a kind of the family that others are told of."""
    return "far" if kind.startswith(FAR) else "unseen"


def _slope(points: dict[int, list[float]]) -> float:
    """Least-squares slope of the mean against log2 k."""
    if len(points) < 2:
        return math.nan
    at = np.log2(np.array(sorted(points), dtype=float))
    return float(np.polyfit(at, [np.mean(points[k]) for k in sorted(points)], 1)[0])


def _claims(task: str, numbers: dict[str, Estimate], targets: dict[str, Any]) -> list[Claim]:
    """Return what the paper says of the aware score, and what ours promises of the joined one."""
    slope = numbers["aware uniform: slope of unseen auc"]
    falls = [e.value for title, e in numbers.items() if title.startswith("aware uniform - stage 1: ")]
    joined = [e.value for title, e in numbers.items() if title.startswith("joined uniform - stage 1: ")]
    ratio = numbers.get("aware uniform, 1 told: unseen sic ratio")
    dear = [] if ratio is None else [
        Claim(f"{task}: SIC of a dedicated classifier over that of the aware one, unseen kinds",
              ratio.value, "<= 2"),
        Claim(f"{task}: SIC of a dedicated classifier over that of the aware one, told kinds",
              numbers["aware uniform, 1 told: told sic ratio"].value, "<= 2"),
    ]  # fmt: skip
    return [
        *dear,
        Claim(f"{task}: slope of unseen AUC with log2 k", slope.value, "> 0"),
        Claim(f"{task}: lower end of its interval", slope.low, "> 0"),
        Claim(f"{task}: least gain of the aware score on an unseen kind over stage 1", min(falls), "> 0"),
        Claim(f"{task}: least gain of the joined score on an unseen kind over stage 1", min(joined),
              f">= {-targets['fall']}"),
    ]  # fmt: skip
