"""Area averaging with exact weights: the one way a picture changes its size."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def area_averaged(picture: NDArray[Any], height: int, width: int) -> NDArray[np.float32]:
    """Average a picture (n, w) over a grid of height x width cells.

    Cell i of m covers the stretch [i n / m, (i + 1) n / m) of n source rows. In units of 1 / m row, source
    row k covers [k m, (k + 1) m) and the cell [i n, (i + 1) n), so with whole numbers

        cell_i = (1 / n) sum_k overlap_ik x_k,
        overlap_ik = min((k + 1) m, (i + 1) n) - max(k m, i n)   where positive.

    Rows first, then columns of the result in the same way; sums and the result between are doubles, and the
    end is rounded to float32 once. Growing works alike: each cell then lies in one source pixel or two.

    Args:
        picture: Grey values (n, w).
        height, width: Cells, each at least 1.

    Returns:
        float32 (height, width).

    >>> area_averaged(np.arange(16.0).reshape(4, 4), 2, 2).tolist()
    [[2.5, 4.5], [10.5, 12.5]]
    >>> area_averaged(np.array([[0.0, 3.0, 6.0]]), 1, 2).tolist()
    [[1.0, 5.0]]
    """
    across = _averaged_rows(picture, height)
    return np.ascontiguousarray(_averaged_rows(across.T, width).T.astype(np.float32))


def _averaged_rows(rows: NDArray[Any], cells: int) -> NDArray[np.float64]:
    """Average rows (n, w) to (cells, w) in doubles."""
    n = len(rows)
    out = np.empty((cells, rows.shape[1]))
    for cell in range(cells):
        start, stop = cell * n, (cell + 1) * n  # in units of 1 / cells row
        first, last = start // cells, (stop - 1) // cells
        if first == last:
            out[cell] = rows[first]
            continue
        total = float((first + 1) * cells - start) * rows[first].astype(np.float64)
        if last > first + 1:
            total += float(cells) * rows[first + 1 : last].sum(axis=0, dtype=np.float64)
        out[cell] = (total + float(stop - last * cells) * rows[last]) / n
    return out
