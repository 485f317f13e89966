"""What a VAE counts, beside what the data hold: rank, exact relations and intrinsic dimension.

The study of arXiv 2504.05174, with known answers: linear VAEs are held to their closed form, drawn sets of
mechanics and collisions to their relations; then real collider events, and columns shuffled one by one,
which must show nothing.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unseen.data.synthetic import linear_gaussian
from unseen.evaluation import Record
from unseen.latent.rules import counts
from unseen.latent.scan import Fit, Scan, Setup, scan
from unseen.recipes.latent_symmetry.outcome import conclude
from unseen.recipes.latent_symmetry.sets import DRAWN, HIGGS, MUONS, available, real
from unseen.recipes.results import Results
from unseen.recipes.running import over_seeds, settings
from unseen.seeds import generator
from unseen.structure import (
    Columns,
    Relations,
    columns,
    dimensions,
    from_inputs,
    from_the_others,
    relations,
    twonn,
)
from unseen.training.loop import Plan

Floats = NDArray[np.float64]

LAW = "linear law"
# Sets of which a shuffled copy is looked at too.
SHUFFLED = ("circle", "spring", "two body", HIGGS)


def run(*, quick: bool, seeds: int | None, data: Path | None) -> Results:
    """Run the study and settle the claims."""
    config = settings(__file__, quick=quick)
    config["real"] = [name for name in available() if name in config.get("real", available())]
    seeds = config["seeds"] if seeds is None else seeds
    records = over_seeds(study, seeds, config, data)
    return conclude("latent-symmetry" + (" (quick)" if quick else ""), records, config)


def study(seed: int, config: dict[str, Any], data: Path | None) -> list[Record]:
    """Measure one draw of every set."""
    records = law(seed, config)
    for name, draw in DRAWN.items():
        drawn = draw(config["rows"], seed)
        found = columns(drawn.values, drawn.columns)
        records += measured(name, found, seed, config, fitted=name in config["counts"])
    for name in config["real"]:
        names, values = real(name, config["rows"], seed, data)
        records += measured(name, columns(values, names), seed, config, fitted=True)
    return records


def law(seed: int, config: dict[str, Any]) -> list[Record]:
    """Hold a linear VAE on normal rows beside its closed form."""
    given = config["law"]
    rows = linear_gaussian(config["rows"], given["eigenvalues"], seed).X
    plan = Plan(steps=given["steps"], rate=0.02, batch=512)
    found = scan(rows, betas=[given["beta"]], seeds=[seed], setup=Setup((), None, plan))
    return of_fit(LAW, found.fits[0])


def measured(name: str, found: Columns, seed: int, config: dict[str, Any], *, fitted: bool) -> list[Record]:
    """Rank, relations and dimension of a set and of its shuffled copy; what VAEs count."""
    records = of_structure(name, "structure", found, seed)
    if name in SHUFFLED:
        records += of_structure(name, "shuffled", shuffled(found, seed), seed)
    if fitted:
        betas = config["all_betas" if name == MUONS else "betas"]
        seen = scan(found.standard, betas=betas, seeds=[seed], setup=Setup(plan=Plan(steps=config["steps"])))
        records += [record for fit in seen.fits for record in of_fit(name, fit)]
        records += followed(name, found, seen, seed) if name in config["followed"] else []
    return records


def shuffled(found: Columns, seed: int) -> Columns:
    """Permute every column by itself: each keeps its values, nothing binds it to the others."""
    return columns(generator(seed, 84).permuted(found.values, axis=0), found.names)


def of_structure(name: str, kind: str, found: Columns, seed: int) -> list[Record]:
    """Return records of rank, relations and the four dimensions."""
    bound = relations(found)
    values = {
        "columns": float(len(found.names) + len(found.constant)),
        "rank": float(bound.rank),
        "linear": float(len(bound.linear)),
        "quadratic": float(len(bound.quadratic)),
        "gap": bound.gap[1],
        **{one.estimator: one.value for one in dimensions(found.smoothed(seed).standard)},
    }
    if found.counted:
        values["TwoNN, whole numbers as they are"] = twonn(found.standard).value
    if name == "spring":
        values["error of the coefficients"] = spring_error(bound)
    return [Record(name, seed, (), kind, metric, value) for metric, value in values.items()]


def spring_error(bound: Relations) -> float:
    """Largest deviation from E : v^2 : x^2 = 1 : -1/2 : -2; NaN where that is not the relation found."""
    if len(bound.quadratic) != 1 or set(bound.quadratic[0].terms) != {"E", "v^2", "x^2"}:
        return float("nan")
    value = dict(zip(bound.quadratic[0].terms, bound.quadratic[0].coefficients, strict=True))
    return max(abs(value["v^2"] / value["E"] + 0.5), abs(value["x^2"] / value["E"] + 2.0))


def of_fit(name: str, fit: Fit) -> list[Record]:
    """Return records of one VAE: rho and KL in falling order beside the closed form, and its counts."""
    values: dict[str, float] = {}
    divergence = np.sort(fit.relevance.divergence)[::-1]
    for metric, found, predicted in (
        ("rho", fit.sorted_ratio, fit.predicted.relevance),
        ("KL", divergence, fit.predicted.divergence),
    ):
        for place, value in enumerate(found.tolist(), start=1):
            values[f"{metric} {place}"] = value
        for place, value in enumerate(predicted.tolist(), start=1):
            values[f"predicted {metric} {place}"] = value
    values |= {f"count, {rule}": float(count) for rule, count in counts(fit.relevance).items()}
    values["count, predicted"] = float(fit.predicted.counted)
    kind = f"beta {fit.beta:g}"
    return [Record(name, fit.seed, (), kind, metric, value) for metric, value in values.items()]


def followed(name: str, found: Columns, seen: Scan, seed: int) -> list[Record]:
    """Mean R^2 of the columns from each other, and from the units of rho > 1 at the smallest common beta."""
    fit = seen.fits[-1]
    count = max(1, counts(fit.relevance)["rho > 1"])
    sources = {
        "the others": from_the_others(found, seed=seed),
        f"counted units, beta {fit.beta:g}": from_inputs(fit.means[:, :count], found, seed=seed),
    }
    return [
        Record(
            name, seed, (), "R^2", f"{way}, from {source}", float(np.mean([getattr(p, way) for p in some]))
        )
        for source, some in sources.items()
        for way in ("linear", "trees")
    ]
