"""What a request brings and what it asks for: content types, and the way from bytes to a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import pyarrow as pa

from unseen.data.kinds import Input
from unseen.service.arrow_rows import read_arrow
from unseen.service.columns import Sizes
from unseen.service.json_rows import read_json
from unseen.service.problems import Problem

JSON = "application/json"
ARROW_STREAM = "application/vnd.apache.arrow.stream"
ARROW_FILE = "application/vnd.apache.arrow.file"
ACCEPTED = (JSON, ARROW_STREAM, ARROW_FILE)

Parts = Literal["none", "members"]


@dataclass(frozen=True)
class Rows:
    """The rows of one request as they came.

    Attributes:
        body: Bytes.
        form: Content type of the body, one of `ACCEPTED`.

    """

    body: bytes
    form: str

    def table(self, columns: Sequence[Input], sizes: Sizes, most: int) -> pa.Table:
        """Return the columns a detector reads; raises a `Problem` where they are not there."""
        read = read_json if self.form == JSON else read_arrow
        return read(self.body, columns, sizes, most)


@dataclass(frozen=True)
class ToScore:
    """Score these rows.

    Attributes:
        rows: As they came.
        rate: False-alarm rate of the decisions; None is that of the model.
        parts: Whether to say what each member added.
        answer: Content type of the answer, `JSON` or `ARROW_STREAM`.

    """

    rows: Rows
    rate: float | None = None
    parts: Parts = "none"
    answer: str = JSON


@dataclass(frozen=True)
class ToExplain:
    """Explain these rows; `features` are named in full, the others as their sum."""

    rows: Rows
    rate: float | None = None
    features: int = 10


def content_type(value: str | None, encoding: str | None) -> str:
    """Return the content type of a body.

    Raises:
        Problem: 415, it is another one, or the body is packed.

    >>> content_type("application/json; charset=UTF-8", None)
    'application/json'
    """
    if encoding not in (None, "", "identity"):
        raise Problem(415, f"the body is packed ({encoding}); accepted: not packed")
    kind, _, rest = (value or "").partition(";")
    kind = kind.strip().lower()
    if kind not in ACCEPTED:
        came = f"content type {kind!r} came" if kind else "no content type came"
        raise Problem(415, f"{came}; accepted: {', '.join(ACCEPTED)}")
    charset = rest.replace(" ", "").replace('"', "").lower()
    if kind == JSON and charset.startswith("charset=") and charset not in ("charset=utf-8", "charset=utf8"):
        raise Problem(415, f"JSON in {rest.strip()} came; accepted: UTF-8")
    return kind


def answered_as(accept: str) -> str:
    """Return the content type of the answer that a client accepts; of equal ones JSON.

    Raises:
        Problem: 406, it accepts neither.

    >>> answered_as("*/*"), answered_as("application/vnd.apache.arrow.stream")
    ('application/json', 'application/vnd.apache.arrow.stream')
    """
    if not accept.strip():
        return JSON
    weights = {kind: _weight(accept, kind) for kind in (JSON, ARROW_STREAM)}
    best = max(weights, key=lambda kind: weights[kind])
    if not weights[best]:
        raise Problem(406, f"accepted is only {accept!r}; answers are {JSON} or {ARROW_STREAM}")
    return best


def _weight(accept: str, kind: str) -> float:
    """Weight of a content type in a header Accept: that of its most specific range (RFC 9110, 12.5.1)."""
    ranges = {}
    for part in accept.split(","):
        name, *parameters = (word.strip().lower() for word in part.split(";"))
        weight = next((word[2:] for word in parameters if word.startswith("q=")), "1")
        try:
            ranges[name] = min(1.0, max(0.0, float(weight)))
        except ValueError:
            ranges[name] = 0.0
    for name in (kind, f"{kind.partition('/')[0]}/*", "*/*"):
        if name in ranges:
            return ranges[name]
    return 0.0
