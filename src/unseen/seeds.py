"""Randomness that comes in as a seed and leaves the caller's random state where it was."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch


def generator(seed: int, *purpose: int) -> np.random.Generator:
    """Return the NumPy generator of `seed` for one purpose; purposes never share a stream.

    >>> bool(generator(0).random() == generator(0).random())
    True
    >>> bool(generator(0, 1).random() == generator(0, 2).random())
    False
    """
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=purpose))


def torch_generator(seed: int, *purpose: int) -> torch.Generator:
    """Return a torch generator (CPU) of `seed` for one purpose."""
    import torch

    state = np.random.SeedSequence(seed, spawn_key=purpose).generate_state(1, np.uint64)[0]
    return torch.Generator().manual_seed(int(state >> np.uint64(1)))


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Run a block under `seed` (torch's global stream, for layer initialisation), then restore the state.

    >>> import torch
    >>> before = torch.random.get_rng_state()
    >>> with seeded(3):
    ...     _ = torch.rand(2)
    >>> bool((torch.random.get_rng_state() == before).all())
    True
    """
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield
