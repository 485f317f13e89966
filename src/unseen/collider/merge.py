"""Parts of a run become one file, with a manifest that says how it was made."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from unseen import __version__
from unseen.collider import store
from unseen.collider.selection import unit_of
from unseen.collider.settings import Run

_MOST_NEAR = 0.02


def units(record: store.Record) -> dict[str, str]:
    """Name the unit of each column of the table."""
    return {name: unit_of(name) for name in record.events}


def merge(run: Run, record: Mapping[str, object], out: Path, old: int, parts: Sequence[Path]) -> None:
    """Write the first `old` chunks of `out`, as it is, and then all parts to `out` anew.

    Args:
        run: settled settings.
        record: its settings as they are written down.
        out: the file, which may not be there yet if `old` is 0.
        old: whole chunks to keep.
        parts: files of the chunks that follow.

    """
    first = store.read(parts[0])

    def pieces() -> Iterator[store.Record]:
        for number in range(old):
            kept = store.read(out, number * run.chunk, (number + 1) * run.chunk)
            whole = {name: values[number : number + 1] for name, values in kept.chunks.items()}
            yield dataclasses.replace(kept, chunks=whole)
        for part in parts:
            yield store.read(part)

    counts = [one.chunks for one in _only_counts(out, old, parts)]
    store.write(out, pieces(), units(first), _manifest(run, record, counts))


def _only_counts(out: Path, old: int, parts: Sequence[Path]) -> Iterator[store.Record]:
    if old:
        kept = store.read(out, 0, 1)
        yield dataclasses.replace(kept, chunks={name: values[:old] for name, values in kept.chunks.items()})
    for part in parts:
        yield store.read(part, 0, 1)


def _manifest(run: Run, record: Mapping[str, object], counts: list[store.Columns]) -> dict[str, object]:
    """Write how the file was made, without a date: the same settings give the same bytes."""
    joined = {name: np.concatenate([one[name] for one in counts]) for name in counts[0]}
    tried, accepted, near = (int(joined[name].sum()) for name in ("tried", "accepted", "near_pt_hat_min"))
    share = joined["tried"] / joined["tried"].sum()
    section = float(np.sum(share * joined["cross_section_pb"]))
    error = float(np.sqrt(np.sum((share * joined["cross_section_error_pb"]) ** 2)))
    return {
        "origin": store.ORIGIN,
        "unseen": __version__,
        "pythia": version("pythia8mc"),
        "fastjet": version("fastjet"),
        "process": run.physics.process,
        "summary": run.process.summary,
        "settings": record,
        "pythia_settings": run.lines(),
        "seed": run.seed,
        "events": accepted,
        "tried": tried,
        "accepted": accepted,
        "cross_section_pb": section,
        "cross_section_error_pb": error,
        "accepted_cross_section_pb": section * accepted / tried,
        "near_pt_hat_min": near / accepted,
    }


def warn_of_the_edge(manifest: Mapping[str, Any]) -> None:
    """Events just above the generator's own cut say that some below it would have passed too."""
    near, least = manifest["near_pt_hat_min"], manifest["settings"].get("pt_hat_min")
    if least and near > _MOST_NEAR and manifest["accepted"] >= 200:
        warnings.warn(
            f"{near:.1%} of the events lie within 10 % of the generator's cut of {least:g} GeV, so others "
            f"are missing below it; simulate again with a smaller --pt-hat-min",
            UserWarning,
            stacklevel=3,
        )
