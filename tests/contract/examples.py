"""Every registered detector in the configurations the contract runs on, with rows for each."""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace
from functools import cache, cached_property

import numpy as np
import torch
from sklearn.base import clone

from unseen.class_scores import TopProbability, Window
from unseen.detectors.aware import AwareDetector
from unseen.detectors.classify import AwareClassifier
from unseen.detectors.ensemble import CommitteeDetector
from unseen.detectors.telling import Beyond, Leading, Shared
from unseen.detectors.two_stage import TwoStage
from unseen.models.autoencoder import AutoEncoder
from unseen.models.categorical import CoDVAE
from unseen.models.classifier import Classifier
from unseen.models.dirichlet import DirichletVAE
from unseen.models.dual import CoDAE
from unseen.models.dual_bodies import Slim
from unseen.models.forest import Forest
from unseen.models.mixture import Mixture
from unseen.models.neighbours import Neighbours
from unseen.models.network import Convolution, Dense
from unseen.models.qcd_or_what import QcdOrWhat
from unseen.models.spreading import Spreading
from unseen.models.transformer import Transformer
from unseen.models.vae import VAE
from unseen.nn.orientation import OrientedGradients
from unseen.objectives import AeSad, Hinge, Inverse, Ramp, RampCapped, Sigmoid, Uniform
from unseen.scores import (
    CodeDensity,
    Combined,
    Divergence,
    Latent,
    LatentUnit,
    LitError,
    LitPairs,
    Reconstruction,
    Residual,
    Robust,
    StrangeTotals,
    Sum,
)
from unseen.thresholds import FalseAlarmRate
from unseen.training.augment import Symmetries
from unseen.training.loop import Plan

LEARN = Plan(steps=150, rate=5e-3, batch=64, check_every=25)
TUNE = Plan(steps=150, rate=1e-3, batch=64, check_every=25)
SMALL = VAE(Dense((16,)), latent=3)
IMAGES = (1, 8, 8)
SMALL_TRANSFORMER = Transformer(channels=(4, 8), layers=1, dropout=0.1, depth=0.0, content="values")
SLIM = Slim(widths=(8, 12), small=(6, 8))


@dataclass(frozen=True, eq=False)
class Rows:
    """Normal rows to fit on and fresh ones; anomalies of a kind that is told, fresh ones, and far ones."""

    normal: np.ndarray
    fresh: np.ndarray
    known: np.ndarray
    known_fresh: np.ndarray
    far: np.ndarray

    @property
    def X(self):
        return np.concatenate([self.normal, self.known])

    @property
    def y(self):
        return np.repeat([0, 1], [len(self.normal), len(self.known)])


@cache
def table() -> Rows:
    """Normal rows near a plane of 3 of 6 directions; known anomalies a little off it, in one direction."""
    random = np.random.default_rng(11)
    basis = np.linalg.qr(random.normal(size=(6, 6)))[0]

    def draw(n, off=0.0, scale=1.0):
        z = scale * random.normal(size=(n, 3))
        return z @ basis[:3] + 0.3 * random.normal(size=(n, 6)) + off * basis[3]

    return Rows(draw(500), draw(1500), draw(24, off=1.0), draw(300, off=1.0), draw(4, off=12.0))


@cache
def images() -> Rows:
    """Normal images hold one soft spot; known anomalies two of them; far ones are chequered."""
    random = np.random.default_rng(12)
    down, across = np.mgrid[:8, :8]

    def spots(n, count):
        places = random.uniform(2, 5, size=(n, count, 2))
        square = (down - places[:, :, :1, None]) ** 2 + (across - places[:, :, 1:, None]) ** 2
        picture = np.exp(-square / 3.0).max(1) + 0.03 * random.normal(size=(n, 8, 8))
        return np.clip(picture, 0, None).reshape(n, 64)

    far = np.tile(((down + across) % 2).ravel().astype(float), (4, 1)) + 0.01 * random.random((4, 64))
    return Rows(spots(400, 1), spots(800, 1), spots(24, 2), spots(200, 2), far)


@cache
def classes() -> Rows:
    """Normal rows of three classes, each strong in a direction of its own; known anomalies are weaker there.

    Rows far from normal, to a classifier, are those with a third of each class.
    """
    random = np.random.default_rng(13)

    def draw(n, strength=4.0, off=0.0):
        x = 0.45 * random.normal(size=(n, 6))
        x[np.arange(n), random.integers(0, 3, n)] += strength
        return x + off * np.eye(6)[3]

    far = np.tile([4 / 3, 4 / 3, 4 / 3, 0, 0, 0], (4, 1)) + 0.02 * random.normal(size=(4, 6))
    return Rows(draw(500), draw(1500), draw(24, 2.4, 1.0), draw(300, 2.4, 1.0), far)


@cache
def class_images() -> Rows:
    """Images with a bright corner, of three; known anomalies are dim, far ones have a third of each."""
    random = np.random.default_rng(14)
    corners = np.zeros((4, 8, 8))
    for place, (down, across) in enumerate([(0, 0), (0, 4), (4, 0), (4, 4)]):
        corners[place, down : down + 4, across : across + 4] = 1.0
    corners = corners.reshape(4, 64)

    def draw(n, strength=0.8, off=0.0):
        picture = strength * corners[random.integers(0, 3, n)] + off * corners[3]
        return np.clip(picture + 0.25 * random.normal(size=(n, 64)), 0, 1)

    far = np.tile(0.8 / 3 * corners[:3].sum(0), (4, 1)) + 0.01 * random.random((4, 64))
    return Rows(draw(400), draw(800), draw(24, 0.65, 0.8), draw(200, 0.65, 0.8), far)


@cache
def events() -> Rows:
    """Event images of three channels, GeV: a cluster anywhere on the ring; known anomalies reach deeper."""
    random = np.random.default_rng(15)
    phi, eta = np.mgrid[:8, :6]

    def draw(n, *chances):
        centre = random.uniform((0, 1), (8, 5), size=(n, 1, 2))
        around = np.abs(phi - centre[:, :, :1, None])
        square = np.minimum(around, 8 - around) ** 2 + (eta - centre[:, :, 1:, None]) ** 2
        chance = np.exp(-square / 2.0).max(1)[:, None] * np.array(chances)[:, None, None]
        lit = random.random((n, 3, 8, 6)) < chance
        return (lit * random.gamma(2.0, 3.0, size=(n, 3, 8, 6))).reshape(n, 144)

    far = 200.0 + random.random((4, 144))
    normal, deep = (0.9, 0.6, 0.4), (0.7, 0.6, 0.7)
    return Rows(draw(400, *normal), draw(800, *normal), draw(24, *deep), draw(200, *deep), far)


def _aware(**changed) -> AwareDetector:
    return AwareDetector(**{"model": SMALL, "learn": LEARN, "tune": TUNE, "seed": 5, **changed})


def _pictures(**changed) -> AwareDetector:
    # pixels differ little from the mean image: a small beta lets the code speak
    model = VAE(Convolution((4, 8)), latent=3, beta=0.005)
    return _aware(**{"model": model, "image_shape": IMAGES, **changed})


def _events(model, **changed) -> AwareDetector:
    learn = replace(LEARN, warm_up=0.05, average=0.9, beta_warm_up=0.2)
    settings = {"scaling": "energies", "image_shape": (3, 8, 6), "augment": Symmetries(), "learn": learn}
    return _aware(**{"model": model, **settings, **changed})


def _classifier(**changed) -> AwareClassifier:
    # without named classes, as tools that know none would use it; tests/test_classifier.py names them
    model = Classifier(Dense((16,)))
    return AwareClassifier(**{"model": model, "learn": LEARN, "tune": TUNE, "seed": 5, **changed})


def _committee(**changed) -> CommitteeDetector:
    return CommitteeDetector(**{"joining": Beyond(), "seed": 5, **changed})


EXAMPLES = {
    "vae": (_aware, table),
    "auto-encoder": (lambda: _aware(model=AutoEncoder(Dense((8,)), latent=3)), table),
    "two members": (lambda: _aware(members=2), table),
    "neighbours": (lambda: _aware(neighbours=Neighbours(reference=300)), table),
    "quantiles": (
        lambda: _aware(scaling="quantiles", neighbours=Neighbours(reference=300, power=0.5)),
        table,
    ),
    "shared": (lambda: _aware(joining=Shared(), trust=0.4), table),
    "sum of scores": (
        lambda: _aware(row_score=Sum((Residual(), Latent()), (1.0, 0.02)), trust=0.5),
        table,
    ),
    "robust, trimmed, noisy": (
        lambda: _aware(
            row_score=Robust(),
            trim=0.02,
            threshold=FalseAlarmRate(0.05),
            learn=Plan(150, 5e-3, 64, noise=0.1),
        ),
        table,
    ),
    "evidence bound": (
        lambda: _aware(row_score=Sum((Reconstruction(), Divergence()), (1.0, 0.05 / 6))),
        table,
    ),
    "hinge": (lambda: _aware(awareness=Hinge()), table),
    "aesad": (lambda: _aware(awareness=AeSad()), table),
    "sigmoid": (lambda: _aware(awareness=Sigmoid()), table),
    "inverse": (lambda: _aware(awareness=Inverse()), table),
    "ramp": (lambda: _aware(awareness=Ramp(lambda_max=1.5)), table),
    "ramp, capped": (lambda: _aware(awareness=RampCapped()), table),
    "convolution": (_pictures, images),
    "images with neighbours": (
        lambda: _pictures(
            model=VAE(Dense((24,)), latent=3, beta=0.005),
            neighbours=Neighbours(front=OrientedGradients(stride=2), power=0.5),
            missing="median",
        ),
        images,
    ),
    "neighbours alone": (
        lambda: _aware(neighbours=Neighbours(reference=300, components=4, share=1.0, rest=1.0)),
        table,
    ),
    "images by neighbours alone": (
        lambda: _pictures(
            neighbours=Neighbours(
                front=OrientedGradients(stride=2), components=6, share=1.0, rest=0.5, digits="half"
            ),
            joining=Leading(),
            seed=4,
        ),
        images,
    ),
    "dirichlet": (
        # a code of three shares moves slowly
        lambda: _pictures(
            model=DirichletVAE(hidden=24, beta=0.05, content="values"),
            tune=Plan(steps=300, rate=3e-3, batch=64, check_every=25),
        ),
        images,
    ),
    "code": (
        lambda: _aware(row_score=Sum((CodeDensity(2), LatentUnit(1), Residual()), (0.1, 0.1, 1.0))),
        table,
    ),
    "qcd or what": (
        lambda: _pictures(model=QcdOrWhat(latent=3, middle=24, side=4, content="values")),
        images,
    ),
    "dual": (lambda: _events(CoDAE(SLIM, bottleneck=4)), events),
    "dual, combined": (
        lambda: _events(
            CoDAE(SLIM, channels=1, energies=False, bottleneck=4),
            row_score=Combined(
                (LitPairs(3), StrangeTotals(5), LitError()),
                beside=(LitError("dice"),),
            ),
        ),
        events,
    ),
    "dual, categories": (
        lambda: _events(
            CoDVAE(Slim((12, 16), (6, 8)), bottleneck=4, samples=4, base=0.5),
            row_score=Sum((Reconstruction(), Divergence()), (1.0, 1 / 144)),
            seed=6,
        ),
        events,
    ),
    "classifier": (_classifier, classes),
    "classifier, two members": (lambda: _classifier(members=2, row_score=TopProbability()), classes),
    "classifier, window": (
        lambda: _classifier(row_score=Window(), awareness=Uniform(1.0), threshold=FalseAlarmRate(0.05)),
        classes,
    ),
    "classifier, convolution": (
        lambda: _classifier(model=Classifier(Convolution((4, 8))), image_shape=IMAGES, missing="median"),
        class_images,
    ),
    "transformer": (
        lambda: _classifier(model=SMALL_TRANSFORMER, smoothing=0.1, image_shape=IMAGES),
        class_images,
    ),
    "committee": (_committee, table),
    "committee, by its labels": (lambda: CommitteeDetector(seed=5, missing="median"), table),
    "committee, leading": (lambda: _committee(joining=Leading(), threshold=FalseAlarmRate(0.05)), table),
    "committee, neighbours and trees": (
        lambda: _committee(
            neighbours=Neighbours(reference=300, share=0.4),
            mixture=None,
            forests=(Forest(trees=40, ratio=2.0, depth=6),),
            spreading=None,
            scaling="quantiles",
        ),
        table,
    ),
    "committee, density and spread labels": (
        # spread labels find clusters, and the known anomalies of this table are no cluster: trees help
        lambda: _committee(
            neighbours=None,
            mixture=Mixture(components=4),
            forests=(Forest(trees=30),),
            spreading=Spreading(neighbours=8),
        ),
        table,
    ),
}


@dataclass(frozen=True, eq=False)
class Refit:
    """A second quick fit under a foreign random state: what it gave, and what it did to the state."""

    detector: TwoStage
    numpy_moved: bool
    torch_moved: bool
    threads: tuple[int, int]


class Example:
    """One configuration; what costs a fit is made once and shared. Checks must not change it."""

    def __init__(self, name: str) -> None:
        self.name = name
        make, rows = EXAMPLES[name]
        self.detector, self.rows = make(), rows()

    def __repr__(self) -> str:
        return self.name

    @property
    def extrapolates(self) -> bool:
        """Whether it may be sure of rows far from all it has seen, as classifiers are.

        So is a composition: a pixel that outweighs all others in every row is one it expects.
        """
        model = getattr(self.detector, "model", None)
        return isinstance(self.detector, AwareClassifier) or isinstance(model, DirichletVAE)

    @property
    def trains(self) -> bool:
        """Whether it trains networks, for as many steps as it is told."""
        neighbours = getattr(self.detector, "neighbours", None)
        alone = isinstance(neighbours, Neighbours) and neighbours.share == 1.0
        return not isinstance(self.detector, CommitteeDetector) and not alone

    def new(self) -> TwoStage:
        return clone(self.detector)

    def quick(self) -> TwoStage:
        """Barely trained: for behaviour that has nothing to do with quality."""
        short = Plan(steps=12, rate=5e-3, batch=64, check_every=6)
        return self.new().set_params(learn=short, tune=short) if self.trains else self.new()

    @cached_property
    def fitted(self) -> TwoStage:
        return self.new().fit(self.rows.normal)

    @cached_property
    def told(self) -> TwoStage:
        return copy.deepcopy(self.fitted).fine_tune(self.rows.known)

    @cached_property
    def quick_fitted(self) -> TwoStage:
        return self.quick().fit(self.rows.normal)

    @cached_property
    def quick_told(self) -> TwoStage:
        return self.quick().fit(self.rows.X, self.rows.y)

    def quick_control(self) -> TwoStage:
        """A copy that fine-tunes in small steps: at large ones a network barely trained gets no better."""
        small = Plan(steps=12, rate=3e-4, batch=64, check_every=4)
        copied = copy.deepcopy(self.quick_fitted)
        return copied.set_params(tune=small) if self.trains else copied

    @cached_property
    def refit(self) -> Refit:
        before = torch.get_num_threads()
        torch.set_num_threads(2)
        try:
            np.random.seed(99)  # noqa: NPY002 - the global state is what must not move
            torch.manual_seed(99)
            states = np.random.get_state()[1].copy(), torch.random.get_rng_state()  # noqa: NPY002
            detector = self.quick().fit(self.rows.X, self.rows.y)
            detector.contributions(detector_rows := self.rows.fresh[:5])
            detector.alarms(detector_rows)
            numpy_moved = bool((np.random.get_state()[1] != states[0]).any())  # noqa: NPY002
            torch_moved = bool((torch.random.get_rng_state() != states[1]).any())
            return Refit(detector, numpy_moved, torch_moved, (2, torch.get_num_threads()))
        finally:
            torch.set_num_threads(before)


@cache
def example(name: str) -> Example:
    return Example(name)
