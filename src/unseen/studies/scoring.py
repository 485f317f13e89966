"""Score any number of rows in constant memory."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from unseen.data import Source
from unseen.detectors.aware import AwareDetector
from unseen.detectors.two_stage import TwoStage
from unseen.errors import ConfigError, DataError
from unseen.evaluation import checked_weights
from unseen.training.progress import tell

BATCH = 65_536
# Names of the columns of a result.
ROW, SCORE, P_VALUE, ALARM = "row", "score", "p_value", "alarm"


def inputs_of(detector: TwoStage) -> tuple[str, ...]:
    """Names of the columns a detector reads; empty for one that was fitted on a bare array."""
    if detector.schema_ is not None:
        return detector.schema_.columns
    return tuple(str(name) for name in getattr(detector, "feature_names_in_", ()))


def matrix_of(detector: TwoStage, table: pa.Table) -> pa.Table | np.ndarray:
    """Return what the detector takes: the table itself, or its numbers where it was fitted on an array.

    Raises:
        DataError: The table has other columns than the array the detector was fitted on.

    """
    if detector.schema_ is not None:
        return table
    names = inputs_of(detector) or table.column_names
    lost = [name for name in names if name not in table.column_names]
    if lost or len(names) != detector.n_features_in_:
        raise DataError(
            f"{table.num_columns} columns came; the model takes {detector.n_features_in_} numbers a row"
            + (f", among them {lost[0]!r}" if lost else "")
        )
    return np.column_stack([table.column(name).to_numpy() for name in names])


# What else is said of the rows of a matrix: values (N,) by name.
Beside = Callable[[pa.Table | np.ndarray], Mapping[str, np.ndarray]]


def every_score_of(detector: TwoStage) -> Beside:
    """Return what gives each score that stage 1 is made of, in its own units.

    Raises:
        ConfigError: The detector has only one.

    """
    if not isinstance(detector, AwareDetector):
        raise ConfigError(
            f"a {type(detector).__name__} has one score only; leave --every-score out, or fit with --model "
            "codae"
        )
    return detector.every_score


def scored(
    detector: TwoStage,
    source: Source,
    *,
    keep: Sequence[str] = (),
    beside: Beside | None = None,
    batch: int = BATCH,
) -> Iterator[tuple[pa.Table, pa.Table]]:
    """Yield (result, rows) by batch: `row`, `score` (nats), `p_value`, `alarm`, then the columns in `keep`.

    What `beside` says of the rows comes last.

    Only the columns that the detector reads, and those in `keep`, are read from the source.

    Raises:
        DataError: A column is missing or of another kind than in training; rows count from the first of the
            source.

    """
    start = 0
    for table in source.select(columns_read(detector, source, keep)).batches(batch):
        yield score_table(detector, table, start, keep, beside), table
        start += table.num_rows
        tell("scoring", start, 0)


def columns_read(detector: TwoStage, source: Source, keep: Sequence[str] = ()) -> tuple[str, ...]:
    """Names of the columns that scoring reads: those the detector takes, then those in `keep`."""
    names = inputs_of(detector)
    read = [name for name in source.columns if name in names or not names]
    return tuple(dict.fromkeys([*read, *keep])) if read else source.columns


def score_table(
    detector: TwoStage, table: pa.Table, start: int, keep: Sequence[str], beside: Beside | None
) -> pa.Table:
    """Score one batch, whose first row has the number `start`.

    Raises:
        DataError: A column is missing or of another kind than in training; rows count from 0.

    """
    try:
        rows = matrix_of(detector, table)
        scores = detector.anomaly_score(rows)
    except DataError as error:
        raise DataError(_counted_on(str(error), start)) from error
    columns = {
        ROW: pa.array(np.arange(start, start + table.num_rows)),
        SCORE: pa.array(scores),
        P_VALUE: pa.array(detector.calibration_.p_values(scores)),
        ALARM: pa.array(scores > -detector.offset_),
    }
    kept = {_free(name): table.column(name) for name in keep}
    others = {} if beside is None else {name: pa.array(values) for name, values in beside(rows).items()}
    return pa.table({**columns, **kept, **others})


@dataclass
class Count:
    """Rows and alarms that went by; with a column of weights, also the weight of either."""

    weight: str | None = None
    rows: int = 0
    alarms: int = 0
    total: float = 0.0
    raised: float = 0.0

    @property
    def share(self) -> float:
        """Share of the weight that raises alarms, 0 where nothing has weight."""
        return self.raised / self.total if self.total else 0.0

    def over(self, parts: Iterable[tuple[pa.Table, pa.Table]]) -> Iterator[tuple[pa.Table, pa.Table]]:
        """Hand on what comes and count it."""
        for result, table in parts:
            self.rows += result.num_rows
            self.alarms += int(pc.sum(result.column(ALARM)).as_py() or 0)
            if self.weight is not None:
                weights = np.asarray(table.column(self.weight).to_numpy(), dtype=np.float64)
                if weights.any():  # a batch may be all zero
                    weights = checked_weights(weights, table.num_rows, what=f"column {self.weight!r}")
                self.total += float(weights.sum())
                self.raised += float(weights[result.column(ALARM).to_numpy()].sum())
            yield result, table


def strongest(parts: Iterable[tuple[pa.Table, pa.Table]], count: int) -> tuple[pa.Table, pa.Table]:
    """Keep the `count` highest scores, highest first, with their rows; memory holds these and a batch."""
    best: tuple[pa.Table, pa.Table] | None = None
    for part in parts:
        joined = (
            part if best is None else tuple(pa.concat_tables(pair) for pair in zip(best, part, strict=True))
        )
        order = pc.sort_indices(joined[0], [(SCORE, "descending"), (ROW, "ascending")])[:count]
        best = joined[0].take(order), joined[1].take(order)
    if best is None:
        raise DataError("there are no rows to score")
    return best


def picked(parts: Iterable[tuple[pa.Table, pa.Table]], rows: Sequence[int]) -> tuple[pa.Table, pa.Table]:
    """Keep the rows of these numbers, in the order asked for.

    Raises:
        DataError: A number is beyond the last row.

    """
    found: dict[int, tuple[pa.Table, pa.Table]] = {}
    total = 0
    for result, table in parts:
        for row in rows:
            if 0 <= row - total < table.num_rows:
                found[row] = result.slice(row - total, 1), table.slice(row - total, 1)
        total += table.num_rows
    for row in rows:
        if row not in found:
            raise DataError(f"row {row} is not there: the data has {total} rows, counted from 0")
    return (
        pa.concat_tables([found[row][0] for row in rows]),
        pa.concat_tables([found[row][1] for row in rows]),
    )


def _free(name: str) -> str:
    return f"{name} (data)" if name in (ROW, SCORE, P_VALUE, ALARM) else name


def _counted_on(message: str, start: int) -> str:
    """Count the row numbers of a fault from the first row of the source instead of the batch.

    >>> _counted_on("column 'x' has 2 rows that are not finite (first: row 7)", 100)
    "column 'x' has 2 rows that are not finite (first: row 107)"
    """
    return re.sub(r"\(first: row (\d+)\)", lambda found: f"(first: row {int(found[1]) + start})", message)
