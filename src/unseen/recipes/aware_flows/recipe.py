"""Network attacks: told of a few rows of one family, judged on that family and on all the others.

Anomaly Awareness in its two-stage form (arXiv 2504.11520, CICIDS study), extended by NSL-KDD, by leaving
every family out in turn, and by the control that shows what longer training alone does.
"""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from unseen.data.scale import Scaler
from unseen.data.schema import Schema
from unseen.detectors.aware import AwareDetector
from unseen.evaluation import Estimate, Record, biases, means
from unseen.recipes import peers
from unseen.recipes.datasets import NORMAL, Rows, cicids, nsl_kdd
from unseen.recipes.results import Claim, Results
from unseen.recipes.running import Floats, chosen, measure, over_seeds, settings
from unseen.registry import LOSSES, build
from unseen.seeds import generator
from unseen.training.stages import GuardWarning


def run(*, quick: bool, seeds: int | None, data: Path | None) -> Results:
    """Run the study on both sets and settle the claims."""
    config = settings(__file__, quick=quick)
    seeds = config["seeds"] if seeds is None else seeds
    records = over_seeds(study, seeds, config, data)
    return conclude("aware-flows" + (" (quick)" if quick else ""), records, config)


def study(seed: int, config: dict[str, Any], data: Path | None) -> list[Record]:
    """All sets for one seed; the set is the first word of every detector's name."""
    found = []
    for name in config["sets"]:
        records = Task.load(name, seed, config, data).records()
        found += [replace(record, detector=f"{name} {record.detector}") for record in records]
    return found


class Task:
    """One data set, split for one seed: normal rows, supply of known rows by family, test rows."""

    def __init__(self, normal: Rows, supply: Rows, test: Rows, seed: int, config: dict[str, Any]) -> None:
        self.normal, self.supply, self.test = normal, supply, test
        self.seed, self.config = seed, config

    @classmethod
    def load(cls, name: str, seed: int, config: dict[str, Any], data: Path | None) -> Task:
        """Split a set: its own test file where there is one, else half of the normal rows to learn from."""
        own = {**config, **config[name]}
        if name == "nsl_kdd":
            train, test = nsl_kdd(data)
            return cls(
                train.where(train.kinds == NORMAL), train.where(train.kinds != NORMAL), test, seed, own
            )
        rows = cicids(data)
        order = generator(seed, 11).permutation(len(rows))
        rows = rows.take(order)
        normal = np.flatnonzero(rows.kinds == NORMAL)
        learn, judge = normal[: len(normal) // 2], normal[len(normal) // 2 :]
        anomalies = np.flatnonzero(rows.kinds != NORMAL)
        return cls(rows.take(learn), rows.take(anomalies), rows.take(np.r_[judge, anomalies]), seed, own)

    def records(self) -> list[Record]:
        """Stage 1, the control, being told of each family in turn at each budget, and the peers."""
        detector = self._detector().fit(self.normal.table)
        found = self._measure(detector.stage1_score(self.test.table), "stage 1")
        detector.fine_tune(np.empty((0, detector.n_features_in_)))
        found += self._measure(detector.anomaly_score(self.test.table), "control")
        for family in self.config["told"]:
            for labels in self.config["labels"]:
                found += self._told(detector, family, labels)
        return found + self._losses() + self._dirt() + self._peers()

    def _detector(self, **settings: Any) -> AwareDetector:
        parts = {name: build(value) for name, value in self.config["detector"].items()}
        return AwareDetector(seed=self.seed, **{**parts, **settings})

    def _losses(self) -> list[Record]:
        """Stage 2 by itself, one network, under every awareness loss, at the headline budget."""
        if not self.config["losses"]:
            return []
        detector = self._detector(neighbours=None, members=1).fit(self.normal.table)
        found = []
        for name in self.config["losses"]:
            detector.set_params(awareness=LOSSES[name]())
            for family in self.config["told"]:
                labels = self.config["headline"]
                known, test = self._draw(family, labels)
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore", GuardWarning)  # `ramp` is expected to be stopped
                    detector.fine_tune(known.table)
                scores = detector.stage2_score(test.table)
                found += self._measure(scores, f"loss {name}", test=test, told=(family,), labels=labels)
        return found

    def _dirt(self) -> list[Record]:
        """Stage 1 with unlabelled anomalies among its normal rows, all families mixed; plain and trimmed."""
        found = []
        for share in self.config["dirt"]:
            count = round(share * len(self.normal))
            picked = generator(self.seed, 13).permutation(len(self.supply))[:count]
            rows = pa.concat_tables([self.normal.table, self.supply.take(picked).table])
            test = self._without(picked)
            for name, changes in {
                "stage 1": {},
                "reconstruction alone": {"neighbours": None},
                "reconstruction alone, trimmed": {"neighbours": None, "trim": share},
            }.items():
                scores = self._detector(**changes).fit(rows).anomaly_score(test.table)
                found += self._measure(scores, f"{name}, {share:.0%} dirt", test=test)
        return found

    def _told(self, detector: AwareDetector, family: str, labels: int) -> list[Record]:
        known, test = self._draw(family, labels)
        detector.fine_tune(known.table)
        scores = {
            "aware": detector.anomaly_score(test.table),
            "told alone": detector.stage2_score(test.table),
        }
        about = {"told": (family,), "labels": labels}
        for trust in self.config["trusts"]:
            scores[f"aware, trust {trust:g}"] = detector.set_trust(trust).anomaly_score(test.table)
        detector.set_trust(self.config["detector"]["trust"])
        return [r for name, s in scores.items() for r in self._measure(s, name, test=test, **about)]

    def _draw(self, family: str, labels: int) -> tuple[Rows, Rows]:
        """`labels` known rows of a family, and the test rows without them; budgets are nested."""
        mine = np.flatnonzero(self.supply.kinds == family)
        picked = generator(self.seed, 12).permutation(mine)[:labels]
        return self.supply.take(picked), self._without(picked)

    def _without(self, picked: NDArray[np.intp]) -> Rows:
        """Test rows without the supply rows at `picked`; the supply is their end where both share rows."""
        if not self.config["supply_in_test"]:
            return self.test
        first = len(self.test) - len(self.supply)
        return self.test.take(np.setdiff1d(np.arange(len(self.test)), first + picked))

    def _peers(self) -> list[Record]:
        """Peers on the same encoded and scaled rows."""
        schema = Schema.fit(self.normal.table)
        scaler = Scaler.fit(schema.encode(self.normal.table), binary=schema.binary)

        def features(rows: Rows) -> Floats:
            return scaler.transform(schema.encode(rows.table)).astype(np.float64)

        normal, test = features(self.normal), features(self.test)
        found = []
        for name in self.config["peers"]["unaided"]:
            found += self._measure(peers.UNAIDED[name](normal, test, self.seed), name)
        for family in self.config["told"]:
            labels = self.config["headline"]
            known, left = self._draw(family, labels)
            for name in self.config["peers"]["told"]:
                scores = peers.TOLD[name](normal, features(known), features(left), self.seed)
                found += self._measure(scores, name, test=left, told=(family,), labels=labels)
        return found

    def _measure(self, scores: Floats, name: str, test: Rows | None = None, **about: Any) -> list[Record]:
        kinds = (test or self.test).kinds
        return measure(scores, kinds, detector=name, seed=self.seed, only=self.config["judged"], **about)


def conclude(name: str, records: list[Record], config: dict[str, Any]) -> Results:
    """Means over told and unseen families, gains against the control and stage 1, and the claims."""
    numbers: dict[str, Estimate] = {}
    claims: list[Claim] = []
    notes: list[str] = []
    for data_set in config["sets"]:
        own = [r for r in records if r.detector.startswith(data_set + " ")]
        labels = config[data_set]["headline"]
        head = [r for r in own if r.labels in (0, labels)]
        for metric in ("auc", "ap", "tpr_1e2", "tpr_1e3", "sic"):
            for mean in means(head, metric):
                side = "unseen" if mean.unseen else "told"
                numbers[f"{mean.detector}: {side} {metric}"] = mean.estimate
        for reference in ("control", "stage 1"):
            numbers.update(_gains(head, data_set, reference))
        numbers.update(_same_pairs(numbers, data_set))
        numbers.update(_budgets(own, data_set))
        claims += _claims(numbers, data_set, config["targets"][data_set])
        notes.append(_worst_pair(head, data_set))
    return Results(name, numbers, claims, records, notes)


def _same_pairs(numbers: dict[str, Estimate], data_set: str) -> dict[str, Estimate]:
    """Stage 1 over the (told, unseen) pairs that the aware detector is judged on, not over families."""
    found = {}
    for metric in ("auc", "tpr_1e2", "tpr_1e3"):
        aware = numbers[f"{data_set} aware: unseen {metric}"].value
        gain = numbers[f"{data_set} aware - stage 1: unseen {metric}"].value
        found[f"{data_set} stage 1, same pairs: unseen {metric}"] = Estimate(aware - gain)
    return found


def _gains(records: list[Record], data_set: str, reference: str) -> dict[str, Estimate]:
    return {
        f"{bias.detector} - {reference}: unseen {metric}": bias.gain
        for metric in ("auc", "tpr_1e2", "tpr_1e3")
        for bias in biases(records, reference=f"{data_set} {reference}", metric=metric)
        if bias.detector in (f"{data_set} aware", f"{data_set} told alone") and bias.labels
    }


def _budgets(records: list[Record], data_set: str) -> dict[str, Estimate]:
    found = {}
    for metric in ("auc", "tpr_1e3"):
        for mean in means(chosen(records, detector=f"{data_set} aware"), metric):
            side = "unseen" if mean.unseen else "told"
            found[f"{data_set} aware, {mean.labels} labels: {side} {metric}"] = mean.estimate
    return found


def _claims(numbers: dict[str, Estimate], data_set: str, targets: dict[str, float]) -> list[Claim]:
    aware = f"{data_set} aware"
    gain = numbers[f"{aware} - control: unseen auc"]
    tail = numbers[f"{aware} - stage 1: unseen tpr_1e3"]
    return [
        Claim(
            f"{data_set}: AUC on unseen families",
            numbers[f"{aware}: unseen auc"].value,
            f">= {targets['unseen']}",
        ),
        Claim(f"{data_set}: gain over the control, unseen AUC", gain.value, "> 0"),
        Claim(f"{data_set}: gain over the control, unseen AUC, lower end", gain.low, "> 0"),
        Claim(f"{data_set}: TPR at FPR 1e-3 on unseen families against stage 1", tail.value, ">= 0"),
        Claim(
            f"{data_set}: AUC on told families", numbers[f"{aware}: told auc"].value, f">= {targets['seen']}"
        ),
    ]


def _worst_pair(records: list[Record], data_set: str) -> str:
    found = biases(records, reference=f"{data_set} stage 1", metric="auc")
    bias = next(b for b in found if b.detector == f"{data_set} aware" and b.labels)
    return (
        f"{data_set}: the worst (told, unseen) pair is {' + '.join(bias.worst.told)} -> {bias.worst.kind} "
        f"with an AUC gain of {bias.worst.gain} against stage 1; "
        f"{bias.harmed:.0%} of {bias.pairs} pairs lose more than 0.01."
    )
