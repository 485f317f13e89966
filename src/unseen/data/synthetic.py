"""Sets with known answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from unseen.errors import ConfigError
from unseen.seeds import generator

KINDS = ("shift", "scale", "correlation", "novel direction")
START = np.datetime64("2024-03-04T00:00:00", "s")  # a Monday


@dataclass(frozen=True)
class LinearGaussian:
    """Rows X (N, D) of a normal distribution with mean 0 and covariance `basis` diag(`spectrum`) `basis`^T.

    `basis` is orthogonal, (D, D), its columns the principal directions.
    """

    X: np.ndarray
    spectrum: np.ndarray
    basis: np.ndarray

    @property
    def covariance(self) -> np.ndarray:
        """The exact covariance, (D, D)."""
        covariance: np.ndarray = (self.basis * self.spectrum) @ self.basis.T
        return covariance


@dataclass(frozen=True)
class Planted:
    """Rows X (N, D) in random order; `y` is 1 and `kinds` names the kind where an anomaly was planted."""

    X: np.ndarray
    y: np.ndarray
    kinds: np.ndarray


def linear_gaussian(rows: int, spectrum: Sequence[float], seed: int) -> LinearGaussian:
    """Draw rows whose covariance has the eigenvalues `spectrum`, in a random orthogonal basis.

    A linear VAE with unit noise and weight beta on its divergence uses the directions with eigenvalue
    lambda > beta, with relevance sqrt(lambda / beta - 1); all others stay at the prior. (Lucas, Tucker,
    Grosse and Norouzi, NeurIPS 2019.)

    Raises:
        ConfigError: an eigenvalue is negative, or there are no rows or columns.

    >>> drawn = linear_gaussian(20_000, [4.0, 1.0], seed=0)
    >>> bool(np.allclose(np.cov(drawn.X.T), drawn.covariance, atol=0.15))
    True

    """
    values = np.asarray(spectrum, dtype=np.float64)
    if rows < 1 or values.ndim != 1 or not values.size or not (values >= 0).all():
        raise ConfigError(f"rows={rows}, spectrum={list(spectrum)}: needs rows, and eigenvalues of 0 or more")
    random = generator(seed)
    basis, triangle = np.linalg.qr(random.standard_normal((values.size, values.size)))
    basis = basis * np.sign(np.diag(triangle))
    latent = random.standard_normal((rows, values.size)) * np.sqrt(values)
    return LinearGaussian(latent @ basis.T, values, basis)


def planted(normal: int, anomalies: int, seed: int, *, columns: int = 8, strength: float = 6.0) -> Planted:
    """Draw normal rows on a plane of columns // 2 directions, with anomalies of four kinds planted.

    Normal rows are x = A z + 0.1 e, with z and e standard normal and A orthonormal. `strength` s is in
    standard deviations. 'shift': z moved by s along one direction; 'scale': z times s; 'correlation':
    the columns of a normal row drawn from different rows; 'novel direction': moved by s off the plane.

    Args:
        normal: number of normal rows.
        anomalies: number of anomalies of each kind.
        seed: draws everything.
        columns: width D, at least 2.
        strength: s.

    Raises:
        ConfigError: too few rows or columns.

    """
    if normal < 1 or anomalies < 0 or columns < 2:
        raise ConfigError(
            f"normal={normal}, anomalies={anomalies}, columns={columns}: needs 1, 0 and 2 at least"
        )
    random = generator(seed)
    inner = columns // 2
    basis = np.linalg.qr(random.standard_normal((columns, columns)))[0]
    plane, off = basis[:, :inner], basis[:, inner]

    def draw(z: np.ndarray) -> np.ndarray:
        noise: np.ndarray = 0.1 * random.standard_normal((len(z), columns))
        rows: np.ndarray = z @ plane.T + noise
        return rows

    def latent() -> np.ndarray:
        z: np.ndarray = random.standard_normal((anomalies, inner))
        return z

    parts = [
        draw(random.standard_normal((normal, inner))),
        draw(latent() + strength * np.eye(inner)[0]),
        draw(strength * latent()),
        random.permuted(draw(random.standard_normal((anomalies, inner))), axis=0),
        draw(latent()) + strength * off,
    ]
    kinds = np.repeat(np.array(["normal", *KINDS]), [len(part) for part in parts])
    order = random.permutation(len(kinds))
    return Planted(np.concatenate(parts)[order], (kinds != "normal")[order].astype(np.int64), kinds[order])


def flows(rows: int, seed: int) -> pa.Table:
    """Draw a small table of network flows with numbers, words, dates and kinds; made up, not measured.

    Columns: `time`, `service`, `duration` (s), `packets`, `bytes`, `encrypted`, `kind`. One row in
    twenty is an anomaly: 'flood' (very many small packets), 'exfiltration' (a very large flow in the
    night) or 'scan' (one packet to a rare service).

    Raises:
        ConfigError: no rows.

    >>> flows(1000, seed=0).column_names
    ['time', 'service', 'duration', 'packets', 'bytes', 'encrypted', 'kind']

    """
    if rows < 1:
        raise ConfigError(f"rows={rows} is not accepted; accepted: 1 or more")
    random = generator(seed)
    kind = random.choice(["normal", "flood", "exfiltration", "scan"], rows, p=[0.95, 0.02, 0.01, 0.02])
    service = random.choice(["http", "dns", "mail", "ssh"], rows, p=[0.5, 0.3, 0.15, 0.05])
    seconds = random.integers(0, 14, rows) * 86_400 + (random.normal(13.0, 3.0, rows) % 24 * 3600).astype(int)
    packets = np.ceil(random.lognormal(2.0, 0.7, rows))
    size = random.lognormal(5.5, 0.4, rows)
    duration = packets * random.lognormal(-2.0, 0.5, rows)

    flood, leak, scan = kind == "flood", kind == "exfiltration", kind == "scan"
    packets[flood] *= 500
    size[flood] = 40
    packets[leak] *= 200
    size[leak] = 1400
    seconds[leak] = seconds[leak] // 86_400 * 86_400 + random.integers(0, 4 * 3600, int(leak.sum()))
    packets[scan], size[scan], duration[scan] = 1, 40, 1e-3
    service[scan] = random.choice(["telnet", "rpc", "ssh"], int(scan.sum()))
    return pa.table(
        {
            "time": pa.array(START + seconds.astype("timedelta64[s]")),
            "service": pa.array(service),
            "duration": np.round(duration, 4),
            "packets": packets,
            "bytes": np.round(packets * size),
            "encrypted": random.random(rows) < np.where(service == "dns", 0.05, 0.8),
            "kind": pa.array(kind),
        }
    )
