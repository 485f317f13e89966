"""JSON from strangers: one meaning per text, bounded depth, size and numbers."""

from __future__ import annotations

import json
import math
import re
import reprlib
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn, TypeAlias

from unseen.errors import ModelFileError
from unseen.persist.limits import MAX_JSON_DEPTH, MAX_JSON_TOKENS

JSON: TypeAlias = "bool | int | float | str | Sequence[JSON] | Mapping[str, JSON] | None"

_INT64_DIGITS = 20
# A string is taken whole (possessively, so that an unclosed one costs linear time), then the marks outside.
_STRUCTURE = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[\]{},]', re.DOTALL)

_short = reprlib.Repr()
_short.maxstring = _short.maxother = 60


def quoted(value: object) -> str:
    """Write a value that came from a file for an error: one line, at most some 60 characters."""
    return ascii(value) if isinstance(value, str) and len(value) < 60 else _short.repr(value)


def parse(data: bytes, *, what: str) -> JSON:
    """Parse UTF-8 JSON, refusing all that two readers could understand differently.

    Raises:
        ModelFileError: not UTF-8 or not JSON; a key given twice; NaN, Infinity or a float beyond float64;
            an integer beyond 64 bits; text that is not Unicode; more than `MAX_JSON_DEPTH` levels or
            `MAX_JSON_TOKENS` values.

    >>> parse(b'{"a": [1, 2.5]}', what="manifest.json")
    {'a': [1, 2.5]}
    >>> parse(b'{"a": 1, "a": 2}', what="manifest.json")
    Traceback (most recent call last):
    ...
    unseen.errors.ModelFileError: manifest.json has the key 'a' twice in one object

    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ModelFileError(f"{what} is not UTF-8 text (byte {error.start})") from error
    _bound_structure(text, what)
    hooks = _Hooks(what)
    try:
        value: JSON = json.loads(
            text,
            object_pairs_hook=hooks.unique,
            parse_int=hooks.integer,
            parse_float=hooks.finite,
            parse_constant=hooks.constant,
        )
    except json.JSONDecodeError as error:
        raise ModelFileError(
            f"{what} is not JSON or is cut short: {error.msg} (line {error.lineno}, column {error.colno})"
        ) from error
    return value


def canonical(value: JSON, *, what: str) -> bytes:
    """Write JSON in the one form that is hashed: UTF-8, keys sorted, no spaces.

    >>> canonical({"b": 1.0, "a": [True, None]}, what="manifest.json")
    b'{"a":[true,null],"b":1.0}'
    """
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise ModelFileError(f"{what} holds text that is not Unicode (a lone surrogate)") from error


def plain(value: object, *, at: str, depth: int = 0) -> JSON:
    """Copy a value into plain lists and dicts, or name the first part that JSON would not give back.

    Tuples become lists. NumPy numbers are refused rather than rounded or turned into text.

    >>> plain({"layers": (8, 2)}, at="document")
    {'layers': [8, 2]}
    >>> plain({"rate": float("nan")}, at="document")
    Traceback (most recent call last):
    ...
    unseen.errors.ModelFileError: document.rate is nan; numbers in a document must be finite
    """
    if depth > MAX_JSON_DEPTH:
        raise ModelFileError(f"the document nests deeper than {MAX_JSON_DEPTH} levels (or holds itself)")
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int | float):
        return _plain_number(value, at)
    if isinstance(value, Mapping):
        return {
            _plain_key(key, at): plain(item, at=f"{at}.{key}", depth=depth + 1) for key, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [plain(item, at=f"{at}[{i}]", depth=depth + 1) for i, item in enumerate(value)]
    raise ModelFileError(
        f"{at} is {type(value).__module__}.{type(value).__qualname__}; a document holds None, bool, int, "
        "float, str, lists and dicts with str keys (NumPy: .item() or .tolist(), or give it as an array)"
    )


class _Hooks:
    """The refusals `json` leaves to its caller, each naming the text it reads."""

    def __init__(self, what: str) -> None:
        self.what = what

    def unique(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(pairs)
        if len(made) < len(pairs):
            twice = Counter(key for key, _ in pairs).most_common(1)[0][0]
            raise ModelFileError(f"{self.what} has the key {quoted(twice)} twice in one object")
        return made

    def integer(self, digits: str) -> int:
        # The length first: turning a million digits into an integer is itself an attack.
        if len(digits.lstrip("-")) > _INT64_DIGITS or not -(2**63) <= int(digits) < 2**64:
            raise ModelFileError(
                f"{self.what} has the integer {quoted(digits)}; integers must fit in 64 bits"
            )
        return int(digits)

    def finite(self, digits: str) -> float:
        number = float(digits)
        if not math.isfinite(number):
            self.constant(digits)
        return number

    def constant(self, name: str) -> NoReturn:
        raise ModelFileError(f"{self.what} has the number {quoted(name)}; numbers must be finite")


def _bound_structure(text: str, what: str) -> None:
    """Refuse deep or very wide JSON before `json` recurses into it or builds it."""
    depth = 0
    for tokens, match in enumerate(_STRUCTURE.finditer(text)):
        mark = match.group()
        if mark in "[{":
            depth += 1
        elif mark in "]}":
            depth -= 1
        if depth > MAX_JSON_DEPTH:
            raise ModelFileError(f"{what} nests deeper than {MAX_JSON_DEPTH} levels")
        if tokens >= MAX_JSON_TOKENS:
            raise ModelFileError(f"{what} holds more than {MAX_JSON_TOKENS:,} values")


def _plain_number(value: float, at: str) -> int | float:
    """Check a number of the document; subclasses (enums, NumPy's float64) become the plain number."""
    if isinstance(value, int):
        if not -(2**63) <= value < 2**64:
            raise ModelFileError(f"{at} is an integer that does not fit in 64 bits; store it as text")
        return int(value)
    if not math.isfinite(value):
        raise ModelFileError(f"{at} is {value}; numbers in a document must be finite")
    return float(value)


def _plain_key(key: object, at: str) -> str:
    if not isinstance(key, str):
        raise ModelFileError(f"{at} has the key {quoted(key)}; keys of a document must be str")
    return key
