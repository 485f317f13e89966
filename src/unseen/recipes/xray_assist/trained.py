"""One seed: films, a screener that learns them, its classifier in 8 bits, and what all of it says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from unseen.evaluation import Record, roc_auc
from unseen.evaluation.decisions import decisions_at
from unseen.recipes.datasets import existing, folder
from unseen.recipes.xray_assist.changed import PHOTOGRAPHED, Changed
from unseen.recipes.xray_assist.reading import FLOAT, INTEGERS, film_records
from unseen.screening.films import Films, FilmSets, read_medmnist
from unseen.screening.gate import GateSettings
from unseen.screening.halves import crossed_answers
from unseen.screening.judging import Seen, SourceNumbers, changed, frozen_threshold, judge
from unseen.screening.network import FilmDesign
from unseen.screening.outcome import Outcome
from unseen.screening.quantise import agreement, run, written
from unseen.screening.screener import Screener
from unseen.screening.training import FilmPlan

FILE = "xray/pneumoniamnist_full.npz"
SOURCE, CHANGED, IN_8_BITS, MODEL = "source", "changed", "8 bits", "model"
AS_THEY_ARE = "as they are"
ANSWERS = {"signs", "no-signs"}


def film_sets(config: dict[str, Any], data: Path | None) -> FilmSets:
    """Read the official parts, counts checked, repeated validation films left out."""
    sets = read_medmnist(existing(folder(data) / FILE))
    if not config["films"]:
        return sets
    few = {name: _first(films, config["films"]) for name, films in sets.tests.items()}
    train = _first(sets.train, 4 * config["films"])
    return replace(sets, train=train, validation=_first(sets.validation, config["films"]), tests=few)


def _first(films: Films, most: int) -> Films:
    """Take the first films of each class."""
    places = [np.flatnonzero(films.findings == label)[:most] for label in (0, 1)]
    return films.take(np.sort(np.concatenate(places)))


def screener_of(sets: FilmSets, config: dict[str, Any], seed: int) -> Screener:
    """Train the screener of one seed, as `unseen xray train` does."""
    film = dict(config["film"])
    plan = FilmPlan(design=FilmDesign(**film.pop("design", {})), **film)
    gate = replace(GateSettings(), **config["gate"])
    return Screener(film=plan, gate=gate, seed=seed).fit(sets)


def seen_by(screener: Screener, films: Films) -> Seen:
    """Ask a screener for what it says of labelled films."""
    found = screener.read(films.pixels)
    return Seen(found.logits, films.findings, found.gate)


def of_sources(screener: Screener, sets: FilmSets, seed: int) -> Iterator[Record]:
    """Films of validation and test one by one; those of training, which are many, as numbers."""
    yield from film_records(FLOAT, seed, "validation", seen_by(screener, sets.validation))
    yield from film_records(FLOAT, seed, "test", seen_by(screener, sets.tests["test"]))
    numbers = judge(
        seen_by(screener, sets.train),
        source="train",
        threshold=frozen_threshold(screener.base_),
        base=screener.base_,
        rule=screener.rule,
    )
    yield from source_records(numbers_of(numbers), "train", seed)
    yield Record(MODEL, seed, (), "network", "weights", float(screener.network_.weights))


def numbers_of(numbers: SourceNumbers) -> dict[str, float]:
    """Plain numbers of a source."""
    values = {name: estimate.value for name, estimate in numbers.estimates().items()}
    return {"films": float(numbers.films), "prevalence": numbers.prevalence, **values}


def source_records(numbers: Mapping[str, float], source: str, seed: int) -> Iterator[Record]:
    """One record a number."""
    for name, value in numbers.items():
        yield Record(SOURCE, seed, (), source, name, value)


def in_8_bits(screener: Screener, sets: FilmSets, seed: int) -> Iterator[Record]:
    """Round the classifier to 8 bits as validation films allow, and measure it on test films."""
    test, threshold = sets.tests["test"], float(expit(frozen_threshold(screener.base_)))
    judged = (sets.validation.pixels, sets.validation.findings)
    found = written(screener.network_, sets.train.pixels, judged, threshold=threshold)
    logits, maps = run(found.model, screener.network_, test.pixels)
    own = screener.read(test.pixels)
    yield from film_records(INTEGERS, seed, "test", Seen(logits.astype(np.float64), test.findings, own.gate))
    beside = agreement(
        (own.logits.astype(np.float32), own.maps), (logits, maps), test.findings, threshold=threshold
    )
    for name, value in (
        ("bytes", found.bytes),
        ("in single precision", found.precision == "fp32"),
        ("AUC lost", beside.auc_loss),
        ("largest difference of probabilities", beside.most),
        ("calls changed", beside.changed),
        ("correlation of maps", beside.correlation),
    ):
        yield Record(IN_8_BITS, seed, (), "test", name, float(value))


def of_changed(screener: Screener, films: Films, ways: Mapping[str, Changed], seed: int) -> Iterator[Record]:
    """Rank changed films, call them at the frozen threshold, answer with a record of unchanged films."""
    clean = seen_by(screener, films)
    before = crossed_answers(clean, clean, rule=screener.rule)
    unchanged = Changed(films.pixels, np.zeros(len(films), dtype=bool))
    for name, way in {AS_THEY_ARE: unchanged, **ways}.items():
        first = np.arange(len(way.pixels))
        after = seen_by(screener, Films(way.pixels, films.findings[first]))
        photographs = name == PHOTOGRAPHED
        answers = crossed_answers(clean, after, rule=screener.rule, photographs=photographs)
        threshold = frozen_threshold(screener.base_)
        found = {
            **_called(clean.take(first), after, threshold),
            **_answered(before[: len(first)], answers, way.refused),
        }
        yield from (Record(CHANGED, seed, (), name, measure, value) for measure, value in found.items())


def _called(clean: Seen, after: Seen, threshold: float) -> dict[str, float]:
    calls = decisions_at(after.logits, after.findings, threshold)
    return {
        "films": float(len(after.logits)),
        "AUC": roc_auc(*after.sides),
        "sensitivity": calls.sensitivity.value,
        "specificity": calls.specificity.value,
        "calls changed": float(changed(clean, after, threshold).mean()),
    }


def _answered(
    before: Sequence[Outcome], after: Sequence[Outcome], refused: NDArray[np.bool_]
) -> dict[str, float]:
    """Share of films refused (file checks or gate), referred, and answered by the opposite of before."""
    kept = [answer for answer, gone in zip(after, refused, strict=True) if not gone]
    said = [
        (one.verdict, other.verdict)
        for one, other, gone in zip(before, after, refused, strict=True)
        if not gone and {one.verdict, other.verdict} <= ANSWERS
    ]
    counts, films = Counter(one.verdict for one in kept), len(after)
    return {
        "answer reversed": sum(one != other for one, other in said) / films,
        "referred": counts["refer"] / films,
        "refused": (counts["refused"] + int(refused.sum())) / films,
    }
