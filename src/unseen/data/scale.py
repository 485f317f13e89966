"""The scaler: fitted on normal rows, stored with the model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]

# Beyond this many standard deviations a scaled value grows only as its logarithm.
SOFT = 10.0


@dataclass(frozen=True)
class Scaler:
    """Standardise features by normal rows; heavy tails are first drawn in by a signed logarithm.

    z = (f(x) - centre) / width, with f(x) = sign(x) ln(1 + |x| / unit) where `logarithmic`, else x; |z|
    beyond 10 grows as a logarithm, so that no single value drowns the others and order is kept.

    Attributes
    ----------
    centre, width, unit
        Shape (D,). A constant feature has width 1 (in its own units).
    logarithmic
        Boolean, shape (D,).
    """

    centre: Array
    width: Array
    unit: Array
    logarithmic: NDArray[np.bool_]

    @classmethod
    def fit(cls, x: Array, *, binary: NDArray[np.bool_] | None = None) -> Scaler:
        """Learn from normal rows (N, D); `binary` marks features that are words or flags.

        A feature is logarithmic where its 1 % tails lie more than ten inter-quartile ranges apart (3.5 for a
        normal distribution). The width of a flag is at least 0.3, so that a word seen once in ten thousand
        rows does not outweigh everything else.

        Examples
        --------
        >>> scaler = Scaler.fit(np.array([[1.0, 5.0], [2.0, 5.0], [3.0, 5.0]]))
        >>> scaler.transform(np.array([[2.0, 6.0]])).tolist()
        [[0.0, 1.0]]
        """
        values = np.asarray(x, dtype=np.float64)
        flags = np.zeros(values.shape[1], dtype=bool) if binary is None else np.asarray(binary, dtype=bool)
        low, first, third, high = np.quantile(values, [0.01, 0.25, 0.75, 0.99], axis=0)
        logarithmic = ~flags & (high - low > 10.0 * (third - first))
        unit = _typical_size(values)
        seen = np.where(logarithmic, _signed_log(values, unit), values)
        centre, spread = seen.mean(0), seen.std(0)
        # a spread that is only rounding belongs to a constant feature
        constant = spread <= 1e-9 * np.maximum(np.abs(centre), 1e-300)
        width = np.where(constant, 1.0, np.where(flags, np.maximum(spread, 0.3), spread))
        return cls(centre, width, unit, logarithmic)

    def transform(self, x: Array) -> NDArray[np.float32]:
        """Scale rows (N, D), float32."""
        values = np.array(x, dtype=np.float32 if x.dtype == np.float32 else np.float64)
        if self.logarithmic.any():
            tails = self.logarithmic
            values[:, tails] = _signed_log(values[:, tails], self.unit[tails].astype(values.dtype))
        values -= self.centre.astype(values.dtype)
        values /= self.width.astype(values.dtype)
        if values.size and (values.max() > SOFT or values.min() < -SOFT):
            size = np.abs(values)
            np.copyto(
                values, np.sign(values) * (SOFT + np.log1p(np.maximum(size - SOFT, 0.0))), where=size > SOFT
            )
        return values.astype(np.float32, copy=False)


@dataclass(frozen=True)
class Pixels:
    """The scaler of images: divides by the largest normal value, so that pixels lie in [0, 1].

    Attributes
    ----------
    top
        Largest value of the normal images.
    """

    top: float

    @classmethod
    def fit(cls, x: Array, *, binary: NDArray[np.bool_] | None = None) -> Pixels:  # noqa: ARG003
        """Learn from normal images, shape (N, D)."""
        return cls(float(np.max(x)) or 1.0)

    def transform(self, x: Array) -> NDArray[np.float32]:
        """Scale images (N, D), float32."""
        return np.asarray(x, dtype=np.float32) * np.float32(1.0 / self.top)


def _signed_log(x: Array, unit: Array) -> Array:
    return np.sign(x) * np.log1p(np.abs(x) / unit)


def _typical_size(x: Array) -> Array:
    """Median of |x| over the non-zero values of each feature, shape (D,); 1 where all are zero."""
    size = np.where(x == 0, np.nan, np.abs(x))
    some = ~np.isnan(size).all(0)
    unit = np.ones(x.shape[1])
    unit[some] = np.nanmedian(size[:, some], axis=0)
    return unit
