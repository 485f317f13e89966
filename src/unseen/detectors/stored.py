"""A committee as plain values and arrays, and back: what a model file holds of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from unseen.class_scores import ClassScore
from unseen.detectors.classifying import Classifying
from unseen.detectors.committee import Member
from unseen.detectors.members import DensityReader, ForestReader, SpreadReader
from unseen.detectors.readers import Nearness, Neighbouring, Reader, Reconstructing
from unseen.detectors.stored_arrays import Arrays, tensor, under
from unseen.detectors.stored_tables import read_table_reader, write_table_reader
from unseen.errors import ModelFileError
from unseen.models.neighbours import Bank, Neighbours
from unseen.models.network import Network
from unseen.scores import Score
from unseen.thresholds import Calibration

Record = dict[str, Any]


def write_members(members: Sequence[Member], prefix: str) -> tuple[list[Record], dict[str, NDArray[Any]]]:
    """Return one record a member, and their arrays under `prefix`."""
    records, arrays = [], {}
    for place, member in enumerate(members):
        start = f"{prefix}.{place}."
        record, own = _write_reader(member.reader)
        records.append({"name": member.name, "share": member.share, **record})
        arrays.update(write_calibration(member.calibration, start))
        arrays.update({f"{start}{name}": value for name, value in own.items()})
    return records, arrays


def _write_reader(reader: Reader) -> tuple[Record, dict[str, NDArray[Any]]]:
    if isinstance(reader, Reconstructing):
        arrays = {}
        for place, (network, state) in enumerate(zip(reader.networks, reader.states, strict=True)):
            arrays.update({f"{place}.net.{n}": v.numpy() for n, v in network.state_dict().items()})
            arrays.update({f"{place}.score.{n}": v.numpy() for n, v in state.items()})
        return {"reader": "reconstructing", "tau": list(reader.tau)}, arrays
    if isinstance(reader, Classifying):
        arrays = {
            f"{place}.net.{name}": value.numpy()
            for place, network in enumerate(reader.networks)
            for name, value in network.state_dict().items()
        }
        return {"reader": "classifying", "networks": len(reader.networks)}, arrays
    if isinstance(reader, Neighbouring):
        bank = reader.bank
        kept = {"centre": bank.centre, "axes": bank.axes, "codes": bank.codes, "own": bank.own}
        return (
            {"reader": "neighbouring", "k": bank.k, "norm": bank.norm},
            {name: value.numpy() for name, value in kept.items()},
        )
    if isinstance(reader, Nearness):
        return {"reader": "nearness"}, {"known": reader.known.numpy()}
    if isinstance(reader, DensityReader | ForestReader | SpreadReader):
        return write_table_reader(reader)
    raise TypeError(f"{type(reader).__name__} cannot be stored")


def read_members(
    records: Sequence[Record],
    arrays: Arrays,
    prefix: str,
    *,
    width: int,
    build: Callable[[], nn.Module] | None = None,
    score: Score | ClassScore | None = None,
    neighbours: Neighbours | None = None,
    stage1: Sequence[Member] = (),
) -> tuple[Member, ...]:
    """Rebuild members.

    Args:
        records, arrays, prefix: As written.
        width: Numbers of a row.
        build: Makes the networks, where there are any.
        score: How their passes are read.
        neighbours: Settings of the bank of normal rows, where there is one.
        stage1: Members of stage 1 while those of stage 2 are read, which these measure with.

    Raises:
        ModelFileError: An array is missing, of another shape, or not finite; a reader is not known.

    """
    members: list[Member] = []
    unaided = tuple(member.reader for member in stage1)
    for place, record in enumerate(records):
        own = under(arrays, f"{prefix}.{place}")
        reader = (
            _read_networked(record, own, build, score)
            or _read_distance(record, own, neighbours, bank_of(stage1))
            or read_table_reader(record, own, width=width, unaided=unaided)
        )
        if reader is None:
            raise ModelFileError(f"reader {record['reader']!r} is not known here")
        share = float(record["share"])
        if not 0.0 < share <= 1.0:
            raise ModelFileError(f"share {share!r} is not between 0 and 1")
        calibration = read_calibration(own)
        members.append(Member(str(record["name"]), reader, calibration, share))
    return tuple(members)


def _read_networked(
    record: Record,
    arrays: Arrays,
    build: Callable[[], nn.Module] | None,
    score: Score | ClassScore | None,
) -> Reader | None:
    """Rebuild a reader of networks; None where it is none, or none is expected."""
    kind = record["reader"]
    if build is None:
        return None
    if kind == "reconstructing" and isinstance(score, Score):
        return _read_reconstructing(record, arrays, build, score)
    if kind == "classifying" and isinstance(score, ClassScore):
        return Classifying(_read_networks(int(record["networks"]), arrays, build), score)
    return None


def _read_distance(
    record: Record, arrays: Arrays, neighbours: Neighbours | None, bank: Bank | None
) -> Reader | None:
    """Rebuild a reader of distances to a bank; None where it is none, or none is expected."""
    kind = record["reader"]
    if kind == "neighbouring" and neighbours is not None:
        return Neighbouring(_read_bank(record, arrays, neighbours))
    if kind == "nearness" and bank is not None:
        known = tensor(arrays, "known")
        if known.ndim != 2 or known.shape[1] != bank.codes.shape[1] or not len(known):
            raise ModelFileError(f"array 'known' has shape {tuple(known.shape)}")
        return Nearness(bank, known)
    return None


def write_calibration(calibration: Calibration, prefix: str = "") -> dict[str, NDArray[Any]]:
    """Return the arrays of a calibration; that of its weights only where it has some."""
    arrays = {f"{prefix}calibration": calibration.scores}
    if calibration.weights is not None:
        arrays[f"{prefix}calibration_weights"] = calibration.weights
    return arrays


def read_calibration(arrays: Arrays) -> Calibration:
    """Take back what `write_calibration` returned; files without weights are those of unweighted fits."""
    return Calibration.fit(arrays["calibration"], arrays.get("calibration_weights"))


def read_names(names: Any, width: int) -> NDArray[Any]:
    """Return the column names of a model file, shape (width,).

    Raises:
        ModelFileError: They are not `width` strings.

    """
    if not isinstance(names, list) or len(names) != width or not all(isinstance(n, str) for n in names):
        raise ModelFileError(f"the column names are not {width} strings")
    return np.array(names, dtype=object)


def bank_of(members: Sequence[Member]) -> Bank | None:
    """Return the bank of normal rows among the members, if there is one."""
    return next((m.reader.bank for m in members if isinstance(m.reader, Neighbouring)), None)


def _read_reconstructing(
    record: Record, arrays: Arrays, build: Callable[[], nn.Module], score: Score
) -> Reconstructing:
    taus = tuple(float(tau) for tau in record["tau"])
    networks = cast(tuple[Network, ...], _read_networks(len(taus), arrays, build))
    states = tuple(
        {name: tensor(arrays, f"{place}.score.{name}") for name in under(arrays, f"{place}.score")}
        for place in range(len(taus))
    )
    return Reconstructing(networks, score, states, taus)


def _read_networks(count: int, arrays: Arrays, build: Callable[[], nn.Module]) -> tuple[nn.Module, ...]:
    networks = []
    for place in range(count):
        # on the meta device nothing is allocated, so a file cannot ask for more memory than it brings
        with torch.device("meta"):
            network = build()
        weights = {name: tensor(arrays, f"{place}.net.{name}") for name in network.state_dict()}
        for name, expected in network.state_dict().items():
            if weights[name].shape != expected.shape:
                raise ModelFileError(
                    f"array {name!r} has shape {tuple(weights[name].shape)}, "
                    f"the settings ask for {tuple(expected.shape)}"
                )
        network.load_state_dict(weights, assign=True)
        network.eval()
        networks.append(network)
    if not networks:
        raise ModelFileError("no network is listed")
    return tuple(networks)


def _read_bank(record: Record, arrays: Arrays, neighbours: Neighbours) -> Bank:
    centre, axes, codes, own = (tensor(arrays, name) for name in ("centre", "axes", "codes", "own"))
    k = int(record["k"])
    fits = (
        axes.ndim == 2
        and centre.shape == axes.shape[:1]
        and codes.shape == (len(own), axes.shape[1] + (neighbours.rest > 0))
        and 1 <= k <= len(codes)
        and (own > 0).all()
    )
    if not fits:
        raise ModelFileError("the arrays of the bank of normal rows do not fit each other")
    norm = float(record["norm"])
    return Bank(k, neighbours.power, neighbours.front, norm, centre, axes, codes, own, neighbours.rest)
