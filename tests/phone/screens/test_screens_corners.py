"""The first guess of a film's corners and the cut in Chromium, beside Python."""

from __future__ import annotations

import base64

import numpy as np
import pytest

from unseen.pictures.corners import first_guess
from unseen.pictures.films import made_up_film
from unseen.pictures.perspective import film_of
from unseen.pictures.photograph import Scene, photographed
from unseen.pictures.reading import from_array

pytestmark = pytest.mark.browser

ASK = """async ([text, width, height]) => {
  const { firstGuess } = await import('./engine/corners.js');
  const { filmOf } = await import('./engine/quad.js');
  const grey = new Float32Array(Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer);
  const { corners, found } = firstGuess({ grey, width, height });
  const film = filmOf({ grey, width, height }, corners);
  const bytes = new Uint8Array(film.grey.buffer);
  let packed = '';
  for (let at = 0; at < bytes.length; at += 8192) {
    packed += String.fromCharCode(...bytes.subarray(at, at + 8192));
  }
  return { corners, found, height: film.height, width: film.width, grey: btoa(packed) };
}"""


def photographs() -> list[np.ndarray]:
    """Made-up photographs as grey numbers, upright and across, and one without a film."""
    scenes = [Scene(height=240, width=320), Scene(height=320, width=240, fill=(0.5, 0.6))]
    found = [
        photographed(made_up_film(seed, 120, 100), seed, scenes[seed % 2]).pixels
        @ np.array([0.299, 0.587, 0.114])
        for seed in range(3)
    ]
    return [(grey / 255).astype(np.float32) for grey in found] + [np.full((150, 200), 0.3, np.float32)]


def test_corners_and_cut_are_those_of_python(held):
    found = []
    for grey in photographs():
        height, width = grey.shape
        said = held.page.evaluate(ASK, [base64.b64encode(grey.tobytes()).decode(), width, height])
        wanted = first_guess(grey)
        assert np.abs(np.array(said["corners"]) - wanted).max() < 1e-6
        film = film_of(from_array(grey), wanted).grey
        assert film.shape == (said["height"], said["width"])
        cut = np.frombuffer(base64.b64decode(said["grey"]), np.float32)
        assert np.abs(film.ravel() - cut).max() <= 1e-6
        found.append(said["found"])
    assert found == [True] * 3 + [False]
