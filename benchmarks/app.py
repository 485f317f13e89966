"""The app of a real screener in headless Chromium: does it say what Python says, how soon, how heavy is it.

Every official test film goes through the app as a PNG file; beside it stand ONNX Runtime on the same graph
and `decide` in Python. Then films of 12 megapixels, whose times are wall times of this run.
"""

from __future__ import annotations

import argparse
import base64
import io
import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from measuring import one_thread, provenance, write_results
from PIL import Image
from playwright.sync_api import Page, sync_playwright
from scipy.ndimage import zoom

from unseen.phone.bundle import MODEL
from unseen.phone.screener_app import ScreenerApp, write_screener_app
from unseen.phone.serving import serving
from unseen.screening import stored
from unseen.screening.films import FilmSets, read_medmnist
from unseen.screening.graph import Rounding, run
from unseen.screening.outcome import decide
from unseen.screening.records import Record
from unseen.screening.screener import Screener

PACKAGES = ("torch", "onnxruntime", "playwright")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-dev-shm-usage"]
SOURCE = "official test films"
# What is asked of the app. A last digit of the levels may tip an 8-bit number to its neighbour, so that
# probabilities agree to 1e-3 in 8 bits, and to 1e-4 in single precision.
LIMITS = {
    "largest difference of a probability": 1e-3,
    "outcomes that differ": 0.0,
    "first load, MB": 6.0,
    "model, ms, median": 20.0,
    "12 megapixels, file to result, ms, median": 1000.0,
    "network in 8 bits, kB": 100.0,
}
OPEN = """async () => {
  const { connect } = await import('./engine/client.js');
  window.client = await connect(new URL('./', location.href));
  window.fileOf = (text) => new File([Uint8Array.from(atob(text), (c) => c.charCodeAt(0))], 'film');
  return client.faults;
}"""
SCREEN = """async ([texts, record]) => {
  const found = [];
  for (const file of texts.map(fileOf)) {
    const start = performance.now();
    const { outcome, probability, gateP, times } = await client.screen(file, { record });
    found.push({ outcome, probability, gateP, model: times.model, whole: performance.now() - start });
  }
  return found;
}"""


def png(film: np.ndarray) -> str:
    """One film (S, S) in [0, 1] as the text of a PNG file."""
    kept = io.BytesIO()
    Image.fromarray(np.rint(255 * film).astype(np.uint8)).save(kept, "PNG")
    return base64.b64encode(kept.getvalue()).decode()


def large(film: np.ndarray) -> str:
    """One film (S, S) enlarged to 12 megapixels, 3464 x 3464, as the text of a JPEG file."""
    grown = np.clip(zoom(film, 866 / film.shape[0], order=3, mode="nearest", grid_mode=True), 0.0, 1.0)
    kept = io.BytesIO()
    pixels = np.rint(255 * grown).astype(np.uint8)
    Image.fromarray(np.repeat(np.repeat(pixels, 4, 0), 4, 1)).save(kept, "JPEG", quality=90)
    return base64.b64encode(kept.getvalue()).decode()


def app_of(screener: Screener, sets: FilmSets, folder: Path) -> tuple[ScreenerApp, Record]:
    """Write the app, 8 bits set on training films, with a record of the test films."""
    record = screener.calibrate(sets.tests["test"], source=SOURCE)
    rounding = Rounding(sets.train, sets.validation)
    return write_screener_app(screener, folder, records=[record], rounding=rounding), record


def beside_python(
    page: Page, screener: Screener, sets: FilmSets, folder: Path, record: Record
) -> dict[str, Any]:
    """Screen every test film in the browser and here."""
    films = sets.tests["test"].pixels
    found = page.evaluate(SCREEN, [[png(film[0]) for film in films], json.loads(record.model_dump_json())])
    own = run((folder / MODEL).read_bytes(), films)
    said = decide(own["logit"], own["gate"], rule=screener.rule, base=screener.base_, record=record)
    both = [(one, other) for one, other in zip(found, said, strict=True) if other.probability is not None]
    off = [
        abs(one["probability"] - other.probability) for one, other in both if one["probability"] is not None
    ]
    models = [one["model"] for one in found[20:]]
    return {
        "films": len(films),
        "largest difference of a probability": max(off),
        "outcomes that differ": sum(
            one["outcome"] != other.verdict for one, other in zip(found, said, strict=True)
        ),
        "model, ms, median": float(np.median(models)),
        "model, ms, 95 %": float(np.quantile(models, 0.95)),
        "film of 28 pixels, file to result, ms, median": float(
            np.median([one["whole"] for one in found[20:]])
        ),
    }


def large_ones(page: Page, films: np.ndarray) -> dict[str, Any]:
    """Screen films of 12 megapixels, the first one unmeasured; those refused have no map and do not count."""
    found = page.evaluate(SCREEN, [[large(film[0]) for film in films], None])
    whole = [one["whole"] for one in found[1:] if one["outcome"] != "refused"]
    return {
        "12 megapixels, films with a heat map": len(whole),
        "12 megapixels, file to result, ms, median": float(np.median(whole)),
        "12 megapixels, file to result, ms, largest": max(whole),
    }


def main() -> None:
    """Measure, print, and write the CSV file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--films", type=Path, required=True, help="PneumoniaMNIST, NPZ")
    parser.add_argument("--model", type=Path, help="of unseen xray train; without it one is trained")
    parser.add_argument("--large", type=int, default=10, help="films of 12 megapixels")
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    one_thread()
    sets = read_medmnist(given.films)
    screener = stored.load(given.model) if given.model else Screener().fit(sets)
    with tempfile.TemporaryDirectory() as place, sync_playwright() as driver:
        folder = Path(place) / "app"
        app, record = app_of(screener, sets, folder)
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        with serving(folder) as url:
            page = browser.new_page()
            page.goto(url)
            if faults := page.evaluate(OPEN):
                raise SystemExit(f"the app refuses to work: {json.dumps(faults)}")
            numbers = beside_python(page, screener, sets, folder, record)
            numbers |= large_ones(page, sets.tests["test"].pixels[: given.large + 1])
        numbers["chromium"] = browser.version
        browser.close()
    numbers |= {
        "first load, MB": app.app.first_load / 1e6,
        "on disk, MB": app.app.bytes / 1e6,
        "network in 8 bits, kB": app.graph.network_bytes / 1e3,
        "gate, kB": app.graph.gate_bytes / 1e3,
        "precision": app.graph.precision,
    }
    rows = [
        {"number": name, "value": value, "asked": LIMITS.get(name, ""), **provenance(PACKAGES)}
        for name, value in numbers.items()
    ]
    for row in rows:
        holds = "" if row["asked"] == "" else ("holds" if row["value"] <= row["asked"] else "MISSED")
        print(f"{row['number']:50} {row['value']!s:24} {row['asked']!s:8} {holds}")
    write_results(given.out, rows)


if __name__ == "__main__":
    main()
