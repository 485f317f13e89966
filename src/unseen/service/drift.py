"""Whether the rows that come are still like those of training: window by window, and since the start."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import ks_2samp

from unseen.detectors.two_stage import TwoStage
from unseen.errors import ConfigError
from unseen.seeds import generator
from unseen.service.columns import columns_of
from unseen.service.martingale import Martingale, Standing
from unseen.service.reference import Drifted, Reference
from unseen.thresholds import Calibration

Floats = NDArray[np.float64]

# Windows that are remembered, and the bins in which scores are compared.
REMEMBERED, BINS = 48, 10


@dataclass(frozen=True)
class Window:
    """One window of rows, judged.

    Attributes:
        last_row: Rows that had come when it was full.
        alarms: Share of its rows that raised alarms.
        p_value: Kolmogorov-Smirnov test of its scores against the calibration rows.
        distance: Population stability index of its scores over tenths of the calibration rows.
        columns: Its columns against training.
        drifted: What differs: names of columns, and "scores".

    """

    last_row: int
    alarms: float
    p_value: float
    distance: float
    columns: tuple[Drifted, ...]
    drifted: tuple[str, ...]


@dataclass(frozen=True)
class Rates:
    """Stated rates of false alarms.

    Attributes:
        window: Chance that a window of rows like those of training is called drifted.
        ever: Chance that such rows are ever called drifted by the bet that runs since the start.

    Raises:
        ConfigError: Not between 0 and 1.

    """

    window: float = 0.001
    ever: float = 0.01

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if not 0.0 < value < 1.0:
                raise ConfigError(f"drift rate {name} {value!r} came; accepted: between 0 and 1, e.g. 0.001")


class Drift:
    """Watches rows that are scored, in memory that does not grow.

    Every `window` rows, inputs and scores are compared with training. Half of the rate of false alarms goes
    to the scores, half is shared by the columns (Bonferroni), so a window without change is called drifted
    with at most that chance. Beside it a `Martingale` bets on the scores of all rows since the start.

    Both hold for rows whose order means nothing. Rows of one hour against a training of all day differ, and
    are rightly called so.
    """

    def __init__(
        self, detector: TwoStage, *, window: int = 1000, rates: Rates | None = None, seed: int = 0
    ) -> None:
        if window < 50:
            raise ConfigError(f"a drift window of {window} rows came; accepted: 50 or more")
        self.rates = rates or Rates()
        self.size = window
        self._reference = Reference.of(detector, columns_of(detector))
        self._scores = _reference_scores(detector.calibration_, seed)
        self._edges = np.unique(np.quantile(self._scores, np.arange(1, BINS) / BINS))
        self._bet = Martingale(self._scores, rate=self.rates.ever, seed=seed)
        self._lock = threading.Lock()
        self.windows: deque[Window] = deque(maxlen=REMEMBERED)
        self.judged = self.called = self.rows = 0
        self._begin()

    @property
    def watches_inputs(self) -> bool:
        """Whether the model keeps statistics of its inputs; of images it keeps none."""
        return self._reference is not None

    def see(self, features: NDArray[np.floating], scores: Floats, alarms: NDArray[np.bool_]) -> None:
        """Take rows that were scored: features (N, D), scores (N,) and alarms (N,)."""
        with self._lock:
            self._bet.see(scores)
            for start in range(0, len(scores), self.size):
                part = slice(start, start + self.size)
                self._add(features[part], scores[part], alarms[part])

    def standing(self) -> Standing:
        """Return how the bet on the scores stands."""
        with self._lock:
            return self._bet.standing()

    def report(self) -> dict[str, Any]:
        """Return all of it as JSON values."""
        with self._lock:
            latest = self.windows[-1] if self.windows else None
            standing = self._bet.standing()
            return {
                "rows": self.rows,
                "drifting": bool(latest and latest.drifted) or standing.crossed is not None,
                "inputs_watched": self.watches_inputs,
                "since_start": {
                    "log10": standing.log10,
                    "largest_log10": standing.largest,
                    "alarm_at_log10": float(-np.log10(self.rates.ever)),
                    "false_alarm_rate": self.rates.ever,
                    "first_alarm_row": standing.crossed,
                },
                "windows": {
                    "rows": self.size,
                    "filled": self._count,
                    "judged": self.judged,
                    "drifted": self.called,
                    "false_alarm_rate": self.rates.window,
                    "latest": None if latest is None else asdict(latest),
                    "before": [_short(window) for window in list(self.windows)[:-1]],
                },
            }

    def _begin(self) -> None:
        """Start a new window."""
        width = 0 if self._reference is None else len(self._reference.owner)
        self._count = self._alarms = 0
        self._total, self._squares = np.zeros(width), np.zeros(width)
        self._held: list[Floats] = []

    def _add(self, features: NDArray[np.floating], scores: Floats, alarms: NDArray[np.bool_]) -> None:
        """Take at most as many rows as a window has, and judge the window where it is full."""
        room = self.size - self._count
        for part in (slice(room), slice(room, None)):
            if not len(scores[part]):
                continue
            if self._reference is not None:
                values = self._reference.values(features[part])
                self._total += values.sum(0)
                self._squares += (values**2).sum(0)
            self._held.append(scores[part])
            self._alarms += int(alarms[part].sum())
            self._count += len(scores[part])
            self.rows += len(scores[part])
            if self._count == self.size:
                self._judge()

    def _judge(self) -> None:
        scores = np.concatenate(self._held)
        columns: tuple[Drifted, ...] = ()
        if self._reference is not None:
            columns = self._reference.compare(self._count, self._total, self._squares)
        p_value = float(ks_2samp(scores, self._scores, method="asymp").pvalue)
        half = self.rates.window / (2.0 if columns else 1.0)
        drifted = [one.column for one in columns if one.p_value <= half / len(columns)]
        drifted += ["scores"] if p_value <= half else []
        window = Window(
            self.rows, self._alarms / self._count, p_value, self._apart(scores), columns, tuple(drifted)
        )
        self.windows.append(window)
        self.judged += 1
        self.called += bool(drifted)
        self._begin()

    def _apart(self, scores: Floats) -> float:
        """Return the population stability index of the scores, nats."""
        now, then = (
            (np.bincount(np.searchsorted(self._edges, values), minlength=len(self._edges) + 1) + 0.5)
            for values in (scores, self._scores)
        )
        now, then = now / now.sum(), then / then.sum()
        return float(((now - then) * np.log(now / then)).sum())


def _reference_scores(calibration: Calibration, seed: int) -> Floats:
    """Scores of calibration rows; of weighted rows as many as they are worth, drawn by weight."""
    if calibration.weights is None:
        return calibration.scores
    share = calibration.weights / calibration.weights.sum()
    count = max(2, round(calibration.effective))
    return np.sort(generator(seed, 18).choice(calibration.scores, size=count, p=share))


def _short(window: Window) -> dict[str, Any]:
    return {"last_row": window.last_row, "distance": window.distance, "drifted": list(window.drifted)}
