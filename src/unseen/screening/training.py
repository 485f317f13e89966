"""Training of the film network: every member on its own draws, kept as the mean of its last weights."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor
from torch.nn import functional

from unseen.errors import ConfigError, DataError, TrainingError
from unseen.evaluation.ranking import roc_auc
from unseen.screening.augment import FilmChanges
from unseen.screening.levels import Levels
from unseen.screening.network import FilmDesign, FilmMember, FilmNetwork, film_rows, read_films
from unseen.seeds import seeded, torch_generator
from unseen.training.average import Average
from unseen.training.progress import tell
from unseen.training.threads import threads_for

Labels = NDArray[np.float32]


@dataclass(frozen=True)
class FilmPlan:
    """How a film network is trained.

    AdamW on a one-cycle schedule of the binary cross-entropy. Half of each batch are normal films, half show
    the finding: the rarer are shown more often, instead of weighing more. What is kept of each member is the
    running mean of its weights, in a flat part of the loss, which depends less on the style of the films.

    Args:
        design: The network.
        changes: How films are changed each time they are shown; None for not at all.
        epochs: Times as many films as there are are shown, to each member.
        batch: Films a step, an even number.
        rate: Highest learning rate.
        decay: Weight decay.
        average: Decay of the running mean of the weights.

    References: Loshchilov and Hutter, ICLR 2019 (AdamW); Smith and Topin 2019 (one cycle);
    Cha et al., NeurIPS 2021 (averaged weights under a change of domain).

    """

    design: FilmDesign = field(default_factory=FilmDesign)
    changes: FilmChanges | None = field(default_factory=FilmChanges)
    epochs: int = 48
    batch: int = 128
    rate: float = 4e-3
    decay: float = 1e-3
    average: float = 0.99


def train_films(
    images: ArrayLike,
    labels: ArrayLike,
    *,
    validation: tuple[ArrayLike, ArrayLike],
    settings: FilmPlan,
    seed: int,
) -> FilmNetwork:
    """Return a network trained on films (N, S, S) with labels (N,), 1 for the finding; in eval mode.

    Nothing is chosen by the validation films: they share the style of the training films, and a better
    network on them is often a worse one elsewhere. They only tell whether anything was learned.

    Args:
        images: Films, bytes or grey in [0, 1].
        labels: 0 or 1.
        validation: Other films, and their labels.
        settings: The plan.
        seed: Of weights, order and changes; same seed, same bits.

    Raises:
        DataError: Films or labels of another shape or kind, or one label only.
        ConfigError: A setting out of its bounds.
        TrainingError: Validation films are ranked no better than by chance.

    """
    _check_plan(settings)
    targets = _targets(images, labels, settings.design.size, "training")
    watched = _targets(*validation, settings.design.size, "validation")
    with seeded(seed):
        network = settings.design.build()
    shown = _Shown(np.asarray(images), torch.from_numpy(targets), settings, network.levels)
    with threads_for(network, settings.batch * (settings.design.size // 4) ** 2):  # places of a small map
        for place, member in enumerate(network.members()):
            _train_member(member, shown, seed, place)
    network.eval()
    logits, _ = read_films(network, validation[0])
    if not np.isfinite(logits).all() or roc_auc(logits[watched == 0], logits[watched == 1]) <= 0.5:
        raise TrainingError(
            "the film network ranks validation films no better than chance; check the labels, or train longer"
        )
    return network


@dataclass(frozen=True, eq=False)
class _Shown:
    """The films of a training, and how they are shown."""

    films: NDArray[np.generic]
    targets: Tensor
    plan: FilmPlan
    levels: Levels

    @property
    def steps(self) -> int:
        """Steps of one member."""
        return self.plan.epochs * max(1, len(self.films) // self.plan.batch)

    def batches(self, generator: torch.Generator) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield changed, levelled films (B, 1, S, S) and targets (B,), made of as many of each label."""
        size = self.plan.design.size
        sides = [_endless(torch.nonzero(self.targets == label)[:, 0], generator) for label in (0.0, 1.0)]
        for _ in range(self.steps):
            places = torch.cat([next(side) for side in sides for _ in range(self.plan.batch // 2)])
            rows = film_rows(self.films[places.numpy()], size)
            if self.plan.changes is not None:
                rows = self.plan.changes.change(rows, generator)
            yield self.levels(rows), self.targets[places]


def _endless(places: Tensor, generator: torch.Generator) -> Iterator[Tensor]:
    """Places (1,) in a new order each time all have come."""
    while True:
        order = torch.randperm(len(places), generator=generator)
        yield from torch.split(places[order], 1)


def _train_member(member: FilmMember, shown: _Shown, seed: int, place: int) -> None:
    plan, steps = shown.plan, shown.steps
    draws = torch_generator(seed, 9, place)
    optimiser = torch.optim.AdamW(member.parameters(), lr=plan.rate, weight_decay=plan.decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, plan.rate, total_steps=steps)
    statistics = [buffer for buffer in member.buffers() if torch.is_floating_point(buffer)]
    mean = Average([*(weights.detach() for weights in member.parameters()), *statistics], decay=plan.average)
    member.train()
    _lay_out(member, torch.channels_last)  # in which convolutions of few channels are fastest
    with seeded(int(torch.randint(2**31, (), generator=draws))):  # dropout draws from the global stream
        for step, (rows, targets) in enumerate(shown.batches(draws), 1):
            loss = functional.binary_cross_entropy_with_logits(member.logit(rows), targets)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            mean.follow(step)
            tell(f"film network {place + 1} of {plan.design.members}", step, steps)
    mean.keep()
    _lay_out(member, torch.contiguous_format)


def _lay_out(member: FilmMember, layout: torch.memory_format) -> None:
    for weights in member.parameters():
        if weights.ndim == 4:
            weights.data = weights.data.contiguous(memory_format=layout)


def _targets(images: ArrayLike, labels: ArrayLike, size: int, which: str) -> Labels:
    """Return labels (N,) as numbers, once films and labels are seen to fit.

    Raises:
        DataError: They do not.

    """
    films, values = np.asarray(images), np.asarray(labels)
    film_rows(films[:1], size)
    if values.shape != (len(films),):
        raise DataError(
            f"{which} labels of shape {values.shape} came for {len(films):,} films; accepted: (N,)"
        )
    if set(np.unique(values).tolist()) != {0, 1}:
        raise DataError(f"{which} labels came with other values than 0 and 1, or with one of them only")
    return values.astype(np.float32)


def _check_plan(plan: FilmPlan) -> None:
    """Refuse settings out of their bounds.

    Raises:
        ConfigError: They are.

    """
    bounds = {
        "epochs": (1, 10_000),
        "batch": (2, 65_536),
        "rate": (1e-6, 1.0),
        "decay": (0.0, 1.0),
        "average": (0.0, 0.99999),
    }
    if plan.batch % 2:
        raise ConfigError(f"batch {plan.batch} came; accepted: an even number")
    for name, (low, high) in bounds.items():
        value = getattr(plan, name)
        if not low <= value <= high:
            raise ConfigError(f"{name} {value} came; accepted: {low} to {high}")
