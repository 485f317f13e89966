"""Panels in a folder: back as they were, and whatever is wrong with the folder told on one line."""

import json

import numpy as np
import pytest

from unseen.errors import DataError
from unseen.series.calendar import Calendar
from unseen.series.mapped import is_mapped, open_mapped, read_header, write_mapped
from unseen.series.panel import Panel


@pytest.fixture
def panel():
    values = np.arange(12, dtype=np.float32).reshape(2, 6)
    values[1, 2] = np.nan
    return Panel(values, start=900, step=900, sensors=("a", "ß"), calendar=Calendar("Europe/Madrid"),
                 places=np.array([[1.5, 40.25], [np.nan, np.nan]]), names=("A", "<b>"))  # fmt: skip


@pytest.fixture
def folder(panel, tmp_path):
    write_mapped(panel, tmp_path / "p", "a test")
    return tmp_path / "p"


def test_back_as_it_was(panel, folder):
    again = open_mapped(folder)
    assert np.array_equal(again.values, panel.values, equal_nan=True)
    assert isinstance(again.values, np.memmap)
    assert (again.start, again.step, again.sensors, again.names) == (900, 900, ("a", "ß"), ("A", "<b>"))
    assert np.array_equal(again.places, panel.places, equal_nan=True)
    assert again.calendar == panel.calendar
    assert is_mapped(folder)
    assert not is_mapped(folder / "panel.json")
    with pytest.raises(ValueError, match="read-only"):
        again.values[0, 0] = 1.0


def test_nothing_is_overwritten(panel, folder):
    with pytest.raises(DataError, match="is there already"):
        write_mapped(panel, folder, "again")
    with pytest.raises(DataError, match="does not exist: create it first"):
        write_mapped(panel, folder / "x" / "y", "again")


def changed(**changes):
    def change(text):
        return json.dumps({**json.loads(text), **changes})

    return change


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda text: "", "not a sound header"),
        (lambda text: text[:40], "not a sound header"),
        (lambda text: "[1]", "not the header of a panel"),
        (lambda text: "[" * 100_000, "not a sound header"),
        (lambda text: '{"format": "unseen panel"}', "'version' is missing"),
        (changed(format="other"), "not the header of a panel"),
        (changed(version=2), "version 2; this package reads 1"),
        (changed(slots=7), "values.f32 has 48 bytes; 2 sensors by 7 slots are 56 bytes"),
        (changed(slots=-6), "both are whole numbers above 0"),
        (changed(slots=1e9), "both are whole numbers above 0"),
        (changed(slots=10**30), "values.f32 has 48 bytes"),
        (changed(step=700), "do not divide an hour"),
        (changed(sensors=["a", "a"]), "comes twice"),
        (changed(sensors=[]), "one sensor or more"),
        (changed(sensors=[1, 2]), "lists of words"),
        (changed(places=[[1, 2]]), "places of shape"),
        (changed(places=[[1], [2]]), "not a sound header"),
        (changed(places=["ab", "cd"]), "not a sound header"),
        (changed(zone="Europe/Madird"), "Did you mean 'Europe/Madrid'"),
        (changed(holidays=["2017-13-01"]), "not a sound header"),
        (changed(start="yesterday"), "not a sound header"),
    ],
)
def test_headers_that_are_refused(folder, change, words):
    place = folder / "panel.json"
    place.write_text(change(place.read_text()))
    with pytest.raises(DataError, match=words) as fault:
        open_mapped(folder)
    assert "\n" not in str(fault.value)
    assert "panel.json" in str(fault.value) or "values.f32" in str(fault.value)


def test_bytes_that_are_no_text(folder):
    (folder / "panel.json").write_bytes(b"\xff\xfe{}")
    with pytest.raises(DataError, match="not a sound header"):
        read_header(folder)


def test_a_folder_without_its_parts(folder, tmp_path):
    (folder / "values.f32").write_bytes(b"short")
    with pytest.raises(DataError, match="has 5 bytes"):
        open_mapped(folder)
    (folder / "values.f32").unlink()
    with pytest.raises(DataError, match="is missing"):
        open_mapped(folder)
    with pytest.raises(DataError, match=r"holds no panel\.json"):
        open_mapped(tmp_path)


def test_a_place_that_cannot_be_written(panel, tmp_path):
    (tmp_path / "p.tmp").write_text("a file where the folder would be made")
    with pytest.raises(DataError, match="cannot be written"):
        write_mapped(panel, tmp_path / "p", "a test")
    assert not (tmp_path / "p").exists()
