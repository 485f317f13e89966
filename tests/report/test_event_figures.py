"""Figures of a search: what is drawn is what was given; where an image is strange."""

import matplotlib as mpl
import numpy as np
import pytest

from unseen.evaluation import rate_curve
from unseen.report.figures import beside, events
from unseen.report.regions import region_of
from unseen.report.search_content import CodeMap, EventDisplay
from unseen.report.style import rc


@pytest.fixture
def pair():
    random = np.random.default_rng(0)
    image = np.log1p(random.exponential(5, (3, 72, 58)) * (random.random((3, 72, 58)) < 0.03))
    return EventDisplay("suep", image, image * 0.5), EventDisplay("svj", image[:, ::-1], image * 0.0)


def test_a_display_draws_every_channel_and_the_signed_difference(pair):
    figure = events.displays(pair)
    event, rebuilt, apart = (axes.images[0].get_array() for axes in figure.axes[:3])
    assert event.shape == (72, 2 * (3 * 60 + 4))
    assert np.ma.masked_invalid(event).sum() == pytest.approx(sum(p.image.sum() for p in pair))
    assert np.ma.masked_invalid(apart).sum() == pytest.approx(
        np.ma.masked_invalid(rebuilt).sum() - np.ma.masked_invalid(event).sum()
    )
    words = [text.get_text() for text in figure.axes[0].texts]
    assert words.count("tracker") == 2
    assert {"suep", "svj", "ECAL", "HCAL"} <= set(words)
    low, high = figure.axes[2].images[0].get_clim()
    assert low == -high  # white is no difference


def test_one_channel_has_a_number():
    shown = EventDisplay("a", np.ones((1, 6, 6)), np.zeros((1, 6, 6)))
    assert shown.channels == ("channel 1",)
    assert "channel 1" in [t.get_text() for t in events.displays([shown]).axes[0].texts]


def test_a_code_map_draws_every_kind_and_the_variable():
    random = np.random.default_rng(1)
    kinds = np.repeat(["qcd", "suep", "svj"], [2000, 30, 30])
    code = random.normal(size=(2060, 2))
    figure = events.code_map(CodeMap(code, kinds, kinds == "qcd"), code[:, 0] + 5, "hits")
    left, right = figure.axes[:2]
    drawn = [len(c.get_offsets()) for c in right.collections]
    assert drawn == [400, 30, 30]
    assert len(left.collections[0].get_offsets()) == 460
    assert {"normal", "suep", "svj"} == {t.get_text() for t in right.texts}


def test_a_profile_is_the_median_in_bins():
    values = np.arange(1200.0)
    middle, quantiles = beside.profile_of(values, 2 * values)
    assert quantiles[1] == pytest.approx(2 * middle)
    assert (quantiles[0] < quantiles[1]).all()
    assert beside.profile_of(np.ones(100), np.ones(100))[0].size == 0
    assert beside.profile_of(np.arange(3.0), np.arange(3.0))[0].size == 0
    kinds = np.array(["qcd"] * 1100 + ["suep"] * 100)
    axes = beside.profile(values, 2 * values, kinds, kinds == "qcd", name="hits").axes[0]
    assert {t.get_text() for t in axes.texts} == {"normal", "suep"}


def test_the_rate_curve_names_kinds_and_the_rate_asked_for():
    random = np.random.default_rng(2)
    curve = rate_curve(random.normal(size=500), random.normal(1, 1, 100))
    axes = beside.efficiency({"suep": curve}, mark=2000.0).axes[0]
    assert axes.get_title(loc="left") == "asked for: 2 kHz"
    assert axes.lines[0].get_ydata().tolist() == curve.efficiency.tolist()


def test_where_an_image_is_strange():
    apart = np.zeros((3, 8, 8))
    apart[1, 6:8, 0:2] = 1.0
    apart[2, 0, 7] = 4.0 / 3
    assert region_of(apart, names=("tracker", "ECAL", "HCAL")) == "ECAL 75 %; rows 6-7, columns 0-1: 75 %"
    assert region_of(apart).startswith("channel 2 75 %")
    assert region_of(np.zeros((1, 4, 4))) == "nowhere: rebuilt exactly"
    assert region_of(np.ones((1, 2, 2))) == "rows 0-0, columns 0-0: 25 %"


def test_the_callers_settings_stay(pair):
    before = dict(mpl.rcParams)
    events.displays(pair)
    assert dict(mpl.rcParams) == before
    assert rc()["font.size"] == 9.5
