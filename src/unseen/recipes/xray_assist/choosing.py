"""How settings of the film network are compared: on films of a style held out, never on the test films.

Validation films of the public set share the style of the training films and are ranked almost perfectly by
any network; the test films come from another folder and are not. So training and validation films are put
together, doubles dropped, and each part of `unseen.screening.styles.held_out` is held out once while the
others are learned. What was tried, and what is the default since, stands in `choices.csv` beside this file.

    python -m unseen.recipes.xray_assist.choosing --variant default --out more.csv

Rows of `choices.csv` without a command are of the search itself, with layers and steps that did not stay.
"""

from __future__ import annotations

import argparse
import csv
import datetime
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from unseen.errors import ConfigError, unknown
from unseen.evaluation.ranking import roc_auc
from unseen.persist import canonical_versions
from unseen.recipes.datasets import existing, folder
from unseen.screening.augment import FilmChanges
from unseen.screening.network import read_films
from unseen.screening.styles import held_out
from unseen.screening.training import FilmPlan, train_films

FILE = "xray/pneumoniamnist_full.npz"
COLUMNS = (
    "date",
    "variant",
    "about",
    "held_out",
    "normal",
    "finding",
    "auc",
    "log_loss",
    "seed",
    "versions",
    "command",
)
COMMAND = "python -m unseen.recipes.xray_assist.choosing"

# 12 epochs each, so that many can be compared.
BASE = FilmPlan()
SHORT = replace(BASE, epochs=12)
CHANGES = FilmChanges()
ABOUT = "against the default settings; 12 epochs where not said otherwise"
VARIANTS = {
    "default": SHORT,
    "all films toned": replace(SHORT, changes=replace(CHANGES, toned=1.0)),
    "levelled as a whole": replace(SHORT, design=replace(SHORT.design, around=0.0)),
    "no changes": replace(SHORT, changes=None),
    "mirrored": replace(SHORT, changes=replace(CHANGES, mirror=True)),
    "24 epochs": replace(SHORT, epochs=24),
}


def films_of(data: Path | None) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return training and validation films together, each once, and their labels."""
    with np.load(existing(folder(data) / FILE)) as parts:
        images = np.concatenate([parts["train_images"], parts["val_images"]])
        labels = np.concatenate([parts["train_labels"], parts["val_labels"]]).ravel()
    _, first = np.unique(images.reshape(len(images), -1), axis=0, return_index=True)
    places = np.sort(first)
    return images[places], labels[places].astype(np.int64)


def compared(variant: str, *, seed: int, data: Path | None) -> list[dict[str, object]]:
    """Return a row for each part held out.

    Raises:
        ConfigError: A variant that is not known.

    """
    if variant not in VARIANTS:
        raise ConfigError(unknown("variant", variant, VARIANTS))
    images, labels = films_of(data)
    rows: list[dict[str, object]] = []
    for part, held in held_out(images / 255.0, labels).items():
        judged = images[held], labels[held]
        network = train_films(
            images[~held], labels[~held], validation=judged, settings=VARIANTS[variant], seed=seed
        )
        logits = read_films(network, judged[0])[0].astype(float)
        rows.append(
            {
                "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
                "variant": variant,
                "about": ABOUT,
                "held_out": part,
                "normal": int((judged[1] == 0).sum()),
                "finding": int((judged[1] == 1).sum()),
                "auc": round(roc_auc(logits[judged[1] == 0], logits[judged[1] == 1]), 4),
                "log_loss": round(_log_loss(logits, judged[1]), 3),
                "seed": seed,
                "versions": " ".join(f"{name}={version}" for name, version in canonical_versions().items()),
                "command": f"{COMMAND} --variant {variant!r} --seed {seed}",
            }
        )
    return rows


def _log_loss(logits: NDArray[np.float64], labels: NDArray[np.int64]) -> float:
    right = expit(np.where(labels == 1, logits, -logits))
    return float(-np.log(np.maximum(right, 1e-12)).mean())


def main() -> None:
    """Compare one variant and add its rows to a file."""
    parser = argparse.ArgumentParser(
        prog="python -m unseen.recipes.xray_assist.choosing", description=__doc__
    )
    parser.add_argument("--variant", default="default", choices=sorted(VARIANTS))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    asked = parser.parse_args()
    rows = compared(asked.variant, seed=asked.seed, data=asked.data)
    fresh = not asked.out.exists()
    with asked.out.open("a", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        if fresh:
            writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    main()
