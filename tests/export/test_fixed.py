"""Fixed point: the emulator against floating point, and C and QONNX against the emulator."""

from __future__ import annotations

import shutil
import subprocess

import numpy as np
import pytest

from unseen.data.scale import Scaler
from unseen.detectors.aware import AwareDetector
from unseen.errors import ConfigError, DataError, ModelFileError
from unseen.export.c import export_c
from unseen.export.emulator import emulate, halved_to_even, log1p, standardised, to_integers
from unseen.export.fixed import LOG, SCALED, fixed_network
from unseen.export.qonnx import export_qonnx
from unseen.export.samples import Samples
from unseen.export.tiny import tiny
from unseen.models.autoencoder import AutoEncoder
from unseen.models.network import Dense
from unseen.models.vae import VAE
from unseen.scores import Latent
from unseen.training.loop import Plan

EVENTS = 100_000
needs_compiler = pytest.mark.skipif(shutil.which("cc") is None, reason="there is no C compiler")


def everything(count: int) -> np.ndarray:
    """Rows of integers from ordinary to the largest there are, (count, 57)."""
    random = np.random.default_rng(9)
    third = count // 3
    far = random.integers(-(2**31), 2**31, (third, 57))
    near = random.integers(-3000, 3000, (third, 57))
    usual = np.abs(random.normal(0, 60, (count - 2 * third, 57))).round() * (random.random((1, 57)) < 0.7)
    return np.concatenate([usual, near, far]).astype(np.int32)


@needs_compiler
@pytest.mark.parametrize("weight_bits", [16, 8])
@pytest.mark.parametrize("kind", ["latent", "auto-encoder", "fractions"])
def test_c_and_emulator_agree_bit_by_bit(kind, weight_bits, trigger, trigger_samples, tmp_path):
    detector = trigger
    if kind == "auto-encoder":
        made = AwareDetector(AutoEncoder(Dense((28, 15)), latent=8), learn=Plan(steps=100))
        detector = made.fit(trigger_samples.background[:1500])
    bits = 7 if kind == "fractions" else 0
    exported = export_c(
        detector, tmp_path / "l1.h", samples=trigger_samples, weight_bits=weight_bits, input_bits=bits
    )
    program = tmp_path / "l1"
    flags = ["-std=c99", "-O2", "-Wall", "-Wextra", "-pedantic", "-Werror"]
    built = subprocess.run(["cc", *flags, "-o", program, exported.bench], capture_output=True, text=True)
    assert (built.returncode, built.stderr) == (0, "")
    rows = everything(EVENTS)
    ran = subprocess.run([program, str(EVENTS)], input=rows.tobytes(), capture_output=True, check=True)
    network = tiny(
        detector, trigger_samples, weight_bits=weight_bits, input_bits=bits, purpose="a test"
    ).network
    found = np.frombuffer(ran.stdout, dtype=np.int64)
    np.testing.assert_array_equal(found, emulate(network, rows))
    assert len(np.unique(found)) > EVENTS / 3
    # 2,000 ns are asked for; the machine may be busy
    assert float(ran.stderr) < 6000
    kept = np.load(exported.golden)
    np.testing.assert_array_equal(emulate(network, kept["rows"]), kept["score"])
    if kind != "auto-encoder":
        assert exported.widths == (57, 28, 15, 8)


def test_fixed_point_costs_little(trigger, trigger_samples):
    for bits in (16, 8):
        made = tiny(trigger, trigger_samples, weight_bits=bits, purpose="a test")
        assert made.parity.spearman > 0.998
        assert abs(made.parity.points) < 0.3
        assert made.network.standardise.input_bits == 0
        raised = emulate(made.network, to_integers(trigger_samples.background, 0)) > made.threshold
        assert abs(raised.mean() - 0.01) < 0.01


def test_the_latent_score_is_folded_in(trigger_samples):
    detector = AwareDetector(VAE(Dense((28, 15)), latent=8), row_score=Latent(), learn=Plan(steps=100))
    detector.fit(trigger_samples.background[:1500])
    made = tiny(detector, trigger_samples, purpose="a test")
    rows = trigger_samples.rows[:500]
    raw = detector.member_score(rows, "reconstruction")
    found = emulate(made.network, to_integers(rows, 0)) / 2.0**made.network.score_bits
    np.testing.assert_allclose(found, raw, rtol=0.05, atol=0.05 * raw.std())


def test_rounding_is_half_to_even():
    halves = np.array([-7, -6, -5, -3, -2, -1, 0, 1, 2, 3, 5, 6, 7])
    np.testing.assert_array_equal(halved_to_even(halves, 1), np.rint(halves / 2))
    wide = np.random.default_rng(0).integers(-(2**40), 2**40, 10_000)
    for shift in (0, 1, 5, 20):
        np.testing.assert_array_equal(halved_to_even(wide, shift), np.rint(wide / 2.0**shift))


def test_logarithm():
    values = np.unique(np.geomspace(1, 2**30, 5000).astype(np.int64))
    for bits in (0, 8, 12):
        found = log1p(values, bits) / 2.0**LOG
        np.testing.assert_allclose(found, np.log1p(values / 2.0**bits), atol=2e-4)
    assert log1p(np.array([0]), 12).tolist() == [0]


def test_standardising_follows_the_scaler():
    random = np.random.default_rng(3)
    rows = random.normal(size=(4000, 3)) * [1, 200, 5] + [0, 3000, -40]
    rows[:, 2] = np.where(random.random(4000) < 0.8, 0, random.exponential(5e4, 4000))
    scaler = Scaler.fit(rows)
    assert scaler.logarithmic.tolist() == [False, False, True]
    network = fixed_network(scaler, [(np.eye(3), np.zeros(3))], [4.0], residual=False, input_bits=12)
    rows = np.concatenate([rows[:500], rows[:200] * [30, 1, 1], rows[:200] * [1, 3, 1]])
    whole = to_integers(rows, 12)
    found = standardised(network, whole) / 2.0**SCALED
    np.testing.assert_allclose(found, scaler.transform(whole / 2.0**12), atol=3e-3)
    assert np.abs(found).max() > 10


def test_sums_cannot_overflow():
    random = np.random.default_rng(4)
    layers = [
        (random.normal(size=(16, 64)) * 30, random.normal(size=16)),
        (random.normal(size=(4, 16)), np.zeros(4)),
    ]
    scaler = Scaler.fit(random.normal(size=(100, 64)))
    network = fixed_network(scaler, layers, [50.0, 9.0], residual=False)
    for layer in network.layers:
        largest = np.abs(layer.weight).sum(1) * 2**15 + np.abs(layer.bias)
        assert largest.max() < 2**31
        assert np.abs(layer.weight).max() < 2**15


def test_what_fixed_point_refuses(trigger, trigger_samples, plane, tmp_path):
    rows = trigger_samples.background[:600]
    cases = {
        "2 members came": AwareDetector(members=2),
        "standard scaling of tables alone": AwareDetector(scaling="quantiles"),
        r"^\d+,\d+ weights came; fixed point takes tiny": AwareDetector(VAE(Dense((1500, 64)))),
    }
    for fault, made in cases.items():
        made.set_params(learn=Plan(steps=5)).fit(rows)
        with pytest.raises(ConfigError, match=fault):
            export_c(made, tmp_path / "m.h", samples=trigger_samples)
    with pytest.raises(ConfigError, match=r"^weight_bits 4 came; accepted: 8, 16$"):
        export_c(trigger, tmp_path / "m.h", samples=trigger_samples, weight_bits=4)
    with pytest.raises(DataError, match=r"^the threshold of a C header needs background rows"):
        export_c(trigger, tmp_path / "m.h", samples=None)
    with pytest.raises(ModelFileError, match=r"ends in .h$"):
        export_c(trigger, tmp_path / "m.onnx", samples=trigger_samples)
    with pytest.raises(DataError, match=r"not finite"):
        to_integers([[np.inf]], 0)
    assert not list(tmp_path.iterdir())


def test_coarse_inputs_fail_the_gate(plane, plane_samples, tmp_path):
    """Standard normal features as integers without fractional bits keep too little."""
    with pytest.raises(
        ModelFileError, match=r"^fixed point does not say what the network says: ranks correlate"
    ):
        export_c(plane, tmp_path / "m.h", samples=plane_samples, input_bits=0)
    assert not list(tmp_path.iterdir())
    assert export_c(plane, tmp_path / "m.h", samples=plane_samples).input_bits == 12


def test_qonnx_says_what_the_emulator_says(trigger, trigger_samples, tmp_path):
    reference = pytest.importorskip("onnx.reference")
    from onnx.reference.op_run import OpRun

    class Quant(OpRun):
        op_domain = "qonnx.custom_op.general"

        def _run(self, x, scale, zero, width, signed=None, narrow=None, rounding_mode=None):
            assert (signed, narrow, rounding_mode, float(zero)) == (1, 0, "ROUND", 0.0)
            top = 2.0 ** (float(width) - 1)
            whole = np.rint(np.clip(x.astype(np.float64) / scale, -top, top - 1))
            return ((whole * scale).astype(np.float32),)

    exported = export_qonnx(trigger, tmp_path / "q.onnx", samples=trigger_samples, weight_bits=8)
    run = reference.ReferenceEvaluator(exported.path, new_ops=[Quant])
    kept = np.load(exported.golden)
    found = [run.run(["score", "alarm"], {"scaled": row[None]}) for row in kept["scaled"]]
    np.testing.assert_allclose([score[0] for score, _ in found], kept["score"], rtol=1e-5)
    assert [bool(alarm[0]) for _, alarm in found] == (kept["score"] > kept["threshold"]).tolist()


def test_quant_nodes_are_those_of_the_package(trigger, trigger_samples, tmp_path):
    quant = pytest.importorskip("qonnx.custom_op.general.quant").quant
    random = np.random.default_rng(0)
    x = random.normal(size=1000).astype(np.float32) * 40
    ours = np.rint(np.clip(x * 2.0**10, -(2**15), 2**15 - 1)) / 2.0**10
    np.testing.assert_array_equal(
        quant(x, np.float32(2.0**-10), np.float32(0), np.float32(16), 1, 0, "ROUND"), ours
    )


def test_samples_must_be_labelled_row_by_row(trigger):
    with pytest.raises(DataError, match=r"^labels of shape \(3,\) came for 2 sample rows$"):
        Samples.of(trigger, np.zeros((2, 57), dtype=np.float32), [0, 1, 0])
