"""How the read-outs grow with the steps of the decoy task, on a smaller set of templates."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from unseen.decoy.guard import Guard
from unseen.decoy.networks import Schedule, train
from unseen.decoy.readout import HIDDEN, read
from unseen.decoy.templates import joined, make
from unseen.evaluation import Record
from unseen.recipes.symmetry_decoy.naming import Rows

LEVELS, KNOWN = "level accuracy", "R² of component 1 on the template"
HIDDEN_LAYERS, OUTPUT = "(c+) hidden layers, accuracy", "(c+) every layer, accuracy"


def by_steps(seed: int, config: dict[str, Any]) -> list[Record]:
    """Train networks for fewer and more steps; name classes by invariance, on the unseen family."""
    if not config["steps_shown"]:
        return []
    learn = make(config["steps_learn"], ("bumps", "waves"), seed=seed, purpose=11)
    judged = make(config["steps_judged"], ("polynomials",), seed=seed, purpose=12)
    both = joined([learn, judged])
    rows = Rows(np.arange(len(learn)), np.arange(len(learn), len(both)), both.kinds, seed, 1, config["trees"])
    found = []
    for steps in config["steps_shown"]:
        schedule = replace(Schedule(**config["schedule"]), steps=steps)
        seen = read(train(both.values, seed=seed, schedule=schedule), both.values)
        guard, views = Guard.of(seen, both.values), seen.views
        named = {
            HIDDEN_LAYERS: rows.grown(views[:, HIDDEN].reshape(len(both), -1)).argmax(1),
            OUTPUT: rows.grown(views[:, 1:].reshape(len(both), -1)).argmax(1),
        }
        values = {LEVELS: np.median(guard.right), KNOWN: np.median(guard.known)}
        values |= {name: (kinds == both.kinds)[len(learn) :].mean() for name, kinds in named.items()}
        found += [
            Record("steps", seed, (), str(steps), name, float(value), 0) for name, value in values.items()
        ]
    return found
