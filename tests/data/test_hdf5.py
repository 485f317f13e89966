"""HDF5 files: which table, which columns, which error."""

import importlib
import io
import pickle

import h5py
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from unseen.data import Hdf5Source, open_source
from unseen.data.files import DiskFile
from unseen.errors import DataError, MissingExtraError
from unseen.seeds import generator

NUMBERS = generator(8).normal(size=(5000, 3))


@pytest.fixture
def make(tmp_path):
    """Write a file by a function of the open file; return its path."""

    def write(fill, name="f.h5"):
        with h5py.File(tmp_path / name, "w") as file:
            fill(file)
        return tmp_path / name

    return write


def columns(file):
    file["pt"] = NUMBERS[:, 0]
    file["pt"].attrs["unit"] = "GeV"
    file["count"] = np.arange(5000, dtype=">i2")
    file["flag"] = np.arange(5000) % 2 == 0
    file["kind"] = ["qcd", "top"] * 2500
    file["short"] = np.array([b"a", b"b"] * 2500)


def test_equally_long_arrays_are_columns(make):
    source = open_source(make(columns))
    assert source.content == "table /: 5,000 rows"
    assert source.units == {"pt": "GeV"}
    table = pa.concat_tables(source.batches(700))
    assert table["pt"].to_pylist() == NUMBERS[:, 0].tolist()
    assert table["count"].to_pylist() == list(range(5000))
    assert table["flag"].to_pylist()[:3] == [1.0, 0.0, 1.0]
    assert table["kind"].to_pylist()[:2] == ["qcd", "top"]
    assert table["short"].to_pylist()[:2] == ["a", "b"]
    assert table.schema.field("count").type == pa.float64()


def records(file):
    kind = [("pt", "f4"), ("tag", "?"), ("p", "f8", (2,)), ("name", "S3"), ("text", h5py.string_dtype())]
    file.create_dataset("jets", data=np.array([(1.5, True, (2, 3), b"abc", "x")] * 4, dtype=kind))
    file["jets"].attrs["units"] = ["GeV", "", "cm", "", ""]


def test_records(make):
    source = open_source(make(records))
    assert source.read().to_pydict() == {
        "pt": [1.5] * 4,
        "tag": [1.0] * 4,
        "p[0]": [2.0] * 4,
        "p[1]": [3.0] * 4,
        "name": ["abc"] * 4,
    }
    assert source.units == {"pt": "GeV", "p[0]": "cm", "p[1]": "cm"}
    assert list(source.left_out) == ["text"]


def test_a_matrix(make):
    def named(file):
        file["jets"] = NUMBERS
        file["jets"].attrs["columns"] = ["pt", "eta", "phi"]
        file["y"] = np.zeros(5000)
        file["names"] = np.array([b"a", b"b"])

    source = open_source(make(named))
    assert source.columns == ("pt", "eta", "phi", "y")
    assert source.left_out == {"names": "2 rows"}
    assert np.array_equal(np.column_stack(list(source.read().select(["pt", "eta", "phi"]))), NUMBERS)
    assert open_source(make(lambda file: file.update(jets=NUMBERS) or None)).columns == (
        "jets0",
        "jets1",
        "jets2",
    )


def test_the_same_rows_as_numpy(make, tmp_path):
    def fill(file):
        file.create_dataset("X", data=NUMBERS, chunks=(640, 2), compression="gzip")
        file["y"] = np.arange(5000)

    np.savez(tmp_path / "f.npz", X=NUMBERS, y=np.arange(5000))
    path = make(fill)
    expected = open_source(tmp_path / "f.npz").read()
    assert open_source(path).read().equals(expected)
    assert open_source(io.BytesIO(path.read_bytes())).read().equals(expected)
    assert pa.concat_tables(open_source(path).batches(99)).equals(expected)
    assert open_source(path).select(["y", "x1"]).read().equals(expected.select(["y", "x1"]))


def test_images(make):
    pixels = generator(9).integers(0, 255, (20, 6, 5)).astype(np.uint8)
    table = open_source(make(lambda file: file.create_dataset("pictures", data=pixels))).read()
    assert np.array_equal(table["image"].combine_chunks().to_numpy_ndarray(), pixels[:, None])


def frame(file, table):
    """Write a table as pandas does in its fixed format: blocks of one type, and pickled objects."""
    group = file.create_group("df")
    group.attrs["pandas_type"] = np.bytes_("frame")
    group["axis0"] = np.array([name.encode() for name in table.columns])
    group["axis1"] = np.arange(len(table))
    for index, kind in enumerate(["float64", "int64"]):
        block = table.select_dtypes(kind)
        group[f"block{index}_items"] = np.array([name.encode() for name in block.columns])
        group[f"block{index}_values"] = block.to_numpy()
    objects = group.create_dataset("block2_values", (1,), dtype=h5py.vlen_dtype(np.uint8))
    objects[0] = np.frombuffer(pickle.dumps(["a"] * len(table)), np.uint8)
    group["block2_items"] = np.array([b"word"])


def test_a_pandas_frame(make):
    table = pd.DataFrame({"pxj1": NUMBERS[:, 0], "n": np.arange(5000), "mj1": NUMBERS[:, 1]})
    source = open_source(make(lambda file: frame(file, table.assign(word="a"))))
    read = source.read()
    assert read.column_names == ["pxj1", "mj1", "n"]
    for name in read.column_names:
        assert read[name].to_pylist() == table[name].tolist()
    assert "objects are never loaded" in source.left_out["block2_values"]


def several(file):
    file["train/x"] = np.arange(3.0)
    file["test/deep/x"] = np.arange(4.0)
    file["loose/a"], file["loose/b"] = np.arange(3.0), np.arange(4.0)
    jagged = file.create_group("particles")
    jagged.attrs["kind"] = "jagged"
    jagged["pt"] = np.arange(9.0)


def test_of_several_tables_one_is_named(make):
    path = make(several)
    assert open_source(f"{path}:test/deep").read()["x"].to_pylist() == [0, 1, 2, 3]
    assert open_source(f"{path}:/train/").content == (
        "table train: 3 rows; other tables: loose/a, loose/b, test/deep"
    )
    assert open_source(f"{path}:loose/b").read()["b"].to_pylist() == [0, 1, 2, 3]
    with h5py.File(path, "a") as file:
        file.attrs["table"] = "train"
    assert open_source(path).read()["x"].to_pylist() == [0, 1, 2]


def test_links_inside_the_file_go_round_in_no_circle(make):
    def fill(file):
        file["t/x"] = np.arange(3.0)
        file["t/again"] = h5py.SoftLink("/t")
        file["t/self"] = h5py.SoftLink("/t/self")
        file["t/hard"] = file["/"]
        file["t/other"] = file["t"]

    assert open_source(make(fill)).columns == ("x",)


def external(file):
    file["x"] = np.arange(3.0)
    file["more"] = h5py.ExternalLink("/etc/passwd", "/")


def virtual(file):
    layout = h5py.VirtualLayout((3,), "f8")
    layout[:] = h5py.VirtualSource("other.h5", "x", shape=(3,))
    file.create_virtual_dataset("x", layout)


def outside(file):
    file.create_dataset("x", (3,), "u1", external=[("/etc/hostname", 0, 3)])


def huge(file):
    file.create_dataset("X", (1 << 40, 8), "f8", chunks=(1024, 8))


def deep(file):
    file["/".join("g" * 80) + "/x"] = np.arange(3.0)


def damaged_names(file):
    file["x"] = NUMBERS
    file["x"].attrs["columns"] = ["a", "b"]


FAULTS = {
    "link to another file": (
        external,
        "",
        "'more' links to another file (/etc/passwd), which is never followed",
    ),
    "virtual": (virtual, "", "array 'x' is kept in other files, which are never read"),
    "kept elsewhere": (outside, "", "array 'x' is kept in other files"),
    "huge": (huge, "", "array 'X' declares 65536.0 GiB and holds 0 bytes"),
    "huge row": (lambda f: f.create_dataset("X", (1, 1 << 29), "u1"), "", "declares rows of 512 MiB"),
    "too deep": (deep, "", "more than 64 deep"),
    "several tables": (several, "", "holds 4 tables: loose/a, loose/b, train, test/deep; name one, e.g. "),
    "wrong table": (several, ":trian", "table 'trian' is not known; accepted: "),
    "nearest table": (several, ":trian", "Did you mean 'train'?"),
    "jagged": (several, ":particles", "table 'particles' is not known"),
    "nothing": (lambda file: None, "", "holds no table"),
    "objects": (
        lambda f: f.create_dataset("x", (3,), h5py.vlen_dtype("f8")),
        "",
        "holds no table; accepted: equally long arrays in a group, records, matrices, images. "
        "Left out: x holds Python objects, which are never loaded",
    ),
    "references": (lambda f: f.create_dataset("x", (3,), h5py.ref_dtype), "", "holds no table"),
    "opaque": (lambda f: f.create_dataset("x", (3,), "V5"), "", "holds no table"),
    "complex": (lambda f: f.create_dataset("x", (3,), "c16"), "", "x has type complex128"),
    "no rows": (lambda f: f.create_dataset("x", (0,), "f8"), "", "holds no rows"),
    "names do not fit": (damaged_names, "", "array 'x' has 3 columns, but 2 names"),
    "a number for the table": (lambda f: (columns(f), f.attrs.update(table=3)), "", "table '3' is not known"),
}


@pytest.mark.parametrize("case", FAULTS)
def test_faults(make, case):
    fill, part, message = FAULTS[case]
    path = make(fill)
    with pytest.raises(DataError) as caught:
        open_source(f"{path}{part}").read()
    assert message in str(caught.value)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_large_array_that_is_there_is_read(make):
    path = make(lambda file: file.create_dataset("X", data=NUMBERS))
    assert Hdf5Source(DiskFile(path), limit=1000).read().num_rows == 5000


def test_a_file_cut_anywhere_is_an_error(make, tmp_path):
    data = make(columns).read_bytes()
    path = tmp_path / "cut.h5"
    for end in [*range(9, 2000, 150), *range(2000, len(data), len(data) // 20), len(data) - 1]:
        path.write_bytes(data[:end])
        with pytest.raises(DataError, match=r"cut\.h5 is not an HDF5 file, or is truncated or damaged"):
            open_source(path).read()


def test_not_hdf5(tmp_path):
    (tmp_path / "f.h5").write_text("a,b\n1,2\n")
    with pytest.raises(DataError, match="is not an HDF5 file"):
        open_source(tmp_path / "f.h5")


def test_names_do_not_belong(make):
    with pytest.raises(DataError, match="names its own columns"):
        open_source(make(columns), names=["a"])


def test_without_the_extra(make, monkeypatch):
    path = make(columns)
    original = importlib.import_module

    def absent(name, *rest):
        if name == "h5py":
            raise ModuleNotFoundError(name)
        return original(name, *rest)

    monkeypatch.setattr(importlib, "import_module", absent)
    with pytest.raises(MissingExtraError, match=r"needs h5py: pip install 'unseen\[hdf5\]'"):
        open_source(path)
