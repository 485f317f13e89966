"""Templates have the symmetry of their class, exactly, and the level they were made with."""

import numpy as np
import pytest

from unseen.decoy.elements import GROUPS, agreement, agreements, between, by_group, elements, names
from unseen.decoy.level import LevelReader, made_with, share
from unseen.decoy.templates import CLASSES, FAMILIES, average, grade, grid, joined, make
from unseen.errors import ConfigError

SOME = make(6, list(FAMILIES), seed=4, purpose=1)


def moved(values, kind, axis):
    """A picture after one generator of its class."""
    if kind == "one reflection":
        return np.flip(values, axis)
    if kind == "translation":
        return np.roll(values, 5, axis)
    return {"two reflections": values[::-1], "quarter turn": np.rot90(values)}.get(kind, values.T[::-1])


def test_every_class_has_its_symmetry_and_none_has_not():
    assert len(SOME) == 36
    for values, kind, axis in zip(SOME.values, SOME.kinds, SOME.axes, strict=True):
        assert values.mean() == pytest.approx(0, abs=1e-9)
        assert values.std() == pytest.approx(1)
        if CLASSES[kind] != "none":
            assert np.abs(moved(values, CLASSES[kind], axis) - values).max() < 1e-9
    nothing = SOME.values[SOME.kinds == 0]
    assert share(nothing).max() < 0.995


def test_a_template_has_all_of_the_symmetry_it_was_made_with():
    order = list(GROUPS)
    for value, kind, axis in zip(SOME.values, SOME.kinds, SOME.axes, strict=True):
        if kind:
            group = order.index(made_with(CLASSES[kind], int(axis)))
            assert share(value[None])[0, group] == pytest.approx(1)
            # the level of rotations is exact on rings; their agreement is read between pixels
            assert by_group(agreements(value.reshape(-1, 1))[0])[group] > 0.985


def test_graded_templates_have_the_level_they_say():
    graded = grade(make(8, ["waves", "polynomials"], seed=1, purpose=2), seed=1, purpose=3)
    assert len(graded) == 40
    assert sorted(graded.levels) == pytest.approx((np.arange(40) + 0.5) / 40)
    order = list(GROUPS)
    for value, kind, axis, level in zip(graded.values, graded.kinds, graded.axes, graded.levels, strict=True):
        group = order.index(made_with(CLASSES[kind], int(axis)))
        assert share(value[None])[0, group] == pytest.approx(level, abs=1e-9)
    assert np.abs(graded.values.std((-2, -1)) - 1).max() < 0.35


def test_equal_seeds_give_equal_templates_and_no_two_purposes_share_any():
    again = make(6, list(FAMILIES), seed=4, purpose=1)
    assert (again.values == SOME.values).all()
    other = make(6, list(FAMILIES), seed=4, purpose=2)
    both = joined([SOME, other]).values.reshape(72, -1)
    assert len(np.unique(both.round(9), axis=0)) == 72


def test_unknown_names_are_refused():
    with pytest.raises(ConfigError, match=r"family of templates 'wave' is not known; .*Did you mean 'waves'"):
        make(1, ["wave"], seed=0, purpose=0)
    with pytest.raises(ConfigError, match="symmetry 'spiral' is not known"):
        average(np.ones((4, 4)), "spiral", -1)


def test_averaging_twice_is_averaging_once():
    field = np.random.default_rng(0).normal(size=(3, 16, 16))
    for kind in (*CLASSES[1:], "half turn"):
        once = average(field, kind, -1)
        assert np.abs(average(once, kind, -1) - once).max() < 1e-9


@pytest.mark.parametrize("side", [16, 32, 64])
def test_agreement_has_known_answers(side):
    x, y = grid(side)
    maps = {
        "odd in x": (np.sin(3 * x), {"mirror x": -1, "mirror y": 1, "half turn": -1}),
        "quarter turn turns it round": (x**2 - y**2, {"quarter turn": -1, "half turn": 1, "mirror x": 1}),
        "round": (np.cos(4 * np.hypot(x, y)), {name: 1 for name in names() if "turn" in name}),
        "stripes": (np.sin(9 * y), {name: 1 for name in names() if name.startswith("shift x")}),
    }
    place = {element.name: element for element in elements(side)}
    for values, known in maps.values():
        for name, answer in known.items():
            assert agreement(values.reshape(-1, 1), place[name]) == pytest.approx(answer, abs=0.05)


def test_unrelated_maps_agree_as_little_as_chance_and_constant_ones_not_at_all():
    one, other = np.random.default_rng(0).normal(size=(2, 1024, 1))
    for element in elements(32):
        assert abs(between(one, other, element)) < 0.12
        assert agreement(np.ones((1024, 3)), element) == 0


def test_maps_side_by_side_are_judged_apart():
    maps = np.random.default_rng(0).normal(size=(256, 5))
    both = agreements(maps, (0, 2))
    assert both[0] == pytest.approx(agreements(maps[:, :2])[0])
    assert both[1] == pytest.approx(agreements(maps[:, 2:])[0])


def test_a_level_reader_finds_the_line_it_was_taught():
    rng = np.random.default_rng(0)
    seen = rng.uniform(-1, 1, (400, 7, len(names())))
    levels = 0.4 + 0.5 * by_group(seen)[:, 3]
    reader = LevelReader.fit(seen[:300], levels[:300])
    assert np.abs(reader.read(seen[300:]) - np.clip(levels[300:], 0, 1)).max() < 0.01
