"""The registry: components to plain values and back, and settings in model files that mean harm."""

import copy
import dataclasses
import time
import tracemalloc
import warnings

import numpy as np
import pytest

import unseen
from unseen.detectors.aware import AwareDetector
from unseen.errors import ConfigError, ModelFileError
from unseen.models.neighbours import Neighbours
from unseen.models.network import Convolution, Dense
from unseen.models.vae import VAE
from unseen.nn.orientation import OrientedGradients
from unseen.objectives import Hinge
from unseen.persist import read_model, write_model
from unseen.registry import COMPONENTS, LOSSES, build, describe
from unseen.scores import Divergence, Reconstruction, Residual, Score, Sum
from unseen.thresholds import FalseAlarmRate, RateBudget
from unseen.training.loop import Plan

NEEDED = {
    "RateBudget": {"alarms": 3.0, "rows": 100.0},
    "Sum": {"terms": (Residual(), Divergence()), "weights": (1.0, 0.5)},
    "Combined": {"terms": (Residual(), Divergence()), "beside": (Reconstruction(),)},
}
NESTED = [
    VAE(Convolution((4, 8)), latent=3, beta=0.5),
    Neighbours(front=OrientedGradients(bins=4), power=0.5),
    Sum((Reconstruction(), Sum((Residual(0.2), Divergence()), (1.0, 2.0))), (0.5, 0.25)),
    RateBudget(alarms=10, rows=86_400),
    (Plan(steps=3), None, 0.5, "median"),
]


@pytest.mark.parametrize("name", COMPONENTS)
def test_every_component_comes_back_as_it_was(name):
    made = COMPONENTS[name](**NEEDED.get(name, {}))
    assert build(describe(made)) == made
    # and with every number changed, so that no field is lost on the way
    changed = {
        field.name: value + 0.25 if isinstance(value, float) else value + 1
        for field in dataclasses.fields(made)
        if type(value := getattr(made, field.name)) in (int, float) and value < 0.7
    }
    other = dataclasses.replace(made, **changed)
    assert build(describe(other)) == other
    assert (other == made) == (not changed)


@pytest.mark.parametrize("thing", NESTED, ids=repr)
def test_nested_components_come_back(thing):
    assert build(describe(thing)) == thing


def test_every_loss_threshold_and_score_can_be_named():
    assert len(COMPONENTS) >= 21
    assert set(LOSSES.values()) <= set(COMPONENTS.values())
    scores = [cls for name, cls in COMPONENTS.items() if isinstance(cls(**NEEDED.get(name, {})), Score)]
    assert len(scores) == 12


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ({"type": "Hinje"}, "component 'Hinje' is not known; accepted: .* Did you mean 'Hinge'?"),
        ({"margin": 2.0}, "component 'None' is not known"),
        ({"type": ["Hinge"]}, r"component .\['Hinge'\]. is not known"),
        ({"type": "Hinge", "margn": 2.0}, "field of Hinge 'margn' is not known; .*Did you mean 'margin'?"),
        ({"type": "Hinge", "margin": "wide"}, "Hinge.margin is 'wide'"),
        ({"type": "Plan", "steps": 1.5}, "Plan.steps is 1.5"),
        ({"type": "VAE", "body": {"type": "Hinge"}}, "VAE.body"),
        ({"type": "VAE", "body": {"type": "Dense", "hidden": [8, "x"]}}, "Dense.hidden.1 is 'x'"),
        ({"type": "RateBudget", "alarms": 1}, "RateBudget.rows"),
        ({"type": "Sum", "terms": ["no score"], "weights": [1.0]}, "Sum.terms.0 is 'no score'"),
        ({"type": "FalseAlarmRate", "rate": 2.0}, "false-alarm rate 2.0|FalseAlarmRate"),
    ],
    ids=lambda case: str(case)[:40],
)
def test_records_that_are_not_components_are_refused(record, message):
    with pytest.raises(ConfigError, match=message) as refused:
        build(record)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "thing", [object(), lambda told: told, np.float64(1).reshape(1), {1, 2}, AwareDetector()]
)
def test_only_components_are_written(thing):
    with pytest.raises(ConfigError, match="cannot be written to a model file"):
        describe(thing)


# ------------------------------------------------------------------------- settings that mean harm


def fit() -> AwareDetector:
    random = np.random.default_rng(0)
    short = Plan(steps=10, batch=32, check_every=5)
    detector = AwareDetector(
        VAE(Dense((4,)), latent=2), learn=short, tune=short, neighbours=Neighbours(reference=40)
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return detector.fit(random.normal(size=(90, 5))).fine_tune(random.normal(size=(6, 5)) + 4)


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "sound"
    unseen.save(fit(), path)
    return read_model(path)


def deep(levels, inner=None):
    record = inner
    for _ in range(levels):
        record = {"type": "Sum", "terms": [record], "weights": [1.0]}
    return record


def settings(**changed):
    return lambda document, arrays: document["settings"].update(changed)


def model(**changed):
    return settings(model={"type": "VAE", "body": {"type": "Dense", "hidden": [4]}, "latent": 2, **changed})


def at(*place, value):
    """Set one value of the document."""

    def change(document, arrays):
        for key in place[:-1]:
            document = document[key]
        document[place[-1]] = value

    return change


def without(*place):
    def change(document, arrays):
        for key in place[:-1]:
            document = document[key]
        del document[place[-1]]

    return change


WEIGHT = "stage1.1.0.net.encoder.0.weight"
BIAS = "stage1.1.0.net.head.bias"


def array(name, change):
    def changed(document, arrays):
        assert name in arrays
        value = change(arrays[name])
        if value is None:
            del arrays[name]
        else:
            arrays[name] = value

    return changed


def spoiled(value):
    def change(found):
        found = found.copy()
        found.flat[-1] = value
        return found

    return change


HUGE = 10**12
# each makes a sound document or its arrays into one that must be refused
HOSTILE = {
    "unknown model": settings(model={"type": "os.system"}),
    "model is a loss": settings(model={"type": "Hinge"}),
    "model is a number": settings(model=7),
    "model is a list": settings(model=[1, 2]),
    "awareness is a score": settings(awareness={"type": "Reconstruction"}),
    "score is a loss": settings(row_score={"type": "Abc"}),
    "score is a word": settings(row_score="reconstruction"),
    "threshold is a plan": settings(threshold={"type": "Plan"}),
    "threshold is a number": settings(threshold=0.01),
    "neighbours is a plan": settings(neighbours={"type": "Plan"}),
    "no neighbours for a bank": settings(neighbours=None),
    "score nested 40 deep": settings(row_score=deep(30, {"type": "Reconstructoin"})),
    "score nested 20 deep on nothing": settings(row_score=deep(20)),
    "unknown setting": settings(run="rm -rf"),
    "settings are a list": at("settings", value=[]),
    "no settings": without("settings"),
    "hidden layer of 10^12": model(body={"type": "Dense", "hidden": [HUGE]}),
    "two hidden layers of 10^12": model(body={"type": "Dense", "hidden": [HUGE, HUGE]}),
    "hidden layer of 10^18": model(body={"type": "Dense", "hidden": [10**18]}),
    "20,000 hidden layers": model(body={"type": "Dense", "hidden": [1] * 20_000}),
    "hidden layer of -4": model(body={"type": "Dense", "hidden": [-4]}),
    "hidden layer of 0": model(body={"type": "Dense", "hidden": [0]}),
    "hidden layer of half a unit": model(body={"type": "Dense", "hidden": [0.5]}),
    "hidden layers are a word": model(body={"type": "Dense", "hidden": "wide"}),
    "latent of 10^12": model(latent=HUGE),
    "latent of -1": model(latent=-1),
    "beta is a word": model(beta="small"),
    "another width of the network": model(body={"type": "Dense", "hidden": [5]}),
    "more layers than weights": model(body={"type": "Dense", "hidden": [4, 4]}),
    "fewer layers than weights": model(body={"type": "Dense", "hidden": []}),
    "convolution of a table": model(body={"type": "Convolution", "channels": [4]}),
    "image shape of 10^36 pixels": settings(image_shape=[HUGE, HUGE, HUGE]),
    "image shape that does not fill": settings(image_shape=[1, 2, 2]),
    "image shape of two numbers": settings(image_shape=[5, 1]),
    "image shape is a word": settings(image_shape="5x1"),
    "negative image shape": settings(image_shape=[-1, -5, 1]),
    "trust of 2": settings(trust=2.0),
    "trust is a word": settings(trust="much"),
    "no members": settings(members=0),
    "members is a list": settings(members=[1]),
    "trim is null": settings(trim=None),
    "missing is unknown": settings(missing="ignore"),
    "seed is a word": settings(seed="x"),
    "width of 10^12": at("width", value=HUGE),
    "width of -1": at("width", value=-1),
    "width is a word": at("width", value="five"),
    "width is null": at("width", value=None),
    "no width": without("width"),
    "names are a number": at("names", value=5),
    "too few names": at("names", value=["a"]),
    "schema is a word": at("schema", value="x"),
    "schema of another width": at(
        "schema", value={"version": 1, "columns": [{"name": "a", "kind": "number", "median": 0.0}]}
    ),
    "unknown scaler": at("scaler", value="__import__"),
    "pixels with the arrays of a scaler": at("scaler", value="Pixels"),
    "no stage 1": at("stage1", value=[]),
    "stage 1 is a number": at("stage1", value=3),
    "stage 1 holds words": at("stage1", value=["a"]),
    "no stage 2": without("stage2"),
    "unknown reader": at("stage1", 0, "reader", value="eval"),
    "nearness in stage 1": at("stage1", 0, "reader", value="nearness"),
    "share of 0": at("stage1", 0, "share", value=0.0),
    "share of -1": at("stage2", 0, "share", value=-1.0),
    "share is null": at("stage2", 0, "share", value=None),
    "handicap is a word": at("handicap", value="none"),
    "handicap is a list": at("handicap", value=[1.0]),
    "no handicap": without("handicap"),
    "k of 10^12": at("stage1", 0, "k", value=HUGE),
    "k of 0": at("stage1", 0, "k", value=0),
    "tau is a number": at("stage1", 1, "tau", value=1.0),
    "tau of 100,000 networks": at("stage1", 1, "tau", value=[1.0] * 100_000),
    "no tau": at("stage1", 1, "tau", value=[]),
    "known kinds are a list": at("known_kinds", value=["dos"]),
    "known kinds count words": at("known_kinds", value={"dos": "many"}),
    "traces are a number": at("traces", value=1),
    "traces of unknown fields": at("traces", value=[{"stepz": []}]),
    "notes are a number": at("notes", value=1),
    "weight of NaN": array(WEIGHT, spoiled(np.nan)),
    "weight of infinity": array(WEIGHT, spoiled(np.inf)),
    "weight of another shape": array(WEIGHT, lambda w: w[:-1]),
    "weight transposed": array(WEIGHT, lambda w: w.T.copy()),
    "weight of a scalar": array(BIAS, lambda w: np.full((), 1, np.float32)),
    "weight in double precision": array(WEIGHT, lambda w: w.astype(np.float64)),
    "weight of whole numbers": array(WEIGHT, lambda w: w.astype(np.int32)),
    "missing weight": array(WEIGHT, lambda w: None),
    "missing calibration": array("calibration", lambda w: None),
    "empty calibration": array("calibration", lambda w: w[:0]),
    "calibration of NaN": array("calibration", spoiled(np.nan)),
    "members calibration of one row": array("stage1.0.calibration", lambda w: w[:1]),
    "missing scaler": array("scaler.width", lambda w: None),
    "scaler of another width": array("scaler.centre", lambda w: w[:-1]),
    "scaler wider than the rows": lambda document, arrays: arrays.update(
        {name: np.repeat(arrays[name], 2) for name in arrays if name.startswith("scaler.")}
    ),
    "scaler that divides by zero": array("scaler.width", lambda w: w * 0),
    "scaler of NaN": array("scaler.centre", spoiled(np.nan)),
    "bank of no rows": array("stage1.0.codes", lambda w: w[:0]),
    "bank without axes": array("stage1.0.axes", lambda w: None),
    "bank of other axes": array("stage1.0.axes", lambda w: w[:-1]),
    "bank distance of NaN": array("stage1.0.own", spoiled(np.nan)),
    "no known rows": array("stage2.1.known", lambda w: w[:0]),
    "known rows of another width": array("stage2.1.known", lambda w: w[:, :-1]),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_settings_that_mean_harm_are_one_line_quick_and_small(name, sound, tmp_path):
    document, arrays = copy.deepcopy(dict(sound.document)), dict(sound.arrays)
    HOSTILE[name](document, arrays)
    path = tmp_path / "m"
    write_model(path, document=document, arrays=arrays, kind="AwareDetector")
    start = time.process_time()
    tracemalloc.start()
    try:
        with pytest.raises(ModelFileError) as refused:
            unseen.load(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert time.process_time() - start < 5
    assert peak < 300e6
    message = str(refused.value)
    assert message.startswith(f"{path}: ")
    assert "\n" not in message
    assert len(message) < len(str(tmp_path)) + 600


def test_the_sound_file_is_sound(sound, tmp_path):
    """So that what is refused above is refused for its one fault."""
    assert len(HOSTILE) >= 90
    write_model(tmp_path / "m", document=sound.document, arrays=sound.arrays, kind="AwareDetector")
    X = np.random.default_rng(1).normal(size=(50, 5))
    assert np.array_equal(unseen.load(tmp_path / "m").anomaly_score(X), fit().anomaly_score(X))


def test_only_registered_detectors_are_loaded_or_saved(sound, tmp_path):
    write_model(tmp_path / "m", document=sound.document, arrays=sound.arrays, kind="AwareDetektor")
    with pytest.raises(ModelFileError, match=r"detector 'AwareDetektor' is not known.*Did you mean"):
        unseen.load(tmp_path / "m")

    class Mine(AwareDetector):
        pass

    detector = Mine.__new__(Mine)
    detector.__dict__ = fit().__dict__
    with pytest.raises(ModelFileError, match="detector 'Mine' is not known"):
        unseen.save(detector, tmp_path / "mine")


def test_a_detector_with_parts_of_its_own_is_not_written(tmp_path):
    detector = fit().set_params(awareness=lambda told: told.excess)
    with pytest.raises(ConfigError, match="cannot be written to a model file"):
        unseen.save(detector, tmp_path / "m")
    assert not (tmp_path / "m").exists()


def test_an_unfitted_detector_is_not_written(tmp_path):
    with pytest.raises(ValueError, match="not fitted"):
        unseen.save(AwareDetector(awareness=Hinge(), threshold=FalseAlarmRate(0.1)), tmp_path / "m")
