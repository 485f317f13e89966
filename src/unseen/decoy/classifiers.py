"""Which symmetry a read-out has: a few small convolutional networks, or a forest.

Both are trained on read-outs of networks whose templates have a known class; the decoy networks themselves
were never told.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from unseen.decoy.templates import CLASSES
from unseen.seeds import seeded, torch_generator

Floats = NDArray[np.floating[Any]]
Ints = NDArray[np.int64]
Change = Callable[[Tensor, torch.Generator], Tensor]

SHIFT = 6


@dataclass(frozen=True)
class Looking:
    """How the convolutional networks are trained.

    Attributes:
        epochs: Passes over the training read-outs.
        batch: Rows a step.
        rate: Step size of AdamW at its height; one cycle up and down.
        decay: Weight decay.
        members: Networks whose probabilities are averaged.
        compare: Whether each map is set beside its moved copies first.

    """

    epochs: int = 25
    batch: int = 50
    rate: float = 4e-3
    decay: float = 0.05
    members: int = 1
    compare: bool = False


class MovedCopies(nn.Module):
    """Set beside each map how far it is from its moved self, at each place; then halve the pixels.

    (N, C, S, S) -> (N, 8 C, S/2, S/2): the maps, and |m(x) - m(gx)| for both mirrors, the half and the
    quarter turn, the mirror in the diagonal, and a shift either way (0 where nothing comes to lie).
    """

    def forward(self, maps: Tensor) -> Tensor:
        """Return maps and differences."""
        moved = [
            maps.flip(-1),
            maps.flip(-2),
            maps.flip(-1, -2),
            torch.rot90(maps, 1, (-2, -1)),
            maps.transpose(-1, -2),
        ]
        apart = [(maps - other).abs() for other in moved]
        across = functional.pad((maps[..., SHIFT:] - maps[..., :-SHIFT]).abs(), (SHIFT, 0))
        down = functional.pad((maps[..., SHIFT:, :] - maps[..., :-SHIFT, :]).abs(), (0, 0, SHIFT, 0))
        return functional.avg_pool2d(torch.cat([maps, *apart, across, down], 1), 2)


def _body(channels: int, compare: bool) -> nn.Module:
    layers: list[nn.Module] = [MovedCopies()] if compare else []
    for into, out in zip((8 * channels if compare else channels, 16, 32), (16, 32, 48), strict=True):
        layers += [
            nn.Conv2d(into, out, 3, padding=1, bias=False),
            nn.BatchNorm2d(out),
            nn.ReLU(),
            nn.MaxPool2d(2),
        ]
    return nn.Sequential(*layers, nn.Flatten(), nn.LazyLinear(len(CLASSES)))


class Looker:
    """Convolutional networks (16-32-48) on images (N, C, S, S), random changes of them while training.

    Args:
        change: What a batch may be turned into without its class changing.
        seed: Of the weights, the order and the changes.
        looking: How it is trained.

    """

    def __init__(self, change: Change, *, seed: int, looking: Looking | None = None) -> None:
        self._change, self._seed, self._looking = change, seed, looking or Looking()
        self._nets: list[nn.Module] = []

    def fit(self, images: Floats, kinds: Ints) -> Looker:
        """Train on images (N, C, S, S) and class numbers (N,)."""
        x, y = torch.from_numpy(np.ascontiguousarray(images, dtype=np.float32)), torch.from_numpy(kinds)
        self._nets = [self._one(x, y, member) for member in range(self._looking.members)]
        return self

    def _one(self, x: Tensor, y: Tensor, member: int) -> nn.Module:
        how = self._looking
        with seeded(self._seed + 1000 * member):
            net = _body(x.shape[1], how.compare)
            net(x[:2])  # the last layer takes its width from the first images it sees
        draws = torch_generator(self._seed, 77, member)
        batch = min(how.batch, len(x))
        steps_a_pass = len(x) // batch
        adam = torch.optim.AdamW(net.parameters(), lr=how.rate, weight_decay=how.decay)
        cycle = torch.optim.lr_scheduler.OneCycleLR(
            adam, how.rate, total_steps=how.epochs * steps_a_pass, pct_start=0.2
        )
        net.train()
        for _ in range(how.epochs):
            for rows in torch.randperm(len(x), generator=draws)[: steps_a_pass * batch].view(-1, batch):
                adam.zero_grad()
                loss = functional.cross_entropy(
                    net(self._change(x[rows], draws)), y[rows], label_smoothing=0.1
                )
                loss.backward()
                adam.step()
                cycle.step()
        return net.eval()

    def probabilities(self, images: Floats, *, times: int = 1) -> Floats:
        """Return the mean probability of each class (N, 6), over members and over `times` random changes."""
        x = torch.from_numpy(np.ascontiguousarray(images, dtype=np.float32))
        draws = torch_generator(self._seed, 78)
        with torch.no_grad():
            seen = [
                torch.softmax(net(self._change(x, draws) if times > 1 else x), -1)
                for net in self._nets
                for _ in range(times)
            ]
        return np.asarray(torch.stack(seen).mean(0).numpy())

    def predict(self, images: Floats, *, times: int = 1) -> Ints:
        """Return the most probable class of each image."""
        return np.asarray(self.probabilities(images, times=times).argmax(1))


def flip_components(images: Tensor, draws: torch.Generator) -> Tensor:
    """Turn the sign of components at random: mirror density images, all of a batch alike."""
    return flip_pairs(images, draws, ((0, 1),))


def flip_pairs(images: Tensor, draws: torch.Generator, pairs: tuple[tuple[int, int], ...]) -> Tensor:
    """Do the same where each channel holds the density of another pair of components."""
    turned = (torch.rand(1 + max(b for _, b in pairs), generator=draws) < 0.5).tolist()
    return torch.stack(
        [
            images[:, channel].flip([axis for axis, which in ((-2, a), (-1, b)) if turned[which]])
            for channel, (a, b) in enumerate(pairs)
        ],
        dim=1,
    )


def flip_signs(images: Tensor, draws: torch.Generator) -> Tensor:
    """Turn the sign of each map of each row at random: components have none of their own."""
    sign = (torch.rand(*images.shape[:2], 1, 1, generator=draws) < 0.5).to(images.dtype)
    return images * (1.0 - 2.0 * sign)


def turn_maps(images: Tensor, draws: torch.Generator) -> Tensor:
    """Turn and mirror maps at random, all of a batch alike, and the sign of each; classes stay."""
    turned = torch.rot90(images, int(torch.randint(4, (1,), generator=draws)), (-2, -1))
    mirrored = torch.flip(turned, [-1]) if float(torch.rand(1, generator=draws)) < 0.5 else turned
    return flip_signs(mirrored, draws)
