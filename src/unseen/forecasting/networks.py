"""Networks that turn a window into quantiles: an MLP with identities, an LSTM, and ours."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from unseen.forecasting.forecaster import LEVELS, MEDIAN
from unseen.forecasting.inputs import LAGS

WEEKDAYS = 7


@dataclass(frozen=True, eq=False)
class Told:
    """Windows as tensors: x (N, F) float32, the others (N,) int64."""

    x: Tensor
    sensor: Tensor
    slot_of_day: Tensor
    weekday: Tensor


class Quantiles(nn.Module):
    """Layer whose outputs are quantiles that never cross.

    q_.5 = a, and outward from it each step adds softplus(b) >= 0.

    >>> out = Quantiles(4)(torch.randn(100, 4))
    >>> out.shape[1] == len(LEVELS), bool((out.diff(dim=1) >= 0).all())
    (True, True)
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.linear = nn.Linear(width, len(LEVELS))
        with torch.no_grad():
            self.linear.weight.mul_(0.1)
            self.linear.bias.fill_(-1.5)  # steps of 0.2 at first
            self.linear.bias[MEDIAN] = 0.0

    def forward(self, hidden: Tensor) -> Tensor:
        """Quantiles (N, Q) from hidden numbers (N, width)."""
        out = self.linear(hidden)
        middle = out[:, MEDIAN : MEDIAN + 1]
        steps = functional.softplus(out)
        above = middle + steps[:, MEDIAN + 1 :].cumsum(dim=1)
        below = middle - steps[:, :MEDIAN].flip(1).cumsum(dim=1).flip(1)
        return torch.cat([below, middle, above], dim=1)


class Residual(nn.Module):
    """h + W2 relu(W1 h), as STID's encoder has it."""

    def __init__(self, width: int, dropout: float) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(width, width), nn.Linear(width, width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, hidden: Tensor) -> Tensor:
        """Hidden numbers (N, width) to (N, width)."""
        return torch.as_tensor(hidden + self.second(self.dropout(functional.relu(self.first(hidden)))))


class Identities(nn.Module):
    """A linear layer of the inputs beside embeddings of sensor, time of day and weekday; residual blocks.

    Reference: Shao et al., "Spatial-Temporal Identity", CIKM 2022 (STID).
    """

    def __init__(
        self, inputs: int, sensors: int, a_day: int, *, width: int, each: int, blocks: int, dropout: float
    ) -> None:
        super().__init__()
        self.linear = nn.Linear(inputs, width - 3 * each)
        self.sensor = nn.Embedding(sensors + 1, each)
        self.slot_of_day, self.weekday = nn.Embedding(a_day, each), nn.Embedding(WEEKDAYS, each)
        with torch.no_grad():
            for table in (self.sensor, self.slot_of_day, self.weekday):
                table.weight.mul_(0.1)
        self.blocks = nn.Sequential(*(Residual(width, dropout) for _ in range(blocks)))
        self.quantiles = Quantiles(width)

    def forward(self, told: Told) -> Tensor:
        """Quantiles (N, Q) of the residual."""
        parts = [
            self.linear(told.x),
            self.sensor(told.sensor),
            self.slot_of_day(told.slot_of_day),
            self.weekday(told.weekday),
        ]
        return torch.as_tensor(self.quantiles(self.blocks(torch.cat(parts, dim=1))))


class Recurrent(nn.Module):
    """An LSTM over the lags; its last state, a sensor embedding and the other inputs go through an MLP.

    Reference: Hochreiter and Schmidhuber, Neural Computation 9 (1997) 1735.
    """

    def __init__(self, inputs: int, sensors: int, *, lags: int, width: int, each: int) -> None:
        super().__init__()
        self.lags = lags
        self.lstm = nn.LSTM(1, width, batch_first=True)
        self.sensor = nn.Embedding(sensors + 1, each)
        self.mlp = nn.Sequential(nn.Linear(width + each + inputs - lags, width), nn.ReLU())
        self.quantiles = Quantiles(width)

    def forward(self, told: Told) -> Tensor:
        """Quantiles (N, Q); the first `lags` columns of x are the sequence."""
        _, (last, _) = self.lstm(told.x[:, : self.lags, None])
        hidden = torch.cat([last[0], self.sensor(told.sensor), told.x[:, self.lags :]], dim=1)
        return torch.as_tensor(self.quantiles(self.mlp(hidden)))


@dataclass(frozen=True)
class Stid:
    """Settings of `Identities`.

    Args:
        width: Of the hidden layers.
        each: Width of each of the three embeddings.
        blocks: Residual blocks.
        dropout: Share of hidden numbers left out in training.

    """

    width: int = 128
    each: int = 16
    blocks: int = 3
    dropout: float = 0.0

    def build(self, inputs: int, sensors: int, a_day: int) -> nn.Module:
        """Make the network for F columns, S sensors and so many slots a day."""
        return Identities(
            inputs,
            sensors,
            a_day,
            width=self.width,
            each=self.each,
            blocks=self.blocks,
            dropout=self.dropout,
        )


@dataclass(frozen=True)
class Lstm:
    """Settings of `Recurrent`.

    Args:
        width: Of the state and the layer above it.
        each: Width of the sensor embedding.

    """

    width: int = 64
    each: int = 8

    def build(self, inputs: int, sensors: int, a_day: int) -> nn.Module:
        """Make the network for F columns, of which the first twelve are the sequence."""
        return Recurrent(inputs, sensors, lags=LAGS, width=self.width, each=self.each)
