"""Tiny dense networks in fixed point: what the C header and its emulator compute, as plain integers.

A number of f fractional bits is an integer n that stands for n / 2^f. Every result that loses bits is rounded
half to even and kept within its type ("saturated"). A layer is

    a_i = saturate16(round((b_i + sum_j w_ij a_j) / 2^shift)),   at least 0 between layers,

with weights of 16 or 8 bits and a sum of 32 bits that cannot overflow: the fractional bits of the weights are
chosen so that even the largest activations stay below 2^31. Inputs are int32 with `input_bits` fractional
bits (0 for integers, as a trigger has them); they are standardised as `unseen.data.scale.Scaler` does,
logarithms from a table of 64 straight pieces (error below 1e-4).

The score is the sum of the squares of the outputs (latent means, as in AXOL1TL, arXiv 2411.19506), or of what
a reconstruction misses.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unseen.data.scale import SOFT, Scaler
from unseen.errors import ConfigError

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

# Fractional bits of scaled inputs (16 bits: up to +-32), and of logarithms.
SCALED, LOG = 10, 16
# Pieces of the table of log2(1 + m), 0 <= m <= 1, and its fractional bits.
PIECES = 64
TOP16, TOP32 = 2**15 - 1, 2**31 - 1
# Weights beyond which a network is no longer tiny: 256 kB of table.
MOST_WEIGHTS = 131_072


@dataclass(frozen=True, eq=False)
class Standardise:
    """Inputs to scaled inputs: saturate16(round((x - centre) * factor / 2^shift)), softly bent beyond 10.

    Attributes:
        centre, factor, shift: Integers of each input, (D,); the centre in the bits of what it is taken from.
        logarithmic: Which inputs first become sign(x) ln(1 + |x|), (D,).
        input_bits: Fractional bits of the inputs.

    """

    centre: Ints
    factor: Ints
    shift: Ints
    logarithmic: NDArray[np.bool_]
    input_bits: int

    @classmethod
    def of(cls, scaler: Scaler, input_bits: int) -> Standardise:
        """Round a scaler."""
        if not 0 <= input_bits <= 20:
            raise ConfigError(f"input_bits {input_bits} came; accepted: 0 to 20")
        logarithmic = np.asarray(scaler.logarithmic, dtype=bool)
        bits = np.where(logarithmic, LOG, input_bits)
        step = 2.0**SCALED / (np.asarray(scaler.width, dtype=np.float64) * 2.0**bits)
        # factors of 15 bits, however wide the input
        shift = np.clip(14 - np.floor(np.log2(step)), 0, 46).astype(np.int64)
        factor = np.minimum(np.rint(step * 2.0**shift), 2.0**15).astype(np.int64)
        centre = np.rint(np.asarray(scaler.centre, dtype=np.float64) * 2.0**bits)
        if np.abs(centre).max(initial=0) > TOP32 or (np.rint(step) > 2**15).any():
            raise ConfigError(
                f"the scaling of this detector does not fit inputs of {input_bits} fractional bits; "
                "pass other input_bits, or other units"
            )
        return cls(centre.astype(np.int64), factor, shift, logarithmic, input_bits)


@dataclass(frozen=True, eq=False)
class Layer:
    """One layer of integers.

    Attributes:
        weight, bias: (out, in) and (out,).
        shift: Bits that the sum loses.
        bits: Fractional bits of the result.
        rectified: Whether results below 0 become 0.

    """

    weight: Ints
    bias: Ints
    shift: int
    bits: int
    rectified: bool


@dataclass(frozen=True, eq=False)
class FixedNetwork:
    """A dense network in integers and how its outputs become a score.

    Attributes:
        standardise, layers: As they follow each other.
        residual: Whether the score is of what outputs miss of the scaled inputs, instead of the outputs.
        weight_bits: 16 or 8.

    """

    standardise: Standardise
    layers: tuple[Layer, ...]
    residual: bool
    weight_bits: int

    @property
    def inputs(self) -> int:
        """Width of a row."""
        return len(self.standardise.centre)

    @property
    def score_bits(self) -> int:
        """Fractional bits of the score."""
        return 2 * (SCALED if self.residual else self.layers[-1].bits)

    @property
    def widths(self) -> tuple[int, ...]:
        """Widths from the inputs to the outputs."""
        return (self.inputs, *(len(layer.bias) for layer in self.layers))


def fixed_network(
    scaler: Scaler,
    layers: list[tuple[Floats, Floats]],
    activations: list[float],
    *,
    residual: bool,
    weight_bits: int = 16,
    input_bits: int = 0,
) -> FixedNetwork:
    """Round a dense network with ReLU between its layers.

    Args:
        scaler: Of the inputs.
        layers: Weight (out, in) and bias (out,) of each.
        activations: Largest absolute result of each layer on typical rows; twice that is made room for.
        residual: As in `FixedNetwork`.
        weight_bits: 16 or 8.
        input_bits: Fractional bits of the inputs.

    Raises:
        ConfigError: A network that is too large, or numbers that do not fit.

    """
    if weight_bits not in (8, 16):
        raise ConfigError(f"weight_bits {weight_bits} came; accepted: 8, 16")
    count = sum(weight.size for weight, _ in layers)
    if count > MOST_WEIGHTS:
        raise ConfigError(f"{count:,} weights came; fixed point takes tiny networks, up to {MOST_WEIGHTS:,}")
    bits, made = SCALED, []
    for place, ((weight, bias), largest) in enumerate(zip(layers, activations, strict=True)):
        last = place == len(layers) - 1
        wanted = SCALED if last and residual else _activation_bits(largest)
        layer = _rounded(weight, bias, bits, wanted, weight_bits, rectified=not last)
        made.append(layer)
        bits = layer.bits
    return FixedNetwork(Standardise.of(scaler, input_bits), tuple(made), residual, weight_bits)


def _activation_bits(largest: float) -> int:
    """Fractional bits that leave room for twice the largest activation in 16 bits."""
    return int(np.clip(math.floor(math.log2(TOP16 / max(2.0 * largest, 1e-6))), 0, 14))


def _rounded(
    weight: Floats, bias: Floats, bits: int, wanted: int, weight_bits: int, *, rectified: bool
) -> Layer:
    """Round one layer with as many fractional bits as weights and sums have room for."""
    top = 2.0 ** (weight_bits - 1) - 1
    for fraction in range(24, -1, -1):
        w = np.rint(weight * 2.0**fraction)
        b = np.rint(bias * 2.0 ** (fraction + bits))
        # even if every activation is the largest there is; half a step of rounding is below 2^30
        reach = (np.abs(w).sum(1) * (TOP16 + 1) + np.abs(b)).max()
        if np.abs(w).max() <= top and reach < TOP32 and fraction + bits >= wanted:
            return Layer(w.astype(np.int64), b.astype(np.int64), fraction + bits - wanted, wanted, rectified)
    raise ConfigError(
        f"weights up to {np.abs(weight).max():.3g} do not fit {weight_bits} bits; pass weight_bits=16, or "
        "train with a smaller network"
    )


def log_table() -> Ints:
    """log2(1 + m) at m = 0, 1/64, ..., 1, with `LOG` fractional bits, shape (65,)."""
    return np.rint(np.log2(1.0 + np.arange(PIECES + 1) / PIECES) * 2.0**LOG).astype(np.int64)


# ln 2 with 16 fractional bits; where soft scaling begins.
LN2 = round(math.log(2.0) * 2**16)
SOFT_AT = int(SOFT) << SCALED
