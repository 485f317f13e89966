"""The classifier: rows to the logits of normal classes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from torch import nn

from unseen.models.network import Body, Dense


@runtime_checkable
class Backbone(Protocol):
    """Whatever builds a torch module from rows to logits; nothing else is asked of it.

    A frozen dataclass can be cloned and compared. Only those that `unseen.registry` names can be saved.
    """

    def build(self, shape: tuple[int, ...], classes: int) -> nn.Module:
        """Return a fresh module, rows (N, *shape) to logits (N, classes)."""


@dataclass(frozen=True)
class Classifier:
    """A body and one linear layer: logits z of k classes, p = softmax(z).

    There is no batch normalisation: the logits of a row do not depend on the rows beside it, so known
    anomalies in a batch leave those of the normal rows alone.

    Args:
        body: `Dense(hidden)` for tables, `Convolution(channels)` for images; its encoder is used.

    Reference: Anomaly Awareness, arXiv 2007.14462.

    >>> import torch
    >>> tuple(Classifier(Dense((8,))).build((5,), classes=3)(torch.zeros(4, 5)).shape)
    (4, 3)

    """

    body: Body = Dense((64,))  # noqa: RUF009 - frozen, shared safely

    def build(self, shape: tuple[int, ...], classes: int) -> nn.Module:
        """Return a fresh network for rows of `shape`, initialised from torch's global stream."""
        encoder, width = self.body.encoder(shape)
        return nn.Sequential(encoder, nn.Linear(width, classes))
