"""`unseen music` on melodies of one's own: what is printed, written and gone on from."""

from __future__ import annotations

import json

import numpy as np
import pytest
from commandline import unseen

from unseen.music.tunes import read
from unseen.music.windows import divided
from unseen.studies.melody_training import Setting, train

pytest.importorskip("mido")
SMALL = Setting(latent=24, width=16, colours=2, steps=20, batch=16)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Walks along a scale in ABC, a file of their tunes, and a small network that read them for a moment."""
    home = tmp_path_factory.mktemp("music")
    rng = np.random.default_rng(1)
    text = []
    for place in range(140):
        step = np.clip(7 + np.cumsum(rng.integers(-2, 3, 128)), 0, 13)
        notes = ["CDEFGABcdefgab"[s] for s in step]
        bars = "|".join("".join(notes[bar : bar + 8]) for bar in range(0, 128, 8))
        text.append(f"X:{place}\nM:4/4\nL:1/8\nK:C\n{bars}|\n")
    (home / "walks.abc").write_text("\n".join(text))
    ran = unseen("music", "prepare", home / "walks.abc", "--out", home / "t.npz", "--json")
    assert ran.code == 0, ran.err
    told = json.loads(ran.out)
    assert told["tunes"] + sum(told["left_out"].values()) == 140
    train(divided(read(home / "t.npz"), 2, seed=0).learn.tokens, SMALL, home / "m")
    return home


def test_analyse_says_what_the_units_are(folder, tmp_path):
    ran = unseen("music", "analyse", folder / "m", "--tunes", folder / "t.npz", "--windows", "110",
                 "--permutations", "100", "--top", "3", "--out", tmp_path / "m.html", "--json")  # fmt: skip
    assert ran.code == 0, ran.err
    told = json.loads(ran.out)
    assert (told["windows"], told["units"], len(told["table"])) == (110, 24, 3)
    assert set(told["music_units"]) == set(told["lost_without_noise_units"])
    assert told["table"][0]["rho"] >= told["table"][1]["rho"]
    page = (tmp_path / "m.html").read_text()
    assert page.count("<svg") >= 5
    assert "data:audio/wav;base64," in page


def test_listen_writes_midi_and_sound(folder, tmp_path):
    import mido

    ran = unseen("music", "listen", folder / "m", "--tunes", folder / "t.npz", "--units", "1", "--wav",
                 "--out", tmp_path / "l")  # fmt: skip
    assert ran.code == 0, ran.err
    written = sorted(path.name for path in (tmp_path / "l").iterdir())
    names = ("imagined", "imagined-without-noise-units", "unit-1")
    assert written == sorted(f"{name}{suffix}" for name in names for suffix in (".mid", ".wav"))
    assert mido.MidiFile(tmp_path / "l" / "unit-1.mid").length > 1
    assert (tmp_path / "l" / "unit-1.wav").read_bytes()[:4] == b"RIFF"


def test_training_that_is_finished_stays_as_it_is(folder):
    before = (folder / "m" / "arrays.safetensors").read_bytes()
    ran = unseen("music", "train", "--tunes", folder / "t.npz", "--steps", "30", "--out", folder / "m")
    assert ran.code == 1
    assert "belongs to a training with latent 24, and 512 came; give another --out" in ran.err
    assert (folder / "m" / "arrays.safetensors").read_bytes() == before


def test_windows_of_another_length_are_too_few(folder, tmp_path):
    ran = unseen("music", "train", "--tunes", folder / "t.npz", "--bars", "16", "--out", tmp_path / "m")
    assert ran.code == 1
    assert ran.err.startswith("unseen: 139 windows of 16 bars came from 139 tunes; at least 1,000 are needed")
