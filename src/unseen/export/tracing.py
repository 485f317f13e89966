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


def traced(module: nn.Module, shape: tuple[int, ...], *, to: str | tuple[str, ...]) -> Any:
    """Return the ONNX model from `rows` (N, *shape), float32, to what the module makes of them, named `to`.

    Several results have a name each. N stays free. Uses torch.export, so that the modules are run as they
    are.

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
                output_names=[to] if isinstance(to, str) else list(to),
                opset_version=OPSET,
                custom_translation_table=_stable(),
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


def _stable() -> dict[Any, Any]:
    """Logarithms and exponentials that keep their digits; the exporter's own overflow or cancel.

    ln(1 + x) = ln(u) x / (u - 1) with u = 1 + x as rounded, and exp(x) - 1 the other way round (Kahan).
    """
    op = need("onnxscript", extra="export", purpose="writing an ONNX file").opset20

    def rest(distance: Any) -> Any:
        """ln(1 + exp(-|d|))."""
        return op.Log(op.Add(op.Exp(op.Neg(op.Abs(distance))), op.CastLike(1.0, distance)))

    def log_sigmoid(x: Any) -> Any:
        return op.Sub(op.Min(x, op.CastLike(0.0, x)), rest(x))

    def logaddexp(x: Any, y: Any) -> Any:
        return op.Add(op.Max(x, y), rest(op.Sub(x, y)))

    def log1p(x: Any) -> Any:
        one = op.CastLike(1.0, x)
        rounded = op.Add(x, one)
        step = op.Sub(rounded, one)
        return op.Where(op.Equal(step, op.CastLike(0.0, x)), x, op.Mul(op.Log(rounded), op.Div(x, step)))

    def expm1(x: Any) -> Any:
        one = op.CastLike(1.0, x)
        rounded = op.Exp(x)
        step = op.Sub(rounded, one)
        near = op.Where(op.Equal(step, op.CastLike(0.0, x)), x, op.Mul(step, op.Div(x, op.Log(rounded))))
        return op.Where(op.Less(op.Abs(x), one), near, step)

    return {
        torch.ops.aten.log1p.default: log1p,
        torch.ops.aten.expm1.default: expm1,
        torch.ops.aten.log_sigmoid.default: log_sigmoid,
        torch.ops.aten.logaddexp.default: logaddexp,
    }


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
