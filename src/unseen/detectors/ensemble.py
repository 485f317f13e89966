"""The committee of tables: neighbours, a density, trees, spread labels; labels weighed by what they are."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Self, TypeVar

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from unseen.data.scale import AnyScaler, Scaler, Scaling
from unseen.data.schema import Missing
from unseen.detectors.committee import Member, join
from unseen.detectors.given import Given
from unseen.detectors.leading import Standing, standing
from unseen.detectors.members import (
    DensityReader,
    ForestReader,
    SpreadReader,
    with_scores,
    with_scores_apart,
)
from unseen.detectors.readers import Neighbouring, Reader
from unseen.detectors.stored import read_members
from unseen.detectors.telling import Beyond, Joining, Leading
from unseen.detectors.two_stage import TwoStage
from unseen.errors import ConfigError, ModelFileError
from unseen.models.forest import Forest
from unseen.models.mixture import Mixture
from unseen.models.neighbours import Neighbours
from unseen.models.spreading import Spreading
from unseen.seeds import generator
from unseen.thresholds import Threshold

Floats = NDArray[np.float64]
Settings = TypeVar("Settings")

# Least spread of a column of two values, as a share of their distance: a value that one row in a thousand
# has would else outweigh everything.
RAREST = 0.2

NEAR = Neighbours(components=512, power=0.5, least=0.4, most=1.5)
FORESTS = (Forest(), Forest(ratio=2.0, least=100, features=0.5))
# Rows scored at a time: all that stands between rows and scores then takes the same memory for any number.
AT_ONCE = 16_384


class CommitteeDetector(TwoStage):
    """Several plain learners, weighed by what the labels say: the default for tables.

    Stage 1 learns the unlabelled rows as they are: the distance to the nearest of them, each against its own
    neighbourhood, and a density. Stage 2 learns what sets the known anomalies apart from them: two forests
    grown on small balanced draws, and labels that spread along neighbourhoods. The scores of all become
    evidence in nats on held-out rows.

    How they join depends on what the labels are, which `standing_` measures. Where the unlabelled rows hold
    no more of the known kinds, or stage 1 finds these strange by itself, it keeps its word and what was told
    is added at a bounded price (`Beyond`), so that kinds nobody labelled are found as before. Where the
    labels are a small sample of anomalies that hide in the unlabelled rows, and stage 1 is blind to them,
    what was told leads (`Leading`).

    Args:
        neighbours, mixture: Members of stage 1. True takes the settings this detector was judged with
            (`NEAR`, `Mixture()`), others are given as `Neighbours(...)` and `Mixture(...)`; False or None
            does without, but not without both.
        forests, spreading: Members of stage 2, likewise; `()` and False do without, but not without both.
        threshold, trust, scaling, missing: As in `AwareDetector`.
        joining: None decides by the labels; `Beyond()`, `Shared()` or `Leading()` decide for them.
        seed: Same seed, same data, same machine: same scores, bit for bit.

    Attributes:
        standing_: What the labels say of the unlabelled rows and of stage 1; None before being told.
        stage1_, stage2_, handicap_, calibration_, known_kinds_, n_features_in_, notes_: As in
            `AwareDetector`.

    Raises:
        DataError: Labels other than 0 and 1, no normal row, rows that are not finite or not as wide as in
            training.
        ConfigError: No member is left in a stage.

    Fails where normal rows are of many kinds that a tree of eight steps cannot tell from the known
    anomalies, and on images, whose pixels mean nothing one by one: those are for `AwareDetector`.

    References: `unseen.models.forest`, `spreading`, `mixture` and `neighbours`; `unseen.detectors.leading`.

    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> X = np.concatenate([rng.normal(size=(600, 4)), rng.normal(3.0, 1.0, size=(20, 4))])
    >>> detector = CommitteeDetector(seed=0).fit(X, np.repeat([0, 1], [600, 20]))
    >>> bool(detector.anomaly_score([[3, 3, 3, 3]]) > detector.anomaly_score([[0, 0, 0, 0]]))
    True

    """

    # what other detectors are asked for has one value here
    members = 1
    decorrelate = None
    image_shape = None

    def __init__(
        self,
        *,
        neighbours: Neighbours | bool | None = True,
        mixture: Mixture | bool | None = True,
        forests: tuple[Forest, ...] = FORESTS,
        spreading: Spreading | bool | None = True,
        threshold: Threshold | None = None,
        trust: float = 0.1,
        joining: Joining | None = None,
        scaling: Scaling = "standard",
        missing: Missing = "error",
        seed: int = 0,
    ) -> None:
        self.neighbours = neighbours
        self.mixture = mixture
        self.forests = forests
        self.spreading = spreading
        self.threshold = threshold
        self.trust = trust
        self.joining = joining
        self.scaling = scaling
        self.missing = missing
        self.seed = seed

    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike | None = None,
        *,
        kinds: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
        protected: ArrayLike | None = None,
    ) -> Self:
        """Stage 1 on the rows with y = 0; stage 2 as well where some have y = 1.

        Args:
            X: Rows (N, D).
            y: 0 normal or unlabelled, 1 known anomaly, shape (N,); None means all 0.
            kinds: Name of the kind of each row, used where y = 1 for reports, shape (N,).
            sample_weight: As in `AwareDetector`; the trees and spread labels do not use them.
            protected: Not used.

        """
        given = self._fit_rows(X, y, sample_weight, protected)
        self.traces_ = []
        self.standing_: Standing | None = None
        normal = given.rows[given.normal]
        _, _, fitting = self._set_apart(normal, given.beside.at(given.normal))
        rows = self._tensor(normal[fitting])
        self._begin(self._unaided(rows), rows)
        # what is kept to rehearse on may be fewer
        self._unlabelled = len(rows)
        if given.told.any():
            self._learn_known(given, kinds)
        return self

    def fine_tune(
        self,
        X: ArrayLike,
        y: ArrayLike | None = None,
        *,
        kinds: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
        protected: ArrayLike | None = None,
    ) -> Self:
        """Stage 2 beside stage 1: be told of known anomalies; what was told before is forgotten.

        Args:
            X: Rows (K, D). Without `y` all are known anomalies, set apart from the unlabelled rows of `fit`.
                No row at all leaves stage 1 alone.
            y: 0 and 1 as in `fit`; rows with 0 take the place of those of `fit`.
            kinds, sample_weight, protected: As in `fit`, shape (K,).

        Raises:
            DataError: The detector was loaded from a file, which carries no rows to be set apart from.

        """
        given = self._told_rows(X, y, sample_weight, protected)
        self._need_rows()
        self._rehearse(given)
        if given.normal.any():
            self._unlabelled = int(given.normal.sum())
            # in any order of the caller's: the trees are watched on the first of these rows
            order = generator(self.seed, 8).permutation(self._unlabelled)
            self._rehearsal, self._beside = self._rehearsal[torch.from_numpy(order)], self._beside.at(order)
        if given.told.any():
            self._learn_known(given, kinds)
        else:
            self.standing_ = None
            self._tell({}, 0, None)
        return self

    def _fit_scaler(self, rows: Floats) -> AnyScaler:
        """Scale columns of two values by their spread too, but by no less than a fifth of their range."""
        scaler = super()._fit_scaler(rows)
        if not isinstance(scaler, Scaler):
            return scaler
        low, high = rows.min(0), rows.max(0)
        flags = ((rows == low) | (rows == high)).all(0) & (high > low)
        centre, width = scaler.centre.copy(), scaler.width.copy()
        centre[flags] = rows[:, flags].mean(0)
        width[flags] = np.maximum(rows[:, flags].std(0), RAREST * (high - low)[flags])
        return Scaler(centre, width, scaler.logarithmic & ~flags)

    def learners(self) -> tuple[Neighbours | Mixture | Forest | Spreading, ...]:
        """Return the settings of every member in use, those of stage 1 first.

        >>> [type(learner).__name__ for learner in CommitteeDetector(mixture=False).learners()]
        ['Neighbours', 'Forest', 'Forest', 'Spreading']
        """
        every = (self._neighbours(), self._mixture(), *self.forests, self._spreading())
        return tuple(learner for learner in every if learner is not None)

    def _unaided(self, rows: Tensor) -> tuple[Member, ...]:
        weights = self._beside.factors
        members = []
        neighbours, mixture = self._neighbours(), self._mixture()
        if neighbours is not None:
            # repeated rows have no distance of their own, and crowd out others where a bank is full
            different = rows if weights is not None else torch.unique(rows, dim=0)
            bank = Neighbouring(neighbours.fit(different, seed=self.seed, weights=weights))
            members.append(self._member("neighbours", bank, neighbours.share))
        if mixture is not None:
            density = DensityReader(mixture.fit(rows, seed=self.seed, weights=weights))
            members.append(self._member("density", density, mixture.share))
        return tuple(members)

    def _refuse_collapse(self) -> None:
        """Nothing is trained that could collapse: rows that repeat others are rightly of one score."""

    def _learn_known(self, given: Given, kinds: ArrayLike | None) -> None:
        known = self._tensor(given.rows[given.told])
        unaided = tuple(member.reader for member in self.stage1_)
        others, told = with_scores_apart(self._rehearsal, unaided), with_scores(known, unaided)
        readers: dict[str, Reader] = {}
        out_of_bag = []
        for place, forest in enumerate(self.forests):
            grown, left_out = forest.grow(others, told, seed=self.seed + place)
            readers[f"trees {place + 1}"] = ForestReader(grown, unaided)
            out_of_bag.append((left_out.known, left_out.unlabelled))
        spreading = self._spreading()
        if spreading is not None:
            spread = spreading.fit(self._rehearsal, known, seed=self.seed)
            readers["spread labels"] = SpreadReader(spread)
        stage1 = join(self.stage1_, known), join(self.stage1_, self._watch)
        self.standing_ = standing(stage1, out_of_bag, self._unlabelled)
        self._tell(readers, len(known), given.told_kinds(kinds))

    def _neighbours(self) -> Neighbours | None:
        return _chosen(self.neighbours, NEAR)

    def _mixture(self) -> Mixture | None:
        return _chosen(self.mixture, Mixture())

    def _spreading(self) -> Spreading | None:
        return _chosen(self.spreading, Spreading())

    def _joining(self) -> Joining:
        if self.joining is not None:
            return self.joining
        return Leading() if self.standing_ is not None and self.standing_.told_leads else Beyond()

    def _score(self, rows: Floats) -> Floats:
        found = np.empty(len(rows))
        for start in range(0, len(rows), AT_ONCE):
            part = slice(start, start + AT_ONCE)
            found[part] = self._joined(self._tensor(rows[part]))
        return found

    def _told(self, x: Tensor, scores: Sequence[Floats]) -> list[Floats]:
        told = []
        for member in self.stage2_:
            reader = member.reader
            # the trees look at the scores of stage 1, which are found once for all
            raw = reader.rows_beside(x, scores) if isinstance(reader, ForestReader) else reader.rows(x)
            told.append(member.calibration.evidence(raw))
        return told

    def _own_state(self) -> dict[str, Any]:
        found = self.standing_
        return {"standing": None if found is None else [found.frequency, found.blindness]}

    def _own_restore(self, document: Mapping[str, Any]) -> None:
        found = document["standing"]
        self.standing_ = None if found is None else Standing(*map(float, found))
        if self.standing_ is not None and not all(0.0 <= value <= 1.0 for value in found):
            raise ModelFileError(f"the standing of the labels is {found!r}, not two numbers from 0 to 1")

    def _stored_stage(
        self,
        records: Sequence[dict[str, Any]],
        arrays: Mapping[str, NDArray[Any]],
        prefix: str,
        shape: tuple[int, ...],
    ) -> tuple[Member, ...]:
        return read_members(
            records,
            arrays,
            prefix,
            width=math.prod(shape),
            neighbours=self._neighbours(),
            stage1=() if prefix == "stage1" else self.stage1_,
        )

    def _check_settings(self) -> None:
        super()._check_settings()
        if not self.neighbours and not self.mixture:
            raise ConfigError("neighbours and mixture are left out; accepted: one of them or both")
        if not self.forests and not self.spreading:
            raise ConfigError("forests and spreading are left out; accepted: one of them or both")


def _chosen(given: Settings | bool | None, usual: Settings) -> Settings | None:
    """Return the settings that were given, the usual ones for True, None for False."""
    return usual if given is True else given or None
