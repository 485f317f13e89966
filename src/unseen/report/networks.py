"""The first network of a detector, and rows as it sees them."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import torch
from torch import Tensor

from unseen.detectors.readers import Reconstructing
from unseen.detectors.two_stage import TwoStage
from unseen.models.network import Network
from unseen.nn.distributions import Masked


def network_of(detector: TwoStage) -> Network | None:
    """Return the first network that reconstructs, as it was before it was told of anything."""
    readers = (member.reader for member in detector.stage1_)
    return next((reader.networks[0] for reader in readers if isinstance(reader, Reconstructing)), None)


def scaled(detector: TwoStage, table: pa.Table) -> Tensor:
    """Rows as the network sees them."""
    if detector.schema_ is None:
        rows = np.column_stack([table.column(name).to_numpy() for name in table.column_names])
    else:
        rows = detector.schema_.encode(table)
    found = torch.from_numpy(detector.scaler_.transform(rows))
    shape = image_shape(detector)
    return found.reshape(len(rows), *shape) if shape else found


def rebuilt(network: Network, x: Tensor) -> tuple[Tensor, Tensor]:
    """Return what a network is asked to rebuild of images (n, C, H, W), and what it makes of it.

    Of a network that says which pixels are lit, these are masks and probabilities of the channels it knows.
    """
    with torch.inference_mode():
        likelihood = network(x).likelihood
        if isinstance(likelihood, Masked):
            known = likelihood.logits.shape[1]
            return (x[:, :known] > 0).to(x.dtype), likelihood.lit[:, :known]
        return x, likelihood.mean.reshape(x.shape)


def image_shape(detector: TwoStage) -> tuple[int, int, int] | None:
    """(C, H, W) of rows that are images, None for tables."""
    return detector.image_shape or (None if detector.schema_ is None else detector.schema_.shape)
