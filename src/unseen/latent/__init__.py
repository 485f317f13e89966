"""What a latent code has learned: which units matter, what they stand for, what they do when they move.

Parts for numbers alone (`relevance`, `rules`, `association`, `zeroing`) take arrays and never load torch;
what reads a network does so when it is used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

# Public name -> the module it lives in; loaded when first used.
_HOMES = {
    "Association": "unseen.latent.association",
    "Relevance": "unseen.latent.relevance",
    "ZeroOut": "unseen.latent.zeroing",
    "Reading": "unseen.latent.reading",
    "agreement": "unseen.latent.rules",
    "associate": "unseen.latent.association",
    "counts": "unseen.latent.rules",
    "measure": "unseen.latent.relevance",
    "phi_k": "unseen.latent.contingency",
    "read": "unseen.latent.reading",
    "zero_out": "unseen.latent.zeroing",
}

if TYPE_CHECKING:
    from unseen.latent.association import Association, associate
    from unseen.latent.contingency import phi_k
    from unseen.latent.reading import Reading, read
    from unseen.latent.relevance import Relevance, measure
    from unseen.latent.rules import agreement, counts
    from unseen.latent.zeroing import ZeroOut, zero_out

__all__ = [
    "Association",
    "Reading",
    "Relevance",
    "ZeroOut",
    "agreement",
    "associate",
    "counts",
    "measure",
    "phi_k",
    "read",
    "zero_out",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'unseen.latent' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
