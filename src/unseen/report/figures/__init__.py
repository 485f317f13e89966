"""Each figure a function from records to a matplotlib figure in the style of the house."""

from unseen.report.figures.model import latent, trace
from unseen.report.figures.ranking import budget, dots, gains, roc
from unseen.report.figures.rows import contributions, images
from unseen.report.figures.scores import calibration, histograms

__all__ = [
    "budget",
    "calibration",
    "contributions",
    "dots",
    "gains",
    "histograms",
    "images",
    "latent",
    "roc",
    "trace",
]
