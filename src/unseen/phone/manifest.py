"""`app.json`: what the model of an app is, what it takes, and what it was calibrated on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal

from pydantic import ConfigDict, TypeAdapter, ValidationError

from unseen.errors import ModelFileError
from unseen.persist.strict_json import parse

FORMAT, VERSION = "unseen-app", 1
# A manifest of more bytes than this is refused.
MOST_BYTES = 32_000_000
STRICT = ConfigDict(strict=True, extra="forbid")


@dataclass(frozen=True)
class Entry:
    """One file of an app."""

    __pydantic_config__ = STRICT

    sha256: str
    bytes: int


@dataclass(frozen=True)
class GateLevels:
    """p-values of the gate at or below which a picture is refused, or marked."""

    __pydantic_config__ = STRICT

    refuse: float
    amber: float


@dataclass(frozen=True)
class MapScale:
    """Size of the heat map and the value shown as full colour.

    Attributes:
        height, width: Of the map; of a detector, of the grid of patches.
        most: Value shown as full colour, the same for all pictures.
        fill: Of a detector, what a covered patch shows, one number a channel; None is the picture's own mean.

    """

    __pydantic_config__ = STRICT

    height: int
    width: int
    most: float
    fill: tuple[float, ...] | None = None


@dataclass(frozen=True)
class Manifest:
    """What stands in `app.json`; `write_app` adds the list of files.

    Attributes:
        kind: "screener" gives logit, map and gate; "detector" score, p-value and alarm.
        id: First twelve digits of the SHA-256 of `model.onnx`.
        unseen, created: Version of this package, and the time of writing, ISO 8601.
        title: Shown at the head of the app.
        framing, limits: `Framing.to_dict()` and `Limits.to_dict()` of `unseen.pictures`.
        map: How the heat map is shown.
        golden: Made-up inputs, flattened, and what the model says of them.
        card: What the page about the model shows.
        labels, alpha, gate, records, base, demo, hints: Of a screener.
        classes: Of a classifier: names of its classes, in the order of the output `classes`.
        tolerance: How far golden outputs may lie off, relative to the larger of 1 and the value.
        files: Path -> hash and size of every file but `app.json` and the service worker.

    """

    __pydantic_config__ = STRICT

    kind: Literal["screener", "detector"]
    id: str
    unseen: str
    created: str
    title: str
    framing: dict[str, Any]
    limits: dict[str, Any]
    map: MapScale
    golden: tuple[dict[str, Any], ...]
    card: dict[str, Any] = field(default_factory=dict)
    labels: tuple[str, ...] | None = None
    alpha: float | None = None
    gate: GateLevels | None = None
    records: tuple[dict[str, Any], ...] | None = None
    base: dict[str, Any] | None = None
    demo: bool | None = None
    hints: bool | None = None
    classes: tuple[str, ...] | None = None
    tolerance: float = 1e-3
    files: dict[str, Entry] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse a screener without its calibration."""
        if self.kind == "screener":
            needed = ("labels", "alpha", "gate", "records", "base", "demo", "hints")
            missing = [name for name in needed if getattr(self, name) is None]
            if missing:
                raise ModelFileError(f"the manifest of a screener lacks {', '.join(missing)}")

    def to_dict(self) -> dict[str, Any]:
        """Return JSON values; what is None is left out."""
        values = {key: value for key, value in asdict(self).items() if value is not None}
        return {"format": FORMAT, "version": VERSION, **values}

    def encoded(self) -> bytes:
        """Return the bytes of `app.json`."""
        text = json.dumps(self.to_dict(), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        return text.encode("utf-8")


_ADAPTER = TypeAdapter(Manifest)


def read_manifest(data: bytes, what: str = "app.json") -> Manifest:
    """Read the bytes of `app.json`.

    Raises:
        ModelFileError: Not the manifest of an app, of a newer version, or with keys or values of no meaning.

    """
    found = parse(data[: MOST_BYTES + 1], what=what)
    if not isinstance(found, Mapping) or found.get("format") != FORMAT:
        raise ModelFileError(f"{what} is not that of an app; accepted: one that unseen export --to web wrote")
    if found.get("version") != VERSION:
        raise ModelFileError(
            f"{what} has version {found.get('version')}; this release reads {VERSION}: upgrade unseen"
        )
    rest = {key: value for key, value in found.items() if key not in ("format", "version")}
    try:
        return _ADAPTER.validate_json(json.dumps(rest))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "it"
        known = [one.name for one in fields(Manifest)]
        raise ModelFileError(
            f"{what}: {place}: {first['msg'].lower()}; accepted keys: {', '.join(known)}"
        ) from error
