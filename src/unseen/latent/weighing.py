"""What the decoder makes of each unit: its slope, and the error without it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from unseen.latent.coding import Code
from unseen.latent.zeroing import without
from unseen.seeds import torch_generator
from unseen.training.threads import threads_for

Floats = NDArray[np.float64]

# Units up to which the slope is taken unit by unit; of more, all at once along random directions of the row.
EACH = 64
PROBES = 32


def gains(code: Code, *, seed: int = 0) -> Floats:
    """Mean over rows of sum_j (d xhat_j / d z_i)^2 at the posterior mean, shape (Z,).

    Up to 64 units by one derivative along each; of more by Hutchinson's estimate, E_v (J^T v)_i^2 over 32
    draws of random signs v a row, whose error is about sqrt(2 / (32 N)) of the value.
    """
    total = np.zeros(code.units)
    signs = torch_generator(seed, 4)
    with threads_for(code.network, len(code)):
        for block in code.blocks():
            z, rows = torch.from_numpy(code.mean[block].astype(np.float32)), code.rows[block]

            def expected(codes: Tensor, rows: Tensor = rows) -> Tensor:
                return code.rebuild(codes, rows).mean.flatten(1)

            slopes = _by_unit(expected, z) if code.units <= EACH else _by_probe(expected, z, signs)
            total += slopes.double().numpy()
    return total / len(code)


def _by_unit(expected: Callable[[Tensor], Tensor], z: Tensor) -> Tensor:
    """Sum over rows of the squared slope of each unit, exactly, shape (Z,).

    J^T u is linear in u, and its derivative along e_i is J e_i: forward derivatives from two backward ones,
    whose first use does not load a compiler as torch's own do.
    """
    z.requires_grad_()
    made = expected(z)
    pull = torch.zeros_like(made, requires_grad=True)
    (back,) = torch.autograd.grad(made, z, pull, create_graph=True)
    found = torch.empty(z.shape[1])
    for unit in range(z.shape[1]):
        (slope,) = torch.autograd.grad(back[:, unit].sum(), pull, retain_graph=True)
        found[unit] = slope.square().sum()
    return found


def _by_probe(expected: Callable[[Tensor], Tensor], z: Tensor, signs: torch.Generator) -> Tensor:
    """Sum over rows of the squared slope of each unit, estimated, shape (Z,)."""
    z.requires_grad_()
    made = expected(z)
    found = torch.zeros(z.shape[1])
    for _ in range(PROBES):
        probe = torch.randint(0, 2, made.shape, generator=signs).to(made.dtype).mul_(2.0).sub_(1.0)
        (slope,) = torch.autograd.grad(made, z, probe, retain_graph=True)
        found += slope.square().sum(0)
    return found / PROBES


def ablations(code: Code, units: NDArray[np.intp], centre: Floats) -> Floats:
    """Rise of the mean error E where one of `units` is set to its centre (Z,); NaN of others, shape (Z,)."""
    full = code.judge(code.mean)
    found = np.full(code.units, np.nan)
    for unit in units:
        found[unit] = code.judge(without(code.mean, np.array([unit]), centre)) - full
    return found
