"""The melody network: a likelihood that adds up to one, transposition, training that goes on bit for bit."""

from __future__ import annotations

from dataclasses import asdict, replace
from itertools import product

import numpy as np
import pytest
import torch

from unseen.errors import ConfigError, ModelFileError
from unseen.models.melody import MelodyVAE, decoded
from unseen.nn.melodies import KINDS, PITCHES, Planes, melodies
from unseen.persist import write_model
from unseen.seeds import seeded
from unseen.studies.melody_training import Setting, load, train
from unseen.training import melodies as training
from unseen.training.melodies import transposed

SMALL = Setting(latent=8, width=16, colours=2, steps=40, batch=16)
REST = {"done": 1, "seconds": 1.0, "losses": [], "windows": ""}


@pytest.fixture(autouse=True)
def short_blocks(monkeypatch):
    monkeypatch.setattr(training, "BLOCK", 20)


def windows(count=200, seed=0):
    rng = np.random.default_rng(seed)
    found = np.where(rng.random((count, 32)) < 0.3, rng.integers(40, 60, (count, 32)), 0).astype(np.int8)
    found[:, 0] = 45
    return found


def test_the_likelihood_of_all_windows_adds_up_to_one():
    steps = 2
    with seeded(0):
        flat = torch.randn(1, steps * (KINDS + 2 + PITCHES) + PITCHES)
    every = torch.tensor(list(product(range(PITCHES + 2), repeat=steps)))
    likelihood = melodies(flat.expand(len(every), -1))
    total = torch.exp(-likelihood.error(every).double().sum(1)).sum()
    assert float(total) == pytest.approx(1.0, abs=1e-4)


def test_what_is_decoded_is_likelier_than_its_neighbours():
    with seeded(1):
        flat = torch.randn(50, 6 * (KINDS + 2 + PITCHES) + PITCHES)
    likelihood = melodies(flat)
    best = likelihood.mean
    assert int(best.min()) >= 0
    assert int(best.max()) < PITCHES + 2
    least = likelihood.error(best).sum(1)
    onset = best > 1
    for by in (-1, 1):
        other = torch.where(onset, (best + by).clamp(2, PITCHES + 1), best)
        assert bool((likelihood.error(other).sum(1) >= least - 1e-4).all())


def test_a_transposed_melody_moves_the_pitch_planes_alone():
    x = torch.from_numpy(windows(20)).long()
    first, second = (Planes()(t).view(20, 5, 32) for t in (x, transposed(x, torch.full((20, 1), 6))))
    assert torch.equal(first[:, :3], second[:, :3])
    assert torch.allclose(second[:, 3:] - first[:, 3:], torch.ones(20, 2, 32))


def test_windows_that_would_leave_the_range_stay():
    x = torch.tensor([[88, 0, 40], [3, 0, 40]])
    assert transposed(x, torch.tensor([[5], [-5]])).tolist() == x.tolist()


def test_stopped_training_goes_on_bit_for_bit(tmp_path, monkeypatch):
    learn = windows()
    whole = train(learn, SMALL, tmp_path / "whole")
    monkeypatch.setattr(training, "SECONDS", -1.0)
    real = training._moments

    def stopped(*given):
        monkeypatch.setattr(training, "tell", interrupt)
        return real(*given)

    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(training, "_moments", stopped)
    with pytest.raises(KeyboardInterrupt):
        train(learn, SMALL, tmp_path / "part")
    monkeypatch.setattr(training, "_moments", real)
    monkeypatch.setattr(training, "tell", lambda *_: None)
    half = load(tmp_path / "part")
    assert half.standing.done == training.BLOCK
    assert not half.finished
    assert half.standing.moments
    after = train(learn, SMALL, tmp_path / "part")
    assert after.finished
    for name, value in whole.network.state_dict().items():
        assert torch.equal(after.network.state_dict()[name], value), name
    # a finished file is smaller, and training it again changes nothing
    again = train(learn, SMALL, tmp_path / "part")
    assert again.standing.seconds == pytest.approx(after.standing.seconds, abs=1e-3)
    assert not load(tmp_path / "part").standing.moments


def test_training_learns_and_leaves_the_callers_random_state_alone(tmp_path):
    before = torch.random.get_rng_state()
    found = train(windows(), SMALL, tmp_path / "m")
    assert torch.equal(torch.random.get_rng_state(), before)
    assert found.standing.losses[-1][0] < found.standing.losses[0][0]


@pytest.mark.parametrize(
    ("setting", "learn", "says"),
    [
        (replace(SMALL, beta=0.5), windows(), "beta 0.2, and 0.5 came"),
        (SMALL, windows(seed=1), "training on other tunes"),
    ],
)
def test_another_training_does_not_go_on_in_the_same_file(tmp_path, setting, learn, says):
    train(windows(), replace(SMALL, steps=2), tmp_path / "m")
    with pytest.raises(ConfigError, match=says):
        train(learn, replace(setting, steps=2), tmp_path / "m")


@pytest.mark.parametrize("name", ["beta", "rate", "bars", "latent", "semitones"])
def test_settings_that_cannot_be(name):
    with pytest.raises(ConfigError, match=f"{name}|bars"):
        Setting(**{name: -1})


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"setting": {"latent": 10**9}},
        {
            "setting": {**SMALL.__dict__, "latent": 10**9},
            "done": 1,
            "seconds": 1,
            "losses": [],
            "windows": "",
        },
        {"setting": asdict(SMALL), **REST, "done": "x"},
        {"setting": asdict(SMALL), **REST},
    ],
)
def test_strange_files_are_refused(tmp_path, document):
    write_model(tmp_path / "m", document=document, arrays={"a": np.zeros(2)}, kind="MelodyVAE")
    with pytest.raises(ModelFileError, match=r"not understood|is missing or has another shape"):
        load(tmp_path / "m")


def test_other_models_are_refused(tmp_path):
    write_model(tmp_path / "m", document={}, arrays={"a": np.zeros(2)}, kind="AwareDetector")
    with pytest.raises(ModelFileError, match="holds a AwareDetector; accepted: a melody network"):
        load(tmp_path / "m")


def test_rows_of_another_form_are_refused():
    with pytest.raises(ConfigError, match=r"rows of shape \(1, 2\) came"):
        MelodyVAE().build((1, 2))


def test_decoding_uses_the_code_alone():
    with seeded(2):
        network = MelodyVAE(latent=4, width=8).build((32,)).eval()
    with torch.no_grad():
        one = decoded(network, torch.ones(3, 4))
    assert torch.equal(one[0], one[2])
