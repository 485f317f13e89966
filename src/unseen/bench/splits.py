"""The few-label splits of ADBench, draw for draw."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import MinMaxScaler

from unseen.bench.sets import Floats, Labels, Table
from unseen.errors import ConfigError

MOST, LEAST = 10_000, 1_000
ACCEPTED = "accepted: above 0 and at most 1, such as 0.01, or 0 for no label at all"


@dataclass(frozen=True)
class Split:
    """Rows to learn from and rows to judge on, each feature scaled to 0..1 over the former.

    Attributes:
        train: Shape (N, D).
        told: Shape (N,); 1 where an anomaly is labelled, 0 for every other row, hidden anomalies among them.
        test: Shape (M, D).
        truth: Shape (M,); 1 where anomalous.
        fresh: Shape (M,); False where the same row is also in the training part.

    """

    train: Floats
    told: Labels
    test: Floats
    truth: Labels
    fresh: NDArray[np.bool_]


def checked_ratio(ratio: float) -> float:
    """Return a label ratio.

    Raises:
        ConfigError: It is not between 0 and 1.

    """
    if not 0 <= ratio <= 1:
        raise ConfigError(f"ratio {ratio!r} came; {ACCEPTED}")
    return ratio


def draw(table: Table, ratio: float, seed: int, *, copies: bool = True) -> Split | None:
    """Draw the split of one seed, and the anomalies that are labelled.

    At most 10,000 rows are kept; a set of fewer than 1,000 is filled up to 1,000 by copies, before the split,
    unless `copies` is False. 70 % train, stratified. Of the training anomalies ceil(ratio * number) are
    labelled; the others stay among the training rows as if normal.

    Every draw is the one NumPy's legacy generator makes after `numpy.random.seed(seed)`, as published; the
    caller's global state is not touched.

    Returns:
        The split, or None where the training or the test part has no anomaly, or no normal row.

    Raises:
        ConfigError: The ratio is not between 0 and 1.

    Reference: Han et al., ADBench, NeurIPS 2022 (arXiv 2206.09426).

    >>> table = Table("made", np.arange(2400.0).reshape(1200, 2), (np.arange(1200) < 60).astype(np.int64))
    >>> split = draw(table, 0.1, seed=1)
    >>> split.train.shape, int(split.told.sum()), int(split.truth.sum())
    ((840, 2), 5, 18)

    """
    checked_ratio(ratio)
    random = np.random.RandomState(seed)  # the published draws come from this generator
    rows, labels = _sized(table, random, copies)
    if min(labels.sum(), len(labels) - labels.sum()) < 2:
        return None  # cannot be on both sides
    train, test, hidden, truth = train_test_split(
        rows, labels, test_size=0.3, shuffle=True, stratify=labels, random_state=random
    )
    if any(len(np.unique(part)) < 2 for part in (hidden, truth)):
        return None
    anomalies = np.flatnonzero(hidden == 1)
    told = np.zeros(len(hidden), np.int64)
    told[random.choice(anomalies, math.ceil(ratio * len(anomalies)), replace=False)] = 1
    scaler = MinMaxScaler().fit(train)
    fresh = ~np.isin(_as_one(test), _as_one(train))
    return Split(scaler.transform(train), told, scaler.transform(test), truth, fresh)


def _sized(table: Table, random: np.random.RandomState, copies: bool) -> tuple[Floats, Labels]:
    count = len(table.labels)
    if count > MOST:
        kept = random.choice(count, MOST, replace=False)
    elif count < LEAST and copies:
        kept = random.choice(count, LEAST, replace=True)
    else:
        return table.rows, table.labels
    return table.rows[kept], table.labels[kept]


def _as_one(rows: Floats) -> NDArray[np.void]:
    """Each row as one value that can be compared; -0.0 as 0.0."""
    flat = np.ascontiguousarray(rows + 0.0)
    return flat.view(np.dtype((np.void, flat.dtype.itemsize * flat.shape[1]))).ravel()
