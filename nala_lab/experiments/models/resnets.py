"""ResNet-18 and ResNet-34 for small images."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from nala_lab.core import require, require_int
from nala_lab.experiments.models.start import initialise

__all__ = ["BLOCKS", "BasicBlock", "ResNet", "resnet"]

BLOCKS = {18: (2, 2, 2, 2), 34: (3, 4, 6, 3)}
WIDTHS = (64, 128, 256, 512)


class BasicBlock(nn.Module):
    """Two 3 x 3 convolutions, each normalised, added to what came in.

    out = relu(bn(conv(relu(bn(conv(x))))) + shortcut(x))

    The shortcut is the identity, or a normalised 1 x 1 convolution where the block changes width or resolution
    (option B of the paper).

    Source: He, Zhang, Ren and Sun (2016), "Deep residual learning for image recognition", Fig. 2 and section 3.3.
    """

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or inputs != outputs:
            self.shortcut = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map (n, inputs, h, w) to (n, outputs, h / stride, w / stride)."""
        out = F.relu(self.bn1(self.conv1(x)))
        return F.relu(self.bn2(self.conv2(out)) + self.shortcut(x))


class ResNet(nn.Module):
    """A stem, four stages of blocks at falling resolution, the mean over all places, and a linear layer."""

    def __init__(self, blocks: tuple[int, ...], classes: int, channels: int) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(channels, 64, 3, padding=1, bias=False), nn.BatchNorm2d(64), nn.ReLU())
        stages: list[nn.Module] = []
        inputs = 64
        for stage, (width, count) in enumerate(zip(WIDTHS, blocks, strict=True)):
            for i in range(count):
                stages.append(BasicBlock(inputs, width, stride=2 if stage > 0 and i == 0 else 1))
                inputs = width
        self.stages = nn.Sequential(*stages)
        self.linear = nn.Linear(inputs, classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map images (n, channels, 32, 32) to (n, classes)."""
        return self.linear(self.stages(self.stem(x)).mean((2, 3)))


def resnet(classes: int = 10, *, depth: int = 18, channels: int = 3, generator: torch.Generator) -> ResNet:
    """ResNet-18 or ResNet-34 with the stem that is usual for images of 32 x 32: 3 x 3, no stride, no pooling.

    11,173,962 parameters for depth 18 and 21,282,122 for 34, with ten classes and three channels. The stem of the
    paper, 7 x 7 with stride 2 and pooling, is for images of 224 x 224. Convolutions start at He's variance 2 / fan-in.

    Raises ValueError for another depth, or no classes or channels.

    Parameters
    ----------
    classes : number of outputs.
    depth : 18 or 34 layers with weights.
    channels : 1 for grey images, 3 for coloured ones.
    generator : where the initial weights are drawn from.

    Source: He, Zhang, Ren and Sun (2016), "Deep residual learning for image recognition", Table 1.

    Examples
    --------
    >>> import torch
    >>> from nala_lab.experiments.models import resnet, torch_stream
    >>> model = resnet(depth=34, generator=torch_stream(0, "initial weights"))
    >>> sum(p.numel() for p in model.parameters()), model(torch.zeros(2, 3, 32, 32)).shape
    (21282122, torch.Size([2, 10]))
    """
    require_int("classes", classes, low=1)
    require_int("channels", channels, low=1)
    require("depth", depth, depth in BLOCKS, "18 or 34")
    with torch.device("meta"):
        model = ResNet(BLOCKS[depth], classes, channels)
    return initialise(model, generator, "he")
