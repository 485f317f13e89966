"""How many torch threads a piece of work deserves.

Two threads on small layers cost far more in hand-over than they save in arithmetic (a small VAE ran 20
times slower on two threads than on one), so the count follows the work of one layer call.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

# Multiply-adds of one layer call below which a second thread has not paid on any machine measured.
WORTH_A_THREAD = 50_000_000


def layer_work(model: nn.Module, rows: int) -> int:
    """Return the multiply-adds of the largest layer of `model` for a batch of `rows`.

    A convolution is counted by its weights times the output positions of the largest map it was built for;
    its module carries that number as `positions` (see `unseen.nn.convolution`).
    """
    work = 0
    for module in model.modules():
        weight = getattr(module, "weight", None)
        if isinstance(weight, nn.Parameter):
            work = max(work, weight.numel() * int(getattr(module, "positions", 1)))
    return work * rows


@contextmanager
def threads_for(model: nn.Module, rows: int) -> Iterator[int]:
    """Use one torch thread for small layers, the caller's count for large ones; restore it afterwards.

    >>> before = torch.get_num_threads()
    >>> with threads_for(nn.Linear(8, 8), rows=256) as count:
    ...     print(count)
    1
    >>> torch.get_num_threads() == before
    True
    """
    before = torch.get_num_threads()
    count = before if layer_work(model, rows) >= WORTH_A_THREAD else 1
    if count != before:
        torch.set_num_threads(count)
    try:
        yield count
    finally:
        if torch.get_num_threads() != before:
            torch.set_num_threads(before)
