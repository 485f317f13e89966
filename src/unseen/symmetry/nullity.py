"""How many fields leave a density as it is: the rank of equations that are known with noise.

The smallest generalised eigenvalues of (means' W means, their expectation under noise alone) belong to the
candidates. Each candidate v is then refined by one step of generalised least squares with the covariance of
its own moments, which gives it a statistic T = chi2(r - p + m) and a precision. Candidates are added while
the sum of their T agrees with noise.

References: Hansen, Heaton and Yaron, J. Bus. Econ. Stat. 14, 262 (1996); Cragg and Donald, J. Econometrics
76, 223 (1997).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import linalg
from scipy.stats import chi2

from unseen.symmetry.moments import FLOOR, Moments

Floats = NDArray[np.float64]

# Of rejecting a symmetry that is there, in one test.
LEVEL = 1e-3
# Share of the unit matrix in the weights, so that moments almost without noise do not rule alone.
SOFT = 0.01
# Fields beyond the candidates that are judged for the spectrum.
SHOWN = 12
ROUNDS = 3


@dataclass(frozen=True)
class Judged:
    """A space of fields that agrees with the rows, and what lies beyond it.

    Attributes:
        fields: Orthonormal coefficients of the candidates, shape (p, m).
        excess: Of each field from the candidates on, T over its degrees of freedom, ascending; candidates
            that agree have about 1. Shape (up to m + 12,).
        violation: Largest signal-to-noise squared a row that agrees with each candidate (95 %), shape (m,).
        angle: Standard error of each candidate's direction, rad over the rows, shape (m,).
        functions: r, the number of equations.

    """

    fields: Floats
    excess: Floats
    violation: Floats
    angle: Floats
    functions: int


@dataclass(frozen=True)
class _Step:
    fields: Floats
    statistics: Floats
    freedom: int
    angle: Floats


def judged(problem: Moments, *, count: int | None = None) -> Judged:
    """Find the largest space of fields that the rows do not speak against.

    Args:
        problem: The equations.
        count: Size of the space, where it is known; None finds it.

    """
    number = len(problem.means)
    root, size, step = np.eye(number), 0, _none(np.eye(1))
    for _ in range(ROUNDS):
        directions = _directions(problem, root)
        size, step = (
            _largest(problem, directions) if count is None else (count, _refined(problem, directions, count))
        )
        weigh = step.fields if size else directions[:, :1]
        root = _root(problem.covariance(weigh).mean(axis=0) + SOFT * np.eye(number))
    beyond = _beyond(problem, directions[:, size : size + SHOWN])
    surplus = step.statistics - step.freedom
    spread = np.sqrt(2.0 * step.freedom + 4.0 * np.maximum(surplus, 0.0))
    return Judged(
        step.fields,
        np.concatenate([np.sort(step.statistics) / max(step.freedom, 1), beyond]),
        np.maximum(surplus + 1.645 * spread, 0.0) / problem.rows,
        step.angle,
        number,
    )


def _none(directions: Floats) -> _Step:
    return _Step(directions[:, :0], np.empty(0), 0, np.empty(0))


def _directions(problem: Moments, root: Floats) -> Floats:
    """Fields by how far the equations are from noise, nearest first, shape (p, p)."""
    weighed = root @ problem.means
    noise = problem.noise(root)
    noise += 1e-12 * np.trace(noise) / len(noise) * np.eye(len(noise))
    return np.asarray(linalg.eigh(weighed.T @ weighed, noise)[1])


def _largest(problem: Moments, directions: Floats) -> tuple[int, _Step]:
    """Add candidates while the sum of their statistics agrees with noise."""
    size, found = 0, _none(directions)
    for more in range(1, directions.shape[1] + 1):
        step = _refined(problem, directions, more)
        if chi2.sf(step.statistics.sum(), more * step.freedom) < LEVEL:
            break
        size, found = more, step
    return size, found


def _refined(problem: Moments, directions: Floats, size: int) -> _Step:
    """Move each of the first `size` fields along the others to where its own moments agree best."""
    candidates, others = np.linalg.qr(directions[:, :size])[0], directions[:, size:]
    others = linalg.null_space(candidates.T) if others.shape[1] else others
    fields, statistics, angle = [], [], []
    for field, covariance in zip(candidates.T, problem.covariance(candidates), strict=True):
        whiten = _root(covariance)
        target, slopes = whiten @ problem.means @ field, whiten @ problem.means @ others
        inverse = np.linalg.pinv(slopes.T @ slopes, hermitian=True)
        move = inverse @ slopes.T @ target
        rest = target - slopes @ move
        fields.append(field - others @ move)
        statistics.append(_hotelling(float(rest @ rest) * problem.rows, problem))
        angle.append(float(np.sqrt(np.trace(inverse) / problem.rows)))
    freedom = problem.means.shape[0] - others.shape[1]
    space = np.linalg.qr(np.column_stack(fields))[0]
    return _Step(space, np.array(statistics), freedom, np.array(angle))


def _beyond(problem: Moments, fields: Floats) -> Floats:
    """T over r of fields as they are, each with the covariance of its own moments, ascending."""
    found = []
    for place in range(fields.shape[1]):
        field = fields[:, place : place + 1]
        target = _root(problem.covariance(field)[0]) @ problem.means @ field
        found.append(float((target**2).sum()) * problem.rows / len(target))
    return np.sort(np.array(found))


def _hotelling(statistic: float, problem: Moments) -> float:
    """Take out what the covariances, themselves measured, add to the statistic on the mean."""
    return statistic * (1.0 - (problem.means.shape[0] + 1) / len(problem.terms))


def _root(covariance: Floats) -> Floats:
    """R with R' R the inverse of a covariance with a floor, shape (r, r)."""
    floor = FLOOR * np.trace(covariance) / len(covariance)
    values, vectors = np.linalg.eigh(covariance)
    return np.asarray((vectors / np.sqrt(np.maximum(values, 0.0) + floor)).T)
