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
from unseen.report.document import Headline, Page, Picture, Section, Sound, render_page, write_page
from unseen.report.page import render, write_report

__all__ = [
    "BudgetCurve",
    "Content",
    "Contribution",
    "Headline",
    "Heard",
    "ImageRow",
    "Latent",
    "Page",
    "Picture",
    "Provenance",
    "Scored",
    "Section",
    "Sound",
    "TopAnomaly",
    "Trace",
    "WhoSaid",
    "falls",
    "render",
    "render_page",
    "sentence",
    "write_page",
    "write_report",
]
