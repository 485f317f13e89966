"""Every read-out of the study: from what is seen of networks to the class it names."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier

from unseen.decoy.classifiers import Looker, Looking, flip_components, flip_pairs, flip_signs, turn_maps
from unseen.decoy.elements import agreements
from unseen.decoy.readout import HIDDEN, ReadOut, densities
from unseen.decoy.templates import CLASSES, Templates

Floats = NDArray[np.floating[Any]]
Ints = NDArray[np.int64]

DENSITY, DENSITIES = "(a) density", "(a+) densities of four components"
MAPS, MOVED = "(b) maps", "(b+) maps of the logits beside their moved copies"
PLAIN, HIDDEN_LAYERS, EVERY_LAYER = (
    "(c) invariance",
    "(c+) invariance, hidden layers",
    "(c+) invariance, every layer",
)
RAW, RAW_MOVED = "raw image", "raw image beside its moved copies"
DIRECT = "direct scores"
PAIRS = tuple(combinations(range(4), 2))
LONGER, TIMES = 1.6, 8
"""Times as many epochs for what has more to see; random changes over which naming is averaged."""


@dataclass(frozen=True)
class Rows:
    """Rows to learn from and to judge, their classes, the seed, how long is trained, trees of a forest."""

    learn: Ints
    judged: Ints
    kinds: Ints
    seed: int
    epochs: int
    trees: int

    def look(self, images: Floats, change: Any, *, longer: float = 1.0, times: int = 1, **how: Any) -> Floats:
        """Train convolutional networks on the rows to learn from; return probabilities (N, 6).

        Rows that are not judged have none.
        """
        looking = Looking(epochs=max(1, round(longer * self.epochs)), **how)
        looker = Looker(change, seed=self.seed, looking=looking)
        looker.fit(images[self.learn], self.kinds[self.learn])
        found = np.zeros((len(images), len(CLASSES)))
        found[self.judged] = looker.probabilities(images[self.judged], times=times)
        return found

    def grown(self, columns: Floats, forest: type = ExtraTreesClassifier) -> Floats:
        """Grow a forest on the rows to learn from; return probabilities of all rows (N, 6)."""
        grown = forest(self.trees, random_state=self.seed)
        return np.asarray(grown.fit(columns[self.learn], self.kinds[self.learn]).predict_proba(columns))


def of_networks(seen: ReadOut, rows: Rows) -> dict[str, Ints]:
    """Name the class of each network by each read-out: (N,)."""
    flat = seen.views.reshape(len(seen.views), -1)
    count = seen.views.shape[-1]
    density = rows.look(densities(seen.maps), flip_components)
    several = densities(seen.fine, PAIRS, bins=24)
    more = rows.look(several, partial(flip_pairs, pairs=PAIRS), longer=LONGER, times=TIMES)
    found = {
        DENSITY: density,
        DENSITIES: density + more,
        MAPS: rows.look(seen.maps, flip_signs, longer=LONGER),
        MOVED: rows.look(seen.spoken, turn_maps, longer=LONGER, times=TIMES, compare=True),
        PLAIN: rows.grown(seen.plain, RandomForestClassifier),
        HIDDEN_LAYERS: rows.grown(flat[:, HIDDEN.start * count : HIDDEN.stop * count]),
        EVERY_LAYER: rows.grown(flat[:, count:]),
    }
    return {name: np.asarray(probabilities.argmax(1)) for name, probabilities in found.items()}


def of_pictures(templates: Templates, rows: Rows) -> dict[str, Ints]:
    """Name the class of each template from the template itself, without any decoy network: (N,)."""
    values = templates.values
    scores = np.stack([agreements(value.reshape(-1, 1))[0] for value in values])
    images = values[:, None]
    found = {
        RAW: rows.look(images, turn_maps, longer=LONGER),
        RAW_MOVED: rows.look(images, turn_maps, longer=LONGER, times=TIMES, compare=True),
        DIRECT: rows.grown(scores),
    }
    return {name: np.asarray(probabilities.argmax(1)) for name, probabilities in found.items()}
