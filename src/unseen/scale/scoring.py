"""Score a table of any size on a cluster: the same rows in the same order, bit for bit."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

import pyarrow as pa

from unseen.data import Source
from unseen.data.batches import rechunk
from unseen.detectors.two_stage import TwoStage
from unseen.scale.blocks import Block, blocks, stream_of, table_of
from unseen.scale.cluster import Cluster, taken
from unseen.scale.shipping import packed, unpacked
from unseen.studies.scoring import BATCH, columns_read, every_score_of, score_table
from unseen.training.progress import tell

WAITING = 2
"""Blocks a worker has at hand: one to work on, one to come. They bound the memory of a run."""

Answer = list[tuple[bytes, bytes]]


class Scorer:
    """A worker: it loads the detector once and scores block after block."""

    def __init__(self, keep: tuple[str, ...], every: bool, rows: int) -> None:
        self._keep, self._every, self._rows = keep, every, rows
        self._detector: TwoStage | None = None

    def score(self, model: list[object], block: Block) -> Answer:
        """Score a block with a model that is shared: results, and the columns that are kept."""
        if self._detector is None:
            self._detector = unpacked(taken(model))
        beside = every_score_of(self._detector) if self._every else None
        answer, first = [], block.first
        for table in block.tables(self._rows):
            result = score_table(self._detector, table, first, self._keep, beside)
            answer.append((stream_of(result), stream_of(table.select(list(self._keep)))))
            first += table.num_rows
        return answer


def scored_on(
    cluster: Cluster,
    model: Path,
    source: Source,
    *,
    keep: Sequence[str] = (),
    every: bool = False,
    rows: int = BATCH,
) -> Iterator[tuple[pa.Table, pa.Table]]:
    """Yield what `studies.scoring.scored` yields, computed by workers; of the rows only columns in `keep`.

    A worker that dies is started again and its block repeated; scores do not depend on who computes them.

    Args:
        cluster: Where to work.
        model: Model file.
        source: Rows. Parquet files are read by the workers, which must find them under the same path.
        keep: Columns to repeat in the result.
        every: Also each score the detector is made of.
        rows: Rows scored at once.

    Raises:
        DataError: A column is missing or not as in training, or workers die again and again.

    """
    files = packed(model)
    columns = columns_read(unpacked(files), source, keep)
    workers = cluster.actors(Scorer, tuple(keep), every, rows)
    shared = cluster.shared(files)
    asked = (
        workers[number % len(workers)].score.remote(shared, block)
        for number, block in enumerate(blocks(source, columns, rows))
    )
    yield from _recut(_opened(cluster, asked, WAITING * len(workers)), rows)


def _opened(cluster: Cluster, asked: Iterator[object], most: int) -> Iterator[tuple[pa.Table, pa.Table]]:
    """Answers in the order in which they were asked for, at most so many of them outstanding."""
    pending: deque[object] = deque(islice(asked, most))
    done = 0
    while pending:
        answer: Answer = cluster.result(pending.popleft())
        pending.extend(islice(asked, 1))
        for result, kept in answer:
            yield table_of(result), table_of(kept)
            done += 1
            tell("blocks scored", done, 0)


def _recut(pairs: Iterator[tuple[pa.Table, pa.Table]], rows: int) -> Iterator[tuple[pa.Table, pa.Table]]:
    """Cut at the rows where one process would: then files that are written are the same, byte for byte."""
    names: list[list[str]] = []

    def joined() -> Iterator[pa.Table]:
        for pair in pairs:
            names[:] = [list(table.column_names) for table in pair]
            columns = [column for table in pair for column in table.columns]
            yield pa.table(columns, names=[str(place) for place in range(len(columns))])

    for table in rechunk(joined(), rows):
        middle = len(names[0])
        yield (
            table.select(range(middle)).rename_columns(names[0]),
            table.select(range(middle, table.num_columns)).rename_columns(names[1]),
        )
