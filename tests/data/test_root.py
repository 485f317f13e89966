"""ROOT files: which tree, which columns, which error."""

import importlib
import io

import awkward as ak
import numpy as np
import pyarrow as pa
import pytest
import uproot

from unseen.data import RootSource, Schema, open_source
from unseen.data.files import DiskFile
from unseen.errors import DataError, MissingExtraError
from unseen.seeds import generator

JETS = [[50.0, 30.0], [], [20.0], [90.0, 80.0, 70.0, 60.0, 55.0, 51.0], [25.0]]


@pytest.fixture
def events(tmp_path):
    """A tree of every kind of branch, and a later cycle of it."""
    path = tmp_path / "events.root"
    kinds = {
        "x": "f8",
        "count": "i4",
        "flag": "bool",
        "fixed": np.dtype(("f4", (3,))),
        "matrix": np.dtype(("i4", (2, 2))),
        "jet": "var * {pt: float64, tag: bool}",
        "track": "var * float32",
    }
    values = {
        "x": np.array([0.5, np.nan, np.inf, -1.0, 2.0]),
        "count": np.arange(5),
        "flag": np.array([True, False, True, True, False]),
        "fixed": np.arange(15).reshape(5, 3),
        "matrix": np.arange(20).reshape(5, 2, 2),
        "jet": ak.zip({"pt": ak.Array(JETS), "tag": ak.Array(JETS) > 40}),
        "track": ak.Array([[1.0], [2.0], [], [], [3.0]]),
    }
    with uproot.recreate(path) as file:
        for rows in (2, 5):
            file.mktree("events", kinds)
            file["events"].extend({name: value[:rows] for name, value in values.items()})
    return path


def test_every_kind_of_branch(events):
    source = open_source(events)
    assert source.content == "tree events: 5 entries, 10 branches"
    table = source.read().to_pydict()
    assert all(np.asarray(values).dtype == float for values in table.values())
    assert np.array_equal(table["x"], [0.5, np.nan, np.inf, -1.0, 2.0], equal_nan=True)
    assert table["flag"] == [1, 0, 1, 1, 0]
    assert [table[f"fixed[{i}]"] for i in range(3)] == [[i, i + 3, i + 6, i + 9, i + 12] for i in range(3)]
    assert [table[f"matrix[{i}][{j}]"][1] for i in (0, 1) for j in (0, 1)] == [4, 5, 6, 7]
    assert table["njet"] == [2, 0, 1, 6, 1]
    assert [table[f"jet_pt[{i}]"] for i in range(4)] == [
        [50, 0, 20, 90, 25],
        [30, 0, 0, 80, 0],
        [0, 0, 0, 70, 0],
        [0, 0, 0, 60, 0],
    ]
    assert table["jet_tag[0]"] == [1, 0, 0, 1, 0]
    assert table["ntrack"] == [1, 1, 0, 0, 1]
    assert "n(jet_pt)" not in table
    assert "jet_pt[4]" not in table


def test_number_of_objects_is_chosen(events):
    source = RootSource(DiskFile(events), objects=2)
    assert [name for name in source.columns if name.startswith("jet_pt")] == ["jet_pt[0]", "jet_pt[1]"]


def test_a_new_style_tuple_is_read_like_a_tree(tmp_path):
    path = tmp_path / "tuple.root"
    jets = ak.zip({"pt": ak.Array(JETS), "eta": ak.Array(JETS) / 100})
    with uproot.recreate(path) as file:
        file.mkrntuple("Events", {"met": np.arange(5.0), "jet": jets, "hits": ak.Array(JETS)})
    table = open_source(path).read().to_pydict()
    assert table["met"] == [0, 1, 2, 3, 4]
    assert table["n(jet)"] == table["n(hits)"] == [2, 0, 1, 6, 1]
    assert table["jet.pt[1]"] == [30, 0, 0, 80, 0]
    assert table["jet.eta[0]"] == [0.5, 0, 0.2, 0.9, 0.25]
    assert open_source(path).select(["jet.eta[0]"]).read().num_columns == 1


def test_text_is_left_out_and_named(tmp_path):
    path = tmp_path / "text.root"
    with uproot.recreate(path) as file:
        file.mkrntuple(
            "t", {"x": np.arange(3.0), "word": ak.Array(["a", "b", "c"]), "deep": ak.Array([[[1]]] * 3)}
        )
    source = open_source(path)
    assert source.columns == ("x",)
    assert source.left_out["word"] == "text"
    assert "is not read" in source.left_out["deep"]
    assert "2 left out" in source.content


@pytest.fixture
def wide(tmp_path):
    """20,000 rows of 8 branches in baskets of 3,000, and the table they are."""
    table = {f"b{i}": column for i, column in enumerate(generator(3).normal(size=(8, 20_000)))}
    path = tmp_path / "wide.root"
    with uproot.recreate(path) as file:
        file.mktree("t", dict.fromkeys(table, "f8"))
        for start in range(0, 20_000, 3000):
            file["t"].extend({name: column[start : start + 3000] for name, column in table.items()})
    return path, pa.table(table)


@pytest.mark.parametrize("rows", [1000, 2999, 50_000])
def test_batches(wide, rows):
    path, table = wide
    batches = list(open_source(path).batches(rows))
    assert [len(batch) for batch in batches[:-1]] == [rows] * (len(batches) - 1)
    assert pa.concat_tables(batches).equals(table)


def test_only_branches_asked_for_are_read(wide, monkeypatch):
    path, table = wide
    source = open_source(path)
    read = 0
    original = uproot.source.object.ObjectResource.get

    def counted(self, start, stop):
        nonlocal read
        read += stop - start
        return original(self, start, stop)

    monkeypatch.setattr(uproot.source.object.ObjectResource, "get", counted)
    assert source.select(["b5", "b2"]).read().equals(table.select(["b5", "b2"]))
    assert read < path.stat().st_size / 2


def test_a_stream_is_read_more_than_once(events):
    source = open_source(io.BytesIO(events.read_bytes()))
    assert source.read().num_rows == source.read().num_rows == 5


TITLES = {
    "pt [GeV]": "GeV",
    "width [cm]": "cm",
    "angle (rad)": "rad",
    "Jet_Px[NJet]/F": None,
    "mass in GeV": None,
}


@pytest.mark.parametrize("title", TITLES)
def test_units_stand_in_brackets(title):
    from unseen.data.root import UNIT

    found = UNIT.search(title)
    assert (found and found[1]) == TITLES[title]


def several(path):
    with uproot.recreate(path) as file:
        for name in ("Runs", "Event", "calib/Runs"):
            file.mktree(name, {"x": "f8"})
            file[name].extend({"x": np.arange(3.0)})
    return path


def test_of_several_trees_one_is_named(tmp_path):
    path = several(tmp_path / "several.root")
    assert open_source(f"{path}:calib/Runs").name == f"{path}:calib/Runs"
    assert open_source(f"{path}:Event").columns == ("x",)


def test_event_data_go_without_a_name(tmp_path):
    with uproot.recreate(tmp_path / "nano.root") as file:
        for name in ("Runs", "Events"):
            file.mktree(name, {name: "f8"})
            file[name].extend({name: np.arange(3.0)})
    assert open_source(tmp_path / "nano.root").columns == ("Events",)


def test_a_path_that_exists_wins_over_a_tree(events):
    odd = events.with_name("events.root:other")
    odd.write_text("a,b\n1,2\n")
    assert open_source(odd).columns == ("a", "b")


def empty(path):
    with uproot.recreate(path) as file:
        file.mktree("t", {"x": "f8"})


def histogram(path):
    with uproot.recreate(path) as file:
        file["counts"] = np.histogram(np.arange(5.0))


def only_text(path):
    with uproot.recreate(path) as file:
        file.mkrntuple("t", {"word": ak.Array(["a", "b"])})


FAULTS = {
    "no number": (only_text, "", "holds no branch of numbers"),
    "not ROOT": (lambda path: path.write_text("a,b\n1,2\n"), "", "is not a ROOT file"),
    "no rows": (empty, "", "tree 't' holds no rows"),
    "no tree": (histogram, "", "holds no tree; there is: counts (TH1D)"),
    "several trees": (several, "", "holds 3 trees: Runs, Event, calib/Runs; name one, e.g. "),
    "wrong tree": (
        several,
        ":Evnt",
        "tree 'Evnt' is not known; accepted: Runs, Event, calib/Runs. Did you mean 'Event'?",
    ),
    "file before the colon is not there": (lambda path: None, ":t", "does not exist"),
}


@pytest.mark.parametrize("case", FAULTS)
def test_faults(tmp_path, case):
    make, tree, message = FAULTS[case]
    make(tmp_path / "f.root")
    with pytest.raises(DataError) as caught:
        open_source(f"{tmp_path / 'f.root'}{tree}").read()
    assert message in str(caught.value)
    assert str(tmp_path / "f.root") in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_cut_anywhere_is_an_error(wide, tmp_path):
    data = wide[0].read_bytes()
    path = tmp_path / "cut.root"
    for end in [*range(5, 600, 40), *range(600, len(data), len(data) // 25), len(data) - 1]:
        path.write_bytes(data[:end])
        with pytest.raises(
            DataError, match=r"cut\.root is not a ROOT file, or is truncated or damaged: [^<>]+$"
        ):
            open_source(path).read()


def test_a_damaged_file_is_one_line_or_numbers(wide, tmp_path):
    """Whatever byte is turned: rows, or one DataError; never another exception."""
    data = bytearray(wide[0].read_bytes())
    path = tmp_path / "damaged.root"
    told: list[str] = []
    for place in generator(1).integers(5, len(data), 60):
        broken = data.copy()
        broken[place : place + 8] = bytes(255 - byte for byte in broken[place : place + 8])
        path.write_bytes(broken)
        try:
            open_source(path).read()
        except DataError as error:
            told.append(str(error))
    assert told
    assert not [line for line in told if "\n" in line]


def test_a_model_misses_its_branch(events):
    schema = Schema.fit(pa.table({"count": [1.0, 2.0], "jet_phi[0]": [1.0, 2.0]}))
    with pytest.raises(DataError, match=r"column 'jet_phi\[0\]' is missing.*Did you mean 'jet_pt\[0\]'"):
        schema.encode(open_source(events).read())


def test_names_and_parts_where_they_do_not_belong(events, tmp_path):
    with pytest.raises(DataError, match="names its own columns"):
        open_source(events, names=["a"])
    (tmp_path / "f.csv").write_text("a\n1\n")
    with pytest.raises(DataError, match=r"f\.csv holds one table, so 'tree' after the colon names nothing"):
        open_source(f"{tmp_path / 'f.csv'}:tree")


@pytest.mark.parametrize("module", ["uproot", "awkward"])
def test_without_the_extra(events, monkeypatch, module):
    original = importlib.import_module

    def absent(name, *rest):
        if name == module:
            raise ModuleNotFoundError(name)
        return original(name, *rest)

    monkeypatch.setattr(importlib, "import_module", absent)
    with pytest.raises(MissingExtraError, match=rf"needs {module}: pip install 'unseen\[root\]'"):
        open_source(events)


def test_opal(real):
    source = open_source(real("collider/opal/mc/qq.root"))
    table = source.select(["Ncharged", "E_ecal"]).read()
    assert source.entries == table.num_rows == 98_563
    assert source.columns[:3] == ("run", "event", "Ncharged")
    assert 15 < np.mean(table["Ncharged"].to_numpy()) < 25


def test_jagged_and_nanoaod(real):
    table = open_source(real("collider/formats/uproot-HZZ.root")).read()
    counts, pt = table["NMuon"].to_numpy(), table["Muon_Px[1]"].to_numpy()
    assert table.num_rows == 2421
    assert np.array_equal(counts >= 2, pt != 0)
    nano = open_source(real("collider/formats/nanoAOD_2015_CMS_Open_Data_ttbar.root"))
    chosen = nano.select(["nMuon", "Muon_pt[0]", "Muon_pt[1]", "HLT_IsoMu20"]).read()
    lead, next_, count = (chosen[name].to_numpy() for name in ("Muon_pt[0]", "Muon_pt[1]", "nMuon"))
    assert np.array_equal(count > 0, lead > 0)
    assert (lead >= next_).all()
    assert set(chosen["HLT_IsoMu20"].to_pylist()) <= {0.0, 1.0}


def test_text_branch_of_a_real_file(real):
    assert dict(open_source(real("collider/formats/uproot-Zmumu.root")).left_out) == {"Type": "text"}
