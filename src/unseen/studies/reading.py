"""What the latent code of a model has learned, from a model file and rows: what `unseen latent` prints."""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from torch import Tensor

from unseen.detectors.aware import AwareDetector
from unseen.detectors.two_stage import TwoStage
from unseen.errors import ConfigError, DataError, ModelFileError
from unseen.latent.association import Association, associate
from unseen.latent.coding import code_of
from unseen.latent.reading import LEAST_ROWS, Reading, network_of, read_code, some
from unseen.latent.scan import Scan, Setup, scan
from unseen.latent.traverse import traverse
from unseen.models.network import Dense
from unseen.models.vae import VAE
from unseen.registry import load
from unseen.studies.beside_units import asked_columns, features_of
from unseen.studies.code_study import CodeStudy, Told
from unseen.studies.embedding import embedding_of
from unseen.studies.judging import held_out_of
from unseen.studies.memory import recall
from unseen.studies.opening import open_rows
from unseen.studies.rows import Rows, StudyNote, mention_labels, read_rows
from unseen.studies.scoring import inputs_of, matrix_of
from unseen.training.progress import tell

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

# Rows the units are measured on, and held against features, at most.
MEASURED, ASSOCIATED = 20_000, 4_000
# Rows a scan learns from: with more, each fit takes as long and says the same.
SCANNED = 10_000
# Units whose mutual information is estimated, and which are moved.
INFORMED, MOVED = 12, 8


@dataclass(frozen=True)
class Question:
    """What is asked of a code.

    Attributes:
        features: Columns to hold the units against, names or patterns; () is all the model reads.
        label, normal, names: What each row is, which are normal, and column names of a file without them;
            None is what the model remembers.
        held_out: Only rows that were kept back in training.
        member: Which of several networks.
        betas, seeds: Learn the network anew at these betas, so many times each; () does not.
        seed: Of the rows chosen, of permutations, and the first of those fits.

    """

    features: Sequence[str] = ()
    label: str | None = None
    normal: Sequence[str] | None = None
    names: Sequence[str] | None = None
    held_out: bool = False
    member: int = 0
    betas: Sequence[float] = ()
    seeds: int = 3
    seed: int = 0


def study_code(
    model: str | os.PathLike[str], data: str | Sequence[str], asked: Question | None = None
) -> CodeStudy:
    """Load a model and read its code over rows.

    Units are measured on normal rows where the data says which are, and held against features on all rows.

    Raises:
        ConfigError: The model has no code, or betas are asked of what has none.
        DataError: Rows that do not fit the model, or too few.

    """
    asked = asked or Question()
    detector = _loaded(model)
    network = network_of(detector, member=asked.member)
    rows = _rows(detector, data, asked)
    chosen = held_out_of(detector, rows) if asked.held_out else np.ones(rows.table.num_rows, dtype=bool)
    tell("reading the code", 0, 4)
    reading = read_code(code_of(network, _measured(detector, rows, chosen, asked.seed)), seed=asked.seed)
    tell("reading the code", 1, 4)
    association, silent = _associated(detector, rows, chosen, reading, asked)
    tell("reading the code", 2, 4)
    embedding = embedding_of(reading, detector.model or VAE(), detector.feature_names(), seed=asked.seed)
    tell("reading the code", 3, 4)
    moved = reading.relevance.order()[: max(1, min(MOVED, int(reading.relevant.sum())))]
    return CodeStudy(
        data=", ".join(Path(part).name for part in ([data] if isinstance(data, str) else data)),
        rows=len(reading.code),
        detector=detector,
        reading=reading,
        embedding=embedding,
        association=association,
        silent=silent,
        told=_told(detector, reading, asked.member) if detector.stage2_ else None,
        paths=traverse(reading.code, moved, reading=detector.unscaled),
        features=detector.feature_names(),
        scan=_scanned(detector, reading, asked) if asked.betas else None,
    )


def _loaded(model: str | os.PathLike[str]) -> AwareDetector:
    try:
        detector = load(model)
    except ModelFileError as error:
        if os.path.isfile(model) and Path(model).suffix not in (".unseen", ".zip"):
            raise ModelFileError(
                f"{error}. Rows without a model are read by unseen structure, units of VAEs for them by "
                "unseen relevance"
            ) from error
        raise
    if not isinstance(detector, AwareDetector):
        raise ConfigError(
            f"{os.fspath(model)} holds no latent code, being of type {type(detector).__name__}; fit one that "
            "does with --model vae"
        )
    return detector


def _rows(detector: TwoStage, data: str | Sequence[str], asked: Question) -> Rows:
    memory = recall(detector)
    source = open_rows(data, asked.names or memory.names)
    inputs = [name for name in inputs_of(detector) if name in source.columns]
    label = asked.label or source.label or (memory.label if memory.label in source.columns else None)
    rows = read_rows(
        source,
        label=label,
        normal=(asked.normal or memory.normal) if label is not None else (),
        columns=inputs,
        beside=[name for name in asked_columns(source, asked.features, inputs) if name != label],
    )
    mention_labels(rows)
    if label is None:
        warnings.warn("no label column, so the units are measured on all rows", StudyNote, stacklevel=3)
    return rows


def _measured(detector: TwoStage, rows: Rows, chosen: Bools, seed: int) -> Tensor:
    """Rows that units are measured on, as the network sees them: the normal ones, where labels say which."""
    places = _places(chosen if rows.labels is None else chosen & (rows.labels.y == 0), MEASURED, seed)
    if len(places) < LEAST_ROWS:
        raise DataError(
            f"{rows.name}: {len(places)} rows to measure units on came; accepted: {LEAST_ROWS} or more, 500 "
            "to tell them apart"
        )
    return detector.scaled(_at(detector, rows, places))


def _at(detector: TwoStage, rows: Rows, places: NDArray[np.intp]) -> pa.Table | Floats:
    return matrix_of(detector, rows.table.take(pa.array(places)))


def _places(chosen: Bools, most: int, seed: int) -> NDArray[np.intp]:
    places = np.flatnonzero(chosen)
    return places[some(len(places), most, seed)]


def _associated(
    detector: AwareDetector, rows: Rows, chosen: Bools, reading: Reading, asked: Question
) -> tuple[Association | None, str]:
    """Units against features on all rows that are judged; or why there are none."""
    events = detector.scaling == "energies"
    places = _places(chosen, ASSOCIATED, asked.seed)
    every = features_of(rows, asked.features, events=events)
    if not every:
        return None, "images have no named columns; pass --label COLUMN, or --features COLUMN"
    code = code_of(reading.code.network, detector.scaled(_at(detector, rows, places)))
    informed = reading.relevance.order()[: min(INFORMED, int(reading.relevant.sum()))]
    given = {name: values[places] for name, values in every.items()}
    try:
        return associate(code.mean, given, informed=informed, seed=asked.seed), ""
    except DataError as error:
        return None, str(error)


def _scanned(detector: AwareDetector, reading: Reading, asked: Question) -> Scan:
    """Learn the network anew at each beta and seed.

    Raises:
        ConfigError: It is no VAE of fully connected layers on a table.

    """
    model, rows = detector.model or VAE(), reading.code.rows
    if not isinstance(model, VAE) or not isinstance(model.body, Dense) or rows.dim() != 2:
        raise ConfigError(
            f"{type(model).__name__} of rows of shape {tuple(rows.shape[1:])} came; several betas are for a "
            "VAE of a table, as by --model vae"
        )
    chosen = rows[some(len(rows), SCANNED, asked.seed)].double().numpy()
    setup = Setup(model.body.hidden, reading.code.units)
    return scan(chosen, betas=asked.betas, seeds=range(asked.seed, asked.seed + asked.seeds), setup=setup)


def _told(detector: AwareDetector, reading: Reading, member: int) -> Told:
    before = reading.code
    after = code_of(network_of(detector, told=True, member=member), before.rows)
    sigma = after.sigma.mean(0)
    centred = [mean - mean.mean(0) for mean in (before.mean, after.mean)]
    size = np.sqrt(np.square(centred[0]).sum(0) * np.square(centred[1]).sum(0))
    same = np.divide(
        (centred[0] * centred[1]).sum(0), size, out=np.full(before.units, np.nan), where=size > 0
    )
    return Told(after.mean.std(0) / sigma, same)
