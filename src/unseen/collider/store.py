"""The HDF5 file of simulated events: a table, jagged lists, images, and how they were made.

```
/            origin, table, manifest (JSON)     attributes
/events/     one (N,) column a feature          attribute unit
/jets/       pt eta phi mass, offsets           attribute kind = jagged; event i has offsets[i]:offsets[i+1]
/particles/  the same with pdg, charge, jet     jet: place of the jet it is in, -1 for none
/images      (N, phi, eta, 3)                   /n_tracks beside it
/chunks/     tried, accepted, ... of each chunk
```

Every dataset carries a checksum, so a damaged file is noticed when it is read.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unseen.errors import DataError, need

ORIGIN = "simulated by unseen"
JAGGED = ("jets", "particles")
_BLOCK = 4096
_IMAGES_AT_ONCE = 16

Columns = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class Jagged:
    """Lists of unequal length: flat columns, and where each event begins."""

    columns: Columns
    offsets: NDArray[np.int64]


@dataclass(frozen=True)
class Record:
    """Some events.

    Attributes:
        events: feature -> (n,) values.
        chunks: count -> (chunks,) values, where these events are whole chunks.
        jagged: `jets`, `particles`.
        images: (n, phi, eta, 3) float32 transverse energies in GeV.

    """

    events: Columns
    chunks: Columns = field(default_factory=dict)
    jagged: Mapping[str, Jagged] = field(default_factory=dict)
    images: NDArray[np.float32] | None = None

    def __len__(self) -> int:
        return len(next(iter(self.events.values())))


def write(
    path: Path, records: Iterable[Record], units: Mapping[str, str], manifest: Mapping[str, object]
) -> None:
    """Write records one after the other, aside and renamed; one record is in memory at a time.

    Raises:
        DataError: the file cannot be written.

    """
    aside = path.with_name(f"{path.name}.tmp-{os.getpid()}")
    try:
        with _h5py().File(aside, "w") as file:
            file.attrs.update(
                origin=ORIGIN,
                table="events",
                manifest=json.dumps(manifest, ensure_ascii=False, sort_keys=True),
            )
            for record in records:
                _append(file, record, units)
            if "images" in file:
                file["n_tracks"] = file["events/n_tracks"]
        aside.replace(path)
    except OSError as error:
        raise DataError(f"{path} cannot be written: {error.strerror or error}") from error
    finally:
        aside.unlink(missing_ok=True)


def read_manifest(path: Path) -> dict[str, Any]:
    """Read how a file was made.

    Raises:
        DataError: it is no file of simulated events, or it is damaged.

    """
    with _opened(path) as file:
        found = json.loads(file.attrs["manifest"])
        if not isinstance(found, dict):
            raise KeyError("manifest")
        return found


def read(path: Path, start: int = 0, stop: int | None = None) -> Record:
    """Read events `start` to `stop` (all, if None), and every chunk's counts.

    Raises:
        DataError: as in `read_manifest`.

    """
    with _opened(path) as file:
        rows = slice(start, stop)
        events = {name: data[rows] for name, data in file["events"].items()}
        chunks = {name: data[:] for name, data in file["chunks"].items()}
        jagged = {name: _read_jagged(file[name], start, stop) for name in JAGGED if name in file}
        images = file["images"][rows] if "images" in file else None
        return Record(events, chunks, jagged, images)


def read_image_blocks(
    path: Path, rows: int = 1024
) -> Iterator[tuple[NDArray[np.float32], NDArray[np.int64]]]:
    """Yield images and numbers of tracks, `rows` events at a time.

    Raises:
        DataError: there are no images; as in `read_manifest`.

    """
    with _opened(path) as file:
        if "images" not in file:
            raise DataError(f"{path} has no images; simulate it with --images")
        for start in range(0, len(file["images"]), rows):
            block = slice(start, start + rows)
            yield file["images"][block], file["n_tracks"][block]


def _h5py() -> ModuleType:
    return need("h5py", extra="physics", purpose="reading and writing simulated events")


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    if not path.exists():
        raise DataError(f"{path} does not exist")
    try:
        with _h5py().File(path, "r") as file:
            if file.attrs.get("origin") != ORIGIN:
                raise DataError(f"{path} is no file of unseen collider simulate")
            yield file
    except (OSError, KeyError, RuntimeError, json.JSONDecodeError) as error:
        raise DataError(f"{path} is damaged or no HDF5 file ({' '.join(str(error).split())[:80]})") from error


def _read_jagged(group: Any, start: int, stop: int | None) -> Jagged:
    count = len(group["offsets"]) - 1
    stop = count if stop is None else min(stop, count)
    offsets = group["offsets"][start : stop + 1]
    rows = slice(int(offsets[0]), int(offsets[-1]))
    columns = {name: data[rows] for name, data in group.items() if name != "offsets"}
    return Jagged(columns, offsets - offsets[0])


def _append(file: Any, record: Record, units: Mapping[str, str]) -> None:
    for name, values in record.events.items():
        _extend(file, f"events/{name}", values).attrs["unit"] = units.get(name, "1")
    for name, values in record.chunks.items():
        _extend(file, f"chunks/{name}", values)
    for group, lists in record.jagged.items():
        first = f"{group}/offsets" not in file
        before = 0 if first else int(file[f"{group}/offsets"][-1])
        _extend(file, f"{group}/offsets", (lists.offsets if first else lists.offsets[1:]) + before)
        file[group].attrs["kind"] = "jagged"
        for name, values in lists.columns.items():
            _extend(file, f"{group}/{name}", values)
    if record.images is not None:
        _extend(file, "images", record.images, compression="gzip", compression_opts=4, shuffle=True)


def _extend(file: Any, name: str, values: NDArray[Any], **options: Any) -> Any:
    if name not in file:
        rows = _IMAGES_AT_ONCE if values.ndim > 1 else _BLOCK
        return file.create_dataset(
            name,
            data=values,
            maxshape=(None, *values.shape[1:]),
            chunks=(rows, *values.shape[1:]),
            fletcher32=True,
            **options,
        )
    data = file[name]
    before = len(data)
    data.resize(before + len(values), axis=0)
    data[before:] = values
    return data
