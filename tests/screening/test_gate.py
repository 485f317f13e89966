"""The gate: made-up kinds, altered films, a small gate of made-up films, its graph, and it on trial."""

from itertools import pairwise

import numpy as np
import pytest

import unseen
from unseen.errors import ConfigError, DataError
from unseen.pictures.area import area_averaged
from unseen.pictures.films import made_up_film
from unseen.screening.alterations import ALTERED, altered, turned_by
from unseen.screening.gate import EVERY_KIND, GateSettings, gate_score, gate_side, train_gate
from unseen.screening.gate_graph import gate_body
from unseen.screening.gate_study import AWARE, LEFT_OUT, UNAWARE, gain, refused_by_record, study_gate
from unseen.screening.kinds import MADE_UP, made_up
from unseen.screening.shrinking import shrunk


def films(count, first, side=28):
    """Made-up films by their seeds."""
    drawn = [made_up_film(seed, side) for seed in range(first, first + count)]
    return np.stack(drawn)[:, None].astype(np.float32)


@pytest.fixture(scope="module")
def sets():
    return films(300, 0), films(150, 1000), films(150, 2000)


@pytest.fixture(scope="module")
def gate(sets):
    return train_gate(sets[0], seed=0, settings=GateSettings(each=10))


# ----------------------------------------------------------------------------------------------- kinds


@pytest.mark.parametrize("side", [28, 65])
def test_every_made_up_kind_is_grey_in_range_and_the_same_for_a_seed(side):
    assert len(MADE_UP) == 14
    for name in MADE_UP:
        one, again, other = (made_up(name, 5, side, seed=seed) for seed in (3, 3, 4))
        assert one.shape == (5, 1, side, side)
        assert one.dtype == np.float32
        assert 0.0 <= one.min() <= one.max() <= 1.0
        assert np.array_equal(one, again), name
        assert not np.array_equal(one, other), name
        assert all(not np.array_equal(a, b) for a, b in pairwise(one)), name


def test_kinds_are_what_their_names_say():
    draws = {name: made_up(name, 60, 28, seed=0)[:, 0].astype(float) for name in MADE_UP}
    steps = {
        n: np.abs(np.diff(x, axis=2)).mean((1, 2)) / np.maximum(x.std((1, 2)), 1e-9) for n, x in draws.items()
    }
    assert draws["blank"].std((1, 2)).max() < 0.011
    assert steps["uniform noise"].min() > 0.9  # neighbours have nothing to do with each other
    assert max(np.median(steps[name]) for name in ("smooth noise", "clouds")) < 0.5
    assert steps["gradients"].max() < 0.2
    mirrored = draws["mirrored shapes"]
    assert mirrored == pytest.approx(mirrored[..., ::-1])
    assert np.ptp(draws["smooth noise"], axis=(1, 2)).min() >= 0.29


def test_alterations_have_known_answers():
    film = np.arange(16, dtype=np.float32).reshape(1, 1, 4, 4) / 16
    turned = [altered(f"turned {degrees}", film, seed=0) for degrees in (90, 180, 270)]
    assert turned[0][0, 0, 0].tolist() == film[0, 0, :, 3].tolist()
    assert np.array_equal(altered("turned 90", turned[2], seed=0), film)
    assert np.array_equal(turned[1], altered("upside down", altered("mirrored", film, seed=0), seed=0))
    assert altered("inverted", film, seed=0) == pytest.approx(1.0 - film)
    assert turned_by(film, np.array([-90.0])) == pytest.approx(turned[0], abs=1e-6)
    for name in ("tiles 2", "tiles 4", "halves swapped", "pixels shuffled"):
        other = altered(name, film, seed=1)
        assert sorted(other.ravel()) == sorted(film.ravel())
        assert not np.array_equal(other, film), name


def test_altered_films_are_in_range_and_the_same_for_a_seed():
    some = films(6, 0, 30)
    for name in ALTERED:
        one, again = (altered(name, some, seed=2) for _ in range(2))
        assert one.shape == some.shape
        assert one.dtype == np.float32
        assert np.array_equal(one, again)
        assert 0.0 <= one.min() <= one.max() <= 1.0
    strength = [np.abs(np.fft.rfft2(x)) for x in (some, altered("scrambled", some, seed=2))]
    assert strength[1].mean() == pytest.approx(strength[0].mean(), rel=0.1)


def test_unknown_kinds_are_refused_by_name(sets):
    with pytest.raises(ConfigError, match=r"kind 'blanc'.*blank"):
        made_up("blanc", 1, 28, seed=0)
    with pytest.raises(ConfigError, match="alteration 'turned 45'"):
        altered("turned 45", sets[0], seed=0)
    with pytest.raises(ConfigError, match=r"kind 'cats' came without pictures.*Give its pictures"):
        train_gate(sets[0], told={"cats": None})


# ------------------------------------------------------------------------------------------------ gate


def test_a_gate_refuses_what_is_no_film_and_lets_films_pass(gate, sets):
    limit = np.quantile(gate_score(gate, sets[1]), 0.98)
    passed = gate_score(gate, sets[2]) <= limit
    assert passed.mean() > 0.93
    kinds = {name: made_up(name, 50, 28, seed=99) for name in MADE_UP}
    kinds |= {name: altered(name, sets[2][:50], seed=99) for name in ("inverted", "turned 90", "upside down")}
    for name, pictures in kinds.items():
        assert (gate_score(gate, pictures) > limit).mean() >= 0.95, name
    assert set(gate.known_kinds_) == set(EVERY_KIND)
    assert "mirrored" not in gate.known_kinds_


def test_the_same_seed_gives_the_same_gate_and_its_file_the_same_scores(gate, sets, tmp_path):
    again = train_gate(sets[0], seed=0, settings=GateSettings(each=10))
    unseen.save(gate, tmp_path / "gate.unseen")
    for other in (again, unseen.load(tmp_path / "gate.unseen")):
        assert np.array_equal(gate_score(other, sets[1]), gate_score(gate, sets[1]))
    assert gate_side(unseen.load(tmp_path / "gate.unseen")) == 28


def test_what_is_told_can_be_the_callers_own(sets):
    own = 1.0 - sets[2][:20]
    gate = train_gate(sets[0], told={"negatives": own, "blank": None}, settings=GateSettings(each=15))
    assert gate.known_kinds_ == {"blank": 15, "negatives": 20}
    untold = train_gate(sets[0], told={})
    assert untold.stage2_ == ()
    assert np.array_equal(gate_score(untold, sets[1]), gate.stage1_score(sets[1].reshape(-1, 784)))


def test_pictures_that_do_not_fit_are_refused(gate, sets):
    for pictures, said in [
        (sets[1][:, 0], r"of shape \(150, 28, 28\) came; accepted: \(N, 1, S, S\)"),
        (sets[1] * 255, r"outside of \[0, 1\].*divide 8-bit values by 255"),
        (np.full((1, 1, 28, 28), np.nan), "outside"),
        (films(1, 0, 32), "of side 32 came; accepted: 28"),
    ]:
        with pytest.raises(DataError, match=said):
            gate_score(gate, pictures)
    with pytest.raises(DataError, match="films of side 20 came; accepted: 28 or more"):
        train_gate(sets[0][..., :20, :20])


# ----------------------------------------------------------------------------------------------- graph


def scored(model, pictures):
    session = pytest.importorskip("onnxruntime").InferenceSession(model.SerializeToString())
    return session.run(["gate"], {"rows": pictures})[0]


def test_the_graph_of_larger_films_says_what_the_gate_says_and_is_small():
    some = films(80, 0, 45)
    assert shrunk(some, 28)[3, 0] == pytest.approx(area_averaged(some[3, 0], 28, 28), abs=1e-6)
    gate = train_gate(some, settings=GateSettings(each=20))
    pictures = np.concatenate([films(20, 500, 45), made_up("shapes", 20, 45, seed=1)])
    expected = gate_score(gate, pictures)
    assert expected[20:].min() > np.median(expected[:20])
    model = gate_body(gate)
    assert model.ByteSize() < 80_000
    found = scored(model, pictures)
    assert found.dtype == np.float64
    assert found == pytest.approx(expected, rel=1e-4, abs=1e-4)
    assert scored(model, pictures[:1]) == pytest.approx(expected[:1], rel=1e-4, abs=1e-4)


# --------------------------------------------------------------------------------------------- on trial


def test_a_family_is_left_out_of_what_is_told_and_judged(sets):
    judged = {name: made_up(name, 40, 28, seed=77) for name in ("blank", "clouds", "smooth noise")}
    families = {"blank": ("blank",), "smooth": ("clouds", "smooth noise")}
    found = study_gate(
        sets[0],
        sets[1],
        {**judged, "films": sets[2]},
        seed=0,
        families=families,
        few={"blank": None},
        settings=GateSettings(each=8),
    )
    ways = {(one.way, one.kind): one for one in found}
    assert {kind for way, kind in ways if way == LEFT_OUT} == set(judged)
    assert {kind for way, kind in ways if way == "told of few"} == {"clouds", "smooth noise", "films"}
    assert all(one.share.low <= one.refused / one.of <= one.share.high for one in found)
    assert ways[AWARE, "films"].refused <= 0.08 * 150
    assert ways[AWARE, "blank"].refused >= 38
    difference = np.mean([(ways[LEFT_OUT, k].refused - ways[UNAWARE, k].refused) / 40 for k in judged])
    assert gain(found).value == pytest.approx(difference)


def test_a_record_of_half_the_films_refuses_its_share_of_the_others():
    scores = np.random.default_rng(0).normal(size=2000)
    shares = refused_by_record(scores, splits=40)
    assert shares.mean() == pytest.approx(0.02, abs=0.004)
    assert np.array_equal(shares, refused_by_record(scores, splits=40))
