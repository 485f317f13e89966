"""Figures of the study: spectra of rho and KL beside the closed form, and both against beta."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from unseen.errors import need
from unseen.recipes.latent_symmetry.found import COUNT, ESTIMATORS, Found

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def spectra(found: Found, shown: Mapping[str, str]) -> str:
    """Draw rho and KL of each unit, the range over seeds, and the closed form of a linear VAE, as SVG.

    Args:
        found: Values by set.
        shown: Set -> title; of each the smallest beta that all sets share.

    Raises:
        MissingExtraError: matplotlib is not installed.

    """
    need("matplotlib", extra="report", purpose="drawing spectra")
    from unseen.report.style import canvas, styled
    from unseen.report.svg import inline

    @styled
    def drawn() -> Figure:
        figure = canvas(1.9 * len(shown) + 0.3)
        axes = figure.subplots(len(shown), 2, squeeze=False)
        for row, (name, title) in zip(axes, shown.items(), strict=True):
            kind = "beta 0.1" if "beta 0.1" in found.betas(name) else found.betas(name)[0]
            for place, (axis, metric) in enumerate(zip(row, ("rho", "KL"), strict=True)):
                _spectrum(axis, found, name, kind, metric)
                axis.set_title(f"{title}, {kind}" if place == 0 else "", loc="left", fontsize=9.5)
                axis.set_ylabel("rho" if metric == "rho" else "KL, nats")
            row[0].set_xlabel("" if name != list(shown)[-1] else "latent unit, rho falling")
            row[1].set_xlabel("" if name != list(shown)[-1] else "latent unit, KL falling")
        axes[0][1].legend(frameon=False, loc="upper right")
        return figure

    return inline(drawn(), "latent-spectra", "rho and KL of latent units beside the closed form")


def _spectrum(axis: Axes, found: Found, name: str, kind: str, metric: str) -> None:
    from unseen.report.style import TOLD, UNSEEN

    values = found.spectrum(name, kind, metric)
    law = found.spectrum(name, kind, f"predicted {metric}")
    units = np.arange(1, len(values) + 1)
    closed = [float(np.mean(one)) for one in law][: len(units)]
    closed += [0.0] * (len(units) - len(closed))
    axis.plot(units, closed, "_", color=TOLD.light, markersize=16, markeredgewidth=2, label="closed form")
    mean = np.array([np.mean(one) for one in values])
    ends = np.array([[m - min(one), max(one) - m] for m, one in zip(mean, values, strict=True)]).T
    axis.errorbar(units, mean, yerr=ends, fmt="o", color=UNSEEN.light, markersize=4, label="measured")
    axis.set_xticks(units)
    axis.set_xlim(0.4, len(units) + 0.6)
    axis.set_ylim(bottom=-0.04 * max([*closed, 1.0]))


def against_beta(found: Found, name: str) -> str:
    """Draw rho of each unit and the count of rho > 1 against beta, with the band of the estimates, as SVG.

    Raises:
        MissingExtraError: matplotlib is not installed.

    """
    need("matplotlib", extra="report", purpose="drawing a scan of beta")
    from unseen.report.style import canvas, styled
    from unseen.report.svg import inline

    @styled
    def drawn() -> Figure:
        figure = canvas(5.2)
        upper, lower = figure.subplots(2, 1, sharex=True)
        kinds = found.betas(name)
        betas = np.array([float(kind.removeprefix("beta ")) for kind in kinds])
        _rho_against(upper, found, name, kinds, betas)
        _count_against(lower, found, name, kinds, betas)
        upper.set_title(name, loc="left", fontsize=9.5)
        lower.set(xscale="log", xlabel="beta (summed squared error)")
        lower.set_xticks(betas, [f"{beta:g}" for beta in betas])
        lower.minorticks_off()
        return figure

    return inline(drawn(), "latent-against-beta", f"rho and count against beta, {name}")


def _rho_against(axis: Axes, found: Found, name: str, kinds: list[str], betas: np.ndarray) -> None:
    from unseen.report.style import MUTED, TOLD, UNSEEN

    width = len(found.spectrum(name, kinds[0], "predicted rho"))
    for unit in range(width):
        values = np.array([found.spectrum(name, kind, "rho")[unit] for kind in kinds])
        law = np.array([np.mean(found.spectrum(name, kind, "predicted rho")[unit]) for kind in kinds])
        label = {"measured": "measured, range over seeds", "law": "closed form"} if unit == 0 else {}
        axis.plot(betas, law, ":", color=TOLD.light, linewidth=1.4, label=label.get("law"))
        axis.fill_between(
            betas, values.min(axis=1), values.max(axis=1), color=UNSEEN.light, alpha=0.15, linewidth=0
        )
        axis.plot(
            betas, values.mean(axis=1), "-o", color=UNSEEN.light, markersize=3, linewidth=1.2,
            label=label.get("measured"),
        )  # fmt: skip
    axis.axhline(1.0, color=MUTED.light, linewidth=1)
    axis.set_ylabel("rho of each unit")
    axis.legend(frameon=False)


def _count_against(axis: Axes, found: Found, name: str, kinds: list[str], betas: np.ndarray) -> None:
    from unseen.report.style import FILL, MUTED, TOLD, UNSEEN

    counts = np.array([found.over(name, kind, COUNT) for kind in kinds])
    law = [float(np.mean(found.over(name, kind, "count, predicted"))) for kind in kinds]
    estimates = [float(np.mean(found.over(name, "structure", one))) for one in ESTIMATORS]
    rank = float(np.mean(found.over(name, "structure", "rank")))
    axis.axhspan(min(estimates), max(estimates), color=FILL.light, alpha=0.6, linewidth=0,
                 label="intrinsic dimension, 4 estimators")  # fmt: skip
    axis.axhline(rank, color=MUTED.light, linewidth=1, label="PCA rank")
    axis.plot(betas, law, ":", color=TOLD.light, label="closed form")
    ends = np.abs(np.array([counts.min(axis=1), counts.max(axis=1)]) - counts.mean(axis=1))
    axis.errorbar(betas, counts.mean(axis=1), yerr=ends, fmt="o", color=UNSEEN.light,
                  label="units of rho > 1, range over seeds")  # fmt: skip
    axis.set_ylabel("count")
    axis.set_ylim(0, rank + 1)
    axis.legend(frameon=False, loc="lower left")
