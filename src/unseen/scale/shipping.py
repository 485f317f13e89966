"""Model files on their way to other machines: bytes out, the same files there."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

from unseen.detectors.two_stage import TwoStage
from unseen.registry import load

ONE = ""  # the name of a model that is a single file


def packed(path: Path) -> dict[str, bytes]:
    """Read the files of a model, by their names inside its folder."""
    if path.is_dir():
        return {
            str(file.relative_to(path)): file.read_bytes()
            for file in sorted(path.rglob("*"))
            if file.is_file()
        }
    return {ONE: path.read_bytes()}


def unpacked(files: Mapping[str, bytes]) -> TwoStage:
    """Load the detector that these files are, with all checks of a model file."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / ("model.unseen" if ONE in files else "model")
        for name, content in files.items():
            target = place / name if name else place
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        return load(place)
