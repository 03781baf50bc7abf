"""Initial weights from a named stream, so that every optimizer of a seed starts at the same point."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeVar

import torch
from torch import nn

from nala_lab.core import require_choice, stream

__all__ = ["SCHEMES", "initialise", "torch_stream", "truncated"]

# LeCun, Bottou, Orr and Mueller (1998), "Efficient BackProp", section 4.6; He, Zhang, Ren and Sun (2015), "Delving deep
# into rectifiers", equations (10) and (14); the linear layers of "he out" start as those of torch do.
SCHEMES = ("lecun", "he", "he out")
Net = TypeVar("Net", bound=nn.Module)


def torch_stream(seed: int, *name: object) -> torch.Generator:
    """The torch generator that belongs to ``(seed, name)``, on the CPU so that every device sees the same numbers."""
    generator = torch.Generator(device="cpu")
    return generator.manual_seed(int(stream(seed, *name).integers(2**63)))


def initialise(model: Net, generator: torch.Generator, scheme: str = "lecun") -> Net:
    """Draw the weights of every convolution and linear layer; a network on the meta device gets its storage first.

    lecun      W ~ U(-sqrt(3 / n), sqrt(3 / n)):  variance 1 / n,  n = inputs of a unit
    he         W ~ N(0, 2 / n), and 1 / n in the last linear layer, which no ReLU follows
    he out     convolutions: N(0, 2 / m), m = outputs that an input reaches; linear layers: variance 1 / (3 n), uniform

    Biases are 0; BatchNorm starts as the identity, with running mean 0 and variance 1. Raises ValueError for a scheme
    that is not in SCHEMES.
    """
    require_choice("scheme", scheme, SCHEMES)
    layers = _layers(model)
    with torch.no_grad():
        for layer in layers:
            w, fan_in = layer.weight, layer.weight[0].numel()
            if scheme == "he":
                w.normal_(0, math.sqrt((1 if layer is layers[-1] else 2) / fan_in), generator=generator)
            elif scheme == "he out" and isinstance(layer, nn.Conv2d):
                w.normal_(0, math.sqrt(2 / w[:, 0].numel()), generator=generator)
            else:
                bound = math.sqrt((3 if scheme == "lecun" else 1) / fan_in)
                w.uniform_(-bound, bound, generator=generator)
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
    with torch.no_grad():
        for layer, sd, bias in zip(_layers(model), sds, biases, strict=True):
            w = layer.weight.view(-1).normal_(0, sd, generator=generator)
            # What lies outside is drawn again, in less than half the time of inverting the distribution.
            while len(outside := (w.abs() > 2 * sd).nonzero()):
                w[outside] = torch.empty(outside.shape).normal_(0, sd, generator=generator)
            nn.init.constant_(layer.bias, bias)
    return model


def _layers(model: nn.Module) -> list[nn.Conv2d | nn.Linear]:
    """The layers with weights, which have their storage from here on."""
    if any(p.is_meta for p in model.parameters()):
        model.to_empty(device="cpu")
    return [m for m in model.modules() if isinstance(m, nn.Conv2d | nn.Linear)]
