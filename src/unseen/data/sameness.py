"""Which rows of several files hold the same, told by fingerprints of a few bytes a row.

Event images are compared with images of fewer channels too, since the same events are published whole and as
the sum of their channels. Two rows are the same

1. `exact`: where every value is equal, bit for bit (-0 is 0); or, of one channel against several,
2. `sum`: where the float32 sum over the channels is equal, bit for bit; or, for sums that were taken in
   another order or precision,
3. `close`: where the same pixels of the sum are lit and the total agrees to 1e-3 (GeV) and a millionth of it.

Images without a lit pixel are the same as nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from unseen.data.batches import Source
from unseen.data.columns import image_values
from unseen.data.fingerprint import row_hashes
from unseen.data.kinds import is_image
from unseen.errors import DataError

Hashes = NDArray[np.uint64]
SALT = 20_261_122
NEAR, SHARE = 1e-3, 1e-6
"""How far two totals may lie apart: in the unit of the pixels, and as a share of the total."""
BATCH = 8192


@dataclass(frozen=True)
class Prints:
    """Fingerprints of the rows of one file, 8 bytes each.

    Attributes:
        exact: of every value, shape (N,).
        alive: False for an image without a lit pixel, shape (N,).
        channels: of the images; 0 for rows of a table.
        sums: of the channel sum, shape (N,); empty where there are no images.
        masks, totals: of the lit pixels of the sum, and its total; shape (N,) or empty.

    """

    exact: Hashes
    alive: NDArray[np.bool_]
    channels: int
    sums: Hashes
    masks: Hashes
    totals: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.exact)


@dataclass(frozen=True)
class Shared:
    """Rows of one file that another holds too.

    Attributes:
        rows: in the one file, rising.
        others: for each, the first such row of the other.
        how: `exact`, `sum` or `close`: the loosest of the three that was needed.

    """

    rows: NDArray[np.int64]
    others: NDArray[np.int64]
    how: str


def prints(source: Source, columns: tuple[str, ...]) -> Prints:
    """Take the fingerprints of all rows, in batches; of images, where there are any, else of all columns.

    Raises:
        DataError: the source cannot be read, or has several columns of images.

    """
    parts = [_of_table(table, source.name) for table in source.select(columns).batches(BATCH)]
    return Prints(
        exact=np.concatenate([part.exact for part in parts]),
        alive=np.concatenate([part.alive for part in parts]),
        channels=parts[0].channels,
        sums=np.concatenate([part.sums for part in parts]),
        masks=np.concatenate([part.masks for part in parts]),
        totals=np.concatenate([part.totals for part in parts]),
    )


def repeats(one: Prints) -> NDArray[np.int64]:
    """Return the rows that hold what an earlier row of the file holds."""
    rows = np.flatnonzero(one.alive)
    _, first = np.unique(one.exact[rows], return_index=True)
    return np.delete(rows, first)


def shared(one: Prints, other: Prints) -> Shared:
    """Return the rows of one file that the other holds, too.

    >>> from unseen.data import open_source
    >>> a, b = (prints(open_source(np.array(x)), ("x0",)) for x in ([[1.0], [2.0], [3.0]], [[3.0], [1.0]]))
    >>> shared(a, b)
    Shared(rows=array([0, 2]), others=array([1, 0]), how='exact')

    """
    if one.channels == other.channels:
        return Shared(*_meet(one.exact, one.alive, other.exact, other.alive), "exact")
    if not one.channels or not other.channels or 1 not in (one.channels, other.channels):
        return Shared(np.empty(0, np.int64), np.empty(0, np.int64), "exact")
    rows, others = _meet(one.sums, one.alive, other.sums, other.alive)
    near, far = _close(one, other)
    more = ~np.isin(near, rows)
    if not more.any():
        return Shared(rows, others, "sum")
    order = np.argsort(np.concatenate([rows, near[more]]), kind="stable")
    both = [np.concatenate(pair)[order] for pair in ((rows, near[more]), (others, far[more]))]
    return Shared(both[0], both[1], "close")


def _meet(
    one: Hashes, alive: NDArray[np.bool_], other: Hashes, others_alive: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the rows of `one` that are among `other`, and the first place of each there."""
    places = np.flatnonzero(others_alive)
    values, first = np.unique(other[places], return_index=True)
    at = np.searchsorted(values, one)
    found = alive & (at < len(values))
    found[found] = values[at[found]] == one[found]
    return np.flatnonzero(found), places[first[at[found]]]


def _close(one: Prints, other: Prints) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return rows with the same lit pixels and nearly the same total, and where their likes are."""
    order = np.flatnonzero(other.alive)
    order = order[np.argsort(other.masks[order], kind="stable")]
    masks = other.masks[order]
    low, high = (np.searchsorted(masks, one.masks, side=side) for side in ("left", "right"))
    pairs = [
        (int(row), int(place))
        for row in np.flatnonzero(one.alive & (high > low))
        for place in order[low[row] : high[row]][:1000]
        if abs(one.totals[row] - other.totals[place]) <= NEAR + SHARE * abs(one.totals[row])
    ]
    firsts = dict(reversed(pairs))
    rows = np.array(sorted(firsts), dtype=np.int64)
    return rows, np.array([firsts[row] for row in rows.tolist()], dtype=np.int64)


def _of_table(table: pa.Table, where: str) -> Prints:
    images = [name for name in table.column_names if is_image(table.schema.field(name).type)]
    none = np.empty(0, np.uint64)
    if not images:
        alive = np.ones(table.num_rows, dtype=bool)
        return Prints(row_hashes(table, SALT), alive, 0, none, none, np.empty(0))
    if len(images) > 1:
        raise DataError(
            f"{where} has {len(images)} columns of images: {', '.join(images)}; name one with columns=[...]"
        )
    return _of_images(image_values(table.column(images[0])))


def _of_images(images: np.ndarray) -> Prints:
    values = images.astype(np.float32) + np.float32(0.0)  # one zero
    sums = values[:, 0].copy()
    for channel in range(1, values.shape[1]):  # in this order: a float sum depends on it
        sums += values[:, channel]
    lit = np.packbits((sums != 0).reshape(len(sums), -1), axis=1)
    exact = _hashes(values)
    return Prints(
        exact=exact,
        alive=np.asarray(values.any(axis=(1, 2, 3))),
        channels=values.shape[1],
        sums=exact if values.shape[1] == 1 else _hashes(sums),
        masks=_hashes(lit),
        totals=sums.sum(axis=(1, 2), dtype=np.float64),
    )


def _hashes(rows: np.ndarray) -> Hashes:
    """Hash the bytes of each row; rows of other lengths have other hashes."""
    return np.fromiter(_digests(np.ascontiguousarray(rows)), dtype=np.uint64, count=len(rows))


def _digests(rows: np.ndarray) -> Iterator[int]:
    for row in rows:
        yield int.from_bytes(hashlib.blake2b(row, digest_size=8).digest(), "little")
