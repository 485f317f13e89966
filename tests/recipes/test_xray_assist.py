"""The study of chest films: conclusions come from records alone, claims follow numbers, pages show no "
"film."""

import numpy as np
import pytest

from unseen.evaluation import Record
from unseen.recipes.results import read_records
from unseen.recipes.running import settings
from unseen.recipes.xray_assist import recipe
from unseen.recipes.xray_assist.changed import ENLARGED, OTHER_FILTER, PHOTOGRAPHED, changed_films
from unseen.recipes.xray_assist.derived import base_of, derived
from unseen.recipes.xray_assist.outcome import conclude
from unseen.recipes.xray_assist.reading import FLOAT, INTEGERS, film_records, seen_of
from unseen.screening.judging import Seen, frozen_threshold

CONFIG = {**settings(recipe.__file__, quick=False), "splits": 2}


def seen(normal, finding, *, apart, seed, shift=0.0):
    rng = np.random.default_rng(seed)
    labels = np.repeat([0, 1], [normal, finding])
    return Seen(rng.normal(apart * (labels - 0.5) + shift, 1.0), labels, rng.gumbel(size=len(labels)))


def said(apart, *, seeds=2):
    """Records of films as two trainings would leave them: test films lie higher than validation films."""
    records = []
    for seed in range(seeds):
        test = seen(234, 390, apart=apart, seed=10 * seed + 1, shift=1.0)
        records += film_records(FLOAT, seed, "validation", seen(135, 380, apart=apart, seed=10 * seed))
        records += film_records(FLOAT, seed, "test", test)
        records += film_records(INTEGERS, seed, "test", test)
        records += [
            Record("8 bits", seed, (), "test", name, value)
            for name, value in (("bytes", 70_000.0 + seed), ("AUC lost", 0.0005))
        ]
    return records


@pytest.fixture(scope="module")
def good():
    return conclude("xray-assist", said(6.0), CONFIG)


def held(results, name):
    return {claim.name: claim for claim in results.must_show}[name].holds


def test_claims_follow_from_what_was_said_of_films(good):
    weak = conclude("xray-assist", said(2.0, seeds=1), CONFIG)
    for name in (
        "AUC on the official test films",
        "AUC of the classifier in 8 bits",
        "with a source record: accuracy of the decided",
        "with a source record: share referred",
    ):
        assert held(good, name)
        assert not held(weak, name)
    for results in (good, weak):
        assert held(results, "size of the classifier in 8 bits, kB")
        assert held(results, "with a source record: coverage of normal films")


def test_without_a_record_coverage_is_lost_and_said_so(good):
    lost, kept = (good.numbers[f"{part}: test: coverage normal"].value for part in ("source", "halves"))
    assert lost < 0.9 < kept
    assert any(f"{lost:.3f}, where 0.964 was stated" in note for note in good.notes)


def test_written_records_give_the_same_conclusions_without_training(good, tmp_path):
    good.write(tmp_path)
    again = conclude("xray-assist", read_records(tmp_path), CONFIG)
    assert again.to_dict() == good.to_dict()
    page = (tmp_path / "films.html").read_text()
    assert "External validity: not measured" in page
    assert "<img" not in page
    assert (tmp_path / "records.csv.gz").stat().st_size < 100_000


def test_films_come_back_as_they_were_said():
    test = seen(30, 30, apart=3.0, seed=5)
    back = seen_of(list(film_records(FLOAT, 3, "test", test)), FLOAT, 3, "test")
    assert np.abs(back.logits - test.logits).max() <= 5e-5
    assert np.array_equal(back.findings, test.findings)
    assert np.abs(back.gate - test.gate).max() <= 5e-5


def test_the_threshold_comes_from_validation_films_alone():
    records = said(3.0, seeds=1)
    moved = [
        Record(r.detector, r.seed, r.told, r.kind, r.metric, -r.value, r.labels)
        if r.kind.startswith("test")
        else r
        for r in records
    ]
    assert frozen_threshold(base_of(records, 0)) == frozen_threshold(base_of(moved, 0))
    numbers = {(r.kind, r.metric): r.value for r in derived(moved, CONFIG)}
    assert numbers["test", "AUC"] < 0.5 < numbers["validation", "AUC"]


def test_changed_films_keep_their_places_and_nothing_is_drawn_twice_differently():
    films = np.random.default_rng(0).random((3, 1, 28, 28)).astype(np.float32)
    first, second = (changed_films(films, photographs=3, seed=4) for _ in range(2))
    assert all(np.array_equal(first[name].pixels, second[name].pixels) for name in first)
    for name in (ENLARGED, OTHER_FILTER, PHOTOGRAPHED):
        apart = [np.abs(first[name].pixels[i] - films[j]).mean() for i in range(3) for j in range(3)]
        assert np.argmin(np.reshape(apart, (3, 3)), axis=1).tolist() == [0, 1, 2]
