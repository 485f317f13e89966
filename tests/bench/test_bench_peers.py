"""Detectors of other packages, run as the bench runs them."""

import os
import random
from pathlib import Path

import numpy as np
import pytest
import torch

from unseen.bench.peers import PEERS, global_seed
from unseen.bench.running import fit_and_score
from unseen.evaluation import roc_auc

DATA = Path(os.environ.get("UNSEEN_DATA", Path(__file__).parents[3] / "shared" / "data"))


def test_a_global_seed_is_taken_back():
    states = (np.random.get_state()[1].copy(), random.getstate(), torch.random.get_rng_state())
    with global_seed(3):
        first = (np.random.rand(), random.random(), torch.rand(1).item())
    with global_seed(3):
        assert first == (np.random.rand(), random.random(), torch.rand(1).item())
    assert (np.random.get_state()[1] == states[0]).all()
    assert random.getstate() == states[1]
    assert (torch.random.get_rng_state() == states[2]).all()


def test_a_global_seed_is_taken_back_after_a_fault():
    before = np.random.get_state()[1].copy()
    with pytest.raises(ValueError, match="inside"), global_seed(3):
        raise ValueError("inside")
    assert (np.random.get_state()[1] == before).all()


@pytest.mark.peers
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("method", PEERS, ids=lambda method: method.name)
def test_every_peer_fits_with_one_label_and_scores_the_same_twice(method):
    if method.absent:
        pytest.skip(f"{method.absent[0]} is not installed")
    rng = np.random.default_rng(0)
    truth = (np.arange(400) < 20).astype(np.int64)
    rows = rng.normal(size=(400, 3)) + 4 * truth[:, None]
    told = np.zeros(400, np.int64)
    told[:1] = 1
    before = np.random.get_state()[1].copy()
    first, second = (fit_and_score(method, rows, told, rows, 1).scores for _ in range(2))
    assert (first == second).all()
    assert (np.random.get_state()[1] == before).all()
    if "DevNet (swapped" not in method.name:
        assert roc_auc(first[truth == 0], first[truth == 1]) > 0.6


@pytest.mark.peers
def test_xgboost_reproduces_the_published_numbers():
    pytest.importorskip("xgboost")
    if not (DATA / "adbench").exists():
        pytest.skip("adbench is not here")
    from unseen.bench import protocol

    found = protocol.compared(["cardio", "vowels", "Pima"], DATA)
    assert all(abs(c.difference) <= protocol.TOLERANCE for c in found)
    protocol.hold(found)


def test_a_protocol_that_is_off_names_the_worst_set():
    from unseen.bench import protocol
    from unseen.errors import DataError

    found = [
        protocol.Compared("a", 70.0, 70.04),
        protocol.Compared("b", 70.0, 71.0),
        protocol.Compared("c", 70, 70.2),
    ]
    with pytest.raises(
        DataError,
        match=r"on 2 of 3 sets: XGBoost has an AUCROC of 70\.00 on b, printed is 71\.00",
    ):
        protocol.hold(found)
    assert protocol.protocol_outcome(found).must_show[0].value == pytest.approx(1.0)
    protocol.hold(found[:1])
