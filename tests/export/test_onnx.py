"""Exported ONNX files say what the detectors say, or are not written."""

from __future__ import annotations

import copy
import json
import subprocess
import sys

import numpy as np
import pyarrow as pa
import pytest
from examples import EXAMPLES, example

from unseen.data.synthetic import flows
from unseen.detectors.aware import AwareDetector
from unseen.detectors.ensemble import CommitteeDetector
from unseen.errors import ConfigError, DataError, MissingExtraError, ModelFileError
from unseen.export import parity
from unseen.export.c import export_c
from unseen.export.code import export_code
from unseen.export.golden import golden_path, verify
from unseen.export.latency import interleaved, timed
from unseen.export.onnx import export_onnx
from unseen.export.runtime import Scorer, session
from unseen.export.samples import Samples
from unseen.export.ties import TieWarning
from unseen.export.tracing import traced
from unseen.models.network import Dense
from unseen.models.vae import VAE
from unseen.thresholds import FalseAlarmRate
from unseen.training.loop import Plan


def agree(detector, scorer, rows, *, nats):
    rows = np.asarray(rows, dtype=np.float32)
    found, scores = scorer(rows), detector.score_encoded(rows)
    assert np.abs(found.score - scores).max() <= nats
    assert found.threshold == pytest.approx(-detector.offset_, abs=2e-4)
    off = np.abs(found.p_value - detector.calibration_.p_values(scores))
    assert off.max() <= 3 / len(detector.calibration_)
    assert (found.alarm == (found.score > found.threshold)).all()
    return found


# -- parity ------------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("name", EXAMPLES)
def test_every_detector_of_the_contract_exports_and_agrees(name, tmp_path):
    one = example(name)
    detector = one.quick_told
    exported = export_onnx(detector, tmp_path / "model.onnx")
    scorer = Scorer(exported.path)
    # distances to near neighbours have three digits, nearly equal logits cancel
    nats = 0.02 if "neighbours" in name or "classifier" in name else 2e-3
    agree(
        detector,
        scorer,
        np.concatenate([one.rows.fresh[:300], one.rows.known_fresh, one.rows.far]),
        nats=nats,
    )
    assert verify(exported.path).largest <= 1e-6
    assert sorted(p.name for p in tmp_path.iterdir()) == ["model.onnx", "model.onnx.golden.npz"]


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("name", ["vae", "shared", "images with neighbours"])
def test_what_was_told_is_exported_too(name, tmp_path):
    one = example(name)
    assert one.told.handicap_ < np.inf
    scorer = Scorer(export_onnx(one.told, tmp_path / "model.onnx").path)
    rows = np.concatenate([one.rows.fresh[:300], one.rows.known_fresh])
    found = agree(one.told, scorer, rows, nats=0.02 if "neighbours" in name else 2e-3)
    assert found.raw.shape == (len(rows), len(one.told.stage1_) + len(one.told.stage2_))
    before = one.fitted.score_encoded(rows.astype(np.float32))
    assert (found.score > before + 0.1).any()


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("name", [name for name in EXAMPLES if name.startswith("committee")])
def test_each_member_of_a_committee_gives_its_own_raw_score(name, tmp_path):
    one = example(name)
    scorer = Scorer(export_onnx(one.told, tmp_path / "model.onnx").path)
    rows = np.concatenate([one.rows.fresh[:300], one.rows.known_fresh, one.rows.far]).astype(np.float32)
    members = [*one.told.stage1_, *one.told.stage2_]
    found, x = scorer(rows), one.told._tensor(rows)
    assert found.raw.shape == (len(rows), len(members))
    for member, raw in zip(members, found.raw.T, strict=True):
        apart = np.abs(raw - member.reader.rows(x))
        # a threshold that a raw score of stage 1 meets to a digit may send a row down the other side
        assert np.quantile(apart, 0.99) < 2e-3, member.name
        assert apart.max() < 0.3, member.name


@pytest.mark.parametrize("precision", ["fp16", "int8"])
def test_a_detector_without_networks_has_none_to_round(precision, tmp_path):
    detector = CommitteeDetector().fit(np.random.default_rng(0).normal(size=(400, 3)))
    line = f"^precision {precision} rounds networks, and CommitteeDetector has none; accepted: fp32$"
    with pytest.raises(ConfigError, match=line):
        export_onnx(detector, tmp_path / "m.onnx", precision=precision)
    with pytest.raises(ConfigError, match="has no code to export; accepted with this part: AwareDetector"):
        export_code(detector, tmp_path / "m.onnx")
    with pytest.raises(ConfigError, match="fixed point takes dense networks alone; accepted: AwareDetector"):
        export_c(detector, tmp_path / "m.h", samples=None)
    assert not list(tmp_path.iterdir())


def test_a_table_of_few_different_rows_gives_numbers_everywhere(tmp_path):
    rows = np.random.default_rng(0).integers(0, 3, size=(2000, 4)).astype(np.float32)
    known = np.full((5, 4), 3.0, np.float32)
    detector = CommitteeDetector().fit(np.r_[rows, known], np.repeat([0, 1], [2000, 5]))
    with pytest.warns(TieWarning, match="nearest rows of .*spread labels"):
        scorer = Scorer(export_onnx(detector, tmp_path / "m.onnx").path)
    between = rows[:200] + np.float32(0.4)
    agree(detector, scorer, np.concatenate([known, 1e6 * between]), nats=0.05)
    found = scorer(np.concatenate([rows[:200], between]))  # rows that tie: other scores, but scores
    assert np.isfinite(found.score).all()
    assert np.isfinite(found.raw).all()


def test_a_wide_table_with_flags_and_columns_that_never_change(tmp_path):
    """More features than axes, rows that repeat, exact matches: where searches for neighbours may differ."""
    random = np.random.default_rng(2)
    rows = (random.random((900, 40)) < 0.15).astype(np.float32)
    rows[:, :6] = random.normal(size=(900, 6))
    rows[:, 9] = 0.0
    rows[100:200] = rows[:100]
    known = rows[:8].copy()
    known[:, 0] += 3.0
    detector = CommitteeDetector(seed=1).fit(np.r_[rows, known], np.repeat([0, 1], [900, 8]))
    with pytest.warns(TieWarning, match="nearest rows of .*spread labels"):
        scorer = Scorer(export_onnx(detector, tmp_path / "m.onnx").path)
    changed = rows[:50].copy()
    changed[:, 9] = 1.0
    agree(detector, scorer, np.concatenate([rows[:300], known, changed]), nats=0.05)
    assert (scorer(changed).score > scorer(rows[:50]).score).mean() > 0.9


def test_batches_and_single_rows_agree(plane, plane_samples, tmp_path):
    scorer = Scorer(export_onnx(plane, tmp_path / "m.onnx").path)
    rows = plane_samples.rows[:130]
    one_by_one = np.concatenate([scorer(row[None]).score for row in rows])
    np.testing.assert_allclose(scorer(rows).score, one_by_one, atol=1e-4)
    assert scorer(rows[:0]).score.shape == (0,)


def test_equal_rows_count_as_equal(tmp_path):
    """A table of few different rows: ties with calibration rows count as in the package."""
    random = np.random.default_rng(0)
    table = random.integers(0, 3, size=(3000, 4)).astype(np.float32)
    detector = AwareDetector(VAE(Dense((8,)), latent=2), seed=0, learn=Plan(steps=60)).fit(table)
    every = np.stack(np.meshgrid(*[np.arange(3.0)] * 4), -1).reshape(-1, 4).astype(np.float32)
    found = Scorer(export_onnx(detector, tmp_path / "m.onnx").path)(every)
    assert len(np.unique(detector.calibration_.scores)) < 100
    for rate in (0.01, 0.05, 0.2, 0.5):
        alarms = FalseAlarmRate(rate).decide(detector.calibration_, detector.score_encoded(every))
        assert ((found.p_value <= rate) == alarms).all()
    np.testing.assert_array_equal(found.p_value, detector.p_values(every))
    np.testing.assert_array_equal(found.alarm, detector.alarms(every))


def test_missing_values_are_filled_as_in_training(tmp_path):
    random = np.random.default_rng(1)
    rows = random.normal(size=(800, 4)).astype(np.float32)
    rows[::9, 2] = np.nan
    made = AwareDetector(VAE(Dense((8,)), latent=2), missing="median", learn=Plan(steps=60)).fit(rows)
    scorer = Scorer(export_onnx(made, tmp_path / "m.onnx").path)
    np.testing.assert_allclose(scorer(rows).score, made.anomaly_score(rows), atol=2e-3)


def test_a_table_is_encoded_without_the_package(tmp_path):
    table = flows(3000, seed=0).drop_columns(["kind", "time"])
    detector = AwareDetector(VAE(Dense((16,)), latent=3), learn=Plan(steps=60)).fit(table)
    scorer = Scorer(export_onnx(detector, tmp_path / "m.onnx").path)
    columns = {name: np.array(table[name].to_pylist(), dtype=object) for name in table.column_names}
    encoded = scorer.encode(columns)
    np.testing.assert_array_equal(encoded, detector.encode(table))
    assert scorer.about["features"] == list(detector.schema_.features)
    with pytest.raises(DataError, match=r"^column 'duration' is not known; accepted: service\."):
        scorer.encode({"service": ["http"]})
    dated = AwareDetector(VAE(Dense((8,)), latent=2), learn=Plan(steps=20)).fit(
        pa.table({"when": flows(500, seed=0)["time"], "n": np.arange(500.0)})
    )
    other = Scorer(export_onnx(dated, tmp_path / "d.onnx").path)
    with pytest.raises(DataError, match=r"^column 'when' is of kind date, which is not encoded here"):
        other.encode({"when": ["2024-01-01"], "n": [1.0]})


# -- rounded networks --------------------------------------------------------------------------------


@pytest.mark.parametrize("precision", ["fp16", "int8"])
def test_rounded_networks_get_p_values_of_their_own(precision, plane, plane_samples, tmp_path):
    exported = export_onnx(plane, tmp_path / "m.onnx", precision=precision, samples=plane_samples)
    scorer = Scorer(exported.path)
    found = scorer(plane_samples.background)
    # p-values are uniform on background rows, whatever rounding did to the scores
    for rate in (0.05, 0.2, 0.5):
        assert abs((found.p_value <= rate).mean() - rate) < 0.03
    assert exported.calibration_rows == 1300 - 325
    assert exported.parity.spearman >= parity.RANKS[precision]
    assert exported.parity.points is not None
    assert scorer.about["precision"] == precision
    assert verify(exported.path).rows == 64


def test_eight_bits_change_the_networks(trigger, trigger_samples, tmp_path):
    whole = export_onnx(trigger, tmp_path / "a.onnx", samples=trigger_samples)
    small = export_onnx(trigger, tmp_path / "b.onnx", precision="int8", samples=trigger_samples)
    differ = Scorer(whole.path)(trigger_samples.rows).raw - Scorer(small.path)(trigger_samples.rows).raw
    assert np.abs(differ).max() > 1e-6
    import onnx

    kinds = [node.op_type for node in onnx.load(small.path).graph.node]
    assert kinds.count("DequantizeLinear") >= 6


def test_few_background_rows_are_refused(plane, plane_samples, tmp_path):
    with pytest.raises(
        DataError, match=r"^precision int8 needs background rows .*, 317 or more, since a model"
    ):
        export_onnx(plane, tmp_path / "m.onnx", precision="int8")
    few = Samples(plane_samples.rows[:316])
    with pytest.raises(DataError, match=r"317 or more; 316 came$"):
        export_onnx(plane, tmp_path / "m.onnx", precision="fp16", samples=few)
    assert not list(tmp_path.iterdir())


def test_the_code_alone(plane, plane_samples, tmp_path):
    exported = export_code(plane, tmp_path / "m.onnx", samples=plane_samples)
    found = Scorer(exported.path)(plane_samples.rows)
    assert found.raw.shape == (1500, 3)
    assert exported.part == "code"
    assert exported.parity.largest < 1e-4
    background = found.p_value[:1300]
    assert abs((background <= 0.1).mean() - 0.1) < 0.03
    codes = found.raw[:1300]
    distance = np.einsum(
        "ni,ij,nj->n", d := codes - codes.mean(0), np.linalg.inv(np.cov(codes, rowvar=False)), d
    )
    assert np.corrcoef(distance.argsort().argsort(), found.score[:1300].argsort().argsort())[0, 1] > 0.97


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_classifier_has_no_code(tmp_path):
    one = example("classifier")
    with pytest.raises(ConfigError, match=r"^this detector has no code to export; accepted .*AwareDetector$"):
        export_code(one.fitted, tmp_path / "m.onnx")


def test_code_that_fixes_the_number_of_rows_is_refused():
    import torch

    class Fixed(torch.nn.Module):
        def forward(self, rows):
            return rows.sum(1).reshape(len(rows), 1).double()

    with pytest.raises(
        ConfigError, match=r"its code fixes the number of rows .*write x.shape\[0\] in place of"
    ):
        traced(Fixed(), (4,), to="raw")


def test_logarithms_of_exponentials_stay_finite(tmp_path):
    import onnx
    import torch

    class Logarithms(torch.nn.Module):
        def forward(self, rows):
            x, y = rows[:, :3], rows[:, 3:]
            loss = torch.nn.functional.binary_cross_entropy_with_logits(x, y.sigmoid(), reduction="none")
            parts = [loss, torch.nn.functional.logsigmoid(x), torch.logaddexp(x, y), x.abs().log1p()]
            return torch.cat([*parts, x.clamp_max(50).expm1()], dim=1).double()

    random = torch.Generator().manual_seed(0)
    near, wide, close = (size * torch.randn(40, 6, generator=random) for size in (1.0, 300.0, 1e-6))
    rows = torch.cat([near, wide, close, torch.zeros(1, 6)])
    onnx.save(traced(Logarithms(), (6,), to="raw"), tmp_path / "m.onnx")
    found = session(tmp_path / "m.onnx").run(None, {"rows": rows.numpy()})[0]
    expected = Logarithms()(rows).numpy()
    # the loss is a difference of numbers as large as x, up to a thousand, in single precision
    np.testing.assert_allclose(found[:, :3], expected[:, :3], rtol=1e-5, atol=1e-4)
    np.testing.assert_allclose(found[:, 3:9], expected[:, 3:9], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(found[:, 9:], expected[:, 9:], rtol=1e-5, atol=1e-12)


# -- checks and faults -------------------------------------------------------------------------------


def test_a_file_that_differs_is_not_written(plane, tmp_path, monkeypatch):
    (tmp_path / "m.onnx").write_bytes(b"older")
    monkeypatch.setattr(parity, "DIFFERENCE", 0.0)
    with pytest.raises(
        ModelFileError, match=r"^the fp32 export does not say what the detector says: scores dif"
    ):
        export_onnx(plane, tmp_path / "m.onnx")
    assert [p.name for p in tmp_path.iterdir()] == ["m.onnx"]
    assert (tmp_path / "m.onnx").read_bytes() == b"older"


@pytest.mark.parametrize(
    ("found", "precision", "fault"),
    [
        (parity.Parity(9, 2e-4, 1.0, 0.0), "fp32", "differ by 0.0002 of their range, where 0.0001"),
        (parity.Parity(9, float("nan"), 1.0, 0.0), "fp32", "differ by nan"),
        (parity.Parity(9, 0.1, 0.9985, 0.0), "fp16", "correlate at 0.9985, where 0.999"),
        (parity.Parity(9, 0.1, 0.985, 0.0), "int8", "correlate at 0.9850, where 0.99"),
        (parity.Parity(9, 0.1, 0.995, 0.0, -0.6), "int8", "AUROC changes by -0.60 points, where 0.5"),
    ],
)
def test_gates(found, precision, fault):
    with pytest.raises(ModelFileError, match=fault):
        found.gate(precision)
    parity.Parity(9, 1e-5, 0.9999, 0.0, 0.3).gate(precision)


def test_golden_vectors_belong_to_their_file(plane, tmp_path):
    path = tmp_path / "m.onnx"
    with pytest.raises(ModelFileError, match=r"m.onnx is not there; write it with: unseen export"):
        verify(path)
    export_onnx(plane, path)
    assert verify(path).rows == 64
    kept = dict(np.load(golden_path(path)))
    np.savez(golden_path(path), **{**kept, "score": kept["score"] + 0.5})
    with pytest.raises(ModelFileError, match=r"golden scores differ by up to 0\.\d+ where 0.001 is allowed"):
        verify(path)
    np.savez(golden_path(path), **{**kept, "sha256": np.array("0" * 64)})
    with pytest.raises(ModelFileError, match=r"holds the vectors of another file"):
        verify(path)
    golden_path(path).write_bytes(b"nothing")
    with pytest.raises(ModelFileError, match=r"does not hold golden vectors"):
        verify(path)
    golden_path(path).unlink()
    with pytest.raises(ModelFileError, match=r"golden.npz is not there"):
        verify(path)


def test_hostile_places_and_files(plane, tmp_path):
    for name, fault in (
        ("m.txt", "ends in .onnx"),
        ("no/such/m.onnx", "does not exist: create it first"),
    ):
        with pytest.raises(ModelFileError, match=fault):
            export_onnx(plane, tmp_path / name)
    (tmp_path / "d.onnx").mkdir()
    with pytest.raises(ModelFileError, match=r"is a folder"):
        export_onnx(plane, tmp_path / "d.onnx")
    with pytest.raises(ConfigError, match=r"^precision 'fp8' is not known; accepted: fp32, fp16, int8"):
        export_onnx(plane, tmp_path / "m.onnx", precision="fp8")
    (tmp_path / "broken.onnx").write_bytes(b"\x00\x01 no model")
    with pytest.raises(ModelFileError, match=r"broken.onnx is not a sound ONNX file"):
        Scorer(tmp_path / "broken.onnx")


def test_files_of_others_and_of_the_future(plane, tmp_path):
    import onnx

    export_onnx(plane, tmp_path / "m.onnx")
    model = onnx.load(tmp_path / "m.onnx")
    for entry in model.metadata_props:
        if entry.key == "format_version":
            entry.value = "99"
    onnx.save(model, tmp_path / "new.onnx")
    with pytest.raises(ModelFileError, match=r"has format version 99; this release reads 1: upgrade unseen$"):
        Scorer(tmp_path / "new.onnx")
    del model.metadata_props[:]
    onnx.save(model, tmp_path / "other.onnx")
    with pytest.raises(ModelFileError, match=r"was not written by unseen export"):
        Scorer(tmp_path / "other.onnx")


@pytest.mark.parametrize("module", ["onnx", "onnxscript"])
def test_without_the_extra(module, plane, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingExtraError, match=rf"needs {module}: pip install 'unseen\[export\]'"):
        export_onnx(plane, tmp_path / "m.onnx")


def test_rows_that_do_not_fit(plane, tmp_path):
    scorer = Scorer(export_onnx(plane, tmp_path / "m.onnx").path)
    with pytest.raises(DataError, match=r"^rows of shape \(2, 5\) came; accepted: \(N, 6\)$"):
        scorer(np.zeros((2, 5)))
    with pytest.raises(DataError, match=r"^row 1 has values that are not finite"):
        scorer([[0.0] * 6, [np.nan] * 6])
    raw = scorer.session.run(["alarm"], {"rows": np.full((1, 6), np.nan, dtype=np.float32)})
    assert not raw[0][0]


def test_a_copy_from_a_file_has_the_same_digest(plane, tmp_path):
    import unseen

    unseen.save(plane, tmp_path / "model")
    loaded = unseen.load(tmp_path / "model")
    about = [Scorer(export_onnx(d, tmp_path / "m.onnx").path).about for d in (plane, loaded)]
    assert about[0]["model_sha256"] == about[1]["model_sha256"]
    other = copy.deepcopy(plane).set_params(threshold=FalseAlarmRate(0.1))
    assert Scorer(export_onnx(other, tmp_path / "m.onnx").path).about["rate"] == 0.1


def test_the_runtime_loads_no_torch(plane, tmp_path):
    path = export_onnx(plane, tmp_path / "m.onnx").path
    code = (
        "import sys, numpy as np\n"
        "from unseen.export.golden import verify\nfrom unseen.export.runtime import Scorer\n"
        "import unseen.export.latency, json\n"
        f"verify({path!r}); print(json.dumps(Scorer({path!r})(np.zeros((2, 6))).score.tolist()))\n"
        "print([m for m in ('torch', 'sklearn', 'pyarrow', 'scipy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    scores, heavy = done.stdout.splitlines()
    np.testing.assert_allclose(json.loads(scores), plane.anomaly_score(np.zeros((2, 6))), atol=2e-3)
    assert heavy == "[]"


def test_latency(plane, tmp_path):
    scorer = Scorer(export_onnx(plane, tmp_path / "m.onnx").path)
    found = timed(scorer, runs=30)
    assert [one.batch for one in found.latencies] == [1, 64]
    assert all(0 < one.least <= one.p50 <= one.p99 for one in found.latencies)
    assert found.runtime.startswith("onnxruntime ")
    rows = np.zeros((4, 6), dtype=np.float32)
    times = interleaved({"a": scorer.session, "b": scorer.session}, {"a": rows, "b": {"rows": rows}}, runs=50)
    assert times["a"].shape == (50,)
    assert 0.3 < np.median(times["a"]) / np.median(times["b"]) < 3
    with pytest.raises(ConfigError, match=r"^session 'a' has no input; name one for each session$"):
        interleaved({"a": scorer.session}, {})
