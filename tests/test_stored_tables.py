"""Model files of committees: every bit comes back, and files that mean harm are refused in one line."""

import copy
import time
import tracemalloc
import warnings

import numpy as np
import pytest

import unseen
from unseen.detectors.ensemble import CommitteeDetector
from unseen.detectors.telling import Beyond, Leading
from unseen.errors import ConfigError, ModelFileError
from unseen.models.forest import Forest
from unseen.models.mixture import Mixture
from unseen.models.neighbours import Neighbours
from unseen.models.spreading import Spreading
from unseen.persist import read_model, write_model

RANDOM = np.random.default_rng(0)
ROWS = RANDOM.normal(size=(120, 5))
KNOWN = RANDOM.normal(size=(6, 5)) + 3
FRESH = RANDOM.normal(size=(300, 5)) * 2


def fit(**changed) -> CommitteeDetector:
    settings = {"forests": (Forest(trees=7), Forest(trees=5, depth=3)), "joining": Beyond()}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return CommitteeDetector(**settings | changed).fit(ROWS).fine_tune(KNOWN)


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "sound"
    unseen.save(fit(), path)
    return read_model(path)


SETTINGS = {
    "defaults": {"joining": None, "forests": CommitteeDetector().forests},
    "one forest alone": {"forests": (Forest(features=0.25),), "spreading": None, "mixture": False},
    "no forest": {"forests": (), "neighbours": False, "mixture": Mixture(components=2, axes=3)},
    "settings of one's own": {
        "neighbours": Neighbours(k=2, reference=50),
        "spreading": Spreading(neighbours=3, keep=0.5),
        "joining": Leading(),
        "scaling": "quantiles",
    },
}


@pytest.mark.parametrize("name", SETTINGS)
def test_settings_and_scores_come_back(name, tmp_path):
    detector = fit(**SETTINGS[name])
    unseen.save(detector, tmp_path / "m.unseen")
    loaded = unseen.load(tmp_path / "m.unseen")
    assert loaded.get_params() == detector.get_params()
    assert loaded.standing_ == detector.standing_
    assert loaded.joining_name == detector.joining_name
    for score in ("anomaly_score", "stage1_score", "stage2_score", "p_values"):
        assert np.array_equal(getattr(loaded, score)(FRESH), getattr(detector, score)(FRESH)), score
    assert np.array_equal(loaded.contributions(FRESH).values, detector.contributions(FRESH).values)


def test_a_file_holds_no_row_in_the_clear_but_those_it_measures_to(sound):
    names = set(sound.arrays)
    assert len(sound.document["stage1"]) == 2
    assert [record["reader"] for record in sound.document["stage2"]] == ["trees", "trees", "spread"]
    # what the trees share with stage 1 is written once
    assert not [name for name in names if name.startswith("stage2.0") and "codes" in name]


def settings(**changed):
    return lambda document, arrays: document["settings"].update(changed)


def at(*place, value):
    def change(document, arrays):
        for key in place[:-1]:
            document = document[key]
        document[place[-1]] = value

    return change


def array(name, change):
    def changed(document, arrays):
        assert name in arrays
        value = change(arrays[name])
        if value is None:
            del arrays[name]
        else:
            arrays[name] = value

    return changed


def spoiled(value, place=-1):
    def change(found):
        found = found.copy()
        found.flat[place] = value
        return found

    return change


def inner(value):
    """Set what an inner node, the first root, leads to or looks at."""
    return spoiled(value, 0)


def chain(steps):
    """Make a forest into one tree that is a chain of so many steps."""

    def change(document, arrays):
        count = 2 * steps + 1
        child = np.arange(count)
        child[0 : count - 1 : 2] = np.arange(1, count, 2)
        child[1:-1:2] = np.arange(1, count - 1, 2)
        inside = np.arange(0, count - 1, 2)
        # the second child of each inner node is the next inner node
        start = "stage2.0."
        arrays[start + "child"] = child
        arrays[start + "feature"] = np.zeros(count, np.int64)
        arrays[start + "value"] = np.full(count, 0.5, np.float32)
        threshold = np.full(count, np.inf, np.float32)
        threshold[inside] = 0
        arrays[start + "threshold"] = threshold
        arrays[start + "roots"] = np.zeros(1, np.int64)

    return change


HOSTILE = {
    "forests are a number": settings(forests=3),
    "a forest is a plan": settings(forests=[{"type": "Plan"}]),
    "a forest is null": settings(forests=[None]),
    "mixture is a word": settings(mixture="large"),
    "mixture is a forest": settings(mixture={"type": "Forest"}),
    "spreading is a number": settings(spreading=7),
    "neighbours are left out for a bank": settings(neighbours=False),
    "nothing in stage 1": settings(neighbours=False, mixture=False),
    "nothing in stage 2": settings(forests=[], spreading=None),
    "joining is a forest": settings(joining={"type": "Forest"}),
    "trees of half a tree": settings(forests=[{"type": "Forest", "trees": 0.5}]),
    "unknown setting": settings(model={"type": "VAE"}),
    "no standing": lambda document, arrays: document.pop("standing"),
    "standing is a word": at("standing", value="leads"),
    "standing of three": at("standing", value=[0.1, 0.2, 0.3]),
    "standing beyond 1": at("standing", value=[0.1, 1.5]),
    "trees in stage 1": at("stage1", 1, "reader", value="trees"),
    "spread labels in stage 1": at("stage1", 1, "reader", value="spread"),
    "a density in place of trees": at("stage2", 0, "reader", value="density"),
    "networks": at("stage1", 1, "reader", value="reconstructing"),
    "a reader that is a list": at("stage1", 1, "reader", value=["density"]),
    "no roots": array("stage2.0.roots", lambda a: a[:0]),
    "a root beyond": array("stage2.0.roots", spoiled(10**9)),
    "a root that is a child": array("stage2.0.roots", spoiled(1)),
    "the same root twice": array("stage2.0.roots", spoiled(0)),
    "a child beyond": array("stage2.0.child", inner(10**9)),
    "a negative child": array("stage2.0.child", inner(-1)),
    "a child twice": array("stage2.0.child", inner(3)),
    "a child before its parent": array("stage2.0.child", lambda a: np.where(a == a.max(), 0, a)),
    "children in single precision": array("stage2.0.child", lambda a: a.astype(np.float32)),
    "children of 32 bits": array("stage2.0.child", lambda a: a.astype(np.int32)),
    "children in two dimensions": array("stage2.0.child", lambda a: a[None]),
    "fewer children": array("stage2.0.child", lambda a: a[:-1]),
    "a root without children": array("stage2.0.child", inner(0)),
    "a column beyond": array("stage2.0.feature", inner(7)),
    "a negative column": array("stage2.0.feature", inner(-1)),
    "no column": array("stage2.0.feature", lambda a: None),
    "threshold of NaN": array("stage2.0.threshold", inner(np.nan)),
    "threshold of -infinity": array("stage2.0.threshold", inner(-np.inf)),
    "threshold of a leaf": array("stage2.0.threshold", lambda a: np.where(np.isinf(a), 1, a).astype("f4")),
    "thresholds in double precision": array("stage2.0.threshold", lambda a: a.astype(np.float64)),
    "thresholds of a scalar": array("stage2.0.threshold", lambda a: np.full((), 1, np.float32)),
    "share of 2": array("stage2.0.value", spoiled(2)),
    "share of NaN": array("stage2.0.value", spoiled(np.nan)),
    "a tree of 70 steps": chain(70),
    "a tree of 200,000 steps": chain(200_000),
    "means of another width": array("stage1.1.means", lambda a: a[:, :-1]),
    "no component": array("stage1.1.means", lambda a: a[:0]),
    "means in one dimension": array("stage1.1.means", lambda a: a[0]),
    "roots of another width": array("stage1.1.roots", lambda a: a[:, :-1]),
    "roots of NaN": array("stage1.1.roots", spoiled(np.nan)),
    "offsets of infinity": array("stage1.1.offsets", spoiled(np.inf)),
    "fewer offsets": array("stage1.1.offsets", lambda a: a[:-1] if len(a) > 1 else a.repeat(2)),
    "axes of another width": array("stage1.1.axes", lambda a: a[:-1]),
    "no axes": array("stage1.1.axes", lambda a: a[:, :0]),
    "no variance beyond the axes": array("stage1.1.spread", lambda a: None),
    "a variance of 0": array("stage1.1.spread", lambda a: np.zeros_like(a)),
    "a variance of NaN": array("stage1.1.spread", lambda a: np.full_like(a, np.nan)),
    "a variance for each feature": array("stage1.1.spread", lambda a: np.ones(4, a.dtype)),
    "codes of NaN": array("stage2.2.codes", spoiled(np.nan)),
    "codes far away": array("stage2.2.codes", spoiled(3e38)),
    "codes of another width": array("stage2.2.codes", lambda a: a[:, :-1]),
    "no codes": array("stage2.2.codes", lambda a: a[:0]),
    "a reach of 0": array("stage2.2.reach", spoiled(0)),
    "a reach of -1": array("stage2.2.reach", spoiled(-1)),
    "fewer reaches": array("stage2.2.reach", lambda a: a[:-1]),
    "a level below 0": array("stage2.2.level", spoiled(-1)),
    "neighbours of 10^12": at("stage2", 2, "neighbours", value=10**12),
    "no neighbours": at("stage2", 2, "neighbours", value=0),
    "neighbours are a word": at("stage2", 2, "neighbours", value="20"),
    "half a neighbour": at("stage2", 2, "neighbours", value=0.5),
    "neighbours are true": at("stage2", 2, "neighbours", value=True),
    "no knots": array("stage2.2.scaler.knots", lambda a: None),
    "falling knots": array("stage2.2.scaler.knots", lambda a: a[::-1].copy()),
    "knots of another width": array("stage2.2.scaler.knots", lambda a: a[:, :-1]),
    "a scaler that divides by zero": array("stage2.2.scaler.width", lambda a: a * 0),
    "bank distance of 0": array("stage1.0.own", spoiled(0)),
    "narrower spread labels": lambda document, arrays: arrays.update(
        {
            name: arrays[name][..., :-1].copy()
            for name in arrays
            if name == "stage2.2.codes" or name.startswith("stage2.2.scaler")
        }
    ),
}


@pytest.mark.parametrize("deaf", [False, True], ids=["told", "price too high"])
@pytest.mark.parametrize("name", HOSTILE)
def test_files_that_mean_harm_are_one_line_quick_and_small(name, deaf, sound, tmp_path):
    """Also where the told members have no say, and so are not tried by a row."""
    document, arrays = copy.deepcopy(dict(sound.document)), dict(sound.arrays)
    if deaf:
        document["handicap"] = None
    HOSTILE[name](document, arrays)
    path = tmp_path / "m"
    write_model(path, document=document, arrays=arrays, kind="CommitteeDetector")
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
    assert message.startswith(f"{path}: not a sound CommitteeDetector: ")
    assert "\n" not in message
    assert len(message) < len(str(tmp_path)) + 600


@pytest.mark.parametrize("change", [chain(5), chain(64), array("stage2.0.value", spoiled(0.25))])
def test_the_sound_file_is_sound(change, sound, tmp_path):
    """So that what is refused above is refused for its one fault."""
    document, arrays = copy.deepcopy(dict(sound.document)), dict(sound.arrays)
    change(document, arrays)
    write_model(tmp_path / "m", document=document, arrays=arrays, kind="CommitteeDetector")
    scores = unseen.load(tmp_path / "m").anomaly_score(FRESH)
    assert np.isfinite(scores).all()
    assert not np.array_equal(scores, fit().anomaly_score(FRESH))


def test_settings_that_leave_no_member_are_refused_before_any_work():
    for settings, line in (
        ({"neighbours": None, "mixture": False}, "neighbours and mixture are left out; accepted: one of"),
        ({"forests": (), "spreading": None}, "forests and spreading are left out; accepted: one of"),
        ({"trust": 2.0}, "trust 2.0 came"),
    ):
        with pytest.raises(ConfigError, match=line):
            CommitteeDetector(**settings).fit(ROWS)
