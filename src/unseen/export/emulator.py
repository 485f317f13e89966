"""What the C header computes, bit by bit, with NumPy on many rows at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from unseen.errors import DataError
from unseen.export.fixed import LN2, LOG, PIECES, SCALED, SOFT_AT, TOP16, FixedNetwork, Ints, log_table

# Smallest and largest input; the sum of its absolute value and 1 must stay below 2^31.
LEAST, MOST = -(2**30), 2**30


def emulate(network: FixedNetwork, rows: Ints) -> Ints:
    """Score of rows of integers (N, D), shape (N,), with `network.score_bits` fractional bits.

    >>> import numpy as np
    >>> halved_to_even(np.array([5, 7, -5, -7]), 1).tolist()
    [2, 4, -2, -4]

    """
    scaled = standardised(network, rows)
    values = scaled
    for layer in network.layers:
        values = halved_to_even(values @ layer.weight.T + layer.bias, layer.shift)
        values = saturated(np.maximum(values, 0) if layer.rectified else values)
    if network.residual:
        values = scaled - values
    return np.asarray(np.square(values).sum(1))


def to_integers(rows: ArrayLike, input_bits: int) -> Ints:
    """Rows (N, D) of numbers as the integers the header takes: rounded half to even, saturated at +-2^30.

    Raises:
        DataError: Numbers that are not finite.

    """
    values = np.asarray(rows, dtype=np.float64)
    if not np.isfinite(values).all():
        raise DataError("rows hold numbers that are not finite; drop or fill them")
    return np.rint(np.clip(values * 2.0**input_bits, LEAST, MOST)).astype(np.int64)


def standardised(network: FixedNetwork, rows: Ints) -> Ints:
    """Scaled inputs (N, D) with `SCALED` fractional bits."""
    steps = network.standardise
    values = np.clip(np.asarray(rows, dtype=np.int64), LEAST, MOST)
    logs = np.sign(values) * log1p(np.abs(values), steps.input_bits)
    values = np.where(steps.logarithmic, logs, values) - steps.centre
    scaled = saturated(halved_to_even(values * steps.factor, steps.shift), 2**30)
    size = np.abs(scaled)
    beyond = SOFT_AT + halved_to_even(log1p(np.maximum(size - SOFT_AT, 0), SCALED), LOG - SCALED)
    return saturated(np.where(size > SOFT_AT, np.sign(scaled) * beyond, scaled))


def log1p(values: Ints, bits: int) -> Ints:
    """ln(1 + x) of x >= 0 with `bits` fractional bits, with `LOG` of them."""
    whole = values + (1 << bits)
    exponent = np.zeros_like(whole)
    for step in (16, 8, 4, 2, 1):
        more = whole >> (exponent + step) > 0
        exponent += step * more
    # 22 bits of mantissa: 6 choose the piece, 16 the place in it
    mantissa = np.where(
        exponent <= 22, whole << np.maximum(22 - exponent, 0), whole >> np.maximum(exponent - 22, 0)
    )
    mantissa -= 1 << 22
    table, piece, rest = log_table(), mantissa >> 16, mantissa & 0xFFFF
    piece = np.minimum(piece, PIECES - 1)
    log2 = table[piece] + ((table[piece + 1] - table[piece]) * rest >> 16) + ((exponent - bits) << LOG)
    return np.asarray(log2 * LN2 >> 16)


def halved_to_even(values: Ints, shift: int | Ints) -> Ints:
    """Values / 2^shift, rounded half to even."""
    shift = np.asarray(shift, dtype=np.int64)
    floor = values >> shift
    rest = values - (floor << shift)
    half = np.where(shift > 0, np.left_shift(1, np.maximum(shift - 1, 0)), 1)
    up = (rest > half) | ((rest == half) & (floor & 1 == 1))
    return np.asarray(floor + (up & (shift > 0)))


def saturated(values: Ints, top: int = TOP16) -> Ints:
    """Values kept within -top - 1 and top."""
    return np.asarray(np.clip(values, -top - 1, top))
