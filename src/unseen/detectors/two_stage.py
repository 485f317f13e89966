"""What detectors of two stages share: learned unaided, then told; both kept, joined at a measured price."""

from __future__ import annotations

import math
import warnings
from abc import abstractmethod
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import check_is_fitted
from torch import Tensor

from unseen.data.scale import SCALINGS, AnyScaler, Scaling, image_scaler, restored_scaler
from unseen.data.schema import Schema
from unseen.detectors.committee import Member, join, join_scores
from unseen.detectors.detector import DEFAULT_RATE, Contributions, Detector, read_labels
from unseen.detectors.given import Given, heaviest_of, read_given, weights_of
from unseen.detectors.readers import Reader
from unseen.detectors.stored import read_calibration, read_names, write_calibration, write_members
from unseen.detectors.telling import Beyond, Joining, add_told, explain_told
from unseen.detectors.voices import Voices, voices
from unseen.errors import ConfigError, DataError, unknown
from unseen.seeds import generator
from unseen.thresholds import Calibration
from unseen.training.beside import Beside
from unseen.training.decorrelation import DisCo
from unseen.training.guards import refuse_collapse
from unseen.training.loop import Plan
from unseen.training.stages import GuardWarning, Trace

Floats = NDArray[np.float64]
Places = NDArray[np.intp]

# Normal rows below which quantiles and p-values say little; below the second number fitting is refused.
FEW_ROWS, TOO_FEW_ROWS = 50, 5
# Normal rows kept to rehearse on when the detector is told of anomalies later.
REHEARSAL = 50_000


class TwoStage(Detector):
    """Stage 1 is learned from normal rows, stage 2 from what is told; a subclass trains both.

    A subclass implements `fit` and `fine_tune` with `_fit_rows`, `_told_rows`, `_set_apart`, `_begin`,
    `_rehearse` and `_tell`, and `_stored_stage`, which reads its members back. Attributes are those of
    `AwareDetector`.
    """

    trust: float
    joining: Joining | None
    members: int
    decorrelate: DisCo | None
    scaling: Scaling
    image_shape: tuple[int, int, int] | None
    seed: int
    stage1_: tuple[Member, ...]
    stage2_: tuple[Member, ...]
    traces_: list[Trace]

    @abstractmethod
    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike | None = None,
        *,
        kinds: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
        protected: ArrayLike | None = None,
    ) -> Self:
        """Stage 1 on the rows with y = 0; stage 2 as well where some have y = 1."""

    @abstractmethod
    def fine_tune(
        self,
        X: ArrayLike,
        y: ArrayLike | None = None,
        *,
        kinds: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
        protected: ArrayLike | None = None,
    ) -> Self:
        """Stage 2 from stage 1: be told of known anomalies."""

    @abstractmethod
    def _stored_stage(
        self,
        records: Sequence[dict[str, Any]],
        arrays: Mapping[str, NDArray[Any]],
        prefix: str,
        shape: tuple[int, ...],
    ) -> tuple[Member, ...]:
        """Read the members of "stage1", then of "stage2", of a model file for rows of `shape`."""

    def stage1_score(self, X: ArrayLike) -> Floats:
        """Evidence of stage 1 alone, shape (N,), nats; the same bits before and after being told."""
        return join(self.stage1_, self._tensor(self._rows(X)))

    def stage2_score(self, X: ArrayLike) -> Floats:
        """Evidence of what was told alone, shape (N,), nats.

        Raises:
            ConfigError: The detector has not been told of anything.

        """
        rows = self._tensor(self._rows(X))
        if not self.stage2_:
            raise ConfigError("this detector has not been told of any anomaly; call fine_tune first")
        return join(self.stage2_, rows)

    def stage1_members(self) -> tuple[str, ...]:
        """Names of what stage 1 listens to: "reconstruction", and "neighbours" where asked for."""
        check_is_fitted(self)
        return tuple(member.name for member in self.stage1_)

    def member_score(self, X: ArrayLike, name: str) -> Floats:
        """Raw score of one member of stage 1, shape (N,), in its own units.

        Raises:
            ConfigError: There is no such member.

        """
        rows = self._tensor(self._rows(X))
        for member in self.stage1_:
            if member.name == name:
                return member.reader.rows(rows)
        raise ConfigError(unknown("member", name, self.stage1_members()))

    def voices(self, X: ArrayLike) -> Voices:
        """Return what each member says of each row, and what it added to the score."""
        rows = self._tensor(self._rows(X))
        return voices(self.stage1_, self.stage2_, self.handicap_, rows, self._joining())

    def set_trust(self, trust: float, joining: Joining | None = None) -> Self:
        """Change `trust`, and `joining` where one is given, after being told, without training again.

        Raises:
            DataError: The detector was loaded from a file, which carries no rows to measure the price on.

        """
        self.set_params(trust=trust, joining=joining or self.joining)
        self._check_settings()
        self._need_rows()
        self._calibrate()
        return self

    def hard_known(self, X: ArrayLike) -> NDArray[np.bool_]:
        """Known anomalies that stage 1 finds less strange than half of the normal rows, shape (N,).

        Telling of these can hurt other kinds (arXiv 2105.07346); consider leaving them out.
        """
        return self.stage1_score(X) < math.log(2.0)

    # -- training ----------------------------------------------------------------------------------------

    def _set_apart(self, normal: Floats, beside: Beside) -> tuple[Places, Places, Places]:
        """Fit the scaler; keep rows to watch and to calibrate with, and what stands beside all of them.

        Returns the places of the rows to watch, to calibrate with, and to learn from.
        """
        if self.scaling == "energies" and not self._image():
            raise ConfigError("scaling 'energies' is for event images; give image_shape=(C, H, W)")
        watch, test = self._held_out(len(normal), heaviest_of(beside))
        places = generator(self.seed, 3).permutation(len(normal))
        watched, tested, fitting = np.split(places, [watch, watch + test])
        self.scaler_: AnyScaler = self._fit_scaler(normal[fitting])
        self._watch, self._watch_beside = self._tensor(normal[watched]), beside.at(watched)
        self._test, self._test_beside = self._tensor(normal[tested]), beside.at(tested)
        self._beside = beside.at(fitting)
        return watched, tested, fitting

    def _fit_scaler(self, rows: Floats) -> AnyScaler:
        """Fit the scaler to the normal rows to learn from, shape (N, D)."""
        binary = None if self.schema_ is None else self.schema_.binary
        scaler: type[AnyScaler] = image_scaler(self.scaling) if self._image() else SCALINGS[self.scaling]
        return scaler.fit(rows, binary=binary)

    def _begin(self, stage1: tuple[Member, ...], rows: Tensor) -> None:
        """Take the members of stage 1, learned from scaled `rows`; nothing has been told."""
        self.stage1_, self.stage2_ = stage1, ()
        self.handicap_ = math.inf
        self.known_kinds_: dict[str, int] = {}
        self._rehearsal, self._beside = rows[:REHEARSAL], self._beside.at(slice(REHEARSAL))
        self._refuse_collapse()
        self._calibrate()

    def _refuse_collapse(self) -> None:
        """Raise where stage 1 gives one score to rows that differ."""
        scores = self.stage1_[0].reader.rows(self._test)
        refuse_collapse(scores, len(np.unique(self._test.flatten(1).numpy(), axis=0)))

    def _tell(self, readers: Mapping[str, Reader], known: int, kinds: NDArray[Any] | None) -> None:
        """Take the readers of stage 2, told of `known` rows of these kinds, and set their price."""
        share = 1.0 / max(1, len(readers))
        self.stage2_ = tuple(self._member(name, reader, share) for name, reader in readers.items())
        names = ["known"] * known if kinds is None else [str(kind) for kind in kinds]
        self.known_kinds_ = dict(sorted(Counter(names).items()))
        self._calibrate()

    def _member(self, name: str, reader: Reader, share: float) -> Member:
        return Member.fit(name, reader, self._watch, share, weights_of(self._watch_beside))

    def _fit_rows(
        self,
        X: ArrayLike,
        y: ArrayLike | None,
        sample_weight: ArrayLike | None,
        protected: ArrayLike | None,
    ) -> Given:
        """Return validated rows of `fit`; enough of them are normal."""
        self._check_settings()
        self.notes_: dict[str, Any] = {}
        rows = self._validated(X, reset=True)
        asked = self.decorrelate is not None
        given = read_given(rows, read_labels(y, len(rows)), sample_weight, protected, asked=asked)
        self._check_supply(int(given.normal.sum()), len(rows))
        return given

    def _told_rows(
        self,
        X: ArrayLike,
        y: ArrayLike | None,
        sample_weight: ArrayLike | None,
        protected: ArrayLike | None,
    ) -> Given:
        """Return validated rows of `fine_tune`; there may be none."""
        check_is_fitted(self)
        rows = self._rows(X) if len(X) else np.empty((0, len(self._feature_names())))  # type: ignore[arg-type]
        known = np.ones(len(rows), dtype=bool) if y is None else read_labels(y, len(rows))
        return read_given(rows, known, sample_weight, protected, asked=self.decorrelate is not None)

    def _rehearse(self, given: Given) -> None:
        """Rehearse these normal rows from now on, where there are any, with what stands beside them."""
        if given.normal.any():
            self._rehearsal = self._tensor(given.rows[given.normal])
            self._beside = given.beside.at(given.normal)

    def _need_rows(self) -> None:
        if not hasattr(self, "_watch"):
            raise DataError(
                "this detector was loaded from a file, which carries no rows; "
                "fit it again on normal rows and known anomalies together"
            )

    def _calibrate(self) -> None:
        """Set the price of what was told on the watched rows, and the threshold on rows never used before."""
        unaided = join(self.stage1_, self._watch)
        told = [member.own_evidence(self._watch) for member in self.stage2_]
        weights = weights_of(self._watch_beside)
        self.handicap_ = self._joining().handicap(unaided, told, self.trust, weights)
        self.calibration_ = Calibration.fit(self._joined(self._test), weights_of(self._test_beside))

    def _held_out(self, rows: int, heaviest: float) -> tuple[int, int]:
        """Rows to watch training with, and rows to calibrate the threshold with.

        A tenth each; more for calibration where the stated rate needs it (1 / rate rows vouch for a rate, as
        many times more as the heaviest row outweighs the mean), up to a third of all.
        """
        rate = DEFAULT_RATE if self.threshold is None else self.threshold.rate
        test = max(2, rows // 10, min(math.ceil(heaviest / max(rate, 1e-9)), rows // 3))
        watch = min(max(2, rows // 10), rows - test - 1)
        return watch, test

    def _seeds(self) -> list[int]:
        return [self.seed + 7919 * member for member in range(self.members)]

    # -- scoring -----------------------------------------------------------------------------------------

    def _score(self, rows: Floats) -> Floats:
        return self._joined(self._tensor(rows))

    def _joined(self, x: Tensor) -> Floats:
        scores = [member.reader.rows(x) for member in self.stage1_]
        told = [] if math.isinf(self.handicap_) else self._told(x, scores)
        return add_told(join_scores(self.stage1_, scores), told, self.handicap_, self._joining())

    def _told(self, x: Tensor, scores: Sequence[Floats]) -> list[Floats]:
        """Evidence of each member of stage 2 of rows whose raw scores in stage 1 are known, (N,) each."""
        return [member.own_evidence(x) for member in self.stage2_]

    def _joining(self) -> Joining:
        return self.joining or Beyond()

    def _explain(self, rows: Floats) -> Contributions:
        names, parts = explain_told(
            self.stage1_,
            self.stage2_,
            self.handicap_,
            self._tensor(rows),
            self._feature_names(),
            self._joining(),
        )
        if self.schema_ is None or self._image():
            return Contributions(names, parts)
        # one-hot words and parts of dates are added up to the column they came from
        columns = self.schema_.columns
        place = dict(zip(self.schema_.features, self.schema_.owner, strict=True))
        owner = [int(place.get(name, len(columns))) for name in names]
        totals = np.zeros((len(parts), len(columns) + 1))
        for column, part in zip(owner, parts.T, strict=True):
            totals[:, column] += part
        return Contributions(*_trimmed((*columns, "latent units"), totals))

    def _feature_names(self) -> tuple[str, ...]:
        if self.schema_ is not None:
            return self.schema_.features
        return tuple(self._column(place) for place in range(self.n_features_in_))

    def _tensor(self, rows: Floats) -> Tensor:
        scaled = torch.from_numpy(self.scaler_.transform(rows))
        shape = self._image()
        return scaled.reshape(len(rows), *shape) if shape else scaled

    def scaled(self, X: ArrayLike) -> Tensor:
        """Return rows as the networks see them: filled, encoded and scaled, shape (N, *input_shape)."""
        return self._tensor(self._rows(X))

    def unscaled(self, rows: Floats) -> Floats:
        """Return scaled rows (N, D) in their own units, flattened; words stay places among the features."""
        check_is_fitted(self)
        return self.scaler_.inverse(rows)

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Shape of one row as the networks see it: (D,) of features, or (C, H, W)."""
        check_is_fitted(self)
        width = self.n_features_in_ if self.schema_ is None else len(self.schema_.features)
        return self._image() or (width,)

    def feature_names(self) -> tuple[str, ...]:
        """Names of the features of one row, in order: those of the schema, of the columns, or x0, x1, ..."""
        check_is_fitted(self)
        return self._feature_names()

    @property
    def joining_name(self) -> str:
        """Class name of the way in which what was told joins."""
        return type(self._joining()).__name__

    @property
    def joining_keeps(self) -> float:
        """Share of the unaided evidence that stays in the score where something was told."""
        return self._joining().keeps

    def _image(self) -> tuple[int, int, int] | None:
        """(C, H, W) of rows that are images."""
        return self.image_shape or (None if self.schema_ is None else self.schema_.shape)

    # -- storage -----------------------------------------------------------------------------------------

    def state(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Return what was fitted as plain values and arrays; settings and training rows are not in it."""
        stage1, arrays1 = write_members(self.stage1_, "stage1")
        stage2, arrays2 = write_members(self.stage2_, "stage2")
        names = getattr(self, "feature_names_in_", None)
        fill = getattr(self, "fill_", None)
        document = {
            "width": int(self.n_features_in_),
            "names": None if names is None else [str(name) for name in names],
            "schema": None if self.schema_ is None else self.schema_.to_dict(),
            "stage1": stage1,
            "stage2": stage2,
            "handicap": None if math.isinf(self.handicap_) else self.handicap_,
            "known_kinds": self.known_kinds_,
            "traces": [asdict(trace) for trace in self.traces_],
            "scaler": type(self.scaler_).__name__,
            **self._own_state(),
        }
        scaler = {f"scaler.{name}": np.asarray(value) for name, value in asdict(self.scaler_).items()}
        arrays = {**arrays1, **arrays2, **scaler, **write_calibration(self.calibration_)}
        return document, arrays if fill is None else {**arrays, "fill": fill}

    def restore(self, document: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> None:
        """Take back what `state` returned.

        Raises:
            KeyError, TypeError, ValueError, UnseenError: The values do not make a detector; `unseen.load`
                turns all into a `ModelFileError`.

        """
        self.schema_ = None if document["schema"] is None else Schema.from_dict(document["schema"])
        self.n_features_in_ = int(document["width"])
        if document["names"] is not None:
            self.feature_names_in_ = read_names(document["names"], self.n_features_in_)
        if "fill" in arrays:
            self.fill_ = arrays["fill"]
        self.scaler_ = restored_scaler(document["scaler"], arrays)
        width = self.n_features_in_ if self.schema_ is None else len(self.schema_.features)
        shape = self._image() or (width,)
        if width != math.prod(shape):
            raise DataError(f"{width} features do not fill images of shape {shape}")
        self._check_settings()
        self._own_restore(document)
        self.stage1_ = self._stored_stage(document["stage1"], arrays, "stage1", shape)
        self.stage2_ = self._stored_stage(document["stage2"], arrays, "stage2", shape)
        self.handicap_ = math.inf if document["handicap"] is None else float(document["handicap"])
        self.calibration_ = read_calibration(arrays)
        self.known_kinds_ = {str(kind): int(count) for kind, count in document["known_kinds"].items()}
        self.traces_ = [Trace(**trace) for trace in document["traces"]]
        # a row of zeros must pass: arrays that do not fit each other are found now, not at the first score
        self._score(np.zeros((1, width)))

    def _own_state(self) -> dict[str, Any]:
        """Return what a subclass has fitted beyond the members, as plain values."""
        return {}

    def _own_restore(self, document: Mapping[str, Any]) -> None:
        """Take back what `_own_state` returned."""

    # -- checks ------------------------------------------------------------------------------------------

    def _check_settings(self) -> None:
        """Refuse settings out of range."""
        if not 0.0 < self.trust < 1.0:
            raise ConfigError(f"trust {self.trust!r} came; accepted: between 0 and 1, e.g. 0.2")
        if self.members < 1:
            raise ConfigError(f"members {self.members!r} came; accepted: 1 or more")
        if self.scaling not in SCALINGS:
            raise ConfigError(unknown("scaling", self.scaling, SCALINGS))

    def _check_supply(self, normal: int, rows: int) -> None:
        if normal == 0:
            raise DataError(
                f"all rows (n_samples = {rows}) are known anomalies, y = 1; normal rows (y = 0) are needed"
            )
        if normal < TOO_FEW_ROWS:
            raise DataError(
                f"{normal} normal rows came (n_samples = {normal}); a minimum of {TOO_FEW_ROWS} is required, "
                f"{FEW_ROWS} or more are advised"
            )
        if normal < FEW_ROWS:
            warnings.warn(
                f"{normal} normal rows came; below {FEW_ROWS} the scores and p-values mean little",
                GuardWarning,
                stacklevel=4,
            )


def fitted_plan(plan: Plan, rows: int) -> Plan:
    """Shorten a plan on small data: no more than 400 epochs."""
    per_epoch = max(1, rows // min(plan.batch, rows))
    return replace(plan, steps=min(plan.steps, 400 * per_epoch))


def _trimmed(names: tuple[str, ...], values: Floats) -> tuple[tuple[str, ...], Floats]:
    """Leave out the last column where nothing is in it."""
    return (names, values) if values[:, -1].any() else (names[:-1], values[:, :-1])
