"""What was read of a code as plain rows and values, for screens, JSON and CSV."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from unseen.latent.rules import agreement, counts, gap
from unseen.latent.scan import Scan
from unseen.studies.code_study import CodeStudy


@dataclass(frozen=True)
class Unit:
    """One unit, most relevant first.

    Attributes:
        name, counts: Of the unit, and whether it is above the gap.
        rho, kl, sigma, deviation: As in `Relevance`, deviation the std of mu; NaN without spread.
        weight: Share of the decoder's weight.
        ablation: Rise of the error without the unit, as a share of the error without any code.
        feature: The feature it is strongest with, empty without associations.
        spearman, phi_k, information, p: Of the two; NaN where undefined or not estimated.
        told_rho, told_same: After being told, see `Told`; NaN where nothing was told.

    """

    name: str
    counts: bool
    rho: float
    kl: float
    sigma: float
    deviation: float
    weight: float
    ablation: float
    feature: str = ""
    spearman: float = math.nan
    phi_k: float = math.nan
    information: float = math.nan
    p: float = math.nan
    told_rho: float = math.nan
    told_same: float = math.nan


def units_of(found: CodeStudy) -> tuple[Unit, ...]:
    """Every unit, most relevant first."""
    measures, zero = found.reading.relevance, found.reading.zero
    room = float(zero.none[0] - zero.full[0]) or math.nan
    total = float(np.nansum(measures.weight)) or math.nan
    units = (
        Unit(
            found.reading.names[unit],
            bool(found.reading.relevant[unit]),
            float(measures.ratio[unit]),
            float(measures.divergence[unit]),
            float(measures.sigma[unit]),
            float(np.sqrt(measures.variance[unit])),
            float(measures.weight[unit]) / total,
            float(measures.ablation[unit]) / room,
        )
        for unit in measures.order()
    )
    return tuple(
        _with_told(_with_best(unit, found, int(place)), found, int(place))
        for unit, place in zip(units, measures.order(), strict=True)
    )


def _with_best(unit: Unit, found: CodeStudy, row: int) -> Unit:
    each = found.association
    if each is None:
        return unit
    place = int(each.best()[row])
    return replace(
        unit,
        feature=each.features[place] if each.strength[row, place] > 0 else "",
        spearman=float(each.spearman[row, place]),
        phi_k=float(each.phi[row, place]),
        information=float(each.information[row, place]),
        p=float(each.p[row, place]),
    )


def _with_told(unit: Unit, found: CodeStudy, row: int) -> Unit:
    if found.told is None:
        return unit
    return replace(unit, told_rho=float(found.told.ratio[row]), told_same=float(found.told.same[row]))


def as_dict(found: CodeStudy) -> dict[str, object]:
    """Return everything as JSON values; what is not there is null."""
    reading = found.reading
    zero, fall = reading.zero, gap(reading.relevance)
    return {
        "data": found.data,
        "rows": found.rows,
        "units": [_plain(vars(unit)) for unit in units_of(found)],
        "gap": {"units": fall.count, "above": fall.above, "below": fall.below}
        if reading.relevance.spread
        else None,
        **found.embedding.to_dict(),
        "rank_agreement": [
            {"measures": list(pair), "spearman": _number(value)}
            for pair, value in agreement(reading.relevance).items()
        ],
        "zero_out": {
            "error": float(zero.full[0]),
            "without_code": float(zero.none[0]),
            "without_spare_units": float(zero.together[0]),
            "spare_units_one_by_one": _number(float(zero.summed[0])),
            "units_kept": zero.counts.tolist(),
            "most_relevant_kept": zero.top[:, 0].tolist(),
            "random_kept": zero.chance[:, :, 0].mean(0).tolist(),
        },
        "associations": None if found.association is None else _associations(found),
        "no_associations": found.silent or None,
        "notes": list(found.notes),
        "scan": None if found.scan is None else _scanned(found.scan),
    }


def ranges(found: Scan) -> dict[float, dict[str, tuple[int, int]]]:
    """Beta -> rule -> least and most units that count over seeds."""
    betas = dict.fromkeys(fit.beta for fit in found.fits)
    return {
        beta: {rule: (min(seeds), max(seeds)) for rule, seeds in found.counted(beta).items()}
        for beta in betas
    }


def _scanned(found: Scan) -> list[dict[str, object]]:
    return [
        {
            "beta": fit.beta,
            "seed": fit.seed,
            "counts": counts(fit.relevance),
            "rho": fit.sorted_ratio.tolist(),
            "kl": np.sort(fit.relevance.divergence)[::-1].tolist(),
            "rho_of_a_linear_vae": fit.predicted.relevance.tolist(),
        }
        for fit in found.fits
    ]


def _associations(found: CodeStudy) -> dict[str, object]:
    association = found.association
    assert association is not None  # noqa: S101 - asked by the caller
    return {
        "features": list(association.features),
        "rows": association.rows,
        "permutations": association.permutations,
        "chance_1_percent": {"spearman": association.largest[0], "phi_k": association.largest[1]},
        "dropped": association.dropped,
    }


def units_table(found: CodeStudy) -> pa.Table:
    """Every unit with every measure, and its association with every feature, a column each."""
    units, order = units_of(found), found.reading.relevance.order()
    columns = {name: [getattr(unit, name) for unit in units] for name in vars(units[0])}
    if found.association is not None:
        each = found.association
        for what, values in (("spearman", each.spearman), ("phi_k", each.phi), ("p", each.p)):
            for place, name in enumerate(each.features):
                columns[f"{what}: {name}"] = values[order, place].tolist()
    # what is undefined is an empty cell
    return pa.table({name: pa.array(values, from_pandas=True) for name, values in columns.items()})


def _plain(values: dict[str, object]) -> dict[str, object]:
    return {name: _number(value) if isinstance(value, float) else value for name, value in values.items()}


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value
