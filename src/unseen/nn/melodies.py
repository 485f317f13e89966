"""Bricks of melody networks: tokens to planes, residual layers, and the likelihood of tokens."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

# Tokens: hold, rest, then the onset of 88 pitches (see `unseen.music.tokens`).
KINDS, PITCHES = 3, 88
# Semitones to a unit of pitch, and the pitch in the middle of folk tunes, counted from MIDI 21.
OCTAVE_HALF, MIDDLE = 6.0, 45.0
# Of the logarithm of a pitch's precision, in units of 1 / 6 semitones: from 2 octaves to half a semitone.
LOG_PRECISION = (-4.0, 8.0)


class Planes(nn.Module):
    """Tokens (N, T) to five planes: onset, rest begins, silent, pitch that sounds, pitch of each note.

    The first four go by step, the last by the number of the note: its n-th value is the pitch of note n, and
    that of the last note beyond it. Pitch is a number, so that a transposed melody is the same one with a
    constant added. Through a rest it stays that of the note before, and before the first note that of the
    first. Shape (N, 5 T).

    >>> Planes()(torch.tensor([[47, 0, 1, 53]])).view(5, 4)[3:].tolist()
    [[0.0, 0.0, 0.0, 1.0], [0.0, 1.0, 1.0, 1.0]]

    """

    def forward(self, x: Tensor) -> Tensor:
        """Planes of tokens, one after the other."""
        onset, rest = x >= KINDS - 1, x == 1
        step = torch.arange(x.shape[1], device=x.device)
        event = torch.where(x > 0, step, 0).cummax(1).values
        silent = x.gather(1, event) == 1
        notes = torch.argsort(onset.byte(), dim=1, descending=True, stable=True)
        count = onset.sum(1, keepdim=True)
        last = (count - 1).clamp(min=0)
        by_note = self._pitch(x.gather(1, notes.gather(1, torch.minimum(step, last))))
        by_step = by_note.gather(1, numbers(onset))
        return torch.cat([onset.float(), rest.float(), silent.float(), by_step, by_note], dim=1)

    @staticmethod
    def _pitch(token: Tensor) -> Tensor:
        return (token.float() - (KINDS - 1) - MIDDLE) / OCTAVE_HALF


def numbers(onset: Tensor) -> Tensor:
    """Return the number, from 0, of the note that sounds at each step of (N, T) onsets; 0 before the first.

    >>> numbers(torch.tensor([[False, True, False, True]])).tolist()
    [[0, 0, 0, 1]]
    """
    return (onset.long().cumsum(1) - 1).clamp(min=0)


class Residual(nn.Module):
    """x + W2 relu(W1 norm(x)): nothing at first, since W2 starts at zero."""

    def __init__(self, width: int, norm: nn.Module) -> None:
        super().__init__()
        self.norm = norm
        self.rise, self.fall = nn.Linear(width, width), nn.Linear(width, width)
        nn.init.zeros_(self.fall.weight)

    def forward(self, x: Tensor) -> Tensor:
        """Add what the layers find, shape (N, W)."""
        return x + torch.as_tensor(self.fall(torch.relu(self.rise(self.norm(x)))))


class Beside(nn.Module):
    """Layers with their own input beside what they find: (N, D) to (N, W + D), so that a line is no work.

    Codes are not normed (`norm=False`): at their means the noise of hundreds of silent units is missing, and
    all that is left would be scaled up.
    """

    def __init__(self, features: int, width: int, blocks: int, *, norm: bool = True) -> None:
        super().__init__()
        residuals = [Residual(width, nn.LayerNorm(width) if norm else nn.Identity()) for _ in range(blocks)]
        self.layers = nn.Sequential(nn.Linear(features, width), *residuals, nn.ReLU())

    def forward(self, x: Tensor) -> Tensor:
        """Return what the layers find, then x."""
        return torch.cat([self.layers(x), x], dim=1)


class Gain(nn.Module):
    """One factor a number, 1 at first: (N, W) to (N, W).

    It changes nothing a linear layer beside it could not say. But a unit that costs more than it tells is
    closed by its one factor: hundreds of weights, each moved by as much at every step of Adam, would wander
    around zero instead.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.factor = nn.Parameter(torch.ones(width))

    def forward(self, x: Tensor) -> Tensor:
        """Multiply."""
        return x * self.factor


class Heads(nn.Module):
    """What a decoder says of a window, flat: (N, W) to (N, T (5 + 88) + 88).

    Of each step: logits of hold, rest, onset. Of each note, by its number: the centre of its pitch, its
    precision, and a free logit of each pitch, from `colours` numbers through one table for all notes. Of the
    window: one logit a pitch, its key.
    """

    def __init__(self, width: int, steps: int, colours: int) -> None:
        super().__init__()
        self.steps, self.colours = steps, colours
        self.out = nn.Linear(width, steps * (KINDS + 2 + colours) + PITCHES)
        self.table = nn.Linear(colours, PITCHES, bias=False)
        with torch.no_grad():
            self.out.weight.mul_(0.3)

    def forward(self, x: Tensor) -> Tensor:
        """Numbers of the likelihood, as `melodies` reads them."""
        flat = self.out(x)
        own, key = flat[:, :-PITCHES], flat[:, -PITCHES:]
        own = own.view(len(x), self.steps, KINDS + 2 + self.colours)
        free = self.table(own[..., KINDS + 2 :])
        return torch.cat([own[..., : KINDS + 2].flatten(1), free.flatten(1), key], dim=1)


@dataclass(frozen=True, slots=True)
class Melodies:
    """Likelihood of melody tokens: what happens at each step, and which pitch the note has that begins there.

        -ln p(x_t) = -ln softmax(kinds_t)[hold, rest or onset] - [onset] ln softmax(l_n)[pitch],
        l_np = -exp(a_n) (p - c_n)^2 / 2 + free_np + key_p,   n the number of the note in the window

    with pitches in units of half an octave from MIDI 66, c the centre and a the log precision of a note.
    Given the code, pitches depend on the rhythm through the number of the note alone.

    Attributes:
        kinds: Logits of hold, rest, onset, shape (N, T, 3).
        centre, log_precision: c and a, shape (N, T).
        free: Shape (N, T, 88).
        key: Shape (N, 88).

    """

    kinds: Tensor
    centre: Tensor
    log_precision: Tensor
    free: Tensor
    key: Tensor

    @property
    def mean(self) -> Tensor:
        """Most likely tokens, shape (N, T): the likeliest kind, then the likeliest pitch of an onset."""
        kind = self.kinds.argmax(2)
        pitch = self._logits(self.centre, self.log_precision, self.free, self.key[:, None]).argmax(2)
        onset = kind == KINDS - 1
        return torch.where(onset, pitch.gather(1, numbers(onset)) + KINDS - 1, kind)

    def error(self, x: Tensor) -> Tensor:
        """-ln p of each token of x (N, T), integers, shape (N, T), nats."""
        kind = x.clamp(max=KINDS - 1)
        found = -functional.log_softmax(self.kinds, dim=2).gather(2, kind[..., None]).squeeze(2)
        onset = x >= KINDS - 1
        rows, steps = onset.nonzero(as_tuple=True)  # two steps of three have no pitch
        note = numbers(onset)[rows, steps]
        logits = self._logits(
            self.centre[rows, note], self.log_precision[rows, note], self.free[rows, note], self.key[rows]
        )
        pitch = functional.cross_entropy(logits, x[rows, steps] - (KINDS - 1), reduction="none")
        return found.index_put((rows, steps), pitch, accumulate=True)

    @staticmethod
    def _logits(centre: Tensor, log_precision: Tensor, free: Tensor, key: Tensor) -> Tensor:
        grid = (torch.arange(PITCHES, device=free.device) - MIDDLE) / OCTAVE_HALF
        pull = 0.5 * torch.exp(log_precision.clamp(*LOG_PRECISION))[..., None]
        return free + key - pull * (grid - centre[..., None]).square()


def melodies(flat: Tensor) -> Melodies:
    """Read the flat output of `Heads`."""
    steps = (flat.shape[1] - PITCHES) // (KINDS + 2 + PITCHES)
    own = flat[:, : steps * (KINDS + 2)].view(len(flat), steps, KINDS + 2)
    free = flat[:, steps * (KINDS + 2) : -PITCHES].view(len(flat), steps, PITCHES)
    # a precision of 1 / 2.2 semitones to begin with
    log_precision = 2.0 + 2.0 * own[..., KINDS + 1]
    return Melodies(own[..., :KINDS], own[..., KINDS], log_precision, free, flat[:, -PITCHES:])
