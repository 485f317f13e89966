"""Files of event images: channels last on disk, one column `image` (C, H, W) when read."""

import h5py
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import uproot

from unseen.data import open_source
from unseen.data.columns import image_column, image_values
from unseen.errors import ConfigError, DataError
from unseen.seeds import generator

SHAPE = (72, 58, 3)


def events(count=5, seed=0, shape=SHAPE):
    random = generator(seed)
    lit = random.random((count, *shape)) < 0.02
    return np.where(lit, random.exponential(3, (count, *shape)), 0).astype(np.float32)


def published(path, images, **more):
    """A file as the published dark-shower events are: counts in a column of their own."""
    count = len(images)
    beside = {"labels": np.zeros(count, "f4"), "n_tracks": np.arange(count, dtype="f4")[:, None]}
    np.savez_compressed(path, images=images, **{**beside, **more})
    return path


def pixels(source):
    return image_values(source.read().column("image"))


@pytest.mark.parametrize("channels", [1, 3])
def test_published_events_are_images_with_what_stands_beside_them(tmp_path, channels):
    images = events(shape=(72, 58, channels))
    source = open_source(published(tmp_path / "a.npz", images))
    assert source.columns == ("image", "labels", "n_tracks")
    assert np.array_equal(pixels(source), images.transpose(0, 3, 1, 2))
    assert source.read()["n_tracks"].to_pylist() == [0.0, 1.0, 2.0, 3.0, 4.0]


def write_npy(path, images):
    np.save(path, images)


def write_npz(path, images):
    np.savez(path, anything=images)


def write_hdf5(path, images):
    with h5py.File(path, "w") as file:
        file["images"] = images


def write_root(path, images):
    with uproot.recreate(path) as file:
        file.mktree("Events", {"pictures": ("f4", images.shape[1:]), "n": "f8"})
        file["Events"].extend({"pictures": images, "n": np.arange(len(images))})


def nested(images):
    """Lists in lists of fixed size, as awkward and polars write arrays."""
    values = pa.array(images.ravel())
    for size in reversed(images.shape[1:]):
        values = pa.FixedSizeListArray.from_arrays(values, size)
    return pa.table({"image": values, "n": np.arange(len(images))})


def write_parquet(path, images):
    pq.write_table(nested(images), path)


def write_arrow(path, images):
    with pa.ipc.new_file(path, nested(images).schema) as writer:
        writer.write_table(nested(images))


def write_tensors(path, images):
    pq.write_table(
        pa.table({"image": image_column(np.moveaxis(images, np.argmin(images.shape[1:]) + 1, 1))}), path
    )


WRITERS = {
    "parquet": write_parquet,
    "feather": write_arrow,
    "pq": write_tensors,
    "npy": write_npy,
    "npz": write_npz,
    "h5": write_hdf5,
    "root": write_root,
}


@pytest.mark.parametrize("suffix", WRITERS)
@pytest.mark.parametrize("first", [False, True])
def test_every_format_gives_the_same_images(tmp_path, suffix, first):
    images = events()
    path = tmp_path / f"events.{suffix}"
    WRITERS[suffix](path, np.ascontiguousarray(images.transpose(0, 3, 1, 2)) if first else images)
    found = pixels(open_source(path))
    assert found.dtype == np.float32
    assert np.array_equal(found, images.transpose(0, 3, 1, 2))


@pytest.mark.parametrize("suffix", ["npy", "h5", "parquet", "feather"])
def test_the_layout_can_be_said(tmp_path, suffix):
    images = events(shape=(3, 8, 3))
    path = tmp_path / f"thin.{suffix}"
    WRITERS[suffix](path, images)
    assert np.array_equal(pixels(open_source(path)), images)
    said = open_source(path, layout="channels-last")
    assert np.array_equal(pixels(said), images.transpose(0, 3, 1, 2))
    with pytest.raises(ConfigError, match="layout 'last' is not known; accepted: channels-first, channels-l"):
        open_source(path, layout="last")


def test_a_folder_of_files_is_one_source(tmp_path):
    one, two = events(3, 1), events(2, 2)
    published(tmp_path / "a.npz", one)
    published(tmp_path / "b.npz", two)
    source = open_source(tmp_path)
    assert np.array_equal(pixels(source), np.concatenate([one, two]).transpose(0, 3, 1, 2))
    published(tmp_path / "c.npz", events(2, 3, (72, 58, 1)))
    with pytest.raises(DataError, match=r"c\.npz: column 'image' is .*shape=\[1,72,58\]"):
        open_source(tmp_path).read()


def test_other_columns_in_a_folder_are_refused(tmp_path):
    published(tmp_path / "a.npz", events(3))
    published(tmp_path / "b.npz", events(3), masses=np.ones(3))
    with pytest.raises(DataError, match=r"differ in their columns: masses"):
        open_source(tmp_path)


def test_two_arrays_of_images_keep_their_names(tmp_path):
    np.savez(tmp_path / "a.npz", before=events(2), after=events(2))
    assert open_source(tmp_path / "a.npz").columns == ("before", "after")


def test_a_matrix_beside_images_is_columns(tmp_path):
    published(tmp_path / "a.npz", events(3), totals=np.ones((3, 2)))
    assert open_source(tmp_path / "a.npz").columns == ("image", "labels", "n_tracks", "totals0", "totals1")


def test_published_files_are_read(real):
    table = open_source(real("collider/dark_showers/n_tracks/train")).read()
    assert table.num_rows == 1002
    assert isinstance(table.column("image").type, pa.FixedShapeTensorType)
    assert tuple(table.column("image").type.shape) == (3, 72, 58)
    assert table.column_names == ["image", "labels", "masses", "n_tracks"]


@pytest.mark.parametrize("suffix", ["parquet", "pq"])
def test_memory_of_dense_images_is_that_of_a_part(tmp_path, suffix):
    WRITERS[suffix](tmp_path / f"e.{suffix}", events(3000, shape=(72, 58, 3)))
    parts = list(open_source(tmp_path / f"e.{suffix}").scan(("image",), 65_536))
    assert len(parts) >= 3
    assert sum(part.num_rows for part in parts) == 3000
