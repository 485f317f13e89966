"""Fit settings: checked all at once, read from TOML and written back."""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from unseen.collider.totals import CHANNELS
from unseen.data.scale import Scaling
from unseen.data.schema import Missing
from unseen.detectors.aware import AwareDetector
from unseen.detectors.classify import AwareClassifier
from unseen.detectors.ensemble import CommitteeDetector
from unseen.detectors.telling import Beyond, Joining
from unseen.detectors.two_stage import TwoStage
from unseen.errors import ConfigError, nearest, unknown
from unseen.models.autoencoder import AutoEncoder
from unseen.models.categorical import CoDVAE
from unseen.models.classifier import Classifier
from unseen.models.dirichlet import DirichletVAE
from unseen.models.dual import CoDAE
from unseen.models.neighbours import Neighbours
from unseen.models.network import Body, Convolution, Dense
from unseen.models.qcd_or_what import QcdOrWhat
from unseen.models.vae import VAE
from unseen.nn.orientation import OrientedGradients
from unseen.registry import CLASS_LOSSES, JOININGS, LOSSES
from unseen.scores import (
    CodeDensity,
    Combined,
    LatentUnit,
    LitError,
    LitPairs,
    Robust,
    Score,
    StrangeTotals,
)
from unseen.thresholds import FalseAlarmRate
from unseen.training.augment import Symmetries
from unseen.training.decorrelation import DisCo
from unseen.training.loop import Plan
from unseen.training.stages import TUNE


def _listed(value: object) -> object:
    """Take one name or number where a list of them is accepted."""
    return (value,) if isinstance(value, str | int) else value


# What measured best on tables of flows (recipe aware-flows): noise on the input, a high rate, few steps.
TABLE_LEARN = Plan(steps=1500, rate=3e-3, noise=0.2)
TABLE_TUNE = Plan(steps=500, rate=5e-4, noise=0.2)

# Event images: what the recipe dark-showers measured. The tracker alone is rebuilt, which is learned fastest;
# the calorimeters speak through the totals of the event.
EVENT_MODELS: dict[str, CoDAE | CoDVAE | DirichletVAE | QcdOrWhat] = {
    "codae": CoDAE(channels=1, energies=False),
    "codvae": CoDVAE(channels=1, energies=False),
    "dirichlet": DirichletVAE(channels=1),
    "qcd-or-what": QcdOrWhat(channels=1),
}
EVENT_LEARN = Plan(
    steps=3000, rate=2e-3, batch=32, clip=1.0, warm_up=0.05, average=0.99, beta_warm_up=0.2, check_every=100
)
EVENT_TUNE = Plan(steps=300, rate=2e-4, batch=32, clip=1.0, check_every=50)

# Settings of networks and of their training. Given without a model they ask for the network, "vae".
OF_NETWORKS = (
    "hidden", "latent", "beta", "loss", "steps", "tune_steps", "rate", "members", "trim", "decorrelate",
)  # fmt: skip
# What each model has no use for.
IDLE = {
    "committee": OF_NETWORKS,
    "classifier": ("latent", "beta", "trim"),
    **dict.fromkeys(EVENT_MODELS, ("hidden", "latent", "beta")),
}

# Pixels a side below which an image is read pixel by pixel.
SMALL = 16

Names = Annotated[tuple[str, ...], BeforeValidator(_listed)]
Width = Annotated[int, Field(ge=1, le=65_536)]
Widths = Annotated[tuple[Width, ...], BeforeValidator(_listed), Field(min_length=1, max_length=16)]
Share = Annotated[float, Field(gt=0, lt=1)]
Count = Annotated[int, Field(ge=1)]


Model = Literal[
    "committee", "vae", "autoencoder", "classifier", "codae", "codvae", "dirichlet", "qcd-or-what"
]


class FitSettings(BaseModel):
    """Everything `unseen fit` can be told; a key of the TOML file is the option without its dashes.

    >>> FitSettings.from_mapping({"hidden": [64, 64], "trust": 0.1}).detector().trust
    0.1
    >>> FitSettings.from_mapping({"stpes": 10, "trust": 2})
    Traceback (most recent call last):
    ...
    unseen.errors.ConfigError: settings: 2 faults: trust = 2: input should be less than 1; \
setting 'stpes' is not known. Did you mean 'steps'?
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=False)

    label: str | None = Field(default=None, description="column that says what each row is")
    normal: Names = Field(default=(), description="labels that are normal")
    known: Names = Field(default=(), description="labels of the known anomalies")
    drop: Names = Field(default=(), description="columns that are not features")
    columns: Names = Field(default=(), description="patterns of the columns that are features; () is all")
    weight: str | None = Field(default=None, description="column of event weights")
    protect: str | None = Field(
        default=None, description="column that is no feature and must not be followed"
    )
    decorrelate: Annotated[float, Field(gt=0, lt=1e6)] | None = Field(
        default=None, description="weight of the penalty on errors that follow the protected column"
    )
    hold_out: Share | None = Field(default=None, description="share of the rows kept back from training")
    missing: Missing = Field(default="error", description="what to do with missing values: error or median")
    scaling: Scaling = Field(
        default="standard", description="scaling of columns: standard or quantiles; energies of event images"
    )
    model: Model | None = Field(
        default=None,
        description="committee, vae, autoencoder, or classifier, whose classes are the normal labels; of "
        "event images in GeV codae, codvae, dirichlet or qcd-or-what; unless named, committee for tables, "
        "vae for images or where a setting of networks is given",
    )
    hidden: Widths | None = Field(default=None, description="widths of the hidden layers")
    latent: Width | None = Field(default=None, description="latent units")
    beta: Annotated[float, Field(ge=0)] | None = Field(
        default=None, description="weight of the divergence (vae)"
    )
    loss: str | None = Field(
        default=None, description="awareness loss on known anomalies; abc, or uniform for a classifier"
    )
    steps: Count | None = Field(default=None, description="optimiser steps of stage 1, at most")
    tune_steps: Count | None = Field(default=None, description="optimiser steps of stage 2")
    rate: Annotated[float, Field(gt=0, lt=1)] | None = Field(
        default=None, description="learning rate of stage 1"
    )
    members: Annotated[int, Field(ge=1, le=100)] | None = Field(
        default=None, description="networks trained side by side; 1 unless given"
    )
    trim: Annotated[float, Field(ge=0, lt=0.5)] | None = Field(
        default=None, description="unlabelled anomalies expected; 0 unless given"
    )
    trust: Share = Field(default=0.1, description="largest share of the false alarms due to what was told")
    joining: Literal["auto", "beyond", "shared", "leading"] = Field(
        default="auto",
        description="how what was told joins: beyond (a price), shared (kinds that resemble each other), "
        "leading (labels are a sample of all anomalies), or auto: a committee decides by the labels, others "
        "take beyond",
    )
    false_alarms: Share | None = Field(default=None, description="stated false-alarm rate")
    seed: Annotated[int, Field(ge=0, lt=2**63)] = Field(default=0, description="same seed, same model")

    @model_validator(mode="after")
    def _column_for_the_penalty(self) -> Self:
        if self.decorrelate is not None and self.protect is None:
            raise ValueError("decorrelate is given, but not the column; name it with protect")
        return self

    @field_validator("loss")
    @classmethod
    def _known_loss(cls, value: str | None) -> str | None:
        every = {**LOSSES, **CLASS_LOSSES}
        if value is not None and value not in every:
            raise ValueError(unknown("loss", value, every))
        return value

    @model_validator(mode="after")
    def _fits_the_model(self) -> FitSettings:
        """Refuse settings that the model has no use for."""
        model = self.model_of(images=False)
        idle = [name for name in IDLE.get(model, ()) if getattr(self, name) is not None]
        if idle:
            instead = ", or name model 'vae'" if model == "committee" else ""
            raise ValueError(f"setting {idle[0]!r} is not for model {model!r}; leave it out{instead}")
        classifies = model == "classifier"
        if self.loss is not None and (self.loss in CLASS_LOSSES) != classifies:
            fitting = CLASS_LOSSES if classifies else LOSSES
            raise ValueError(f"loss {self.loss!r} is not for model {model!r}; accepted: {', '.join(fitting)}")
        return self

    def model_of(self, *, images: bool) -> Model:
        """Return the model that is meant: the named one, or the default for tables or images.

        >>> FitSettings().model_of(images=False), FitSettings(hidden=(64,)).model_of(images=False)
        ('committee', 'vae')
        """
        if self.model is not None:
            return self.model
        networks = images or any(getattr(self, name) is not None for name in OF_NETWORKS)
        return "vae" if networks else "committee"

    @classmethod
    def from_mapping(cls, values: Mapping[str, object], *, where: str = "settings") -> FitSettings:
        """Check values by name.

        Raises:
            ConfigError: Names or values that are not accepted: every one of them, on one line.

        """
        try:
            return cls.model_validate(dict(values))
        except ValidationError as error:
            faults = [_sentence(fault, cls.model_fields) for fault in error.errors()]
            count = f"{len(faults)} faults: " if len(faults) > 1 else ""
            raise ConfigError(f"{where}: {count}{'; '.join(faults)}") from error

    def over(self, changes: Mapping[str, object], *, where: str = "settings") -> FitSettings:
        """Return these settings with `changes` on top; what is None changes nothing."""
        given = {name: value for name, value in changes.items() if value is not None}
        return self.from_mapping({**self.model_dump(exclude_unset=True), **given}, where=where)

    def to_toml(self) -> str:
        """Return what differs from the defaults as TOML.

        >>> print(FitSettings.from_mapping({"known": ["DoS"], "trim": 0.02}).to_toml(), end="")
        known = ["DoS"]
        trim = 0.02
        """
        lines = [
            f"{name} = {_toml(value)}\n" for name, value in self.model_dump(exclude_defaults=True).items()
        ]
        return "".join(lines)

    def detector(self, *, image: tuple[int, int, int] | None = None) -> TwoStage:
        """Return the detector these settings describe, not yet fitted.

        Args:
            image: (C, H, W) where rows are images: a convolutional body unless `hidden` is given. Beside
                the network stands the distance to a bank of normal rows; of images, by their oriented
                gradients. A classifier stands alone.

        Raises:
            ConfigError: A model of event images for a table, or a committee for images.

        """
        kind = self.model_of(images=image is not None)
        if kind == "committee":
            return self._committee(image)
        body: Body = Dense((64,)) if image is None else Convolution()
        if self.hidden is not None:
            body = Dense(self.hidden)
        if kind == "classifier":
            return self._classifier(body)
        if kind in EVENT_MODELS:
            return self._of_events(kind, image)
        model: VAE | AutoEncoder = AutoEncoder(body, self.latent)
        if kind == "vae":
            model = VAE(body, self.latent, VAE.beta if self.beta is None else self.beta)
        return AwareDetector(
            model,
            awareness=LOSSES[self.loss or "abc"](),
            threshold=self._threshold(),
            trust=self.trust,
            joining=self._joining() or Beyond(),
            members=self.members or 1,
            # the penalty is on the mean squared error, so that is what a decorrelated detector reads
            row_score=Robust(scale=0.3) if image is None and self.decorrelate is None else None,
            learn=_plan(TABLE_LEARN if image is None else Plan(), steps=self.steps, rate=self.rate),
            tune=_plan(TABLE_TUNE if image is None else TUNE, steps=self.tune_steps),
            trim=self.trim or 0.0,
            neighbours=self._bank(image),
            decorrelate=self._penalty(),
            scaling=self.scaling,
            missing=self.missing,
            seed=self.seed,
        )

    def _committee(self, image: tuple[int, int, int] | None) -> CommitteeDetector:
        """Return the detector of tables."""
        if image is not None:
            raise ConfigError(
                "model 'committee' is for tables, and these rows are images; accepted: vae, autoencoder, "
                f"classifier, and of event images {', '.join(EVENT_MODELS)}"
            )
        return CommitteeDetector(
            threshold=self._threshold(),
            trust=self.trust,
            joining=self._joining(),
            scaling=self.scaling,
            missing=self.missing,
            seed=self.seed,
        )

    def _of_events(self, kind: str, image: tuple[int, int, int] | None) -> AwareDetector:
        """Return the detector of event images."""
        if image is None:
            raise ConfigError(
                f"model {kind!r} is for event images, and these rows are a table; accepted: committee, vae, "
                "autoencoder, classifier. `unseen collider images` makes images of particles."
            )
        model = EVENT_MODELS[kind]
        return AwareDetector(
            model,
            awareness=LOSSES[self.loss or "abc"](),
            row_score=event_score(image[0]) if isinstance(model, CoDAE | CoDVAE) else None,
            threshold=self._threshold(),
            trust=self.trust,
            joining=self._joining() or Beyond(),
            members=self.members or 1,
            learn=_plan(EVENT_LEARN, steps=self.steps, rate=self.rate),
            tune=_plan(EVENT_TUNE, steps=self.tune_steps),
            trim=self.trim or 0.0,
            decorrelate=self._penalty(),
            scaling="energies",
            augment=Symmetries(),
            missing=self.missing,
            seed=self.seed,
        )

    def _classifier(self, body: Body) -> AwareClassifier:
        return AwareClassifier(
            Classifier(body),
            awareness=CLASS_LOSSES[self.loss or "uniform"](),
            threshold=self._threshold(),
            trust=self.trust,
            joining=self._joining() or Beyond(),
            members=self.members or 1,
            learn=_plan(Plan(), steps=self.steps, rate=self.rate),
            tune=_plan(TUNE, steps=self.tune_steps),
            decorrelate=self._penalty(),
            scaling=self.scaling,
            missing=self.missing,
            seed=self.seed,
        )

    def _bank(self, image: tuple[int, int, int] | None) -> Neighbours | None:
        """Return the bank of normal rows; a decorrelated detector has none, since a bank is not trained."""
        if self.decorrelate is not None:
            return None
        return Neighbours() if image is None else _gallery(image)

    def _joining(self) -> Joining | None:
        """Return the way of joining that was asked for; None leaves it to the detector."""
        return None if self.joining == "auto" else JOININGS[self.joining]()

    def _penalty(self) -> DisCo | None:
        return None if self.decorrelate is None else DisCo(self.decorrelate)

    def _threshold(self) -> FalseAlarmRate | None:
        return None if self.false_alarms is None else FalseAlarmRate(self.false_alarms)


def read_settings(path: str | os.PathLike[str]) -> FitSettings:
    """Read fit settings from a TOML file.

    Raises:
        ConfigError: The file is absent or not TOML, or settings in it are not accepted: all of them, on one
            line.

    """
    place = Path(path)
    try:
        values = tomllib.loads(place.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{place} cannot be read: {error.strerror}") from error
    except ValueError as error:
        reason = " ".join(str(error).split())
        raise ConfigError(f"{place} is not TOML: {reason}") from error
    return FitSettings.from_mapping(values, where=str(place))


def event_score(channels: int) -> Combined:
    """Return how dual auto-encoders of images of `channels` channels are read: one term of each family.

    Beside the sum stand errors of other kinds and scores of the small code.
    """
    terms: tuple[Score, ...] = (LitPairs(15), LitError("bce"))
    if channels == len(CHANNELS):
        terms = (LitPairs(15), StrangeTotals(), LitError("bce"))
    errors = tuple(LitError(kind) for kind in ("mse", "l1", "dice"))
    codes = (LatentUnit(0), LatentUnit(1), CodeDensity())
    return Combined(terms, beside=(*errors, *codes))


def _gallery(image: tuple[int, int, int]) -> Neighbours:
    """Return the bank of normal images; strokes of small images are one pixel wide, so cells are too."""
    fine = OrientedGradients(smooth=0.3, pool=0.7, stride=1)
    return Neighbours(front=fine if min(image[1:]) < SMALL else OrientedGradients(), share=0.95)


def _plan(plan: Plan, *, steps: int | None = None, rate: float | None = None) -> Plan:
    return replace(plan, steps=steps or plan.steps, rate=rate or plan.rate)


def _sentence(fault: Any, accepted: Mapping[str, object]) -> str:
    """Say in one clause what is wrong with one setting."""
    reason = str(fault["msg"]).removeprefix("Value error, ")
    if not fault["loc"]:  # of several settings together
        return reason
    name = str(fault["loc"][0])
    if fault["type"] == "extra_forbidden":
        return (
            f"setting {name!r} is not known.{nearest(name, accepted) or ' Accepted: ' + ', '.join(accepted)}"
        )
    return f"{name} = {_shown(fault['input'])}: {reason[:1].lower()}{reason[1:]}"


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _toml(value: object) -> str:
    """Write a string, number, true/false or list of them; TOML's strings are JSON's, but for DEL."""
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return json.dumps(value)
