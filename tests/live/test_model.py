"""A forecaster from a model file at work, and one that does not fit the settings."""

import numpy as np
import pytest
from rehearsing import settings, streets

from unseen.errors import ConfigError
from unseen.forecasting.detector import ForecastDetector
from unseen.forecasting.learning import Schedule
from unseen.forecasting.networks import Stid
from unseen.forecasting.stored import save
from unseen.live.opening import renewal_of, warm_up
from unseen.live.store import Store

MAY = 1_493_596_800
DAY = 86_400


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    panel = streets(3, 40, start=MAY)
    detector = ForecastDetector(members=(Stid(width=16, each=4),), schedule=Schedule(epochs=1, batch=512))
    file = tmp_path_factory.mktemp("model") / "streets.model"
    save(detector.fit(panel.slice(0, 38 * 96)), file)
    return panel, detector, file


def test_what_the_watch_expects_is_what_the_model_says(trained, tmp_path):
    panel, detector, file = trained
    told = settings(tmp_path, forecast={"model": str(file)})
    with Store(told.store) as store:
        store.db.execute("PRAGMA synchronous = OFF")
        engine = warm_up(told, store, renewal_of(told), panel.slice(0, 39 * 96), 1)
        target = MAY + 38 * DAY + 41 * 900
        (seen,) = store.outlooks(target, target + 900, 3)
    assert engine.fitted.model == seen.model == "streets.model"
    slot = panel.slot(target) - 2
    expected = detector.forecast(panel.slice(0, slot + 1), [slot])
    assert np.allclose(seen.mean, expected.mean[:, 0], rtol=1e-5)
    assert (np.diff(seen.quantile, axis=1) >= 0).all()


def test_a_model_of_other_slots_or_of_another_zone_is_refused(trained, tmp_path):
    told = settings(tmp_path, series={"slot": 30}, forecast={"model": str(trained[2])})
    with pytest.raises(
        ConfigError, match="was trained on slots of 15 minutes in Europe/Madrid, and the watch has 30"
    ):
        renewal_of(told)
