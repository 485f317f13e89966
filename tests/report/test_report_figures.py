"""Figures show the numbers they are given; labels never collide; colours can be told apart and read."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unseen.evaluation import GainMatrix, calibration_curve
from unseen.report import figures
from unseen.report.figures.scores import score_edges, shares
from unseen.report.style import COOL, INK, MUTED, PALETTE, WARM, kind_styles, label, spread
from unseen.report.svg import inline


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12), st.floats(0.01, 0.08))
def test_labels_keep_their_order_their_distance_and_their_frame(positions, gap):
    placed = spread(positions, gap, 0.0, 1.0)
    order = np.argsort(positions, kind="stable")
    steps = np.diff(np.array(placed)[order])
    assert (steps >= gap - 1e-6).all()
    assert -1e-6 <= min(placed) <= max(placed) <= 1 + 1e-6


@given(st.lists(st.integers(0, 8), min_size=1, max_size=8, unique=True))
def test_labels_with_room_stay_where_they_belong(slots):
    positions = [slot / 10 for slot in slots]
    assert spread(positions, 0.1, 0, 1) == pytest.approx(positions)


@given(st.text(max_size=80), st.integers(2, 30))
def test_a_label_is_one_short_line_that_xml_can_hold(text, most):
    made = label(text, most)
    assert 1 <= len(made) <= max(most, len("(no name)"))
    assert made.isprintable() or "\u00ad" in made or any(not c.isprintable() for c in text)
    assert "\n" not in made
    assert "\x00" not in made


def _luminance(colour):
    channels = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    linear = np.where(channels <= 0.03928, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def _contrast(a, b):
    high, low = sorted((_luminance(a), _luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("colour", [INK, MUTED, *WARM, *COOL], ids=lambda c: c.role)
def test_text_is_readable_on_light_and_on_dark_paper(colour):
    assert _contrast(colour.light, "#ffffff") >= 4
    assert _contrast(colour.dark, "#161c23") >= 4


def test_every_role_has_its_own_colour():
    assert len({c.light for c in PALETTE}) == len({c.dark for c in PALETTE}) == len(PALETTE)


def test_kinds_are_told_apart_by_colour_and_then_by_dash():
    styles = kind_styles([f"t{i}" for i in range(6)], [f"u{i}" for i in range(12)])
    assert len(set(map(str, styles.values()))) == 18
    warm = {c.light for c in WARM}
    assert all((style[0] in warm) == name.startswith("t") for name, style in styles.items())


def test_dots_lie_at_their_estimates(content):
    axes = figures.dots(content.scores, "auc", "x").axes[0]
    drawn = {round(float(line.get_xdata()[0]), 9) for line in axes.lines if len(line.get_xdata()) == 1}
    wanted = {round(k.measures.auc.value, 9) for scored in content.scores for k in scored.evaluation.kinds}
    assert wanted <= drawn
    names = [tick.get_text().split(" ·")[0] for tick in axes.get_yticklabels()]
    assert names == ["probe", "dos", "mean told", "u2r", "r2l", "mean unseen"]


def test_gains_are_white_at_zero_and_as_strong_both_ways():
    figure = figures.gains(GainMatrix(("a",), ("a", "b", "c"), np.array([[0.0, 0.05, -0.05]])))
    mesh = figure.axes[0].collections[0]
    zero, gain, loss = mesh.to_rgba(mesh.get_array().ravel())
    assert zero[:3] == pytest.approx([1, 1, 1], abs=0.01)
    assert gain[2] > gain[0]
    assert loss[0] > loss[2]
    texts = [t.get_text() for t in figure.axes[0].texts]
    assert texts == ["0.000", "+0.050", "−0.050"]


def test_shares_count_every_row_even_beyond_the_edges(content):
    edges = score_edges(content.main)
    assert shares(np.array([-np.inf, 0.0, 1e12, np.inf]), edges).sum() == 1
    for rows in content.main.kinds.values():
        assert shares(rows, edges).sum() == pytest.approx(1)


def test_latent_bars_fall_and_noise_is_counted(content):
    axes = figures.latent(content.latent).axes[0]
    assert [bar.get_height() for bar in axes.patches] == [2.0, 0.8, 0.3, 0.001]
    assert "3 of 4 units" in axes.texts[0].get_text()
    assert len({bar.get_facecolor() for bar in axes.patches}) == 2


def test_contribution_bars_are_the_parts(content):
    axes = figures.contributions(content.top).axes[0]
    assert [bar.get_width() for bar in axes.patches] == [0.7, -0.2]


def test_calibration_draws_the_diagonal_for_uniform_p_values():
    curve = calibration_curve((1 + np.arange(1000)) / 1000)
    line = figures.calibration(curve).axes[0].lines[1]
    np.testing.assert_allclose(line.get_ydata(), line.get_xdata(), rtol=0.5)


def test_svg_keeps_text_as_text_and_colours_as_roles(content):
    svg = inline(figures.dots(content.scores, "auc", "x"), "p", "t & t")
    assert ">dos · 40</text>" in svg
    assert "var(--told,#c25400)" in svg
    assert 'aria-label="t &amp; t"' in svg
    assert "metadata" not in svg
    assert all(part.startswith("p-") for part in _ids(svg))


def _ids(svg):
    return [part.partition('"')[0] for part in itertools.islice(svg.split(' id="'), 1, None)]
