"""The networks of the experiments, initialised from a named stream so that every optimizer starts at the same point."""

from __future__ import annotations

import math

import torch
from torch import nn

from nala_lab.core import require_choice, stream

__all__ = ["ACTIVATIONS", "initialise", "lenet5", "torch_stream"]

ACTIVATIONS: dict[str, type[nn.Module]] = {"tanh": nn.Tanh, "relu": nn.ReLU}


def torch_stream(seed: int, *name: object) -> torch.Generator:
    """The torch generator that belongs to ``(seed, name)``, on the CPU so that every device sees the same numbers."""
    generator = torch.Generator(device="cpu")
    return generator.manual_seed(int(stream(seed, *name).integers(2**63)))


def lenet5(classes: int = 10, *, activation: str = "tanh", generator: torch.Generator) -> nn.Sequential:
    """LeNet-5 for one channel of 28 x 28 pixels: 61,706 parameters for ten classes.

    6 feature maps (5 x 5, border of 2), average pooling, 16 feature maps (5 x 5), average pooling, 120, 84, `classes`.
    It departs from the 1998 network in what everyone drops since: the pooling has no trainable coefficients, all 16
    maps see all 6, tanh is plain (the original is 1.7159 tanh(2x/3)), and the output is linear under a softmax
    cross-entropy instead of radial basis functions.

    Parameters
    ----------
    classes : number of outputs.
    activation : ``"tanh"`` as in 1998, or ``"relu"``.
    generator : where the initial weights are drawn from; see `initialise`.

    Source: LeCun, Bottou, Bengio and Haffner (1998), "Gradient-based learning applied to document recognition",
    section II.B; the NALA paper trains "LeNet-5" and cites it.

    Examples
    --------
    >>> model = lenet5(generator=torch_stream(0, "initial weights"))
    >>> sum(p.numel() for p in model.parameters())
    61706
    >>> model(torch.zeros(3, 1, 28, 28)).shape
    torch.Size([3, 10])
    """
    require_choice("activation", activation, ACTIVATIONS)
    act = ACTIVATIONS[activation]
    # Built without storage first: torch's own initialisation would draw from its global generator.
    with torch.device("meta"):
        model = nn.Sequential(
            nn.Conv2d(1, 6, 5, padding=2), act(), nn.AvgPool2d(2),
            nn.Conv2d(6, 16, 5), act(), nn.AvgPool2d(2),
            nn.Flatten(),
            nn.Linear(16 * 5 * 5, 120), act(),
            nn.Linear(120, 84), act(),
            nn.Linear(84, classes),
        )  # fmt: skip
    return initialise(model.to_empty(device="cpu"), generator)


def initialise(model: nn.Sequential, generator: torch.Generator) -> nn.Sequential:
    """Draw every weight uniformly with variance 1 / fan-in, and set every bias to 0, in place.

    W ~ U(-sqrt(3 / n), sqrt(3 / n)), n = inputs of a unit: the standard deviation 1 / sqrt(n) of LeCun, Bottou, Orr
    and Mueller (1998), "Efficient BackProp", section 4.6.
    """
    with torch.no_grad():
        for layer in model.modules():
            if isinstance(layer, nn.Conv2d | nn.Linear):
                bound = math.sqrt(3 / layer.weight[0].numel())
                layer.weight.uniform_(-bound, bound, generator=generator)
                if layer.bias is not None:
                    layer.bias.zero_()
    return model
