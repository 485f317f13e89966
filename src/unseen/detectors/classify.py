"""The aware classifier: it tells normal classes apart, and was told to be sure of none on known anomalies."""

from __future__ import annotations

import copy
import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from inspect import signature
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor, nn

from unseen.class_scores import ClassScore, Uniformity
from unseen.data.scale import Scaling
from unseen.data.schema import Missing
from unseen.detectors.class_labels import Grouping, Names, coded, learnable, read_classes
from unseen.detectors.classifying import Classifying
from unseen.detectors.committee import Member
from unseen.detectors.given import Given
from unseen.detectors.stored import read_members
from unseen.detectors.telling import Joining
from unseen.detectors.two_stage import REHEARSAL, Places, TwoStage, fitted_plan
from unseen.errors import ConfigError, ModelFileError
from unseen.models.classifier import Backbone, Classifier
from unseen.objectives import ClassAwareness, Uniform
from unseen.seeds import seeded
from unseen.thresholds import Threshold
from unseen.training.beside import Beside
from unseen.training.classes import become_unsure, learn_classes
from unseen.training.decorrelation import DisCo
from unseen.training.loop import Plan
from unseen.training.stages import TUNE, GuardWarning

Floats = NDArray[np.float64]

# Accuracy lost on being told that is worth a warning.
POINT = 0.01


@dataclass(frozen=True)
class Accuracy:
    """Share of held-out normal rows put in their class; these rows took no part in training or choosing.

    Attributes:
        before: By stage 1.
        after: By stage 2; None before being told.

    """

    before: float
    after: float | None = None


class AwareClassifier(TwoStage):
    """Anomaly Awareness in its original form: a classifier of k normal classes, unsure of known anomalies.

    Stage 1 learns to tell the normal classes apart. Stage 2 continues from there with a second term,

        L = mean_normal CE(class, p) + lambda * mean_known CE(uniform, p),

    so that p is near 1/k on known anomalies, and, that is the hope, on others. A row is strange where no
    class is likely. Both stages are kept, and joined as in `AwareDetector`: the score is never below that of
    stage 1, and being told costs at most the share `trust` of the false alarms on held-out rows.
    `stage2_score` orders rows by the published score, that of the aware network alone. With few held-out
    rows, or where stage 1 is sure of what was told, it finds that kind better than the joined score.

    Use it where normal rows have known classes and an anomaly is a row between or outside them in kind. A
    classifier can be sure of a row far from everything it has seen; where that matters, use `AwareDetector`.

    Args:
        model: `Classifier(...)`, or anything with `build(shape, classes)` that returns a torch module from
            rows to logits; only registered models can be saved. None is `Classifier()`.
        awareness: Loss on known anomalies; None is `Uniform(0.5)`.
        row_score: How logits are read, see `unseen.class_scores`; None is `Uniformity()`.
        threshold, trust, joining, members, scaling, missing, image_shape, seed: As in `AwareDetector`.
        groups: Classes to make by k-means where `fit` is given none.
        smoothing: Share of the target of stage 1 that is spread evenly over the classes, 0 to below 1.
        learn, tune: How long stage 1 and stage 2 train; by Adam, see `unseen.training.classes`.
        decorrelate: `DisCo(weight=...)` punishes networks whose uniformity, the cross entropy between the
            uniform distribution and p, follows the variable `protected` that is given to `fit` among normal
            rows; None does not. Where the classes themselves differ in that variable, the two pull apart.

    Attributes:
        classes_: Names or integers of the classes, sorted, shape (k,).
        accuracy_: Accuracy on held-out normal rows before and after being told.
        stage1_, stage2_, handicap_, calibration_, traces_, known_kinds_, n_features_in_, notes_: As in
            `AwareDetector`; traces hold the cross entropy.

    Raises:
        DataError: As in `AwareDetector`; also fewer than two classes.
        ConfigError: The model does not return one logit a class.

    Reference: Anomaly Awareness, arXiv 2007.14462; the same loss: outlier exposure, arXiv 1812.04606.

    >>> rng = np.random.default_rng(0)
    >>> classes = np.repeat(["left", "right"], 300)
    >>> X = rng.normal(size=(600, 3)) + np.where(classes == "left", -4, 4)[:, None] * [1, 0, 0]
    >>> detector = AwareClassifier(seed=0).fit(X, classes=classes)
    >>> bool(detector.anomaly_score([[0, 0, 0]]) > detector.anomaly_score([[4, 0, 0]]))
    True
    >>> detector.predict_class([[-4, 0, 0], [4, 0, 0]]).tolist()
    ['left', 'right']

    """

    def __init__(
        self,
        model: Backbone | None = None,
        *,
        awareness: ClassAwareness | None = None,
        row_score: ClassScore | None = None,
        threshold: Threshold | None = None,
        trust: float = 0.1,
        joining: Joining | None = None,
        members: int = 1,
        groups: int = 3,
        smoothing: float = 0.0,
        learn: Plan | None = None,
        tune: Plan | None = None,
        decorrelate: DisCo | None = None,
        scaling: Scaling = "standard",
        missing: Missing = "error",
        image_shape: tuple[int, int, int] | None = None,
        seed: int = 0,
    ) -> None:
        self.model = model
        self.awareness = awareness
        self.row_score = row_score
        self.threshold = threshold
        self.trust = trust
        self.joining = joining
        self.members = members
        self.groups = groups
        self.smoothing = smoothing
        self.learn = learn
        self.tune = tune
        self.decorrelate = decorrelate
        self.scaling = scaling
        self.missing = missing
        self.image_shape = image_shape
        self.seed = seed

    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike | None = None,
        *,
        kinds: ArrayLike | None = None,
        classes: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
        protected: ArrayLike | None = None,
    ) -> Self:
        """Stage 1 on the rows with y = 0; stage 2 as well where some have y = 1.

        Args:
            X: Rows (N, D).
            y: 0 normal, 1 known anomaly, shape (N,); None means all 0.
            kinds: Name of the kind of each row, used where y = 1 for reports, shape (N,).
            classes: Name or integer of the class of each row, used where y = 0, shape (N,). Without it the
                normal rows are grouped by k-means, with a warning: a stand-in for tools that know no classes.
            sample_weight: As in `AwareDetector.fit`; the accuracy is weighted too, k-means is not.
            protected: As in `AwareDetector.fit`.

        """
        given = self._fit_rows(X, y, sample_weight, protected)
        if classes is None:
            warnings.warn(
                f"no classes came, so the normal rows are grouped into {self.groups} by k-means; "
                "name their classes, or use AwareDetector where they have none",
                GuardWarning,
                stacklevel=2,
            )
        names = None if classes is None else read_classes(classes, given.normal)
        self._learn_classes(given.rows[given.normal], names, given.beside.at(given.normal))
        if given.told.any():
            self._become_aware(given, kinds)
        return self

    def fine_tune(
        self,
        X: ArrayLike,
        y: ArrayLike | None = None,
        *,
        kinds: ArrayLike | None = None,
        classes: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
        protected: ArrayLike | None = None,
    ) -> Self:
        """Stage 2 from stage 1: be told of known anomalies.

        Args:
            X: Rows (K, D). Without `y` all are known anomalies, and normal rows are rehearsed from `fit`.
                No row at all is the zero-label control: as many steps, no label.
            y: 0 and 1 as in `fit`; rows with 0 are rehearsed instead of those of `fit`, and need `classes`.
            kinds, classes, sample_weight: As in `fit`, shape (K,).
            protected: As in `fit`, shape (K,); needed where rows have y = 0.

        Raises:
            DataError: The detector was loaded from a file, which carries no rows to watch training with; or a
                class that was not learned.

        """
        given = self._told_rows(X, y, sample_weight, protected)
        self._need_rows()
        if given.normal.any():
            codes = self._codes(self._tensor(given.rows[given.normal]), classes, given.normal)
            self._rehearsal_classes = torch.from_numpy(codes)
            self._rehearse(given)
        self._become_aware(given, kinds)
        return self

    def predict_proba(self, X: ArrayLike) -> Floats:
        """Probability of each class of `classes_`, shape (N, k); of the aware network where one was told."""
        x = self._tensor(self._rows(X))
        return self._reader(self.stage2_ or self.stage1_).probabilities(x)

    def predict_class(self, X: ArrayLike) -> NDArray[Any]:
        """Return the likeliest class of each row, shape (N,), as `classes_` names it."""
        return np.asarray(self.classes_[self.predict_proba(X).argmax(1)])

    def class_score(self, X: ArrayLike) -> Floats:
        """Return the published score of each row, shape (N,), in its own units; of the aware network if told.

        With one member it orders rows as `stage2_score` does, or as `stage1_score` before being told.
        """
        x = self._tensor(self._rows(X))
        return self._reader(self.stage2_ or self.stage1_).published(x)

    def set_row_score(self, row_score: ClassScore | None) -> Self:
        """Read the logits in another way, without training again.

        Raises:
            DataError: The detector was loaded from a file, which carries no rows to calibrate on.

        """
        self._need_rows()
        self.set_params(row_score=row_score)
        self.stage1_, self.stage2_ = self._reread(self.stage1_), self._reread(self.stage2_)
        self._calibrate()
        return self

    # -- training ------------------------------------------------------------------------------------

    def _learn_classes(self, normal: Floats, names: Names | None, beside: Beside) -> None:
        watched, tested, fitting = self._set_apart(normal, beside)
        rows = self._tensor(normal[fitting])
        codes = self._named(self._tensor(normal), names, fitting)
        self._watch_classes, self._test_classes = codes[watched], codes[tested]
        classes = codes[fitting]
        plan = fitted_plan(self.learn or Plan(), len(rows))
        networks, self.traces_ = [], []
        for seed in self._seeds():
            with seeded(seed):
                network = self._network(rows)
            trace = learn_classes(
                network,
                rows,
                classes,
                self._watch,
                self._watch_classes,
                plan=plan,
                seed=seed,
                smoothing=self.smoothing,
                beside=self._beside,
                watched=self._watch_beside,
                decorrelate=self.decorrelate,
            )
            self.traces_.append(trace)
            networks.append(network)
        self._rehearsal_classes = classes[:REHEARSAL]
        reading = Classifying(tuple(networks), self.row_score or Uniformity())
        self._begin((self._member("classes", reading, 1.0),), rows)
        self.accuracy_ = Accuracy(self._accuracy(reading))
        largest = float(self._shares().max())
        if self.accuracy_.before <= largest:
            self.traces_[-1].note(
                f"stage 1 puts {self.accuracy_.before:.1%} of held-out normal rows in their class, no more "
                f"than the largest class has ({largest:.1%}); train longer, or see whether the classes differ"
            )

    def _named(self, normal: Tensor, names: Names | None, fitting: Places) -> Tensor:
        """Learn which classes there are; return the class of each normal row."""
        self.classes_: NDArray[Any]
        self._grouping = Grouping.fit(normal, self.groups, self.seed) if names is None else None
        if self._grouping is not None:
            self.classes_ = np.arange(len(self._grouping.centres))
            return torch.from_numpy(self._grouping.codes(normal))
        assert names is not None  # noqa: S101 - otherwise grouped
        self.classes_ = learnable(names, fitting)
        return torch.from_numpy(coded(names, self.classes_))

    def _codes(self, normal: Tensor, classes: ArrayLike | None, mask: NDArray[np.bool_]) -> Names:
        """Classes of normal rows that came later."""
        if classes is not None:
            return coded(read_classes(classes, mask), self.classes_)
        if self._grouping is None:
            raise ConfigError("normal rows (y = 0) came without their classes; pass classes=, one a row")
        return self._grouping.codes(normal)

    def _network(self, rows: Tensor) -> nn.Module:
        """Return a fresh network that gives one logit a class."""
        network = (self.model or Classifier()).build(tuple(rows.shape[1:]), len(self.classes_)).eval()
        with torch.no_grad():
            shape = tuple(network(rows[:2]).shape)
        if shape != (len(rows[:2]), len(self.classes_)):
            raise ConfigError(
                f"the model turns {len(rows[:2])} rows into a tensor of shape {shape}; accepted: one logit "
                f"for each of the {len(self.classes_)} classes, shape ({len(rows[:2])}, {len(self.classes_)})"
            )
        return network

    def _become_aware(self, given: Given, kinds: ArrayLike | None) -> None:
        self._need_rows()
        told, reading = self._tensor(given.rows[given.told]), self._reader(self.stage1_)
        plan = fitted_plan(self.tune or TUNE, len(self._rehearsal))
        tuned = [copy.deepcopy(network) for network in reading.networks]
        del self.traces_[len(tuned) :]  # told again, stage 2 starts over, and so does its record
        for network, seed in zip(tuned, self._seeds(), strict=True):
            trace = become_unsure(
                network,
                self._rehearsal,
                self._rehearsal_classes,
                told,
                self._watch,
                self._watch_classes,
                awareness=self.awareness or Uniform(),
                plan=plan,
                seed=seed,
                beside=self._beside,
                watched=self._watch_beside,
                told_beside=given.beside.at(given.told),
                decorrelate=self.decorrelate,
            )
            self.traces_.append(trace)
        aware = replace(reading, networks=tuple(tuned))
        self._tell({"aware classes": aware}, len(told), given.told_kinds(kinds))
        self.accuracy_ = Accuracy(self.accuracy_.before, self._accuracy(aware))
        if self.accuracy_.before - self._accuracy(aware) > POINT:
            self.traces_[-1].note(
                f"being told lowered the accuracy on held-out normal rows from {self.accuracy_.before:.1%} "
                f"to {self.accuracy_.after:.1%}; lower the weight of the awareness loss, or tune for less"
            )

    def _accuracy(self, reading: Classifying) -> float:
        right = reading.probabilities(self._test).argmax(1) == self._test_classes.numpy()
        factors = self._test_beside.factors
        return float(right.mean() if factors is None else np.average(right, weights=factors.numpy()))

    def _shares(self) -> Floats:
        """Share of the calibration rows, or of their weight, that each class has, shape (k,)."""
        factors = self._test_beside.factors
        counts = np.bincount(self._test_classes.numpy(), None if factors is None else factors.numpy())
        return np.asarray(counts / counts.sum())

    @staticmethod
    def _reader(members: Sequence[Member]) -> Classifying:
        return next(m.reader for m in members if isinstance(m.reader, Classifying))

    def _reread(self, members: Sequence[Member]) -> tuple[Member, ...]:
        """Members whose logits are read by the present score."""
        score = self.row_score or Uniformity()
        return tuple(self._member(m.name, replace(self._reader([m]), score=score), m.share) for m in members)

    # -- storage and checks --------------------------------------------------------------------------

    def _own_state(self) -> dict[str, Any]:
        return {"classes": self.classes_.tolist(), "accuracy": asdict(self.accuracy_)}

    def _own_restore(self, document: Mapping[str, Any]) -> None:
        classes = document["classes"]
        of_one_type = isinstance(classes, list) and {type(name) for name in classes} in ({str}, {int})
        if not of_one_type or sorted(set(classes)) != classes or len(classes) < 2:
            raise ModelFileError("the classes are not a sorted list of two or more names or integers")
        self.classes_ = np.array(classes)
        before, after = document["accuracy"]["before"], document["accuracy"]["after"]
        self.accuracy_ = Accuracy(float(before), None if after is None else float(after))

    def _stored_stage(
        self,
        records: Sequence[dict[str, Any]],
        arrays: Mapping[str, NDArray[Any]],
        prefix: str,
        shape: tuple[int, ...],
    ) -> tuple[Member, ...]:
        count = len(self.classes_)
        return read_members(
            records,
            arrays,
            prefix,
            width=math.prod(shape),
            build=lambda: (self.model or Classifier()).build(shape, count),
            score=self.row_score or Uniformity(),
        )

    def _check_settings(self) -> None:
        super()._check_settings()
        if self.groups < 2:
            raise ConfigError(f"groups {self.groups!r} came; accepted: 2 or more")
        if not 0.0 <= self.smoothing < 1.0:
            raise ConfigError(
                f"smoothing {self.smoothing!r} came; accepted: at least 0 and below 1, e.g. 0.1"
            )
        try:
            signature((self.model or Classifier()).build).bind((1,), 2)
        except (AttributeError, TypeError) as error:
            raise ConfigError(
                f"model {self.model!r} came; accepted: Classifier(...) or what else has build(shape, classes)"
            ) from error
