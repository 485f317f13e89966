"""Fit settings: TOML and back, all faults at once."""

from __future__ import annotations

import json
import tomllib

import pytest
from commandline import QUICK, unseen
from hypothesis import given
from hypothesis import strategies as st

from unseen.config import FitSettings, read_settings
from unseen.errors import ConfigError
from unseen.models.autoencoder import AutoEncoder
from unseen.models.network import Convolution, Dense
from unseen.objectives import Hinge

names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)
settings = st.fixed_dictionaries(
    {},
    optional={
        "label": names,
        "normal": st.lists(names, min_size=1).map(tuple),
        "hold_out": st.floats(0.01, 0.99),
        "hidden": st.lists(st.integers(1, 512), min_size=1, max_size=4).map(tuple),
        "loss": st.sampled_from(["abc", "hinge", "ramp"]),
        "trim": st.floats(0, 0.49),
        "members": st.integers(1, 100),
        "seed": st.integers(0, 2**63 - 1),
    },
)


@given(settings)
def test_toml_round_trip(values):
    made = FitSettings.from_mapping(values)
    assert FitSettings.from_mapping(tomllib.loads(made.to_toml())) == made


def test_every_fault_is_named_on_one_line():
    with pytest.raises(ConfigError) as caught:
        FitSettings.from_mapping({"truts": 0.1, "members": 0, "loss": "no", "hidden": []}, where="fit.toml")
    line = str(caught.value)
    assert line.startswith("fit.toml: 4 faults: ")
    for part in ("Did you mean 'trust'?", "members = 0", "loss = 'no'", "hidden = []"):
        assert part in line
    assert "\n" not in line


def test_settings_become_the_detector_they_describe():
    made = FitSettings.from_mapping(
        {
            "model": "autoencoder",
            "hidden": [32],
            "latent": 3,
            "loss": "hinge",
            "trust": 0.1,
            "steps": 7,
            "tune_steps": 5,
        }
    ).detector()
    assert made.model == AutoEncoder(Dense((32,)), 3)
    assert made.awareness == Hinge()
    assert (made.trust, made.learn.steps, made.tune.steps) == (0.1, 7, 5)
    assert made.neighbours.front is None


def test_images_get_convolutions_and_a_gallery():
    made = FitSettings().detector(image=(1, 28, 28))
    assert made.model.body == Convolution()
    assert made.neighbours.front is not None


def test_options_go_before_the_file(place, tmp_path):
    (tmp_path / "fit.toml").write_text(
        'label = "kind"\nnormal = "ok"\nknown = ["DoS", "odd"]\nseed = 4\nhold_out = 0.5\n'
    )
    words = ("--config", tmp_path / "fit.toml", "--known", "scan", "--out", tmp_path / "m", "--json", *QUICK)
    found = json.loads(unseen("fit", place.flows, *words).out)
    assert set(found["known"]) == {"scan"}
    assert found["kept_back"] > 200
    assert read_settings(tmp_path / "fit.toml").known == ("DoS", "odd")
