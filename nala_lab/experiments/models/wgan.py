"""Generator and critic of a Wasserstein GAN: plain convolutional networks in the manner of DCGAN.

    generator   latent -> c w x 4 x 4 -> ... -> w x s/2 x s/2 -> 3 x s x s      4 x 4 transposed convolutions, stride 2
    critic      3 x s x s -> w x s/2 x s/2 -> ... -> c w x 4 x 4 -> 1           the way back, LeakyReLU of slope 0.2

c = s / 8; for images of s = 32 and width w = 64 that is 256, 128, 64 channels. Between the layers of the generator, and
of a critic with `norm`, is BatchNorm; the generator ends in tanh, so images are in [-1, 1]. For s = 64 and w = 64 these
are layer by layer the DCGAN networks of Radford et al. (2015); AdaBelief's published programs enlarge CIFAR-10 to that.

The critic's BatchNorm always uses the statistics of the mini-batch before it: those are what it was trained with, and a
running mean over real and generated images would be the mean of neither.
"""

from __future__ import annotations

import torch
from torch import nn

from nala_lab.core import require, require_int

__all__ = ["SIZES", "critic", "generator", "initialise_dcgan"]

SIZES = (32, 64)
SLOPE = 0.2  # of LeakyReLU below zero
SPREAD = 0.02  # standard deviation of the initial weights


def _channels(width: int, size: int) -> list[int]:
    """Channels from the widest layer, of 4 x 4 pixels, to the narrowest: [4 w, 2 w, w] for 32 pixels."""
    require_int("width", width, low=1)
    require("size", size, size in SIZES, " or ".join(map(str, SIZES)), "pixels on a side")
    return [width * size // 8 >> i for i in range((size // 8).bit_length())]


def generator(*, latent: int = 100, width: int = 64, size: int = 32, draw: torch.Generator) -> nn.Sequential:
    """Network from latent vectors (n, latent) to images (n, 3, size, size) in (-1, 1): 1,068,928 parameters by default.

    Raises ValueError for a size that is not 32 or 64, or a width or length below 1.

    Parameters
    ----------
    latent : length of a latent vector.
    width : channels of the last hidden layer.
    size : pixels on a side, 32 or 64.
    draw : where the initial weights are drawn from; see `initialise_dcgan`.

    Source: Radford, Metz and Chintala (2015), DCGAN; "a vanilla CNN generator" in the AdaLA paper, section 5.3.

    Examples
    --------
    >>> from nala_lab.experiments.models import torch_stream
    >>> net = generator(width=8, draw=torch_stream(0, "initial weights"))
    >>> net(torch.zeros(2, 100)).shape
    torch.Size([2, 3, 32, 32])
    """
    require_int("latent", latent, low=1)
    wide, *rest = _channels(width, size)
    with torch.device("meta"):
        layers = [nn.Unflatten(1, (latent, 1, 1)), *_up(latent, wide, stride=1)]
        for before, after in zip([wide, *rest], rest, strict=False):
            layers += _up(before, after)
        layers += [nn.ConvTranspose2d(width, 3, 4, 2, 1, bias=False), nn.Tanh()]
        net = nn.Sequential(*layers)
    return initialise_dcgan(net, draw)


def critic(*, width: int = 64, size: int = 32, norm: bool = True, bounded: bool = False,
           draw: torch.Generator) -> nn.Sequential:  # fmt: skip
    """Network from images (n, 3, size, size) to scores (n,): 663,296 parameters by default.

    Raises ValueError for a size that is not 32 or 64, or a width below 1.

    Parameters
    ----------
    width, size : as in `generator`.
    norm : BatchNorm between the layers; without it the convolutions have a bias instead. A gradient penalty is a
        statement about single images and wants a critic without (Gulrajani et al. 2017, section 4).
    bounded : end in a sigmoid, as AdaBelief's program for WGAN does; a critic of a Wasserstein distance has none.
    draw : where the initial weights are drawn from.

    Examples
    --------
    >>> from nala_lab.experiments.models import torch_stream
    >>> net = critic(width=8, norm=False, draw=torch_stream(0, "initial weights"))
    >>> net(torch.zeros(2, 3, 32, 32)).shape
    torch.Size([2])
    """
    narrow, *rest = reversed(_channels(width, size))
    with torch.device("meta"):
        layers: list[nn.Module] = [nn.Conv2d(3, narrow, 4, 2, 1, bias=not norm), nn.LeakyReLU(SLOPE)]
        for before, after in zip([narrow, *rest], rest, strict=False):
            layers += [nn.Conv2d(before, after, 4, 2, 1, bias=not norm)]
            layers += [nn.BatchNorm2d(after, track_running_stats=False)] if norm else []
            layers += [nn.LeakyReLU(SLOPE)]
        layers += [nn.Conv2d(rest[-1], 1, 4, bias=False), *([nn.Sigmoid()] if bounded else []), nn.Flatten(0)]
        net = nn.Sequential(*layers)
    return initialise_dcgan(net, draw)


def _up(before: int, after: int, stride: int = 2) -> list[nn.Module]:
    """Twice the pixels on a side; with stride 1, from 1 x 1 to 4 x 4."""
    convolution = nn.ConvTranspose2d(before, after, 4, stride, stride - 1, bias=False)
    return [convolution, nn.BatchNorm2d(after), nn.ReLU()]


def initialise_dcgan(net: nn.Sequential, draw: torch.Generator) -> nn.Sequential:
    """Draw convolutions from N(0, 0.02^2) and BatchNorm's weights from N(1, 0.02^2), in place; every bias is 0.

    A network on the meta device gets its storage first.
    """
    if any(p.is_meta for p in net.parameters()):
        net.to_empty(device="cpu")
    with torch.no_grad():
        for layer in net:
            if isinstance(layer, nn.BatchNorm2d):
                layer.reset_parameters()  # running statistics too
                layer.weight.normal_(1.0, SPREAD, generator=draw)
            elif isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
                layer.weight.normal_(0.0, SPREAD, generator=draw)
                if layer.bias is not None:
                    layer.bias.zero_()
    return net
