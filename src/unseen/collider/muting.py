"""Keep what C++ libraries print away from standard output, which belongs to results."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def muted() -> Iterator[list[str]]:
    """Divert file descriptor 1 for the block; yield a list that holds the diverted lines afterwards.

    FastJet prints a banner and Pythia its complaints below Python's reach. The whole process is affected,
    so keep the block short and free of other threads that print.

    >>> import os
    >>> with muted() as said:
    ...     _ = os.write(1, b"a banner")
    >>> said
    ['a banner']
    """
    said: list[str] = []
    try:
        kept = os.dup(1)
    except OSError:  # standard output is closed: nothing to protect
        yield said
        return
    if sys.stdout is not None:
        sys.stdout.flush()
    with tempfile.TemporaryFile() as aside:
        os.dup2(aside.fileno(), 1)
        try:
            yield said
        finally:
            os.dup2(kept, 1)
            os.close(kept)
            aside.seek(0)
            said += [line for line in aside.read().decode(errors="replace").splitlines() if line.strip()]
