"""States in files: they go on bit for bit, and foreign files are refused without being run."""

import pickle
import zipfile

import numpy as np
import pytest

from unseen.errors import DataError
from unseen.streaming import StreamDetector, kept, score_series
from unseen.streaming.kept import load, save


def test_a_detector_goes_on_from_its_file(tmp_path):
    values, times = np.random.default_rng(0).normal(size=400), np.arange(400.0)
    whole = score_series(times, values, StreamDetector(warmup=100))
    detector = StreamDetector(warmup=100)
    score_series(times[:300], values[:300], detector)
    save(detector, tmp_path / "s.npz")
    assert [path.name for path in tmp_path.iterdir()] == ["s.npz"]
    rest = score_series(times[300:], values[300:], load(tmp_path / "s.npz"))
    assert np.array_equal(rest.score, whole.score[300:])


class Bomb:
    def __reduce__(self):
        return (open, ("exploded", "w"))


def hostile(folder):
    sound = StreamDetector(warmup=100).state()
    np.savez(folder / "objects.npz", **{**sound, "at": np.array([Bomb()], dtype=object)})
    (folder / "pickle.npz").write_bytes(pickle.dumps(Bomb()))
    (folder / "empty.npz").write_bytes(b"")
    save(StreamDetector(), folder / "cut.npz")
    (folder / "cut.npz").write_bytes((folder / "cut.npz").read_bytes()[:-40])
    with zipfile.ZipFile(folder / "bomb.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("at.npy", b"\0" * 3_000_000)
    np.savez(folder / "other.npz", a=np.zeros(3))


def test_foreign_files_are_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(kept, "MOST", 1_000_000)
    hostile(tmp_path)
    files = sorted(tmp_path.glob("*.npz"))
    assert len(files) == 6
    for path in [*files, tmp_path / "absent.npz"]:
        with pytest.raises(DataError, match=f"{path.name}(: this)? (is not the state|holds)"):
            load(path)
    assert not (tmp_path / "exploded").exists()


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    with pytest.raises(DataError, match="cannot be written"):
        save(StreamDetector(), tmp_path / "absent" / "s.npz")
