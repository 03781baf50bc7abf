"""LeNet-5 of 1998, and the network that the released NALA program calls LeNet."""

from __future__ import annotations

import torch
from torch import nn

from nala_lab.core import require, require_choice, require_int
from nala_lab.experiments.models.across_channels import AcrossChannels
from nala_lab.experiments.models.start import initialise, truncated

__all__ = ["ACTIVATIONS", "lenet5", "tf_lenet"]

ACTIVATIONS: dict[str, type[nn.Module]] = {"tanh": nn.Tanh, "relu": nn.ReLU}


def lenet5(classes: int = 10, *, channels: int = 1, size: int = 28, activation: str = "tanh",
           generator: torch.Generator) -> nn.Sequential:  # fmt: skip
    """LeNet-5: 61,706 parameters for ten classes of grey images, 62,006 for coloured ones.

    6 feature maps (5 x 5), average pooling, 16 feature maps (5 x 5), average pooling, 120, 84, `classes`. The network
    of 1998 takes 32 x 32 pixels; those of 28 x 28 get a border of two zeros.
    It departs from the 1998 network in what everyone drops since: the pooling has no trainable coefficients, all 16
    maps see all 6, tanh is plain (the original is 1.7159 tanh(2x/3)), and the output is linear under a softmax
    cross-entropy instead of radial basis functions. Its third convolution, 5 x 5 on 5 x 5, is a linear layer.

    Raises ValueError for another size or activation, or no classes or channels.

    Parameters
    ----------
    classes : number of outputs.
    channels : 1 for grey images, 3 for coloured ones.
    size : pixels on a side, 28 or 32.
    activation : ``"tanh"`` as in 1998, or ``"relu"``.
    generator : where the initial weights are drawn from; see `initialise`.

    Source: LeCun, Bottou, Bengio and Haffner (1998), "Gradient-based learning applied to document recognition",
    section II.B; the NALA paper trains "LeNet-5" and cites it.

    Examples
    --------
    >>> import torch
    >>> from nala_lab.experiments.models import lenet5, torch_stream
    >>> model = lenet5(channels=3, size=32, generator=torch_stream(0, "initial weights"))
    >>> sum(p.numel() for p in model.parameters())
    62006
    >>> model(torch.zeros(7, 3, 32, 32)).shape
    torch.Size([7, 10])
    """
    require_int("classes", classes, low=1)
    require_int("channels", channels, low=1)
    require_choice("activation", activation, ACTIVATIONS)
    require("size", size, size in (28, 32), "28 or 32")
    act = ACTIVATIONS[activation]
    # Built without storage first: torch's own initialisation would draw from its global generator.
    with torch.device("meta"):
        model = nn.Sequential(
            nn.Conv2d(channels, 6, 5, padding=(32 - size) // 2), act(), nn.AvgPool2d(2),
            nn.Conv2d(6, 16, 5), act(), nn.AvgPool2d(2),
            nn.Flatten(),
            nn.Linear(16 * 5 * 5, 120), act(),
            nn.Linear(120, 84), act(),
            nn.Linear(84, classes),
        )  # fmt: skip
    return initialise(model, generator)


def tf_lenet(classes: int = 10, *, generator: torch.Generator) -> nn.Sequential:
    """The network that the released NALA program trains as LeNet-5: 1,068,298 parameters, or 1,085,668 for 100 classes.

    It is that of TensorFlow's CIFAR-10 tutorial, for crops of 3 x 24 x 24: 64 maps (5 x 5), ReLU, max-pooling 3 x 3
    with stride 2, normalisation across 9 channels; 64 maps (5 x 5), ReLU, normalisation, pooling; 384, 192, `classes`.
    Weights are N(0, sd^2), cut off at 2 sd, with sd 0.05 in the convolutions, 0.04 in the hidden layers and 1/192 in
    the last; biases are 0 in the first and last layer and 0.1 between. The program's weight decay has no effect and is
    left out.

    Raises ValueError for no classes.

    Source: read in the released program, function ``inference``.

    Examples
    --------
    >>> import torch
    >>> from nala_lab.experiments.models import tf_lenet, torch_stream
    >>> model = tf_lenet(100, generator=torch_stream(0, "initial weights"))
    >>> sum(p.numel() for p in model.parameters()), model(torch.zeros(7, 3, 24, 24)).shape
    (1085668, torch.Size([7, 100]))
    """
    require_int("classes", classes, low=1)
    with torch.device("meta"):
        model = nn.Sequential(  # the first ReLU comes after the pooling: the same numbers, of a quarter of the pixels
            nn.Conv2d(3, 64, 5, padding=2), _pool(), nn.ReLU(), _normalise(),
            nn.Conv2d(64, 64, 5, padding=2), nn.ReLU(), _normalise(), _pool(),
            nn.Flatten(),
            nn.Linear(64 * 6 * 6, 384), nn.ReLU(),
            nn.Linear(384, 192), nn.ReLU(),
            nn.Linear(192, classes),
        )  # fmt: skip
    return truncated(model, generator, (0.05, 0.05, 0.04, 0.04, 1 / 192), (0.0, 0.1, 0.1, 0.1, 0.0))


def _pool() -> nn.Module:
    """TensorFlow's SAME pooling of an even side: the last window hangs over the edge, the first does not."""
    return nn.MaxPool2d(3, 2, ceil_mode=True)


def _normalise() -> nn.Module:
    """tf.nn.lrn(depth_radius=4, bias=1, alpha=0.001/9, beta=0.75)."""
    return AcrossChannels(radius=4, alpha=0.001 / 9)
