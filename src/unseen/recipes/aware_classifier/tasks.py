"""What the study is run on: normal rows in classes, kinds that may be told, kinds that never are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unseen.recipes.collider_sets import dijets
from unseen.recipes.datasets import (
    NORMAL,
    Images,
    Kinds,
    chest_films,
    fashion_mnist,
    fashion_mnist_kinds,
    mnist,
)
from unseen.seeds import generator

Rows = NDArray[np.float32]


# How the names of far kinds begin, which are of no family that is told of.
FAR = "far "


@dataclass(frozen=True)
class Task:
    """Rows of one seed.

    Attributes:
        normal, classes: Rows (N, D) to learn from and the class of each, shape (N,).
        pool: Kind -> rows that may be told, shape (at least `labels`, D).
        test, kinds: Rows (M, D) to judge on, "normal" among them, and the kind of each, shape (M,):
            that of a row of the pool's family, or a name that begins with "far ".
        image: (C, H, W) of rows that are flattened images; None for tables.
        unit: What other classifiers divide rows by.
        labelled: Kind -> rows for a classifier dedicated to that kind, none of them told or tested.

    """

    normal: Rows
    classes: Kinds
    pool: Mapping[str, Rows]
    test: Rows
    kinds: Kinds
    image: tuple[int, int, int] | None
    unit: float = 1.0
    labelled: Mapping[str, Rows] = field(default_factory=dict)


def digits(seed: int, config: dict[str, Any], data: Path | None) -> Task:
    """MNIST's ten digits are the classes; kinds of Fashion-MNIST are told; far pictures never are."""
    images, names, test, truth = mnist(data)
    every = max(1, len(test) // config["test"])  # the first half of the test part is the easier one
    test, truth = test[::every], truth[::every]
    chosen = generator(seed, 31).permutation(len(images))[: config["normal"]]
    (fashion, garments), (fashion_test, test_garments) = zip(
        fashion_mnist(), fashion_mnist_kinds(), strict=True
    )
    order = generator(seed, 32).permutation(len(fashion))
    fashion, garments = fashion[order], garments[order]
    pool = {
        kind: flat(fashion[garments == kind][: config["labels"]]) for kind in np.unique(garments).tolist()
    }
    few = slice(None, None, max(1, len(fashion_test) // config["fashion"]))
    far = {
        f"{FAR}chest film": chest_films(data),
        f"{FAR}noise": generator(seed, 33).integers(0, 256, (1000, 28, 28), dtype=np.uint8),
        f"{FAR}inverted": 255 - test,
        f"{FAR}upside down": test[np.isin(truth, tuple("234567"))][:, ::-1, ::-1],
    }
    parts = [test, fashion_test[few], *far.values()]
    kinds = [np.full(len(test), NORMAL), test_garments[few]]
    kinds += [np.full(len(part), kind) for kind, part in far.items()]
    return Task(
        flat(images[chosen]),
        names[chosen],
        pool,
        flat(np.concatenate(parts)),
        np.concatenate(kinds),
        (1, 28, 28),
        unit=255.0,
    )


def flat(images: Images) -> Rows:
    """Images (N, H, W) as rows (N, H * W)."""
    return images.reshape(len(images), -1).astype(np.float32)


def jets(seed: int, config: dict[str, Any], data: Path | None) -> Task:
    """QCD and top events are the classes; resonances of 2, 3 and 4 quarks a jet are the kinds.

    Columns are standardised by the rows to learn from.
    """
    mixed = {
        name: generator(seed, 36).permutation(events.features).astype(np.float32)
        for name, events in dijets(config["events"]).items()
    }
    learn = {name: mixed.pop(name) for name in ("qcd", "top")}
    cut = {name: round(config["learn"] * len(rows)) for name, rows in learn.items()}
    normal = np.concatenate([rows[: cut[name]] for name, rows in learn.items()])
    centre, width = normal.mean(0), normal.std(0)
    labels, aside = config["labels"], config["labels"] + config["labelled"]
    parts = {kind: (rows - centre) / width for kind, rows in mixed.items()}
    left = (np.concatenate([rows[cut[name] :] for name, rows in learn.items()]) - centre) / width
    tested = {NORMAL: left, **{kind: rows[aside:] for kind, rows in parts.items()}}
    return Task(
        (normal - centre) / width,
        np.repeat(list(learn), list(cut.values())),
        {kind: rows[:labels] for kind, rows in parts.items()},
        np.concatenate(list(tested.values())),
        np.repeat(list(tested), [len(rows) for rows in tested.values()]),
        None,
        labelled={kind: rows[labels:aside] for kind, rows in parts.items()},
    )


# Name in `config.toml` -> what makes its rows. A second task is one more function and a line here.
TASKS: dict[str, Callable[[int, dict[str, Any], Path | None], Task]] = {"digits": digits, "jets": jets}
