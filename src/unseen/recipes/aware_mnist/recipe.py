"""Digits: far pictures as in the paper, and the harder question of a digit nobody has seen.

Two tasks. *Far* (arXiv 2504.11520): ten digits are normal, Fashion-MNIST is known, and chest films, noise,
inverted and turned digits are not. *Near*: one digit is held out, one more is known, the other eight are
normal and carry no labels; the held-out digit is judged.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unseen.detectors.aware import AwareDetector
from unseen.evaluation import Estimate, Record, biases, means
from unseen.evaluation import over_seeds as interval
from unseen.recipes import peers
from unseen.recipes.datasets import NORMAL, Images, Kinds, chest_films, fashion_mnist, mnist
from unseen.recipes.results import Claim, Results
from unseen.recipes.running import Floats, chosen, measure, over_seeds, settings
from unseen.registry import build
from unseen.seeds import generator

DIGITS = tuple("0123456789")


def run(*, quick: bool, seeds: int | None, data: Path | None) -> Results:
    """Run both tasks and settle the claims."""
    config = settings(__file__, quick=quick)
    seeds = config["seeds"] if seeds is None else seeds
    records = over_seeds(study, seeds, config, data)
    return conclude("aware-mnist" + (" (quick)" if quick else ""), records, config)


def study(seed: int, config: dict[str, Any], data: Path | None) -> list[Record]:
    """Both tasks for one seed; the task is the first word of every detector's name."""
    images, digits, test, truth = mnist(data)
    every = max(1, len(test) // config["test"])  # the first half of the test part is the easier one
    test, truth = test[::every], truth[::every]
    order = generator(seed, 21).permutation(len(images))
    images, digits = images[order], digits[order]
    fashion, fashion_test = fashion_mnist()
    fashion = fashion[generator(seed, 22).permutation(len(fashion))]
    found = [
        r
        for held_out in config["held_out"]
        for r in near(held_out, seed, config, images, digits, test, truth)
    ]
    return found + far(seed, config, images, test, truth, fashion, fashion_test, chest_films(data))


def near(
    held_out: str,
    seed: int,
    config: dict[str, Any],
    images: Images,
    digits: Kinds,
    test: Images,
    truth: Kinds,
) -> list[Record]:
    """One digit held out, the one `seed + 1` places further known, the rest normal."""
    known = DIGITS[(int(held_out) + 1 + seed) % 10]
    special = (held_out, known)
    normal = flat(images[~np.isin(digits, special)][: config["normal"]])
    told = flat(images[digits == known][: config["labels"]])
    kinds = np.where(np.isin(truth, special), truth, NORMAL)
    detector = fitted(normal, seed, config)
    found = judged(detector, flat(test), kinds, told, known, seed)
    for name in config["unaided_peers"]:
        scores = peers.UNAIDED[name](normal[: config["peer_rows"]] / 255.0, flat(test) / 255.0, seed)
        found += measure(scores, kinds, detector=name, seed=seed, told=(known,))
    for name in config["told_peers"]:
        scores = peers.TOLD[name](
            normal[: config["peer_rows"]] / 255.0, told / 255.0, flat(test) / 255.0, seed
        )
        found += measure(scores, kinds, detector=name, seed=seed, told=(known,), labels=len(told))
    return [replace(r, detector=f"near {r.detector}") for r in found]


def far(
    seed: int,
    config: dict[str, Any],
    images: Images,
    test: Images,
    truth: Kinds,
    fashion: Images,
    fashion_test: Images,
    films: Images,
) -> list[Record]:
    """Ten digits normal, Fashion known; far kinds, and digits turned upside down, unseen."""
    parts = {
        NORMAL: test,
        "fashion": fashion_test[: config["test"]],
        "chest film": films,
        "noise": generator(seed, 23).integers(0, 256, (2000, 28, 28), dtype=np.uint8),
        "inverted": 255 - test,
        "upside down": test[np.isin(truth, tuple("234567"))][:, ::-1, ::-1],
    }
    rows = np.concatenate([flat(part) for part in parts.values()])
    kinds = np.repeat(list(parts), [len(part) for part in parts.values()])
    detector = fitted(flat(images[: config["normal"]]), seed, config)
    told = flat(fashion[: config["labels"]])
    found = judged(detector, rows, kinds, told, "fashion", seed)
    return [replace(r, detector=f"far {r.detector}") for r in found]


def fitted(normal: Floats, seed: int, config: dict[str, Any]) -> AwareDetector:
    """Stage 1 on flattened images."""
    parts = {name: build(value) for name, value in config["detector"].items()}
    return AwareDetector(seed=seed, image_shape=(1, 28, 28), **parts).fit(normal)


def judged(
    detector: AwareDetector,
    rows: Floats,
    kinds: Kinds,
    told: Floats,
    known: str,
    seed: int,
) -> list[Record]:
    """Stage 1 and its members alone, the zero-label control, and the detector told of `known`."""
    about: dict[str, Any] = {"seed": seed, "told": (known,)}
    found = measure(detector.stage1_score(rows), kinds, detector="stage 1", **about)
    for member in detector.stage1_members():
        found += measure(detector.member_score(rows, member), kinds, detector=member, **about)
    detector.fine_tune(np.empty((0, rows.shape[1])))
    found += measure(detector.anomaly_score(rows), kinds, detector="control", **about)
    detector.fine_tune(told)
    found += measure(detector.anomaly_score(rows), kinds, detector="aware", labels=len(told), **about)
    alone = detector.stage2_score(rows)
    return found + measure(alone, kinds, detector="told alone", labels=len(told), **about)


def flat(images: Images) -> NDArray[np.float32]:
    """Images (N, 28, 28) as rows (N, 784)."""
    return images.reshape(len(images), -1).astype(np.float32)


def conclude(name: str, records: list[Record], config: dict[str, Any]) -> Results:
    """Means by task, gains against the control, values by digit and kind, and the claims."""
    numbers: dict[str, Estimate] = {}
    for task in ("near", "far"):
        own = [r for r in records if r.detector.startswith(task + " ")]
        for metric in ("auc", "tpr_1e2", "tpr_1e3"):
            for mean in means(own, metric):
                numbers[f"{mean.detector}: {'unseen' if mean.unseen else 'told'} {metric}"] = mean.estimate
        for reference in ("control", "stage 1"):
            for bias in biases(own, reference=f"{task} {reference}"):
                if bias.detector in (f"{task} aware", f"{task} told alone"):
                    numbers[f"{bias.detector} - {reference}: unseen auc"] = bias.gain
    numbers.update(_by_kind(records))
    return Results(name, numbers, _claims(numbers, records, config["targets"]), records)


def _by_kind(records: list[Record]) -> dict[str, Estimate]:
    """AUC of each kind: held-out digits where they are unseen, far kinds all."""
    found = {}
    for detector in ("near stage 1", "near control", "near aware", "far stage 1", "far control", "far aware"):
        mine = chosen(records, detector=detector, metric="auc")
        for kind in sorted({r.kind for r in mine}):
            values = [r.value for r in mine if r.kind == kind and (r.unseen or detector.startswith("far"))]
            if values:
                found[f"{detector}: {kind}"] = interval(values)
    return found


def _claims(numbers: dict[str, Estimate], records: list[Record], targets: dict[str, float]) -> list[Claim]:
    far_kinds = ("chest film", "noise", "inverted")
    kinds = sorted({r.kind for r in chosen(records, detector="far aware", metric="auc")})
    drop = min(numbers[f"far aware: {kind}"].value - numbers[f"far stage 1: {kind}"].value for kind in kinds)
    return [
        Claim("held-out digit, mean AUC", numbers["near aware: unseen auc"].value, f">= {targets['near']}"),
        Claim("known digit, mean AUC", numbers["near aware: told auc"].value, f">= {targets['seen']}"),
        Claim(
            "gain over the control on the held-out digit",
            numbers["near aware - control: unseen auc"].value,
            "> 0",
        ),
        Claim("Fashion (told), AUC", numbers["far aware: fashion"].value, f">= {targets['far']}"),
        *(
            Claim(f"{kind} (unseen), AUC", numbers[f"far aware: {kind}"].value, f">= {targets['far']}")
            for kind in far_kinds
        ),
        Claim("largest fall of a far kind below stage 1", drop, ">= 0"),
    ]
