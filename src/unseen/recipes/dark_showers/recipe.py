"""Dark showers among QCD events: normal events alone are learned, every signal is unseen; then one is told.

The published sample of arXiv 2306.12955: 1,002 QCD events to learn from, 682 to test with, SUEP of six
mediator masses and semi-visible jets of three. What is measured: the AUROC of every score for every mass
point, and the same at a fixed number of hits, since most scores count hits.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import StratifiedKFold, cross_val_predict

from unseen.collider.totals import hits
from unseen.detectors.aware import AwareDetector
from unseen.detectors.classify import AwareClassifier
from unseen.evaluation import Estimate, Record, roc_auc, tpr_at_fpr
from unseen.evaluation import over_seeds as interval
from unseen.evaluation.fixed import auc_at_fixed
from unseen.evaluation.resampling import auc_sampled
from unseen.evaluation.working import fpr_at_tpr
from unseen.models.transformer import Transformer
from unseen.recipes.dark_showers import events as sample
from unseen.recipes.dark_showers.events import SHAPE, Events
from unseen.recipes.datasets import NORMAL
from unseen.recipes.results import Claim, Results
from unseen.recipes.running import chosen, over_seeds, settings
from unseen.registry import build
from unseen.seeds import generator

Floats = NDArray[np.floating[Any]]
Config = dict[str, Any]

COMBINED, AWARE, CODE = "combined", "aware", "code density"
TREES, TRANSFORMER = "supervised trees, nine totals", "supervised transformer"
SHOWN = ("auc", "fixed", "tpr_1e2", "cpu_seconds")


def run(*, quick: bool = False, seeds: int | None = None, data: Path | None = None) -> Results:
    """Run the study; arguments as in `unseen.recipes.run`."""
    config = settings(__file__, quick=quick)
    config["work"] = _work(config, seeds or config["seeds"])
    records = over_seeds(_one, len(config["work"]), config, data)
    return conclude("dark-showers" + (" (quick)" if quick else ""), records, config)


def _work(config: Config, seeds: int) -> list[tuple[str, str, int]]:
    """Return what is to be done: (job, which, seed)."""
    jobs = config["jobs"]
    work = [("main", "", seed) for seed in range(seeds)]
    for job in ("ceiling", "planes", "inverse", "others"):
        which = {"ceiling": [""], "inverse": ["suep", "svj"]}.get(job) or list(config[job])
        work += [(job, name, 0) for name in which if job in jobs]
    return work


def _one(place: int, config: Config, data: Path | None) -> list[Record]:
    job, which, seed = config["work"][place]
    started = time.process_time()
    records = JOBS[job](which, seed, config, data)
    spent = time.process_time() - started
    return [*records, Record(which or job, seed, (), NORMAL, "cpu_seconds", spent, 0)]


# -- jobs --------------------------------------------------------------------------------------------


def _detector(config: Config, seed: int, **changed: Any) -> AwareDetector:
    parts = {name: build(value) for name, value in {**config["detector"], **changed}.items()}
    return AwareDetector(image_shape=SHAPE, seed=seed, **parts)


def _main(_which: str, seed: int, config: Config, data: Path | None) -> list[Record]:
    """Learn QCD; read every score; then be told of one mass of SUEP."""
    train, test = sample.read("n_tracks/train", data), sample.read("n_tracks/test", data)
    test = sample.first(test, config["most"])
    detector = _detector(config, seed).fit(train.rows())
    scores: dict[str, Floats] = {COMBINED: detector.stage1_score(test.rows()), **_each(detector, test)}
    if seed == 0:
        scores |= sample.trivial(train, test) | sample.published(test, data)
    records = [r for name, values in scores.items() for r in _measured(values, test, name, seed, config)]
    return records + _told(detector, train, test, seed, config)


def _told(detector: AwareDetector, train: Events, test: Events, seed: int, config: Config) -> list[Record]:
    """Be told of a half of the events of one kind; judge on all others."""
    kind = config["told"]
    mine = np.flatnonzero(test.kinds == kind)
    half = generator(seed, 11).permutation(mine)[: len(mine) // 2]
    detector.fine_tune(test.rows(half))
    rest = np.setdiff1d(np.arange(len(test.kinds)), half)
    left = sample.at(test, rest)
    about: Config = {"told": (kind,), "labels": len(half)}
    scores = {AWARE: detector.anomaly_score(left.rows()), "told alone": detector.stage2_score(left.rows())}
    return [
        r for name, values in scores.items() for r in _measured(values, left, name, seed, config, **about)
    ]


def _planes(which: str, seed: int, config: Config, data: Path | None) -> list[Record]:
    """Let the networks see and rebuild other channels."""
    train, test = sample.read("n_tracks/train", data), sample.read("n_tracks/test", data)
    detector = _detector(config, seed, model=config["planes"][which], learn=config["short"])
    detector.fit(train.rows())
    scores = {COMBINED: detector.stage1_score(test.rows()), **_each(detector, test)}
    wanted = {COMBINED, "bce of lit pixels, channel 0"}
    return [
        r
        for name, values in scores.items() if name in wanted
        for r in _measured(values, test, f"{which}: {name}", seed, config)
    ]  # fmt: skip


def _others(which: str, seed: int, config: Config, data: Path | None) -> list[Record]:
    """Another model, each of its scores by itself."""
    train, test = sample.read("n_tracks/train", data), sample.read("n_tracks/test", data)
    changed = {"row_score": {"type": "Reconstruction"}, **config["others"][which]}
    detector = _detector(config, seed, **changed).fit(train.rows())
    return [
        r
        for name, values in _each(detector, test).items()
        for r in _measured(values, test, f"{which}: {name}", seed, config)
    ]


def _ceiling(_which: str, seed: int, config: Config, data: Path | None) -> list[Record]:
    """Supervised on the same signals: trees on nine totals in five folds; the transformer on channel sums."""
    test = sample.read("n_tracks/test", data)
    trees, totals = np.zeros(len(test.kinds)), sample.nine_totals(test)
    # shuffled, since the events of one mass lie together
    folds = StratifiedKFold(5, shuffle=True, random_state=seed)
    records = []
    for family in ("suep", "svj"):
        rows = np.flatnonzero((test.kinds == NORMAL) | _family(test, family))
        labels = test.kinds[rows] != NORMAL
        forest = HistGradientBoostingClassifier(learning_rate=0.08, max_iter=150, class_weight="balanced",
                                                random_state=seed)  # fmt: skip
        trees[rows] = cross_val_predict(forest, totals[rows], labels, cv=folds, method="predict_proba")[:, 1]
        own = sample.at(test, rows)
        records += _measured(trees[rows], own, TREES, seed, config)
    return records + _transformer(test, seed, config, data)


def _transformer(test: Events, seed: int, config: Config, data: Path | None) -> list[Record]:
    """Measure the transformer, trained on the supervised folder."""
    sums = sample.without(sample.read("supervised/train", data), test)
    classes = np.array([kind.split()[0] for kind in sums.kinds])
    classifier = AwareClassifier(
        Transformer(), smoothing=0.1, scaling="energies", image_shape=(1, *SHAPE[1:]), seed=seed,
        learn=build(config["ceiling"]["learn"]),
    )  # fmt: skip
    classifier.fit(sums.rows(), classes=classes)
    place = list(classifier.classes_).index(NORMAL)
    flat = test.images.sum(1, keepdims=True).reshape(len(test.kinds), -1)
    return _measured(1.0 - classifier.predict_proba(flat)[:, place], test, TRANSFORMER, seed, config)


def _inverse(which: str, seed: int, config: Config, data: Path | None) -> list[Record]:
    """Learn half of a signal as if it were normal; QCD is strange to it, or the score counts complexity."""
    test = sample.read("n_tracks/test", data)
    mine = generator(seed, 12).permutation(np.flatnonzero(_family(test, which)))
    detector = _detector(config, seed, learn=config["short"]).fit(test.rows(mine[: len(mine) // 2]))
    qcd, rest = test.rows(test.kinds == NORMAL), test.rows(mine[len(mine) // 2 :])
    scores = {COMBINED: detector.stage1_score}
    found = {name: (score(rest), score(qcd)) for name, score in scores.items()}
    own, strange = detector.every_score(rest), detector.every_score(qcd)
    found |= {name: (own[name], strange[name]) for name in own}
    return [
        Record(f"learned {which}: {name}", seed, (), "qcd", "auc", roc_auc(*pair), 0)
        for name, pair in found.items()
    ]


JOBS = {"main": _main, "planes": _planes, "others": _others, "ceiling": _ceiling, "inverse": _inverse}


def _each(detector: AwareDetector, test: Events) -> dict[str, Floats]:
    return dict(detector.every_score(test.rows()))


def _family(events: Events, family: str) -> NDArray[np.bool_]:
    return np.array([kind.startswith(f"{family} ") for kind in events.kinds])


# -- measures ----------------------------------------------------------------------------------------


def _measured(
    scores: Floats, events: Events, name: str, seed: int, config: Config, **about: Any
) -> list[Record]:
    """Every mass point against test QCD: at all hits and at fixed hits, with the bootstrap error of both."""
    lit, normal = hits(events.images), events.kinds == NORMAL
    told, labels = about.get("told", ()), about.get("labels", 0)
    records = []
    for kind in sorted(set(events.kinds) - {NORMAL}):
        mine = events.kinds == kind
        pair = scores[normal], scores[mine]
        whole = auc_sampled(*pair, resamples=config["draws"], seed=seed)
        fixed = auc_at_fixed(
            *pair, lit[normal], lit[mine], width=config["width"], resamples=config["draws"], seed=seed
        )
        found = {
            "auc": whole.value, "auc_sd": whole.sd, "fixed": fixed.auc.value, "fixed_sd": fixed.auc.sd,
            "fixed_used": float(fixed.used), "tpr_1e2": tpr_at_fpr(*pair, fpr=1e-2, least_alarms=2.0),
            "fpr_40": fpr_at_tpr(*pair, tpr=0.4).fpr.value,
        }  # fmt: skip
        records += [Record(name, seed, told, kind, metric, value, labels) for metric, value in found.items()]
    return records


# -- what it comes to --------------------------------------------------------------------------------


def conclude(name: str, records: list[Record], config: Config) -> Results:
    """Mean over seeds of each score, by mass point and over those of a family; and the claims."""
    numbers: dict[str, Estimate] = {}
    groups: dict[tuple[str, str, str], list[float]] = {}
    for r in records:
        if r.metric in SHOWN and not np.isnan(r.value):
            groups.setdefault((r.detector, r.kind, r.metric), []).append(r.value)
    for (detector, kind, metric), values in groups.items():
        numbers[f"{detector}: {kind} {metric}"] = interval(values)
    for detector in dict.fromkeys(r.detector for r in records):
        for family in ("suep", "svj"):
            values = _averages(records, detector, family)
            if values:
                numbers[f"{detector}: average of {family} auc"] = interval(values)
    claims = [*_main_claims(numbers, config), *_told_claims(records, config)]
    return Results(name, numbers, claims, records)


def _averages(records: list[Record], detector: str, family: str) -> list[float]:
    """Plain mean over mass points, of each seed."""
    seeds: dict[int, list[float]] = {}
    for r in chosen(records, detector=detector, metric="auc"):
        if r.kind.startswith(f"{family} "):
            seeds.setdefault(r.seed, []).append(r.value)
    return [float(np.mean(values)) for values in seeds.values()]


def _main_claims(numbers: Mapping[str, Estimate], config: Config) -> list[Claim]:
    claims = []
    for family in ("suep", "svj"):
        value = numbers[f"{COMBINED}: average of {family} auc"].value
        claims.append(
            Claim(f"{COMBINED}: average AUROC of {family}", value, f">= {config['targets'][family]}")
        )
    for kind in config["fixed"]:
        value = numbers[f"{COMBINED}: {kind} fixed"].value
        claims.append(
            Claim(f"{COMBINED}: AUROC of {kind} at fixed hits", value, f">= {config['targets'][kind]}")
        )
    code = [
        numbers[f"{CODE}: {kind} fixed"].value
        for kind in config["fixed"]
        if f"{CODE}: {kind} fixed" in numbers
    ]
    if code:
        claims.append(
            Claim(f"{CODE}: AUROC of the second best signal at fixed hits", sorted(code)[-2], ">= 0.6")
        )
    return claims


def _told_claims(records: list[Record], config: Config) -> list[Claim]:
    """Aware minus unaware on every kind that was not told, in points, and the worst of them."""
    losses = {}
    for kind in sorted({r.kind for r in chosen(records, detector=AWARE, metric="auc")} - {config["told"]}):
        before = {r.seed: r.value for r in chosen(records, detector=COMBINED, metric="auc", kind=kind)}
        after = {r.seed: r.value for r in chosen(records, detector=AWARE, metric="auc", kind=kind)}
        losses[kind] = float(np.mean([after[seed] - before[seed] for seed in after]))
    mean, worst = float(np.mean(list(losses.values()))), min(losses, key=lambda kind: losses[kind])
    told = f"told of {config['told']}"
    return [
        Claim(f"{told}: mean change of unseen AUROC", mean, ">= 0"),
        Claim(f"{told}: worst change, of {worst}", losses[worst], ">= -0.001"),
    ]
