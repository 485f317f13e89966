"""Deposits of energy as images in pseudorapidity and azimuth.

A fine grid of cells is summed in square blocks to the pixels of an image; azimuth goes round, pseudorapidity
is padded with empty cells where blocks do not fit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from unseen.collider.kinematics import Floats, wrapped
from unseen.errors import ConfigError, DataError


@dataclass(frozen=True)
class Geometry:
    """The grid: 286 x 360 cells of about 0.0175, in blocks of 5 x 5 to images of 72 (phi) x 58 (eta) pixels.

    Attributes:
        eta_max: cells span pseudorapidity from -eta_max to eta_max.
        eta_cells: number of cells in pseudorapidity.
        phi_cells: number of cells around the beam, from -pi on.
        block: cells of a pixel's side; 1 makes images of cells.

    >>> Geometry().shape, Geometry(eta_cells=50, phi_cells=64, block=1).shape
    ((72, 58), (64, 50))

    """

    eta_max: float = 2.5
    eta_cells: int = 286
    phi_cells: int = 360
    block: int = 5

    @property
    def shape(self) -> tuple[int, int]:
        """Pixels in azimuth and pseudorapidity.

        Raises:
            ConfigError: a number of cells is not accepted.

        """
        if min(self.eta_cells, self.phi_cells, self.block) < 1 or not self.eta_max > 0:
            raise ConfigError(f"{self}: accepted are positive numbers")
        if self.phi_cells % self.block:
            raise ConfigError(f"{self.phi_cells} cells in phi are not whole blocks of {self.block}")
        return self.phi_cells // self.block, -(-self.eta_cells // self.block)

    @property
    def padding(self) -> int:
        """Empty cells before the first in pseudorapidity; as many, or one more, after the last."""
        return (self.shape[1] * self.block - self.eta_cells) // 2

    def cell_etas(self) -> Floats:
        """Pseudorapidity of the middle of each cell, (eta_cells,)."""
        return np.asarray((np.arange(self.eta_cells) + 0.5) * self._width - self.eta_max, np.float64)

    def pixel_etas(self) -> Floats:
        """Pseudorapidity of the middle of each pixel, (shape[1],); the outermost may reach beyond eta_max."""
        places = np.arange(self.shape[1]) * self.block + self.block / 2 - self.padding
        return np.asarray(places * self._width - self.eta_max, np.float64)

    @property
    def _width(self) -> float:
        return 2 * self.eta_max / self.eta_cells

    def cells(self, eta: ArrayLike, phi: ArrayLike, values: ArrayLike) -> Floats:
        """Sum deposits into cells.

        Args:
            eta: (n,) pseudorapidities; beyond the grid they are left out.
            phi: (n,) azimuths in rad, any turn.
            values: (n,) non-negative deposits, in GeV.

        Returns:
            (phi_cells, eta_cells) sums.

        Raises:
            DataError: lengths differ, or a value is negative or not finite.

        """
        h, f, v = (np.asarray(one, dtype=np.float64).reshape(-1) for one in (eta, phi, values))
        if not len(h) == len(f) == len(v):
            raise DataError(f"{len(h)} eta, {len(f)} phi and {len(v)} deposits; accepted: equally many")
        if not (np.isfinite(f).all() and np.isfinite(v).all() and not np.isnan(h).any()) or np.any(v < 0):
            raise DataError("a deposit is negative or not a number; accepted: 0 GeV or more at a direction")
        inside = np.abs(h) < self.eta_max
        columns = np.floor((h[inside] + self.eta_max) / self._width).astype(np.int64)
        turns = np.floor((wrapped(f[inside]) + np.pi) / (2 * np.pi / self.phi_cells)).astype(np.int64)
        # the last bit of a float may round up to the next cell
        columns = np.minimum(columns, self.eta_cells - 1)
        flat = (turns % self.phi_cells) * self.eta_cells + columns
        summed = np.bincount(flat, weights=v[inside], minlength=self.phi_cells * self.eta_cells)
        return np.asarray(summed.reshape(self.phi_cells, self.eta_cells), np.float64)

    def pixels(self, cells: Floats) -> Floats:
        """Sum cells (phi_cells, eta_cells) in blocks to pixels of `shape`.

        >>> g = Geometry()
        >>> image = g.pixels(g.cells([0.0, 0.0, 2.4], [0.1, 2 * np.pi + 0.1, -3.1], [5.0, 1.0, 2.0]))
        >>> float(image.max()), float(image.sum())
        (6.0, 8.0)
        """
        rows, columns = self.shape
        after = columns * self.block - self.eta_cells - self.padding
        padded = np.pad(cells, ((0, 0), (self.padding, after)))
        return np.asarray(padded.reshape(rows, self.block, columns, self.block).sum(axis=(1, 3)))

    def image(self, eta: ArrayLike, phi: ArrayLike, values: ArrayLike) -> Floats:
        """Sum deposits into pixels; arguments as in `cells`."""
        return self.pixels(self.cells(eta, phi, values))
