"""Learn a detector from rows and say what was learned."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np
import pyarrow as pa

from unseen.config import FitSettings
from unseen.data.schema import Schema
from unseen.detectors.classify import Accuracy, AwareClassifier
from unseen.detectors.two_stage import TwoStage
from unseen.errors import ConfigError, DataError
from unseen.evaluation import effective_number
from unseen.evaluation.trigger import INPUT_RATE
from unseen.studies.joining import Joined, joined_by
from unseen.studies.memory import Memory, remember
from unseen.studies.rows import Rows, mention_labels
from unseen.thresholds import RateBudget


@dataclass(frozen=True)
class Learned:
    """A fitted detector and the story of its training.

    Attributes:
        detector: Fitted; its notes remember the study.
        rows, columns, features: Rows that came, their columns, and the features these became.
        normal: Rows taken as normal.
        known: Known anomalies told, by kind.
        left_out: Rows of other kinds, which took no part, by kind.
        kept_back: Rows kept back for judging.
        accuracy: Share of held-out normal rows that a classifier puts in their class; None for other models.
        rate, threshold: Stated false-alarm rate, and the score in nats above which a row raises an alarm.
        hard: Known anomalies that looked ordinary before they were told.
        notices: What the guards of the training had to say.
        seconds: Time spent on training.
        repeated: Rows learned from that hold what an earlier one holds; they count as rows like others.
        effective: Rows of equal weight that the normal rows are worth; None where nothing is weighted.
        joined: How a committee joined what it was told, and why; None for other models, or told of nothing.

    """

    detector: TwoStage
    rows: int
    columns: int
    features: int
    normal: int
    known: Mapping[str, int]
    left_out: Mapping[str, int]
    kept_back: int
    accuracy: Accuracy | None
    rate: float
    threshold: float
    hard: int
    notices: tuple[str, ...]
    seconds: float
    repeated: int = 0
    effective: float | None = None
    joined: Joined | None = None

    def to_dict(self) -> dict[str, object]:
        """Return everything but the detector as JSON values."""
        return {
            "rows": self.rows,
            "columns": self.columns,
            "features": self.features,
            "normal": self.normal,
            **({} if self.effective is None else {"effective_normal": round(self.effective, 1)}),
            "known": dict(self.known),
            "left_out": dict(self.left_out),
            "kept_back": self.kept_back,
            "repeated": self.repeated,
            **({} if self.accuracy is None else {"accuracy": asdict(self.accuracy)}),
            "false_alarm_rate": self.rate,
            **({} if self.joined is None else {"joined": self.joined.to_dict()}),
            "threshold": self.threshold if math.isfinite(self.threshold) else None,
            "hard_known": self.hard,
            "notices": list(self.notices),
            "seconds": round(self.seconds, 2),
        }


def learn(rows: Rows, settings: FitSettings, *, names: Sequence[str] = ()) -> Learned:
    """Fit a detector on the normal rows, tell it of the known ones, keep back what is held out.

    `names` are column names that the data itself does not carry, for the detector to remember.

    Raises:
        DataError: No normal row is left, or a column cannot be learned from.

    """
    started = time.perf_counter()
    # a schema of all rows first: its faults then name rows as the file has them
    mention_labels(rows)
    schema = Schema.fit(rows.table, missing=settings.missing)
    labels, total = rows.labels, rows.table.num_rows
    y = np.zeros(total, dtype=np.int8) if labels is None else labels.y
    memory = Memory(
        rows.name,
        label=rows.label_name or settings.label,
        normal=() if labels is None else labels.normal,
        known=() if labels is None else labels.known,
        names=tuple(names),
        share=settings.hold_out,
        salt=settings.seed,
        weight=settings.weight,
        protect=settings.protect,
    )
    back = np.zeros(total, dtype=bool) if settings.hold_out is None else memory.kept_back(rows.table)
    used = ~back & (y >= 0)
    if not (used & (y == 0)).any():
        raise DataError(
            f"{rows.name}: no normal row is left to learn from ({total} rows, {int(back.sum())} held out)"
        )
    table, told = rows.table.filter(pa.array(used)), y[used] == 1
    kinds = None if labels is None else labels.kinds[used]
    made = settings.detector(image=schema.shape)
    of_classes = {"classes": _classes(rows, used)} if isinstance(made, AwareClassifier) else {}
    weights = None if rows.weights is None else rows.weights[used]
    detector = made.fit(
        table,
        told.astype(np.int8),
        kinds=kinds,
        sample_weight=weights,
        protected=None if rows.protected is None or settings.decorrelate is None else rows.protected[used],
        **of_classes,
    )
    trained = remember(table)
    memory.attach(detector, trained)
    return Learned(
        detector=detector,
        rows=total,
        columns=len(schema.columns),
        features=len(schema.features),
        normal=int((~told).sum()),
        known=detector.known_kinds_,
        left_out={} if labels is None else _counted(labels.kinds[~back & (y < 0)]),
        kept_back=int(back.sum()),
        accuracy=getattr(detector, "accuracy_", None),
        rate=detector.rate_,
        threshold=-detector.offset_,
        hard=int(detector.hard_known(table.filter(pa.array(told))).sum()) if told.any() else 0,
        notices=tuple(notice for trace in detector.traces_ for notice in trace.notices),
        seconds=time.perf_counter() - started,
        repeated=trained.repeated,
        effective=None if weights is None else effective_number(weights[~told]),
        joined=joined_by(detector),
    )


def _classes(rows: Rows, used: np.ndarray) -> np.ndarray:
    """Return the class of each row that is learned from: its label."""
    if rows.labels is None:
        raise DataError(
            f"{rows.name}: a classifier learns to tell normal classes apart; "
            "name the label column and the normal labels"
        )
    return np.asarray(rows.labels.kinds[used])


def silence(detector: TwoStage) -> str:
    """Say why a detector can never raise an alarm; empty where it can."""
    if math.isfinite(detector.offset_):
        return ""
    rate = detector.rate_
    needed = f"needs {math.ceil(1.0 / rate) - 1:,} held-out normal rows" if rate > 0 else "allows none"
    calibration = detector.calibration_
    has = f"{len(calibration):,}"
    if calibration.weights is not None:
        has += f", weighted, which vouch for no rate below {calibration.least:.3g}"
    return f"a false-alarm rate of {rate:.3g} {needed}, and the model has {has}"


def _counted(kinds: np.ndarray) -> dict[str, int]:
    names, counts = np.unique(kinds, return_counts=True)
    return {str(names[i]): int(counts[i]) for i in np.argsort(-counts, kind="stable")}


def rate_of(alarm_rate: str | None, input_rate: str | None, false_alarms: float | None) -> float:
    """Return the false-alarm rate that a budget in Hz states.

    Raises:
        ConfigError: A rate that is none, an input rate alone, or a share beside the rates.

    >>> rate_of("100 Hz", "40 kHz", None)
    0.0025
    """
    if alarm_rate is None:
        raise ConfigError("an input rate belongs to an alarm rate; name it: alarm rate, such as 100 Hz")
    if false_alarms is not None:
        raise ConfigError(
            f"false alarms are stated twice, as {alarm_rate} and as the share {false_alarms:g}; leave one out"
        )
    return RateBudget.of_rates(alarm_rate, INPUT_RATE if input_rate is None else input_rate).rate
