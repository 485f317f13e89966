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

from unseen.detectors.aware import AwareDetector
from unseen.detectors.two_stage import TwoStage
from unseen.errors import ConfigError, DataError, ModelFileError
from unseen.latent.association import Association, associate
from unseen.latent.coding import code_of
from unseen.latent.reading import Reading, network_of, read_code, some
from unseen.latent.scan import Scan, Setup, scan
from unseen.latent.traverse import Traversal, traverse
from unseen.models.network import Dense
from unseen.models.vae import VAE
from unseen.registry import load
from unseen.studies.beside_units import asked_columns, features_of
from unseen.studies.embedding import Embedding, embedding_of
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


@dataclass(frozen=True, eq=False)
class Told:
    """How the code changed when the model was told of anomalies, unit by unit.

    Attributes:
        ratio: rho in the second network, shape (Z,).
        same: Correlation of the means before and after over the same rows, shape (Z,); NaN of a unit that
            does not vary. Stage 2 starts from stage 1, so that units keep their places.

    """

    ratio: Floats
    same: Floats


@dataclass(frozen=True, eq=False)
class CodeStudy:
    """All that is said of a code.

    Attributes:
        data, rows: Name of the data, and how many rows the units were measured on.
        detector: The model.
        reading: Measures of the units.
        embedding: The counts beside those of the data.
        association: Units against features; None where there is none, and `silent` says why.
        told: What being told changed; None where nothing was told.
        paths: Units that count, moved over their quantiles, most relevant first.
        features: Names of what moves with them.
        notes: What a reader should know, one sentence each.
        scan: Fits of the same network over betas and seeds; None where none were asked for.

    """

    data: str
    rows: int
    detector: AwareDetector
    reading: Reading
    embedding: Embedding
    association: Association | None
    silent: str
    told: Told | None
    paths: tuple[Traversal, ...]
    features: tuple[str, ...]
    notes: tuple[str, ...]
    scan: Scan | None = None


def study_code(
    model: str | os.PathLike[str],
    data: str | Sequence[str],
    *,
    features: Sequence[str] = (),
    label: str | None = None,
    normal: Sequence[str] | None = None,
    names: Sequence[str] | None = None,
    held_out: bool = False,
    member: int = 0,
    betas: Sequence[float] = (),
    seeds: int = 3,
    seed: int = 0,
) -> CodeStudy:
    """Load a model and read its code over rows.

    Units are measured on normal rows where the data says which are, and held against features on all rows.
    With `betas`, networks of the same widths are learned anew on the measured rows, `seeds` at each beta.

    Raises:
        ConfigError: The model has no code.
        DataError: Rows that do not fit the model, or too few.

    """
    detector = _loaded(model)
    network = network_of(detector, member=member)
    rows = _rows(detector, data, features=features, label=label, normal=normal, names=names)
    chosen = held_out_of(detector, rows) if held_out else np.ones(rows.table.num_rows, dtype=bool)
    measured = chosen if rows.labels is None else chosen & (rows.labels.y == 0)
    tell("reading the code", 0, 4)
    scaled = detector.scaled(_matrix(detector, rows, measured, MEASURED, seed))
    if len(scaled) < 50:
        raise DataError(
            f"{rows.name}: {len(scaled)} rows to measure units on came; accepted: 50 or more, 500 to tell "
            "them apart"
        )
    reading = read_code(code_of(network, scaled), seed=seed)
    tell("reading the code", 1, 4)
    association, silent = _associated(detector, rows, chosen, reading, features, member, seed)
    tell("reading the code", 2, 4)
    embedding = embedding_of(reading, detector.model or VAE(), detector.feature_names(), seed=seed)
    tell("reading the code", 3, 4)
    counted = reading.relevance.order()[: max(1, min(MOVED, int(reading.relevant.sum())))]
    return CodeStudy(
        data=_named(data),
        rows=len(scaled),
        detector=detector,
        reading=reading,
        embedding=embedding,
        association=association,
        silent=silent,
        told=_told(detector, reading, member) if detector.stage2_ else None,
        paths=traverse(reading.code, counted, reading=detector.unscaled),
        features=detector.feature_names(),
        notes=tuple(_notes(reading, embedding, association)),
        scan=_scanned(detector, reading, betas, range(seed, seed + seeds)) if betas else None,
    )


def _loaded(model: str | os.PathLike[str]) -> AwareDetector:
    try:
        detector = load(model)
    except ModelFileError as error:
        if os.path.isfile(model) and Path(model).suffix not in (".unseen", ".zip"):
            raise ModelFileError(
                f"{error}. Rows without a model are read by: unseen structure {model}"
            ) from error
        raise
    if not isinstance(detector, AwareDetector):
        raise ConfigError(
            f"{os.fspath(model)} holds no latent code, being of type {type(detector).__name__}; fit one that "
            "does with --model vae"
        )
    return detector


def _named(data: str | Sequence[str]) -> str:
    """Names of the files, without their folders."""
    return ", ".join(Path(part).name for part in ([data] if isinstance(data, str) else data))


def _rows(
    detector: TwoStage,
    data: str | Sequence[str],
    *,
    features: Sequence[str],
    label: str | None,
    normal: Sequence[str] | None,
    names: Sequence[str] | None,
) -> Rows:
    memory = recall(detector)
    source = open_rows(data, names or memory.names)
    inputs = [name for name in inputs_of(detector) if name in source.columns]
    label = label or source.label or (memory.label if memory.label in source.columns else None)
    rows = read_rows(
        source,
        label=label,
        normal=(normal or memory.normal) if label is not None else (),
        columns=inputs,
        beside=[name for name in asked_columns(source, features, inputs) if name != label],
    )
    mention_labels(rows)
    if label is None:
        warnings.warn("no label column, so the units are measured on all rows", StudyNote, stacklevel=3)
    return rows


def _matrix(detector: TwoStage, rows: Rows, chosen: Bools, most: int, seed: int) -> pa.Table | Floats:
    return matrix_of(detector, rows.table.take(pa.array(_places(chosen, most, seed))))


def _places(chosen: Bools, most: int, seed: int) -> NDArray[np.intp]:
    places = np.flatnonzero(chosen)
    return places[some(len(places), most, seed)]


def _associated(
    detector: AwareDetector,
    rows: Rows,
    chosen: Bools,
    reading: Reading,
    asked: Sequence[str],
    member: int,
    seed: int,
) -> tuple[Association | None, str]:
    """Units against features on all rows that are judged; or why there are none."""
    events = detector.scaling == "energies"
    places = _places(chosen, ASSOCIATED, seed)
    given = {name: values[places] for name, values in features_of(rows, asked, events=events).items()}
    if not given:
        return None, "images have no named columns; pass --label COLUMN, or --features COLUMN"
    code = code_of(
        network_of(detector, member=member),
        detector.scaled(_matrix(detector, rows, chosen, ASSOCIATED, seed)),
    )
    informed = reading.relevance.order()[: min(INFORMED, int(reading.relevant.sum()))]
    try:
        return associate(code.mean, given, informed=informed, seed=seed), ""
    except DataError as error:
        return None, str(error)


def _scanned(detector: AwareDetector, reading: Reading, betas: Sequence[float], seeds: Sequence[int]) -> Scan:
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
    chosen = rows[some(len(rows), SCANNED, 0)].double().numpy()
    return scan(chosen, betas=betas, seeds=seeds, setup=Setup(model.body.hidden, reading.code.units))


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


def _notes(reading: Reading, embedding: Embedding, association: Association | None) -> list[str]:
    notes = []
    if embedding.warning:
        notes.append(embedding.warning)
    if embedding.cut_off:
        notes.append(embedding.cut_off)
    if embedding.refused:
        notes.append(f"no intrinsic dimension: {embedding.refused}")
    if embedding.constant:
        notes.append(
            f"never changes, so takes no part in ranks and dimensions: {_shortly(embedding.constant)}"
        )
    if embedding.counted and embedding.dimensions:
        shown = _shortly(embedding.counted)
        notes.append(
            f"counted numbers are spread between their steps before dimensions are estimated: {shown}"
        )
    if not reading.relevance.spread:
        notes.append("the code has no spread, so there are no rho and no KL; units are judged by the decoder")
    if association is not None and association.dropped:
        left_out = [f"{name!r}, which {why}" for name, why in association.dropped.items()]
        notes.append(f"left out of the associations: {_shortly(left_out)}")
    return notes


def _shortly(names: Sequence[str], most: int = 4) -> str:
    """Name the first few, and count the rest.

    >>> _shortly(["a", "b", "c"], most=2)
    'a, b and 1 more'
    """
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
