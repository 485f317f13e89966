"""Numbers of a source: known answers, and what a record of it mends."""

import datetime as dt
import json
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.special import expit

from unseen.errors import DataError
from unseen.evaluation.reliability import error_by_chance, reliability
from unseen.screening.card import card
from unseen.screening.films import PUBLISHED
from unseen.screening.halves import by_halves
from unseen.screening.judging import Seen, judge
from unseen.screening.outcome import Rule
from unseen.screening.records import calibrate


def seen(normal, finding, *, seed, shift=0.0):
    """Logits of two normal laws, 3 apart and moved; gate scores of one law."""
    rng = np.random.default_rng(seed)
    labels = np.repeat([0, 1], [normal, finding])
    return Seen(rng.normal(3.0 * labels - 1.5 + shift, 1.0), labels, rng.gumbel(size=len(labels)))


def record(films, source="here"):
    return calibrate(films.logits, films.findings, films.gate, source=source, date=dt.date(2026, 1, 2))


@pytest.fixture(scope="module")
def base():
    return record(seen(400, 400, seed=0), "validation")


def test_counts_shares_and_answers_add_up(base):
    films = seen(234, 390, seed=1)
    found = judge(films, source="clinic", threshold=0.0, base=base, record=record(seen(200, 200, seed=2)))
    assert (found.films, found.prevalence) == (624, 0.625)
    assert sum(found.verdicts.values()) == 624
    parts = [found.share(one).value for one in ("refused", "signs", "no-signs")]
    assert sum(parts) + found.referred.value == pytest.approx(1.0)
    numbers = found.estimates()
    called = (films.logits >= 0.0) == (films.findings == 1)
    assert numbers["accuracy"].value == pytest.approx(called.mean())
    assert numbers["PPV at 1 %"].value < numbers["PPV at 20 %"].value
    assert set(found.to_dict()["numbers"]) == set(numbers)


def test_without_a_record_nobody_is_sent_home(base):
    films = seen(200, 200, seed=3)
    found = judge(films, source="elsewhere", threshold=0.0, base=base)
    assert "no-signs" not in found.verdicts
    assert found.verdicts["no-record"] > 100


def test_coverage_is_lost_with_the_source_and_found_again_with_its_record(base):
    films = seen(600, 600, seed=4, shift=1.5)
    foreign = judge(films, source="elsewhere", threshold=0.0, base=base)
    own = judge(
        films, source="elsewhere", threshold=0.0, base=base, record=record(seen(400, 400, seed=5, shift=1.5))
    )
    assert foreign.coverage[0].high < 0.7
    assert own.coverage[0].low < 0.95 < own.coverage[0].high
    assert own.ece < foreign.ece / 2


def test_one_class_alone_is_refused():
    with pytest.raises(DataError, match="one class alone"):
        Seen(np.zeros(3), np.ones(3, dtype=np.int64), np.zeros(3))
    with pytest.raises(DataError, match="as many labels"):
        Seen(np.zeros(3), np.array([0, 1]), np.zeros(3))


def test_halves_hold_what_conformal_sets_state_and_repeat_by_seed():
    films = seen(400, 400, seed=6, shift=2.0)
    found = by_halves(films, rule=Rule(alpha=0.1), splits=12)
    for label in ("normal", "finding"):
        assert found[f"coverage {label}"].mean() == pytest.approx(0.9, abs=0.02)
    answered = found["refused"] + found["amber"] + found["answered"]
    assert (answered <= 1 + 1e-12).all()
    assert found["right after referring 20 %"].mean() > found["right after referring 10 %"].mean()
    again = by_halves(films, rule=Rule(alpha=0.1), splits=12)
    assert all(np.array_equal(found[name], again[name]) for name in found)


def test_a_probability_that_holds_shows_the_error_of_chance_and_one_that_lies_shows_more():
    rng = np.random.default_rng(7)
    logits = rng.normal(0, 2, 2000)
    came = rng.random(2000) < expit(logits)
    by_chance = error_by_chance(expit(logits))
    assert reliability(expit(logits), came).error == pytest.approx(by_chance, abs=0.012)
    assert reliability(expit(3 * logits), came).error > 3 * by_chance


def test_too_few_films_for_halves_are_refused():
    with pytest.raises(DataError, match="at least 27"):
        by_halves(seen(30, 300, seed=8), splits=1)


def test_the_card_credits_the_published_films_and_no_others(base):
    numbers = judge(seen(200, 200, seed=9), source="clinic", threshold=0.0, base=base)
    known = {"base_": base, "told_": ("blank",), "notes_": ()}
    published = SimpleNamespace(counts_={"training": PUBLISHED["train"]}, **known)
    own = SimpleNamespace(counts_={"training": (500, 500)}, **known)
    found, other = card(published, [numbers]), card(own, about="films of our ward")
    assert "Kermany" in found["credit"]
    assert "CC BY 4.0" in found["credit"]
    assert "adults" in found["not_for"]
    assert "credit" not in other
    assert "children" in found["notice"]
    assert "children" not in other["notice"]
    assert other["data"]["name"] == "films of our ward"
    value, low, high = found["sources"][1]["sensitivity"]
    assert low < value < high
    assert "not measured" in other["external"]
    assert json.loads(json.dumps(found, allow_nan=False)) == found
