"""Stage-1 gradients of dense auto-encoders in closed form, in buffers that are used again every step.

On small layers automatic differentiation costs more than the arithmetic: a step of a 30-128-64-8-64-128-30
network on 256 rows took 2.0 ms, of which the matrix products are 0.7 ms. The loss of stage 1 is simple enough
to differentiate by hand; everything else is left to autograd (see `unseen.training.loop`), and a test holds
both to the same gradients.

For l = E + (beta / D) KL, its mean over N rows, z = m + s * noise, s = exp(v / 2), v the log variance:

    dL/dx' = 2 (x' - x) / (N D)
    dL/dm  = dL/dz + beta m / (N D)
    dL/dv  = dL/dz * noise * s / 2 + beta (s^2 - 1) / (2 N D), zero where v is outside its bounds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Self

import torch
from torch import Tensor, nn

from unseen.models.network import Network
from unseen.models.vae import LOG_VARIANCE, diagonal_normal
from unseen.nn.distributions import Gaussian, Point
from unseen.training.loop import Descent


@dataclass(frozen=True, eq=False)
class Layer:
    """A linear layer with its buffers for N rows, y = relu(x W^T + b) or without the ReLU.

    Attributes:
        weight, bias: W (out, in) and b (out,).
        weight_slope, bias_slope: Where their gradients go.
        rectified: Whether a ReLU follows.
        output, slope: y and the gradient by y, both (N, out).
        turned, slope_turned: W and the slope, transposed views; made once because making them costs as much
            as a small product.

    """

    weight: Tensor
    bias: Tensor
    weight_slope: Tensor
    bias_slope: Tensor
    rectified: bool
    output: Tensor
    slope: Tensor
    turned: Tensor
    slope_turned: Tensor

    @classmethod
    def over(cls, linear: nn.Linear, rows: int, *, rectified: bool) -> Self:
        """Make buffers around a layer whose parameters have gradients to write into."""
        weight, bias = linear.weight.detach(), linear.bias.detach()
        output, slope = torch.empty(rows, len(weight)), torch.empty(rows, len(weight))
        by_weight, by_bias = linear.weight.grad, linear.bias.grad
        if by_weight is None or by_bias is None:
            raise RuntimeError("closed-form gradients are written into those laid out by `flat`")
        return cls(weight, bias, by_weight, by_bias, rectified, output, slope, weight.t(), slope.t())


@dataclass(frozen=True, eq=False)
class Chain:
    """Linear layers one after the other."""

    layers: tuple[Layer, ...]

    @classmethod
    def over(cls, modules: Iterable[nn.Module], rows: int) -> Self:
        """Make buffers around linear layers, each with or without a ReLU after it."""
        pairs = pairwise([*modules, None])
        return cls(
            tuple(
                Layer.over(module, rows, rectified=isinstance(following, nn.ReLU))
                for module, following in pairs
                if isinstance(module, nn.Linear)
            )
        )

    def forward(self, x: Tensor) -> Tensor:
        """Output of the last layer, shape (N, out)."""
        for layer in self.layers:
            torch.addmm(layer.bias, x, layer.turned, out=layer.output)
            x = layer.output.relu_() if layer.rectified else layer.output
        return x

    def backward(self, x: Tensor, by_x: Tensor | None = None) -> None:
        """Write the gradients of all layers, from the slope of the last; that by x where it is asked for."""
        for place in reversed(range(len(self.layers))):
            layer, below = self.layers[place], self.layers[place - 1] if place else None
            if layer.rectified:
                # the output has been used by now, so the mask takes its place
                layer.slope.mul_(layer.output.sign_())
            torch.mm(layer.slope_turned, below.output if below else x, out=layer.weight_slope)
            torch.sum(layer.slope, 0, out=layer.bias_slope)
            wanted = below.slope if below else by_x
            if wanted is not None:
                torch.mm(layer.slope, layer.weight, out=wanted)


class ClosedForm:
    """Gradient of the mean of l = E + (beta / D) KL over a batch, for networks that `fits` accepts.

    Args:
        network: Its parameters must have gradients to write into.
        beta: Weight of the divergence.
        rows: Rows of every batch.

    """

    def __init__(self, network: Network, beta: float, rows: int) -> None:
        self._encoder = Chain.over([*network.encoder.children(), network.head], rows)
        self._decoder = Chain.over(network.decoder.children(), rows)
        self._beta = beta
        self._by_code = torch.empty(rows, network.latent)

    @staticmethod
    def fits(network: Network, beta: float) -> bool:
        """Whether the network is dense on flat rows, its code and its likelihood known here."""
        modules = [*network.encoder.children(), network.head, *network.decoder.children()]
        return (
            all(isinstance(module, nn.Linear | nn.ReLU) for module in modules)
            and network.likelihood is Gaussian
            and network.posterior is (diagonal_normal if beta > 0 else Point)
        )

    def descent(self, inputs: Callable[[Tensor], tuple[Tensor, Tensor | None]]) -> Descent:
        """Return what the loop calls, from what turns a batch into the rows that go in and the noise."""
        return lambda batch, step: self.write(batch.rows, *inputs(batch.rows))

    def write(self, target: Tensor, x: Tensor, noise: Tensor | None) -> None:
        """Write the gradient for rows `target` (N, D), from the same rows `x` as the network sees them.

        Args:
            noise: Standard normal, shape (N, Z), the code is drawn with; None for a code without spread.

        """
        with torch.inference_mode():
            parameters, slope = self._encoder.forward(x), self._encoder.layers[-1].slope
            if noise is None:
                self._through_decoder(parameters, target, slope)
            else:
                self._through_draw(parameters, target, noise, slope)
            self._encoder.backward(x)

    def _through_decoder(self, code: Tensor, target: Tensor, by_code: Tensor) -> None:
        """Write the gradients of the decoder, and that of E by the code into `by_code` (N, Z)."""
        reconstruction = self._decoder.forward(code)
        torch.sub(reconstruction, target, out=self._decoder.layers[-1].slope).mul_(2.0 / target.numel())
        self._decoder.backward(code, by_code)

    def _through_draw(self, parameters: Tensor, target: Tensor, noise: Tensor, slope: Tensor) -> None:
        """Write the gradients of the decoder, and that of l by means and log variances into `slope`."""
        # columns cut out of a matrix are slow to walk; copies are not
        mean, log_variance = (half.contiguous() for half in parameters.chunk(2, dim=1))
        bounded = log_variance.clamp(*LOG_VARIANCE)
        spread = bounded.mul(0.5).exp_()
        by_code = self._by_code
        self._through_decoder(torch.addcmul(mean, spread, noise), target, by_code)
        weight = self._beta / target.numel()
        # the bound passes no gradient on beyond it
        inside = log_variance.eq_(bounded)
        by_bounded = (by_code * noise).mul_(spread).add_(spread.square_().sub_(1.0), alpha=weight)
        torch.cat([by_code.add_(mean, alpha=weight), by_bounded.mul_(0.5).mul_(inside)], dim=1, out=slope)
