"""DenseNet121 for small images."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from nala_lab.core import require_int
from nala_lab.experiments.models.start import initialise

__all__ = ["DenseLayer", "densenet121"]

BLOCKS = (6, 12, 24, 16)


class DenseLayer(nn.Module):
    """A bottleneck that adds `growth` maps to those that came in.

    out = [conv3x3(relu(bn(conv1x1(relu(bn(x)))))), x],  4 growth maps between the two convolutions

    Source: Huang, Liu, van der Maaten and Weinberger (2017), "Densely connected convolutional networks", section 3.
    """

    def __init__(self, inputs: int, growth: int) -> None:
        super().__init__()
        self.bn1 = nn.BatchNorm2d(inputs)
        self.conv1 = nn.Conv2d(inputs, 4 * growth, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(4 * growth)
        self.conv2 = nn.Conv2d(4 * growth, growth, 3, padding=1, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map (n, inputs, h, w) to (n, inputs + growth, h, w)."""
        out = self.conv2(F.relu(self.bn2(self.conv1(F.relu(self.bn1(x))))))
        return torch.cat((out, x), 1)


def densenet121(classes: int = 10, *, growth: int = 32, generator: torch.Generator) -> nn.Sequential:
    """DenseNet121 with a 3 x 3 stem for images of 32 x 32: 6,956,298 parameters for ten classes.

    Four dense blocks of 6, 12, 24 and 16 layers; between them a 1 x 1 convolution halves the maps and mean pooling the
    resolution; at the end BatchNorm, ReLU, the mean over all places and a linear layer. The stem has twice as many maps
    as `growth`. Convolutions start at He's variance 2 / fan-in.

    Raises ValueError for no classes, or a growth of no maps.

    Parameters
    ----------
    classes : number of outputs.
    growth : maps that each layer adds.
    generator : where the initial weights are drawn from.

    Source: Huang, Liu, van der Maaten and Weinberger (2017), "Densely connected convolutional networks", Table 1.

    Examples
    --------
    >>> import torch
    >>> from nala_lab.experiments.models import densenet121, torch_stream
    >>> model = densenet121(generator=torch_stream(0, "initial weights"))
    >>> sum(p.numel() for p in model.parameters()), model(torch.zeros(2, 3, 32, 32)).shape
    (6956298, torch.Size([2, 10]))
    """
    require_int("classes", classes, low=1)
    require_int("growth", growth, low=1)
    with torch.device("meta"):
        maps = 2 * growth
        layers: list[nn.Module] = [nn.Conv2d(3, maps, 3, padding=1, bias=False)]
        for block, count in enumerate(BLOCKS):
            if block:
                layers += [nn.BatchNorm2d(maps), nn.ReLU(), nn.Conv2d(maps, maps // 2, 1, bias=False), nn.AvgPool2d(2)]
                maps //= 2
            for _ in range(count):
                layers.append(DenseLayer(maps, growth))
                maps += growth
        layers += [nn.BatchNorm2d(maps), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(maps, classes)]
        model = nn.Sequential(*layers)
    return initialise(model, generator, "he")
