"""The token a request has to show: read from a file or the environment, or made at start."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from unseen.errors import ConfigError

VARIABLE = "UNSEEN_TOKEN"
SHORTEST, LONGEST = 16, 512
MADE_BYTES = 32


@dataclass(frozen=True)
class Token:
    """What is kept of a token: its SHA-256, so that no record or message can show the token itself.

    >>> Token.of("a-token-of-16-letters").accepts(b"a-token-of-16-letters")
    True
    >>> Token.of("a-token-of-16-letters").accepts(b"a-token-of-16-letter")
    False
    """

    digest: bytes = field(repr=False)

    @classmethod
    def of(cls, text: str, origin: str = "the token") -> Token:
        """Take a token of 16 to 512 visible ASCII characters.

        Raises:
            ConfigError: It is shorter or longer, or holds blanks or other characters.

        """
        if not SHORTEST <= len(text) <= LONGEST:
            raise ConfigError(
                f"{origin} has {len(text)} characters; accepted: {SHORTEST} to {LONGEST}. "
                'Make one: python -c "import secrets; print(secrets.token_urlsafe(32))"'
            )
        if not all("!" <= letter <= "~" for letter in text):
            raise ConfigError(f"{origin} holds blanks or characters beyond ASCII; accepted: visible ASCII")
        return cls(_digest(text.encode("ascii")))

    def accepts(self, shown: bytes) -> bool:
        """Whether this is the token; the time it takes does not depend on how much of it is right."""
        return hmac.compare_digest(_digest(shown), self.digest)


@dataclass(frozen=True)
class Issued:
    """A token, and its text where it was made just now and nobody knows it yet."""

    token: Token
    text: str | None = field(default=None, repr=False)


def issue(file: Path | None = None, environment: Mapping[str, str] = os.environ) -> Issued:
    """Return the token of a file, else of the variable `UNSEEN_TOKEN`, else a new one of 256 random bits.

    Raises:
        ConfigError: The file cannot be read, or what is there is no token.

    >>> issue(environment={}).text is None
    False
    """
    if file is not None:
        return Issued(Token.of(_of_file(file), f"the token in {file}"))
    if VARIABLE in environment:
        return Issued(Token.of(environment[VARIABLE].strip(), f"the token in {VARIABLE}"))
    text = secrets.token_urlsafe(MADE_BYTES)
    return Issued(Token.of(text), text)


def shown(headers: Iterable[tuple[bytes, bytes]], cookie: str | None = None) -> bytes | None:
    """Return the token that a request shows, or None: `Authorization: Bearer TOKEN`, or a cookie where named.

    Two such headers show none: which of them counts would be a matter of opinion.

    >>> shown([(b"authorization", b"Bearer abc")]), shown([(b"cookie", b"a=1; key=abc")], cookie="key")
    (b'abc', b'abc')
    """
    given = list(headers)
    bearers = [value for name, value in given if name == b"authorization"]
    if bearers:
        scheme, _, rest = bearers[0].partition(b" ")
        return rest.strip() if len(bearers) == 1 and scheme.lower() == b"bearer" else None
    if cookie is None:
        return None
    wanted = cookie.encode("ascii")
    pairs = [pair.partition(b"=") for name, value in given if name == b"cookie" for pair in value.split(b";")]
    found = [value.strip() for name, _, value in pairs if name.strip() == wanted]
    return found[0] if len(found) == 1 else None


def _digest(text: bytes) -> bytes:
    return hashlib.sha256(text).digest()


def _of_file(file: Path) -> str:
    try:
        with file.open("rb") as stream:
            data = stream.read(LONGEST + 16)
        return data.decode("ascii").strip()
    except OSError as error:
        raise ConfigError(f"the token file {file} cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"the token file {file} is not ASCII text; accepted: one token on one line"
        ) from error
