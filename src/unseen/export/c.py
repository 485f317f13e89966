"""Tiny dense detectors as C: the kind of network that decides at the first stage of a trigger."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from unseen.data.scale import Scaler
from unseen.detectors.readers import Reconstructing
from unseen.detectors.two_stage import TwoStage
from unseen.errors import ConfigError, ModelFileError
from unseen.export.c_source import bench, header
from unseen.export.emulator import emulate, to_integers
from unseen.export.fixed import FixedNetwork, Ints, fixed_network
from unseen.export.golden import golden_path
from unseen.export.parity import RANKS, Parity, compared
from unseen.export.probes import probes
from unseen.export.samples import Rows, Samples, shared_out
from unseen.export.writing import aside, fit_place, publish
from unseen.models.autoencoder import AutoEncoder
from unseen.models.network import Dense
from unseen.models.vae import VAE
from unseen.scores import Latent
from unseen.thresholds import Calibration

Floats = NDArray[np.float64]

# Golden vectors kept.
COUNT = 256


@dataclass(frozen=True)
class ExportedC:
    """What was written, and what fixed point costs.

    Attributes:
        path, bench, golden: The header, a program that times it, and golden vectors.
        widths: From the inputs to the outputs.
        weight_bits, input_bits, score_bits: As the header states them.
        threshold: Score, an integer, above which an alarm is raised.
        rate: False-alarm rate it stands for.
        calibration_rows: Background rows it rests on.
        parity: How the integers agree with the same score in floating point.

    """

    path: str
    bench: str
    golden: str
    widths: tuple[int, ...]
    weight_bits: int
    input_bits: int
    score_bits: int
    threshold: int
    rate: float
    calibration_rows: int
    parity: Parity

    def to_dict(self) -> dict[str, Any]:
        """Return JSON values."""
        return {**vars(self), "parity": self.parity.to_dict()}


def export_c(
    detector: TwoStage,
    path: str | os.PathLike[str],
    *,
    samples: Samples | None,
    weight_bits: int = 16,
    input_bits: int | None = None,
) -> ExportedC:
    """Write a tiny dense detector as one C99 header, with a timing program and golden vectors beside it.

    The score is of the network of stage 1 alone, and knows nothing of what was told: for a `VAE` the sum of
    its squared latent means (over their normal spread where the detector reads `Latent()`), for an
    `AutoEncoder` the summed squared error of the scaled features. The threshold is set on background rows as
    the integers score them.

    Args:
        detector: Fitted, with one dense network and standard scaling.
        path: Header to write, `*.h`.
        samples: Background rows that took no part in training, and labelled anomalies where there are some.
        weight_bits: 16 or 8.
        input_bits: Fractional bits of the inputs; None is 0 where all samples are integers, else 12.

    Raises:
        ConfigError: Another kind of detector, a network that is too large, or numbers that do not fit.
        DataError: Too few background rows.
        ModelFileError: The place is not fit, or fixed point ranks samples otherwise (rank correlation below
            0.99); nothing is written.

    """
    target = fit_place(path, ".h")
    learned, background = shared_out(samples, detector.rate_, purpose="the threshold of a C header")
    assert samples is not None  # noqa: S101 - shared_out has refused that
    if input_bits is None:
        input_bits = 0 if (samples.rows == np.rint(samples.rows)).all() else 12
    floating, network = _networks(detector, learned, weight_bits, input_bits)
    calibration = Calibration.fit(emulate(network, to_integers(background, input_bits)).astype(np.float64))
    threshold = _whole(calibration.score_at(detector.rate_))
    parity = _parity(detector, floating, network, samples, threshold, background)
    if not parity.spearman >= RANKS["int8"]:
        raise ModelFileError(
            f"fixed point does not say what the network says: ranks correlate at {parity.spearman:.4f}, where "
            f"{RANKS['int8']} is asked for; pass weight_bits=16 or more input_bits; nothing is written"
        )
    files = _write(target, network, threshold, detector, input_bits)
    return ExportedC(
        *files, network.widths, weight_bits, input_bits, network.score_bits, threshold, detector.rate_,
        len(calibration), parity,
    )  # fmt: skip


def tiny_network(detector: TwoStage) -> tuple[list[tuple[Floats, Floats]], bool]:
    """Weights and biases of the layers the header computes, and whether it reconstructs.

    Raises:
        ConfigError: Not one dense network of an `AwareDetector` with standard scaling.

    """
    reader = next((m.reader for m in detector.stage1_ if isinstance(m.reader, Reconstructing)), None)
    model = getattr(detector, "model", None) or VAE()
    accepted = "accepted: AwareDetector(VAE(Dense(...)) or AutoEncoder(Dense(...)), scaling='standard')"
    if reader is None or not isinstance(model, VAE | AutoEncoder) or not isinstance(model.body, Dense):
        raise ConfigError(f"C is written of dense networks alone; {accepted}")
    if not isinstance(detector.scaler_, Scaler) or len(detector.input_shape) != 1:
        raise ConfigError(f"C is written of standard scaling of tables alone; {accepted}")
    if len(reader.networks) != 1:
        raise ConfigError(f"{len(reader.networks)} members came; C is written of one network: members=1")
    network = reader.networks[0]
    layers = _linear(network.encoder) + _linear(network.head)
    if isinstance(model, AutoEncoder):
        # the code has no ReLU of its own: it and the layer after it are one matrix
        (code, shift), (first, offset), *rest = *_linear(network.head), *_linear(network.decoder)
        merged = (first @ code, first @ shift + offset)
        return [*_linear(network.encoder), merged, *rest], True
    weight, bias = layers[-1]
    layers[-1] = weight[: network.latent], bias[: network.latent]
    if isinstance(reader.score, Latent):
        state = {name: value.double().numpy() for name, value in reader.states[0].items()}
        size = np.sqrt(state["weight"])
        weight, bias = layers[-1]
        layers[-1] = weight * size[:, None], (bias - state["centre"]) * size
    return layers, False


def _linear(module: nn.Module) -> list[tuple[Floats, Floats]]:
    with torch.no_grad():
        return [
            (one.weight.double().numpy(), one.bias.double().numpy())
            for one in module.modules()
            if isinstance(one, nn.Linear)
        ]


@dataclass(frozen=True, eq=False)
class Floating:
    """The same network in floating point."""

    scaler: Scaler
    layers: list[tuple[Floats, Floats]]
    residual: bool

    def results(self, rows: Rows) -> list[Floats]:
        """Results of every layer, the last one first being the scaled rows."""
        values = self.scaler.transform(rows).astype(np.float64)
        found = [values]
        for place, (weight, bias) in enumerate(self.layers):
            values = values @ weight.T + bias
            if place < len(self.layers) - 1:
                values = np.maximum(values, 0.0)
            found.append(values)
        return found

    def scores(self, rows: Rows) -> Floats:
        """Score (N,)."""
        found = self.results(rows)
        return np.asarray(np.square(found[0] - found[-1] if self.residual else found[-1]).sum(1))


def _networks(
    detector: TwoStage, learned: Rows, weight_bits: int, input_bits: int
) -> tuple[Floating, FixedNetwork]:
    layers, residual = tiny_network(detector)
    scaler = detector.scaler_
    assert isinstance(scaler, Scaler)  # noqa: S101 - tiny_network has refused others
    floating = Floating(scaler, layers, residual)
    largest = [float(np.abs(values).max()) for values in floating.results(learned)[1:]]
    fixed = fixed_network(
        scaler, layers, largest, residual=residual, weight_bits=weight_bits, input_bits=input_bits
    )
    return floating, fixed


def _whole(threshold: float) -> int:
    """Threshold as an integer; the largest there is where no alarm is ever raised."""
    return 2**63 - 1 if np.isinf(threshold) else int(threshold)


def _parity(
    detector: TwoStage,
    floating: Floating,
    network: FixedNetwork,
    samples: Samples,
    threshold: int,
    background: Rows,
) -> Parity:
    reference = floating.scores(samples.rows)
    found = emulate(network, to_integers(samples.rows, network.standardise.input_bits))
    cut = Calibration.fit(floating.scores(background)).score_at(detector.rate_)
    return compared(
        reference,
        found / 2.0**network.score_bits,
        decided=(reference > cut, found > threshold),
        anomalous=samples.anomalous,
    )


def _write(
    target: Path, network: FixedNetwork, threshold: int, detector: TwoStage, input_bits: int
) -> tuple[str, str, str]:
    timing = target.with_name(f"{target.stem}_bench.c")
    golden = golden_path(target)
    rows: Ints = to_integers(probes(detector.scaler_, COUNT, network.inputs, seed=1), input_bits)
    scores = emulate(network, rows)
    with aside(target) as folder:
        places = [folder / name for name in ("header", "bench", "golden.npz")]
        places[0].write_text(header(network, threshold, rate=detector.rate_), encoding="utf-8")
        places[1].write_text(bench(target.name), encoding="utf-8")
        np.savez_compressed(
            places[2], rows=rows.astype(np.int32), score=scores, alarm=scores > threshold, threshold=threshold
        )
        publish(dict(zip(places, (timing.with_name(target.name), timing, golden), strict=True)))
    return str(target), str(timing), str(golden)
