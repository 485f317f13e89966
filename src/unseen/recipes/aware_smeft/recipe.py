"""Higgs events: the standard model is normal, one operator is known, the others nobody has told of.

The SMEFT study of arXiv 2504.11520, on a public sample of vector-boson fusion at parton level. Every event
carries its weight under every operator, so the ratio w(c) / w(SM) is the best score there can be, and its
weighted AUC a hard ceiling. Anomalies are the same kind of events, only weighted otherwise: the task is to
shift weight, not to find rows. Events, not weights, are split first: no event is on both sides.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier, IsolationForest
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import StandardScaler

from unseen.detectors.aware import AwareDetector
from unseen.evaluation import Estimate, Record, asimov_deviation, effective_number, roc_auc
from unseen.evaluation import over_seeds as interval
from unseen.recipes.aware_smeft.features import features
from unseen.recipes.collider_sets import higgs
from unseen.recipes.results import Claim, Results
from unseen.recipes.running import over_seeds, settings
from unseen.registry import build
from unseen.seeds import generator

Floats = NDArray[np.float64]

CEILING, OWN = "exact ratio", "supervised, own labels"


def run(*, quick: bool, seeds: int | None, data: Path | None) -> Results:
    """Run the study and settle the claims."""
    config = settings(__file__, quick=quick)
    seeds = config["seeds"] if seeds is None else seeds
    records = over_seeds(study, seeds, config, data)
    results = conclude("aware-smeft" + (" (quick)" if quick else ""), records, config)
    return replace(results, notes=worth(config, data))


@dataclass(frozen=True)
class Split:
    """Events of one seed.

    Attributes:
        learn, test: Features of the two halves, shape (N, 10).
        learn_sm, test_sm: Weights under the standard model, shape (N,).
        learn_ratio, test_ratio: Point -> w(c) / w(SM), shape (N,).

    """

    learn: Floats
    test: Floats
    learn_sm: Floats
    test_sm: Floats
    learn_ratio: dict[str, Floats]
    test_ratio: dict[str, Floats]


def study(seed: int, config: dict[str, Any], data: Path | None) -> list[Record]:
    """Stage 1, the control, being told of each point in `told`, the peers and the two bounds."""
    split = events(seed, config, data)
    parts = {name: build(value) for name, value in config["detector"].items()}
    detector = AwareDetector(seed=seed, **parts).fit(split.learn, sample_weight=split.learn_sm)
    found = judged(detector.stage1_score(split.test), split, seed, config, "stage 1")
    for member in detector.stage1_members():
        found += judged(detector.member_score(split.test, member), split, seed, config, member)
    detector.fine_tune(split.learn[:0])
    found += judged(detector.stage2_score(split.test), split, seed, config, "control")
    for told in config["told"]:
        weights = split.learn_sm * split.learn_ratio[told]
        kept = weights > 0
        detector.fine_tune(split.learn[kept], sample_weight=weights[kept])
        scores = {"joined": detector.anomaly_score(split.test), "aware": detector.stage2_score(split.test)}
        for name, values in scores.items():
            found += judged(values, split, seed, config, name, told)
        found += judged(_supervised(split, told, seed), split, seed, config, "supervised", told)
    return found + bounds(split, seed, config) + _peers(split, seed, config)


def events(seed: int, config: dict[str, Any], data: Path | None) -> Split:
    """Half of the events to learn from, half to judge on."""
    sample = higgs(data)
    order = generator(seed, 51).permutation(len(sample.weights))[: config["events"]]
    learn, test = np.array_split(order, 2)
    columns = features(sample.particles)
    ratios = {name: sample.ratio(*point(name))[0] for name in config["points"]}
    return Split(
        columns[learn],
        columns[test],
        sample.weights[learn, 0],
        sample.weights[test, 0],
        {name: ratio[learn] for name, ratio in ratios.items()},
        {name: ratio[test] for name, ratio in ratios.items()},
    )


def point(name: str) -> tuple[str, float]:
    """Split "cHW = -2" into the operator and its coefficient."""
    operator, _, value = name.partition(" = ")
    return operator, float(value)


def judged(
    scores: Floats, split: Split, seed: int, config: dict[str, Any], detector: str, told: str = ""
) -> list[Record]:
    """Weighted AUC at every point, and what the score's histogram amounts to at the stated luminosity."""
    found = []
    expected = split.test_sm / split.test_sm.sum() * config["luminosity"] * config["cross_section"]
    for name, ratio in split.test_ratio.items():
        values = {
            "auc": roc_auc(
                scores, scores, normal_weights=split.test_sm, anomaly_weights=split.test_sm * ratio
            ),
            "significance": _significance(scores, expected, expected * ratio, config["bins"]),
        }
        labels = len(split.learn) if told else 0
        found += [
            Record(detector, seed, (told,) if told else (), name, metric, value, labels)
            for metric, value in values.items()
        ]
    return found


def _significance(scores: Floats, normal: Floats, changed: Floats, bins: int) -> float:
    """Asimov significance of rejecting the standard model, its rate left out: shape of the score alone."""
    order = np.argsort(scores, kind="stable")
    share = np.cumsum(normal[order]) / normal.sum()
    place = np.empty(len(scores), dtype=np.intp)
    place[order] = np.minimum((share * bins).astype(np.intp), bins - 1)
    under_sm = np.bincount(place, weights=normal, minlength=bins)
    changed = changed * (normal.sum() / changed.sum())
    return asimov_deviation(np.bincount(place, weights=changed, minlength=bins), under_sm)


def bounds(split: Split, seed: int, config: dict[str, Any]) -> list[Record]:
    """Measure the exact ratio of each point, and a classifier trained on that point's own weights."""
    found = []
    for name, ratio in split.test_ratio.items():
        both = {CEILING: ratio}
        if config["own"]:
            both[OWN] = _supervised(split, name, seed)
        for detector, scores in both.items():
            mine = judged(scores, split, seed, config, detector, name)
            found += [record for record in mine if record.kind == name]
    return found


def _supervised(split: Split, told: str, seed: int) -> Floats:
    """Boosted trees between the standard model and one point, weighted."""
    changed = split.learn_sm * split.learn_ratio[told]
    weights = np.concatenate([split.learn_sm / split.learn_sm.mean(), changed / changed.mean()])
    trees = HistGradientBoostingClassifier(
        max_iter=150, learning_rate=0.05, max_leaf_nodes=15, min_samples_leaf=200, l2_regularization=5.0,
        random_state=seed,
    )  # fmt: skip
    rows, labels = np.concatenate([split.learn, split.learn]), np.repeat([0, 1], len(split.learn))
    trees.fit(rows, labels, sample_weight=weights)
    return np.asarray(trees.decision_function(split.test))


def _peers(split: Split, seed: int, config: dict[str, Any]) -> list[Record]:
    scaler = StandardScaler().fit(split.learn)
    learn, test = scaler.transform(split.learn), scaler.transform(split.test)
    forest = IsolationForest(random_state=seed).fit(learn, sample_weight=split.learn_sm)
    near = NearestNeighbors(n_neighbors=5).fit(learn).kneighbors(test)[0][:, -1]
    return [
        *judged(-forest.score_samples(test), split, seed, config, "isolation forest"),
        *judged(near, split, seed, config, "5th neighbour"),
    ]


# -- what it comes to --------------------------------------------------------------------------------


def conclude(name: str, records: list[Record], config: dict[str, Any]) -> Results:
    """AUC, significance and share of the ceiling at every point; the claims."""
    groups: dict[str, dict[int, float]] = {}
    ceiling = {(r.kind, r.seed): r.value for r in records if r.detector == CEILING and r.metric == "auc"}
    for r in records:
        told = f" told of {r.told[0]}" if r.told and r.detector not in (CEILING, OWN) else ""
        title = f"{r.detector}{told}: {r.kind} {{}}"
        groups.setdefault(title.format(r.metric), {})[r.seed] = r.value
        if r.metric == "auc" and point(r.kind)[0] != config["control"]:
            share = (r.value - 0.5) / (ceiling[r.kind, r.seed] - 0.5)
            groups.setdefault(title.format("share of the ceiling"), {})[r.seed] = share
    groups.update(_over_unseen(groups, config))
    numbers = {title: interval(list(seeds.values())) for title, seeds in groups.items()}
    claims = [claim for told in config["told"] for claim in _claims(told, numbers, config)]
    return Results(name, numbers, claims, records)


def _over_unseen(groups: dict[str, dict[int, float]], config: dict[str, Any]) -> dict[str, dict[int, float]]:
    """Mean share of the ceiling over the points nobody told of, seed by seed.

    Beside the detectors stands what classifiers reach that were trained on each of these points.
    """
    found = {}
    for told in config["told"]:
        unseen = [p for p in config["points"] if p != told and point(p)[0] != config["control"]]
        rows = {
            f"aware told of {told}": f"aware told of {told}",
            f"joined told of {told}": f"joined told of {told}",
        }
        if config["own"]:
            rows[OWN] = f"{OWN}, the points unseen when told of {told}"
        for detector, words in rows.items():
            values = [groups[f"{detector}: {p} share of the ceiling"] for p in unseen]
            found[f"{words}: mean over unseen points, share of the ceiling"] = {
                seed: float(np.mean([value[seed] for value in values])) for seed in values[0]
            }
    return found


def _claims(told: str, numbers: dict[str, Estimate], config: dict[str, Any]) -> list[Claim]:
    seen = numbers[f"aware told of {told}: {told} share of the ceiling"]
    found = [Claim(f"told of {told}: share of the ceiling, aware", seen.value, ">= 0.6")]
    for detector in (f"aware told of {told}", f"joined told of {told}"):
        title = f"{detector}: mean over unseen points, share of the ceiling"
        found.append(Claim(title, numbers[title].value, ">= 0.4"))
    for name in config["points"]:
        if point(name)[0] == config["control"]:
            off = abs(numbers[f"aware told of {told}: {name} auc"].value - 0.5)
            found.append(
                Claim(
                    f"told of {told}: {name} changes rates only, distance of the AUC from 0.5",
                    off,
                    "<= 0.001",
                )
            )
    return found


def worth(config: dict[str, Any], data: Path | None) -> list[str]:
    """Say how many events the weights of each point leave, and how many of them came out negative."""
    sample = higgs(data)
    found = []
    for name in config["points"]:
        ratio, negative = sample.ratio(*point(name))
        count = effective_number(sample.weights[:, 0] * ratio)
        found.append(f"{name}: {count:,.0f} effective events; {negative} negative weights set to 0")
    return found
