"""What a bench asks of a detector: a name, how it is fitted, what it needs."""

from __future__ import annotations

import importlib.metadata
import platform
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from unseen.bench.sets import Floats, Labels
from unseen.errors import ConfigError, unknown

Scorer = Callable[[Floats], Floats]
Fit = Callable[[Floats, Labels, int], Scorer]

OURS = "unseen"
"""The name of our own detector in every table."""


@dataclass(frozen=True)
class Method:
    """A detector as a bench sees it; always on one thread, with one setting for all sets.

    Attributes:
        name: As printed.
        fit: Rows (N, D), labels (N,) (1 told, 0 every other row) and a seed -> scores of rows (M, D), higher
            is stranger.
        package: Distributions it needs, a blank between; where one is absent the method is skipped.
        told: Whether it uses labels; one that does not runs once, at ratio 0.
        note: Settings that are not the defaults, known defects.
        bare: Whether one that uses labels also runs without any, at ratio 0.

    """

    name: str
    fit: Fit
    package: str | None = None
    told: bool = False
    note: str = ""
    bare: bool = False

    @property
    def absent(self) -> list[str]:
        """Distributions it needs that are not installed."""
        return [name for name in (self.package or "").split() if not installed(name)]

    @property
    def versions(self) -> str:
        """Versions that its numbers hang on, as `name=version`, a blank between."""
        names = dict.fromkeys(["numpy", "scikit-learn", "torch", *(self.package or "").split()])
        found = {name: installed(name) or "unknown" for name in names}
        return " ".join(f"{name}={v}" for name, v in {"python": platform.python_version(), **found}.items())


def installed(name: str) -> str:
    """Return the version of a distribution, empty where it is not installed.

    >>> installed("numpy") != "", installed("no-such-thing")
    (True, '')
    """
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return ""


def named(names: Iterable[str], every: Mapping[str, Method], what: str = "method") -> list[Method]:
    """Return the methods of these names, in any case of letters, each once.

    Raises:
        ConfigError: No name came, or one is not known; `what` says of which methods.

    """
    plain = {name.lower(): method for name, method in every.items()}
    asked = list(dict.fromkeys(names))
    if not asked:
        raise ConfigError("no method was named; unseen bench list shows those there are")
    for name in asked:
        if name.lower() not in plain:
            raise ConfigError(unknown(what, name, every))
    return [plain[name.lower()] for name in asked]
