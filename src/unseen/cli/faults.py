"""Every fault on one line of standard error, with an exit code; never a traceback."""

from __future__ import annotations

import os
import signal
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import typer
from typer.core import TyperGroup

from unseen.cli.leaving import INTERRUPTED, interrupted
from unseen.errors import UnseenError
from unseen.training.progress import listening

# The last is what a shell reports of a process ended by SIGPIPE.
FAULT, USAGE, UNREAD = 1, 2, 141

# What the Python interface calls a thing -> how it is written on the command line.
_SPELLED = (
    ('pass missing="median"', "pass --missing median"),
    ('pass missing="median" for NaN', "pass --missing median"),
    ("leave it out with exclude", "leave it out with --drop"),
    ("name one as the prefix", "name one with --prefix"),
    ("sum their pt instead: channels pt", "sum their pt instead: --channels pt"),
    ("make it with channels detector", "make it with --channels detector"),
    ("pass names=[...]", "pass --names FILE"),
    ("pass duplicates mean or last", "pass --duplicates mean or last"),
    ("pass negative mark to take", "pass --set negative=mark to take"),
    ("state time_format: iso", "state --set time_format=... : iso"),
    ("pass doubled added to leave", "pass --set doubled=added to leave"),
    ("state slot, in minutes", "state --slot, in minutes"),
    ("state first, slot and clock in the settings", "state --first, --slot and --clock"),
    ("name it with label=...", "name it with --label"),
    ("as weight=..., or name it among the columns to learn from", "with --weight, or keep it with --columns"),
    ("name the label column and the normal labels", "pass --label COLUMN --normal NAME"),
    ("Name the classes of the normal rows, or use AwareDetector", "Pass --normal A,B, or another --model"),
    ("since a model file holds none; pass samples", "since a model file holds none; pass --samples"),
    ("fit it with a hold-out share, e.g. 0.3", "fit it with --hold-out 0.3"),
    ("and pass its folder as runtime", "and pass its folder with --runtime"),
    ("judge on rows it has not seen", "pass --held-out, or rows it has not seen"),
)


class OneLineGroup(TyperGroup):
    """Runs commands; turns faults, misspelt options and interrupts into one line and an exit code."""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run; leave the process in stand-alone mode, else return the exit code."""
        alone = kwargs.pop("standalone_mode", True)
        with _notes(), _interrupts():
            code = self._code(*args, **kwargs)
        if alone:
            sys.exit(code)
        return code

    def _code(self, *args: Any, **kwargs: Any) -> int:
        try:
            code = super().main(*args, **{**kwargs, "standalone_mode": False})
            sys.stdout.flush()
        except UnseenError as error:
            return _say(str(error), FAULT)
        except (KeyboardInterrupt, typer.Abort):
            code = INTERRUPTED
        except (BrokenPipeError, SystemExit):
            # the reader (head, less) has left; typer may have noticed first, and leaves by SystemExit
            sys.stdout = open(os.devnull, "w")  # noqa: SIM115 - stays open until the process ends
            return UNREAD
        except MemoryError:
            return _say("out of memory; read less at once, or use a machine with more", FAULT)
        except OSError as error:
            return _say(f"{error.filename or 'a file'}: {error.strerror or error}", FAULT)
        except Exception as error:
            return _unforeseen(error)
        if code == INTERRUPTED:
            return interrupted()
        return code if isinstance(code, int) else 0


def spelled(message: str) -> str:
    """Put a message on one line, in the words of the command line.

    >>> spelled('Drop or fill them, or pass missing="median".')
    'Drop or fill them, or pass --missing median.'
    """
    line = " ".join(message.split())
    for python, option in _SPELLED:
        line = line.replace(python, option)
    return line


def note(message: str) -> None:
    """Say something in passing, on standard error."""
    sys.stderr.write(f"note: {spelled(message)}\n")


def _say(message: str, code: int) -> int:
    sys.stderr.write(f"unseen: {spelled(message)}\n")
    return code


def _unforeseen(error: Exception) -> int:
    # misspelt command lines: the class has moved between releases of typer, its two marks have not
    if hasattr(error, "format_message") and hasattr(error, "exit_code"):
        context = getattr(error, "ctx", None)
        command = context.command_path if context is not None else "unseen"
        message = error.format_message().rstrip(".")
        end = "" if message.endswith("?") else "."
        return _say(f"{message[:1].lower()}{message[1:]}{end} See '{command} --help'.", USAGE)
    if os.environ.get("UNSEEN_TRACEBACK"):
        raise error
    return _say(
        f"a fault in unseen itself: {type(error).__name__}: {error} (UNSEEN_TRACEBACK=1 shows where)", FAULT
    )


@contextmanager
def _interrupts() -> Iterator[None]:
    """Raise an interrupt anew as work goes on, where what ran when it came has swallowed it.

    Destructors and callbacks of C libraries drop exceptions; an interrupt that falls into one is lost.
    """
    if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield  # ignored, as in the background of a shell, or somebody else's
        return
    came = False

    def remember(number: int, frame: FrameType | None) -> None:
        nonlocal came
        came = True
        signal.default_int_handler(number, frame)

    def look(*_: object) -> None:
        if came:
            raise KeyboardInterrupt

    try:
        signal.signal(signal.SIGINT, remember)
    except ValueError:  # not the main thread, to which no interrupt comes
        yield
        return
    try:
        with listening(look):
            yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@contextmanager
def _notes() -> Iterator[None]:
    """Show warnings meant for users as notes; drop those meant for programmers."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.filterwarnings("always", category=UserWarning)
        warnings.showwarning = lambda message, *_args, **_kwargs: note(str(message))
        yield
