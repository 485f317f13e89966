"""LHE files: particles by name, weights, and what is refused."""

import gzip
import importlib
import io

import numpy as np
import pytest

from unseen.data import open_source
from unseen.errors import DataError, MissingExtraError, unknown

INIT = "2212 2212 6500 6500 0 0 247000 247000 -4 1\n1.0 0.1 1.0 1"
WEIGHTS = "<initrwgt><weightgroup name='eft'><weight id='SM'/><weight id='cHW 0.2'/></weightgroup></initrwgt>"
IN = "2 -1 0 0 501 0 0 0 650 650 0 0 1\n-1 -1 0 0 0 501 0 0 -1300 1300 0 0 1"
HIGGS = "25 1 1 2 0 0 -30 40 100 168 125 0 0"
SOFT = "21 1 1 2 501 502 6 -8 0 10 0 0 0"
HARD = "-5 1 1 2 0 502 0 -90 120 150 4.7 0 0"
PHOTON = "22 1 1 2 0 0 0 7 0 7 0 0 0"
Z = "23 2 1 2 0 0 1 1 1 91 91.2 0 0"  # decayed: no final state


def event(
    *particles: str, weight: str = "2.5", named: dict[str, str] | None = None, count: int | None = None
):
    lines = [*IN.split("\n"), *particles]
    named = {"SM": "2.5", "cHW 0.2": "3.5"} if named is None else named
    wgts = "".join(f"<wgt id='{name}'> {value} </wgt>\n" for name, value in named.items())
    head = f"{len(lines) if count is None else count} 1 {weight} 91.2 0.0075 0.118"
    return "\n".join(["<event>", head, *lines, f"<rwgt>{wgts}</rwgt></event>", ""])


def file(*events: str, init: str = INIT, header: str = WEIGHTS, start: str = "") -> str:
    return (
        f"{start}<LesHouchesEvents version='3.0'>\n<header>{header}</header>\n<init>\n{init}\n</init>\n"
        f"{''.join(events)}</LesHouchesEvents>\n"
    )


def opened(text: str):
    return open_source(io.BytesIO(text.encode()))


TWO = file(event(HIGGS, SOFT, Z, HARD), event(HIGGS, SOFT, named={"SM": "1"}))


def test_particles_have_names():
    table = opened(TWO).read().to_pydict()
    assert table["h_pt"] == pytest.approx([50, 50])
    assert table["h_eta"] == pytest.approx([np.arcsinh(2)] * 2)
    assert table["h_phi"] == pytest.approx([np.arctan2(40, -30)] * 2)
    assert table["h_mass"] == [125, 125]
    assert (table["j1_pt"], table["j2_pt"]) == ([90, 10], [10, 0])
    assert (table["j1_pdg"], table["j2_pdg"], table["j1_mass"]) == ([-5, 21], [21, 0], [4.7, 0])
    assert (table["n_h"], table["n_j"], table["n_v"]) == ([1, 1], [2, 1], [0, 0])
    assert (table["in1_pdg"], table["in2_pdg"]) == ([2, 2], [-1, -1])
    assert (table["x1"], table["x2"]) == ([0.1, 0.1], [0.2, 0.2])
    assert table["weight"] == [2.5, 2.5]
    assert table["weight[SM]"] == [2.5, 1]
    assert np.array_equal(table["weight[cHW 0.2]"], [3.5, np.nan], equal_nan=True)


def test_content_units_and_weights():
    source = opened(TWO)
    assert source.content == (
        "2 events, pp at 13 TeV: final state h j j (50%), h j (50%); weights: SM, cHW 0.2"
    )
    assert {source.units[name] for name in ("h_pt", "j2_mass")} == {"GeV"}
    assert source.units["j1_phi"] == "rad"
    assert not {"j1_eta", "j1_pdg", "weight"} & set(source.units)
    assert source.weights == ("weight", "weight[SM]", "weight[cHW 0.2]")
    assert source.select(["h_pt", "weight"]).weights == ("weight",)


def test_lepton_beams():
    init = INIT.replace("2212 2212 6500 6500", "11 -11 45.6 45.6")
    assert ", e- e+ at 91.2 GeV: final state h j" in opened(file(event(HIGGS, SOFT), init=init)).content


def test_a_file_is_told_by_content_and_suffix(tmp_path):
    for name, data in {
        "plain": TWO.encode(),
        "declared.txt": b"<?xml version='1.0'?>\n" + TWO.encode(),
        "packed.lhe.gz": gzip.compress(TWO.encode()),
        "packed.gz": gzip.compress(TWO.encode()),
    }.items():
        (tmp_path / name).write_bytes(data)
        source = open_source(tmp_path / name)
        assert source.read().num_rows == source.read().num_rows == 2, name
        assert source.content.startswith("2 events")


def test_later_events_are_counted_beyond_the_columns():
    """The columns are those of the first 1,000 events; what comes later shows in the counts."""
    text = file(*[event(HIGGS, SOFT)] * 1000, event(HIGGS, SOFT, HARD, PHOTON))
    table = opened(text).read().slice(999).to_pydict()
    assert "j2_pt" not in table
    assert "a1_pt" not in table
    assert (table["n_j"], table["n_a"], table["j1_pt"]) == ([1, 2], [0, 1], [10, 90])


@pytest.mark.parametrize("rows", [1, 700, 5000])
def test_batches(rows):
    source = opened(file(*[event(HIGGS, SOFT), event(HIGGS, HARD)] * 1200))
    batches = list(source.select(["j1_pt"]).batches(rows))
    assert [len(batch) for batch in batches[:-1]] == [rows] * (len(batches) - 1)
    assert [pt for batch in batches for pt in batch["j1_pt"].to_pylist()] == [10, 90] * 1200


def test_an_event_along_the_beam_is_passed_on():
    along = "21 1 1 2 501 502 0 0 -10 10 0 0 0"
    assert opened(file(event(along))).read()["j1_eta"].to_pylist() == [-np.inf]


BOMB = "<!DOCTYPE x [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;'>]>\n"
OUTSIDE = "<!DOCTYPE x [<!ENTITY a SYSTEM 'file:///etc/hostname'>]>\n"
FAULTS = {
    "no events": (file(), "holds no events"),
    "no init": (TWO.replace("init>", "inot>"), "truncated or damaged before its first event"),
    "other XML": ("<?xml version='1.0'?><table></table>", "is not an LHE file"),
    "cut in an event": (TWO[: TWO.rindex("<rwgt>")], "truncated or damaged at event 1"),
    "no end": (TWO.replace("</LesHouchesEvents>", ""), "truncated or damaged at event 2"),
    "crossed tags": (TWO.replace("</rwgt></event>", "</event></rwgt>"), "damaged at event 0"),
    "word for a number": (
        file(event(HIGGS, SOFT), event(HIGGS.replace("125", "oops"))),
        "at event 1: could not",
    ),
    "short line": (file(event(HIGGS[:12])), "damaged at event 0"),
    "no number of particles": (file(event(HIGGS, count="nan")), "damaged at event 0"),
    "fewer particles than declared": (
        file(event(HIGGS, count=7)),
        "event 0: it declares 7 particles and has 3",
    ),
    "word for a weight": (file(event(HIGGS, named={"SM": "big"})), "damaged at event 0"),
    "word in init": (file(event(HIGGS), init=INIT.replace("6500", "fast")), "before its first event"),
    "bomb": (file(event(HIGGS), start=BOMB), "declares XML entities or a document type"),
    "file as an entity": (file(event(HIGGS), start="<?xml version='1.0'?>" + OUTSIDE), "never expanded"),
    "bomb below": (TWO.replace("<init>", BOMB + "<init>"), "declares XML entities"),
    "nul": (TWO.replace("<rwgt>", "\0<rwgt>"), "holds NUL bytes"),
    "undeclared entity": (TWO.replace("<rwgt>", "&x;<rwgt>"), "damaged at event 0"),
}


@pytest.mark.parametrize("case", FAULTS)
def test_faults(tmp_path, case):
    text, message = FAULTS[case]
    for name, data in {"f.lhe": text.encode(), "f.lhe.gz": gzip.compress(text.encode())}.items():
        (tmp_path / name).write_bytes(data)
        with pytest.raises(DataError) as caught:
            open_source(tmp_path / name).read()
        assert message in str(caught.value)
        assert str(tmp_path / name) in str(caught.value)
        assert "\n" not in str(caught.value)


def test_wide_characters_hide_nothing(tmp_path):
    (tmp_path / "wide.lhe").write_bytes(file(event(HIGGS), start=BOMB).encode("utf-16"))
    with pytest.raises(DataError, match="holds NUL bytes"):
        open_source(tmp_path / "wide.lhe").read()


def test_an_event_without_end_is_refused(monkeypatch):
    monkeypatch.setattr("unseen.data.lhe_file.LONGEST_EVENT", 1 << 16)
    with pytest.raises(DataError, match="no event ends within"):
        opened(TWO.replace("<rwgt>", "# more\n" * 20_000 + "<rwgt>", 1)).read()


def test_a_file_cut_anywhere_is_an_error(tmp_path):
    text = file(*[event(HIGGS, SOFT)] * 30).encode()
    path = tmp_path / "cut.lhe"
    for data in (text.rstrip(), gzip.compress(text)):
        for end in range(1, len(data), len(data) // 40):
            path.write_bytes(data[:end])
            with pytest.raises(DataError, match=r"cut\.lhe"):
                open_source(path).read()


def test_a_weight_that_is_not_there():
    with pytest.raises(
        DataError, match=r"column 'weight\[cHW\]' is not known.*Did you mean 'weight\[cHW 0.2\]'"
    ):
        opened(TWO).select(["weight[cHW]"])


def test_names_do_not_belong():
    with pytest.raises(DataError, match="names its own columns"):
        open_source(io.BytesIO(TWO.encode()), names=["a"])


def test_without_the_extra(monkeypatch):
    original = importlib.import_module

    def absent(name, *rest):
        if name == "pylhe":
            raise ModuleNotFoundError(name)
        return original(name, *rest)

    monkeypatch.setattr(importlib, "import_module", absent)
    with pytest.raises(MissingExtraError, match=r"needs pylhe: pip install 'unseen\[physics\]'"):
        opened(TWO)


def test_higgs_of_the_standard_model(real):
    """The file holds the first 10,000 of 50,000 events, whose weighted mean pT is 97.13 GeV."""
    source = open_source(real("collider/smeft/smeftsim_VBFH-1.lhe.gz"))
    table = source.select(["h_pt", "n_j", "weight[SM]", "weight[cHW_0p2]"]).read()
    pt, jets, standard, changed = (column.to_numpy() for column in table)
    assert source.content.startswith(
        "10,000 events, pp at 13 TeV: final state h j j (100%); weights: SM, cHB_0p1"
    )
    assert set(jets) == {2}
    spread = pt.std() / np.sqrt(len(pt))
    assert np.average(pt, weights=standard) == pytest.approx(97.13, abs=2 * spread)
    assert np.average(pt, weights=changed) - np.average(pt, weights=standard) == pytest.approx(1.2, abs=0.2)
    whole = np.load(real("collider/smeft/smeft_vbfh_50k.npz"))["particles"][:10_000, 2]
    assert np.hypot(whole[:, 1], whole[:, 2]) == pytest.approx(pt, abs=1e-3)


def test_jets_of_a_generator_with_many_weights(real):
    source = open_source(real("collider/formats/pylhe-testfile-madgraph5-3.5.8-pp_to_jj.lhe.gz"))
    table = source.select(["j1_pt", "j2_pt"]).read()
    assert table.num_rows == 1000
    assert (table["j1_pt"].to_numpy() >= table["j2_pt"].to_numpy()).all()
    assert f"({len(source.weights) - 1} in all)" in source.content


def test_of_many_columns_a_few_are_named_and_a_weight_by_its_own_name():
    columns = [f"c{number}" for number in range(60)] + ["weight[cHB_0p1]"]
    message = unknown("column", "cHB_0p1", columns)
    assert "c29, and 31 more." in message
    assert message.endswith("Did you mean 'weight[cHB_0p1]'?")
