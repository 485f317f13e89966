"""Settings of the members of a committee that are out of their bounds: one line, where they are given."""

import dataclasses

import numpy as np
import pytest

from unseen import CommitteeDetector
from unseen.detectors.ensemble import FORESTS, NEAR
from unseen.errors import ConfigError
from unseen.models.forest import Forest
from unseen.models.mixture import Mixture
from unseen.models.neighbours import Neighbours
from unseen.models.spreading import Spreading
from unseen.registry import build, describe

COUNT = "whole numbers of 1 or more"
SHARE = "above 0, and 1 at most"
COUNTS = {
    Forest: ("trees", "least", "depth", "most"),
    Mixture: ("components", "axes", "reference"),
    Spreading: ("neighbours", "reference", "steps"),
    Neighbours: ("k", "reference", "components"),
}
REFUSED = [
    *((cls, name, value, COUNT) for cls, names in COUNTS.items() for name in names for value in (0, -3, 2.5)),
    (Forest, "trees", "many", COUNT),
    *((Forest, "ratio", value, "numbers above 0") for value in (0.0, -1.0, np.nan, np.inf)),
    *((Forest, "features", value, "0 to 1") for value in (-0.1, 1.5, np.nan)),
    *((Mixture, "floor", value, "numbers above 0") for value in (0.0, -1.0, np.nan)),
    *((cls, "share", value, SHARE) for cls in (Mixture, Neighbours) for value in (0.0, 1.5, np.nan)),
    *((Spreading, "keep", value, "0 to 1") for value in (-0.1, 1.1, np.nan)),
    *((Neighbours, name, value, "0 to 1") for name in ("power", "least") for value in (-0.1, 1.1, np.nan)),
    *((Neighbours, "rest", value, "0 to 10") for value in (-0.1, 10.5, np.nan)),
    *((Neighbours, "most", value, "None, or numbers of 1 or more") for value in (0.0, 0.9, np.nan, np.inf)),
]
TAKEN = [
    Forest(trees=1, ratio=0.01, least=1, features=1.0, depth=1, most=1),
    Mixture(components=1, axes=1, floor=1e-6, reference=1, share=1.0),
    Spreading(neighbours=1, reference=1, keep=0.0, steps=1),
    Spreading(keep=1.0),
    Neighbours(k=1, reference=1, components=1, power=0.0, least=0.0, most=1.0),
    Neighbours(k=np.int64(3), power=1.0, least=1.0, share=1, rest=10, digits="half"),
]


@pytest.mark.parametrize(("cls", "name", "value", "accepted"), REFUSED)
def test_what_is_out_of_bounds_is_refused_in_one_line(cls, name, value, accepted):
    said = f"{name} of {cls.__name__} is {value!r}; accepted: {accepted}"
    with pytest.raises(ConfigError) as refused:
        cls(**{name: value})
    assert str(refused.value) == said
    with pytest.raises(ConfigError):
        dataclasses.replace(cls(), **{name: value})


@pytest.mark.parametrize("cls", COUNTS, ids=lambda cls: cls.__name__)
def test_a_file_that_names_it_is_refused_too(cls):
    name = COUNTS[cls][0]
    record = {**describe(cls()), name: 0}
    with pytest.raises(ConfigError, match=f"{name} of {cls.__name__} is 0; accepted: {COUNT}"):
        build(record)


@pytest.mark.parametrize("settings", [*TAKEN, NEAR, *FORESTS], ids=repr)
def test_the_bounds_themselves_are_taken_and_fit(settings):
    rng = np.random.default_rng(0)
    rows = np.concatenate([rng.normal(size=(120, 3)), rng.normal(4.0, 1.0, size=(3, 3))])
    place = {Forest: "forests", Mixture: "mixture", Spreading: "spreading", Neighbours: "neighbours"}[
        type(settings)
    ]
    usual = {"forests": (Forest(trees=5),)}
    given = {**usual, place: (settings,) if place == "forests" else settings}
    detector = CommitteeDetector(seed=0, **given).fit(rows, np.repeat([0, 1], [120, 3]))
    assert np.isfinite(detector.anomaly_score(rows)).all()
