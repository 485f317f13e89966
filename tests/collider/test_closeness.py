"""Simulated images beside published ones, and both commands from the outside."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from unseen.cli.app import app
from unseen.collider import store
from unseen.collider.closeness import TOTALS, compare, judged, published_name, totals
from unseen.errors import DataError

for name in ("pythia8mc", "fastjet", "h5py"):
    pytest.importorskip(name)


def images(count: int, seed: int, lit: float = 0.02) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    values = rng.exponential(3, (count, 72, 58, 3)) * (rng.random((count, 72, 58, 3)) < lit)
    return values.astype(np.float32), (values[..., 0] > 0).sum(axis=(1, 2)) + rng.integers(0, 9, count)


def simulated(path: Path, count: int = 60, seed: int = 0, lit: float = 0.02, **settings: object) -> Path:
    pictures, tracks = images(count, seed, lit)
    record = store.Record({"n_tracks": tracks}, {"tried": np.array([count])}, {}, pictures)
    store.write(path, [record], {}, {"settings": {"process": "qcd", **settings}})
    return path


def published(folder: Path, name: str = "qcd_gensim_1_2.npz", count: int = 60, seed: int = 1) -> Path:
    folder.mkdir(exist_ok=True)
    pictures, tracks = images(count, seed)
    np.savez(folder / name, images=pictures, n_tracks=tracks[:, None])
    return folder


def unseen(*words: object) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, [str(word) for word in words], prog_name="unseen")
    return done.exit_code, done.stdout, done.stderr


def test_equal_samples_are_close_and_unequal_ones_are_not(tmp_path):
    folder = published(tmp_path / "theirs", count=200)
    like = simulated(tmp_path / "like.h5", count=200)
    unlike = simulated(tmp_path / "unlike.h5", count=200, lit=0.03)
    close, far = compare([like, unlike], folder)
    assert abs(close.judge - 0.5) < 0.1
    assert far.judge > 0.95
    assert [one.total for one in close.totals] == list(TOTALS)
    for one, other in zip(close.totals, far.totals, strict=True):
        assert abs(one.auc - 0.5) < 0.12
        assert one.ks < 0.2
        assert other.auc > 0.9
        assert other.simulated > 1.2 * other.published


def test_totals_by_hand():
    image = np.zeros((2, 72, 58, 3), np.float32)
    image[0, 0, 0] = [1, 2, 0]
    image[0, 71, 57] = [4, 0, 0]
    assert totals(image, np.array([[5], [0]])).tolist() == [[2, 1, 0, 5, 2, 0, 5], [0] * 7]


def test_only_the_same_mass_is_compared(tmp_path):
    folder = published(tmp_path / "theirs", "suep_gensim_h300_phi2_dp0p7_dt2_1_2.npz")
    sample = simulated(tmp_path / "a.h5", process="suep", mass=300.0)
    assert compare([sample], folder)[0].process == "suep 300"
    other = simulated(tmp_path / "b.h5", process="suep", mass=200.0)
    with pytest.raises(DataError, match="no published events of suep 200; there are: suep 300"):
        compare([other], folder)
    assert published_name("readme.npz") is None


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (lambda path: path.write_bytes(b"PK"), "is damaged or no NPZ file"),
        (lambda path: np.savez(path, images=np.zeros((3, 72, 58, 3))), "has no array n_tracks"),
        (
            lambda path: np.savez(path, images=np.zeros((3, 72, 58, 1)), n_tracks=np.ones(3)),
            "images of shape",
        ),
        (lambda path: np.savez(path, images=-np.ones((3, 72, 58, 3)), n_tracks=np.ones(3)), "negative value"),
    ],
)
def test_published_files_that_are_broken_are_refused(broken, message, tmp_path):
    broken(published(tmp_path / "theirs") / "qcd_gensim_1_2.npz")
    with pytest.raises(DataError, match=message):
        compare([simulated(tmp_path / "a.h5")], tmp_path / "theirs")


def test_simulated_files_that_are_broken_are_refused(tmp_path):
    folder = published(tmp_path / "theirs")
    plain = tmp_path / "plain.h5"
    record = store.Record({"ht": np.ones(3)}, {"tried": np.array([3])})
    store.write(plain, [record], {}, {"settings": {"process": "qcd"}})
    with pytest.raises(DataError, match=r"plain\.h5 has no images; simulate it with --images"):
        compare([plain], folder)
    with pytest.raises(DataError, match=r"none\.h5 does not exist"):
        compare([tmp_path / "none.h5"], folder)
    with pytest.raises(DataError, match="is no folder"):
        compare([plain], tmp_path / "nowhere")
    with pytest.raises(DataError, match="5 simulated and 60 published events"):
        judged(np.zeros((5, 7)), np.zeros((60, 7)))


def test_the_commands_from_the_outside(tmp_path):
    out = tmp_path / "qcd.h5"
    quick = ("--pt-hat-min", 400, "--pile-up", 0, "--set", "PartonLevel:MPI = off")
    asked = ("collider", "simulate", "qcd", "--images", "--no-particles", "-n", 12, "--out", out, *quick)
    code, text, err = unseen(*asked)
    assert (code, err) == (0, "")
    assert text.startswith("12 events of qcd: jets of quarks and gluons; simulated by unseen\n")
    code, text, err = unseen(*asked, "--json")
    told = json.loads(text)
    assert (code, told["made"], told["kept"], told["process"]) == (0, 0, 12, "qcd")
    folder = published(tmp_path / "theirs")
    code, text, err = unseen("collider", "closeness", out, "--published", folder)
    assert (code, err) == (0, "")
    assert text.count("simulated ") >= 7
    assert text.count("published ") >= 7
    code, text, _ = unseen("collider", "closeness", out, "--published", folder, "--json")
    (found,) = json.loads(text)["closeness"]
    assert [one["sample"] for one in found["totals"][0]["mean"]] == ["simulated", "published"]


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("simulate", "qdc", "-n", 3), 1, "process 'qdc' is not known"),
        (("simulate", "qcd", "-n", 0), 1, "0 events"),
        (("simulate", "qcd", "-n", "x"), 2, "Input should be a valid integer"),
        (("simulate", "resonance", "-n", 3, "--prongs", 7), 1, "prongs must be 2, 3 or 4"),
        (("simulate", "qcd", "-n", 3, "--set", "Foo:bar = 1"), 1, "'Foo:bar = 1' is not accepted"),
    ],
)
def test_faults_are_one_line(words, code, message, tmp_path):
    got, out, err = unseen("collider", *words, "--out", tmp_path / "out.h5")
    assert (got, out) == (code, "")
    assert err.count("\n") == 1
    assert message in err


def test_an_interrupt_says_how_to_go_on(tmp_path, monkeypatch):
    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("unseen.collider.simulate.make_chunk", stop)
    code, _, err = unseen("collider", "simulate", "zh", "-n", 3, "--out", tmp_path / "zh.h5")
    assert code == 130
    assert "0 parts are kept in" in err
    assert "the same command goes on" in err


def test_published_totals_are_read_as_they_are():
    base = Path(os.environ.get("UNSEEN_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))
    file = base / "collider" / "dark_showers" / "n_tracks" / "train" / "qcd_gensim_101_2.npz"
    if not file.exists():
        pytest.skip(f"{file.name} is absent")
    with np.load(file) as arrays:
        found = totals(arrays["images"], arrays["n_tracks"])
    assert found[:, 0].mean() == pytest.approx(81, abs=3)
    assert found[:, 1].mean() == pytest.approx(184, abs=6)
    assert found[:, 2].mean() == pytest.approx(57, abs=3)
