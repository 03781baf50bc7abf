"""AlexNet for small images, in the sizes of the released NALA program."""

from __future__ import annotations

import torch
from torch import nn

from nala_lab.core import require, require_choice, require_int
from nala_lab.experiments.models.across_channels import AcrossChannels
from nala_lab.experiments.models.start import initialise, truncated

__all__ = ["INITS", "alexnet"]

INITS = ("he", "std 0.1")


def alexnet(classes: int = 10, *, size: int = 32, init: str = "he", generator: torch.Generator) -> nn.Sequential:
    """AlexNet for images of 32 x 32: 28,376,554 parameters for ten classes, 28,745,284 for a hundred.

    Five convolutions of 96, 256, 384, 384 and 256 maps, the second, fourth and fifth in two groups as in 2012; two
    hidden layers of 4096 under dropout 0.5; `classes`. The NALA paper gives no sizes for small images, so these are
    the released program's: a first convolution of 6 x 6 with stride 2, the others 3 x 3, max-pooling 3 x 3 with
    strides 2, 1 and 1. Normalisation across 5 channels as in 2012: (2 + 1e-4 sum of squares)^0.75.

    Raises ValueError for another size or init, or no classes.

    Parameters
    ----------
    classes : number of outputs.
    size : side of the images; those of 24, the released program's crops, are scaled up to 32 first (bilinear; torch
        places the pixels' centres by half a pixel otherwise than TensorFlow 1 did).
    init : ``"he"``: variance 2 / fan-in; ``"std 0.1"``: N(0, 0.1^2) cut off at 0.2 in every layer, as released, from
        which the loss starts in the thousands.
    generator : where the initial weights are drawn from.

    Source: Krizhevsky, Sutskever and Hinton (2012), "ImageNet classification with deep convolutional neural networks",
    section 3; released program of the NALA paper, function ``alexnet2``.

    Examples
    --------
    >>> import torch
    >>> from nala_lab.experiments.models import alexnet, torch_stream
    >>> model = alexnet(100, generator=torch_stream(0, "initial weights"))
    >>> sum(p.numel() for p in model.parameters()), model(torch.zeros(2, 3, 32, 32)).shape
    (28745284, torch.Size([2, 100]))
    """
    require_int("classes", classes, low=1)
    require_choice("init", init, INITS)
    require("size", size, size in (24, 32), "24 or 32")
    grow = [nn.Upsample(size=32, mode="bilinear")] if size == 24 else []
    with torch.device("meta"):
        model = nn.Sequential(
            *grow,
            nn.Conv2d(3, 96, 6, 2, padding=2), nn.ReLU(), _normalise(), nn.MaxPool2d(3, 2),
            nn.Conv2d(96, 256, 3, padding=1, groups=2), nn.ReLU(), _normalise(), nn.MaxPool2d(3, 1),
            nn.Conv2d(256, 384, 3, padding=1), nn.ReLU(),
            nn.Conv2d(384, 384, 3, padding=1, groups=2), nn.ReLU(),
            nn.Conv2d(384, 256, 3, padding=1, groups=2), nn.ReLU(), nn.MaxPool2d(3, 1),
            nn.Flatten(),
            nn.Linear(256 * 3 * 3, 4096), nn.ReLU(), nn.Dropout(0.5),
            nn.Linear(4096, 4096), nn.ReLU(), nn.Dropout(0.5),
            nn.Linear(4096, classes),
        )  # fmt: skip
    if init == "he":
        return initialise(model, generator, "he")
    return truncated(model, generator, (0.1,) * 8, (0.0,) * 8)


def _normalise() -> nn.Module:
    """Normalisation of 2012 across 5 channels."""
    return AcrossChannels(radius=2, alpha=1e-4, k=2.0)
