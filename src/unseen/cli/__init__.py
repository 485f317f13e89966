"""The command line: results on standard output, progress and notes on standard error.

Exit codes: 0 done, 1 a fault in data, settings or files (one line says which), 2 a misspelt command line,
130 interrupted.
"""

from __future__ import annotations

import sys

from unseen.cli.leaving import interrupted


def main() -> None:
    """Run the command line and leave with its exit code."""
    try:
        from unseen.cli.app import app

        app(prog_name="unseen")
    except KeyboardInterrupt:  # before the commands were there to take it, or after they were done
        sys.exit(interrupted())


__all__ = ["main"]
