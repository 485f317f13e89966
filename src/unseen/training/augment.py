"""Symmetries of event images: what may be done to a training image without changing what it shows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from unseen.errors import ConfigError
from unseen.seeds import torch_generator


@dataclass(frozen=True)
class Symmetries:
    """Each batch of images (N, C, H, W) is rolled along phi (H) and mirrored in eta (W) at random.

    A collision has no preferred phi and two equal beams. One roll and one mirror are drawn for a whole
    batch: that is as good over many batches, and costs one copy.

    Args:
        roll: Whether to roll by 0 to H - 1 rows.
        flip: Whether to mirror half of the batches.

    """

    roll: bool = True
    flip: bool = True

    def turning(self, seed: int) -> Callable[[Tensor], Tensor]:
        """Return what turns the batches of one training, drawn from `seed`."""
        generator = torch_generator(seed, 4)

        def turn(x: Tensor) -> Tensor:
            # both are drawn whatever is asked for, so that one setting does not move the other
            by = int(torch.randint(x.shape[2], (), generator=generator))
            mirrored = bool(torch.rand((), generator=generator) < 0.5)
            if self.roll:
                x = x.roll(by, dims=2)
            return x.flip(3) if self.flip and mirrored else x

        return turn


def turning(symmetries: Symmetries | None, seed: int, rows: Tensor) -> Callable[[Tensor], Tensor]:
    """Return what turns batches of `rows`; what leaves them alone where no symmetries are given.

    Raises:
        ConfigError: Symmetries are given, but rows are no images (N, C, H, W).

    """
    if symmetries is None:
        return lambda x: x
    if rows.ndim != 4:
        raise ConfigError(
            "augment came with rows that are no images; give image_shape=(C, H, W), or augment=None"
        )
    return symmetries.turning(seed)
