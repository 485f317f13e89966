"""The Numenta Anomaly Benchmark: its rules by known answers, and what was published under them."""

import json
import zipfile

import numpy as np
import pytest
from typer.testing import CliRunner

from unseen.bench import nab, nab_corpus, nab_tables
from unseen.bench.nab_corpus import Series
from unseen.bench.nab_detectors import OURS, at_random, windowed_gaussian
from unseen.bench.nab_rules import PROFILES, STANDARD, counts, curve, normalised, place_value, worths
from unseen.bench.sheet import read
from unseen.cli.app import app
from unseen.errors import DataError
from unseen.seeds import generator

ROWS = 1000
MADE = Series("a/b.csv", np.arange(ROWS) * 60.0, np.zeros(ROWS), ((300, 399), (700, 740)), 0)


def alarms(*places, series=MADE):
    scores = np.zeros(len(series.values))
    scores[list(places)] = 1.0
    return scores


def raw(scores, profile=STANDARD, series=MADE):
    return curve([(series, scores)], profile).at(1.0)


@pytest.fixture(scope="module")
def corpus():
    try:
        return nab.corpus(None, None)
    except DataError:
        pytest.skip("the corpus is absent")


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
def test_no_alarm_is_0_and_the_first_reading_of_every_window_is_100(profile):
    assert normalised(raw(alarms(), profile), 2, profile) == 0.0
    assert normalised(raw(alarms(300, 700), profile), 2, profile) == pytest.approx(100.0)


def test_the_earliest_alarm_of_a_window_counts_once():
    assert raw(alarms(350, 360, 399)) == pytest.approx(raw(alarms(350)))
    # the middle of the first window: place -(399 - 350 + 1) / 100
    assert raw(alarms(350)) == pytest.approx(float(place_value(-0.5) / place_value(-1.0)) - 1.0)


def test_an_alarm_outside_costs_its_weight_and_less_just_behind_a_window():
    missed = -2.0
    assert raw(alarms(250)) == pytest.approx(missed - 0.11)
    assert raw(alarms(250, 251)) == pytest.approx(missed - 0.22)
    assert raw(alarms(250), PROFILES[1]) == pytest.approx(missed - 0.22)
    assert raw(alarms(405)) == pytest.approx(missed + 0.11 * float(place_value(6 / 99)))
    assert raw(alarms(399 + 297)) == pytest.approx(missed - 0.11)  # three window lengths on


def test_probation_is_15_percent_and_750_at_most():
    assert raw(alarms(149)) == -2.0
    assert raw(alarms(150)) == pytest.approx(-2.11)
    long = Series("a/c.csv", np.zeros(9000), np.zeros(9000), (), 0)
    assert (MADE.probation, long.probation) == (150, 750)


def slowly(scored, profile, threshold):
    """The rules again, one alarm after the other."""
    total = 0.0
    for series, scores in scored:
        found = [-profile.missed] * len(series.windows)
        worth, window = worths(series)
        for place in range(series.probation, len(scores)):
            if scores[place] >= threshold:
                if window[place] < 0:
                    total += profile.false * worth[place]
                else:
                    found[window[place]] = max(found[window[place]], profile.found * worth[place])
        total += sum(found)
    return total


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
def test_every_threshold_has_the_score_of_a_slow_count(profile):
    random = generator(0, 3)
    other = Series("a/d.csv", np.zeros(400), np.zeros(400), ((100, 130),), 1)
    scored = [(one, random.integers(0, 25, len(one.values)) / 25) for one in (MADE, other)]
    found = curve(scored, profile)
    assert len(found.thresholds) == 26
    for threshold, score in zip(found.thresholds, found.scores, strict=True):
        assert score == pytest.approx(slowly(scored, profile, threshold))
    assert found.scores.max() == pytest.approx(found.at(found.best))
    assert found.at(0.5001) == found.at(0.52)


def test_found_and_false_are_counted():
    tally = counts(MADE, alarms(10, 200, 310, 320, 720, 900), 0.5)
    assert (tally.found, tally.false) == (2, 2)


def test_the_corpus_is_whole(corpus):
    assert len(corpus) == 58
    assert sum(len(one.windows) for one in corpus) == 116
    assert sum(len(one.values) for one in corpus) == 365_558
    assert all(one.probation <= first for one in corpus for first, _ in one.windows)
    assert len([one for one in corpus if one.category == "realTraffic"]) == 7
    assert {sum(one.half == half for one in corpus) for half in (0, 1)} == {29}


# Per-series scores that the published scorer gave its windowed Gaussian, standard profile:
# results/windowedGaussian/windowedGaussian_standard_scores.csv of its repository, commit de8e91a.
PRINTED = {
    "artificialWithAnomaly/art_load_balancer_spikes.csv": -0.692444609523,
    "realAWSCloudwatch/ec2_disk_write_bytes_1ef3de.csv": -4.19089678552,
    "realAWSCloudwatch/grok_asg_anomaly.csv": 2.37942230674,
    "realAdExchange/exchange-3_cpc_results.csv": 2.50266326119,
    "realAdExchange/exchange-4_cpm_results.csv": 1.27471036268,
    "realKnownCause/ec2_request_latency_system_failure.csv": 2.02150685678,
    "realTraffic/occupancy_t4013.csv": 1.72522152023,
    "realTraffic/speed_7578.csv": 3.47059145681,
    "realTweets/Twitter_volume_CVS.csv": 0.773682061394,
    "realTweets/Twitter_volume_UPS.csv": -2.2051646682,
}
PRINTED_TOTAL, PRINTED_WHOLE = -24.0131054891, 39.6495


def test_the_windowed_gaussian_scores_as_published(corpus):
    scored = [(one, windowed_gaussian(one, 0)) for one in corpus]
    near = 1 - 4.52e-13  # printed as 1.0
    for one, scores in scored:
        if one.name in PRINTED:
            assert curve([(one, scores)], STANDARD).at(near) == pytest.approx(PRINTED[one.name], abs=1e-6)
    whole = curve(scored, STANDARD)
    # one false alarm (0.11) apart: sums in another order, at tail probabilities of 1e-13
    assert whole.at(near) == pytest.approx(PRINTED_TOTAL, abs=0.12)
    assert normalised(PRINTED_TOTAL, 116, STANDARD) == pytest.approx(PRINTED_WHOLE, abs=1e-3)


def test_a_random_detector_scores_low(corpus):
    best = [curve([(one, at_random(one, seed)) for one in corpus], STANDARD) for seed in (1, 2)]
    assert all(0 < normalised(found.scores.max(), 116, STANDARD) < 20 for found in best)


def test_committed_results_are_whole_and_say_what_a_rerun_says(corpus):
    rows = read(nab.COMMITTED, nab.COLUMNS)
    assert {row["detector"] for row in rows} == {"constant", "random", "windowed Gaussian", OURS}
    kept = [row for row in rows if row["detector"] == OURS]
    assert len(kept) == 58 * 3 * 3
    again = nab.measure(nab.Plan(series=("speed_7578", "exchange-2_cpc"), detectors=[OURS]))
    own = {row["series"]: row for row in again if (row["rule"], row["profile"]) == (nab.OWN, "standard")}
    assert len(own) == 2
    for row in kept:
        if (row["rule"], row["profile"]) == (nab.OWN, "standard") and row["series"] in own:
            assert row["score"] == own[row["series"]]["score"]
    outcome = nab_tables.committed()
    assert [claim.holds for claim in outcome.must_show] == [True]
    assert outcome.numbers["constant, standard"].value == 0.0


def test_the_command_shows_what_was_committed_and_goes_on_where_it_ended(corpus, tmp_path):
    shown = CliRunner().invoke(app, ["bench", "nab", "--committed", "--json"])
    assert json.loads(shown.stdout)["must_show"][0]["name"] == f"{OURS}: standard profile"
    run = ["bench", "nab", "--series", "realTraffic", "--methods", "constant,random", "--seeds", "1"]
    first = CliRunner().invoke(app, [*run, "--out", str(tmp_path)])
    assert "of 14" in first.stdout
    whole = (tmp_path / "results.csv").read_bytes()
    (tmp_path / "results.csv").write_bytes(whole[: len(whole) * 3 // 4])
    assert CliRunner().invoke(app, [*run, "--out", str(tmp_path)]).exit_code == 0
    rows = {tuple(line.split(b",")[:-2]) for line in whole.splitlines()}
    again = (tmp_path / "results.csv").read_bytes().splitlines()
    assert len(again) == len(whole.splitlines())
    assert {line.split(b",")[5] for line in again} == {row[5] for row in rows}


def test_an_archive_that_is_none_is_refused_on_one_line(tmp_path):
    (tmp_path / "timeseries").mkdir()
    path = tmp_path / nab_corpus.FILE
    with pytest.raises(DataError, match="does not exist; --data"):
        nab_corpus.read(tmp_path)
    path.write_bytes(b"not a zip")
    with pytest.raises(DataError, match="is not an archive of the benchmark"):
        nab_corpus.read(tmp_path)
    for windows, series in (
        ("[", "a"),
        ('{"a.csv": [["x", "y"]]}', "t,v\n1,2\n"),
        ('{"a.csv": []}', "t,v\n2014-01-01,b\n"),
    ):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("labels/combined_windows.json", windows)
            archive.writestr("data/a.csv", series)
        with pytest.raises(DataError):
            nab_corpus.read(tmp_path)
