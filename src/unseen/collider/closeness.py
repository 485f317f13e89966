"""How close simulated event images are to published ones: totals side by side, and whether a judge can tell.

Published images are NPZ files of the dark-shower data (keys images, n_tracks), whose names tell process and
mass. Samples are never mixed: every row says which one it is of.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unseen.collider import store
from unseen.errors import DataError
from unseen.evaluation import roc_auc

TOTALS = (
    "lit tracker",
    "lit ECAL",
    "lit HCAL",
    "sum E_T tracker",
    "sum E_T ECAL",
    "sum E_T HCAL",
    "n_tracks",
)
"""Columns of `totals`: lit pixels and summed transverse energy (GeV) of each channel, number of tracks."""

_NAMES = (
    (re.compile(r"^qcd"), "qcd"),
    (re.compile(r"^suep.*_h(\d+)_"), "suep"),
    (re.compile(r"^svj_(\d+)_"), "svj"),
)
_FOLDS = 5
_BLOCK = 512

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Comparison:
    """One total of one process, beside the published sample.

    Attributes:
        process: such as `suep 300`, with the mass in GeV.
        total: a name of `TOTALS`.
        simulated: mean over simulated events.
        published: mean over published events.
        ks: largest distance of the two distributions, 0 to 1 (Kolmogorov-Smirnov).
        auc: chance that a simulated event has the larger value; 0.5 is alike.

    """

    process: str
    total: str
    simulated: float
    published: float
    ks: float
    auc: float


@dataclass(frozen=True)
class Closeness:
    """One file of simulated events beside the published ones of the same process and mass.

    Attributes:
        process: such as `qcd` or `suep 300`.
        file: the simulated one.
        n_simulated: events.
        n_published: events.
        totals: a row for each total.
        judge: AUC, over held-out folds, of boosted trees that learn to tell the two apart by the totals.
        judge_sd: its standard deviation over the folds.

    """

    process: str
    file: str
    n_simulated: int
    n_published: int
    totals: tuple[Comparison, ...]
    judge: float
    judge_sd: float

    def to_dict(self) -> dict[str, object]:
        """Return plain values, with the sample of each mean named."""
        rows = []
        for one in self.totals:
            row = asdict(one)
            row["mean"] = [
                {"sample": "simulated", "mean": row.pop("simulated")},
                {"sample": "published", "mean": row.pop("published")},
            ]
            rows.append(row)
        return {**asdict(self), "totals": rows}


def totals(images: NDArray[Any], n_tracks: NDArray[Any]) -> Floats:
    """Totals of event images.

    Args:
        images: (n, phi, eta, 3) transverse energies in GeV.
        n_tracks: (n,) or (n, 1) numbers of tracks.

    Returns:
        (n, 7) in the order of `TOTALS`.

    Raises:
        DataError: shapes do not fit, or a value is negative or not finite.

    >>> image = np.zeros((1, 72, 58, 3))
    >>> image[0, 3, 4] = [5.0, 0.0, 2.0]
    >>> totals(image, np.array([4])).tolist()
    [[1.0, 0.0, 1.0, 5.0, 0.0, 2.0, 4.0]]

    """
    tracks = np.asarray(n_tracks, dtype=np.float64).reshape(-1)
    if images.ndim != 4 or images.shape[-1] != 3 or len(images) != len(tracks):
        raise DataError(
            f"images of shape {images.shape} with {len(tracks)} n_tracks; accepted: (n, phi, eta, 3) with n"
        )
    if not np.isfinite(images).all() or np.any(images < 0):
        raise DataError(
            "an image holds a negative value or no number; accepted: transverse energies of 0 or more"
        )
    lit = (images > 0).sum(axis=(1, 2))
    summed = images.sum(axis=(1, 2), dtype=np.float64)
    return np.column_stack([lit, summed, tracks]).astype(np.float64)


def compare(files: Sequence[Path], published: Path, *, seed: int = 0) -> list[Closeness]:
    """Set simulated files beside the published events of the same process and mass.

    Args:
        files: written by `unseen collider simulate --images`.
        published: folder of NPZ files, searched in all depths.
        seed: of folds and trees.

    Raises:
        DataError: a file is missing, damaged or without images, or no published file fits.

    """
    if not published.is_dir():
        raise DataError(f"{published} is no folder; name the one of the published NPZ files")
    simulated = [(path, process_and_mass(path)) for path in files]
    theirs = {name: _published(name, published) for name in {name for _, name in simulated}}
    return [
        _closeness(
            name, path, np.concatenate([totals(*block) for block in _blocks(path)]), theirs[name], seed
        )
        for path, name in simulated
    ]


def process_and_mass(path: Path) -> str:
    """Read from a simulated file what it is of: `qcd`, or process and mass as in `suep 300`."""
    settings = store.read_manifest(path)["settings"]
    mass = settings.get("mass")
    return str(settings["process"]) + ("" if mass is None else f" {mass:g}")


def published_name(file: str) -> str | None:
    """Read process and mass from the name of a published file; None for another file.

    >>> published_name("suep_gensim_h125_phi2_dp0p7_dt2_101_2.npz"), published_name("svj_2100_34484_8.npz")
    ('suep 125', 'svj 2100')
    """
    for pattern, process in _NAMES:
        if found := pattern.match(file):
            return " ".join([process, *found.groups()])
    return None


def _blocks(path: Path) -> Any:
    return store.read_image_blocks(path, _BLOCK)


def _published(name: str, folder: Path) -> Floats:
    files = [path for path in sorted(folder.rglob("*.npz")) if published_name(path.name) == name]
    if not files:
        known = sorted({one for path in folder.rglob("*.npz") if (one := published_name(path.name))})
        raise DataError(
            f"{folder} has no published events of {name}; there are: {', '.join(known) or 'none'}"
        )
    return np.concatenate([_published_totals(path) for path in files])


def _published_totals(path: Path) -> Floats:
    try:
        with np.load(path, allow_pickle=False) as arrays:
            images, tracks = arrays["images"], arrays["n_tracks"]
    except KeyError as error:
        raise DataError(f"{path} has no array {error.args[0]!s}; name the folder with n_tracks") from error
    except (OSError, ValueError, EOFError) as error:
        raise DataError(f"{path} is damaged or no NPZ file") from error
    starts = range(0, len(images), _BLOCK)
    return np.concatenate([totals(images[one : one + _BLOCK], tracks[one : one + _BLOCK]) for one in starts])


def _closeness(name: str, path: Path, ours: Floats, theirs: Floats, seed: int) -> Closeness:
    from scipy.stats import ks_2samp

    rows = tuple(
        Comparison(
            name,
            total,
            float(ours[:, place].mean()),
            float(theirs[:, place].mean()),
            float(ks_2samp(ours[:, place], theirs[:, place], method="asymp").statistic),
            roc_auc(theirs[:, place], ours[:, place]),
        )
        for place, total in enumerate(TOTALS)
    )
    mean, sd = judged(ours, theirs, seed)
    return Closeness(name, str(path), len(ours), len(theirs), rows, mean, sd)


def judged(ours: Floats, theirs: Floats, seed: int = 0) -> tuple[float, float]:
    """Teach boosted trees to tell two samples apart; mean and sd over 5 held-out folds of their AUC.

    Raises:
        DataError: a sample has fewer than 10 events.

    """
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.model_selection import StratifiedKFold, cross_val_score

    if min(len(ours), len(theirs)) < 2 * _FOLDS:
        raise DataError(
            f"{len(ours)} simulated and {len(theirs)} published events; accepted: {2 * _FOLDS} or more"
        )
    rows = np.concatenate([theirs, ours])
    is_ours = np.repeat([0, 1], [len(theirs), len(ours)])
    folds = StratifiedKFold(_FOLDS, shuffle=True, random_state=seed)
    trees = HistGradientBoostingClassifier(
        max_iter=100, learning_rate=0.1, max_leaf_nodes=15, random_state=seed
    )
    found = cross_val_score(trees, rows, is_ours, cv=folds, scoring="roc_auc")
    return float(found.mean()), float(found.std(ddof=1))
