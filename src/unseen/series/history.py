"""A year and more of a network as monthly Parquet files: one row a sensor, its slots as lists."""

from __future__ import annotations

import datetime as dt
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv

from unseen.errors import DataError
from unseen.series.calendar import EPOCH
from unseen.series.month_file import load, save
from unseen.series.panel import Panel
from unseen.series.stitching import joined, over, placed, trimmed

MONTH = re.compile(r"\d{4}-\d{2}\.parquet")


@dataclass(frozen=True)
class History:
    """Months of a panel in a folder, each a file `2017-01.parquet` by UTC.

    A file holds every slot of its month; those that nobody wrote are missing. It is written aside and then
    renamed: whoever reads sees the old month or the new one.

    Args:
        folder: Made when it is first written to.

    >>> import tempfile
    >>> from unseen.series.calendar import Calendar
    >>> values = np.arange(6, dtype=np.float32).reshape(1, 6)
    >>> panel = Panel(values, start=0, step=3600, sensors=("a",), calendar=Calendar("UTC"))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     history = History(Path(folder))
    ...     written = history.append(panel)
    ...     read = history.read()
    >>> written, read.shape, read.values[0].tolist()
    (['1970-01'], (1, 6), [0.0, 1.0, 2.0, 3.0, 4.0, 5.0])
    """

    folder: Path

    @property
    def months(self) -> list[str]:
        """Months that are there, such as "2017-01"."""
        if not self.folder.is_dir():
            return []
        return sorted(path.stem for path in self.folder.iterdir() if MONTH.fullmatch(path.name))

    def append(self, panel: Panel) -> list[str]:
        """Write the slots of a panel into their months; what is OK wins over what is not, later over earlier.

        Returns:
            Months that were written.

        Raises:
            DataError: What is there has slots of another length or another zone, or cannot be read.

        """
        written = []
        for month in _months(panel):
            part = _whole_month(panel, month)
            if month in self.months:
                part = over(load(self._path(month)), part)
            self.folder.mkdir(parents=True, exist_ok=True)
            save(part, self._path(month))
            written.append(month)
        return written

    def read(
        self,
        first: dt.date | None = None,
        last: dt.date | None = None,
        *,
        sensors: Sequence[str] | None = None,
    ) -> Panel:
        """Read the months from one local date to another, both included; all of them without dates.

        Raises:
            DataError: No month is there, or one cannot be read.

        """
        wanted = [month for month in self.months if _touches(month, first, last)]
        if not wanted:
            have = f"{self.months[0]} to {self.months[-1]}" if self.months else "no month"
            raise DataError(f"{self.folder} has {have}, and none of {first or 'any'} to {last or 'any'}")
        panel = trimmed(joined([load(self._path(month)) for month in wanted]))
        if sensors is not None:
            panel = panel.select(sensors)
        ends = panel.calendar.local(panel.times[[0, -1]]).day
        begin, end = (EPOCH + dt.timedelta(days=int(day)) for day in ends)
        return panel.between(first or begin, last or end)

    def _path(self, month: str) -> Path:
        return self.folder / f"{month}.parquet"


def write_csv(panel: Panel, path: Path) -> None:
    """Write the OK values of a panel as a long table that `open_panel` reads: sensor, time in UTC, value."""
    rows, slots = np.nonzero(np.isfinite(panel.values))
    stamps = pa.array(panel.times[slots].astype("datetime64[s]"))
    table = pa.table(
        {
            "sensor": pa.array(panel.sensors).take(pa.array(rows)),
            "time": pa.compute.strftime(stamps, format="%Y-%m-%dT%H:%M:%SZ"),
            "value": pa.array(panel.values[rows, slots]),
        }
    )
    aside = path.with_name(path.name + ".tmp")
    pa_csv.write_csv(table, aside)
    os.replace(aside, path)


def _touches(month: str, first: dt.date | None, last: dt.date | None) -> bool:
    """Whether a month has a local date between two; a day of zones on either side."""
    begin, end = (dt.datetime.fromtimestamp(edge, dt.UTC).date() for edge in _bounds(month))
    day = dt.timedelta(days=1)
    return (last is None or begin - day <= last) and (first is None or first <= end + day)


def _bounds(month: str) -> tuple[int, int]:
    """Seconds of UTC at which a month begins and ends."""
    edge = np.datetime64(month, "M")
    first, last = (int(one.astype("datetime64[s]").astype(np.int64)) for one in (edge, edge + 1))
    return first, last


def _months(panel: Panel) -> Iterator[str]:
    first, last = (
        np.datetime64(int(time), "s").astype("datetime64[M]") for time in (panel.times[0], panel.times[-1])
    )
    yield from (str(month) for month in np.arange(first, last + 1))


def _whole_month(panel: Panel, month: str) -> Panel:
    """Give the slots of a month, those outside of the panel missing."""
    begin, end = _bounds(month)
    phase = panel.start % panel.step
    start = begin + (phase - begin) % panel.step
    slots = -(-(end - start) // panel.step)
    return placed(panel, start, slots)
