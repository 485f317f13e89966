"""Rows that lie equally far from several rows that were learned: which of them count is a matter of rounding.

Two programs round distances in another way. Where the last of the nearest rows is as far away as the one
after it, and these two say different things, they may give different scores; on tables of a few whole numbers
that is so for many rows.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor

from unseen.detectors.committee import Member
from unseen.detectors.members import SpreadReader
from unseen.detectors.readers import Neighbouring
from unseen.models.neighbours import Reference

# Learned rows looked at, and the share of them that may tie before it is said.
ROWS, FEW = 1_000, 0.02
# Rows looked at beyond the nearest ones, for those that tie with the last of these.
BEYOND = 64
# Distances that differ by less than this share of each other are equal, as programs round.
EQUAL = 1e-5
# What two rows say differs, as a share of it.
DIFFERENT = 1e-6
# The setting of a `CommitteeDetector` that leaves a member out.
SETTINGS = {"spread labels": "spreading"}


class TieWarning(UserWarning):
    """An export may give other scores on rows that are equally far from several learned ones."""


def tied(members: Iterable[Member]) -> dict[str, float]:
    """Return the share of learned rows with a tie that matters by the name of the member, above `FEW`."""
    found = {member.name: _share(member.reader) for member in members}
    return {name: share for name, share in found.items() if share > FEW}


def said(ties: dict[str, float]) -> str:
    """Say which members are meant, and what does without them."""
    names = " and ".join(f"{name} ({share:.0%} of rows)" for name, share in ties.items())
    without = ", ".join(f"{SETTINGS.get(name, name)}=False" for name in ties)
    return (
        f"the nearest rows of {names} tie, and which of them count differs between programs; a committee "
        f"with {without} has none of it"
    )


def _share(reader: object) -> float:
    if isinstance(reader, SpreadReader):
        spread = reader.spread
        return max(_ties(spread.codes, spread.neighbours, says) for says in (spread.level, spread.reach))
    if isinstance(reader, Neighbouring) and reader.bank.power > 0:
        return _ties(reader.bank.codes, reader.bank.k, reader.bank.own)
    return 0.0  # others look at no neighbours, or only at how far they are


def _ties(codes: Tensor, k: int, says: Tensor) -> float:
    """Share of codes (R, P) whose k-th and next nearest are equally far, where such differ in `says` (R,)."""
    if len(codes) <= k:
        return 0.0
    distance, place = Reference(codes).nearest(codes[:ROWS], min(k + BEYOND, len(codes)))
    last = distance[:, k - 1 : k]
    equal = (distance - last).abs() <= EQUAL * last
    high = torch.where(equal, says[place], -torch.inf).amax(1)
    low = torch.where(equal, says[place], torch.inf).amin(1)
    return float((equal[:, k] & (high - low > DIFFERENT * high.abs())).double().mean())
