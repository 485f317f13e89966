"""The aware detector: an auto-encoder that learned normal rows, then was told of a few anomalies."""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from unseen.data.scale import Scaling
from unseen.data.schema import Missing
from unseen.detectors.committee import Member
from unseen.detectors.given import Given
from unseen.detectors.readers import Nearness, Neighbouring, Reader, Reconstructing
from unseen.detectors.stored import bank_of, read_members
from unseen.detectors.telling import Joining
from unseen.detectors.two_stage import REHEARSAL, TwoStage, fitted_plan
from unseen.errors import ConfigError
from unseen.models.choices import AnyModel
from unseen.models.neighbours import Neighbours
from unseen.models.network import Network
from unseen.models.vae import VAE
from unseen.objectives import Abc, Awareness
from unseen.scores import Reconstruction, Score
from unseen.seeds import seeded
from unseen.thresholds import Threshold
from unseen.training.augment import Symmetries
from unseen.training.beside import Beside
from unseen.training.decorrelation import DisCo
from unseen.training.guards import Forgetting
from unseen.training.loop import Plan
from unseen.training.stages import TUNE, become_aware, learn_normal

Floats = NDArray[np.float64]


class AwareDetector(TwoStage):
    """Anomaly Awareness on an auto-encoder, never far below its unaided self.

    Stage 1 learns to reconstruct normal rows. Stage 2 continues from there on normal rows and the few known
    anomalies, whose reconstruction is repelled by a bounded loss. Both stages are kept. Their scores become
    evidence in nats (-ln of the tail probability among held-out normal rows), and what was told is added to
    what was learned unaided beyond a handicap c,

        score = e1 + sum over told members of max(0, e_m - c).

    The score is never below e1, and c is set on held-out normal rows so that, on them, telling causes at most
    the share `trust` of the false alarms. Fresh rows pay about that at rates those rows resolve, and can pay
    a multiple of it at rates they do not (see `unseen.detectors.telling`).

    Args:
        model: `VAE(...)`, `AutoEncoder(...)`, or of event images one of `unseen.models.choices`; None is a
            `VAE` with defaults.
        awareness: Loss on known anomalies, see `unseen.objectives`; None is `Abc()`, bounded.
        row_score: How a pass is read, see `unseen.scores`; None is `Reconstruction()`.
        threshold: What raises an alarm, see `unseen.thresholds`; None is a false-alarm rate of 1 %.
        trust: Largest share of the false alarms on held-out rows that may be due to what was told, 0 to 1.
        joining: How what was told joins what was learned unaided: None is `Beyond()`; `Shared()` for kinds
            that resemble each other, see `unseen.detectors.telling`.
        members: Networks trained side by side whose scores are averaged.
        learn, tune: How long stage 1 and stage 2 train.
        guard: How much worse stage 2 may reconstruct normal rows before it is stopped; None is
            `Forgetting()`, which is to be widened where anomalies overlap with normal rows.
        trim: Share of unlabelled anomalies expected among the normal rows (their largest losses are left
            out of the second half of stage 1); 0 trains on all.
        neighbours: `Neighbours(...)` adds the distance to a bank of normal rows as a second member of stage
            1, and nearness to the known anomalies as a second member of stage 2; None does without. With
            the share 1 they are the only ones, and no network is trained.
        decorrelate: `DisCo(weight=...)` punishes networks whose errors follow the variable `protected` that
            is given to `fit`; None does not. It does not reach `neighbours`, which is not trained.
        scaling: "standard" (see `unseen.data.scale.Scaler`) or "quantiles", each feature mapped to a normal
            distribution (`Quantiles`), for columns whose units mean little; images have neither. Event
            images in GeV have "energies", ln(1 + E) (`Energies`).
        missing: "error" refuses missing values, "median" fills them with the median of training.
        image_shape: (C, H, W) of rows that are flattened images; None for tables.
        augment: `Symmetries(...)` rolls and mirrors batches of event images in training; None does not.
        seed: Same seed, same data, same machine: same scores, bit for bit.

    Attributes:
        stage1_, stage2_: Members of the committee: learned unaided, and from what was told (empty before).
        handicap_: c in nats; infinite before being told, or where the held-out rows are too few to afford
            any.
        calibration_: Anomaly scores of held-out normal rows that took no part in training.
        traces_: Held-out losses during training, one `Trace` a member and stage.
        known_kinds_: Number of told rows of each kind.
        n_features_in_: Width of X.
        notes_: What the caller wants a model file to remember, JSON values or arrays; empty after `fit`.

    Raises:
        DataError: Labels other than 0 and 1, no normal row, rows that are not finite or not as wide as in
            training.
        TrainingError: The scores collapsed.

    Fails where anomalies are easier to reconstruct than normal rows (a simpler class seen by a model of a
    complex one, arXiv 2104.09051): compare both directions.

    Reference: Strengthening Anomaly Awareness, arXiv 2504.11520; the bounded loss: arXiv 1903.10709.

    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(600, 4))
    >>> detector = AwareDetector(seed=0).fit(X)
    >>> bool(detector.anomaly_score([[9, 9, -9, 9]]) > detector.anomaly_score([[0, 0, 0, 0]]))
    True

    """

    def __init__(
        self,
        model: AnyModel | None = None,
        *,
        awareness: Awareness | None = None,
        row_score: Score | None = None,
        threshold: Threshold | None = None,
        trust: float = 0.1,
        joining: Joining | None = None,
        members: int = 1,
        learn: Plan | None = None,
        tune: Plan | None = None,
        guard: Forgetting | None = None,
        trim: float = 0.0,
        neighbours: Neighbours | None = None,
        decorrelate: DisCo | None = None,
        scaling: Scaling = "standard",
        missing: Missing = "error",
        image_shape: tuple[int, int, int] | None = None,
        augment: Symmetries | None = None,
        seed: int = 0,
    ) -> None:
        self.model = model
        self.awareness = awareness
        self.row_score = row_score
        self.threshold = threshold
        self.trust = trust
        self.joining = joining
        self.members = members
        self.learn = learn
        self.tune = tune
        self.guard = guard
        self.trim = trim
        self.neighbours = neighbours
        self.decorrelate = decorrelate
        self.scaling = scaling
        self.missing = missing
        self.image_shape = image_shape
        self.augment = augment
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
            sample_weight: Event weights, finite and not negative, shape (N,); None or all equal means none.
                Only their ratios matter, among normal rows and among known anomalies apart; rows of weight
                0 are left out. Losses, held-out choices, evidence and p-values are weighted.
            protected: Values of the variable that `decorrelate` is about, shape (N,), finite where y = 0.

        """
        given = self._fit_rows(X, y, sample_weight, protected)
        self._learn_normal(given.rows[given.normal], given.beside.at(given.normal))
        if given.told.any():
            self._become_aware(given, kinds)
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
        """Stage 2 from stage 1: be told of known anomalies.

        Args:
            X: Rows (K, D). Without `y` all are known anomalies, and normal rows are rehearsed from `fit`.
                No row at all is the zero-label control: as many steps, no label.
            y: 0 and 1 as in `fit`; rows with 0 are rehearsed instead of those of `fit`.
            kinds: As in `fit`, shape (K,).
            sample_weight, protected: As in `fit`, shape (K,); `protected` is needed where rows have y = 0.

        Raises:
            DataError: The detector was loaded from a file, which carries no rows to watch training with.

        """
        given = self._told_rows(X, y, sample_weight, protected)
        self._rehearse(given)
        self._become_aware(given, kinds)
        return self

    def every_score(self, X: ArrayLike) -> dict[str, Floats]:
        """Each score that stage 1 listens to, or has beside it (`Combined`), in its own units, shape (N,).

        A plain `row_score` gives one entry. Directions are those of the scores: higher is stranger.
        """
        names, values = self._reconstructing().each(self._tensor(self._rows(X)))
        return dict(zip(names, values.T, strict=True))

    # -- training ------------------------------------------------------------------------------------

    def _learn_normal(self, normal: Floats, beside: Beside) -> None:
        model = self.model or VAE()
        _, _, fitting = self._set_apart(normal, beside)
        rows = self._tensor(normal[fitting])
        plan = fitted_plan(self.learn or Plan(), len(rows))
        networks, self.traces_ = [], []
        for seed in () if self._alone() else self._seeds():
            with seeded(seed):
                network = model.build(tuple(rows.shape[1:]))
            self.traces_.append(
                learn_normal(
                    network,
                    rows,
                    self._watch,
                    beta=model.beta,
                    plan=plan,
                    trim=self.trim,
                    seed=seed,
                    beside=self._beside,
                    watched=self._watch_beside,
                    decorrelate=self.decorrelate,
                    augment=self.augment,
                )
            )
            networks.append(network)
        self._begin(self._unaided(networks, rows), rows)

    def _unaided(self, networks: list[Network], rows: Tensor) -> tuple[Member, ...]:
        """Members of stage 1: the networks, and the bank of normal rows where one is asked for."""
        members = []
        share = 0.0 if self.neighbours is None else self.neighbours.share
        if self.neighbours is not None:
            bank = Neighbouring(self.neighbours.fit(rows, seed=self.seed, weights=self._beside.factors))
            members.append(self._member("neighbours", bank, share))
        if networks:
            factors = self._watch_beside.factors
            score = self.row_score or Reconstruction()
            reading = Reconstructing.fit(networks, score, self._watch, factors, rows[:REHEARSAL])
            members.append(self._member("reconstruction", reading, 1.0 - share))
        return tuple(members)

    def _become_aware(self, given: Given, kinds: ArrayLike | None) -> None:
        self._need_rows()
        told = self._tensor(given.rows[given.told])
        readers: dict[str, Reader] = {}
        if not self._alone():
            readers["aware reconstruction"] = self._tuned(given, told)
        bank = bank_of(self.stage1_)
        if self.neighbours is not None and bank is not None and len(told):
            readers["nearness to known"] = Nearness(bank, self.neighbours.kept(bank.encode(told)))
        self._tell(readers, len(told), given.told_kinds(kinds))

    def _tuned(self, given: Given, told: Tensor) -> Reconstructing:
        """Networks of stage 1, tuned to reconstruct what was told badly."""
        model = self.model or VAE()
        plan = fitted_plan(self.tune or TUNE, len(self._rehearsal))
        reading = self._reconstructing()
        tuned = [copy.deepcopy(network) for network in reading.networks]
        del self.traces_[len(tuned) :]  # told again, stage 2 starts over, and so does its record
        for network, tau, seed in zip(tuned, reading.tau, self._seeds(), strict=True):
            self.traces_.append(
                become_aware(
                    network,
                    self._rehearsal,
                    told,
                    self._watch,
                    awareness=self.awareness or Abc(),
                    beta=model.beta,
                    tau=tau,
                    plan=plan,
                    seed=seed,
                    forgetting=self.guard,
                    beside=self._beside,
                    watched=self._watch_beside,
                    told_beside=given.beside.at(given.told),
                    decorrelate=self.decorrelate,
                    augment=self.augment,
                )
            )
        watching = self._watch_beside.factors
        return Reconstructing.fit(tuned, reading.score, self._watch, watching, self._rehearsal)

    def _alone(self) -> bool:
        """Whether neighbours have the whole budget, so that a network would have no say."""
        return self.neighbours is not None and self.neighbours.share == 1.0

    def _reconstructing(self) -> Reconstructing:
        for member in self.stage1_:
            if isinstance(member.reader, Reconstructing):
                return member.reader
        raise ConfigError(
            "this detector has no network: its neighbours have the share 1; accepted here: below 1"
        )

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
            build=lambda: (self.model or VAE()).build(shape),
            score=self.row_score or Reconstruction(),
            neighbours=self.neighbours,
            stage1=() if prefix == "stage1" else self.stage1_,
        )

    def _check_settings(self) -> None:
        super()._check_settings()
        if not 0.0 <= self.trim < 0.5:
            raise ConfigError(f"trim {self.trim!r} came; accepted: at least 0 and below 0.5, e.g. 0.02")
