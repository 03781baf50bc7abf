"""VGG11 for small images."""

from __future__ import annotations

import torch
from torch import nn

from nala_lab.core import require_int
from nala_lab.experiments.models.start import initialise

__all__ = ["vgg11"]

WIDTHS = (64, "pool", 128, "pool", 256, 256, "pool", 512, 512, "pool", 512, 512, "pool")


def vgg11(classes: int = 10, *, batchnorm: bool = False, generator: torch.Generator) -> nn.Sequential:
    """VGG11 (configuration A) with two hidden layers of 512 under dropout: 9,750,922 parameters for ten classes.

    The AdaLA paper follows AdaBelief's experiments, whose program trains VGG11 without BatchNorm; nothing in the paper
    says otherwise, so that is the default. The hidden layers of 4096 in the paper of 2015 are for images of 224 x 224.

    Raises ValueError for no classes.

    Parameters
    ----------
    classes : number of outputs.
    batchnorm : normalise after every convolution.
    generator : where the initial weights are drawn from; the scheme ``"he out"`` of
        `initialise`, as in that program: the outputs start near 0, and the lr of 0.1 of SGD is survived.

    Source: Simonyan and Zisserman (2015), "Very deep convolutional networks for large-scale image recognition",
    Table 1, column A.

    Examples
    --------
    >>> import torch
    >>> from nala_lab.experiments.models import torch_stream, vgg11
    >>> model = vgg11(generator=torch_stream(0, "initial weights"))
    >>> sum(p.numel() for p in model.parameters()), model(torch.zeros(2, 3, 32, 32)).shape
    (9750922, torch.Size([2, 10]))
    """
    require_int("classes", classes, low=1)
    layers: list[nn.Module] = []
    inputs = 3
    with torch.device("meta"):
        for width in WIDTHS:
            if isinstance(width, str):
                layers.append(nn.MaxPool2d(2))
                continue
            layers += [nn.Conv2d(inputs, width, 3, padding=1), *([nn.BatchNorm2d(width)] * batchnorm), nn.ReLU()]
            inputs = width
        model = nn.Sequential(
            *layers, nn.Flatten(),
            nn.Dropout(0.5), nn.Linear(512, 512), nn.ReLU(),
            nn.Dropout(0.5), nn.Linear(512, 512), nn.ReLU(),
            nn.Linear(512, classes),
        )  # fmt: skip
    return initialise(model, generator, "he out")
