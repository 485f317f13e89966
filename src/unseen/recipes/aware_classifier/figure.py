"""The variety curve as a picture: AUC on kinds nobody told of, against the number of kinds told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from unseen.errors import need
from unseen.evaluation import Estimate

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Detector -> words beside its curve, and how it is drawn.
CURVES = {
    "aware uniform": ("aware classifier", "-"),
    "sphere alone": ("auto-encoder, inverse", "--"),
    "plain classifier": ("logistic regression", ":"),
}


def curve(numbers: Mapping[str, Estimate], task: str, counts: Sequence[int]) -> str:
    """Draw the mean over seeds with its 95 % band for each detector of `CURVES`, as SVG.

    Raises:
        MissingExtraError: matplotlib is not installed.

    """
    need("matplotlib", extra="report", purpose="drawing the variety curve")
    from unseen.report.style import MUTED, TOLD, UNSEEN, canvas, styled
    from unseen.report.svg import inline

    colours = dict(zip(CURVES, (UNSEEN.light, TOLD.light, MUTED.light), strict=True))

    @styled
    def drawn() -> Figure:
        figure = canvas(3.3)
        axes = figure.add_subplot()
        for name, (words, dash) in CURVES.items():
            points = [numbers[f"{task} {name}, {count} told: unseen auc"] for count in counts]
            colour = colours[name]
            axes.fill_between(counts, [p.low for p in points], [min(p.high, 1.0) for p in points],
                              color=colour, alpha=0.15, linewidth=0)  # fmt: skip
            axes.plot(counts, [p.value for p in points], dash, color=colour, marker="o", label=words)
        axes.set(xscale="log", xlabel="kinds told of, the same number of labels in all",
                 ylabel="AUC, kinds not told of")  # fmt: skip
        axes.set_xticks(list(counts), [str(count) for count in counts])
        axes.minorticks_off()
        axes.legend(frameon=False, loc="lower right")
        return figure

    return inline(drawn(), f"variety-{task}", f"Variety curve, {task}")
