"""Packed images come back bit for bit, take little room, and lie to nobody."""

import json
import os

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from unseen.data import TableSource, open_source
from unseen.data.columns import image_column, image_values
from unseen.data.packed import KEY, Packing
from unseen.data.packed_file import PackedImages, write_packed
from unseen.errors import DataError
from unseen.seeds import generator


def events(count=40, seed=0, shape=(3, 72, 58)):
    random = generator(seed)
    lit = random.random((count, *shape)) < 0.03
    return np.where(lit, random.exponential(3, (count, *shape)), 0).astype(np.float32)


def table(images):
    return pa.table({"image": image_column(images), "n": np.arange(len(images), dtype=float)})


def packed(path, images, **more):
    return write_packed(path, TableSource(table(images)).batches(7), **more)


@given(hnp.arrays(np.float32, st.tuples(st.integers(1, 4), *[st.integers(1, 5)] * 3),
                  elements=st.floats(0, 2.0**100, width=32)))  # fmt: skip
def test_packing_is_undone_by_unpacking(images):
    shape = images.shape[1:]
    assert np.array_equal(Packing(shape).unpack(Packing(shape).pack(images), "", 0), images)
    mask = Packing(shape, "mask")
    assert np.array_equal(mask.unpack(mask.pack(images), "", 0), images > 0)


@pytest.mark.parametrize("suffix", ["feather", "arrow", "parquet"])
def test_a_file_reads_as_a_column_of_images(tmp_path, suffix):
    images = events()
    images[3] = 0
    written = packed(tmp_path / f"e.{suffix}", images)
    assert (written.rows, written.empty, written.shape) == (40, 1, (3, 72, 58))
    assert written.bytes == (tmp_path / f"e.{suffix}").stat().st_size
    source = open_source(written.path)
    assert source.columns == ("image", "n")
    read = pa.concat_tables(source.batches(9))
    assert np.array_equal(image_values(read["image"]), images)
    assert read["n"].to_pylist() == list(range(40))
    assert source.select(["n"]).read().num_rows == 40


def test_masks_take_a_bit_a_pixel(tmp_path):
    images = events(2000, shape=(1, 72, 58))
    written = write_packed(tmp_path / "m.feather", [table(images).select(["image"])], form="mask")
    assert 522 <= written.bytes_per_event < 525
    found = image_values(open_source(written.path).read()["image"])
    assert found.dtype == np.uint8
    assert np.array_equal(found, images > 0)


def test_sparse_images_take_six_bytes_a_lit_pixel(tmp_path):
    images = events(500)
    written = packed(tmp_path / "e.feather", images)
    assert written.bytes_per_event < 6 * (images > 0).sum() / 500 + 60
    assert written.bytes_per_event < 50_112 / 20


def test_rows_are_looked_up_in_any_order(tmp_path):
    images = events(2100)
    with PackedImages(packed(tmp_path / "e.feather", images).path) as file:
        assert (len(file), file.shape) == (2100, (3, 72, 58))
        rows = generator(1).integers(0, 2100, 50)
        assert np.array_equal(file.take(rows), images[rows])
        assert file.take([]).shape == (0, 3, 72, 58)
        with pytest.raises(DataError, match=r"e\.feather has no row 2100; accepted: 0 to 2,099"):
            file.take([5, 2100])


def test_other_files_hold_no_packed_images(tmp_path):
    with pytest.raises(DataError, match=r"is not an Arrow file, or is truncated"):
        PackedImages(packed(tmp_path / "e.parquet", events()).path)
    with pa.ipc.new_file(tmp_path / "t.arrow", pa.schema([("x", pa.float64())])):
        pass
    with pytest.raises(DataError, match="holds 0 columns of packed images"):
        PackedImages(tmp_path / "t.arrow")


@pytest.mark.parametrize("value", [-1.0, np.nan, np.inf])
def test_what_is_no_energy_is_not_written(tmp_path, value):
    images = events()
    images[11, 2, 5, 7] = value
    says = rf"^images: the image of row 11 has the value {value:g} at channel 2, row 5, column 7; accepted"
    with pytest.raises(DataError, match=says):
        packed(tmp_path / "e.feather", images)
    assert os.listdir(tmp_path) == []


def test_places_and_rows_are_needed(tmp_path):
    with pytest.raises(DataError, match=r"packed images go to a file in \.feather, \.arrow, \.parquet"):
        packed(tmp_path / "e.npz", events())
    with pytest.raises(DataError, match=r"the folder .*gone does not exist"):
        packed(tmp_path / "gone" / "e.feather", events())
    with pytest.raises(DataError, match="there are no rows"):
        write_packed(tmp_path / "e.feather", [])
    with pytest.raises(DataError, match="0 columns of images; accepted: one"):
        write_packed(tmp_path / "e.feather", [pa.table({"x": [1.0]})])
    assert os.listdir(tmp_path) == []


def sparse(places, energies, kind=None):
    kind = kind or Packing((1, 2, 3)).field("image").type
    rows = [{"places": p, "energies": e} for p, e in zip(places, energies, strict=True)]
    return pa.array(rows, kind)


def hostile(path, column, record=None):
    """A file that says of a column whatever it likes."""
    record = {"version": 1, "form": "sparse", "shape": [1, 2, 3]} if record is None else record
    said = record if isinstance(record, bytes) else json.dumps(record).encode()
    field = pa.field("image", column.type, metadata={KEY: said})
    table = pa.Table.from_arrays([column], schema=pa.schema([field]))
    if path.suffix == ".parquet":
        pq.write_table(table, path)
    else:
        with pa.ipc.new_file(path, table.schema) as writer:
            writer.write_table(table)
    return path


GOOD = ([[0, 5], [1]], [[1.0, 2.0], [3.0]])
LIES = {
    "out of range": (sparse([[0], [2, 6]], [[1.0], [1.0, 4.0]]), None, r"of row 1 has energy 4 at place 6;"),
    "far out": (sparse([[0], [65535]], [[1.0], [1.0]]), None, r"place 65,535; accepted: places below 6"),
    "lengths": (sparse([[0], [2, 3]], [[1.0], [1.0]]), None, "row 1 is damaged; accepted: as many energies"),
    "falling": (sparse([[3, 1], [2]], [[1.0, 1.0], [1.0]]), None, "row 0 has places that do not rise"),
    "twice": (sparse([[3], [2, 2]], [[1.0], [1.0, 2.0]]), None, "row 1 has places that do not rise"),
    "negative": (sparse([[3], [2]], [[1.0], [-2.0]]), None, "row 1 has energy -2 at place 2; accepted: ener"),
    "nan": (sparse([[3], [2]], [[np.nan], [2.0]]), None, "row 0 has energy nan"),
    "null list": (sparse([None, [2]], [[1.0], [2.0]]), None, "row 0 is damaged; accepted: a list of places"),
    "null row": (
        pa.array([None, {"places": [1], "energies": [1.0]}], sparse(*GOOD).type),
        None,
        "1 packed images are missing",
    ),
    "no json": (sparse(*GOOD), b"{", "what is said of them cannot be read; pack them again"),
    "no shape": (sparse(*GOOD), {"version": 1, "form": "sparse"}, "what is said of them cannot be read"),
    "later": (sparse(*GOOD), {"version": 2, "form": "sparse", "shape": [1, 2, 3]}, "version 2; accepted"),
    "huge": (
        sparse(*GOOD),
        {"version": 1, "form": "sparse", "shape": [3, 10**9, 10**9]},
        r"shape \[3, 1000000000, 1000000000\]; accepted: \(C, H, W\) of at most 16,777,216",
    ),
    "negative shape": (
        sparse(*GOOD), {"version": 1, "form": "sparse", "shape": [-1, 2, -3]}, r"shape \[-1, 2, -3\]; accept"
    ),
    "bits of another shape": (
        pa.array([b"ab"], pa.binary(2)),
        {"version": 1, "form": "mask", "shape": [1, 2, 3]},
        r"type fixed_size_binary\[2\] does not hold mask images of shape \(1, 2, 3\)",
    ),
    "numbers": (pa.array([1.0]), None, r"type double does not hold sparse images"),
}  # fmt: skip


@pytest.mark.parametrize("suffix", ["feather", "parquet"])
@pytest.mark.parametrize("lie", LIES)
def test_lies_are_one_line_that_names_the_file(tmp_path, lie, suffix):
    column, record, says = LIES[lie]
    path = hostile(tmp_path / f"x.{suffix}", column, record)
    with pytest.raises(DataError, match=says) as told:
        open_source(path).read()
    assert str(told.value).startswith(str(path))
    assert "\n" not in str(told.value)


def test_the_honest_file_beside_the_lies_is_read(tmp_path):
    found = image_values(open_source(hostile(tmp_path / "x.feather", sparse(*GOOD))).read()["image"])
    assert found.reshape(2, 6).tolist() == [[1, 0, 0, 0, 0, 2], [0, 3, 0, 0, 0, 0]]


def test_a_damaged_row_is_counted_from_the_first_of_the_file(tmp_path):
    column = sparse([[0]] * 3000 + [[6]], [[1.0]] * 3001)
    with pytest.raises(DataError, match="row 3000 has energy 1 at place 6"):
        open_source(hostile(tmp_path / "x.feather", column)).read()


def test_memory_is_that_of_a_part_not_of_the_file(tmp_path):
    written = packed(tmp_path / "e.feather", events(3000, shape=(3, 72, 58)))
    sizes = [part.nbytes for part in open_source(written.path).scan(("image",), 65_536)]
    assert len(sizes) >= 3
    assert max(sizes) <= (1 << 26) + 1
