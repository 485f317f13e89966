"""The page of a screener: its lines are those of the numbers, and it says what was not tested."""

import datetime as dt
import re

import numpy as np
import pytest

from unseen.evaluation import Estimate, roc_auc
from unseen.report.content import Provenance
from unseen.report.document import render_page
from unseen.report.film_content import refusing_score
from unseen.report.film_curves import bins, coverage_line, referring_line, roc_line, spread
from unseen.report.film_panels import numbers_table
from unseen.report.film_pictures import gallery
from unseen.report.film_shown import FilmsContent, Traced
from unseen.report.films import films_page
from unseen.screening.halves import crossed
from unseen.screening.judging import Seen, frozen_threshold, judge
from unseen.screening.records import calibrate


def seen(count, *, apart=3.0, seed=0):
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % 2
    return Seen(rng.normal(apart * (labels - 0.5), 1.0), labels, rng.gumbel(size=count))


@pytest.fixture(scope="module")
def base():
    films = seen(400)
    return calibrate(
        films.logits, films.findings, films.gate, source="validation", date=dt.date(2026, 1, 2), draws=2
    )


def test_the_dot_on_the_roc_line_is_what_the_table_says(base):
    films, threshold = seen(300, seed=1), frozen_threshold(base)
    line = roc_line(films, threshold)
    calls = judge(films, source="a", threshold=threshold, base=base).decisions
    assert line.point == pytest.approx((1 - calls.specificity.value, calls.sensitivity.value))
    assert np.trapezoid(line.y, line.x) == pytest.approx(roc_auc(*films.sides))


def test_lines_meet_what_is_known_at_their_ends(base):
    films = seen(300, seed=2)
    chance = base.probability(films.logits)
    errors = referring_line(chance, films.findings)
    assert errors.y[0] == pytest.approx(np.mean((chance >= 0.5) != films.findings))
    held = coverage_line(base.class_p_values(films.logits), films.findings, 1)
    assert np.all(np.diff(held.y) >= 0)
    assert held.y[-1] > 0.97
    assert bins(chance, films.findings)[2].sum() == 300


@pytest.mark.parametrize("refuse", [0.002, 0.02, 0.05])
def test_the_dashed_line_is_where_the_gate_refuses(base, refuse):
    scores = np.concatenate([base.gate, np.linspace(-3, 12, 500)])
    line = refusing_score(base, refuse)
    assert np.array_equal(scores >= line, base.gate_p_values(scores) <= refuse)
    assert spread(scores, line).refused == pytest.approx(np.mean(scores >= line))


def test_films_of_errors_come_first_and_at_most_so_many():
    films = seen(60, apart=1.0, seed=3)
    chance = 1 / (1 + np.exp(-films.logits))
    pixels, maps = np.full((60, 1, 28, 28), 0.5, np.float32), np.ones((60, 7, 7), np.float32)
    found = gallery(pixels, maps, films, chance, most=1.0, finding="patch", errors=2, right=1)
    assert [one.title for one in found] == [
        "patch, missed",
        "patch, missed",
        "normal, called for nothing",
        "normal, called for nothing",
        "patch, called rightly",
        "normal, called rightly",
    ]
    worst = [float(re.search(r"(\d+) %", one.lines[0])[1]) for one in found]
    assert worst[0] <= worst[1] < 50 <= worst[3] <= worst[2]


def test_a_page_says_first_what_it_is_not(base):
    films = seen(240, apart=9.0, seed=4)  # told apart without fault: no curve has an inside
    numbers = judge(films, source="ward <3>", threshold=frozen_threshold(base), base=base)
    page = render_page(
        films_page(
            FilmsContent(
                title="Films",
                summary="One source.",
                provenance=Provenance("films.csv", 240, seed=0),
                base=base,
                threshold=frozen_threshold(base),
                sources={"ward <3>": numbers.estimates()},
                traced={"ward <3>": Traced(films, crossed=crossed(films))},
                alpha=0.05,
                warnings=("External validity: not measured.",),
            )
        )
    )
    assert page.index("Not a medical device") < page.index("External validity") < page.index("<section")
    assert "ward &lt;3&gt;" in page
    assert "ward <3>" not in page


def test_a_table_leaves_out_what_nobody_measured():
    rows = {"a": {"films": Estimate(10.0), "AUC": Estimate(0.9)}, "b": {"films": Estimate(5.0)}}
    table = numbers_table(rows, "source", ("AUC", "Brier"))
    assert table.columns == ("source", "films", "AUC")
    assert [row[0] for row in table.rows] == ["a"]
