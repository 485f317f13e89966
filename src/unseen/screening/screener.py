"""The screener: a gate that refuses what is no film, a classifier, and answers that may be "refer"."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from unseen.detectors.aware import AwareDetector
from unseen.errors import ConfigError, DataError
from unseen.pictures.checks import Limits
from unseen.pictures.framing import Framing
from unseen.screening.films import Films, FilmSets, Pixels
from unseen.screening.gate import EVERY_KIND, GateSettings, gate_score, train_gate
from unseen.screening.hints import hints
from unseen.screening.network import FilmNetwork, film_rows, read_films
from unseen.screening.outcome import Outcome, Rule, decide
from unseen.screening.records import LEAST, Record, calibrate
from unseen.screening.training import FilmPlan, train_films

Floats = NDArray[np.float64]

BASE = "validation films of training"


@dataclass(frozen=True, eq=False)
class Readings:
    """What the model says of N films.

    Attributes:
        logits: Of the finding, (N,).
        maps: Where the logits come from, (N, h, w), not below 0.
        gate: Anomaly scores, nats, (N,).

    """

    logits: Floats
    maps: NDArray[np.float32]
    gate: Floats


class Screener:
    """Films to one of four answers: refused, refer to a physician, signs, no signs.

    A gate, the project's own aware detector, refuses what is unlike the films of training, healthy or not. A
    small network gives the logit of one finding. Class-conditional conformal p-values turn it into a set of
    labels; what holds both or none is referred. Only a record of labelled films of the same source allows "no
    signs": coverage is a property of a source.

    Args:
        film: How the network is built and trained; None is `FilmPlan()`.
        gate: How the gate is built and trained; None is `GateSettings()`.
        rule: When a film is refused, referred, decided.
        limits: What files are refused before the model sees them.
        seed: Same seed, same films, same machine: same bits.

    Attributes:
        network_, gate_: Fitted parts.
        labels_: Names of "no finding" and of the finding.
        base_: Record of the validation films; stands in where a source has none.
        most_: Value of the map that is shown as full colour, the same for every film: 99 % of the validation
            films reach no more anywhere.
        counts_: Part -> films without and with the finding.
        told_: Kinds of non-film that the gate was told of.
        notes_: What a reader must know of the films.

    Not a medical device. A network learns the hospital along with the disease: in the literature the same
    kind of films fell from an AUC of .95 inside to .54 outside (Emergency Radiology, 2021).

    References: arXiv 1906.11282; class-conditional conformal prediction, Vovk et al. 2005.

    >>> Screener(rule=Rule(alpha=0.1)).rule.alpha
    0.1

    """

    network_: FilmNetwork
    gate_: AwareDetector
    labels_: tuple[str, str]
    base_: Record
    most_: float
    counts_: Mapping[str, tuple[int, int]]
    told_: tuple[str, ...]
    notes_: tuple[str, ...]

    def __init__(
        self,
        *,
        film: FilmPlan | None = None,
        gate: GateSettings | None = None,
        rule: Rule | None = None,
        limits: Limits | None = None,
        seed: int = 0,
    ) -> None:
        self.film = film or FilmPlan()
        self.gate = gate or GateSettings()
        self.rule = rule or Rule()
        self.limits = limits or Limits()
        self.seed = seed

    def fit(self, sets: FilmSets, *, told: Mapping[str, Pixels] | None = None) -> Self:
        """Train both parts, and make the base record of the validation films.

        Args:
            sets: Films divided.
            told: Kind -> pictures (N, 1, S, S) in [0, 1] that are no films, told to the gate beside what it
                makes up itself.

        Raises:
            DataError: Films that do not fit, or too few for validation.
            TrainingError: Nothing was learned.

        """
        least, counts = self.rule.least, sets.validation.counts
        if min(counts) < least:
            raise DataError(
                f"validation films are {counts}; accepted: {least} of each class or more; with fewer no "
                f"label is ever ruled out at alpha {self.rule.alpha}"
            )
        size = sets.train.pixels.shape[-1]
        plan = replace(self.film, design=replace(self.film.design, size=size))
        self.network_ = train_films(
            sets.train.pixels,
            sets.train.findings,
            validation=(sets.validation.pixels, sets.validation.findings),
            settings=plan,
            seed=self.seed,
        )
        kinds = {**EVERY_KIND, **(told or {})}
        self.gate_ = train_gate(sets.train.pixels, told=kinds, seed=self.seed, settings=self.gate)
        self.told_ = tuple(self.gate_.known_kinds_)
        self.labels_, self.notes_ = sets.labels, sets.notes
        self.counts_ = {"training": sets.train.counts, "validation": sets.validation.counts}
        found = self.read(sets.validation.pixels)
        self.most_ = float(np.quantile(found.maps.max((1, 2)), 0.99)) or 1.0
        self.base_ = self._record(found, sets.validation, source=BASE, least=self.rule.least)
        return self

    def read(self, films: ArrayLike) -> Readings:
        """Read films (N, S, S) or (N, 1, S, S), bytes or grey in [0, 1].

        Raises:
            DataError: Another shape, or values out of their range.

        """
        rows = film_rows(films, self.size).numpy()
        logits, maps = read_films(self.network_, rows)
        return Readings(logits.astype(np.float64), maps, gate_score(self.gate_, rows))

    def screen(
        self, films: ArrayLike, *, record: Record | None = None, photograph: bool = False
    ) -> list[Outcome]:
        """Answer for films of one source; what the gate refuses gets hints where a turned version is a film.

        Args:
            films: As in `read`.
            record: Of the source; None says that there is none.
            photograph: Whether these films were photographed.

        """
        found = self.read(films)
        outcomes = decide(
            found.logits, found.gate, rule=self.rule, base=self.base_, record=record, photograph=photograph
        )
        refused = np.array([outcome.verdict == "refused" for outcome in outcomes], dtype=bool)
        if refused.any():
            own = record or self.base_

            def passes(rows: Pixels) -> NDArray[np.bool_]:
                return own.gate_p_values(gate_score(self.gate_, rows)) > self.rule.amber

            rows: Pixels = film_rows(films, self.size).numpy()[refused]
            for at, found_hints in zip(np.flatnonzero(refused), hints(rows, passes), strict=True):
                outcomes[at] = replace(outcomes[at], hints=found_hints)
        return outcomes

    def calibrate(self, films: Films, *, source: str, least: int = LEAST, **about: Any) -> Record:
        """Make the record of a source from its labelled films; see `unseen.screening.records.calibrate`.

        Raises:
            DataError: Too few films of a class.

        """
        return self._record(self.read(films.pixels), films, source=source, least=least, **about)

    def _record(self, found: Readings, films: Films, **about: Any) -> Record:
        return calibrate(found.logits, films.findings, found.gate, seed=self.seed, **about)

    @property
    def size(self) -> int:
        """Side of a film, pixels."""
        if not hasattr(self, "network_"):
            raise ConfigError("the screener is not fitted: call fit first")
        return self.network_.design.size

    @property
    def framing(self) -> Framing:
        """How a picture becomes a row."""
        return Framing(channels=1, height=self.size, width=self.size, trim=True, crop=True, unit=1.0)
