"""Model files of forecasters: data only, the same bits back, every broken part an error."""

import json

import numpy as np
import pytest

from unseen.errors import ModelFileError
from unseen.forecasting.conformal import Adaptive, Conformal
from unseen.forecasting.detector import ForecastDetector
from unseen.forecasting.stored import load, restored, save
from unseen.persist import ModelFile, read_model


def test_it_comes_back_bit_for_bit(panel, detector, tmp_path):
    save(detector, tmp_path / "model")
    again = load(tmp_path / "model")
    slots = range(2400, 2450)
    for ask in (ForecastDetector.forecast, ForecastDetector.calibrated):
        assert np.array_equal(ask(detector, panel, slots).quantiles, ask(again, panel, slots).quantiles)
    assert np.array_equal(detector.anomaly_score(panel), again.anomaly_score(panel), equal_nan=True)
    assert (again.members, again.schedule) == (detector.members, detector.schedule)
    assert again.trained_ == detector.trained_


def test_adopted_sensors_and_settings_are_kept(panel, detector, tmp_path):
    strange = panel.slice(0, 500).select(["east"])
    adopted = detector.adopt(type(panel)(strange.values, panel.start, panel.step, ("new",), panel.calendar))
    adopted.conformal = Conformal(days=7, alphas=Adaptive(0.01))
    save(adopted, tmp_path / "model.unseen")
    again = load(tmp_path / "model.unseen")
    assert again.known_.sensors == (*panel.sensors, "new")
    assert again.conformal == adopted.conformal


def test_what_is_inside_can_be_read(detector, tmp_path):
    save(detector, tmp_path / "model")
    document = json.loads((tmp_path / "model" / "manifest.json").read_text())["document"]
    assert document["sensors"] == ["north", "east", "south", "west"]
    assert document["trained"]["zone"] == "UTC"
    assert document["trained"]["step"] == 1800
    assert document["trained"]["last"] - document["trained"]["first"] == (42 * 48 - 1) * 1800


def broken(change):
    def changed(file: ModelFile) -> ModelFile:
        document, arrays = json.loads(json.dumps(file.document)), dict(file.arrays)
        change(document, arrays)
        return ModelFile(file.kind, document, arrays, file.versions, file.schema, file.created)

    return changed


CASES = {
    "misses 'usual.mean'": lambda d, a: a.pop("usual.mean"),
    "its levels are not those": lambda d, a: d.update(levels=[0.5]),
    "its slots of 7 s do not divide an hour": lambda d, a: d["trained"].update(step=7),
    "time zone 'Moon' is not known": lambda d, a: d["trained"].update(zone="Moon"),
    "its profile has shape": lambda d, a: d["sensors"].append("more"),
    "its sensors are not a list of names": lambda d, a: d.update(sensors=[1, 2, 3, 4]),
    "its embedding rows lie outside": lambda d, a: a.update(embedding=a["embedding"] + 9),
    "its neighbours lie outside": lambda d, a: a.update(neighbours=a["neighbours"] + 9),
    "its step is no whole number": lambda d, a: d["trained"].update(step="900"),
    "'gru' is not known; accepted: stid, lstm": lambda d, a: d["settings"]["members"][0].update(type="gru"),
    "Stid has no setting 'deep'": lambda d, a: d["settings"]["members"][0].update(deep=3),
    "epochs -1 came": lambda d, a: d["settings"]["schedule"].update(epochs=-1),
    "Error(s) in loading state_dict": lambda d, a: a.pop("network0.linear.bias"),
    "Invalid isoformat string": lambda d, a: d["trained"].update(holidays=["yesterday"]),
    "a part that should be an object is none": lambda d, a: d.update(settings=3),
    "neighbours -2 came": lambda d, a: d["settings"].update(neighbours=-2),
}


@pytest.mark.parametrize("said", CASES)
def test_a_broken_part_is_named(detector, tmp_path, said):
    save(detector, tmp_path / "model")
    file = broken(CASES[said])(read_model(tmp_path / "model"))
    with pytest.raises(ModelFileError) as caught:
        restored(file, "model")
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_other_files_are_refused(tmp_path, detector):
    with pytest.raises(ModelFileError, match="not fitted"):
        save(ForecastDetector(), tmp_path / "model")
    with pytest.raises(ModelFileError, match="is not there"):
        load(tmp_path / "nothing")
    save(detector, tmp_path / "model")
    file = read_model(tmp_path / "model")
    other = ModelFile("AwareDetector", file.document, file.arrays, file.versions, file.schema, file.created)
    with pytest.raises(ModelFileError, match="holds an AwareDetector, no ForecastDetector"):
        restored(other, "model")
