"""The aware detector: an auto-encoder that learned normal rows, then was told of a few anomalies."""

from __future__ import annotations

import copy
import math
import warnings
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, replace
from functools import partial
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import check_is_fitted
from torch import Tensor

from unseen.data.scale import SCALINGS, AnyScaler, Pixels, Scaling, restored_scaler
from unseen.data.schema import Missing, Schema
from unseen.detectors.committee import Member, join
from unseen.detectors.detector import DEFAULT_RATE, Contributions, Detector, read_labels
from unseen.detectors.readers import Nearness, Neighbouring, Reader, Reconstructing
from unseen.detectors.stored import bank_of, read_members, read_names, write_members
from unseen.detectors.telling import add_told, explain_told, handicap_for
from unseen.errors import ConfigError, DataError, unknown
from unseen.models.autoencoder import AutoEncoder
from unseen.models.neighbours import Neighbours
from unseen.models.network import Network
from unseen.models.vae import VAE
from unseen.objectives import Abc, Awareness
from unseen.scores import Reconstruction, Score
from unseen.seeds import generator, seeded
from unseen.thresholds import Calibration, Threshold
from unseen.training.guards import refuse_collapse
from unseen.training.loop import Plan
from unseen.training.stages import TUNE, GuardWarning, Trace, become_aware, learn_normal

Floats = NDArray[np.float64]

# Normal rows below which quantiles and p-values say little; below the second number fitting is refused.
FEW_ROWS, TOO_FEW_ROWS = 50, 5
# Normal rows kept to rehearse on when the detector is told of anomalies later.
REHEARSAL = 50_000


class AwareDetector(Detector):
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
        model: `VAE(...)` or `AutoEncoder(...)`; None is a `VAE` with defaults.
        awareness: Loss on known anomalies, see `unseen.objectives`; None is `Abc()`, bounded.
        row_score: How a pass is read, see `unseen.scores`; None is `Reconstruction()`.
        threshold: What raises an alarm, see `unseen.thresholds`; None is a false-alarm rate of 1 %.
        trust: Largest share of the false alarms on held-out rows that may be due to what was told, 0 to 1.
        members: Networks trained side by side whose scores are averaged.
        learn, tune: How long stage 1 and stage 2 train.
        trim: Share of unlabelled anomalies expected among the normal rows (their largest losses are left
            out of the second half of stage 1); 0 trains on all.
        neighbours: `Neighbours(...)` adds the distance to a bank of normal rows as a second member of stage
            1, and nearness to the known anomalies as a second member of stage 2; None does without.
        scaling: "standard" (see `unseen.data.scale.Scaler`) or "quantiles", each feature mapped to a normal
            distribution (`Quantiles`), for columns whose units mean little; images have neither.
        missing: "error" refuses missing values, "median" fills them with the median of training.
        image_shape: (C, H, W) of rows that are flattened images; None for tables.
        seed: Same seed, same data, same machine: same scores, bit for bit.

    Attributes:
        stage1_, stage2_: Members of the committee: learned unaided, and from what was told (empty before).
        handicap_: c in nats; infinite before being told, or where the held-out rows are too few to afford
            any.
        calibration_: Anomaly scores of held-out normal rows that took no part in training.
        traces_: Held-out losses during training, one `Trace` a member and stage.
        known_kinds_: Number of told rows of each kind.
        n_features_in_: Width of X.
        notes_: Whatever the caller wants a model file to remember, as JSON values; empty after `fit`.

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
        model: VAE | AutoEncoder | None = None,
        *,
        awareness: Awareness | None = None,
        row_score: Score | None = None,
        threshold: Threshold | None = None,
        trust: float = 0.1,
        members: int = 1,
        learn: Plan | None = None,
        tune: Plan | None = None,
        trim: float = 0.0,
        neighbours: Neighbours | None = None,
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
        self.members = members
        self.learn = learn
        self.tune = tune
        self.trim = trim
        self.neighbours = neighbours
        self.scaling = scaling
        self.missing = missing
        self.image_shape = image_shape
        self.seed = seed

    def fit(self, X: ArrayLike, y: ArrayLike | None = None, *, kinds: ArrayLike | None = None) -> Self:
        """Stage 1 on the rows with y = 0; stage 2 as well where some have y = 1.

        Args:
            X: Rows (N, D).
            y: 0 normal or unlabelled, 1 known anomaly, shape (N,); None means all 0.
            kinds: Name of the kind of each row, used where y = 1 for reports, shape (N,).

        """
        self._check_settings()
        self.notes_: dict[str, Any] = {}
        rows = self._validated(X, reset=True)
        known = read_labels(y, len(rows))
        normal = rows[~known]
        self._check_supply(len(normal), len(rows))
        self._learn_normal(normal)
        if known.any():
            self._become_aware(rows[known], None if kinds is None else np.asarray(kinds)[known])
        return self

    def fine_tune(self, X: ArrayLike, y: ArrayLike | None = None, *, kinds: ArrayLike | None = None) -> Self:
        """Stage 2 from stage 1: be told of known anomalies.

        Args:
            X: Rows (K, D). Without `y` all are known anomalies, and normal rows are rehearsed from `fit`.
                No row at all is the zero-label control: as many steps, no label.
            y: 0 and 1 as in `fit`; rows with 0 are rehearsed instead of those of `fit`.
            kinds: As in `fit`, shape (K,).

        Raises:
            DataError: The detector was loaded from a file, which carries no rows to watch training with.

        """
        check_is_fitted(self)
        rows = self._rows(X) if len(X) else np.empty((0, len(self._feature_names())))  # type: ignore[arg-type]
        known = np.ones(len(rows), dtype=bool) if y is None else read_labels(y, len(rows))
        if (~known).any():
            self._rehearsal = self._tensor(rows[~known])
        self._become_aware(rows[known], None if kinds is None else np.asarray(kinds)[known])
        return self

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

    def set_trust(self, trust: float) -> Self:
        """Change `trust` after being told, without training again.

        Raises:
            DataError: The detector was loaded from a file, which carries no rows to measure the price on.

        """
        self.set_params(trust=trust)
        self._check_settings()
        self._need_rows()
        self._calibrate()
        return self

    def hard_known(self, X: ArrayLike) -> NDArray[np.bool_]:
        """Known anomalies that stage 1 finds less strange than half of the normal rows, shape (N,).

        Telling of these can hurt other kinds (arXiv 2105.07346); consider leaving them out.
        """
        return self.stage1_score(X) < math.log(2.0)

    # -- training ------------------------------------------------------------------------------------

    def _learn_normal(self, normal: Floats) -> None:
        model = self.model or VAE()
        places = generator(self.seed, 3).permutation(len(normal))
        watch, test = self._held_out(len(normal))
        fitting = normal[places[watch + test :]]
        binary = None if self.schema_ is None else self.schema_.binary
        scaler: type[AnyScaler] = Pixels if self._image() else SCALINGS[self.scaling]
        self.scaler_: AnyScaler = scaler.fit(fitting, binary=binary)
        rows = self._tensor(fitting)
        self._watch = self._tensor(normal[places[:watch]])
        self._test = self._tensor(normal[places[watch : watch + test]])
        plan = _fitted_plan(self.learn or Plan(), len(rows))
        networks, self.traces_ = [], []
        for seed in self._seeds():
            with seeded(seed):
                network = model.build(tuple(rows.shape[1:]))
            self.traces_.append(
                learn_normal(
                    network, rows, self._watch, beta=model.beta, plan=plan, trim=self.trim, seed=seed
                )
            )
            networks.append(network)
        self.stage1_ = self._unaided(networks, rows)
        self.stage2_: tuple[Member, ...] = ()
        self.handicap_ = math.inf
        self.known_kinds_: dict[str, int] = {}
        self._rehearsal = rows[:REHEARSAL]
        refuse_collapse(
            self.stage1_[0].reader.rows(self._test), len(np.unique(self._test.flatten(1).numpy(), axis=0))
        )
        self._calibrate()

    def _unaided(self, networks: list[Network], rows: Tensor) -> tuple[Member, ...]:
        """Members of stage 1: the networks, and the bank of normal rows where one is asked for."""
        reading = Reconstructing.fit(networks, self.row_score or Reconstruction(), self._watch)
        if self.neighbours is None:
            return (Member.fit("reconstruction", reading, self._watch, 1.0),)
        bank = Neighbouring(self.neighbours.fit(rows, seed=self.seed))
        share = self.neighbours.share
        return (
            Member.fit("neighbours", bank, self._watch, share),
            Member.fit("reconstruction", reading, self._watch, 1.0 - share),
        )

    def _become_aware(self, known: Floats, kinds: NDArray[Any] | None) -> None:
        self._need_rows()
        model, told = self.model or VAE(), self._tensor(known)
        plan = _fitted_plan(self.tune or TUNE, len(self._rehearsal))
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
                )
            )
        readers: dict[str, Reader] = {
            "aware reconstruction": Reconstructing.fit(tuned, reading.score, self._watch)
        }
        bank = bank_of(self.stage1_)
        if bank is not None and len(told):
            readers["nearness to known"] = Nearness(bank, bank.encode(told))
        share = 1.0 / len(readers)
        self.stage2_ = tuple(Member.fit(name, reader, self._watch, share) for name, reader in readers.items())
        names = ["known"] * len(known) if kinds is None else [str(kind) for kind in kinds]
        self.known_kinds_ = dict(sorted(Counter(names).items()))
        self._calibrate()

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
        self.handicap_ = handicap_for(unaided, told, self.trust)
        self.calibration_ = Calibration.fit(self._joined(self._test))

    def _held_out(self, rows: int) -> tuple[int, int]:
        """Rows to watch training with, and rows to calibrate the threshold with.

        A tenth each; more for calibration where the stated rate needs it (1 / rate rows vouch for a rate),
        up to a third of all.
        """
        rate = DEFAULT_RATE if self.threshold is None else self.threshold.rate
        test = max(2, rows // 10, min(math.ceil(1.0 / max(rate, 1e-9)), rows // 3))
        watch = min(max(2, rows // 10), rows - test - 1)
        return watch, test

    def _seeds(self) -> list[int]:
        return [self.seed + 7919 * member for member in range(self.members)]

    # -- scoring -------------------------------------------------------------------------------------

    def _score(self, rows: Floats) -> Floats:
        return self._joined(self._tensor(rows))

    def _joined(self, x: Tensor) -> Floats:
        told = [] if math.isinf(self.handicap_) else [member.own_evidence(x) for member in self.stage2_]
        return add_told(join(self.stage1_, x), told, self.handicap_)

    def _explain(self, rows: Floats) -> Contributions:
        names, parts = explain_told(
            self.stage1_, self.stage2_, self.handicap_, self._tensor(rows), self._feature_names()
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

    def _image(self) -> tuple[int, int, int] | None:
        """(C, H, W) of rows that are images."""
        return self.image_shape or (None if self.schema_ is None else self.schema_.shape)

    def _reconstructing(self) -> Reconstructing:
        return next(m.reader for m in self.stage1_ if isinstance(m.reader, Reconstructing))

    # -- storage -------------------------------------------------------------------------------------

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
        }
        scaler = {f"scaler.{name}": np.asarray(value) for name, value in asdict(self.scaler_).items()}
        arrays = {**arrays1, **arrays2, **scaler, "calibration": self.calibration_.scores}
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
        rebuild = partial(
            read_members,
            arrays=arrays,
            build=lambda: (self.model or VAE()).build(shape),
            score=self.row_score or Reconstruction(),
            neighbours=self.neighbours,
        )
        self.stage1_ = rebuild(document["stage1"], prefix="stage1")
        self.stage2_ = rebuild(document["stage2"], prefix="stage2", bank=bank_of(self.stage1_))
        self.handicap_ = math.inf if document["handicap"] is None else float(document["handicap"])
        self.calibration_ = Calibration.fit(arrays["calibration"])
        self.known_kinds_ = {str(kind): int(count) for kind, count in document["known_kinds"].items()}
        self.traces_ = [Trace(**trace) for trace in document["traces"]]
        # a row of zeros must pass: arrays that do not fit each other are found now, not at the first score
        self._score(np.zeros((1, width)))

    # -- checks --------------------------------------------------------------------------------------

    def _check_settings(self) -> None:
        if not 0.0 < self.trust < 1.0:
            raise ConfigError(f"trust {self.trust!r} came; accepted: between 0 and 1, e.g. 0.2")
        if not 0.0 <= self.trim < 0.5:
            raise ConfigError(f"trim {self.trim!r} came; accepted: at least 0 and below 0.5, e.g. 0.02")
        if self.scaling not in SCALINGS:
            raise ConfigError(unknown("scaling", self.scaling, SCALINGS))
        if self.members < 1:
            raise ConfigError(f"members {self.members!r} came; accepted: 1 or more")

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
                stacklevel=3,
            )


def _fitted_plan(plan: Plan, rows: int) -> Plan:
    """Shorten a plan on small data: no more than 400 epochs."""
    per_epoch = max(1, rows // min(plan.batch, rows))
    return replace(plan, steps=min(plan.steps, 400 * per_epoch))


def _trimmed(names: tuple[str, ...], values: Floats) -> tuple[tuple[str, ...], Floats]:
    """Leave out the last column where nothing is in it."""
    return (names, values) if values[:, -1].any() else (names[:-1], values[:, :-1])
