"""Collider events: one process is normal, a few events of another are known, the rest nobody has told of.

*OPAL*: each of the four LEP processes is normal in turn, each other one known in turn. *Dijets*: jets of
quarks and gluons are normal; resonances whose jets hold 2, 3 or 4 quarks are known in turn, so that two
numbers of prongs are always unseen. Their setting is that of arXiv 2504.11520 (LHC Olympics), whose events
are not public in this form: the jets here are simulated by the project.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.preprocessing import StandardScaler

from unseen.detectors.aware import AwareDetector
from unseen.evaluation import Estimate, Record, most_anomalous, sculpting
from unseen.evaluation import over_seeds as interval
from unseen.recipes import peers
from unseen.recipes.collider_sets import OPAL_KINDS, dijets, opal
from unseen.recipes.datasets import NORMAL, Kinds
from unseen.recipes.results import Claim, Results
from unseen.recipes.running import chosen, measure, over_seeds, settings
from unseen.registry import build
from unseen.seeds import generator

Floats = NDArray[np.floating[Any]]

SUPERVISED = "boosted trees"
CUT = 0.01
# What the aware detector is held against. The control's second stage knows nothing, so where it is given half
# of the false alarms it lies below stage 1, which is the harder reference then.
REFERENCES = ("stage 1", "control")


@dataclass(frozen=True)
class Task:
    """Rows of one normal process, split for one seed.

    Attributes:
        name: First words of every detector's name.
        normal: Rows to learn from, shape (N, D).
        known: Kind -> rows that may be told, shape (K, D).
        labelled: Kind -> rows for the supervised ceiling, none of them tested.
        test, kinds: Rows to judge on, shape (M, D), and the kind of each; "normal" among them.
        mass: Of the test rows where a variable must not be sculpted, shape (M,); else None.

    """

    name: str
    normal: Floats
    known: dict[str, Floats]
    labelled: dict[str, Floats]
    test: Floats
    kinds: Kinds
    mass: Floats | None = None


def run(*, quick: bool, seeds: int | None, data: Path | None) -> Results:
    """Run both tasks and settle the claims."""
    config = settings(__file__, quick=quick)
    seeds = config["seeds"] if seeds is None else seeds
    if "dijets" in config["tasks"]:
        dijets(config["dijets"]["events"])  # made once, before the seeds run side by side
    records = over_seeds(study, seeds, config, data)
    return conclude("aware-collider" + (" (quick)" if quick else ""), records, config)


def study(seed: int, config: dict[str, Any], data: Path | None) -> list[Record]:
    """All tasks for one seed."""
    found = []
    for name in config["tasks"]:
        for task in TASKS[name](seed, config[name], data):
            records = judged(task, seed, config[name])
            found += [replace(record, detector=f"{task.name} {record.detector}") for record in records]
    return found


def opal_tasks(seed: int, config: dict[str, Any], data: Path | None) -> list[Task]:
    """Each process as normal; half of the others' tested events may be labelled for the ceiling."""
    events = opal(data)
    return [
        split(f"opal {kind}", kind, events, seed, config) for kind in OPAL_KINDS if kind in config["normals"]
    ]


def dijet_tasks(seed: int, config: dict[str, Any], data: Path | None) -> list[Task]:
    """QCD jets as normal."""
    made = dijets(config["events"])
    task = split("dijets", "qcd", {name: part.features for name, part in made.items()}, seed, config)
    mass = split("dijets", "qcd", {name: part.mass[:, None] for name, part in made.items()}, seed, config)
    return [replace(task, mass=mass.test[:, 0])]


TASKS = {"opal": opal_tasks, "dijets": dijet_tasks}


def split(name: str, normal: str, events: Mapping[str, Floats], seed: int, config: dict[str, Any]) -> Task:
    """Learn from `train` normal events; of every other kind keep `labels` to tell and `labelled` aside."""
    mixed = {
        kind: generator(seed, 41).permutation(rows)  # the same order whatever the columns
        for kind, rows in events.items()
    }
    train, labels, aside = config["train"], config["labels"], config["labelled"]
    others = [kind for kind in events if kind != normal]
    tested = {kind: mixed[kind][labels + aside :][: config["test_anomalies"]] for kind in others}
    parts = [mixed[normal][train:][: config["test"]], *tested.values()]
    return Task(
        name,
        mixed[normal][:train],
        {kind: mixed[kind][:labels] for kind in others},
        {kind: mixed[kind][labels : labels + aside] for kind in others},
        np.concatenate(parts),
        np.repeat([NORMAL, *others], [len(part) for part in parts]),
    )


def judged(task: Task, seed: int, config: dict[str, Any]) -> list[Record]:
    """Stage 1, its members, the zero-label control, being told of each kind in turn, and the peers."""
    parts = {name: build(value) for name, value in config["detector"].items()}
    detector = AwareDetector(seed=seed, **parts).fit(task.normal)
    scores = {"stage 1": detector.stage1_score(task.test)}
    for member in detector.stage1_members():
        scores[member] = detector.member_score(task.test, member)
    detector.fine_tune(task.normal[:0])
    scores["control"] = detector.anomaly_score(task.test)
    found = [record for name, values in scores.items() for record in _measured(values, task, name, seed)]
    for kind, rows in task.known.items():
        about: dict[str, Any] = {"told": (kind,), "labels": len(rows)}
        detector.fine_tune(rows)
        found += _measured(detector.anomaly_score(task.test), task, "aware", seed, **about)
        found += _measured(detector.stage2_score(task.test), task, "told alone", seed, **about)
        for name, other in config["also"].items():
            detector.set_trust(other["trust"], build(other["joining"]))
            found += _measured(detector.anomaly_score(task.test), task, f"aware, {name}", seed, **about)
        detector.set_params(trust=parts["trust"], joining=parts["joining"])
    return found + _peers(task, seed, config)


def _measured(scores: Floats, task: Task, detector: str, seed: int, **about: Any) -> list[Record]:
    found = measure(scores, task.kinds, detector=detector, seed=seed, **about)
    if task.mass is not None:
        normal = task.kinds == NORMAL
        cut = most_anomalous(scores[normal], CUT)
        shape = sculpting(task.mass[normal], cut, seed=seed)
        for metric, value in (("sculpting", shape.js), ("sculpting by chance", shape.by_chance)):
            found.append(Record(detector, seed, about.get("told", ()), NORMAL, metric, value,
                                about.get("labels", 0)))  # fmt: skip
    return found


def _peers(task: Task, seed: int, config: dict[str, Any]) -> list[Record]:
    """Peers on standardised rows, energies clipped at their 99.9 % quantile, as in the published tables."""
    counts = np.array([len(np.unique(column)) < 100 for column in task.normal.T])
    top = np.where(counts, np.inf, np.quantile(task.normal, 0.999, axis=0))
    scaler = StandardScaler().fit(np.minimum(task.normal, top))

    def features(rows: Floats) -> Floats:
        return np.asarray(scaler.transform(np.minimum(rows, top)))

    normal, test = features(task.normal), features(task.test)
    found = []
    for name in config["peers"]:
        found += _measured(peers.UNAIDED[name](normal, test, seed), task, name, seed)
    for kind in task.known if config["labelled"] else ():
        rows = np.concatenate([task.known[kind], task.labelled[kind]])
        scores = peers.TOLD[SUPERVISED](normal, features(rows), test, seed)
        about: dict[str, Any] = {"told": (kind,), "labels": len(rows)}
        found += [r for r in _measured(scores, task, "supervised", seed, **about) if r.kind == kind]
    return found


# -- what it comes to --------------------------------------------------------------------------------


def conclude(name: str, records: list[Record], config: dict[str, Any]) -> Results:
    """Each kind of each task, told and unseen apart: mean over what was told, then over seeds."""
    numbers: dict[str, Estimate] = {}
    groups: dict[tuple[str, str, str, str], dict[int, list[float]]] = {}
    for r in records:
        side = "told" if r.kind in r.told else "unseen"
        key = (r.detector, side, r.kind, r.metric)
        groups.setdefault(key, {}).setdefault(r.seed, []).append(r.value)
    for (detector, side, kind, metric), seeds in groups.items():
        if metric != "ap":
            title = f"{detector}: {kind} {side} {metric}"
            numbers[title] = interval([float(np.mean(values)) for values in seeds.values()])
    for task in config["tasks"]:
        for reference in REFERENCES:
            for metric in ("auc", "tpr_1e3"):
                title = f"{task} aware - {reference}: unseen {metric}"
                numbers[title] = _gain(records, task, metric, reference)
    claims = []
    if "opal" in config["tasks"]:
        claims += _opal_claims(numbers, config["opal"])
    if "dijets" in config["tasks"]:
        claims += _dijet_claims(numbers, config["dijets"])
    return Results(name, numbers, claims, records)


def _opal_claims(numbers: dict[str, Estimate], config: dict[str, Any]) -> list[Claim]:
    claims, halves = [], 0
    for normal, kind in config["rows"]:
        value = {
            name: numbers[f"opal {normal} {name}: {kind} {side} tpr_1e3"].value
            for name, side in (("aware", "unseen"), ("5th neighbour", "unseen"), ("supervised", "told"))
        }
        claims.append(
            Claim(
                f"opal {normal} -> {kind}: TPR at FPR 1e-3, unseen, minus that of the 5th neighbour",
                value["aware"] - value["5th neighbour"],
                "> 0",
            )
        )
        halves += value["aware"] >= 0.5 * value["supervised"]
    return [
        *claims,
        Claim("opal: rows with half the supervised TPR or more, unseen", halves, f">= {config['halves']}"),
        *_gains(numbers, "opal", "tpr_1e3", "TPR at FPR 1e-3"),
    ]


def _dijet_claims(numbers: dict[str, Estimate], config: dict[str, Any]) -> list[Claim]:
    kinds = [kind for kind in config["events"] if kind != "qcd"]
    told = min(numbers[f"dijets aware: {kind} told auc"].value for kind in kinds)
    unseen = min(numbers[f"dijets aware: {kind} unseen auc"].value for kind in kinds)
    return [
        Claim("dijets: AUC of the told number of prongs, the least", told, ">= 0.97"),
        Claim("dijets: AUC of unseen numbers of prongs, the least", unseen, ">= 0.95"),
        *_gains(numbers, "dijets", "auc", "AUC"),
    ]


def _gains(numbers: dict[str, Estimate], task: str, metric: str, title: str) -> list[Claim]:
    found = []
    for reference in REFERENCES:
        gain = numbers[f"{task} aware - {reference}: unseen {metric}"]
        found.append(Claim(f"{task}: gain over {reference}, unseen {title}", gain.value, "> 0"))
        found.append(Claim(f"{task}: gain over {reference}, unseen {title}, lower end", gain.low, "> 0"))
    return found


def _gain(records: list[Record], task: str, metric: str, reference: str) -> Estimate:
    """Aware minus reference on unseen kinds, paired by seed and kind, mean over pairs, then over seeds."""
    before = {
        (r.detector.removesuffix(reference), r.seed, r.kind): r.value
        for r in chosen(records, metric=metric)
        if r.detector.endswith(f" {reference}")
    }
    found: dict[int, list[float]] = {}
    for r in chosen(records, metric=metric):
        if r.detector.startswith(task) and r.detector.endswith(" aware") and r.unseen:
            base = before[r.detector.removesuffix("aware"), r.seed, r.kind]
            found.setdefault(r.seed, []).append(r.value - base)
    return interval([float(np.mean(values)) for values in found.values()])
