"""Any image detector as an app: what is taken, what is refused, and the same scores in the browser."""

from __future__ import annotations

import copy
from types import SimpleNamespace

import numpy as np
import pytest
from phone_apps import CHROMIUM, START, picture, probe_pages

from unseen import AwareClassifier, AwareDetector
from unseen.data.scale import Pixels
from unseen.errors import ConfigError, DataError
from unseen.export.runtime import session
from unseen.phone.check import check_app
from unseen.phone.detector_app import picture_unit, write_detector_app
from unseen.phone.manifest import read_manifest
from unseen.phone.serving import serving
from unseen.pictures.framing import Framing, framed
from unseen.pictures.reading import from_array
from unseen.seeds import generator
from unseen.training.loop import Plan

SHAPE = (3, 12, 16)
BRIEF = Plan(steps=60)


def drawn(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw pictures (N, H, W, 3) in bytes, reddish on the left or bluish on the right, and what they are."""
    rng = generator(seed, 4)
    light = np.linspace(40, 160, SHAPE[2])[None, None, :, None]
    sides = rng.integers(0, 2, count)
    turned = np.where(sides[:, None, None, None] == 1, light, light[:, :, ::-1])
    tint = np.where(sides[:, None] == 1, [0.7, 0.8, 1.0], [1.0, 0.8, 0.7])[:, None, None, :]
    noise = rng.normal(0, 12, (count, SHAPE[1], SHAPE[2], 3))
    return np.rint(turned * tint + noise).clip(0, 255).astype(np.uint8), sides


@pytest.fixture(scope="module")
def detector():
    pixels, sides = drawn(400, 0)
    flat = pixels.transpose(0, 3, 1, 2).reshape(len(pixels), -1)
    found = AwareClassifier(image_shape=SHAPE, learn=BRIEF, tune=BRIEF, seed=0)
    return found.fit(flat, classes=np.array(["left", "right"])[sides])


@pytest.fixture(scope="module")
def written(detector, runtime, tmp_path_factory):
    folder = tmp_path_factory.mktemp("detector") / "app"
    with probe_pages():
        return folder, write_detector_app(detector, folder, title="Sides")


def test_the_manifest_says_what_the_detector_takes(written):
    folder, app = written
    manifest = read_manifest((folder / "app.json").read_bytes())
    assert (manifest.kind, manifest.title, manifest.classes) == ("detector", "Sides", ("left", "right"))
    assert Framing.from_dict(manifest.framing) == Framing(3, 12, 16, trim=False, crop=False, unit=255.0)
    assert (manifest.map.height, manifest.map.width) == (6, 8)
    assert manifest.map.most == app.exported.threshold
    assert manifest.card["detector"] == "AwareClassifier"
    assert app.exported.parity.largest < 1e-4
    found = check_app(folder)
    assert (found.golden, found.largest < 1e-6) == (3, True)


def test_weights_that_two_outputs_share_are_kept_once(written):
    folder, app = written
    assert app.exported.bytes < (folder / "model.onnx").stat().st_size < 1.1 * app.exported.bytes


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed (apt-get install chromium)")
def test_a_whole_set_gets_the_scores_of_python_in_the_browser(written, detector, chromium):
    folder, _ = written
    pixels, _ = drawn(120, 1)
    pixels[::4] = 255 - pixels[::4]
    pixels[::7] = generator(2, 4).integers(0, 256, pixels[::7].shape)
    rows = pixels.transpose(0, 3, 1, 2).astype(np.float32)
    names = ["score", "p_value", "threshold", "alarm"]
    score, p_value, threshold, alarm = session(folder / "model.onnx").run(names, {"rows": rows})
    flat = rows.reshape(len(rows), -1)
    assert np.abs(score - detector.anomaly_score(flat)).max() < 1e-3
    with serving(folder) as address, chromium.new_context() as context:
        page = context.new_page()
        page.goto(f"{address}probe.html")
        assert page.evaluate(START)["faults"] == []
        found = page.evaluate(
            """async (texts) => {
              const found = [];
              for (const text of texts) {
                const { outcome, score, pValue, threshold, className } =
                  await client.screen(fileOf(text), { map: false });
                found.push([outcome, score, pValue, threshold, className]);
              }
              return found;
            }""",
            [picture(one) for one in pixels],
        )
        outcomes, scores, p_values, thresholds, classes = (list(part) for part in zip(*found, strict=True))
        assert np.abs(np.array(scores) - score).max() < 1e-4
        assert np.abs(np.array(p_values) - p_value).max() < 1e-4
        assert set(thresholds) == {float(threshold)}
        assert outcomes == np.where(alarm, "unusual", "usual").tolist()
        assert classes == detector.predict_class(flat).tolist()
        assert {"usual", "unusual"} == set(outcomes)
        assert {"left", "right"} == set(classes)
        larger = np.repeat(np.repeat(pixels[1], 3, 0), 2, 1)
        _heat_map_is_that_of_python(page, folder, larger)


def _heat_map_is_that_of_python(page, folder, pixels):
    """Patches replaced by the picture's own mean, on a picture that has to be framed first."""
    manifest = read_manifest((folder / "app.json").read_bytes())
    row = framed(from_array(pixels), Framing.from_dict(manifest.framing))
    grid = page.evaluate(
        "async (text) => { const { map } = await client.screen(fileOf(text)); "
        "return [map.height, map.width, Array.from(map.values)]; }",
        picture(pixels),
    )
    height, width = grid[:2]
    covered, mean = [row], row.mean((1, 2), dtype=np.float64)
    for place in range(height * width):
        (i, j), (tall, wide) = divmod(place, width), (SHAPE[1] / height, SHAPE[2] / width)
        one = row.copy()
        rows = slice(max(0, round((i - 0.5) * tall)), round((i + 1.5) * tall))
        columns = slice(max(0, round((j - 0.5) * wide)), round((j + 1.5) * wide))
        one[:, rows, columns] = mean[:, None, None]
        covered.append(one)
    score = session(folder / "model.onnx").run(["score"], {"rows": np.stack(covered)})[0]
    assert np.abs(np.array(grid[2]) - (score[0] - score[1:])).max() < 1e-4
    assert np.abs(grid[2]).max() > 0.01


@pytest.mark.parametrize(("top", "unit"), [(1.0, 1.0), (0.7, 1.0), (200.0, 255.0), (4095.0, 65535.0)])
def test_white_is_known_from_the_largest_normal_value(detector, top, unit):
    stand_in = replace_scaler(detector, Pixels(top))
    assert picture_unit(stand_in) == unit


def replace_scaler(detector, scaler):
    found = copy.copy(detector)
    found.scaler_ = scaler
    return found


def test_detectors_that_see_no_pictures_are_refused(detector, tmp_path):
    table = AwareDetector(learn=Plan(steps=5), seed=0).fit(generator(0, 6).normal(size=(200, 4)))
    with pytest.raises(ConfigError, match="was fitted on a table; accepted: a detector fitted on images"):
        write_detector_app(table, tmp_path / "app")
    with pytest.raises(ConfigError, match=r"values up to 1e\+06, which are no grey values"):
        picture_unit(replace_scaler(detector, Pixels(1e6)))
    with pytest.raises(ConfigError, match="SimpleNamespace does not screen pictures"):
        picture_unit(SimpleNamespace())
    two = replace_scaler(detector, Pixels(255.0))
    two.image_shape = (2, 12, 24)
    assert two.input_shape[0] == 2
    with pytest.raises(ConfigError, match="takes 2 channels"):
        picture_unit(two)


def test_eight_bits_need_samples(detector, runtime, tmp_path):
    with pytest.raises(DataError, match="precision int8 needs background rows"):
        write_detector_app(detector, tmp_path / "app", precision="int8")
    assert list(tmp_path.iterdir()) == []
