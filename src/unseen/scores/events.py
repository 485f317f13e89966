"""Scores of event images that look at the event, not at a code: pairs of tracks, totals, lit pixels.

A score of an event alone (`LitPairs`, `StrangeTotals`) needs no network, but stands beside those that do, so
that they can be combined.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from unseen.collider.totals import NINE, TOTALS
from unseen.errors import ConfigError, DataError
from unseen.nn.distributions import Hurdle, Masked, Pass
from unseen.nn.totals import pairs, totals
from unseen.scores.score import State

# Events at a time: box sums of many images leave the cache.
BLOCK = 256
# What is read of all totals: the nine, and how many pairs of lit tracker pixels lie within 9 and within 15.
NAMES = (*NINE, "ln pairs 9", "ln pairs 15")
READ = [TOTALS.index(name) for name in NAMES]


@dataclass(frozen=True)
class LitPairs:
    """ln(1 + pairs of lit pixels within a window of k x k): how many there are, and how close together.

    High is strange, as for the number of tracks: a declared prior of searches for dark showers, not learned.

    Args:
        window: k, odd, in pixels.
        channel: Place of the channel.

    Raises:
        ConfigError: An even window, or none.

    """

    window: int = 15
    channel: int = 0

    def __post_init__(self) -> None:
        if self.window < 1 or self.window % 2 == 0:
            raise ConfigError(f"window {self.window!r} came; accepted: odd numbers of pixels, e.g. 15")
        if self.channel < 0:
            raise ConfigError(f"channel {self.channel!r} came; accepted: 0 or more")

    def fit(
        self, out: Pass, x: Tensor, weights: Tensor | None = None, trained: Tensor | None = None
    ) -> State:
        """Need nothing.

        Raises:
            DataError: Rows are not images with that channel.

        """
        if x.ndim != 4 or x.shape[1] <= self.channel:
            raise DataError(
                f"rows of shape {tuple(x.shape[1:])} came; accepted: images (C, H, W) of more than "
                f"{self.channel} channels"
            )
        return {}

    def parts(self, out: Pass, x: Tensor, state: State) -> Tensor:
        """Score as the one part, shape (N, 1)."""
        return self.rows(out, x, state)[:, None]

    def rows(self, out: Pass, x: Tensor, state: State) -> Tensor:
        """Logarithm of the pairs of each row, shape (N,)."""
        mask = (x[:, self.channel : self.channel + 1] > 0).to(x.dtype)
        return pairs(mask, self.window)[:, 0].log1p()

    def names(self, features: Sequence[str], latent: int) -> tuple[str, ...]:
        """One name."""
        return (f"lit pairs within {self.window}",)


def _read(x: Tensor) -> Tensor:
    """Totals of scaled images that are read, shape (N, T)."""
    return totals(x)[:, READ]


@dataclass(frozen=True)
class StrangeTotals:
    """ln of the distance to the k-th nearest normal event, in whitened totals of the whole event.

    The totals are the nine of `unseen.collider.totals.NINE` and the pairs of lit tracker pixels within 9 and
    15 pixels; whitened, so that distances do not depend on their units or correlations. What has no direction
    here: an event with too little is as strange as one with too much.

    Args:
        neighbours: k.

    Raises:
        ConfigError: k below 1.
        DataError: Fewer than k + 1 normal events.

    Reference: Ramaswamy et al., SIGMOD 2000 (k-th neighbour).

    """

    neighbours: int = 10

    def __post_init__(self) -> None:
        if self.neighbours < 1:
            raise ConfigError(f"neighbours {self.neighbours!r} came; accepted: 1 or more, e.g. 10")

    def fit(
        self, out: Pass, x: Tensor, weights: Tensor | None = None, trained: Tensor | None = None
    ) -> State:
        """Centre and whitening of the totals, and the whitened normal events."""
        rows = x if trained is None else trained
        values = torch.cat([_read(block) for block in torch.split(rows, BLOCK)]).double()
        if len(values) <= self.neighbours:
            raise DataError(f"{len(values)} normal events; accepted: more than {self.neighbours} neighbours")
        centre = values.mean(0)
        scale = values.std(0).clamp_min(1e-6 + 1e-6 * centre.abs())
        spread = torch.cov(((values - centre) / scale).T) + 1e-4 * torch.eye(values.shape[1])
        heights, axes = torch.linalg.eigh(spread)
        # symmetric: each whitened total is still the one it came from, which gives it its name
        whitening = (axes * heights.rsqrt()) @ axes.T / scale[:, None]
        known = (values - centre) @ whitening
        return {"centre": centre.float(), "whitening": whitening.float(), "events": known.float()}

    def parts(self, out: Pass, x: Tensor, state: State) -> Tensor:
        """Score shared by the squared displacement from the mean of the nearest events, shape (N, T)."""
        found = (_read(x) - state["centre"]) @ state["whitening"]
        nearest = self._distances(found, state).topk(self.neighbours, largest=False).indices
        away = (found - state["events"][nearest].mean(1)).square()
        share = away / away.sum(1, keepdim=True).clamp_min(1e-12)
        return share * self.rows(out, x, state)[:, None].clamp_min(0.0)

    def rows(self, out: Pass, x: Tensor, state: State) -> Tensor:
        """ln(1 + distance) of each row, shape (N,)."""
        found = (_read(x) - state["centre"]) @ state["whitening"]
        nearest = self._distances(found, state).topk(self.neighbours, largest=False).values
        return nearest[:, -1].log1p()

    def names(self, features: Sequence[str], latent: int) -> tuple[str, ...]:
        """Names of the totals."""
        return NAMES

    @staticmethod
    def _distances(found: Tensor, state: State) -> Tensor:
        """Distances (N, M) by way of products, which ONNX has too."""
        events = state["events"]
        squares = found.square().sum(1, keepdim=True) + events.square().sum(1) - 2.0 * found @ events.T
        return squares.clamp_min(0.0).sqrt()


KINDS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "bce": lambda mask, logits: functional.binary_cross_entropy_with_logits(
        logits, mask, reduction="none"
    ).sum(1),
    "mse": lambda mask, logits: (mask - logits.sigmoid()).square().sum(1),
    "l1": lambda mask, logits: (mask - logits.sigmoid()).abs().sum(1),
    "dice": lambda mask, logits: _dice(mask, logits.sigmoid()),
}


def _dice(mask: Tensor, lit: Tensor) -> Tensor:
    both = lit.square().sum(1) + mask.sum(1)
    return both / (2.0 * (mask * lit).sum(1) + 1e-9)


@dataclass(frozen=True)
class LitError:
    """How badly a network says which pixels of a channel are lit, summed over pixels.

    "bce": cross entropy, nats. "mse": squares. "l1": distances. "dice": (sum r^2 + sum m^2) / (2 sum m r) of
    mask m and reconstruction r, at least 1: the only one that does not grow with the number of lit pixels.

    Args:
        kind: Which of them.
        channel: Place of the channel.

    Raises:
        ConfigError: A model that does not say which pixels are lit.

    Reference: arXiv 2306.12955, scores of the CoDAE.

    """

    kind: str = "bce"
    channel: int = 0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ConfigError(f"kind {self.kind!r} came; accepted: {', '.join(KINDS)}")
        if self.channel < 0:
            raise ConfigError(f"channel {self.channel!r} came; accepted: 0 or more")

    def fit(
        self, out: Pass, x: Tensor, weights: Tensor | None = None, trained: Tensor | None = None
    ) -> State:
        """Need nothing."""
        self._lit(out, x)
        return {}

    def parts(self, out: Pass, x: Tensor, state: State) -> Tensor:
        """Score as the one part, shape (N, 1)."""
        return self.rows(out, x, state)[:, None]

    def rows(self, out: Pass, x: Tensor, state: State) -> Tensor:
        """Logarithm of one more than the error of each row, shape (N,)."""
        return KINDS[self.kind](*self._lit(out, x)).log1p()

    def names(self, features: Sequence[str], latent: int) -> tuple[str, ...]:
        """One name."""
        return (f"{self.kind} of lit pixels, channel {self.channel}",)

    def _lit(self, out: Pass, x: Tensor) -> tuple[Tensor, Tensor]:
        """Mask and logit of each pixel, shape (N, H W)."""
        if not isinstance(out.likelihood, Masked | Hurdle):
            raise ConfigError(
                "a score of lit pixels came, but this model does not say which pixels are lit; accepted: "
                "CoDAE and CoDVAE"
            )
        logits = out.likelihood.logits
        if logits.shape[1] <= self.channel:
            raise ConfigError(
                f"channel {self.channel} came, but the model has {logits.shape[1]}; accepted: those, from 0"
            )
        mask = (x[:, self.channel] > 0).to(logits.dtype)
        return mask.flatten(1), logits[:, self.channel].flatten(1)
