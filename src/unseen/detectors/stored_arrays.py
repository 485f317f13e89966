"""Arrays of a model file, each checked before it becomes a tensor: what a stranger wrote, nobody trusts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from unseen.errors import ModelFileError

Arrays = Mapping[str, NDArray[Any]]


def under(arrays: Arrays, prefix: str) -> dict[str, NDArray[Any]]:
    """Return the arrays whose names begin with `prefix` and a dot, without both."""
    start = prefix + "."
    return {name[len(start) :]: value for name, value in arrays.items() if name.startswith(start)}


def tensor(arrays: Arrays, name: str, *, unbounded: bool = False) -> Tensor:
    """Return a float32 array as a tensor with memory of its own.

    Args:
        arrays: Of the file.
        name: Which of them.
        unbounded: Whether +inf is accepted, as a limit that nothing exceeds.

    Raises:
        ModelFileError: It is missing, of another type, or holds NaN or infinity.

    """
    value = _found(arrays, name, np.float32)
    if not (np.isfinite(value) | (unbounded & (value == np.inf))).all():
        raise ModelFileError(f"array {name!r} holds numbers that are not finite")
    return torch.from_numpy(value.copy())


def places(arrays: Arrays, name: str, *, below: int) -> Tensor:
    """Return an int64 array (n,) of places, 0 to below `below`, as a tensor with memory of its own.

    Raises:
        ModelFileError: It is missing, of another type or shape, or holds other numbers.

    """
    value = _found(arrays, name, np.int64)
    if value.ndim != 1 or not ((value >= 0) & (value < below)).all():
        raise ModelFileError(f"array {name!r} is not a list of places from 0 to {below - 1}")
    return torch.from_numpy(value.copy())


def _found(arrays: Arrays, name: str, dtype: type[np.generic]) -> NDArray[Any]:
    if name not in arrays:
        raise ModelFileError(f"array {name!r} is missing")
    value = np.asarray(arrays[name])
    if value.dtype != dtype:
        raise ModelFileError(f"array {name!r} is {value.dtype}; accepted: {np.dtype(dtype)}")
    return value
