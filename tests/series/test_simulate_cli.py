"""`unseen traffic simulate` as a user types it, and what then opens its folder."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from unseen.cli.app import app
from unseen.errors import DataError
from unseen.series.mapped import open_mapped
from unseen.series.settings import SeriesSettings
from unseen.series.source import open_panel, take
from unseen.series.states import State


def unseen(*words):
    done = CliRunner().invoke(app, [str(word) for word in words], prog_name="unseen")
    assert done.exit_code == 0, done.stderr
    return done.stdout


def test_a_city_from_the_command_line(tmp_path):
    pytest.importorskip("holidays")
    typed = ("traffic", "simulate", "--sensors", 20, "--days", 30, "--minutes", 20, "--stuck", 0.02,
             "--holidays", "ES:MD", "--seed", 5, "--out", tmp_path / "town")  # fmt: skip
    told = json.loads(unseen(*typed, "--json"))
    assert (told["simulated"], told["sensors"], told["slots"], told["made"]) == (True, 20, 30 * 72, 20)
    words = unseen(*typed)
    assert words.startswith("SIMULATED city of 20 sensors, 2,160 slots of 20 min")
    assert "(0 sensors made, 20 there before)" in words
    madrid = SeriesSettings(zone="Europe/Madrid")
    panel = open_panel(tmp_path / "town", settings=madrid)
    assert isinstance(panel.values, np.memmap)
    assert np.array_equal(panel.values, open_mapped(tmp_path / "town").values, equal_nan=True)
    assert panel.calendar.holidays
    checked = take(tmp_path / "town", settings=madrid).panel
    assert checked.states is not None
    assert (checked.states == State.STUCK).mean() == pytest.approx(0.02, abs=0.012)
    with pytest.raises(DataError, match=r"by the clock of Europe/Madrid, but the zone Europe/Rome came"):
        open_panel(tmp_path / "town", settings=SeriesSettings(zone="Europe/Rome"))
