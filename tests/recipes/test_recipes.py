"""Recipes: the quick runs keep their numbers, the committed full runs say what the claims say."""

import json
import math
import os
from pathlib import Path

import pytest

from unseen.errors import ConfigError, DataError
from unseen.evaluation import Estimate
from unseen.recipes import available, datasets, expected, run
from unseen.recipes.results import Claim, Results, read_records
from unseen.recipes.running import over_seeds

DATA = Path(os.environ.get("UNSEEN_DATA", Path(__file__).parents[3] / "shared" / "data"))
PICTURES = [
    DATA / "mnist/mnist70k.npz",
    DATA / "xray/pneumoniamnist_full.npz",
    Path("/usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz"),
]
NEEDS = {
    "aware-classifier": PICTURES,
    "aware-collider": [DATA / "collider/opal/mc/tt.root"],
    "aware-flows": [DATA / "network/cicids2017/cicids2017_hif_sample_12000x52.csv.gz"],
    "aware-mnist": PICTURES,
    "dark-showers": [DATA / "collider/dark_showers/n_tracks/test/svj_2100_34484_8.npz"],
    "symmetry-discovery": [DATA / "collider/cms_opendata/Zmumu_Run2011A.csv.gz"],
    "aware-smeft": [DATA / "collider/smeft/smeft_vbfh_50k.npz"],
    "latent-symmetry": [DATA / "collider/cms_opendata/Zmumu_Run2011A.csv.gz"],
    "music-neurons": [],
    "xray-assist": [*PICTURES, DATA / "paintings/paintings_512.zip"],
    "traffic-forecast": [DATA / "traffic/madrid_15min_2017_10sensors.npz"],
    "traffic-pollution": [DATA / "traffic/bologna2024/NO2_hourly.csv"],
    "traffic-alarm": [DATA / "traffic/madrid_15min_2017_10sensors.npz"],
    "symmetry-decoy": [DATA / "paintings/paintings_512.zip", DATA / "paintings/manifest.json"],
}


# Seeds of the committed full run, where they are not five.
SEEDS: dict[str, int] = {"music-neurons": 3}


def estimate(entry):
    return Estimate(*(math.nan if entry[part] is None else entry[part] for part in ("value", "low", "high")))


def skip_without(paths):
    for path in paths:
        if not path.exists():
            pytest.skip(f"{path.name} is not here")


@pytest.mark.filterwarnings("ignore::unseen.training.stages.GuardWarning")
@pytest.mark.parametrize("name", available())
def test_the_quick_run_keeps_its_numbers(name, tmp_path, monkeypatch):
    skip_without(NEEDS[name])
    if name == "aware-collider":
        pytest.importorskip("pythia8mc")
        pytest.importorskip("fastjet")
    if name == "music-neurons":
        pytest.importorskip("music21")
        pytest.importorskip("mido")
    monkeypatch.setenv("UNSEEN_CACHE", str(tmp_path / "cache"))
    results = run(name, quick=True, data=DATA, out=tmp_path)
    assert expected.deviations(results) == []
    written = json.loads((tmp_path / "results.json").read_text())
    assert written["recipe"] == f"{name} (quick)"
    assert set(written) >= {"recipe", "versions", "numbers", "must_show"}
    assert len(read_records(tmp_path)) == len(results.records)
    assert all((tmp_path / name).read_text().startswith("<svg") for name in results.figures)
    assert all(set(claim) == {"name", "value", "target", "holds"} for claim in written["must_show"])


@pytest.mark.parametrize("name", available())
def test_the_committed_full_run_is_what_is_expected(name):
    """The table in the repository, the expected numbers and the claims belong to one run."""
    folder = expected.expected_file(name).parent / "results"
    skip_without([folder])
    committed = json.loads((folder / "results.json").read_text())
    numbers = {key: estimate(value) for key, value in committed["numbers"].items()}
    assert expected.deviations(Results(name, numbers, [])) == []
    seeds = {record.seed for record in read_records(folder)}
    assert len(seeds) >= SEEDS.get(name, 5)
    for claim in committed["must_show"]:
        assert Claim(claim["name"], claim["value"], claim["target"]).holds == claim["holds"]


def test_a_recipe_says_which_numbers_are_held(tmp_path, monkeypatch):
    monkeypatch.setattr(expected, "expected_file", lambda _: tmp_path / "expected.toml")
    numbers = {name: Estimate(0.51234) for name in ("a auc", "cosine", "count")}
    expected.write(Results("x", numbers, []))
    assert expected.deviations(Results("x", {"a auc": Estimate(0.53)}, [])) == [
        "a auc is 0.5300, expected 0.5123 within 0.01"
    ]
    expected.write(Results("x", numbers, [], tolerances={"cosine": 0.001}))
    assert expected.deviations(Results("x", {"a auc": Estimate(0.9), "cosine": Estimate(0.5125)}, [])) == []
    assert expected.deviations(Results("x", {"cosine": Estimate(0.52)}, [])) == [
        "cosine is 0.5200, expected 0.5123 within 0.001"
    ]


def test_files_are_written_beside_figures(tmp_path):
    Results("x", {}, [], figures={"f.svg": lambda: "<svg/>"}, files={"f.mid": lambda: b"MThd"}).write(
        tmp_path
    )
    assert (tmp_path / "f.mid").read_bytes() == b"MThd"
    assert not list(tmp_path.glob("*.tmp"))


def test_a_number_that_moved_is_named():
    results = Results("aware-flows (quick)", {}, [])
    lines = expected.deviations(results)
    assert lines
    assert "is nan, expected" in lines[0]


def test_every_attack_of_nsl_kdd_has_a_family():
    skip_without([DATA / "network/nsl_kdd/Field_Names.csv"])
    train, test = datasets.nsl_kdd(DATA)
    assert (len(train), len(test)) == (25_192, 22_544)
    assert set(test.kinds) == {"normal", "dos", "probe", "r2l", "u2r"}
    assert "difficulty" not in train.table.column_names
    assert train.table.num_columns == 41


def test_faults_are_one_clear_line(tmp_path):
    with pytest.raises(
        ConfigError, match=r"recipe 'aware-flow' is not known; .* Did you mean 'aware-flows'\?"
    ):
        run("aware-flow")
    with pytest.raises(DataError, match="is not there; name the folder of the data sets with --data"):
        run("aware-flows", quick=True, seeds=1, data=tmp_path)
    with pytest.raises(ConfigError, match="seeds 0 came"):
        over_seeds(lambda *_: [], 0, {}, None)
    (tmp_path / "x.gz").write_bytes(__import__("gzip").compress(b"\0" * 40))
    with pytest.raises(DataError, match="not a sound IDX file"):
        datasets._idx(tmp_path / "x.gz")
