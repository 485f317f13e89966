"""Panels in a folder: plain numbers mapped into memory beside a small JSON file, opened without loading."""

from __future__ import annotations

import datetime as dt
import json
import math
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from unseen.errors import DataError, UnseenError
from unseen.series.calendar import Calendar
from unseen.series.panel import Panel

HEADER, VALUES = "panel.json", "values.f32"
FORMAT, VERSION = "unseen panel", 1
MOST_HEADER = 1 << 26
"""A header of 64 MiB is refused: that of a hundred thousand sensors has a tenth of it."""
WIDTH = 4  # bytes of a float32


@dataclass(frozen=True, eq=False)
class Header:
    """What a panel says of itself beside its values; the arguments are those of `Panel`.

    Args:
        slots: Number of slots T.
        origin: Words for where the values are from, such as "simulated".

    """

    sensors: tuple[str, ...]
    slots: int
    start: int
    step: int
    calendar: Calendar
    origin: str
    places: NDArray[np.float64] | None = None
    names: tuple[str, ...] | None = None

    def panel(self, values: NDArray[np.float32]) -> Panel:
        """Panel of these values, shape (S, T)."""
        return Panel(
            values, start=self.start, step=self.step, sensors=self.sensors, calendar=self.calendar,
            places=self.places, names=self.names,
        )  # fmt: skip

    def text(self) -> str:
        """JSON of it; places that are not known are null."""
        places = None if self.places is None else [_known(pair) for pair in self.places.tolist()]
        plain = {
            "format": FORMAT, "version": VERSION, "origin": self.origin,
            "values": {"file": VALUES, "type": "little-endian float32, sensor by sensor, NaN where missing"},
            "start": dt.datetime.fromtimestamp(self.start, dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "step": self.step, "slots": self.slots, "zone": self.calendar.zone,
            "holidays": sorted(day.isoformat() for day in self.calendar.holidays),
            "sensors": list(self.sensors), "names": None if self.names is None else list(self.names),
            "places": places,
        }  # fmt: skip
        return json.dumps(plain, ensure_ascii=False, allow_nan=False, separators=(",", ":")) + "\n"


def is_mapped(path: str | os.PathLike[str]) -> bool:
    """Whether a folder holds a mapped panel.

    >>> is_mapped("no/such/folder")
    False
    """
    return (Path(path) / HEADER).is_file()


def read_header(path: str | os.PathLike[str]) -> Header:
    """Read what a mapped panel says of itself.

    Raises:
        DataError: No header, or one that is broken, too large or of a newer version.

    """
    place = Path(path) / HEADER
    if not place.is_file():
        raise DataError(f"{path} holds no {HEADER}; a panel is a folder with {HEADER} and {VALUES}")
    if place.stat().st_size > MOST_HEADER:
        raise DataError(f"{place} has {place.stat().st_size:,} bytes; a header has at most {MOST_HEADER:,}")
    try:
        plain = json.loads(place.read_text(encoding="utf-8"))
        if not isinstance(plain, Mapping) or plain.get("format") != FORMAT:
            raise DataError(f"{place} is not the header of a panel (format {FORMAT!r})")
        if plain["version"] != VERSION:
            raise DataError(f"{place} is of version {plain['version']!r}; this package reads {VERSION}")
        return _header(plain)
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        if isinstance(error, UnseenError) and str(place) in str(error):
            raise
        reason = (
            f"{error.args[0]!r} is missing" if isinstance(error, KeyError) else str(error).splitlines()[0]
        )
        raise DataError(f"{place} is not a sound header: {reason}") from error


def open_mapped(path: str | os.PathLike[str]) -> Panel:
    """Open a panel from its folder; its values stay in the file until they are used.

    Raises:
        DataError: The header is broken, or the file of values is missing or has another size.

    """
    header = read_header(path)
    place = Path(path) / VALUES
    wanted = len(header.sensors) * header.slots * WIDTH
    found = place.stat().st_size if place.is_file() else -1
    if found != wanted:
        what = "is missing" if found < 0 else f"has {found:,} bytes"
        raise DataError(
            f"{place} {what}; {len(header.sensors):,} sensors by {header.slots:,} slots are {wanted:,} bytes"
        )
    shape = (len(header.sensors), header.slots)
    return header.panel(np.memmap(place, dtype="<f4", mode="r", shape=shape))


def write_mapped(panel: Panel, path: str | os.PathLike[str], origin: str) -> None:
    """Write a panel as a folder, whole or not at all; slots whose state is not OK are NaN.

    Raises:
        DataError: Something of that name is there, or it cannot be written.

    >>> import tempfile
    >>> utc, folder = Calendar("UTC"), Path(tempfile.mkdtemp()) / "streets"
    >>> panel = Panel(np.ones((2, 8), np.float32), start=0, step=900, sensors=("a", "b"), calendar=utc)
    >>> write_mapped(panel, folder, "ones")
    >>> open_mapped(folder).values[1, 2:4].tolist(), read_header(folder).origin
    ([1.0, 1.0], 'ones')
    """
    header = Header(
        panel.sensors, panel.slots, panel.start, panel.step, panel.calendar, origin, panel.places, panel.names
    )
    target = free_place(path)
    aside = target.with_name(target.name + ".tmp")
    shutil.rmtree(aside, ignore_errors=True)
    try:
        with writing(header, aside) as writer:
            for row in range(len(panel.sensors)):
                writer.put(row, panel.values[row])
        finish(header, aside, target)
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
        raise


def free_place(path: str | os.PathLike[str]) -> Path:
    """Return the path, once it is seen that a folder can be made there.

    Raises:
        DataError: Something is there already, or there is no folder to make it in.

    """
    target = Path(path)
    if target.exists():
        raise DataError(f"{target} is there already; name another folder, or remove it")
    if not target.absolute().parent.is_dir():
        raise DataError(f"the folder {target.parent} does not exist: create it first")
    return target


class Writer:
    """Writes the rows of a panel one by one into a file that has room for all from the start.

    The file is written rather than mapped: memory holds one row, and a full disk is a fault on one line.
    """

    def __init__(self, header: Header, file: BinaryIO) -> None:
        self._slots, self._file = header.slots, file

    def put(self, row: int, values: NDArray[np.float32]) -> None:
        """Write the values of one sensor, shape (T,)."""
        self._file.seek(row * self._slots * WIDTH)
        self._file.write(np.asarray(values, dtype="<f4").tobytes())

    def sync(self) -> None:
        """Have all that was written on the disk."""
        self._file.flush()
        os.fsync(self._file.fileno())


@contextmanager
def writing(header: Header, folder: Path) -> Iterator[Writer]:
    """Make a folder with room for all values, or go on in the one that is there.

    Raises:
        DataError: It cannot be written, for want of room for instance.

    """
    try:
        folder.mkdir(exist_ok=True)
        with (folder / VALUES).open("ab") as file:
            size = len(header.sensors) * header.slots * WIDTH
            file.truncate(size)
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(file.fileno(), 0, size)  # want of room is told before the work
        with (folder / VALUES).open("r+b") as file:
            writer = Writer(header, file)
            yield writer
            writer.sync()
    except OSError as error:
        raise DataError(f"{folder} cannot be written: {error.strerror}") from error


def finish(header: Header, folder: Path, target: Path) -> None:
    """Write the header beside the values, and give the folder its name."""
    with (folder / HEADER).open("w", encoding="utf-8") as file:
        file.write(header.text())
        file.flush()
        os.fsync(file.fileno())
    os.replace(folder, target)


def _header(plain: Mapping[str, Any]) -> Header:
    sensors, names, places = plain["sensors"], plain["names"], plain["places"]
    if not sensors or not all(isinstance(one, str) for one in [*sensors, *(names or ())]):
        raise DataError("sensors and names are lists of words, one sensor or more")
    if not (isinstance(plain["slots"], int) and isinstance(plain["step"], int) and plain["slots"] > 0):
        raise DataError(f"{plain['slots']!r} slots of {plain['step']!r} s; both are whole numbers above 0")
    header = Header(
        sensors=tuple(sensors),
        slots=plain["slots"],
        start=round(dt.datetime.fromisoformat(plain["start"]).timestamp()),
        step=plain["step"],
        calendar=Calendar(plain["zone"], frozenset(map(dt.date.fromisoformat, plain["holidays"]))),
        origin=str(plain["origin"]),
        places=None if places is None else np.array([_pair(pair) for pair in places], dtype=np.float64),
        names=None if names is None else tuple(names),
    )
    # the checks of a panel, without values: slots count nothing here
    replace(header, slots=0).panel(np.zeros((len(sensors), 0), np.float32))
    return header


def _pair(pair: Any) -> tuple[float, float]:
    longitude, latitude = pair
    return _degrees(longitude), _degrees(latitude)


def _degrees(value: Any) -> float:
    return math.nan if value is None else float(value)


def _known(pair: list[float]) -> list[float | None]:
    return [round(one, 6) if math.isfinite(one) else None for one in pair]
