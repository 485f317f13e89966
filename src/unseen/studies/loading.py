"""From paths to a judgement: the model, the rows, and what the model remembers of its study."""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence

from unseen.data import Source
from unseen.detectors.two_stage import TwoStage
from unseen.registry import load
from unseen.studies.judging import Judged, held_out_of, judge
from unseen.studies.memory import recall
from unseen.studies.opening import open_rows
from unseen.studies.rows import Rows, StudyNote, read_rows
from unseen.studies.scoring import inputs_of
from unseen.studies.variables import OF_IMAGES


def labelled_rows(
    detector: TwoStage,
    data: str | Sequence[str],
    *,
    label: str | None = None,
    normal: Sequence[str] | None = None,
    known: Sequence[str] | None = None,
    names: Sequence[str] | None = None,
    weight: str | None = None,
    protect: str | None = None,
    beside: Sequence[str] = (),
) -> Rows:
    """Read labelled rows; what is None is taken from the detector's memory.

    A remembered known kind that has no row in this data is left out; one that is asked for must be there.
    So with a remembered column of weights or of a protected variable, with a word about it. Beside these only
    the columns that the detector reads and those in `beside` are read; a total of event images (`hits`, `ht`,
    `met`) needs no column. `data` is a path, or several as `KIND=PATH`.
    """
    memory = recall(detector)
    source = open_rows(data, names or memory.names)
    label = label or source.label or memory.label
    inputs = [name for name in inputs_of(detector) if name in source.columns]
    return read_rows(
        source,
        label=label,
        normal=normal or memory.normal,
        known=known or (),
        columns=inputs,
        weight=weight or _present(source, memory.weight, "no event weights: all rows count alike"),
        protect=protect or _present(source, memory.protect, "what alarms do to it is not judged"),
        beside=[name for name in beside if name in source.columns or name not in OF_IMAGES],
    )


def _present(source: Source, column: str | None, otherwise: str) -> str | None:
    """Return a remembered column that is in the data; where it is not, say what follows."""
    if column is None or column in source.columns:
        return column
    warnings.warn(
        f"{source.name} has no column {column!r} as in training; {otherwise}", StudyNote, stacklevel=4
    )
    return None


def judged_file(
    model: str | os.PathLike[str],
    data: str | Sequence[str],
    *,
    label: str | None = None,
    normal: Sequence[str] | None = None,
    known: Sequence[str] | None = None,
    names: Sequence[str] | None = None,
    weight: str | None = None,
    protect: str | None = None,
    beside: Sequence[str] = (),
    held_out: bool = False,
) -> tuple[TwoStage, Judged]:
    """Load a model and judge it on the rows of a file, all of them or those held out in training."""
    detector = load(model)
    rows = labelled_rows(
        detector, data, label=label, normal=normal, known=known, names=names, weight=weight, protect=protect,
        beside=beside,
    )  # fmt: skip
    return detector, judge(detector, rows, only=held_out_of(detector, rows) if held_out else None)
