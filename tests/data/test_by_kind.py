"""Several files as one source, labelled by file; which of their columns are read."""

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pytest

from unseen.data import TableSource, open_source
from unseen.data.by_kind import KindSource
from unseen.errors import ConfigError, DataError
from unseen.studies.opening import open_rows
from unseen.studies.rows import StudyNote, read_rows

LHE = (
    "<LesHouchesEvents version='3.0'>\n<init>\n11 -11 45.6 45.6 0 0 0 0 3 1\n1 1 1 1\n</init>\n"
    + "<event>\n1 1 2.5 91 0 0\n22 1 0 0 0 0 3 4 0 5 0 0 0\n<rwgt><wgt id='SM'> 1 </wgt></rwgt></event>\n" * 4
    + "</LesHouchesEvents>\n"
)


def table(n, **more):
    return pa.table({"pt": np.arange(n, dtype=float), "eta": np.ones(n), **more})


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    pa_csv.write_csv(table(4), "qq.csv")
    pa_csv.write_csv(table(3), "tt.csv")
    pa_csv.write_csv(table(2).rename_columns(["pt", "phi"]), "odd.csv")
    pa_csv.write_csv(table(2, kind=pa.array(["a", "b"])), "own.csv")
    pa_csv.write_csv(pa.table({"pt": ["high", "low"], "eta": [1.0, 2.0]}), "words.csv")
    pa_csv.write_csv(table(1), "a=b.csv")
    (tmp_path / "e.lhe").write_text(LHE)
    return tmp_path


def test_rows_of_several_files_follow_each_other_with_their_kinds(files):
    source = open_rows(["qq=qq.csv", "tt=tt.csv", "qq=tt.csv"])
    assert source.columns == ("pt", "eta", "kind")
    assert source.name == "qq.csv, tt.csv, tt.csv"
    read = source.read()
    assert read.column("kind").to_pylist() == ["qq"] * 4 + ["tt"] * 3 + ["qq"] * 3
    assert read.column("pt").to_pylist() == [0, 1, 2, 3, 0, 1, 2, 0, 1, 2]
    assert [part.num_rows for part in source.batches(rows=3)] == [3, 3, 3, 1]
    assert source.select(["kind"]).read().num_rows == 10
    assert source.select(["kind", "eta"]).read().column_names == ["kind", "eta"]


def test_kinds_are_the_labels(files):
    rows = read_rows(open_rows(["qq=qq.csv", "tt=tt.csv"]), normal=["qq"], known=["tt"])
    assert rows.labels.y.tolist() == [0, 0, 0, 0, 1, 1, 1]
    assert rows.table.column_names == ["pt", "eta"]
    assert rows.label_name == "kind"


def test_a_path_that_exists_is_a_path_and_one_kind_is_enough(files):
    assert open_rows("a=b.csv").columns == ("pt", "eta")
    assert open_rows("x=a=b.csv").read().column("kind").to_pylist() == ["x"]


@pytest.mark.parametrize(
    ("data", "error", "message"),
    [
        (["qq=qq.csv", "odd=odd.csv"], DataError, r"odd\.csv has no column 'eta', which qq\.csv has; files"),
        (["odd=odd.csv", "qq=qq.csv"], DataError, r"qq\.csv has no column 'phi', which odd\.csv has; files"),
        (["qq=qq.csv", "own=own.csv"], DataError, r"own\.csv has a column 'kind' of its own"),
        (["qq=qq.csv", "tt=not.csv"], DataError, r"^not\.csv does not exist"),
        (["qq=qq.csv", "tt.csv"], ConfigError, r"2 files came, .*; write tt\.csv as KIND=tt\.csv"),
        (["=qq.csv"], ConfigError, r"accepted: a path, or KIND=PATH"),
        (["qq="], ConfigError, r"accepted: a path, or KIND=PATH"),
    ],
)
def test_files_that_do_not_fit_together_are_named(files, data, error, message):
    with pytest.raises(error, match=message):
        open_rows(data)


def test_a_column_of_other_values_is_named_when_it_is_read(files):
    with pytest.raises(DataError, match=r"words\.csv: column 'pt' has type string, but double in qq\.csv"):
        open_rows(["qq=qq.csv", "tt=words.csv"]).read()


def test_a_label_column_beside_kinds_is_refused(files):
    with pytest.raises(ConfigError, match="labelled by file, and by column 'eta' too"):
        read_rows(open_rows(["qq=qq.csv", "tt=tt.csv"]), label="eta", normal=["1"])


class Watched(TableSource):
    """Remembers which columns were read."""

    def scan(self, columns, rows):
        self.asked = columns
        return super().scan(columns, rows)


def wide():
    return Watched(
        pa.table({name: np.arange(5.0) for name in ("Muon_pt", "Muon_eta", "Jet_pt", "x[0]", "w", "m", "y")})
    )


@pytest.mark.parametrize(
    ("settings", "features", "also_read"),
    [
        ({"columns": ["Muon_*", "x[0]"]}, ["Muon_pt", "Muon_eta", "x[0]"], []),
        ({"columns": ["*_pt"], "drop": ["Jet_pt"], "weight": "w"}, ["Muon_pt"], ["w"]),
        (
            {"columns": ["*"], "protect": "m", "drop": ["y"]},
            ["Muon_pt", "Muon_eta", "Jet_pt", "x[0]", "w"],
            ["m"],
        ),
        ({"drop": ["y", "m", "w"]}, ["Muon_pt", "Muon_eta", "Jet_pt", "x[0]"], []),
    ],
)
def test_only_what_is_needed_is_read(settings, features, also_read):
    source = wide()
    rows = read_rows(source, **settings)
    assert rows.table.column_names == features
    assert sorted(source.asked) == sorted([*features, *also_read])


def test_a_pattern_without_a_column_is_refused():
    with pytest.raises(DataError, match=r"column or pattern 'Moun_\*'"):
        read_rows(wide(), columns=["Moun_*"])


def test_weights_of_a_simulation_are_no_features_unless_they_are_named(files):
    source = open_source("e.lhe")
    assert "weight[SM]" in source.weights
    with pytest.warns(StudyNote, match="weighs rows, so it is no feature"):
        rows = read_rows(source)
    assert not set(source.weights) & set(rows.table.column_names)
    assert {"in1_pdg", "in2_pdg", "x1", "x2"} <= set(rows.table.column_names)
    kept = read_rows(source, columns=["*", *source.weights])
    assert set(source.weights) <= set(kept.table.column_names)
    with pytest.warns(StudyNote):
        weighed = read_rows(source, weight="weight[SM]")
    assert weighed.weights.tolist() == [1.0] * 4
    assert "weight[SM]" not in weighed.table.column_names


def test_the_real_classes_of_opal_by_file(real):
    """Two classes of simulated collisions, each a file."""
    source = KindSource([(kind, open_source(real(f"collider/opal/mc/{kind}.root"))) for kind in ("qq", "tt")])
    rows = read_rows(source, normal=["qq"], known=["tt"], columns=list(source.columns[:3]))
    assert set(rows.labels.counts) == {"qq", "tt"}
    assert sum(rows.labels.counts.values()) == rows.table.num_rows
