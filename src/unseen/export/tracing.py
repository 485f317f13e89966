"""From torch modules to ONNX graphs, quietly."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

from unseen.errors import ConfigError, need
from unseen.export.tail import OPSET

# What tracing may raise, beside its own errors, on operators it does not know.
_FAULTS = (RuntimeError, TypeError, ValueError, NotImplementedError)


def traced(module: nn.Module, shape: tuple[int, ...], *, to: str) -> Any:
    """Return the ONNX model from `rows` (N, *shape), float32, to what the module makes of them, named `to`.

    N stays free. Uses torch.export, so that the modules are run as they are.

    Raises:
        MissingExtraError: The extra "export" is not installed.
        ConfigError: Something in the module cannot be traced.

    """
    need("onnx", extra="export", purpose="writing an ONNX file")
    need("onnxscript", extra="export", purpose="writing an ONNX file")
    example = torch.zeros(3, *shape)
    try:
        with _quietly(), torch.no_grad():
            program = torch.onnx.export(
                module,
                (example,),
                dynamo=True,
                dynamic_shapes=({0: torch.export.Dim("batch", min=1)},),
                input_names=["rows"],
                output_names=[to],
                opset_version=OPSET,
                verbose=False,
            )
    except _FAULTS as error:
        reason = " ".join(str(error.__cause__ or error).split())[:200]
        raise ConfigError(f"this detector cannot be written as ONNX: {reason}") from error
    assert program is not None  # noqa: S101 - dynamo=True returns a program
    model = program.model_proto
    if not model.graph.input[0].type.tensor_type.shape.dim[0].dim_param:
        # len(x) is a number, x.shape[0] a symbol
        raise ConfigError(
            "this detector cannot be written as ONNX: its code fixes the number of rows while it is traced; "
            "write x.shape[0] in place of len(x)"
        )
    return model


@contextmanager
def _quietly() -> Iterator[None]:
    """Silence what the exporter tells its developers."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
