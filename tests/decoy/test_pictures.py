"""Pictures judged: known symmetries found, chance called chance, horizons seen through."""

import json
from pathlib import Path

import numpy as np
import pytest

from unseen.decoy.elements import GROUPS
from unseen.decoy.luminance import SQUARE
from unseen.decoy.pictures import BANDS, by_chance, detrended, direct, patches, rest
from unseen.decoy.reference import SIGHTS, STEPS, made, parsed, shipped
from unseen.decoy.templates import grid, make, standardised
from unseen.decoy.verdicts import CHANCE, Reading, Sight, judge
from unseen.errors import DataError

Image = pytest.importorskip("PIL.Image")
RESULTS = Path(__file__).parents[2] / "src/unseen/recipes/symmetry_decoy/results"


def smooth(seed: int = 0) -> np.ndarray:
    """A picture without symmetry: waves of every direction."""
    x, y = grid(SQUARE)
    rng = np.random.default_rng(seed)
    waves = sum(
        np.cos(rng.uniform(2, 7) * (x * np.cos(a) + y * np.sin(a)) + p) for a, p in rng.uniform(0, 6, (6, 2))
    )
    return standardised(waves)


def mirrored(seed: int = 0) -> np.ndarray:
    return standardised(smooth(seed) + smooth(seed)[:, ::-1])


def landscape() -> np.ndarray:
    """A bright sky over dark ground, and a little of something on it."""
    _, y = grid(SQUARE)
    return standardised(np.tanh(-8 * (y - 0.1)) + 0.15 * smooth(3))


def saved(folder, square, name="p.png"):
    low, high = square.min(), square.max()
    Image.fromarray(np.round(255 * (square - low) / (high - low)).astype(np.uint8)).save(folder / name)
    return folder / name


def reading(judged, symmetry) -> Reading:
    (found,) = [r for r in judged.readings if r.symmetry == symmetry]
    return found


def test_a_mirrored_picture_is_called_so_and_an_odd_one_is_not(tmp_path):
    odd = standardised(smooth(1) - smooth(1)[:, ::-1])
    one, other = judge([saved(tmp_path, mirrored()), saved(tmp_path, odd, "q.png")])
    mine = reading(one, "mirror left-right")
    assert mine.present
    assert mine.words in ("nearly perfect", "strong")
    assert mine.whole.level > 0.9
    assert mine.detrended.agreement == pytest.approx(1, abs=0.01)
    assert not reading(one, "mirror top-bottom").present
    assert not reading(other, "mirror left-right").present
    assert reading(other, "mirror left-right").whole.level < 0.2
    assert [r.symmetry for r in one.readings] == list(GROUPS)


def test_a_horizon_is_no_mirror(tmp_path):
    (one,) = judge([saved(tmp_path, landscape())])
    mine = reading(one, "mirror left-right")
    assert mine.whole.agreement > 0.9
    assert mine.whole.level > 0.85
    assert mine.detrended is not None
    assert abs(mine.detrended.agreement) < 0.7
    assert mine.detrended.level < mine.whole.level - 0.1


def test_bands_alone_leave_nothing_to_say_once_they_are_removed(tmp_path):
    _, y = grid(SQUARE)
    (one,) = judge([saved(tmp_path, np.tanh(4 * y))])
    assert all(r.detrended is None for r in one.readings)
    assert reading(one, "shift left-right").whole.level > 0.85
    json.dumps(one.to_dict())


def test_a_picture_is_judged_alike_whatever_came_along(tmp_path):
    a, b = saved(tmp_path, mirrored(2), "a.png"), saved(tmp_path, smooth(5), "b.png")
    assert judge([a])[0].to_dict() == judge([b, a])[1].to_dict()


def test_words_follow_level_chance_and_horizon():
    near, low = Sight(0.97, 0.9, 0.01), Sight(0.5, 0.1, 0.5)
    assert Reading("half turn", near, near, 0).words == "nearly perfect"
    assert Reading("half turn", near, Sight(0.6, 0.4, 0.01), 0).words == "faint"
    assert Reading("half turn", near, Sight(0.4, 0.4, 0.01), 0).words == "hardly any"
    assert not Reading("half turn", near, Sight(0.4, 0.4, 0.01), 0).present
    assert Reading("half turn", near, low, 0).words == "only its broad light and dark"
    assert Reading("half turn", low, low, 0).words == "no more than chance"
    assert Reading("any turn", near, None, 0).present
    assert not Reading("half turn", near, low, 0).present


def test_detrending_removes_rows_and_rings_and_nothing_of_a_mirror():
    x, y = grid(64)
    for broad in (np.exp(y), np.exp(-3 * (x**2 + y**2))):
        assert detrended(broad).std() < 0.3 * broad.std()
    kept = mirrored()
    assert direct(detrended(kept)[None])[0, 0] == pytest.approx(1)
    assert rest(landscape()) < 0.2 < rest(np.sign(x * y) * np.abs(np.sin(9 * x)))
    assert set(BANDS) < set(GROUPS)


def test_patches_are_cut_row_by_row():
    square = np.arange(SQUARE**2, dtype=float).reshape(SQUARE, SQUARE)
    cut = patches(square)
    assert cut.shape == (9, 64, 64)
    assert (cut[5] == square[64:128, 128:]).all()


def test_unrelated_pictures_agree_by_chance_around_nothing():
    values = make(10, ["waves"], seed=0, purpose=9).values[:10]
    chance = by_chance(values, others=4, seed=0)
    assert chance.shape == (10, 4, len(GROUPS))
    assert np.abs(chance.mean((0, 1))).max() < 0.25
    assert (by_chance(values, others=4, seed=0) == chance).all()


def test_p_values_count_what_is_at_or_above_and_survive_the_file():
    chance = {sight: np.tile(np.linspace(-0.5, 0.5, 501)[:, None], len(GROUPS)) for sight in SIGHTS}
    reference = made(shipped().reader, chance, 7)
    assert reference.p_value(np.full(len(GROUPS), 0.4), SIGHTS[0])[0] == pytest.approx(0.1, abs=0.02)
    assert reference.p_value(np.full(len(GROUPS), 2.0), SIGHTS[1])[0] == pytest.approx(1 / STEPS)
    again = parsed(reference.to_bytes().decode())
    assert again.works == 7
    assert np.abs(again.chance[SIGHTS[0]] - reference.chance[SIGHTS[0]]).max() < 1e-4
    with pytest.raises(DataError, match="of another version; run the recipe symmetry-decoy"):
        parsed(reference.to_bytes().decode().replace("half turn", "half twist"))


def test_what_is_shipped_is_what_the_recipe_wrote():
    package = Path(__file__).parents[2] / "src/unseen/decoy/reference.json"
    assert package.read_bytes() == (RESULTS / "reference.json").read_bytes()
    assert package.stat().st_size < 300_000
    assert shipped().works >= 200
    assert CHANCE > 1 / STEPS
