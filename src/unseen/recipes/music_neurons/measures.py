"""What is measured on each trained network, as records; and the controls beside it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from unseen.evaluation import Record
from unseen.music.descriptors import GROUPS
from unseen.music.tokens import Tokens
from unseen.music.windows import Parts
from unseen.studies.melody_analysis import Analysis, analyse
from unseen.studies.melody_meaning import (
    alone,
    association,
    best_of_groups,
    explained,
    group_of_units,
    principal,
    rotated,
)
from unseen.studies.melody_reading import ACCURACIES, accuracies, codes, counted, played
from unseen.studies.melody_training import Setting, Trained

Floats = NDArray[np.float64]

MAIN, PCA, UNTRAINED = "melody VAE", "PCA of one-hot windows", "untrained encoder"
GROUP_WORDS = {"P": "pitch", "R": "rhythm", "M": "melody"}


def record(seed: int, kind: str, metric: str, value: float, detector: str = MAIN) -> Record:
    """One measured value; `kind` is the length or the part of the code."""
    return Record(detector, seed, (), kind, metric, float(value), 0)


def main_records(trained: Trained, found: Analysis, seed: int) -> list[Record]:
    """Accuracy, counts, losses without noise units, meaning of the first two units."""
    kind = "2 bars"
    rows = [record(seed, kind, f"{n} accuracy", v) for n, v in zip(ACCURACIES, found.accuracy, strict=True)]
    rows += [record(seed, kind, f"music units, {n}", v) for n, v in counted(found.relevance).items()]
    rows += [
        record(seed, kind, f"{n} accuracy lost without noise units, {rule}", v)
        for rule, lost in found.lost.items()
        for n, v in zip(ACCURACIES, lost, strict=True)
    ]
    for place, k in enumerate(found.zeroed.counts):
        rows += [
            record(seed, f"only the first {k} units", f"{n} accuracy", v)
            for n, v in zip(ACCURACIES, found.zeroed.top[place], strict=True)
        ]
        rows += [
            record(seed, f"only {k} random units", f"{n} accuracy", v)
            for n, v in zip(ACCURACIES, found.zeroed.chance[:, place].mean(0), strict=True)
        ]
    rows.append(record(seed, kind, "CPU minutes of training", trained.standing.seconds / 60.0))
    order = found.relevance.order()
    for rank in (1, 2):
        best = best_of_groups(found.association, order[rank - 1 : rank])
        rows += [
            record(seed, f"unit {rank}", f"largest |Spearman| with {GROUP_WORDS[g]}", v)
            for g, v in best.items()
        ]
    for group, word in GROUP_WORDS.items():
        ranks = [unit.rank for unit in found.units if unit.group == group]
        if ranks:
            rows.append(record(seed, kind, f"rank of the first unit that goes with {word} most", ranks[0]))
    best = best_of_groups(found.association, np.flatnonzero(found.music))
    rows += [
        record(seed, kind, f"largest |Spearman| of a music unit with {GROUP_WORDS[g]}", v)
        for g, v in best.items()
    ]
    rows.append(record(seed, kind, "largest |Spearman| by chance (1 %)", found.association.largest[0]))
    return rows


def block_records(found: Analysis, seed: int) -> list[Record]:
    """Where information sits: R^2 from the music block and from the rest, of means and of draws; rotations.

    The mean of a noise unit is never heard: the decoder hears mean + sigma * noise. So draws count (trap 4).
    """
    groups = np.array(found.about.groups)
    drawn = found.codes.drawn(seed)
    blocks = {
        "music block, mean": found.codes.mean[:, found.music],
        "noise block, mean": found.codes.mean[:, ~found.music],
        "music block, draw": drawn[:, found.music],
        "noise block, draw": drawn[:, ~found.music],
    }
    rows = []
    for name, block in blocks.items():
        if block.shape[1]:
            rows += _of_groups(seed, name, "R2 of descriptors", explained(block, found.about), groups)
    music = found.codes.mean[:, found.music]
    own, turned = alone(music, found.about), rotated(music, found.about, seed=seed)
    rows += _of_groups(seed, "units as they are", "largest r2 of one unit", own, groups)
    rows += _of_groups(seed, "rotated at random", "largest r2 of one unit", turned.mean(0), groups)
    return rows


def _of_groups(seed: int, kind: str, metric: str, values: Floats, groups: NDArray[np.str_]) -> list[Record]:
    """Mean over the descriptors of each group."""
    return [
        record(seed, kind, f"{metric}: {GROUP_WORDS[group]}", float(values[groups == group].mean()))
        for group in GROUP_WORDS
        if (groups == group).any()
    ]


def control_records(
    parts: Parts, found: Analysis, setting: Setting, config: dict[str, Any], seed: int
) -> list[Record]:
    """Measure the same associations of principal components and for an encoder nobody trained."""
    tokens, rows = parts.test.tokens, []
    count = max(2, int(found.music.sum()))
    learn = parts.learn.tokens[:: max(1, len(parts.learn) // 5000)]
    raw = setting.build().eval()
    others = {
        PCA: principal(learn, tokens, min(count, len(learn) - 1)),
        UNTRAINED: codes(raw, tokens).mean,
    }
    for name, mean in others.items():
        links = _links(mean, found, config, seed)
        ranks = np.argsort(-mean.std(0), kind="stable")[:count]
        for rank in (1, 2):
            best = best_of_groups(links, ranks[rank - 1 : rank])
            rows += [
                record(seed, f"unit {rank}", f"largest |Spearman| with {GROUP_WORDS[g]}", v, name)
                for g, v in best.items()
            ]
        rows += [
            record(seed, "2 bars", f"largest |Spearman| of a music unit with {GROUP_WORDS[g]}", v, name)
            for g, v in best_of_groups(links, ranks).items()
        ]
    hit = accuracies(played(raw, codes(raw, tokens).mean), tokens)
    rows += [
        record(seed, "2 bars", f"{n} accuracy", v, UNTRAINED) for n, v in zip(ACCURACIES, hit, strict=True)
    ]
    return rows


def _links(mean: Floats, found: Analysis, config: dict[str, Any], seed: int) -> Any:
    from unseen.latent.relevance import measure

    return association(
        mean, found.about, measure(mean), top=0, permutations=max(100, config["permutations"] // 2), seed=seed
    )


def length_records(
    trained: Trained, tokens: Tokens, bars: int, config: dict[str, Any], seed: int, kind: str | None = None
) -> list[Record]:
    """Of one length: accuracy, music units, and how far melody has units of its own."""
    kind = f"{bars} bars, equal windows" if kind is None else kind
    found = analyse(trained, tokens, permutations=config["permutations"], top=1, repeats=1, seed=seed)
    music = np.flatnonzero(found.music)
    groups = group_of_units(found.association, music)
    rows = [record(seed, kind, f"{n} accuracy", v) for n, v in zip(ACCURACIES, found.accuracy, strict=True)]
    rows += [record(seed, kind, f"music units, {n}", v) for n, v in counted(found.relevance).items()]
    rows += [
        record(seed, kind, f"largest |Spearman| of a music unit with {GROUP_WORDS[g]}", v)
        for g, v in best_of_groups(found.association, music).items()
    ]
    rows += [
        record(
            seed,
            kind,
            f"share of music units that go with {GROUP_WORDS[g]} most",
            groups.count(g) / len(groups),
        )
        for g in GROUP_WORDS
        if groups
    ]
    rows.append(record(seed, kind, "largest |Spearman| by chance (1 %)", found.association.largest[0]))
    rows.append(record(seed, kind, "CPU minutes of training", trained.standing.seconds / 60.0))
    return rows


def outside_records(trained: Trained, tokens: Tokens, seed: int) -> list[Record]:
    """Accuracy on the chorales, which are no folk tunes."""
    hit = accuracies(played(trained.network, codes(trained.network, tokens).mean), tokens)
    return [
        record(seed, "chorale sopranos", f"{n} accuracy", v) for n, v in zip(ACCURACIES, hit, strict=True)
    ]


def named_groups() -> dict[str, int]:
    """How many descriptors each group has."""
    return {word: sum(group == g for group in GROUPS.values()) for g, word in GROUP_WORDS.items()}
