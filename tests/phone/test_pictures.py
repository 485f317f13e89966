"""The engine reads every file as Python does: the same numbers, the same refusals."""

from __future__ import annotations

import numpy as np
import pytest
from phone_apps import CHROMIUM, text

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed (apt-get install chromium)"),
]
# Largest differences: of decoders that must agree, and of JPEG, two grey levels.
EXACT, JPEG = 1e-6, 2 / 255

READ = """async ([text, limits, grey, colour]) => {
  const found = { reason: '', colours: [], rows: [] };
  try {
    const data = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    const picture = await engine.readPicture(data, { coloured: true });
    const { width, height, chroma, photograph, format } = picture;
    Object.assign(found, { width, height, chroma, photograph, format });
    found.colours = Array.from(engine.frameRows(picture, engine.framed(picture, colour), colour));
    engine.checkPicture(picture, grey, limits);
    found.rows = Array.from(engine.frameRows(picture, engine.framed(picture, grey), grey));
  } catch (thrown) {
    found.reason = thrown.reason ?? `fault: ${thrown.stack}`;
  }
  return found;
}"""


@pytest.fixture(scope="module")
def page(chromium, address):
    page = chromium.new_page()
    page.goto(f"{address}probe.html")
    page.evaluate("""async () => {
      const parts = ['read', 'checks', 'framing', 'area'].map((name) => import(`./engine/${name}.js`));
      window.engine = Object.assign({}, ...(await Promise.all(parts)));
    }""")
    yield page
    page.close()


def test_files_of_every_sort_are_read_and_refused_as_in_python(page, tmp_path):
    from make_files import DETECTOR, SCREENER, Limits, write_files

    expected = np.load(write_files(tmp_path))
    settings = [Limits().to_dict(), SCREENER.to_dict(), DETECTOR.to_dict()]
    wrong, refused = [], 0
    for place, name in enumerate(expected["names"]):
        found = page.evaluate(READ, [text((tmp_path / name).read_bytes()), *settings])
        most = EXACT if expected["exact"][place] else JPEG
        refused += bool(found["reason"])
        if found["reason"] != expected["reasons"][place]:
            wrong.append(f"{name}: {found['reason']!r} for {expected['reasons'][place]!r}")
        elif found["reason"] == "":
            wrong += apart(name, "rows", found["rows"], expected["rows"][place], most)
        if found["colours"]:
            wrong += apart(name, "colours", found["colours"], expected["colours"][place], 255 * most)
            seen = (found["height"], found["width"], found["photograph"], found["format"].upper())
            told = (*expected["sizes"][place], expected["photographs"][place], expected["formats"][place])
            wrong += [f"{name}: {seen} for {told}"] if seen != told else []
            wrong += apart(name, "chroma", found["chroma"], expected["chroma"][place], max(most, EXACT))
    assert wrong == []
    assert len(expected["names"]) > 120
    assert 30 < refused < len(expected["names"]) - 60


def apart(name: str, what: str, found: object, wanted: np.ndarray, most: float) -> list[str]:
    off = float(np.abs(np.asarray(found, np.float32).ravel() - np.ravel(wanted)).max())
    return [] if off <= most else [f"{name}: {what} differ by {off:.2g} where {most:.2g} is allowed"]


@pytest.mark.parametrize(
    "shape", [(7, 5, 3, 4), (29, 31, 28, 28), (28, 28, 28, 28), (3, 4, 8, 9), (400, 1, 7, 1)]
)
def test_area_averages_are_those_of_python(page, shape):
    from unseen.pictures.area import area_averaged

    height, width, rows, columns = shape
    grey = np.random.default_rng(0).random((height, width), dtype=np.float32)
    found = page.evaluate(
        """([values, height, width, rows, columns]) => {
          const plane = { data: Float32Array.from(values), top: 1 };
          const whole = { left: 0, top: 0, width, height };
          return Array.from(engine.areaAverage(plane, width, whole, rows, columns));
        }""",
        [grey.ravel().astype(float).tolist(), *shape],
    )
    assert np.abs(np.reshape(found, (rows, columns)) - area_averaged(grey, rows, columns)).max() < 1e-7


@pytest.mark.parametrize("blur", [0, 1, 3, 8])
def test_sharpness_and_glare_of_photographs_are_those_of_python(page, blur):
    from PIL import Image, ImageFilter

    from unseen.pictures.checks import sharpness
    from unseen.pictures.films import made_up_film
    from unseen.pictures.reading import from_array

    image = Image.fromarray(np.rint(255 * made_up_film(4, 300, 260)).astype(np.uint8))
    pixels = np.asarray(image.filter(ImageFilter.GaussianBlur(blur)))
    found = page.evaluate(
        """([values, height, width]) => engine.sharpness(
          { grey: Float32Array.from(values, (v) => v / 255), width, height },
          { left: 0, top: 0, width, height })""",
        [pixels.ravel().tolist(), *pixels.shape],
    )
    assert found == pytest.approx(sharpness(from_array(pixels).grey), abs=1e-6)
