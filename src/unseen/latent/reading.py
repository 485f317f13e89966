"""Read the latent code of a fitted detector: which units matter, and what is lost without them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from unseen.detectors.aware import AwareDetector
from unseen.detectors.committee import Member
from unseen.detectors.readers import Reconstructing
from unseen.errors import ConfigError, DataError
from unseen.latent.coding import Code, code_of
from unseen.latent.relevance import Relevance, measure
from unseen.latent.rules import above_gap, carries_weight
from unseen.latent.weighing import EACH, ablations, gains
from unseen.latent.zeroing import COUNTS, ZeroOut, zero_out
from unseen.models.network import Network
from unseen.seeds import generator

Floats = NDArray[np.float64]
Places = NDArray[np.intp]

LEAST_ROWS = 50
# Rows the decoder is asked about: slopes and errors are means, which need fewer than spectra do.
DECODED = 1000
# Rows of more numbers are asked about in fewer: event images of 12,528 numbers by 159.
NUMBERS = 2_000_000


@dataclass(frozen=True, eq=False)
class Reading:
    """What the code of a network holds.

    Attributes:
        code: Of all rows.
        relevance: Measures of each unit; ablation of the 64 units of most weight where there are more.
        zero: Error E where units are set to their mean: each alone, all that are spare at once, all but the
            first k, all but k by chance.
        relevant: Which units count: above the largest gap of rho, or, in a code without spread, those with
            99 % of the decoder's weight, shape (Z,).

    """

    code: Code
    relevance: Relevance
    zero: ZeroOut
    relevant: NDArray[np.bool_]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the units."""
        return self.code.names


def read(
    detector: AwareDetector, X: ArrayLike, *, told: bool = False, member: int = 0, seed: int = 0
) -> Reading:
    """Read the code of a fitted detector over rows.

    Args:
        detector: An `AwareDetector`; others have no code.
        X: Rows (N, D), 50 or more: normal ones, if the question is what the model knows of them.
        told: Whether to read the network of stage 2 instead of stage 1.
        member: Which of several networks.
        seed: Of the rows the decoder is asked about.

    Raises:
        ConfigError: The detector has no code, no such member, or was not told of anything.
        DataError: Fewer than 50 rows, or rows that do not fit the detector.

    >>> from unseen.models.vae import VAE
    >>> from unseen.training.loop import Plan
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(2000, 2)) @ rng.normal(size=(2, 6))
    >>> model = VAE(latent=5, beta=0.2)
    >>> detector = AwareDetector(model, learn=Plan(steps=600, rate=3e-3), seed=0).fit(X)
    >>> found = read(detector, X)
    >>> int(found.relevant.sum()), found.relevance.ratio.shape
    (2, (5,))

    """
    network = network_of(detector, told=told, member=member)
    rows = detector.scaled(X)
    if len(rows) < LEAST_ROWS:
        raise DataError(f"{len(rows)} rows came; accepted: {LEAST_ROWS} or more, 500 to tell units apart")
    return read_code(code_of(network, rows), seed=seed)


def read_code(code: Code, *, seed: int = 0) -> Reading:
    """Read a code that is at hand, see `read`."""
    few = code.take(some(len(code), decoded_rows(code), seed))
    plain = measure(code.mean, code.sigma, divergence=code.divergence.mean(0))
    weight = gains(few, seed=seed) * (plain.variance + np.nan_to_num(code.sigma**2).mean(0))
    heavy = np.sort(np.argsort(-weight, kind="stable")[:EACH])
    relevance = replace(plain, weight=weight, ablation=ablations(few, heavy, plain.centre))
    relevant = above_gap(relevance) if relevance.spread else carries_weight(relevance)
    zero = zero_out(
        few.mean,
        few.judge,
        order=relevance.order(),
        spare=np.flatnonzero(~relevant),
        fill=plain.centre,
        counts=steps_of(code.units),
        singly=False,
        seed=seed,
    )
    singly = (zero.full + relevance.ablation)[:, None]
    return Reading(code, relevance, replace(zero, singly=singly), relevant)


def network_of(detector: AwareDetector, *, told: bool = False, member: int = 0) -> Network:
    """Return the network whose code is read.

    Raises:
        ConfigError: The detector has no code, no such member, or was not told of anything.

    """
    if not isinstance(detector, AwareDetector):  # of a model file it may be any
        raise ConfigError(
            f"{type(detector).__name__} has no latent code to read; accepted: AwareDetector, which is fit "
            "with a VAE unless told otherwise"
        )
    networks = _networks(detector.stage2_ if told else detector.stage1_)
    if not networks and not _networks(detector.stage1_):
        raise ConfigError("this detector has no network: its neighbours have the share 1; accepted: below 1")
    if not networks:
        raise ConfigError("this detector has not been told of any anomaly, so it has no second network")
    if not 0 <= member < len(networks):
        raise ConfigError(f"member {member} came; accepted: 0 to {len(networks) - 1}")
    return networks[member]


def _networks(members: tuple[Member, ...]) -> tuple[Network, ...]:
    return next((m.reader.networks for m in members if isinstance(m.reader, Reconstructing)), ())


def steps_of(units: int) -> tuple[int, ...]:
    """Numbers of units that are kept: those of a music code, and doublings of the last beyond.

    >>> steps_of(200)[-4:]
    (32, 48, 96, 192)
    """
    doubled = COUNTS[-1] * 2 ** np.arange(1, 16)
    return (*COUNTS, *(int(k) for k in doubled if k < units))


def decoded_rows(code: Code) -> int:
    """Rows the decoder is asked about."""
    return min(DECODED, max(64, NUMBERS // code.rows[:1].numel()))


def some(rows: int, most: int, seed: int) -> Places:
    """Places of at most `most` of the rows, rising."""
    if rows <= most:
        return np.arange(rows)
    return np.sort(generator(seed, 5).choice(rows, most, replace=False))
