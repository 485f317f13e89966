"""Variables a judgement looks at beside the score: columns of the data, or totals of event images."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from unseen.collider.totals import hits, ht, met
from unseen.data.columns import image_values
from unseen.data.kinds import is_image
from unseen.errors import DataError, unknown

Floats = NDArray[np.float64]
# Images turned into totals at a time.
BLOCK = 2_048


OF_IMAGES: Mapping[str, Callable[[NDArray[np.floating]], Floats]] = {"hits": hits, "ht": ht, "met": met}


def image_name(table: pa.Table) -> str | None:
    """Name of the column of images, None where there is none."""
    return next((field.name for field in table.schema if is_image(field.type)), None)


def of_table(table: pa.Table, names: Sequence[str], beside: Mapping[str, Floats]) -> dict[str, Floats]:
    """Return each variable of these rows, (N,): a column read beside them, or a total of their images.

    Raises:
        DataError: Neither; the nearest name is offered.

    """
    images = image_name(table)
    found = {}
    for name in names:
        if name in beside:
            found[name] = beside[name]
        elif images is not None and name in OF_IMAGES:
            found[name] = _total(table.column(images), OF_IMAGES[name])
        else:
            known = [*beside, *(OF_IMAGES if images is not None else ())]
            raise DataError(unknown("variable", name, known))
    return found


def _total(column: pa.ChunkedArray, total: Callable[[NDArray[np.floating]], Floats]) -> Floats:
    parts = [total(image_values(column.slice(start, BLOCK))) for start in range(0, len(column), BLOCK)]
    return np.concatenate(parts) if parts else np.empty(0)
