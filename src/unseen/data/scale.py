"""The scaler: fitted on normal rows, stored with the model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from unseen.errors import DataError, ModelFileError, unknown

Array = NDArray[np.floating[Any]]

# How columns of a table are scaled; "energies" is for event images.
Scaling = Literal["standard", "quantiles", "energies"]

# Beyond this many standard deviations a scaled value grows only as its logarithm.
SOFT = 10.0
# Knots of the map from quantiles to the normal distribution, evenly spread in the latter.
KNOTS = 129
# Rows scaled at a time, so that every step but the first finds them in cache.
BLOCK = 1024


@dataclass(frozen=True)
class Scaler:
    """Standardise features by normal rows; heavy tails are first drawn in by a signed logarithm.

    z = (f(x) - centre) / width, with f(x) = sign(x) ln(1 + |x|) where `logarithmic`, else x; |z|
    beyond 10 grows as a logarithm, so that no single value drowns the others and order is kept.

    Attributes:
        centre, width: Shape (D,). A constant feature has width 1 (in its own units).
        logarithmic: Boolean, shape (D,).

    """

    centre: Array
    width: Array
    logarithmic: NDArray[np.bool_]

    @classmethod
    def fit(cls, x: Array, *, binary: NDArray[np.bool_] | None = None) -> Scaler:
        """Learn from normal rows (N, D); `binary` marks features that are words or flags.

        A feature is logarithmic where its 1 % tails lie more than ten inter-quartile ranges apart (3.5 for a
        normal distribution). A flag keeps its own units: a word seen once in ten thousand rows must not
        outweigh everything else.

        >>> scaler = Scaler.fit(np.array([[1.0, 5.0], [2.0, 5.0], [3.0, 5.0]]))
        >>> scaler.transform(np.array([[2.0, 6.0]])).tolist()
        [[0.0, 1.0]]

        """
        values = np.asarray(x, dtype=np.float64)
        flags = np.zeros(values.shape[1], dtype=bool) if binary is None else np.asarray(binary, dtype=bool)
        low, first, third, high = np.quantile(values, [0.01, 0.25, 0.75, 0.99], axis=0)
        logarithmic = ~flags & (high - low > 10.0 * (third - first))
        seen = values.copy() if logarithmic.any() else values
        seen[:, logarithmic] = _signed_log(seen[:, logarithmic])
        centre, spread = seen.mean(0), seen.std(0)
        # a spread that is only rounding belongs to a constant feature
        constant = spread <= 1e-9 * np.maximum(np.abs(centre), 1e-300)
        width = np.where(constant | flags, 1.0, spread)
        return cls(centre, width, logarithmic)

    def transform(self, x: Array) -> NDArray[np.float32]:
        """Scale rows (N, D), float32."""
        scaled = np.empty(x.shape, dtype=np.float32)
        for start in range(0, len(x), BLOCK):
            scaled[start : start + BLOCK] = self._scaled(x[start : start + BLOCK])
        return scaled

    def inverse(self, z: Array) -> NDArray[np.float64]:
        """Turn scaled rows (N, D) back into their own units.

        >>> scaler = Scaler.fit(np.array([[1.0], [2.0], [4.0]]))
        >>> scaler.inverse(scaler.transform(np.array([[2.0], [900.0]]))).round(1).tolist()
        [[2.0], [900.0]]

        """
        drawn = np.asarray(z, dtype=np.float64)
        beyond = np.expm1(np.maximum(np.abs(drawn) - SOFT, 0.0))
        values = (np.clip(drawn, -SOFT, SOFT) + np.sign(drawn) * beyond) * self.width + self.centre
        tails = self.logarithmic
        values[:, tails] = np.sign(values[:, tails]) * np.expm1(np.abs(values[:, tails]))
        return np.asarray(values)

    def _scaled(self, x: Array) -> Array:
        """Scale rows in the precision they came in, single or double."""
        values: Array = np.array(x, dtype=np.float32 if x.dtype == np.float32 else np.float64)
        if self.logarithmic.any():
            tails = self.logarithmic
            values[:, tails] = _signed_log(values[:, tails])
        values -= self.centre.astype(values.dtype)
        values /= self.width.astype(values.dtype)
        if values.size and (values.max() > SOFT or values.min() < -SOFT):
            size = np.abs(values)
            np.copyto(
                values, np.sign(values) * (SOFT + np.log1p(np.maximum(size - SOFT, 0.0))), where=size > SOFT
            )
        return values


@dataclass(frozen=True)
class Quantiles:
    """Map each feature to the standard normal distribution by the quantiles of normal rows.

    z = Phi^-1(F(x)) with F the mid-rank distribution of normal rows, interpolated between knots; beyond the
    outermost normal row z goes on as a logarithm of the distance in standard deviations. Distances then
    count normal rows rather than units: a mis-measured value a thousand times too large is no stranger than
    the strangest one in ten thousand, and sparse corners between frequent values stand out.

    Attributes:
        knots: Values of each feature, rising, shape (K, D).
        heights: z at the knots, shape (K, D).
        width: Standard deviation inside the central 99.8 %, shape (D,); 1 for a constant feature.

    """

    knots: Array
    heights: Array
    width: Array

    @classmethod
    def fit(cls, x: Array, *, binary: NDArray[np.bool_] | None = None) -> Quantiles:
        """Learn from normal rows (N, D); features marked `binary` keep their own units.

        >>> rows = np.arange(101.0)[:, None] ** 3
        >>> Quantiles.fit(rows).transform(rows[[50]]).round(3).tolist()
        [[0.0]]

        """
        values = np.asarray(x, dtype=np.float64)
        end = float(-ndtri(0.5 / max(len(values), 2)))
        levels = np.linspace(-end, end, KNOTS)
        knots = np.quantile(values, ndtr(levels), axis=0)
        # the outermost knots are the outermost rows
        knots[0], knots[-1] = values.min(0), values.max(0)
        low, high = np.quantile(values, [0.001, 0.999], axis=0)
        width = np.clip(values, low, high).std(0)
        width[width <= 1e-9 * np.maximum(np.abs(knots[KNOTS // 2]), 1e-300)] = 1.0
        heights = np.column_stack([_mid_heights(column, levels) for column in knots.T])
        for column in np.flatnonzero(np.zeros(values.shape[1], dtype=bool) if binary is None else binary):
            centre, width[column] = values[:, column].mean(), 1.0
            heights[:, column] = knots[:, column] - centre
        return cls(knots, heights, width)

    def transform(self, x: Array) -> NDArray[np.float32]:
        """Scale rows (N, D), float32."""
        scaled = np.empty(x.shape, dtype=np.float32)
        for column in range(x.shape[1]):
            values = np.asarray(x[:, column], dtype=np.float64)
            knots, width = self.knots[:, column], self.width[column]
            heights = np.interp(values, knots, self.heights[:, column])
            beyond, below = np.flatnonzero(values > knots[-1]), np.flatnonzero(values < knots[0])
            heights[beyond] += np.log1p((values[beyond] - knots[-1]) / width)
            heights[below] -= np.log1p((knots[0] - values[below]) / width)
            scaled[:, column] = heights
        return scaled

    def inverse(self, z: Array) -> NDArray[np.float64]:
        """Turn scaled rows (N, D) back into their own units; beyond the outermost knots it stays there.

        >>> rows = np.arange(101.0)[:, None] ** 3
        >>> scaler = Quantiles.fit(rows)
        >>> scaler.inverse(scaler.transform(rows[[50]])).round().tolist()
        [[125000.0]]

        """
        found = np.empty(z.shape)
        for column, values in enumerate(np.asarray(z, dtype=np.float64).T):
            found[:, column] = np.interp(values, self.heights[:, column], self.knots[:, column])
        return found


@dataclass(frozen=True)
class Pixels:
    """The scaler of images: divides by the largest normal value, so that pixels lie in [0, 1].

    Attributes:
        top: Largest value of the normal images.

    """

    top: float

    @classmethod
    def fit(cls, x: Array, *, binary: NDArray[np.bool_] | None = None) -> Pixels:
        """Learn from normal images, shape (N, D)."""
        return cls(float(np.max(x)) or 1.0)

    def transform(self, x: Array) -> NDArray[np.float32]:
        """Scale images (N, D), float32."""
        return np.asarray(x, dtype=np.float32) * np.float32(1.0 / self.top)

    def inverse(self, z: Array) -> NDArray[np.float64]:
        """Turn scaled images (N, D) back into their own units."""
        return np.asarray(z, dtype=np.float64) * self.top


@dataclass(frozen=True)
class Energies:
    """The scaler of event images: z = ln(1 + E / 1 GeV), so that a pixel is lit where z > 0.

    Nothing is learned: a GeV is a GeV in every sample.

    >>> Energies().transform(np.array([[0.0, np.e - 1]])).tolist()
    [[0.0, 1.0]]

    """

    @classmethod
    def fit(cls, x: Array, *, binary: NDArray[np.bool_] | None = None) -> Energies:
        """Check normal images (N, D) of transverse energies, GeV."""
        _refuse_negative(x)
        return cls()

    def transform(self, x: Array) -> NDArray[np.float32]:
        """Scale images (N, D), float32.

        Raises:
            DataError: An energy is negative.

        """
        _refuse_negative(x)
        return np.log1p(x, dtype=np.float32, casting="same_kind")

    def inverse(self, z: Array) -> NDArray[np.float64]:
        """Turn scaled images (N, D) back into energies, GeV."""
        return np.asarray(np.expm1(np.asarray(z, dtype=np.float64)))


AnyScaler = Scaler | Quantiles | Pixels | Energies
SCALINGS: dict[str, type[Scaler | Quantiles | Energies]] = {
    "standard": Scaler,
    "quantiles": Quantiles,
    "energies": Energies,
}


def image_scaler(scaling: Scaling) -> type[Pixels | Energies]:
    """Return the scaler of images: of transverse energies where asked for, else of pixels."""
    return Energies if scaling == "energies" else Pixels


def restored_scaler(name: str, arrays: Mapping[str, Any]) -> AnyScaler:
    """Rebuild a scaler of class `name` from arrays named `scaler.<field>`.

    Raises:
        ModelFileError: The class is not known, or an array is missing, not finite or of another shape.

    """
    kinds: dict[str, type[AnyScaler]] = {cls.__name__: cls for cls in (Scaler, Quantiles, Pixels, Energies)}
    if name not in kinds:
        raise ModelFileError(unknown("scaler", name, kinds))
    if name == "Energies":
        return Energies()
    found = {field.name: np.asarray(arrays[f"scaler.{field.name}"]) for field in fields(kinds[name])}
    if not all(np.isfinite(value).all() for value in found.values()):
        raise ModelFileError("the scaler holds numbers that are not finite")
    divisor = found["top" if name == "Pixels" else "width"]
    if not (divisor > 0).all():
        raise ModelFileError("the scaler divides by numbers that are not above zero")
    if name == "Pixels":
        return Pixels(float(found["top"]))
    if name == "Quantiles":
        return _restored_quantiles(found)
    if len({value.shape for value in found.values()}) != 1 or found["centre"].ndim != 1:
        raise ModelFileError("the arrays of the scaler do not fit each other")
    return Scaler(**{**found, "logarithmic": found["logarithmic"].astype(bool)})


def _restored_quantiles(found: Mapping[str, Array]) -> Quantiles:
    knots, heights, width = (found[name] for name in ("knots", "heights", "width"))
    if knots.ndim != 2 or len(knots) < 2 or heights.shape != knots.shape or width.shape != knots.shape[1:]:
        raise ModelFileError("the arrays of the scaler do not fit each other")
    if (np.diff(knots, axis=0) < 0).any() or (np.diff(heights, axis=0) < 0).any():
        raise ModelFileError("the knots of the scaler do not rise")
    return Quantiles(knots, heights, width)


def _mid_heights(knots: Array, levels: Array) -> Array:
    """Heights of rising knots (K,): equal knots share the mean of their levels (K,), their mid-rank."""
    _, place = np.unique(knots, return_inverse=True)
    return np.asarray((np.bincount(place, weights=levels) / np.bincount(place))[place])


def _refuse_negative(x: Array) -> None:
    if x.size and x.min() < 0:
        row = int(np.flatnonzero((x < 0).any(1))[0])
        raise DataError(
            f"row {row} holds the energy {float(x[row].min()):.4g}; "
            "accepted with scaling 'energies': transverse energies in GeV, 0 or more"
        )


def _signed_log(x: Array) -> Array:
    return np.asarray(np.sign(x) * np.log1p(np.abs(x)))
