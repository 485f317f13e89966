"""Event images from lists of particles: every format, known answers, and files that are broken."""

from __future__ import annotations

import json
from pathlib import Path

import awkward as ak
import h5py
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import uproot
from typer.testing import CliRunner

from unseen.cli.app import app
from unseen.collider import store
from unseen.collider.event_images import EventImages, Imaging, charges
from unseen.collider.imaging import Geometry
from unseen.collider.particle_lists import Particles, read_particles, roles
from unseen.data import TableSource, open_source
from unseen.data.columns import image_column, image_values
from unseen.errors import ConfigError, DataError

COUNTS = np.array([4, 0, 7, 1, 30])


def lists(seed=0, counts=COUNTS):
    """Columns of particles, flat, and how many each event has."""
    random = np.random.default_rng(seed)
    n = int(counts.sum())
    return {
        "pt": random.exponential(20, n).astype("f4") + np.float32(0.6),
        "eta": random.normal(0, 1.5, n).astype("f4"),
        "phi": random.uniform(-np.pi, np.pi, n).astype("f4"),
        "mass": np.full(n, 0.1396, "f4"),
        "pdg": random.choice([211, -211, 22, 130, 11, 13], n).astype("i4"),
    }


def jagged(values, counts=COUNTS):
    return ak.unflatten(values, counts)


def write_root(path, columns, counts=COUNTS, tree="Events", names="P_{}"):
    with uproot.recreate(path) as file:
        file[tree] = {names.format(role): jagged(values, counts) for role, values in columns.items()}
    return path


def write_parquet(path, columns, counts=COUNTS):
    arrays = {
        f"P_{role}": ak.to_arrow(jagged(v, counts), extensionarray=False) for role, v in columns.items()
    }
    pq.write_table(pa.table(arrays), path)
    return path


def write_arrow(path, columns, counts=COUNTS):
    table = pa.table({f"P_{role}": jagged(v, counts).to_list() for role, v in columns.items()})
    with pa.ipc.new_file(path, table.schema) as writer:
        writer.write_table(table)
    return path


def write_simulated(path, columns, counts=COUNTS):
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    few = {role: columns[role][:5] for role in ("pt", "eta", "phi")}
    groups = {"particles": store.Jagged(columns, offsets), "jets": store.Jagged(few, np.arange(6))}
    record = store.Record({"ht": np.arange(5.0)}, {"tried": np.array([9])}, groups)
    store.write(path, [record], {}, {"settings": {}})
    return path


def write_padded(path, columns, counts=COUNTS):
    with h5py.File(path, "w") as file:
        for role, values in columns.items():
            file[role] = ak.to_numpy(ak.fill_none(ak.pad_none(jagged(values, counts), 40), 0))
    return path


WRITERS = {
    "e.root": write_root,
    "e.parquet": write_parquet,
    "e.feather": write_arrow,
    "sim.h5": write_simulated,
    "padded.h5": write_padded,
}


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize("rows", [2, 1024])
def test_every_format_gives_the_same_particles(tmp_path, name, rows):
    columns = lists()
    parts = list(read_particles(WRITERS[name](tmp_path / name, columns), rows=rows))
    assert sum(len(part) for part in parts) == 5
    assert np.array_equal(np.concatenate([np.diff(part.offsets) for part in parts]), COUNTS)
    for role, values in columns.items():
        found = np.concatenate([part.columns[role] for part in parts])
        np.testing.assert_array_equal(found, values.astype(np.float64))


def test_names_are_read_as_usual_programs_write_them():
    for names in (["pt", "eta", "phi"], ["Particle.PT", "Particle.Eta", "Particle.Phi", "Particle.PID"]):
        assert list(roles(names, "f").values()) == names
    several = ["J_pt", "J_eta", "J_phi", "Particles_pt", "Particles_eta", "Particles_phi", "x"]
    assert roles(several, "f")["pt"] == "Particles_pt"
    assert roles(several, "f", "J_")["pt"] == "J_pt"


def image(columns, place=0, **geometry):
    parts = [
        Particles({k: np.asarray(v, float) for k, v in columns.items()}, np.array([0, len(columns["pt"])]))
    ]
    (table,) = Imaging(geometry=Geometry(**geometry)).tables(parts, "f")
    return image_values(table["image"])[place]


def test_momenta_land_where_they_point_and_add_up():
    got = image({"pt": [5.0, 1.0, 2.0], "eta": [0.0, 0.0, 2.4], "phi": [0.1, 2 * np.pi + 0.1, -3.1]})
    assert got.shape == (1, 72, 58)
    assert got.dtype == np.float32
    assert sorted(got[got > 0].tolist()) == [2.0, 6.0]
    coarse = image({"pt": [3.0], "eta": [0.6], "phi": [-np.pi]}, eta_max=1, eta_cells=4, phi_cells=6, block=1)
    assert np.argwhere(coarse[0]).tolist() == [[0, 3]]


def test_phi_goes_round_and_eta_ends():
    turned = [
        image({"pt": [4.0], "eta": [0.3], "phi": [phi]}) for phi in (3.0, 3.0 + 2 * np.pi, 3.0 - 6 * np.pi)
    ]
    assert all(np.array_equal(turned[0], other) for other in turned)
    assert not image({"pt": [4.0], "eta": [2.6], "phi": [0.0]}).any()


def test_a_turn_of_the_event_rolls_the_image():
    columns = lists(3, np.array([50]))
    whole = image(columns)
    step = 2 * np.pi / 72
    columns["phi"] = columns["phi"].astype(float) + 5 * step
    np.testing.assert_allclose(np.roll(whole, 5, axis=1).sum(), image(columns).sum(), rtol=1e-6)
    same = np.isclose(np.roll(whole, 5, axis=1), image(columns), rtol=1e-5)
    assert same.mean() > 0.999  # a particle on an edge may round to the next pixel


def test_the_emulated_detector_sees_each_particle_where_it_belongs():
    pdg = {211: (1, 1, 1), 22: (0, 1, 0), 12: (0, 0, 0), 13: (1, 0, 0)}
    for number, wanted in pdg.items():
        parts = [Particles({"pt": np.full(40, 50.0), "eta": np.linspace(-2, 2, 40),
                            "phi": np.linspace(-3, 3, 40), "pdg": np.full(40, float(number))},
                           np.array([0, 40]))]  # fmt: skip
        (table,) = Imaging("detector").tables(parts, "f")
        lit = image_values(table["image"])[0].any(axis=(1, 2))
        assert (lit.tolist(), number) == ([bool(one) for one in wanted], number)
        assert table["n_particles"].to_pylist() == [40]
        assert (table["n_tracks"].to_pylist()[0] > 25) == bool(wanted[0])


def test_the_emulation_follows_seed_and_event_not_the_batch(tmp_path):
    path = write_root(tmp_path / "e.root", lists())
    made = {
        (rows, seed): np.concatenate([
            image_values(table["image"])
            for table in Imaging("detector", seed=seed).tables(read_particles(path, rows=rows), "f")
        ])
        for rows, seed in ((2, 0), (5, 0), (5, 1))
    }  # fmt: skip
    assert np.array_equal(made[2, 0], made[5, 0])
    assert not np.array_equal(made[5, 0], made[5, 1])


def test_charges_follow_from_the_quarks():
    known = {211: 1, 321: 1, 411: 1, 421: 0, 431: 1, 511: 0, 521: 1, 531: 0, 541: 1, 310: 0, 2212: 1, 2112: 0,
             3122: 0, 3222: 1, 3112: -1, 3312: -1, 3334: -1, 2224: 2, 4122: 1, 11: -1, 15: -1, 12: 0, 22: 0,
             24: 1, 23: 0, 1000010020: 0}  # fmt: skip
    numbers = np.array(list(known))
    assert charges(numbers).tolist() == list(known.values())
    assert charges(-numbers).tolist() == [-charge if charge else 0 for charge in known.values()]


# -- what is wrong with files ------------------------------------------------------------------------


def without(role):
    return {name: values for name, values in lists().items() if name != role}


def with_value(role, value):
    columns = lists()
    columns[role] = columns[role].astype("f4")
    columns[role][6] = value  # event 2, since event 1 is empty
    return columns


def broken(folder: Path) -> dict[str, Path]:
    columns = lists()
    whole = write_root(folder / "whole.root", columns)
    (folder / "cut.root").write_bytes(whole.read_bytes()[:-600])
    sim = write_simulated(folder / "sim.h5", columns)
    (folder / "cut.h5").write_bytes(sim.read_bytes()[:5000])
    with uproot.recreate(folder / "uneven.root") as file:
        file["Events"] = {
            "P_pt": jagged(columns["pt"]),
            "P_eta": jagged(columns["eta"][:-1], [4, 0, 7, 1, 29]),
            "P_phi": jagged(columns["phi"]),
        }
    with h5py.File(folder / "lies.h5", "w") as file:
        for role in ("pt", "eta", "phi"):
            file[f"particles/{role}"] = columns[role]
        file["particles/offsets"] = np.array([0, 9, 4, 900])
    write_root(folder / "two.root", {"pt": columns["pt"], "eta": columns["eta"], "phi": columns["phi"]})
    with uproot.recreate(folder / "lists.root") as file:
        file["Events"] = {
            f"{a}_{r}": jagged(columns[r]) for a in ("Jet", "Muon") for r in ("pt", "eta", "phi")
        }
    np.savez(folder / "table.npz", X=np.ones((4, 2)))
    np.savez(folder / "sum.npz", images=np.full((2, 9, 8, 1), 2.5))
    np.savez(folder / "minus.npz", images=np.full((2, 9, 8, 3), -2.5))
    np.savez(folder / "small.npz", images=np.full((2, 6, 5, 3), 2.5))
    np.savez(folder / "large.npz", images=np.full((2, 9, 8, 3), 2.5))
    for name, bad in {
        "noeta.root": without("eta"),
        "nan.root": with_value("pt", np.nan),
        "minus.root": with_value("pt", -3),
        "far.root": with_value("eta", np.inf),
        "nopdg.root": without("pdg"),
    }.items():
        write_root(folder / name, bad)
    return {path.name: path for path in folder.iterdir()}


FAULTS = {
    "gone.root": "gone.root does not exist",
    "cut.root": "cut.root is not a ROOT file, or is truncated or damaged",
    "cut.h5": "cut.h5 is not an HDF5 file, or is truncated or damaged",
    "whole.root:Evts": "tree 'Evts' is not known; accepted: Events. Did you mean 'Events'?",
    "whole.root --prefix Q": "list of particles 'Q' is not known; accepted: p",
    "noeta.root": "the list of particles 'p' has no eta; pt, eta and phi are needed",
    "noeta.root --prefix P": "list of particles 'P' is not known; accepted: none. (it lacks eta)",
    "nan.root": "nan.root: event 2 has a particle with pt nan; accepted: 0 GeV or more",
    "minus.root": "event 2 has a particle with pt -3; accepted: 0 GeV or more",
    "far.root": "event 2 has a particle with eta inf; accepted: finite numbers",
    "uneven.root": "an event has 30 particles with pt and 29 with eta; lists of one event are equally long",
    "lies.h5": "the offsets of 'particles' do not rise from 0 to its 42 particles",
    "lists.root": "holds 2 lists of particles: 'jet', 'muon'; name one with --prefix",
    "nopdg.root --channels detector": "the emulated detector needs; sum their pt instead: --channels pt",
    "whole.root --channels ecal": "channels 'ecal' is not known; accepted: pt, detector",
    "whole.root --mask": "a mask of summed pt tells tracks from nothing; make it with --channels detector",
    "whole.root --block 7": "360 cells in phi are not whole blocks of 7",
    "whole.root --eta-max -1": "accepted are positive numbers",
    "table.npz": "table.npz holds no list of particles; accepted: lists of pt, eta and phi",
    "sum.npz --mask": "sum.npz holds one channel of energies (first: row 0, 2.5), a sum in which tracks",
    "minus.npz": "minus.npz: the image of row 0 has the value -2.5 at channel 0, row 0, column 0; accepted",
    "large.npz small.npz": "small.npz does not fit",
    "a=large.npz small.npz": "some files came with a kind and some without; accepted: all as KIND=PATH",
    "large.npz --layout last": "layout 'last' is not known; accepted: channels-first, channels-last",
}


def unseen(*words: object) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, [str(word) for word in words], prog_name="unseen")
    return done.exit_code, done.stdout, done.stderr


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("broken")
    broken(folder)
    return folder


@pytest.mark.parametrize("words", FAULTS)
def test_faults_are_one_line_and_leave_nothing(folder, tmp_path, monkeypatch, words):
    monkeypatch.chdir(folder)
    code, out, err = unseen("collider", "images", *words.split(), "--out", tmp_path / "out.feather")
    assert (code, out) == (1, "")
    assert FAULTS[words] in err
    assert err.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_cells_that_are_none_are_a_wrong_use(folder, tmp_path):
    code, _, err = unseen(
        "collider", "images", folder / "whole.root", "--cells", "5by5", "-o", tmp_path / "a.feather"
    )
    assert code == 2
    assert "accepted: ETAxPHI, such as 286x360" in err


# -- the command -------------------------------------------------------------------------------------


def test_particles_become_packed_images_that_every_command_reads(folder, tmp_path):
    out = tmp_path / "e.feather"
    code, said, err = unseen("collider", "images", folder / "whole.root", "--out", out)
    assert code == 0
    assert said.startswith(f"5 images of 1 x 72 x 58 (channels, phi, eta) written to {out}: ")
    assert err == "note: 1 of 5 images have no lit pixel; drop such events, or expect them to be strange\n"
    table = open_source(out).read()
    assert table["n_particles"].to_pylist() == COUNTS.tolist()
    columns = lists()
    inside = np.abs(columns["eta"]) < 2.5
    wanted = [columns["pt"][s][inside[s]].sum() for s in np.split(np.arange(42), np.cumsum(COUNTS)[:-1])]
    np.testing.assert_allclose(image_values(table["image"]).sum(axis=(1, 2, 3)), wanted, rtol=1e-5)


def test_kinds_and_json(folder, tmp_path):
    words = [f"qcd={folder / 'whole.root'}", f"new={folder / 'sim.h5'}", "--channels", "detector"]
    code, said, _ = unseen("collider", "images", *words, "--json", "--out", tmp_path / "e.parquet")
    assert code == 0
    record = json.loads(said)
    assert (record["rows"], record["shape"], record["empty"]) == (10, [3, 72, 58], 2)
    table = open_source(tmp_path / "e.parquet").read()
    assert table["kind"].to_pylist() == ["qcd"] * 5 + ["new"] * 5
    assert np.array_equal(*np.split(image_values(table["image"]), 2))  # the same events, the same seed


def test_dense_images_are_packed_with_what_stands_beside(tmp_path):
    values = np.random.default_rng(0).exponential(1, (6, 12, 10, 3)).astype("f4")
    values[values < 2] = 0
    np.savez(tmp_path / "a.npz", images=values, n_tracks=np.arange(6)[:, None])
    assert unseen("collider", "images", tmp_path / "a.npz", "--out", tmp_path / "a.feather")[0] == 0
    table = open_source(tmp_path / "a.feather").read()
    assert np.array_equal(image_values(table["image"]), values.transpose(0, 3, 1, 2))
    assert table["n_tracks"].to_pylist() == list(range(6))
    assert (
        unseen("collider", "images", tmp_path / "a.feather", "--mask", "--out", tmp_path / "m.arrow")[0] == 0
    )
    mask = image_values(open_source(tmp_path / "m.arrow").read()["image"])
    assert np.array_equal(mask[:, 0], values[..., 0] > 0)
    again = unseen("collider", "images", tmp_path / "m.arrow", "--mask", "--out", tmp_path / "n.arrow")
    assert again[0] == 0  # a mask of one channel is a mask already


# -- images that are checked -------------------------------------------------------------------------


def source(images):
    return TableSource(
        pa.table({"pictures": image_column(images), "n": np.arange(len(images))}), "events.npz"
    )


def test_checked_images_are_called_image():
    images = np.ones((3, 3, 4, 5), np.float32)
    found = EventImages(source(images), shape=(3, 4, 5))
    assert found.columns == ("image", "n")
    assert np.array_equal(image_values(found.read()["image"]), images)
    assert found.select(["n"]).read().column_names == ["n"]


def test_images_of_another_shape_or_value_are_refused():
    with pytest.raises(
        DataError, match=r"events\.npz holds images of shape \(3, 4, 5\); accepted: \(3, 72, 58\)"
    ):
        EventImages(source(np.ones((3, 3, 4, 5), np.float32)), shape=(3, 72, 58))
    bad = np.ones((700, 3, 4, 5), np.float32)
    bad[650, 1, 2, 3] = np.nan
    with pytest.raises(
        DataError, match=r"the image of row 650 has the value nan at channel 1, row 2, column 3"
    ):
        pa.concat_tables(EventImages(source(bad)).batches(100))
    with pytest.raises(DataError, match=r"has 0 columns of images; accepted: one\. There are: x"):
        EventImages(TableSource(pa.table({"x": [1.0]})))


def test_channels_and_grid_are_checked_before_any_event():
    with pytest.raises(ConfigError, match="accepted are positive numbers"):
        list(Imaging(geometry=Geometry(eta_max=0)).tables([], "f"))
