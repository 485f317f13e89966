"""What an interrupted command says as it leaves; imports nothing, so it is there from the first moment."""

from __future__ import annotations

import sys

# What a shell reports of a process ended by SIGINT.
INTERRUPTED = 130


def interrupted() -> int:
    """Say that the command was interrupted; the exit code."""
    # CPython remembers an interrupt that came while code from a string was run, and at its very end
    # kills the process by SIGINT in place of the exit code; running a string anew makes it forget
    exec("")  # noqa: S102
    sys.stderr.write("unseen: interrupted; nothing was left half-written\n")
    return INTERRUPTED


__all__ = ["INTERRUPTED", "interrupted"]
