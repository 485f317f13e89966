"""What every detector is: a scikit-learn outlier detector whose scores are evidence in nats."""

from __future__ import annotations

import warnings
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import narwhals as nw
import numpy as np
import pyarrow as pa
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, OutlierMixin
from sklearn.utils import ClassifierTags, Tags
from sklearn.utils.validation import check_is_fitted, validate_data

from unseen.data.schema import Missing, Schema
from unseen.errors import DataError
from unseen.thresholds import Calibration, FalseAlarmRate, Threshold

Floats = NDArray[np.float64]

# Numbers beyond this are refused: their squares leave single precision after scaling.
LARGEST = 1e30
# False-alarm rate where none is asked for.
DEFAULT_RATE = 0.01


@dataclass(frozen=True)
class Contributions:
    """Why a row has its score.

    Attributes:
        names: What speaks: features, latent units; length M.
        values: Shape (N, M), nats; each row adds up to its anomaly score.

    """

    names: tuple[str, ...]
    values: Floats


class Detector(OutlierMixin, BaseEstimator):  # type: ignore[misc]
    """Learn normal rows, be told of known anomalies, score every row; higher is stranger.

    A subclass fits `calibration_` (anomaly scores of held-out normal rows) and implements `_score` and
    `_explain` on validated rows.
    """

    threshold: Threshold | None
    missing: Missing
    calibration_: Calibration

    @abstractmethod
    def _score(self, rows: Floats) -> Floats:
        """Anomaly score of validated rows (N, D), shape (N,)."""

    @abstractmethod
    def _explain(self, rows: Floats) -> Contributions:
        """Parts of the anomaly score of validated rows (N, D)."""

    @abstractmethod
    def state(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Return what was fitted, as plain values and arrays."""

    @abstractmethod
    def restore(self, document: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> None:
        """Take back what `state` returned."""

    def anomaly_score(self, X: ArrayLike) -> Floats:
        """Evidence against "normal" of each row, shape (N,), nats: 0 is ordinary, higher is stranger."""
        return self._score(self._rows(X))

    def score_samples(self, X: ArrayLike) -> Floats:
        """Minus the anomaly score, shape (N,): scikit-learn's sign, lower is stranger."""
        return -self.anomaly_score(X)

    def decision_function(self, X: ArrayLike) -> Floats:
        """`score_samples` minus `offset_`, shape (N,): negative where a row alone raises an alarm."""
        return self.score_samples(X) - self.offset_

    def predict(self, X: ArrayLike) -> NDArray[np.int64]:
        """-1 where the threshold raises an alarm, +1 elsewhere, shape (N,)."""
        return np.where(self.alarms(X), -1, 1)

    def p_values(self, X: ArrayLike) -> Floats:
        """Conformal p-value of each row, shape (N,): small where stranger than held-out normals."""
        scores = self.anomaly_score(X)
        return self.calibration_.p_values(scores)

    def alarms(self, X: ArrayLike) -> NDArray[np.bool_]:
        """Decision of the current threshold on each row, shape (N,).

        The threshold may be replaced after fitting: `detector.set_params(threshold=FalseAlarmRate(1e-3))`.
        """
        scores = self.anomaly_score(X)
        return self._threshold().decide(self.calibration_, scores)

    def contributions(self, X: ArrayLike) -> Contributions:
        """Name what makes each row strange; the parts of a row add up to its anomaly score."""
        return self._explain(self._rows(X))

    def encode(self, X: ArrayLike) -> Floats:
        """Rows as the matrix that is scaled, shape (N, D): a table becomes its features, images are flat."""
        return self._rows(X)

    def score_encoded(self, rows: NDArray[np.floating[Any]]) -> Floats:
        """Anomaly score of rows that `encode` returned, shape (N,), nats."""
        check_is_fitted(self)
        # single precision is scored as it came
        return self._score(cast(Floats, rows))

    @property
    def offset_(self) -> float:
        """Minus the anomaly score above which a row alone raises an alarm."""
        check_is_fitted(self)
        return -self.calibration_.score_at(self.rate_)

    @property
    def rate_(self) -> float:
        """False-alarm rate at which alarms are raised now."""
        return self._threshold().rate

    def _threshold(self) -> Threshold:
        """Return the threshold asked for; else 1 %, or the least rate two held-out rows can vouch for."""
        if self.threshold is not None:
            return self.threshold
        return FalseAlarmRate(max(DEFAULT_RATE, 2.0 * self.calibration_.least))

    def _rows(self, X: ArrayLike) -> Floats:
        """Return validated rows of a fitted detector, shape (N, D)."""
        check_is_fitted(self)
        return self._validated(X, reset=False)

    def _validated(self, X: Any, *, reset: bool) -> Floats:
        """Rows as floats (N, D): arrays by scikit-learn's rules, tables by the schema fitted in training."""
        table = as_table(X)
        if table is not None:
            return self._encoded(table, reset=reset)
        if not reset and self.schema_ is not None:
            raise DataError(
                "an array came, but this detector was trained on named columns "
                f"({_listed(self.schema_.columns)}); pass a table or data frame with these columns"
            )
        if reset:
            self.schema_: Schema | None = None
        X = self._flattened(X)
        rows = validate_data(
            self, X, reset=reset, dtype=[np.float64, np.float32], accept_sparse=False, ensure_all_finite=False
        )
        return self._finite(np.asarray(rows), reset=reset)

    def _encoded(self, table: pa.Table, *, reset: bool) -> Floats:
        if reset:
            self.schema_ = Schema.fit(table, missing=self.missing)
            self.feature_names_in_ = np.array(self.schema_.columns, dtype=object)
            self.n_features_in_ = len(self.schema_.columns)
        elif self.schema_ is None:
            raise DataError("a table came, but this detector was trained on an array; pass an array")
        return np.asarray(self.schema_.encode(table))

    def _flattened(self, X: Any) -> Any:
        """Images (N, C, H, W) or (N, H, W) as rows, where the detector was told the image shape."""
        shape = getattr(self, "image_shape", None)
        if shape is None or not hasattr(X, "shape") or len(X.shape) <= 2:
            return X
        images = np.asarray(X)
        if images[0].size != int(np.prod(shape)):
            raise DataError(f"images of shape {images.shape[1:]} came; accepted: {tuple(shape)}")
        return images.reshape(len(images), -1)

    def _finite(self, rows: Floats, *, reset: bool) -> Floats:
        """Refuse or fill what is not finite; refuse what would not stay finite."""
        # two passes settle the usual case: NaN and inf fail these comparisons
        learns = reset and self.missing == "median"
        if rows.size and not learns and rows.min() >= -LARGEST and rows.max() <= LARGEST:
            return rows
        missing = np.isnan(rows)
        if self.missing == "median":
            if reset:
                self.fill_ = _medians(rows, missing)
            rows = np.where(missing, self.fill_, rows) if missing.any() else rows
            missing = np.isnan(rows)
        bad = missing | np.isinf(rows)
        if bad.any():
            column = int(bad.any(0).argmax())
            raise DataError(
                f"column {self._column(column)!r} has {int(bad[:, column].sum())} rows that are not finite "
                f"(NaN or inf; first: row {int(bad[:, column].argmax())}). "
                'Drop or fill them, or pass missing="median" for NaN.'
            )
        if np.abs(rows).max(initial=0.0) > LARGEST:
            column = int(np.abs(rows).max(0).argmax())
            raise DataError(
                f"column {self._column(column)!r} has values beyond {LARGEST:g}; "
                "accepted: numbers whose squares stay finite. Rescale or drop the column."
            )
        return rows

    def _column(self, place: int) -> str:
        names = getattr(self, "feature_names_in_", None)
        return f"x{place}" if names is None else str(names[place])

    def __sklearn_tags__(self) -> Tags:
        """Known anomalies make `y` binary: 0 normal or unlabelled, 1 known anomaly."""
        tags = super().__sklearn_tags__()
        tags.classifier_tags = ClassifierTags(multi_class=False)
        return tags


def as_table(X: Any) -> pa.Table | None:
    """Return a table for data whose columns have kinds: Arrow, or a data frame that is not all numbers.

    A data frame of numbers alone is left to scikit-learn's rules and gives None, like any array.
    """
    if isinstance(X, pa.Table | pa.RecordBatch):
        return pa.table(X) if isinstance(X, pa.RecordBatch) else X
    if not nw.dependencies.is_into_dataframe(X):
        return None
    frame = nw.from_native(X, eager_only=True)
    if all(kind.is_numeric() for kind in frame.schema.values()):
        return None
    return frame.to_arrow()


def _medians(rows: Floats, missing: NDArray[np.bool_]) -> Floats:
    empty = missing.all(0)
    if empty.any():
        raise DataError(f"column x{int(empty.argmax())} has no value at all; drop it")
    return np.asarray(np.nanmedian(rows, axis=0))


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")


def read_labels(y: ArrayLike | None, rows: int) -> NDArray[np.bool_]:
    """Return the mask of known anomalies from labels, shape (rows,).

    A two-level factor written as 1 and 2, as spreadsheets and R do, is read as 0 and 1 with a warning.

    Raises:
        DataError: Labels other than 0 (normal or unlabelled) and 1 (known anomaly), or not one a row.

    >>> read_labels([0, 1, 0], rows=3).tolist()
    [False, True, False]
    >>> read_labels([0, -1, 0], rows=3)
    Traceback (most recent call last):
    ...
    unseen.errors.DataError: y has the value -1 (first: row 1); accepted: 0 = normal or unlabelled, 1 = \
known anomaly

    """
    if y is None:
        return np.zeros(rows, dtype=bool)
    labels = np.asarray(y)
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.shape != (rows,):
        raise DataError(f"y has shape {labels.shape}; accepted: one label a row, shape ({rows},)")
    if labels.dtype.kind in "iuf" and labels.size and set(np.unique(labels)) == {1, 2}:
        warnings.warn(
            "y holds 1 and 2 and no 0: read as 1 = normal, 2 = known anomaly", UserWarning, stacklevel=3
        )
        labels = labels - 1
    fits = np.isin(labels, (0, 1)) if labels.dtype.kind in "biuf" else np.zeros(rows, dtype=bool)
    if not fits.all():
        row = int(np.flatnonzero(~fits)[0])
        raise DataError(
            f"y has the value {labels[row]} (first: row {row}); "
            "accepted: 0 = normal or unlabelled, 1 = known anomaly"
            + (" (Unknown label type)" if labels.dtype.kind not in "biuf" else "")
        )
    return np.asarray(labels == 1)
