"""The nearest of a few thousand rows by one matrix product: for dimensions too many for a tree."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

# Rows a block of distances: 256 x 3,000 of them are 3 MB. A multiple of the grain rows are padded to.
ROWS = 256
# Squared distance, less |a|^2, of the columns that fill up the last group: farther than any row.
FAR = 1e30


@dataclass(frozen=True, eq=False)
class Table:
    """Reference codes laid out for one matrix product, its columns in groups.

    [a, 1] times the table is |b|^2 - 2 a b, which orders the reference codes b as |a - b| does. The k nearest
    lie in the k groups whose nearest members are nearest, so that only these are looked at one by one. The k
    distances that are returned are computed term by term: small ones are not lost between large squares.

    Attributes:
        codes: Reference codes (R, P).
        columns: Shape (P + 1, S x G), filled up with columns far away.
        groups: G; column j is in group j modulo G.

    """

    codes: Tensor
    columns: Tensor
    groups: int

    @classmethod
    def of(cls, codes: Tensor) -> Table:
        """Lay out codes (R, P) in about as many groups as five of them have members: little is looked at."""
        groups = min(32 * math.ceil(math.sqrt(5 * len(codes)) / 32), len(codes))
        fill = -len(codes) % groups
        squares = torch.cat([codes.square().sum(1), codes.new_full((fill,), FAR)])
        columns = torch.cat([codes, codes.new_zeros(fill, codes.shape[1])]).T
        return cls(codes, torch.cat([-2.0 * columns, squares[None]]).contiguous(), groups)

    def nearest(self, codes: Tensor, k: int) -> tuple[Tensor, Tensor]:
        """Distances of `codes` (N, P) to the k nearest reference codes, and their places, both (N, k)."""
        # fresh memory for each block would cost as much as the product
        room = codes.new_empty(min(ROWS, len(codes)), self.columns.shape[1])
        found = [self._exact(block, self._places(block, k, room)) for block in torch.split(codes, ROWS)]
        return torch.cat([distance for distance, _ in found]), torch.cat([place for _, place in found])

    def _exact(self, codes: Tensor, place: Tensor) -> tuple[Tensor, Tensor]:
        """Distances to the codes at `place` (N, k), in rising order, and their places."""
        found = self.codes.index_select(0, place.flatten()).view(*place.shape, -1)
        distance = torch.linalg.vector_norm(found - codes[:, None], dim=2)
        ordered = distance.sort(dim=1, stable=True)
        return ordered.values, place.gather(1, ordered.indices)

    def _places(self, codes: Tensor, k: int, room: Tensor) -> Tensor:
        """Places of the k nearest, shape (N, k); `room`, (N or more, S x G), is written anew."""
        with_one = torch.cat([codes, codes.new_ones(len(codes), 1)], dim=1)
        squares = torch.mm(with_one, self.columns, out=room[: len(codes)])
        if k > self.groups // 2:
            return least(squares, k)
        squares = squares.view(len(codes), -1, self.groups)
        group = least(squares.amin(1), k)
        members = squares.gather(2, group[:, None].expand(-1, squares.shape[1], -1)).flatten(1)
        chosen = least(members, k)
        return torch.div(chosen, k, rounding_mode="floor") * self.groups + group.gather(1, chosen % k)


def least(values: Tensor, k: int) -> Tensor:
    """Places of the k smallest of each row (N, M), in rising order, shape (N, k).

    >>> least(torch.tensor([[3.0, 1.0, 2.0], [0.0, 5.0, 0.0]]), 2).tolist()
    [[1, 2], [0, 2]]
    """
    rows = values.numpy()
    found = np.flatnonzero(rows <= np.partition(rows, k - 1, axis=1)[:, k - 1 : k])
    if len(found) == len(rows) * k:
        return torch.from_numpy(found.reshape(-1, k) % rows.shape[1])
    # equal values at the border: as many of them as are needed
    return torch.from_numpy(np.sort(np.argpartition(rows, k - 1, axis=1)[:, :k], axis=1))
