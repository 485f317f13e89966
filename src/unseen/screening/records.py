"""A source record: how a model behaves on labelled films of one place; numbers alone, no film among them."""

from __future__ import annotations

import datetime as dt
import json
import math
import os
from pathlib import Path
from typing import Annotated, Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from unseen.errors import DataError
from unseen.evaluation.intervals import auc_interval
from unseen.seeds import generator

Floats = NDArray[np.float64]
Finite = Annotated[float, Field(allow_inf_nan=False)]
Sorted = tuple[Finite, ...]

LEAST = 100
"""Labelled films of each class that a record needs: with fewer, what is stated is off by 2 points or more."""
DRAWS = 100
MOST_BYTES = 1 << 24


class Record(BaseModel):
    """Labelled films of one source, as the model saw them.

    Attributes:
        source: What people choose by, e.g. the name of a hospital.
        site, device: Where the films were made, with what; may be empty.
        date: Day of the calibration, ISO 8601.
        photo: Whether the films were photographed rather than read from files.
        counts: Films without and with the finding.
        a, b: Probability of the finding p = sigmoid(a z + b) of a logit z.
        draws: (a, b) of resampled films, (100, 2): how sure these are.
        scores: Conformal scores s_y = 1 - p_y of the films of each class y, rising.
        gate: Anomaly scores of all films at the gate, nats, rising.
        auc: Area under the ROC curve with its 95 % interval, by DeLong.

    Raises:
        ValueError: Numbers that do not fit each other (a `pydantic.ValidationError`).

    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: Annotated[str, Field(min_length=1, max_length=100)]
    site: Annotated[str, Field(max_length=200)] = ""
    device: Annotated[str, Field(max_length=200)] = ""
    date: dt.date
    photo: bool = False
    counts: tuple[int, int]
    a: Annotated[Finite, Field(gt=0)]
    b: Finite
    draws: tuple[tuple[Finite, Finite], ...]
    scores: tuple[Sorted, Sorted]
    gate: Sorted
    auc: tuple[float, float, float]

    @field_validator("scores", "gate")
    @classmethod
    def _rise(cls, value: Any) -> Any:
        for part in value if isinstance(value[0], tuple) else (value,):
            if list(part) != sorted(part):
                raise ValueError("scores must rise")
        return value

    @model_validator(mode="after")
    def _fit(self) -> Self:
        if tuple(len(part) for part in self.scores) != self.counts or not min(self.counts):
            raise ValueError("counts are not those of the scores")
        return self

    def probability(self, logits: ArrayLike) -> Floats:
        """Chance of the finding, of logits (N,), shape (N,)."""
        return np.asarray(expit(self.a * np.asarray(logits, dtype=np.float64) + self.b))

    def interval(self, logits: ArrayLike) -> Floats:
        """5 % and 95 % quantiles of that chance over resampled films, (N, 2)."""
        a, b = np.asarray(self.draws, dtype=np.float64).T
        chances = expit(np.asarray(logits, dtype=np.float64)[:, None] * a + b)
        return np.asarray(np.quantile(chances, [0.05, 0.95], axis=1).T)

    def class_p_values(self, logits: ArrayLike) -> Floats:
        """Conformal p-values of "normal" and of the finding, (N, 2), of logits (N,).

        p_y = (1 + #{films of class y with s >= s_y}) / (n_y + 1): coverage holds in each class by itself.

        Reference: class-conditional (Mondrian) conformal prediction, Vovk, Gammerman, Shafer 2005.
        """
        chance = self.probability(logits)
        return np.stack(
            [upper_tail(part, s) for part, s in zip(self.scores, (chance, 1 - chance), strict=True)], axis=1
        )

    def gate_p_values(self, scores: ArrayLike) -> Floats:
        """Share of the source's own films that are as strange, (N,), of gate scores (N,) in nats."""
        return upper_tail(self.gate, np.asarray(scores, dtype=np.float64))


def upper_tail(rising: ArrayLike, values: Floats) -> Floats:
    """(1 + how many of the rising numbers reach a value) / (how many there are + 1), of values (N,).

    >>> upper_tail([1.0, 2.0, 3.0], np.array([0.0, 3.0, 4.0])).tolist()
    [1.0, 0.5, 0.25]
    """
    known = np.asarray(rising, dtype=np.float64)
    return (1 + len(known) - np.searchsorted(known, values, side="left")) / (len(known) + 1)


def calibrate(
    logits: ArrayLike,
    labels: ArrayLike,
    gate: ArrayLike,
    *,
    source: str,
    site: str = "",
    device: str = "",
    photo: bool = False,
    date: dt.date | None = None,
    least: int = LEAST,
    draws: int = DRAWS,
    seed: int = 0,
) -> Record:
    """Make the record of a source from what the model says of its labelled films.

    Args:
        logits: Of the finding, (N,).
        labels: 1 where the film shows the finding, else 0, (N,).
        gate: Anomaly scores, nats, (N,).
        source, site, device, photo, date: See `Record`; the date is today's where none is given.
        least: Films of each class asked for.
        draws: Resamples that say how sure the probability is, 1 or more.
        seed: Of the resampling.

    Raises:
        DataError: Too few films of a class, or numbers that do not fit.

    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> y = np.repeat([0, 1], 200)
    >>> record = calibrate(rng.normal(2 * y - 1, 1), y, rng.normal(size=400), source="made up")
    >>> record.counts, bool(record.a > 0)
    ((200, 200), True)

    """
    z, y, g = (np.asarray(column, dtype=np.float64) for column in (logits, labels, gate))
    if not len(z) == len(y) == len(g) or z.ndim != 1 or not set(np.unique(y)) <= {0.0, 1.0}:
        raise DataError("accepted: as many labels, 0 or 1, and gate scores as logits")
    if not (np.isfinite(z).all() and np.isfinite(g).all()):
        raise DataError("logits or gate scores are not finite")
    counts = (int((y == 0).sum()), int((y == 1).sum()))
    if min(counts) < least:
        raise DataError(
            f"{source}: {counts[0]} films without and {counts[1]} with the finding came; accepted: at least "
            f"{least} of each, since with fewer nothing reliable can be said. Label more of its films."
        )
    a, b = platt(z, y)
    chance = expit(a * z + b)
    auc = auc_interval(z[y == 0], z[y == 1])
    return Record(
        source=source,
        site=site,
        device=device,
        date=date or dt.datetime.now(dt.UTC).date(),
        photo=photo,
        counts=counts,
        a=a,
        b=b,
        draws=tuple(_resampled(z, y, draws, generator(seed, 71))),
        scores=(tuple(np.sort(chance[y == 0]).tolist()), tuple(np.sort(1 - chance[y == 1]).tolist())),
        gate=tuple(np.sort(g).tolist()),
        auc=(auc.value, auc.low, auc.high),
    )


def platt(logits: Floats, labels: Floats) -> tuple[float, float]:
    """Slope a and offset b of p = sigmoid(a z + b) that are likeliest, with the softened targets of Platt.

    Targets are (n1 + 1) / (n1 + 2) and 1 / (n0 + 2), so that classes that are told apart without fault get
    finite numbers.

    Reference: Platt, Advances in Large Margin Classifiers, 1999.
    """
    ones, zeros = float(labels.sum()), float((1 - labels).sum())
    target = np.where(labels == 1, (ones + 1) / (ones + 2), 1 / (zeros + 2))
    scale = float(np.std(logits)) or 1.0  # the solver wants columns of about one
    found = LogisticRegression(C=1e6, max_iter=500).fit(
        np.concatenate([logits, logits])[:, None] / scale,
        np.repeat([1, 0], len(logits)),
        sample_weight=np.concatenate([target, 1 - target]),
    )
    slope = float(found.coef_[0, 0]) / scale
    return max(slope, 1e-6), float(found.intercept_[0])


def _resampled(
    logits: Floats, labels: Floats, draws: int, rng: np.random.Generator
) -> list[tuple[float, float]]:
    """Return (a, b) of films drawn with replacement within each class."""
    places = [np.flatnonzero(labels == label) for label in (0, 1)]
    found = []
    for _ in range(draws):
        drawn = np.concatenate([rng.choice(part, len(part)) for part in places])
        found.append(platt(logits[drawn], labels[drawn]))
    return found


def read_record(path: str | os.PathLike[str]) -> Record:
    """Read a record from its JSON file.

    Raises:
        DataError: Not there, too large, or not a record.

    """
    place = Path(path)
    try:
        if place.stat().st_size > MOST_BYTES:
            raise DataError(f"{place} is larger than {MOST_BYTES >> 20} MB; a source record is not")
        return Record.model_validate_json(place.read_bytes())
    except OSError as error:
        raise DataError(f"{place} cannot be read: {error.strerror}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise DataError(
            f"{place} is not a source record: {where}: {first['msg']}; unseen xray calibrate writes one"
        ) from error


def record_json(record: Record) -> bytes:
    """Return the record as the bytes of its JSON file."""
    document = record.model_dump(mode="json")
    if not all(math.isfinite(value) for value in document["auc"]):
        raise DataError("the area under the curve is not finite")
    return (json.dumps(document, allow_nan=False) + "\n").encode()
