"""What the records come to: numbers, claims, three rows a set, and where these differ."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from statistics import median
from typing import Any

import numpy as np

from unseen.evaluation import Estimate, Record
from unseen.evaluation import over_seeds as interval
from unseen.recipes.latent_symmetry.found import COUNT, ESTIMATORS, Found, gathered
from unseen.recipes.latent_symmetry.sets import ANSWERS, DRAWN, MUONS
from unseen.recipes.results import Claim, Results

LAW = "linear law"
# Name of a number ends so -> how far a rerun may move it.
TOLERANCES = {"rank": 0.01, "linear": 0.01, "quadratic": 0.01, "TwoNN": 0.1, "MLE": 0.1, COUNT: 0.6}


def conclude(name: str, records: list[Record], config: dict[str, Any]) -> Results:
    """Numbers with intervals, the claims, figures, and the three rows of every set."""
    found = gathered(records)
    numbers = {
        f"{one}, {kind}: {metric}": interval(list(seeds.values()))
        for (one, kind, metric), seeds in found.values.items()
        if not metric.startswith(("rho ", "KL ", "predicted "))
    }
    numbers = {title: value for title, value in numbers.items() if not math.isnan(value.value)}
    claims = [
        *_law(found),
        *_relations(found),
        *_dimensions(found),
        *_counts(found, config),
        *_shuffled(found),
    ]
    return Results(
        name,
        numbers,
        claims,
        records,
        notes=_notes(found),
        figures=_figures(found),
        files={
            "three_rows.csv": partial(_csv, _three_rows(found)),
            "spectra.csv": partial(_csv, _spectra(found)),
        },
        tolerances=_tolerances(numbers),
    )


def _tolerances(numbers: Mapping[str, Estimate]) -> dict[str, float]:
    return {
        title: tolerance
        for title in numbers
        for end, tolerance in TOLERANCES.items()
        if title.endswith(f": {end}")
    }


# -- claims ------------------------------------------------------------------------------------------


def _law(found: Found) -> list[Claim]:
    """Largest deviation from the closed form over units and seeds; what units at the prior are left with."""
    (kind,) = found.betas(LAW)
    claims = []
    for metric, idle in (("rho", "<= 0.05"), ("KL", "<= 0.002")):
        used, rest = _deviations(found, LAW, kind, metric)
        claims.append(Claim(f"linear law: largest error of {metric} of a used unit, share", used, "<= 0.03"))
        claims.append(Claim(f"linear law: largest {metric} of a unit at the prior", rest, idle))
    for kind in found.betas("gaussian"):
        used, _ = _deviations(found, "gaussian", kind, "rho")
        title = f"gaussian, {kind}, two layers: largest error of rho of a used unit, share"
        claims.append(Claim(title, used, "<= 0.02"))
    return claims


def _deviations(found: Found, name: str, kind: str, metric: str) -> tuple[float, float]:
    measured = found.spectrum(name, kind, metric)
    law = found.spectrum(name, kind, f"predicted {metric}")
    law += [[0.0] * len(measured[0])] * (len(measured) - len(law))
    got, want = np.array(measured), np.array(law)
    used = want > 0
    return float(np.abs(got[used] / want[used] - 1.0).max()), float(np.abs(got[~used]).max(initial=0.0))


def _relations(found: Found) -> list[Claim]:
    """Seeds in which rank and numbers of relations are exactly those known."""
    claims = []
    for name in found.sets():
        known = _answers(name)
        if known is None:
            continue
        exact = [
            all(found.over(name, "structure", metric)[seed] == value for metric, value in known.items())
            for seed in range(len(found.over(name, "structure", "rank")))
        ]
        words = f"rank {known['rank']}, linear {known['linear']}, quadratic {known['quadratic']}"
        claims.append(Claim(f"{name}: share of seeds with {words}", float(np.mean(exact)), ">= 1"))
    error = max(found.over("spring", "structure", "error of the coefficients"))
    claims.append(Claim("spring: error of E : v^2 : x^2 = 1 : -1/2 : -2", error, "<= 1e-06"))
    return claims


def _answers(name: str) -> dict[str, int] | None:
    if name in DRAWN:
        one = DRAWN[name](2, 0)
        linear = len(one.columns) - one.rank
        return {"rank": one.rank, "linear": linear, "quadratic": one.quadratic}
    return ANSWERS.get(name)


def _dimensions(found: Found) -> list[Claim]:
    claims, worst = [], 0.0
    for name in DRAWN:
        known = DRAWN[name](2, 0).dimension
        values = found.over(name, "structure", "TwoNN")
        title = f"{name}: distance of TwoNN from {known}"
        claims.append(Claim(f"{title}, mean over seeds", abs(float(np.mean(values)) - known), "<= 0.15"))
        worst = max(worst, *(abs(value - known) for value in values))
    return [*claims, Claim("drawn sets: largest distance of TwoNN in any seed", worst, "<= 0.15")]


def _counts(found: Found, config: dict[str, Any]) -> list[Claim]:
    """Share of seeds in which as many units have rho > 1 as embed the set."""
    return [
        Claim(
            f"{name}, {kind}: share of seeds that count {count}",
            float(np.mean([value == count for value in found.over(name, kind, COUNT)])),
            ">= 0.8",
        )
        for name, count in config["counts"].items()
        for kind in found.betas(name)
    ]


def _shuffled(found: Found) -> list[Claim]:
    """Shuffled columns have no relation but constants, and fill the space of those that vary."""
    claims = []
    for name, kind, metric in found.values:
        if kind != "shuffled" or metric != "rank":
            continue
        over = {one: max(found.over(name, kind, one)) for one in ("linear", "quadratic")}
        missing = max(np.subtract(found.over(name, kind, "columns"), found.over(name, kind, "rank")))
        gained = np.subtract(found.over(name, kind, "TwoNN"), found.over(name, "structure", "TwoNN"))
        claims += [
            Claim(f"{name}, shuffled: relations found", over["linear"] + over["quadratic"], "<= 0"),
            Claim(f"{name}, shuffled: columns less rank", float(missing), "<= 0"),
            Claim(f"{name}, shuffled: least rise of TwoNN", float(min(gained)), ">= 0.5"),
        ]
    return claims


# -- three rows --------------------------------------------------------------------------------------


def _three_rows(found: Found) -> list[Sequence[object]]:
    """Embedding count by beta, rank and intrinsic dimension of every set: mean and range over seeds."""
    rows: list[Sequence[object]] = [("set", "row", "mean", "least", "most")]
    for name in found.sets():
        rows += [_row(name, f"VAE embedding count, {kind}", found.over(name, kind, COUNT))
                 for kind in found.betas(name)]  # fmt: skip
        rows.append(_row(name, "PCA rank", found.over(name, "structure", "rank")))
        rows += [_row(name, f"intrinsic dimension, {one}", found.over(name, "structure", one))
                 for one in ESTIMATORS]  # fmt: skip
    return rows


def _row(name: str, title: str, values: Sequence[float]) -> Sequence[object]:
    return name, title, round(float(np.mean(values)), 3), round(min(values), 3), round(max(values), 3)


def _spectra(found: Found) -> list[Sequence[object]]:
    rows: list[Sequence[object]] = [
        ("set", "beta", "measure", "unit", "mean", "least", "most", "closed form")
    ]
    for name in [LAW, *found.sets()]:
        for kind in found.betas(name):
            for metric in ("rho", "KL"):
                law = found.spectrum(name, kind, f"predicted {metric}")
                for unit, values in enumerate(found.spectrum(name, kind, metric)):
                    closed = round(float(np.mean(law[unit])), 5) if unit < len(law) else 0.0
                    mean, least, most = (round(float(f(values)), 5) for f in (np.mean, min, max))
                    beta = kind.removeprefix("beta ")
                    rows.append((name, beta, metric, unit + 1, mean, least, most, closed))
    return rows


def _csv(rows: Sequence[Sequence[object]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()


def _notes(found: Found) -> list[str]:
    """Say of each set where count, rank and intrinsic dimension are not the same number."""
    notes = []
    for name in found.sets():
        rank = round(float(np.mean(found.over(name, "structure", "rank"))))
        each = [float(np.mean(found.over(name, "structure", one))) for one in ESTIMATORS]
        said = [f"rank {rank}", f"intrinsic dimension {median(each):.2f}"]
        counted = [found.over(name, kind, COUNT) for kind in found.betas(name)]
        for kind, values in zip(found.betas(name), counted, strict=True):
            low, high = int(min(values)), int(max(values))
            said.append(f"count {low if low == high else f'{low} to {high}'} ({kind})")
        numbers = [rank, median(each), *(float(np.mean(values)) for values in counted)]
        if max(numbers) - min(numbers) > 0.5:
            notes.append(f"{name}: {', '.join(said)} differ; the count is of directions that embed the rows")
    return notes


def _figures(found: Found) -> dict[str, Callable[[], str]]:
    from unseen.recipes.latent_symmetry.figures import against_beta, spectra

    shown = {LAW: "linear VAE"} | {name: name for name in ("gaussian", MUONS) if found.betas(name)}
    drawn: dict[str, Callable[[], str]] = {"spectra.svg": partial(spectra, found, shown)}
    if len(found.betas(MUONS)) > 1:
        drawn["against_beta.svg"] = partial(against_beta, found, MUONS)
    return drawn
