"""Lists of particles, event by event, from ROOT, HDF5, Parquet and Arrow files.

| file | a list is |
|---|---|
| ROOT | jagged branches, such as `Particle_pt` or `Particle.PT` |
| HDF5 | a group of flat arrays with `offsets`, as simulated files have, or matrices padded with pt = 0 |
| Parquet, Arrow | columns of lists |

Columns are told by the end of their names, in any case: pt, eta, phi; where they are there, mass (m), charge
(q) and pdg (pdgId, pid). What stands before is the name of the list.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.types as pt
from numpy.typing import NDArray

from unseen.collider.kinematics import Floats
from unseen.data.batches import Source
from unseen.data.root import RootSource
from unseen.data.source import disk_file, open_source
from unseen.errors import DataError, UnseenError, need, unknown

NEEDED = ("pt", "eta", "phi")
SPELLED = {
    "pt": ("pt",),
    "eta": ("eta",),
    "phi": ("phi",),
    "mass": ("mass", "m"),
    "charge": ("charge", "q"),
    "pdg": ("pdgid", "pdg_id", "pdg", "pid"),
}
USUAL = ("particles", "particle")
"""The list that is taken where there are several."""
ROWS = 1024


class NoParticlesError(DataError):
    """A file has no list of particles."""


@dataclass(frozen=True)
class Particles:
    """Particles of some events; those of event i are at `offsets[i]:offsets[i + 1]`.

    Attributes:
        columns: pt (GeV), eta, phi (rad), and where they are there mass (GeV), charge and pdg; each (n,).
        offsets: (N + 1,), rising from 0.

    """

    columns: Mapping[str, Floats]
    offsets: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def event(self, place: int) -> dict[str, Floats]:
        """Return the columns of one event."""
        here = slice(int(self.offsets[place]), int(self.offsets[place + 1]))
        return {name: values[here] for name, values in self.columns.items()}


def read_particles(path: str | Path, *, prefix: str | None = None, rows: int = ROWS) -> Iterator[Particles]:
    """Yield the particles of a file, about `rows` events at a time.

    Args:
        path: ROOT, HDF5, Parquet or Arrow; `FILE:TREE` names one of several trees.
        prefix: name of the list, where there are several and none is called `particles`.
        rows: events at a time.

    Raises:
        DataError: the file cannot be read or is truncated, it has no list of particles or several, lists of
            one event differ in length, or a value is not finite or a pt negative.

    """
    file = disk_file(Path(path))
    if file.head.startswith(b"root"):
        parts = _of_root(RootSource(file), prefix, rows)
    elif file.head.startswith(b"\x89HDF"):
        parts = _of_hdf5(Path(file.path), file.part or prefix, rows)
    else:
        parts = _of_table(open_source(path), prefix, rows)
    first = 0
    for part in parts:
        _check(part, file.name, first)
        first += len(part)
        yield part


def roles(names: Iterable[str], where: str, prefix: str | None = None) -> dict[str, str]:
    """Return role -> name for the columns of one list.

    Raises:
        DataError: no list has pt, eta and phi, or several have.

    >>> roles(["nP", "P_pt", "P_eta", "P_phi", "P_pdgId", "met_pt"], "events.root")
    {'pt': 'P_pt', 'eta': 'P_eta', 'phi': 'P_phi', 'pdg': 'P_pdgId'}

    """
    lists: dict[str, dict[str, str]] = {}
    for name in names:
        for role, spellings in SPELLED.items():
            stem = next((found for word in spellings if (found := _stem(name, word)) is not None), None)
            if stem is not None:
                lists.setdefault(stem, {}).setdefault(role, name)
    whole = {stem: found for stem, found in lists.items() if set(NEEDED) <= set(found)}
    if prefix is not None:
        wanted = prefix.rstrip("_./").lower()
        if wanted not in whole:
            short = [role for role in NEEDED if role not in lists.get(wanted, {})]
            lost = f" (it lacks {', '.join(short)})" if wanted in lists else ""
            raise DataError(f"{where}: {unknown('list of particles', prefix, whole or ['none'])}{lost}")
        return whole[wanted]
    chosen = list(whole) if len(whole) == 1 else [stem for stem in USUAL if stem in whole][:1]
    if not chosen:
        raise _no_list(lists, whole, where)
    return whole[chosen[0]]


def _stem(name: str, word: str) -> str | None:
    """Return what stands before a word at the end of a name; None where it does not end so."""
    low = name.lower()
    if low == word:
        return ""
    cut = low[: -len(word)]
    return cut.rstrip("_./") if low.endswith(word) and cut[-1:] in ("_", ".", "/") else None


def _no_list(lists: Mapping[str, Any], whole: Mapping[str, Any], where: str) -> DataError:
    """Return what there is to say where no list can be chosen."""
    if whole:
        names = ", ".join(map(repr, whole))
        return DataError(f"{where} holds {len(whole)} lists of particles: {names}; name one as the prefix")
    part = next((stem for stem, found in lists.items() if len(set(NEEDED) & set(found)) > 1), None)
    if part is None:
        return NoParticlesError(
            f"{where} holds no list of particles; accepted: lists of pt, eta and phi (mass, charge, pdgId)"
        )
    lost = " and no ".join(role for role in NEEDED if role not in lists[part])
    return DataError(f"{where}: the list of particles {part!r} has no {lost}; pt, eta and phi are needed")


def _of_root(source: RootSource, prefix: str | None, rows: int) -> Iterator[Particles]:
    import awkward as ak

    with source.lend() as tree:
        jagged = {name.rpartition("/")[2]: name for name, kind in _branches(tree) if "var *" in kind}
        found = roles(jagged, source.name, prefix)
        wanted = set(found.values())
        for part in tree.iterate(
            filter_name=lambda path: path.rpartition("/")[2] in wanted, step_size=rows, library="ak"
        ):
            lists = {role: part[name] for role, name in found.items()}
            counts = {role: ak.to_numpy(ak.num(values)) for role, values in lists.items()}
            flat = {role: ak.to_numpy(ak.flatten(values)) for role, values in lists.items()}
            yield _joined(flat, counts, source.name)


def _branches(tree: Any) -> Iterator[tuple[str, str]]:
    if not hasattr(tree, "branches"):
        form = tree.to_akform()
        form = form[0] if isinstance(form, tuple) else form
        yield from ((name, f"var * {kind}") for name, kind in zip(form.fields, form.contents, strict=True))
        return
    for name, branch in tree.iteritems(recursive=True):
        kind = str(branch.typename or "")
        yield name, "var *" if kind.endswith("[]") or "vector<" in kind else kind


def _of_table(source: Source, prefix: str | None, rows: int) -> Iterator[Particles]:
    schema = next(source.batches(1)).schema
    names = [f.name for f in schema if pt.is_list(f.type) or pt.is_large_list(f.type)]
    found = roles(names, source.name, prefix)
    for table in source.select(list(found.values())).batches(rows):
        flat, counts = {}, {}
        for role, name in found.items():
            lists = table.column(name).combine_chunks()
            lists = lists.combine_chunks() if isinstance(lists, pa.ChunkedArray) else lists
            counts[role] = lists.value_lengths().fill_null(0).to_numpy(zero_copy_only=False)
            flat[role] = lists.flatten().to_numpy(zero_copy_only=False)
        yield _joined(flat, counts, source.name)


def _of_hdf5(path: Path, prefix: str | None, rows: int) -> Iterator[Particles]:
    with _hdf5(path) as (h5py, root):
        groups = [name for name, one in root.items() if isinstance(one, h5py.Group) and "offsets" in one]
        flat = {f"{group}/{name}": group for group in groups for name in root[group] if name != "offsets"}
        padded = [name for name, one in root.items() if isinstance(one, h5py.Dataset) and len(one.shape) == 2]
        found = roles([*flat, *padded], str(path), prefix)
        if found["pt"] in flat:
            yield from _of_offsets(root, found, flat[found["pt"]], rows, str(path))
            return
        for at in range(0, len(root[found["pt"]]), rows):
            block = {role: root[name][at : at + rows] for role, name in found.items()}
            there = block["pt"] != 0  # not > 0: a NaN or a negative pt is to be noticed
            if any(values.shape != there.shape for values in block.values()):
                raise DataError(f"{path}: {', '.join(found.values())} have different shapes")
            counts = dict.fromkeys(block, there.sum(axis=1))
            yield _joined({role: values[there] for role, values in block.items()}, counts, str(path))


def _of_offsets(
    root: Any, found: Mapping[str, str], group: str, rows: int, where: str
) -> Iterator[Particles]:
    ends = root[group]["offsets"][:].astype(np.int64)
    most = min(len(root[name]) for name in found.values())
    if len(ends) < 2 or ends[0] != 0 or (np.diff(ends) < 0).any() or ends[-1] > most:
        raise DataError(f"{where}: the offsets of {group!r} do not rise from 0 to its {most:,} particles")
    for at in range(0, len(ends) - 1, rows):
        own = ends[at : at + rows + 1]
        flat = {role: root[name][own[0] : own[-1]] for role, name in found.items()}
        yield _joined(flat, dict.fromkeys(flat, np.diff(own)), where)


@contextmanager
def _hdf5(path: Path) -> Iterator[tuple[Any, Any]]:
    h5py: Any = need("h5py", extra="hdf5", purpose=f"reading {path}")
    try:
        with h5py.File(path, "r") as root:
            yield h5py, root
    except UnseenError:
        raise
    except Exception as error:  # damaged bytes raise nearly anything below
        reason = " ".join(str(error).split()) or type(error).__name__
        raise DataError(f"{path} is not an HDF5 file, or is truncated or damaged: {reason[:200]}") from error


def _joined(flat: Mapping[str, Any], counts: Mapping[str, Any], where: str) -> Particles:
    """Put columns together whose lists have to be equally long."""
    for role, own in counts.items():
        odd = np.flatnonzero(own != counts["pt"])
        if odd.size:
            raise DataError(
                f"{where}: an event has {counts['pt'][odd[0]]} particles with pt and {own[odd[0]]} with"
                f" {role}; lists of one event are equally long"
            )
    offsets = np.concatenate([[0], np.cumsum(counts["pt"])]).astype(np.int64)
    return Particles({role: np.asarray(values, np.float64) for role, values in flat.items()}, offsets)


def _check(part: Particles, where: str, first: int) -> None:
    for role, values in part.columns.items():
        wrong = ~np.isfinite(values) | (values < 0 if role == "pt" else False)
        if wrong.any():
            place = int(np.flatnonzero(wrong)[0])
            event = first + int(np.searchsorted(part.offsets, place, side="right")) - 1
            accepted = "0 GeV or more" if role == "pt" else "finite numbers"
            raise DataError(
                f"{where}: event {event} has a particle with {role} {values[place]:g}; accepted: {accepted}"
            )
