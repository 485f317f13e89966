"""How many units VAEs use for a table: by beta, rule and seed, beside rank and intrinsic dimension."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from unseen.latent.rules import agreement, measures
from unseen.latent.scan import Fit, Scan, Setup, scan
from unseen.structure import Columns, few_units
from unseen.studies.structuring import ROWS, Structure, look, put, table

Floats = NDArray[np.float64]

RULE = "rho > 1"


@dataclass(frozen=True, eq=False)
class Relevant:
    """What a scan of a table found.

    Attributes:
        structure: Rank, intrinsic dimension and relations.
        scan: VAEs over beta and seeds.
        notes: What a reader must know, a sentence each.

    """

    structure: Structure
    scan: Scan
    notes: tuple[str, ...]

    @property
    def betas(self) -> tuple[float, ...]:
        """Each beta once, in the order it was fit."""
        return tuple(dict.fromkeys(fit.beta for fit in self.scan.fits))

    @property
    def shown(self) -> Fit:
        """The first seed of the middle beta, whose units are listed."""
        middle = sorted(self.betas)[len(self.betas) // 2]
        return next(fit for fit in self.scan.fits if fit.beta == middle)

    def counted(self, beta: float, rule: str = RULE) -> tuple[int, int]:
        """Least and most units over seeds that count at a beta by a rule."""
        found = self.scan.counted(beta)[rule]
        return min(found), max(found)

    def predicted(self, beta: float) -> int:
        """Units of rho > 1 that a linear VAE would have."""
        return next(fit.predicted.counted for fit in self.scan.fits if fit.beta == beta)

    @property
    def warning(self) -> str | None:
        """Return what to say where count, rank and intrinsic dimension differ."""
        counts = [self.counted(beta) for beta in self.betas]
        least, most = min(low for low, _ in counts), max(high for _, high in counts)
        rank, dimension = self.structure.relations.rank, self.structure.dimension
        if max(most, rank, dimension) - min(least, rank, dimension) <= 0.5:
            return None
        return (
            f"embedding count {ranged(least, most)}, rank {rank} and intrinsic dimension {dimension:.1f} "
            "differ: a VAE counts the directions that embed the rows at its beta, not the numbers that tell "
            "them apart"
        )

    def to_dict(self) -> dict[str, object]:
        """Return everything as JSON values."""
        return {
            **self.structure.to_dict(),
            "warning": self.warning,
            "notes": [*self.structure.notes, *self.notes],
            "counts": [
                {"beta": beta, "rule": rule, "least": min(found), "most": max(found), "seeds": list(found),
                 "linear": self.predicted(beta) if rule == RULE else None}
                for beta in self.betas for rule, found in self.scan.counted(beta).items()
            ],
            "units": [dict(zip(HEAD, row, strict=True)) for fit in self.scan.fits for row in rows_of(fit)],
            "agreement": [{"beta": fit.beta, "seed": fit.seed, **agreed(fit)} for fit in self.scan.fits],
        }  # fmt: skip

    def write(self, folder: Path) -> None:
        """Write `relevance.json`, `units.csv` and `counts.csv` beside the files of the structure."""
        self.structure.write(folder)
        put(folder / "relevance.json", json.dumps(self.to_dict(), indent=1, ensure_ascii=False) + "\n")
        put(folder / "units.csv", table(HEAD, [row for fit in self.scan.fits for row in rows_of(fit)]))
        counts = [
            (beta, rule, min(found), max(found), self.predicted(beta) if rule == RULE else "")
            for beta in self.betas
            for rule, found in self.scan.counted(beta).items()
        ]
        put(folder / "counts.csv", table(("beta", "rule", "least", "most", "linear"), counts))


HEAD = ("beta", "seed", "unit", "rho", "kl", "variance", "weight", "ablation", "rho_linear", "kl_linear")


def rows_of(fit: Fit) -> list[tuple[float | int | None, ...]]:
    """Return the measures of each unit by falling rho, with those of a linear VAE: a row of `HEAD` each."""
    found, law = fit.relevance.take(fit.relevance.order()), fit.predicted
    rows: list[tuple[float | int | None, ...]] = []
    for unit in range(found.units):
        values = (found.ratio, found.divergence, found.variance, found.weight, found.ablation)
        closed = [float(one[unit]) if unit < len(one) else 0.0 for one in (law.relevance, law.divergence)]
        rows.append((fit.beta, fit.seed, unit + 1, *(_number(one[unit]) for one in values), *closed))
    return rows


def agreed(fit: Fit) -> dict[str, float | None]:
    """Rank correlations of the measures of a fit, by the names of both."""
    return {f"{one} ~ {other}": _number(value) for (one, other), value in agreement(fit.relevance).items()}


def least_agreement(fit: Fit) -> float:
    """Return the least rank correlation between two measures; NaN where there are none."""
    values = [value for value in agreement(fit.relevance).values() if not math.isnan(value)]
    return min(values, default=math.nan) if len(measures(fit.relevance)) > 1 else math.nan


def relevance(
    found: Columns,
    name: str,
    *,
    betas: Sequence[float],
    seeds: int,
    rows: int = ROWS,
    setup: Setup | None = None,
) -> Relevant:
    """Measure the structure of columns, and scan VAEs over beta and seeds on the standardised rows.

    Raises:
        DataError: Too few rows, or too many that repeat others.
        ConfigError: A beta that is not above 0, or no beta or seed.

    """
    setup = setup or Setup()
    structure = look(found, name, rows=rows)
    few = few_units(setup.units(len(found.names)), len(found.names))
    seen = scan(found.sample(rows, 0).standard, betas=betas, seeds=range(seeds), setup=setup)
    return Relevant(structure, seen, (few,) if few else ())


def ranged(least: int, most: int) -> str:
    """Write a range of whole numbers.

    >>> ranged(2, 2), ranged(3, 4)
    ('2', '3 to 4')
    """
    return str(least) if least == most else f"{least} to {most}"


def _number(value: float) -> float | None:
    return None if math.isnan(value) else float(value)
