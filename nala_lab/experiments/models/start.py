"""Initial weights from a named stream, so that every optimizer of a seed starts at the same point."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeVar

import torch
from torch import nn

from nala_lab.core import require_choice, stream

__all__ = ["GAINS", "initialise", "torch_stream", "truncated"]

# Variance times fan-in. LeCun, Bottou, Orr and Mueller (1998), "Efficient BackProp", section 4.6; He, Zhang, Ren and
# Sun (2015), "Delving deep into rectifiers", equation (10).
GAINS = {"lecun": 1.0, "he": 2.0}
Net = TypeVar("Net", bound=nn.Module)


def torch_stream(seed: int, *name: object) -> torch.Generator:
    """The torch generator that belongs to ``(seed, name)``, on the CPU so that every device sees the same numbers."""
    generator = torch.Generator(device="cpu")
    return generator.manual_seed(int(stream(seed, *name).integers(2**63)))


def initialise(model: Net, generator: torch.Generator, scheme: str = "lecun") -> Net:
    """Draw the weights of every convolution and linear layer; a network on the meta device gets its storage first.

    lecun    W ~ U(-sqrt(3 / n), sqrt(3 / n)):  variance 1 / n,  n = inputs of a unit
    he       W ~ N(0, 2 / n), and 1 / n in the last linear layer, which no ReLU follows

    Biases are 0; BatchNorm starts as the identity, with running mean 0 and variance 1.

    Raises
    ------
    ValueError
        For a scheme that is not in GAINS.
    """
    require_choice("scheme", scheme, GAINS)
    layers = _layers(model)
    with torch.no_grad():
        for layer in layers:
            fan_in = layer.weight[0].numel()
            if scheme == "lecun":
                bound = math.sqrt(3 * GAINS[scheme] / fan_in)
                layer.weight.uniform_(-bound, bound, generator=generator)
            else:
                gain = GAINS["lecun"] if layer is layers[-1] else GAINS[scheme]
                layer.weight.normal_(0, math.sqrt(gain / fan_in), generator=generator)
            if layer.bias is not None:
                layer.bias.zero_()
        for norm in (m for m in model.modules() if isinstance(m, nn.BatchNorm2d)):
            norm.reset_parameters()
    return model


def truncated(model: Net, generator: torch.Generator, sds: Sequence[float], biases: Sequence[float]) -> Net:
    """Start layer by layer from N(0, sd^2) cut off at two standard deviations, as released TensorFlow programs do.

    Parameters
    ----------
    sds, biases : one number for each convolution and linear layer, from the first to the last.
    """
    for layer, sd, bias in zip(_layers(model), sds, biases, strict=True):
        nn.init.trunc_normal_(layer.weight, std=sd, a=-2 * sd, b=2 * sd, generator=generator)
        nn.init.constant_(layer.bias, bias)
    return model


def _layers(model: nn.Module) -> list[nn.Conv2d | nn.Linear]:
    """The layers with weights, which have their storage from here on."""
    if any(p.is_meta for p in model.parameters()):
        model.to_empty(device="cpu")
    return [m for m in model.modules() if isinstance(m, nn.Conv2d | nn.Linear)]
