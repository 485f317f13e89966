"""Training on event images: symmetries, mean weights, warm-ups, norms that stay put; and their scaling."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

import unseen
from unseen import registry
from unseen.data.scale import Energies, restored_scaler
from unseen.detectors.aware import AwareDetector
from unseen.detectors.classify import AwareClassifier
from unseen.errors import ConfigError, DataError
from unseen.models.dual import CoDAE
from unseen.models.dual_bodies import Slim
from unseen.objectives import Abc
from unseen.seeds import seeded
from unseen.training.adam import Adam
from unseen.training.augment import Symmetries, turning
from unseen.training.average import Average
from unseen.training.flat import flat
from unseen.training.guards import Forgetting
from unseen.training.loop import Plan, by_autograd, train
from unseen.training.stages import become_aware, learn_normal
from unseen.training.watched import watched_losses, whole_pass

SHAPE = (3, 8, 6)
MODEL = CoDAE(Slim(widths=(6, 8), small=(4, 6)), bottleneck=3)
SHORT = Plan(steps=30, rate=3e-3, batch=32, check_every=10)


def energies(n, seed=0):
    random = np.random.default_rng(seed)
    return random.gamma(2.0, 3.0, size=(n, 144)) * (random.random((n, 144)) < 0.15)


def rows(n, seed=0):
    return torch.from_numpy(np.log1p(energies(n, seed)).astype(np.float32)).view(n, *SHAPE)


def built():
    with seeded(1):
        return MODEL.build(SHAPE)


def detector(**changed):
    settings = {"scaling": "energies", "image_shape": SHAPE, "learn": SHORT, "tune": SHORT, "seed": 3}
    return AwareDetector(MODEL, **{**settings, **changed})


# ------------------------------------------------------------------------------------------ symmetries


def test_symmetries_keep_every_pixel_and_reach_every_place():
    image = torch.arange(144.0).view(1, *SHAPE)
    turn, seen = Symmetries().turning(0), set()
    for _ in range(400):
        turned = turn(image)
        assert torch.equal(turned.flatten().sort().values, image.flatten())
        seen.add(int((turned[0, 0] == 0).flatten().nonzero()))
    # the first pixel goes to any phi, and to either end in eta
    assert seen == {6 * phi + eta for phi in range(8) for eta in (0, 5)}


@pytest.mark.parametrize(("settings", "places"), [({"flip": False}, 8), ({"roll": False}, 2)])
def test_either_symmetry_can_be_left_out(settings, places):
    image = torch.arange(144.0).view(1, *SHAPE)
    turn = Symmetries(**settings).turning(0)
    assert len({tuple(turn(image).flatten().tolist()) for _ in range(200)}) == places


def test_symmetries_follow_the_seed_alone():
    image = torch.arange(144.0).view(1, *SHAPE)
    torch.manual_seed(5)
    one, two, other = (Symmetries().turning(seed) for seed in (1, 1, 2))
    walks = [[tuple(turn(image)[0, 0].flatten().tolist()) for _ in range(20)] for turn in (one, two, other)]
    assert walks[0] == walks[1] != walks[2]


def test_tables_have_no_symmetries():
    assert turning(None, 0, torch.zeros(2, 3))(torch.ones(1)).tolist() == [1.0]
    with pytest.raises(ConfigError, match="augment came with rows that are no images"):
        AwareDetector(augment=Symmetries(), learn=SHORT).fit(np.random.default_rng(0).normal(size=(60, 4)))


# ----------------------------------------------------------------------------------------------- plans


def test_plans_of_older_files_and_none_of_the_new_fields_are_the_same():
    assert registry.build({"type": "Plan", "steps": 7}) == Plan(7)
    assert [getattr(Plan(), name) for name in ("warm_up", "weight_decay", "average", "beta_warm_up")] == [
        0.0
    ] * 4


@pytest.mark.parametrize("name", ["warm_up", "weight_decay", "average", "beta_warm_up"])
@pytest.mark.parametrize("value", [-0.1, 1.0, math.nan])
def test_shares_of_a_plan_out_of_range_are_refused(name, value):
    with pytest.raises(ConfigError, match=f"{name} .* came; accepted: at least 0 and below 1"):
        Plan(**{name: value})


def test_weight_decay_is_that_of_torch():
    torch.manual_seed(1)
    start, slopes = torch.randn(50), torch.randn(30, 50)
    ours, slope = start.clone(), torch.empty(50)
    theirs = torch.nn.Parameter(start.clone())
    adam = Adam(ours, slope, rate=0.02, steps=30, weight_decay=0.3)
    torchs = torch.optim.AdamW([theirs], lr=0.02, weight_decay=0.3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(torchs, 30)
    for each in slopes:
        slope.copy_(each)
        adam.step()
        theirs.grad = each.clone()
        torchs.step()
        schedule.step()
    torch.testing.assert_close(ours, theirs.detach(), rtol=1e-5, atol=1e-6)


def test_a_warm_up_rises_in_a_straight_line():
    """Adam's first steps along a constant slope are as long as its rate."""
    x, slope = torch.zeros(1), torch.ones(1)
    adam, places = Adam(x, slope, rate=1.0, steps=1000, warm_up=0.01), [0.0]
    for _ in range(20):
        adam.step()
        places.append(float(x))
    steps = -np.diff(places)
    assert steps[:10] == pytest.approx(np.arange(1, 11) / 10, abs=2e-3)
    assert steps[10:] == pytest.approx(np.ones(10), abs=2e-3)


def test_beta_rises_during_its_warm_up_only():
    """The warm-up changes what is learned; what is watched has all of beta from the start."""
    model, held_out = replace(MODEL, beta=4.0), rows(40, 1)
    traces = []
    for share in (0.0, 0.9):
        with seeded(1):
            network = model.build(SHAPE)
        plan = replace(SHORT, beta_warm_up=share)
        traces.append(learn_normal(network, rows(64), held_out, beta=4.0, plan=plan, trim=0.0, seed=0).normal)
        assert traces[-1][-1] == pytest.approx(
            float(watched_losses(network, held_out, 4.0)[0].mean()), rel=0.5
        )
    assert traces[0] != traces[1]


# ---------------------------------------------------------------------------------------- mean weights


def test_mean_weights_are_the_recursion_and_are_put_back():
    x, weight = torch.tensor([0.0]), 0.0
    average = Average([x], decay=0.9)
    for step in range(1, 101):
        x.fill_(float(step))
        average.follow(step)
        decay = min(0.9, (1 + step) / (10 + step))
        weight = decay * weight + (1 - decay) * step
    with average.shown():
        assert float(x) == pytest.approx(weight, rel=1e-5)
    assert float(x) == 100.0


def test_what_is_watched_and_kept_is_the_mean_network_norms_included():
    network, seen = built(), []

    def check(step):
        seen.append({name: value.clone() for name, value in network.state_dict().items()})
        return False

    loss = by_autograd(lambda batch, step: network(batch.rows).error(batch.rows))
    with flat(network) as parameters:
        train(
            network,
            parameters,
            loss,
            rows(64),
            None,
            replace(SHORT, average=0.99),
            check=check,
            seed=0,
            what="",
        )
    last, live = seen[-1], network.state_dict()
    moved = [name for name in live if not torch.equal(live[name], last[name])]
    assert "encoder.0.1.variance" in moved
    assert "encoder.0.0.weight" in moved


# ----------------------------------------------------------------------------------------------- norms


def test_statistics_of_norms_move_in_stage_1_and_not_in_stage_2():
    network, normal, held_out = built(), rows(64), rows(40, 1)
    start = {name: value.clone() for name, value in network.named_buffers()}
    learn_normal(network, normal, held_out, beta=0.0, plan=SHORT, trim=0.0, seed=0)
    learned = {name: value.clone() for name, value in network.named_buffers()}
    assert all(not torch.equal(start[name], learned[name]) for name in start)
    tau = float(watched_losses(network, held_out, 0.0)[1].quantile(0.99))
    become_aware(
        network,
        normal,
        3 * rows(20, 2),
        held_out,
        awareness=Abc(),
        beta=0.0,
        tau=tau,
        plan=SHORT,
        seed=0,
        forgetting=Forgetting(99.0, 99.0),
    )
    assert all(torch.equal(value, learned[name]) for name, value in network.named_buffers())
    assert not network.training


def test_every_array_of_a_network_is_a_single_precision_number():
    assert {value.dtype for value in built().state_dict().values()} == {torch.float32}


# ------------------------------------------------------------------------------------ blocks, detector


def test_large_rows_pass_in_blocks_to_the_same_numbers(monkeypatch):
    network, x = built().eval(), rows(300)
    losses, errors = watched_losses(network, x, 0.0)
    whole = whole_pass(network, x).error(x)
    monkeypatch.setattr("unseen.training.watched.AT_ONCE", 1000)
    torch.testing.assert_close(watched_losses(network, x, 0.0)[0], losses)
    torch.testing.assert_close(watched_losses(network, x, 0.0)[1], errors)
    torch.testing.assert_close(whole_pass(network, x).error(x), whole)


def test_scores_do_not_follow_the_block_they_are_read_in(monkeypatch):
    fitted = detector().fit(energies(120))
    scores = fitted.anomaly_score(energies(300, 4))
    monkeypatch.setattr("unseen.detectors.readers.NUMBERS", 144 * 64)
    assert fitted.anomaly_score(energies(300, 4)) == pytest.approx(scores, rel=1e-5, abs=1e-5)


def test_settings_of_event_images_come_back_from_a_file(tmp_path):
    plan = replace(SHORT, warm_up=0.1, average=0.9, weight_decay=0.01, beta_warm_up=0.2)
    fitted = detector(augment=Symmetries(flip=False), learn=plan).fit(energies(120))
    unseen.save(fitted, tmp_path / "model.unseen")
    loaded = unseen.load(tmp_path / "model.unseen")
    assert loaded.get_params() == fitted.get_params()
    assert isinstance(loaded.scaler_, Energies)
    assert np.array_equal(loaded.anomaly_score(energies(50, 2)), fitted.anomaly_score(energies(50, 2)))


# --------------------------------------------------------------------------------------------- scaling


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_energies_are_ln_1_plus_gev_and_lit_stays_lit(kind):
    x = np.array([[0.0, 1e-7, 1.0, 3000.0]], dtype=kind)
    z = Energies.fit(x).transform(x)
    assert z.dtype == np.float32
    assert z[0].tolist() == pytest.approx([0.0, 1e-7, math.log(2.0), math.log(3001.0)], rel=1e-6)
    assert ((z > 0) == (x > 0)).all()


def test_energies_are_restored_from_their_name():
    assert restored_scaler("Energies", {}) == Energies()


def test_negative_energies_are_refused_by_row():
    x = energies(120)
    x[7, 3] = -2.5
    with pytest.raises(DataError, match=r"holds the energy -2.5; accepted .*GeV, 0 or more"):
        detector().fit(x)
    with pytest.raises(DataError, match=r"row 7 holds the energy -2.5"):
        detector().fit(energies(120)).anomaly_score(x)


@pytest.mark.filterwarnings("ignore:no classes came")
@pytest.mark.parametrize("kind", [AwareDetector, AwareClassifier])
def test_energies_are_for_images(kind):
    with pytest.raises(ConfigError, match="scaling 'energies' is for event images; give image_shape"):
        kind(scaling="energies").fit(energies(120))
