"""Training: what a step follows, when it ends, and which state is kept."""

import math
import re
import warnings

import numpy as np
import pytest
import torch
from sklearn import datasets
from torch import nn

from unseen import AwareDetector
from unseen.errors import TrainingError
from unseen.models.autoencoder import AutoEncoder
from unseen.models.network import Dense
from unseen.models.vae import VAE
from unseen.objectives import Abc, AeSad, Hinge, Inverse, Ramp, RampCapped, Sigmoid
from unseen.seeds import generator, seeded, torch_generator
from unseen.training.guards import ForgettingGuard, active_units, refuse_collapse
from unseen.training.loop import Batch, Plan, batches, by_autograd
from unseen.training.progress import listening, tell
from unseen.training.stages import GuardWarning, become_aware, learn_normal
from unseen.training.threads import WORTH_A_THREAD, layer_work, threads_for

SHORT = Plan(steps=120, rate=5e-3, batch=64, check_every=20)


def normal_rows(n=400, seed=0):
    """Rows near a plane of 2 of 5 directions."""
    random = torch.Generator().manual_seed(seed)
    basis = torch.linalg.qr(torch.randn(5, 5, generator=torch.Generator().manual_seed(9)))[0]
    z = torch.randn(n, 2, generator=random)
    return z @ basis[:2] + 0.2 * torch.randn(n, 5, generator=random), basis


def stage_1(beta=0.05, plan=SHORT, trim=0.0, rows=None, hidden=(16,)):
    rows = normal_rows()[0] if rows is None else rows
    model = VAE(Dense(hidden), latent=2, beta=beta) if beta else AutoEncoder(Dense(hidden), latent=2)
    with seeded(1):
        network = model.build((5,))
    trace = learn_normal(network, rows, normal_rows(100, 1)[0], beta=beta, plan=plan, trim=trim, seed=1)
    return network, trace


def stage_2(network, known, plan=SHORT, awareness=None, beta=0.05):
    held_out = normal_rows(100, 1)[0]
    with torch.no_grad():
        tau = float(network(held_out).error(held_out).quantile(0.99))
    return become_aware(
        network,
        normal_rows()[0],
        known,
        held_out,
        awareness=awareness or Abc(),
        beta=beta,
        tau=tau,
        plan=plan,
        seed=1,
    )


def error(network, rows):
    with torch.no_grad():
        return network(rows).error(rows)


# ---------------------------------------------------------------------------------------------- batches


@pytest.mark.parametrize("labels", [1, 3, 500])
def test_a_batch_holds_a_quarter_as_many_known_rows_however_many_there_are(labels):
    normal, known = torch.zeros(100, 2), torch.ones(labels, 2)
    batch = next(batches(normal, known, Plan(batch=64), seed=0))
    assert batch.rows[:, 0].tolist() == [0.0] * 64 + [1.0] * 16
    assert batch.known.tolist() == [False] * 64 + [True] * 16


def test_a_batch_says_where_its_rows_stand():
    normal, known = torch.arange(50.0)[:, None], 100 + torch.arange(5.0)[:, None]
    batch = next(batches(normal, known, Plan(batch=16), seed=0))
    assert batch.rows.equal(torch.cat([normal[batch.normal_places], known[batch.known_places]]))


def test_an_epoch_shows_every_normal_row_once_and_no_two_are_alike():
    stream = batches(torch.arange(96.0)[:, None], None, Plan(batch=32), seed=0)
    epochs = [torch.cat([next(stream).rows for _ in range(3)]).flatten().tolist() for _ in range(2)]
    assert [sorted(epoch) for epoch in epochs] == [list(range(96))] * 2
    assert epochs[0] != epochs[1]
    again = batches(torch.arange(96.0)[:, None], None, Plan(batch=32), seed=0)
    assert next(again).rows.flatten().tolist() == epochs[0][:32]


def test_few_rows_are_one_batch():
    batch = next(batches(torch.arange(7.0)[:, None], None, Plan(batch=256), seed=0))
    assert sorted(batch.rows.flatten().tolist()) == list(range(7))
    assert not batch.known.any()


@pytest.mark.parametrize("labels", [1, 16, 64])
def test_the_number_of_labels_does_not_change_their_weight(labels):
    """Losses w on normal rows and -3 w on known ones: the slope is 1 - 3, whatever the counts."""
    weight = nn.Parameter(torch.ones(1))
    mask = torch.arange(64 + labels) >= 64
    loss = by_autograd(lambda batch, step: torch.where(batch.known, -3.0 * weight, weight))
    places = torch.arange(64 + labels)
    loss(Batch(torch.zeros(64 + labels, 1), mask, places[:64], places[64:]), 0)
    assert weight.grad.item() == pytest.approx(-2.0)


# ---------------------------------------------------------------------------------------------- stage 1


def test_the_state_of_least_held_out_loss_is_kept():
    """A rate that ends in worse states than it began with: what is left is the best one seen."""
    wild = Plan(steps=200, rate=0.3, batch=64, check_every=5, clip=1e9)
    network, trace = stage_1(beta=0.0, plan=wild)
    held_out = normal_rows(100, 1)[0]
    assert float(error(network, held_out).mean()) == pytest.approx(min(trace.normal), rel=1e-5)
    assert trace.normal[-1] > min(trace.normal)


def test_stage_1_stops_where_nothing_is_gained():
    still = Plan(steps=100_000, rate=1e-12, batch=64, check_every=2)
    assert len(stage_1(plan=still)[1].steps) < 40


def test_the_divergence_is_part_of_what_is_minimised():
    """More weight, less divergence; none at all and the posterior sharpens."""
    rows = normal_rows(300, 5)[0]
    spent = []
    for beta in (1e-4, 0.05, 0.5):
        network, _ = stage_1(beta=beta, plan=Plan(steps=400, rate=5e-3, batch=64))
        with torch.no_grad():
            spent.append(float(network(rows).divergence().mean()))
    assert spent[0] > 1.5 * spent[1] > 2.0 * spent[2]


def test_trimming_keeps_hidden_anomalies_from_being_learned():
    rows, basis = normal_rows()
    hidden = rows[:24] + 5.0 * basis[3]
    mixed = torch.cat([rows, hidden])
    plan = Plan(steps=600, rate=5e-3, batch=106, check_every=50)
    fresh = normal_rows(200, 7)[0]
    ratio = []
    for trim in (0.0, 0.1):
        network, _ = stage_1(beta=0.0, plan=plan, trim=trim, rows=mixed)
        ratio.append(float(error(network, fresh + 5.0 * basis[3]).median() / error(network, fresh).median()))
    assert ratio[1] > 1.15 * ratio[0]


# ---------------------------------------------------------------------------------------------- stage 2


def test_stage_2_begins_where_stage_1_ended():
    network, _ = stage_1()
    rows, basis = normal_rows(50, 3)
    before = error(network, rows)
    stage_2(network, rows[:5] + 2 * basis[3], plan=Plan(steps=20, rate=1e-9, batch=64, check_every=10))
    assert torch.allclose(error(network, rows), before, rtol=1e-4)


@pytest.mark.filterwarnings("ignore::unseen.training.stages.GuardWarning")
@pytest.mark.parametrize("awareness", [Abc(), Hinge(), Sigmoid(), Inverse(), RampCapped(), Ramp()], ids=repr)
def test_known_rows_are_repelled_and_normal_rows_are_not(awareness):
    network, _ = stage_1(plan=Plan(steps=500, rate=5e-3, batch=64))
    (rows, basis), normal = normal_rows(60, 3), normal_rows(200, 4)[0]
    known, fresh = rows[:30] + 0.7 * basis[3], rows[30:] + 0.7 * basis[3]
    before = float(error(network, fresh).mean()), float(error(network, normal).median())
    stage_2(network, known, awareness=awareness, plan=Plan(steps=300, rate=5e-4, batch=64, check_every=10))
    after = float(error(network, fresh).mean()), float(error(network, normal).median())
    assert after[0] > 1.2 * before[0]
    assert after[1] < 1.5 * before[1]
    assert after[0] / after[1] > 1.05 * before[0] / before[1]


def test_without_known_rows_stage_2_is_stage_1_continued():
    """The control lowers the held-out loss and never asks the awareness loss."""
    network, _ = stage_1(plan=Plan(steps=40, rate=5e-3, batch=64, check_every=20))
    trace = stage_2(network, torch.empty(0, 5), awareness=lambda told: 1 / 0)
    assert trace.normal[-1] < trace.normal[0]
    assert set(trace.known) == {0.0}


def test_the_ramp_rises_over_the_first_half():
    network, _ = stage_1()
    rows, basis = normal_rows(20, 3)
    trace = stage_2(network, rows + basis[3], plan=Plan(steps=100, rate=1e-6, batch=64, check_every=10))
    assert trace.ramp == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0])


def test_a_blow_up_ends_in_the_last_good_state():
    """Ramp of 50 on a linear output diverges; the guard stops it, says so, and takes back what was good."""
    network, _ = stage_1()
    rows, basis = normal_rows(30, 3)
    held_out = normal_rows(100, 1)[0]
    guard = ForgettingGuard.fit(error(network, held_out))
    with pytest.warns(GuardWarning, match=r"stage 2 stopped at step \d+: .* Kept the last good state"):
        trace = stage_2(
            network,
            rows + basis[3],
            awareness=Ramp(lambda_max=50.0),
            plan=Plan(steps=2000, rate=5e-3, batch=64, check_every=10),
        )
    after = error(network, held_out)
    assert bool(torch.isfinite(after).all())
    assert guard.complaint(after) is None
    assert len(trace.notices) == 1
    assert trace.steps == [] or trace.steps[-1] < 2000


def test_nan_ends_in_the_last_good_state():
    network, _ = stage_1()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    with pytest.warns(GuardWarning, match="is not finite"):
        stage_2(network, normal_rows(9, 3)[0], awareness=lambda told: told.excess * math.nan)
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


LOADERS = {"breast cancer": (datasets.load_breast_cancer, 1, 0), "wine": (datasets.load_wine, 0, 2)}
LOADERS["digits"] = (datasets.load_digits, 4, 9)
WEIGHTED = {
    "abc": lambda w: Abc(weight=w),
    "hinge": lambda w: Hinge(weight=w),
    "aesad": lambda w: AeSad(alpha=w),
    "sigmoid": lambda w: Sigmoid(weight=w),
    "inverse": lambda w: Inverse(eta=w),
    "ramp": lambda w: Ramp(lambda_max=w),
    "ramp capped": lambda w: RampCapped(lambda_max=w),
}


@pytest.fixture(scope="module", params=LOADERS)
def real_set(request):
    load, normal, strange = LOADERS[request.param]
    X, kind = load(return_X_y=True)
    plan = Plan(steps=120, rate=5e-3, batch=64, check_every=40)
    detector = AwareDetector(VAE(Dense((16,))), learn=plan, tune=Plan(80, 2e-3, 64, check_every=20))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", GuardWarning)
        detector.fit(X[kind == normal])
    return detector, X, X[kind == strange][:10]


@pytest.mark.parametrize("weight", [0.1, 1.0, 10.0])
@pytest.mark.parametrize("loss", WEIGHTED)
@pytest.mark.filterwarnings("ignore::unseen.training.stages.GuardWarning")
def test_every_loss_finishes_or_is_stopped_on_real_sets(real_set, loss, weight):
    detector, X, known = real_set
    detector.set_params(awareness=WEIGHTED[loss](weight)).fine_tune(known)
    trace = detector.traces_[-1]
    stopped = [notice for notice in trace.notices if "stopped" in notice]
    assert stopped or trace.steps[-1] == 80
    assert np.isfinite(detector.anomaly_score(X)).all()
    assert len(np.unique(detector.stage2_score(X))) > 50


# ---------------------------------------------------------------------------------------------- guards


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda e: e, None),
        (lambda e: 1.49 * e, None),
        (lambda e: 0.01 * e, None),
        (lambda e: 1.51 * e, "the median error of held-out normal rows rose to 1.51 times"),
        (lambda e: torch.where(e > e.quantile(0.9), 2.2 * e, e), "the 0.99 quantile .* rose to 2.20 times"),
        (lambda e: torch.where(e == e.max(), math.nan, e), "not finite"),
        (lambda e: torch.where(e == e.max(), math.inf, e), "not finite"),
    ],
)
def test_the_forgetting_guard_speaks_at_its_limits(change, complaint):
    before = torch.linspace(1, 2, 1000)
    said = ForgettingGuard.fit(before).complaint(change(before))
    assert (said is None) == (complaint is None)
    assert complaint is None or re.search(complaint, said)


def test_active_units_are_those_that_speak():
    network = VAE(Dense(()), latent=3).build((5,))
    with torch.no_grad():
        network.head.weight.zero_()
        network.head.bias.zero_()
        rows = normal_rows(200)[0]
        assert active_units(network, rows) == 0
        network.head.weight[0, 0] = 1.0  # the mean of unit 0 follows the first feature
        network.head.bias[4] = -3.0  # unit 1 has a small spread
        assert active_units(network, rows) == 2


@pytest.mark.parametrize(
    ("scores", "rows", "message"),
    [
        ([1.0] * 50, 50, "1 distinct scores over 50 distinct rows"),
        ([0.0, 1.0] * 25, 50, "2 distinct scores"),
        ([1.0, math.nan], 2, "not finite"),
        ([1.0, math.inf], 2, "not finite"),
    ],
)
def test_scores_that_cannot_rank_are_refused(scores, rows, message):
    with pytest.raises(TrainingError, match=message):
        refuse_collapse(np.array(scores), rows)


def test_few_distinct_rows_may_have_few_distinct_scores():
    refuse_collapse(np.array([1.0, 2.0] * 25), 2)
    refuse_collapse(np.arange(10.0), 1000)


# --------------------------------------------------------------------------- threads, seeds, progress


def test_threads_follow_the_work_and_are_restored_even_after_a_fault():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        with pytest.raises(RuntimeError, match="1 thread"), threads_for(nn.Linear(8, 8), rows=256):
            raise RuntimeError(f"{torch.get_num_threads()} thread")
        assert torch.get_num_threads() == 2
        wide = nn.Linear(1000, 1000)
        with threads_for(wide, rows=WORTH_A_THREAD // 1_000_000):
            assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_the_work_of_a_convolution_counts_its_positions():
    from unseen.nn.convolution import convolutional_encoder

    encoder, _ = convolutional_encoder((1, 8, 8), (4,))
    assert layer_work(encoder, rows=2) == 4 * 9 * 16 * 2


def test_seeds_are_streams_of_their_own():
    assert generator(3).random() == generator(3).random()
    first = [generator(3, purpose).random() for purpose in range(4)] + [
        generator(4).random(),
        generator(3).random(),
    ]
    assert len(set(first)) == 6
    draws = [torch.rand(1, generator=torch_generator(*key)).item() for key in ((1,), (1, 0), (1, 1), (2,))]
    assert len(set(draws)) == 4


def test_a_seeded_block_gives_back_the_state_after_a_fault():
    torch.manual_seed(5)
    before = torch.random.get_rng_state()
    drawn = []
    for _ in range(2):
        with pytest.raises(RuntimeError, match="fault"), seeded(3):
            raise RuntimeError("fault", drawn.append(torch.rand(1).item()))
        assert torch.equal(torch.random.get_rng_state(), before)
    assert drawn[0] == drawn[1]


def test_progress_is_told_to_who_listens_and_to_nobody_else():
    heard = []
    with listening(lambda *said: heard.append(said)):
        stage_1(plan=Plan(steps=40, batch=64, check_every=20))
    tell("stage 1", 1, 1)
    assert heard == [("stage 1", 20, 40), ("stage 1", 40, 40)]


@pytest.mark.parametrize("first", [0, 1])
def test_each_of_two_kinds_that_come_one_after_the_other_is_taught(first):
    """Two rows of one kind, eight of another: the first fifth alone would be watched, never taught."""
    off_plane = normal_rows()[1][2:4]
    kinds = [
        0.5 * normal_rows(number, 5)[0] + 0.9 * off_plane[first ^ turn] for turn, number in enumerate((2, 8))
    ]
    network, _ = stage_1()
    fresh = 0.5 * normal_rows(50, 6)[0] + 0.9 * off_plane[first]
    with torch.no_grad():
        before = float(network(fresh).error(fresh).mean())
    stage_2(network, torch.cat(kinds), plan=Plan(steps=300, rate=5e-3, batch=64, check_every=20))
    with torch.no_grad():
        assert float(network(fresh).error(fresh).mean()) > 1.5 * before
