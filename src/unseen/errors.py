"""The errors a user meets: what came, what is accepted, what to do next."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Iterable
from types import ModuleType


class UnseenError(Exception):
    """Any fault that `unseen` names; the command line prints it on one line and exits with 1."""


class DataError(UnseenError, ValueError):
    """Rows, columns, labels or a data file are not what is accepted."""


class ConfigError(UnseenError, ValueError):
    """A setting has a name or a value that is not accepted."""


class ModelFileError(UnseenError, ValueError):
    """A model file is broken, foreign, too new or unsafe."""


class TrainingError(UnseenError, RuntimeError):
    """Training ended in a state that cannot score (collapse, not-a-number)."""


class MissingExtraError(UnseenError, ImportError):
    """An optional dependency is not installed."""


def need(module: str, *, extra: str, purpose: str) -> ModuleType:
    """Import an optional dependency where it is used.

    >>> need("json", extra="report", purpose="writing a report").__name__
    'json'
    >>> need("no_such_part", extra="root", purpose="reading events.root")
    Traceback (most recent call last):
    ...
    unseen.errors.MissingExtraError: reading events.root needs no_such_part: pip install 'unseen[root]'
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        top = module.partition(".")[0]
        raise MissingExtraError(f"{purpose} needs {top}: pip install 'unseen[{extra}]'") from error


MOST_NAMES = 30  # a NanoAOD file has thousands of columns


def nearest(name: object, options: Iterable[object]) -> str:
    """Say which known name was probably meant; empty where none is close.

    >>> nearest("reconstrution", ["reconstruction", "latent"])
    " Did you mean 'reconstruction'?"
    """
    close = difflib.get_close_matches(str(name), [str(option) for option in options], n=1)
    return f" Did you mean {close[0]!r}?" if close else ""


def unknown(what: str, name: object, options: Iterable[object]) -> str:
    """Write the sentence for a name that is not known, with the names that are, at most `MOST_NAMES` of them.

    >>> unknown("loss", "abd", ["abc", "hinge"])
    "loss 'abd' is not known; accepted: abc, hinge. Did you mean 'abc'?"
    """
    known = [str(option) for option in options]
    shown = (
        known if len(known) <= MOST_NAMES else [*known[:MOST_NAMES], f"and {len(known) - MOST_NAMES:,} more"]
    )
    inner = [other for other in known if other.endswith(f"[{name}]")]  # one of several weights of an LHE file
    meant = f" Did you mean {inner[0]!r}?" if inner else nearest(name, known)
    return f"{what} {str(name)!r} is not known; accepted: {', '.join(shown)}.{meant}"
