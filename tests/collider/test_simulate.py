"""Runs of the generator: what comes out, the same for the same seed, whatever stops it in between."""

from __future__ import annotations

import dataclasses
import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from unseen.collider import kinematics as kin
from unseen.collider import store
from unseen.collider.detector import Detector
from unseen.collider.generator import Event, Generator
from unseen.collider.physics import Physics
from unseen.collider.processes import PROCESSES
from unseen.collider.selection import Selection
from unseen.collider.settings import Run, difference
from unseen.collider.simulate import simulate
from unseen.errors import ConfigError, DataError, MissingExtraError

for name in ("pythia8mc", "fastjet", "h5py"):
    pytest.importorskip(name)

ROOT = Path(__file__).resolve().parents[2]
SMALL = Selection("dijet", pt_min=100.0)
QCD = Run(Physics("qcd", extra=("PartonLevel:MPI = off",)), SMALL, chunk=8)
ZH = Run(Physics("zh"), chunk=10)


def same(a: Path, b: Path) -> bool:
    """Equal events, chunks, lists, images and manifests."""
    one, two = store.read(a), store.read(b)
    lists = {
        (group, name): (one.jagged[group].columns[name], two.jagged[group].columns[name])
        for group in one.jagged
        for name in one.jagged[group].columns
    }
    pairs = [(one.events[name], two.events[name]) for name in one.events]
    pairs += [(one.chunks[name], two.chunks[name]) for name in one.chunks]
    pairs += [(one.jagged[group].offsets, two.jagged[group].offsets) for group in one.jagged]
    pairs += list(lists.values())
    if one.images is not None:
        pairs.append((one.images, two.images))
    equal = all(np.array_equal(left, right) for left, right in pairs)
    return equal and store.read_manifest(a) == store.read_manifest(b)


@pytest.fixture(scope="module")
def qcd(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("qcd") / "qcd.h5"
    simulate(QCD, 20, out)
    return out


@pytest.fixture(scope="module")
def zh(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("zh") / "zh.h5"
    simulate(ZH, 25, out)
    return out


# -- what is in the file -----------------------------------------------------------------------------


def test_the_file_says_how_it_was_made_and_what_is_in_it(qcd):
    import h5py

    with h5py.File(qcd) as file:
        assert (file.attrs["origin"], file.attrs["table"]) == ("simulated by unseen", "events")
        assert {len(data) for data in file["events"].values()} == {20}
        assert file["events/j1_softdrop_mass"].attrs["unit"] == "GeV"
        assert file["events/j2_phi"].attrs["unit"] == "rad"
        assert file["events/j1_tau21"].attrs["unit"] == "1"
        assert file["particles"].attrs["kind"] == "jagged"
        assert file["particles/offsets"].shape == (21,)
        manifest = json.loads(file.attrs["manifest"])
    assert manifest["process"] == "qcd"
    assert manifest["accepted"] == manifest["events"] == 20 < manifest["tried"]
    assert manifest["cross_section_pb"] > manifest["accepted_cross_section_pb"] > 0
    assert "PartonLevel:MPI = off" in manifest["pythia_settings"]


def test_features_are_those_of_the_particles_in_the_file(qcd):
    found = store.read(qcd)
    lists = found.jagged["particles"]
    for row in range(5):
        rows = slice(lists.offsets[row], lists.offsets[row + 1])
        columns = {name: values[rows].astype(float) for name, values in lists.columns.items()}
        p4 = kin.from_pt_eta_phi_mass(*(columns[name] for name in ("pt", "eta", "phi", "mass")))
        inside = p4[columns["jet"] == 0]
        assert len(inside) == found.events["j1_n_constituents"][row]
        assert kin.invariant_mass(inside) == pytest.approx(found.events["j1_mass"][row], rel=1e-4)
        assert kin.pt(p4)[np.abs(columns["eta"]) < 2.5].sum() == pytest.approx(
            found.events["ht"][row], rel=1e-4
        )
        assert np.abs(columns["eta"]).max() < 5
        assert not {12, 14, 16} & set(np.abs(columns["pdg"]).astype(int))


def test_every_event_passes_the_selection(qcd):
    events = store.read(qcd).events
    for jet in ("j1", "j2"):
        assert events[f"{jet}_pt"].min() > 100
        assert np.abs(events[f"{jet}_eta"]).max() < 2.5
    assert np.all(events["j1_pt"] >= events["j2_pt"])
    assert all(np.isfinite(values).all() for values in events.values())


def test_a_higgs_boson_and_a_z_boson_have_their_masses(zh):
    events = store.read(zh).events
    assert events["h_mass"] == pytest.approx(125.0, abs=1.0)
    assert np.median(events["z_mass"]) == pytest.approx(91.2, abs=3.0)
    assert store.read_manifest(zh)["tried"] == 25


def test_every_process_starts_and_makes_events(tmp_path):
    """Two events each, without multiple interactions; the mass of the pair shows the resonance."""
    asked = {
        "top": Physics("top", pt_hat_min=300.0),
        "two": Physics("resonance", prongs=2, daughter_mass=200.0),
        "three": Physics("resonance", prongs=3),
        "four": Physics("resonance", prongs=4),
        "suep": Physics("suep", mass=1000.0),
        "svj": Physics("svj"),
    }
    for place, physics in asked.items():
        quick = dataclasses.replace(physics, extra=("PartonLevel:MPI = off",))
        selection = Selection(pt_min=100.0, ht_min=200.0)
        simulate(Run(quick, selection), 2, tmp_path / place)
        events = store.read(tmp_path / place).events
        assert all(np.isfinite(values).all() for values in events.values()), place
        if physics.process == "resonance":
            assert events["mjj"] == pytest.approx(3500, rel=0.35), place
    assert store.read(tmp_path / "suep").events["weight"].tolist() == [1.0, 1.0]
    assert set(PROCESSES) == {physics.process for physics in asked.values()} | {"qcd", "zh"}


def test_images_are_of_the_emulated_detector(tmp_path):
    run = Run(
        Physics("svj", extra=("PartonLevel:MPI = off",)),
        Selection(ht_min=300.0),
        Detector(pile_up=2.0, pool=5),
    )
    simulate(run, 3, tmp_path / "svj.h5")
    found = store.read(tmp_path / "svj.h5")
    assert found.images.shape == (3, 72, 58, 3)
    assert found.images.dtype == np.float32
    blocks = list(store.read_image_blocks(tmp_path / "svj.h5", rows=2))
    assert [len(images) for images, _ in blocks] == [2, 1]
    np.testing.assert_array_equal(np.concatenate([n for _, n in blocks]), found.events["n_tracks"])
    lit = (found.images[..., 0] > 0).sum(axis=(1, 2))
    assert np.all((lit > 5) & (lit <= found.events["n_tracks"]))


# -- the same events ---------------------------------------------------------------------------------


def test_same_seed_same_bytes_other_seed_other_events(qcd, tmp_path):
    simulate(QCD, 20, tmp_path / "again.h5")
    assert (tmp_path / "again.h5").read_bytes() == qcd.read_bytes()
    simulate(dataclasses.replace(QCD, seed=1), 8, tmp_path / "other.h5")
    shared = set(store.read(qcd).events["ht"]) & set(store.read(tmp_path / "other.h5").events["ht"])
    assert not shared


def test_no_event_is_made_twice(qcd):
    assert len(set(store.read(qcd).events["ht"])) == 20


def test_workers_change_nothing(zh, tmp_path):
    simulate(ZH, 25, tmp_path / "zh.h5", workers=2)
    assert same(zh, tmp_path / "zh.h5")


def test_a_fault_in_a_worker_is_told_in_one_line(tmp_path):
    run = dataclasses.replace(ZH, physics=Physics("zh", extra=("HiggsSM:ffbar2HZ = off",)))
    with pytest.raises(ConfigError, match="Pythia does not start"):
        simulate(run, 25, tmp_path / "zh.h5", workers=2)


def test_a_file_is_extended_or_left_alone(zh, tmp_path):
    out = tmp_path / "zh.h5"
    assert simulate(ZH, 14, out).made == 14
    before = store.read(out).events["z_pt"]
    outcome = simulate(ZH, 25, out)
    assert (outcome.made, outcome.kept) == (15, 10)  # the half chunk is made again, whole
    assert same(zh, out)
    np.testing.assert_array_equal(store.read(out).events["z_pt"][:14], before)
    assert simulate(ZH, 20, out).made == 0
    assert not out.with_name("zh.h5.parts").exists()


def test_stopped_after_a_part_it_goes_on(zh, tmp_path):
    def stop(accepted: int, wanted: int, tried: int) -> None:
        if accepted == 17:
            raise KeyboardInterrupt

    out = tmp_path / "zh.h5"
    with pytest.raises(KeyboardInterrupt):
        simulate(ZH, 25, out, tell=stop)
    assert sorted(path.name for path in out.with_name("zh.h5.parts").glob("*.h5")) == ["00000.h5"]
    assert simulate(ZH, 25, out).made == 15
    assert same(zh, out)


def test_killed_in_the_middle_it_goes_on_without_a_doubled_or_lost_event(tmp_path):
    words = [sys.executable, "-m", "unseen.cli", "collider", "simulate", "zh", "--events", "600", "--out"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "OMP_NUM_THREADS": "1"}
    killed = tmp_path / "killed.h5"
    run = subprocess.Popen([*words, str(killed)], env=environment, stderr=subprocess.DEVNULL)
    part = tmp_path / "killed.h5.parts" / "00000.h5"
    deadline = time.monotonic() + 120
    while not part.exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    os.kill(run.pid, signal.SIGKILL)
    assert run.wait() == -signal.SIGKILL
    assert part.exists()
    assert not killed.exists()
    for out in (killed, tmp_path / "whole.h5"):
        ran = subprocess.run(
            [*words, str(out), "--json"], env=environment, capture_output=True, text=True, check=True
        )
        kept = json.loads(ran.stdout)["kept"]
        assert kept >= 250 if out == killed else kept == 0
    assert same(killed, tmp_path / "whole.h5")
    assert len(set(store.read(killed).events["z_pt"])) == 600


def test_a_damaged_part_is_made_again(zh, tmp_path):
    out = tmp_path / "zh.h5"

    def stop(accepted: int, wanted: int, tried: int) -> None:
        if accepted == 21:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        simulate(ZH, 25, out, tell=stop)
    parts = out.with_name("zh.h5.parts")
    whole = (parts / "00000.h5").read_bytes()
    (parts / "00000.h5").write_bytes(whole[: len(whole) // 2])
    with pytest.warns(UserWarning, match=r"00000\.h5 is damaged .* this part is made again"):
        assert simulate(ZH, 25, out).made == 15
    assert same(zh, out)


def test_a_changed_bit_is_noticed(zh, tmp_path):
    data = bytearray(zh.read_bytes())
    value = store.read(zh).events["z_pt"][3].tobytes()
    data[data.index(value)] ^= 1
    (tmp_path / "bad.h5").write_bytes(data)
    with pytest.raises(DataError, match=r"bad\.h5 is damaged"):
        store.read(tmp_path / "bad.h5")


# -- what is refused ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("physics", "message"),
    [
        (Physics("qdc"), "process 'qdc' is not known.*Did you mean 'qcd'"),
        (Physics("qcd", mass=100.0), "mass does not matter to qcd"),
        (Physics("qcd", r_inv=0.3), "r-inv does not matter to qcd"),
        (Physics("resonance", mass=400.0, prongs=3), "mass must be above 3 times"),
        (Physics("resonance", mass=900.0, daughter_mass=400.0), "mass must be above 3 times"),
        (Physics("resonance", prongs=5), "prongs must be 2, 3 or 4"),
        (Physics("resonance", prongs=3, daughter_mass=60.0), "daughter-mass must be at least"),
        (Physics("resonance", mass=14000.0), "below the collision energy"),
        (Physics("suep", mass=20.0), "mass must be above 10 times"),
        (Physics("suep", meson_mass=1.0), "meson-mass must be above two dark photons"),
        (Physics("svj", mass=100.0), "mass must be above 10 times"),
        (Physics("svj", r_inv=1.5), "r-inv must be between 0 and 1"),
        (Physics("zh", mass=-5.0), "mass must be above 0"),
        (Physics("qcd", energy=float("nan")), "energy nan"),
        (Physics("qcd", energy=50.0), "energy 50"),
        (Physics("qcd", pt_hat_min=9000.0), "pt-hat-min 9000"),
        (Physics("qcd", extra=("HardQCD:al = on",)), r"'HardQCD:al = on' is not accepted by Pythia 8\.317"),
        (Physics("qcd", extra=("HardQCD:all = onn",)), "'HardQCD:all = onn' is not accepted"),
        (Physics("qcd", extra=("PhaseSpace:pTHatMin = -5",)), "pTHatMin = -5' is not accepted"),
        (Physics("qcd", extra=("24:m0 = heavy",)), "'24:m0 = heavy' is not accepted"),
        (Physics("qcd", extra=("99999:m0 = 3",)), "'99999:m0 = 3' is not accepted"),
        (Physics("qcd", extra=("HardQCD",)), "has another form"),
        (Physics("qcd", extra=("Random:seed = 3",)), "use --seed"),
        (Physics("qcd", extra=("Beams:eCM = 3",)), "use --energy"),
        (Physics("qcd", extra=("HardQCD:all = off",)), "Pythia does not start"),
    ],
)
def test_physics_that_makes_no_sense_is_refused_in_one_line_and_silence(physics, message, tmp_path, capfd):
    with pytest.raises(ConfigError, match=message) as caught:
        simulate(Run(physics), 2, tmp_path / "out.h5")
    assert "\n" not in str(caught.value)
    assert capfd.readouterr() == ("", "")
    assert not (tmp_path / "out.h5").exists()


@pytest.mark.parametrize(
    ("run", "events", "fault", "message"),
    [
        (ZH, 0, ConfigError, "0 events"),
        (ZH, -3, ConfigError, "-3 events"),
        (dataclasses.replace(ZH, seed=-1), 1, ConfigError, "seed -1"),
        (Run(Physics("zh"), detector=Detector()), 1, ConfigError, "zh ends with partons"),
        (Run(Physics("qcd"), Selection("jets")), 1, ConfigError, "selection 'jets' is not known"),
        (Run(Physics("qcd"), Selection(pt_min=-1)), 1, ConfigError, "pt-min -1"),
        (Run(Physics("qcd"), Selection(radius=0)), 1, ConfigError, "radius 0"),
    ],
)
def test_runs_that_make_no_sense_are_refused(run, events, fault, message, tmp_path):
    with pytest.raises(fault, match=message):
        simulate(run, events, tmp_path / "out.h5")


def test_a_selection_nothing_passes_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr("unseen.collider.chunk.HOPELESS", 5)
    run = Run(Physics("zh"), Selection("ht", ht_min=5000.0))
    with pytest.raises(ConfigError, match="none of 5 zh events in a row passed the selection ht"):
        simulate(run, 2, tmp_path / "out.h5")


def test_other_settings_never_mix_with_what_is_there(zh, tmp_path):
    run = dataclasses.replace(ZH, physics=Physics("zh", mass=130.0))
    with pytest.raises(ConfigError, match=r"other settings \(mass is 125.0 there and 130.0 here\)"):
        simulate(run, 30, zh)

    def stop(*_: int) -> None:
        raise KeyboardInterrupt

    out = tmp_path / "zh.h5"
    with pytest.raises(KeyboardInterrupt):
        simulate(ZH, 25, out, tell=stop)
    with pytest.raises(ConfigError, match=r"holds parts of other settings \(mass is 125.0 there"):
        simulate(run, 25, out)


def test_places_that_cannot_be_written_are_refused(tmp_path):
    with pytest.raises(DataError, match="create it first"):
        simulate(ZH, 1, tmp_path / "none" / "out.h5")
    with pytest.raises(DataError, match="it is a folder"):
        simulate(ZH, 1, tmp_path)
    (tmp_path / "text.h5").write_text("no events")
    with pytest.raises(DataError, match=r"text\.h5 is damaged or no HDF5 file"):
        simulate(ZH, 1, tmp_path / "text.h5")


def test_two_runs_never_work_at_one_place(tmp_path):
    parts = tmp_path / "zh.h5.parts"
    parts.mkdir()
    with (parts / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(DataError, match="another run is at work"):
            simulate(ZH, 1, tmp_path / "zh.h5")


@pytest.mark.parametrize(("module", "what"), [("pythia8mc", "Pythia 8, GPL"), ("h5py", "simulated events")])
def test_without_the_extra_its_name_is_told(module, what, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingExtraError, match=rf"{what}.*pip install 'unseen\[physics\]'"):
        simulate(ZH, 1, tmp_path / "out.h5")


def test_unseen_particles_are_left_out():
    pdg = np.array([11, 12, -14, 16, 22, 51, -53, 4900111, 211, 211])
    p4 = kin.from_pt_eta_phi_mass(np.ones(10), np.append(np.zeros(9), 5.5), 0.0)
    event = Event(p4, pdg, np.zeros(10), 1.0, 0.0, {})
    assert event.visible().pdg.tolist() == [11, 22, 211]


def test_a_refused_setting_leaves_nothing_in_the_way(tmp_path):
    wrong = Run(Physics("qcd", extra=("Nosuch:x = 1",)), SMALL, chunk=8)
    with pytest.raises(ConfigError, match="unknown name or value"):
        simulate(wrong, 2, tmp_path / "q.h5")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(ConfigError, match=r"q\.root cannot hold events; accepted: .*\.h5"):
        simulate(QCD, 2, tmp_path / "q.root")
    assert list(tmp_path.iterdir()) == []


def test_momentum_is_conserved_by_the_generator():
    generator = Generator(QCD.settled().lines(), 5)
    for _ in range(3):
        total = generator.draw().p4.sum(axis=0)
        np.testing.assert_allclose(total, [0, 0, 0, 13000], atol=0.05)


def test_records_differ_where_settings_do():
    one = QCD.settled().record()
    assert difference(one, QCD.settled().record()) == ""
    other = dataclasses.replace(QCD, detector=Detector(pile_up=3.0)).settled().record()
    more = dataclasses.replace(QCD, detector=Detector(pile_up=4.0)).settled().record()
    assert difference(other, more) == "pile-up is 3.0 there and 4.0 here"


@pytest.mark.slow
@pytest.mark.parametrize(
    "physics",
    [Physics(name) for name in ("qcd", "top", "zh", "suep", "svj")]
    + [Physics("resonance", prongs=prongs) for prongs in (2, 3, 4)],
    ids=lambda physics: f"{physics.process}{physics.prongs or ''}",
)
def test_a_thousand_events_of_each_process(physics, tmp_path):
    simulate(Run(physics), 1000, tmp_path / "out.h5", workers=2)
    events = store.read(tmp_path / "out.h5").events
    assert len(events["weight"]) == 1000
    assert all(np.isfinite(values).all() for values in events.values())
    assert len(set(events["ht"])) == 1000
