"""Scoring on a Ray cluster of two workers: the bits of one process, also when a worker is killed."""

import dataclasses
import os
import signal
from importlib.util import find_spec

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch

import unseen
from unseen.data import open_source
from unseen.data.synthetic import flows
from unseen.errors import ConfigError, DataError
from unseen.forecasting.detector import ForecastDetector
from unseen.forecasting.learning import Schedule
from unseen.forecasting.networks import Lstm, Stid
from unseen.scale.blocks import Sent, Span, blocks
from unseen.scale.cluster import Cluster, cluster
from unseen.scale.fitting import fit_on
from unseen.scale.scoring import Scorer, scored_on
from unseen.scale.shipping import packed, unpacked
from unseen.series.mapped import write_mapped
from unseen.series.mishaps import Mishaps
from unseen.series.simulate import City, simulated
from unseen.studies.scoring import columns_read, scored
from unseen.training.loop import Plan

# Each worker starts its own Python and torch: one test of them runs always, the others with the long ones.
needs_ray = pytest.mark.skipif(
    find_spec("ray") is None, reason="ray is not there: pip install 'unseen[scale]'"
)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A model, and rows in a Parquet file of small row groups and in a CSV file."""
    folder = tmp_path_factory.mktemp("scale")
    table = flows(3000, seed=1).drop_columns(["kind"])
    detector = unseen.AwareDetector(learn=Plan(steps=40)).fit(flows(600, seed=0).drop_columns(["kind"]))
    unseen.save(detector, folder / "model")
    pq.write_table(table, folder / "rows.parquet", row_group_size=250)
    pa.csv.write_csv(table, folder / "rows.csv")
    (folder / "many").mkdir()
    for number in range(3):
        pq.write_table(table.slice(1000 * number, 1000), folder / "many" / f"{number}.parquet")
    return folder


@pytest.fixture(scope="module")
def two():
    """One local cluster for all tests of this file."""
    with cluster("local", 2) as connected:
        yield connected


def whole(pairs):
    results, kept = zip(*pairs, strict=True)
    return pa.concat_tables(results), [len(one) for one in results], pa.concat_tables(kept)


# -- without a cluster --------------------------------------------------------------------------------


def test_blocks_cover_every_row_once(place):
    source = open_source(place / "rows.parquet")
    spans = list(blocks(source, source.columns, 600))
    assert [(one.first, one.begin, one.end) for one in spans] == [
        (0, 0, 3),
        (750, 3, 6),
        (1500, 6, 9),
        (2250, 9, 12),
    ]
    back = pa.concat_tables([table for one in spans for table in one.tables(1000)])
    assert back.equals(source.read())
    folder = open_source(place / "many")
    starts = [(one.first, one.path[-9:]) for one in blocks(folder, folder.columns, 600)]
    assert starts == [(0, "0.parquet"), (1000, "1.parquet"), (2000, "2.parquet")]
    sent = list(blocks(open_source(place / "rows.csv"), source.columns, 1300))
    assert [one.first for one in sent] == [0, 1300, 2600]
    assert all(isinstance(one, Sent) for one in sent)
    assert all(isinstance(one, Span) for one in spans)


def test_a_model_travels_as_its_files(place, tmp_path):
    detector = unseen.load(place / "model")
    rows = open_source(place / "rows.csv").read()
    assert np.array_equal(unpacked(packed(place / "model")).anomaly_score(rows), detector.anomaly_score(rows))
    unseen.save(detector, tmp_path / "model.unseen")
    one = packed(tmp_path / "model.unseen")
    assert np.array_equal(unpacked(one).anomaly_score(rows), detector.anomaly_score(rows))


def test_a_worker_scores_what_one_process_does(place):
    """The work of a worker, without Ray: blocks with small batches give the bits of the whole."""
    detector, source = unseen.load(place / "model"), open_source(place / "rows.parquet")
    alone, _, _ = whole(scored(detector, source))
    worker = Scorer((), every=False, rows=97)
    worker._detector = detector
    answers = [worker.score([], block) for block in blocks(source, columns_read(detector, source), 600)]
    parts = [pa.ipc.open_stream(result).read_all() for answer in answers for result, _ in answer]
    assert pa.concat_tables(parts).combine_chunks().equals(alone.combine_chunks())


@pytest.mark.parametrize("workers", [0, -1, 5000])
def test_workers_out_of_bounds(workers):
    with pytest.raises(ConfigError, match="accepted: 1 to 1,024"), cluster("local", workers):
        pass


@needs_ray
@pytest.mark.parametrize("address", ["127.0.0.1:1", "127.0.0.1:port", "127.0.0.1:99999"])
def test_nobody_at_the_address(address):
    words = rf"no Ray cluster at '{address}' .*accepted: local, auto"
    with pytest.raises(ConfigError, match=words), cluster(address):
        pass


# -- with one -----------------------------------------------------------------------------------------


@needs_ray
@pytest.mark.slow
@pytest.mark.parametrize("name", ["rows.parquet", "rows.csv", "many"])
def test_the_bits_of_one_process(two, place, name):
    detector, source = unseen.load(place / "model"), open_source(place / name)
    alone, cuts, _ = whole(scored(detector, source, keep=["service"], batch=700))
    far, others, kept = whole(
        scored_on(two, place / "model", open_source(place / name), keep=["service"], rows=700)
    )
    assert far.combine_chunks().equals(alone.combine_chunks())
    assert others == cuts
    assert kept.column_names == ["service"]


@needs_ray
def test_a_killed_worker_changes_nothing(two, place, monkeypatch, tmp_path):
    deaths = tmp_path / "died"

    class Dying(Scorer):
        """The process is killed in the middle of a block, once."""

        def score(self, model, block):
            if block.first == 1000 and not deaths.exists():
                deaths.touch()
                os.kill(os.getpid(), signal.SIGKILL)
            return super().score(model, block)

    monkeypatch.setattr("unseen.scale.scoring.Scorer", Dying)
    detector, source = unseen.load(place / "model"), open_source(place / "rows.parquet")
    alone, _, _ = whole(scored(detector, source))
    far, _, _ = whole(scored_on(two, place / "model", source, rows=500))
    assert deaths.exists()
    assert far.combine_chunks().equals(alone.combine_chunks())


@needs_ray
@pytest.mark.slow
def test_workers_that_always_die_are_told(two, place, monkeypatch):
    class Dead(Scorer):
        def score(self, model, block):
            os.kill(os.getpid(), signal.SIGKILL)

    monkeypatch.setattr("unseen.scale.scoring.Scorer", Dead)
    once = dataclasses.replace(two, deaths=0)
    with pytest.raises(DataError, match=r"workers died .* over the same rows"):
        list(scored_on(once, place / "model", open_source(place / "rows.parquet")))


@needs_ray
@pytest.mark.slow
def test_a_fault_in_a_worker_is_the_fault_of_one_process(two, place, tmp_path):
    table = open_source(place / "rows.parquet").read()
    name = next(field.name for field in table.schema if pa.types.is_floating(field.type))
    values = table.column(name).to_numpy().copy()
    values[2345] = np.inf
    broken = table.set_column(table.column_names.index(name), name, pa.array(values))
    pq.write_table(broken, tmp_path / "broken.parquet", row_group_size=500)
    source = open_source(tmp_path / "broken.parquet")
    with pytest.raises(DataError) as alone:
        list(scored(unseen.load(place / "model"), source))
    with pytest.raises(DataError) as far:
        list(scored_on(two, place / "model", source))
    assert str(far.value) == str(alone.value)
    assert "first: row 2345" in str(far.value)


TINY = {"schedule": Schedule(epochs=1, windows=3000, batch=256), "held_back_days": 2, "neighbours": 2}


@pytest.fixture(scope="module")
def town():
    return simulated(City(sensors=4, days=25, step=3600, mishaps=Mishaps(0, 0, 0, 0)))


@pytest.fixture(scope="module")
def detector():
    return lambda: ForecastDetector(members=(Stid(width=16, each=2), Lstm(width=8)), seed=3, **TINY)


def same(left, right):
    pairs = zip(left.networks_, right.networks_, strict=True)
    for one, other in pairs:
        weights = one.state_dict(), other.state_dict()
        assert list(weights[0]) == list(weights[1])
        assert all(torch.equal(*pair) for pair in zip(*(part.values() for part in weights), strict=True))
    assert np.array_equal(left.known_.margins, right.known_.margins)
    assert left.trained_ == right.trained_


@needs_ray
@pytest.mark.slow
def test_networks_that_learn_side_by_side_are_those_of_one_process(two, town, detector, tmp_path):
    """From a panel that is sent, and from a mapped one; here a worker is killed while it learns."""
    alone = detector().fit(town)
    same(alone, fit_on(two, detector(), town))
    write_mapped(town, tmp_path / "town", "a test")
    deaths = tmp_path / "died"

    class Dying(ForecastDetector):
        def network(self, part, made, place):
            if place == 1 and not deaths.exists():
                deaths.touch()
                os.kill(os.getpid(), signal.SIGKILL)
            return super().network(part, made, place)

    other = detector()
    dying = Dying(members=other.members, seed=other.seed, **TINY)
    same(alone, fit_on(two, dying, tmp_path / "town"))
    assert deaths.exists()
    with pytest.raises(DataError, match="days came"):
        fit_on(two, detector(), town.slice(0, 24 * 20))


@needs_ray
@pytest.mark.slow
def test_nothing_is_told_to_anyone(two):
    import ray

    assert os.environ["RAY_USAGE_STATS_ENABLED"] == "0"
    assert isinstance(two, Cluster)
    assert ray.get_runtime_context().gcs_address.startswith("127.0.0.1:")
    with pytest.raises(ConfigError), cluster("local", 2000):
        pass
    assert ray.is_initialized(), "a refusal does not end a cluster that was there"
