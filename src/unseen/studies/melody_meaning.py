"""What the units of a melody code stand for, and where their information sits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unseen.latent.association import Association, associate
from unseen.latent.relevance import Relevance
from unseen.music.descriptors import GROUPS, Described
from unseen.music.tokens import TOKENS, Tokens
from unseen.seeds import generator

Floats = NDArray[np.float64]
Marks = NDArray[np.bool_]

ROTATIONS = 20
RIDGE = 1e-3
# R^2 is learned on the first half of the windows and measured on the other.
COURSE = {"P": "pitch", "R": "rhythm", "M": "melody"}


@dataclass(frozen=True)
class Unit:
    """One row of the table of units.

    Attributes:
        rank: 1 is the most relevant.
        place: Of the unit in the code.
        rho, divergence, sigma: Its measures.
        descriptor, group: The descriptor it goes with most, by the larger of |Spearman| and phi_K.
        spearman, phi, information: Their association; information in nats, NaN beyond the units asked for.
        p: Corrected for all units and descriptors.

    """

    rank: int
    place: int
    rho: float
    divergence: float
    sigma: float
    descriptor: str
    group: str
    spearman: float
    phi: float
    information: float
    p: float


def association(
    mean: Floats, about: Described, relevance: Relevance, *, top: int, permutations: int, seed: int
) -> Association:
    """Hold each unit against each descriptor; mutual information for the `top` most relevant units."""
    features = dict(zip(about.names, about.values.T, strict=True))
    informed = relevance.order()[:top]
    return associate(mean, features, permutations=permutations, informed=informed, seed=seed)


def table(found: Association, relevance: Relevance, top: int) -> list[Unit]:
    """Return the `top` most relevant units, one record each."""
    best, p = found.best(), found.p
    rows = []
    for rank, place in enumerate(relevance.order()[:top], 1):
        feature = int(best[place])
        name = found.features[feature]
        rows.append(
            Unit(
                rank,
                int(place),
                float(relevance.ratio[place]),
                float(relevance.divergence[place]),
                float(relevance.sigma[place]),
                name,
                GROUPS[name],
                float(found.spearman[place, feature]),
                float(found.phi[place, feature]),
                float(found.information[place, feature]),
                float(p[place, feature]),
            )
        )
    return rows


def explained(codes: Floats, about: Described) -> Floats:
    """R^2 of each descriptor from codes (N, Z) by ridge regression, on windows not learned from, shape (F,).

    Below 0 is worse than the mean, and comes back as 0.
    """
    half = len(codes) // 2
    centre, scale = codes[:half].mean(0), codes[:half].std(0)
    x = (codes - centre) / np.where(scale > 0, scale, 1.0)
    y = about.values - about.values[:half].mean(0)
    gram = x[:half].T @ x[:half] + RIDGE * half * np.eye(codes.shape[1])
    weights = np.linalg.solve(gram, x[:half].T @ y[:half])
    left = np.square(y[half:] - x[half:] @ weights).sum(0)
    total = np.square(y[half:] - y[half:].mean(0)).sum(0)
    return np.asarray(np.maximum(0.0, 1.0 - left / np.where(total > 0, total, 1.0)))


def alone(codes: Floats, about: Described) -> Floats:
    """Largest squared correlation of each descriptor with one unit, shape (F,)."""
    x, y = _standard(codes), _standard(about.values)
    return np.asarray(np.square(x.T @ y / len(x)).max(0))


def rotated(codes: Floats, about: Described, *, seed: int, times: int = ROTATIONS) -> Floats:
    """`alone` in random orthogonal axes of the standardised block, shape (times, F).

    If a rotation serves as well as the units themselves, the units are not where the descriptor lives.
    """
    block, rng = _standard(codes), generator(seed, 74)
    return np.array([alone(block @ _rotation(block.shape[1], rng), about) for _ in range(times)])


def _rotation(size: int, rng: np.random.Generator) -> Floats:
    q, r = np.linalg.qr(rng.standard_normal((size, size)))
    return np.asarray(q * np.sign(np.diag(r)))


def _standard(values: Floats) -> Floats:
    scale = values.std(0)
    return np.asarray((values - values.mean(0)) / np.where(scale > 0, scale, 1.0))


def best_of_groups(found: Association, units: NDArray[np.intp]) -> dict[str, float]:
    """Largest |Spearman| of each group of descriptors among some units.

    Spearman and not phi_K: it has a sign, and does not grow where windows are few.
    """
    size = np.abs(np.nan_to_num(found.spearman[units]))
    groups = np.array([GROUPS[name] for name in found.features])
    return {
        group: float(size[:, groups == group].max(initial=0.0)) if (groups == group).any() else 0.0
        for group in COURSE
    }


def group_of_units(found: Association, units: NDArray[np.intp]) -> list[str]:
    """Group of the descriptor each of some units goes with most by |Spearman|."""
    size = np.abs(np.nan_to_num(found.spearman[units]))
    return [GROUPS[found.features[place]] for place in size.argmax(1)]


def principal(learn: Tokens, tokens: Tokens, count: int) -> Floats:
    """Return the first components of one-hot windows, learned on others, shape (N, count): a control."""
    from sklearn.decomposition import PCA

    pca = PCA(count, svd_solver="randomized", random_state=0).fit(one_hot(learn))
    return np.asarray(pca.transform(one_hot(tokens)), dtype=np.float64)


def one_hot(tokens: Tokens) -> NDArray[np.float32]:
    """Windows (N, T) as zeros and ones, shape (N, 90 T).

    >>> one_hot(np.array([[0, 1]], dtype=np.int8)).sum(), one_hot(np.array([[0, 1]], dtype=np.int8)).shape
    (np.float32(2.0), (1, 180))
    """
    found = np.zeros((*tokens.shape, TOKENS), dtype=np.float32)
    np.put_along_axis(found, tokens[..., None].astype(np.intp), 1.0, axis=2)
    return found.reshape(len(tokens), -1)
