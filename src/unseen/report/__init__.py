"""One self-contained page that shows what was found, how sure it is, and what made it (extra `report`)."""

from unseen.report.content import (
    BudgetCurve,
    Content,
    Contribution,
    Heard,
    ImageRow,
    Latent,
    Provenance,
    Scored,
    TopAnomaly,
    Trace,
    WhoSaid,
    falls,
    sentence,
)
from unseen.report.page import render, write_report

__all__ = [
    "BudgetCurve",
    "Content",
    "Contribution",
    "Heard",
    "ImageRow",
    "Latent",
    "Provenance",
    "Scored",
    "TopAnomaly",
    "Trace",
    "WhoSaid",
    "falls",
    "render",
    "sentence",
    "write_report",
]
