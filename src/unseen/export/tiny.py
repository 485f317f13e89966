"""Tiny dense detectors in fixed point: from what was fitted to integers, their threshold and their price."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from unseen.data.scale import Scaler
from unseen.detectors.readers import Reconstructing
from unseen.detectors.two_stage import TwoStage
from unseen.errors import ConfigError, ModelFileError
from unseen.export.emulator import emulate, to_integers
from unseen.export.fixed import FixedNetwork, fixed_network
from unseen.export.parity import RANKS, Parity, compared
from unseen.export.samples import Rows, Samples, shared_out
from unseen.models.autoencoder import AutoEncoder
from unseen.models.network import Dense
from unseen.models.vae import VAE
from unseen.scores import Latent
from unseen.thresholds import Calibration

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Tiny:
    """A detector in fixed point.

    Attributes:
        network: In integers.
        threshold: Score, an integer, above which an alarm is raised.
        rate: False-alarm rate it stands for.
        calibration_rows: Background rows it rests on.
        parity: How the integers agree with the same score in floating point.

    """

    network: FixedNetwork
    threshold: int
    rate: float
    calibration_rows: int
    parity: Parity


def tiny(
    detector: TwoStage,
    samples: Samples | None,
    *,
    weight_bits: int = 16,
    input_bits: int | None = None,
    purpose: str,
) -> Tiny:
    """Round the network of stage 1, set its threshold on background rows, and see what that costs.

    Args:
        detector: Fitted, with one dense network and standard scaling.
        samples: Background rows that took no part in training, and labelled anomalies where there are some.
        weight_bits: 16 or 8.
        input_bits: Fractional bits of the inputs; None is 0 where all samples are integers, else 12.
        purpose: What it is for, in errors.

    Raises:
        ConfigError: Another kind of detector, a network that is too large, or numbers that do not fit.
        DataError: Too few background rows.
        ModelFileError: Fixed point ranks samples otherwise (rank correlation below 0.99).

    """
    layers, residual = tiny_network(detector)
    learned, background = shared_out(samples, detector.rate_, purpose=purpose)
    assert samples is not None  # noqa: S101 - shared_out has refused that
    if input_bits is None:
        input_bits = 0 if (samples.rows == np.rint(samples.rows)).all() else 12
    scaler = detector.scaler_
    assert isinstance(scaler, Scaler)  # noqa: S101 - tiny_network has refused others
    floating = Floating(scaler, layers, residual)
    largest = [float(np.abs(values).max()) for values in floating.results(learned)[1:]]
    network = fixed_network(
        scaler, layers, largest, residual=residual, weight_bits=weight_bits, input_bits=input_bits
    )
    calibration = Calibration.fit(emulate(network, to_integers(background, input_bits)).astype(np.float64))
    threshold = _whole(calibration.score_at(detector.rate_))
    parity = _parity(detector, floating, network, samples, threshold, background)
    if not parity.spearman >= RANKS["int8"]:
        raise ModelFileError(
            f"fixed point does not say what the network says: ranks correlate at {parity.spearman:.4f}, "
            f"where {RANKS['int8']} is asked for; pass weight_bits=16 or more input_bits; nothing is written"
        )
    return Tiny(network, threshold, detector.rate_, len(calibration), parity)


def tiny_network(detector: TwoStage) -> tuple[list[tuple[Floats, Floats]], bool]:
    """Weights and biases of the layers to compute, and whether it reconstructs.

    Raises:
        ConfigError: Not one dense network of an `AwareDetector` with standard scaling.

    """
    reader = next((m.reader for m in detector.stage1_ if isinstance(m.reader, Reconstructing)), None)
    model = getattr(detector, "model", None) or VAE()
    accepted = "accepted: AwareDetector(VAE(Dense(...)) or AutoEncoder(Dense(...)), scaling='standard')"
    if reader is None or not isinstance(model, VAE | AutoEncoder) or not isinstance(model.body, Dense):
        raise ConfigError(f"fixed point takes dense networks alone; {accepted}")
    if not isinstance(detector.scaler_, Scaler) or len(detector.input_shape) != 1:
        raise ConfigError(f"fixed point takes standard scaling of tables alone; {accepted}")
    if len(reader.networks) != 1:
        raise ConfigError(f"{len(reader.networks)} members came; fixed point takes one network: members=1")
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
