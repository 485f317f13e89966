"""Readers of a `CommitteeDetector` as plain values and arrays, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from unseen.data.scale import Quantiles, restored_scaler
from unseen.detectors.members import DensityReader, ForestReader, SpreadReader
from unseen.detectors.readers import Reader
from unseen.detectors.stored_arrays import Arrays, places, tensor
from unseen.errors import ModelFileError
from unseen.models.forest import Grown
from unseen.models.mixture import Density
from unseen.models.spreading import FARTHEST, Spread

# Steps from the root of a tree to a leaf: every one is a pass over all rows and trees.
DEEPEST = 64

Record = dict[str, Any]
TableReader = DensityReader | ForestReader | SpreadReader
PARTS_OF_A_SPREAD = ("codes", "reach", "level")
PARTS_OF_TREES = ("feature", "threshold", "child", "value", "roots")


def write_table_reader(reader: TableReader) -> tuple[Record, dict[str, NDArray[Any]]]:
    """Return the record of a reader and its arrays; what it shares with stage 1 is not written again."""
    if isinstance(reader, DensityReader):
        names = [field.name for field in fields(Density)]
        return {"reader": "density"}, {name: getattr(reader.density, name).numpy() for name in names}
    if isinstance(reader, ForestReader):
        return {"reader": "trees"}, {name: getattr(reader.grown, name).numpy() for name in PARTS_OF_TREES}
    spread = reader.spread
    arrays = {name: getattr(spread, name).numpy() for name in PARTS_OF_A_SPREAD}
    arrays.update({f"scaler.{name}": np.asarray(value) for name, value in asdict(spread.scaler).items()})
    return {"reader": "spread", "neighbours": spread.neighbours}, arrays


def read_table_reader(
    record: Mapping[str, Any], arrays: Arrays, *, width: int, unaided: tuple[Reader, ...]
) -> TableReader | None:
    """Rebuild a reader of rows of `width` features; None where it is none of these.

    Args:
        record, arrays: As written.
        width: Features of a row.
        unaided: Readers of stage 1, which trees listen to; () while these are read, and then none of stage 2
            is.

    Raises:
        ModelFileError: An array is missing, of another type or shape, or holds what no fit leaves.

    """
    kind = record["reader"]
    if kind == "density":
        return DensityReader(_density(arrays, width))
    if kind == "trees" and unaided:
        return ForestReader(_grown(arrays, width + len(unaided)), unaided)
    if kind == "spread" and unaided:
        return SpreadReader(_spread(record, arrays, width))
    return None


def _density(arrays: Arrays, width: int) -> Density:
    density = Density(**{field.name: tensor(arrays, field.name) for field in fields(Density)})
    axes, means = density.axes, density.means
    fits = (
        axes.ndim == means.ndim == 2
        and density.centre.shape == density.still.shape == (width,)
        and axes.shape[0] == width
        and axes.shape[1] == means.shape[1] >= 1
        and density.roots.shape == (*means.shape, means.shape[1])
        and density.offsets.shape == means.shape[:1]
        and len(means) >= 1
    )
    if not fits:
        raise ModelFileError(f"the arrays of the density do not fit each other and {width} features")
    return density


def _grown(arrays: Arrays, columns: int) -> Grown:
    threshold, value = tensor(arrays, "threshold", unbounded=True), tensor(arrays, "value")
    count = len(threshold) if threshold.ndim == 1 else 0
    feature, child = places(arrays, "feature", below=columns), places(arrays, "child", below=count)
    roots = places(arrays, "roots", below=count)
    if not len(roots) or not feature.shape == child.shape == value.shape == threshold.shape:
        raise ModelFileError("the arrays of the trees do not fit each other")
    if not ((value >= 0) & (value <= 1)).all():
        raise ModelFileError("a leaf of the trees holds a share that is not between 0 and 1")
    return Grown(feature, threshold, child, value, roots, _depth(child, threshold, roots))


def _depth(child: Tensor, threshold: Tensor, roots: Tensor) -> int:
    """Return the steps from the roots to the farthest leaf, of nodes that are trees.

    Raises:
        ModelFileError: Nodes that go in circles, are children of two or of none, or lie too deep.

    """
    own = torch.arange(len(child))
    inner = child != own
    first = child[inner]
    if (first <= own[inner]).any() or not torch.isinf(threshold[~inner]).all():
        raise ModelFileError("a node of the trees leads back, or is a leaf with a threshold")
    everyone = torch.cat([roots, first, first + 1])
    if len(everyone) != len(child) or not torch.equal(everyone.sort().values, own):
        raise ModelFileError("a node of the trees is not the child of one other")
    place, steps = roots, 0
    while len(place := place[inner[place]]):
        place, steps = torch.cat([child[place], child[place] + 1]), steps + 1
        if steps > DEEPEST:
            raise ModelFileError(f"the trees are more than {DEEPEST} steps deep")
    return steps


def _spread(record: Mapping[str, Any], arrays: Arrays, width: int) -> Spread:
    codes, reach, level = (tensor(arrays, name) for name in PARTS_OF_A_SPREAD)
    neighbours = record["neighbours"]
    fits = (
        codes.ndim == 2
        and codes.shape[1] == width
        and reach.shape == level.shape == codes.shape[:1]
        and type(neighbours) is int
        and 1 <= neighbours <= len(codes)
    )
    if not fits:
        raise ModelFileError("the arrays of the spread labels do not fit each other")
    if not ((reach > 0).all() and (level >= 0).all() and (codes.abs() <= FARTHEST).all()):
        raise ModelFileError("the spread labels hold numbers that no fit leaves")
    scaler = restored_scaler("Quantiles", arrays)
    if not isinstance(scaler, Quantiles) or scaler.knots.shape[1] != width:
        raise ModelFileError(f"the scaler of the spread labels is not one of {width} features")
    return Spread(scaler, codes, reach, level, neighbours)
