"""Handwritten digits that scikit-learn ships: a real task that needs no download."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from unseen.config import FitSettings
from unseen.data import held_out, open_source
from unseen.evaluation import Evaluation
from unseen.registry import save
from unseen.seeds import generator
from unseen.studies.budget import label_budget
from unseen.studies.fitting import Learned, learn
from unseen.studies.judging import Judged, judge
from unseen.studies.rows import read_rows

NAMES = tuple(f"digit {digit}" for digit in range(10))
NORMAL, TOLD = NAMES[:7], NAMES[9]
# Examples of the told digit: few, as labels are.
EXAMPLES = 20
BUDGET = (1, 5, EXAMPLES)
SHARE_JUDGED = 0.35


@dataclass(frozen=True)
class Demo:
    """What the demonstration made; `budget` is how well it did with fewer labels."""

    learned: Learned
    judged: Judged
    budget: dict[int, Evaluation]
    train: Path
    test: Path
    model: Path

    @property
    def sentence(self) -> str:
        """What happened, in one sentence."""
        unseen, told = self.judged.joined.unseen, self.judged.joined.told
        assert unseen is not None and told is not None  # noqa: S101, PT018 - both kinds are in the digits
        return (
            f"The detector learned the digits 0 to 6 and was shown {EXAMPLES} examples of the digit 9; "
            f"it ranks a digit it never saw (7 or 8) above a normal one {unseen.auc.value:.1%} of the time, "
            f"and a 9 {told.auc.value:.1%} of the time."
        )


def demonstrate(folder: Path, *, seed: int = 0) -> Demo:
    """Train on digits, judge on digits nobody showed, and keep data and model in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    train, test = folder / "train.npz", folder / "test.npz"
    _write_digits(train, test, seed)
    settings = FitSettings.from_mapping(
        {"label": "y", "normal": NORMAL, "known": [TOLD], "hidden": [64, 64], "seed": seed}
    )
    rows = read_rows(open_source(train), label="y", normal=NORMAL, known=[TOLD])
    learned = learn(rows, settings)
    save(learned.detector, folder / "model")
    fresh = read_rows(open_source(test), label="y", normal=NORMAL)
    judged = judge(learned.detector, fresh, seed=seed)
    assert rows.labels is not None  # noqa: S101 - read with a label column
    known = rows.table.filter(pa.array(rows.labels.y == 1))
    budget = label_budget(learned.detector, known, TOLD, fresh, BUDGET, seed=seed)
    return Demo(learned, judged, budget, train, test, folder / "model")


def _write_digits(train: Path, test: Path, seed: int) -> None:
    """Learn from normal digits and a few told ones; judge by the other normal digits and the other kinds."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    images = np.minimum(digits.images * 16, 255).astype(np.uint8)
    kinds = np.array(NAMES)[digits.target]
    normal = np.isin(kinds, NORMAL)
    learning = normal & ~held_out(images, SHARE_JUDGED, seed)
    told = generator(seed).permutation(np.flatnonzero(kinds == TOLD))[:EXAMPLES]
    learning[told] = True
    for path, mask in ((train, learning), (test, ~learning)):
        aside = path.with_name(path.name + ".tmp")
        with aside.open("wb") as file:
            np.savez_compressed(file, X=images[mask], y=kinds[mask])
        os.replace(aside, path)
