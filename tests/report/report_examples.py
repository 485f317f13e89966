"""A full report content, and one whose every text is hostile."""

from functools import cache

import numpy as np

from unseen.evaluation import Estimate, GainMatrix
from unseen.report import (
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
)
from unseen.studies.sculpting import sculpted

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</svg><style>*{display:none}</style>",
    "{{ 7 * 7 }}{% raw %}",
    "$\\frac{$ &amp; 100 %",
    "=cmd|' /C calc'!A0",
    "bell\x07 escape\x1b[31m null\x00",
    "two\nlines\ttab",
    "half a pair \ud800",
    "日本語 🦠 ‮rtl",
    'style="fill: #c25400"',
    "long " * 60,
)


def _scores(name, names, shift, seed):
    rng = np.random.default_rng(seed)
    kinds = ["ok"] * 1200 + [kind for kind in names for _ in range(40)]
    scores = rng.gamma(2, 1, len(kinds))
    scores[1200:] += np.repeat(np.linspace(1, 6, len(names)), 40) * shift
    return Scored.judge(name, scores, kinds, normal="ok", told=names[:2], seed=0)


@cache
def _mass(text):
    """A mass that a score knows: the spectrum of the strange rows is not that of all."""
    rng = np.random.default_rng(5)
    values, weights = 100 + rng.exponential(300, 12_000), rng.gamma(2.0, size=12_000)
    scores = rng.normal(size=12_000) + values / 500
    return sculpted(text, values, np.arange(12_000) < 11_900, scores, None, weights)


def build(names, text):
    """Full content over these kinds, with `text` wherever a free text stands."""
    rng = np.random.default_rng(0)
    units = np.array([2.0, 0.8, 0.3, 0.001])
    part = (Contribution(text, 0.7, text), Contribution("b", -0.2, "3"))
    step = np.arange(0.0, 400.0, 20.0)
    points = tuple((k, Estimate(0.9 + 0.01 * i, 0.88, 0.95)) for i, k in enumerate((0, 10, 50)))
    return Content(
        title=text,
        summary=text,
        provenance=Provenance(text, 1200, 0, text, text, {text: text}, {text: text}),
        scores=(_scores(text, names, 0.8, 1), _scores("stage 1", names, 1.0, 2)),
        reference="stage 1",
        gains=GainMatrix(tuple(names), tuple(names), rng.normal(0, 0.02, (len(names), len(names)))),
        budget=(BudgetCurve(text, True, points), BudgetCurve("told", False, points)),
        latent=Latent(units, units < 0.01, names=(text, "b", "c", "d")),
        trace=Trace(step, np.exp(-step / 100) + 0.1, np.exp(-step / 200) + 0.3, step / 400, {200: text}),
        said=WhoSaid(
            (text, "trees"),
            1,
            (Heard("normal rows", "normal", 9, (1.0, 0.5)), Heard(text, "told", 2, (3.0, 7.0))),
        ),
        inside=(text,),
        p_values=(1 + np.arange(2000)) / 2000,
        mass=_mass(text),
        top=(TopAnomaly(text, 9.0, part, 0.001, text), TopAnomaly(7, 8.0, part)),
        images=(ImageRow(text, rng.random((8, 8)), rng.random((8, 8))),) * 2,
        guards=(text,),
        warnings=(text,),
    )
