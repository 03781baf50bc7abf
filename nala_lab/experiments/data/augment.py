"""Random views of images: a whole mini-batch at once, on the device, from one named random stream.

Every image takes five numbers from the stream, whichever of them its protocol uses: where the crop begins (two),
whether it is mirrored, its brightness and its contrast. They are drawn on the CPU, so that every device sees the same
images, and at full precision, so that no offset is out of range. In order, as in the released NALA program:

    crop         a square of `crop` pixels anywhere in the image, after a border of `padding` zeros
    flip         left and right are exchanged, with probability 1/2
    brightness   x + b,  b ~ U(-brightness, brightness)            in units of 0 to 255
    contrast     m + f (x - m),  f ~ U(contrast),  m the mean of each channel of the image
    standardise  by the mean and standard deviation of the training images, or of the image itself
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch.nn import functional as F

from nala_lab.core import require, require_choice, require_int, require_number

__all__ = ["STANDARDISE", "Augmentation"]

STANDARDISE = ("data set", "image")
Functions = tuple[Callable[[torch.Tensor, torch.Generator], torch.Tensor], Callable[[torch.Tensor], torch.Tensor]]


@dataclass(frozen=True)
class Augmentation:
    """What happens to an image on its way into the network, as plain values.

    Raises ValueError for a value that is out of range.

    Attributes
    ----------
    size : side of what is cropped from, pixels; smaller images get a border of zeros all round. None: as they are.
    crop : side of what the network sees, pixels; None: all of it.
    padding : border of zeros before a random crop, pixels.
    flip : mirror half of the images.
    brightness : largest change, in units of 0 to 255.
    contrast : smallest and largest factor.
    standardise : ``"data set"`` or ``"image"``.

    Examples
    --------
    >>> from nala_lab.experiments.models import torch_stream
    >>> view = Augmentation(crop=24, flip=True, standardise="image")
    >>> x = torch.randint(256, (5, 3, 32, 32), dtype=torch.uint8, generator=torch_stream(0, "pixels"))
    >>> augment, prepare = view.functions(mean=torch.zeros(3, 1, 1), sd=torch.ones(3, 1, 1))
    >>> augment(x, torch_stream(0, "augmentation")).shape, prepare(x).shape
    (torch.Size([5, 3, 24, 24]), torch.Size([5, 3, 24, 24]))
    """

    size: int | None = None
    crop: int | None = None
    padding: int = 0
    flip: bool = False
    brightness: float = 0.0
    contrast: tuple[float, float] = (1.0, 1.0)
    standardise: str = "data set"

    def __post_init__(self) -> None:
        for name in ("size", "crop"):
            if getattr(self, name) is not None:
                require_int(name, getattr(self, name), low=1)
        require_int("padding", self.padding, low=0)
        require_number("brightness", self.brightness, low=0)
        pair = isinstance(self.contrast, tuple | list) and len(self.contrast) == 2
        require("contrast", self.contrast, pair, "two numbers, the smallest and the largest factor")
        require_number("contrast[0]", self.contrast[0], low=0)
        require_number("contrast[1]", self.contrast[1], low=self.contrast[0])
        require_choice("standardise", self.standardise, STANDARDISE)

    @property
    def random(self) -> bool:
        """Whether two views of an image can differ."""
        cropped = self.crop is not None or self.padding > 0
        return cropped or self.flip or self.brightness > 0 or tuple(self.contrast) != (1.0, 1.0)

    def functions(self, mean: torch.Tensor, sd: torch.Tensor) -> Functions:
        """``augment(x, generator)`` and ``prepare(x)`` for images (n, c, h, w) of bytes, on the device of `mean`.

        Parameters
        ----------
        mean, sd : (c, 1, 1), of the training images.
        """

        def augment(x: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
            return self._standardised(self._distorted(x, generator), mean, sd)

        def prepare(x: torch.Tensor) -> torch.Tensor:
            return self._standardised(self._centre(_grown(x, self.size)).to(torch.float32, copy=True), mean, sd)

        return augment, prepare

    def _distorted(self, x: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        n, device = len(x), x.device
        draws = torch.rand(5, n, generator=generator, dtype=torch.float64)
        x = self._cropped(_grown(x, self.size), *draws[:3]).float()
        column = (n, 1, 1, 1)
        if self.brightness:
            x += ((2 * draws[3] - 1) * self.brightness).float().to(device).view(column)
        low, high = self.contrast
        if (low, high) != (1.0, 1.0):
            factor = (low + (high - low) * draws[4]).float().to(device).view(column)
            mean = x.mean((2, 3), keepdim=True)
            x = mean + factor * (x - mean)
        return x

    def _cropped(self, x: torch.Tensor, top: torch.Tensor, left: torch.Tensor, mirror: torch.Tensor) -> torch.Tensor:
        """Cut one square out of each image and mirror some, by one gather over the pixels; draws in [0, 1)."""
        (n, channels, height, width), device = x.shape, x.device
        if not (self.crop or self.padding or self.flip):
            return x
        tall, wide = self.crop or height, self.crop or width
        if self.padding:
            x = F.pad(x, (self.padding,) * 4)
        room = min(x.shape[2:])
        fits = self.crop is None or self.crop <= room
        require("crop", self.crop, fits, f"crop <= {room}, the side of the image with its border")
        # A few numbers per image travel; the index itself, one per pixel, is made where the images are.
        rows = _offsets(top, x.shape[2] - tall).to(device) + torch.arange(tall, device=device)
        columns = torch.arange(wide, device=device).expand(n, wide)
        if self.flip:
            columns = torch.where((mirror[:, None] < 0.5).to(device), columns.flip(1), columns)
        columns = _offsets(left, x.shape[3] - wide).to(device) + columns
        index = (rows[:, :, None] * x.shape[3] + columns[:, None, :]).view(n, 1, -1)
        out = x.flatten(2).gather(2, index.expand(n, channels, -1))
        return out.view(n, channels, tall, wide)

    def _centre(self, x: torch.Tensor) -> torch.Tensor:
        if self.crop is None:
            return x
        top, left = (x.shape[2] - self.crop) // 2, (x.shape[3] - self.crop) // 2
        # A border that is only there for random crops leaves nothing to cut.
        return x[:, :, max(top, 0) :, max(left, 0) :][:, :, : self.crop, : self.crop]

    def _standardised(self, x: torch.Tensor, mean: torch.Tensor, sd: torch.Tensor) -> torch.Tensor:
        """Standardise float images; of one image alone as TensorFlow does, with sd at least that of one grey level.

        The bound is 1 / sqrt(pixels times channels), for images of a single colour.
        """
        if self.standardise == "data set":
            return x.sub_(mean).div_(sd)
        axes, pixels = (1, 2, 3), x[0].numel()
        spread = x.std(axes, correction=0, keepdim=True).clamp(min=pixels**-0.5)
        return (x - x.mean(axes, keepdim=True)) / spread


def _grown(x: torch.Tensor, size: int | None) -> torch.Tensor:
    """Give images a border of zeros up to `size` pixels on a side, an odd rest at the bottom and right."""
    if size is None or x.shape[2:] == (size, size):
        return x
    down, across = size - x.shape[2], size - x.shape[3]
    return F.pad(x, (across // 2, across - across // 2, down // 2, down - down // 2))


def _offsets(draw: torch.Tensor, largest: int) -> torch.Tensor:
    """Whole numbers 0 .. `largest`, equally likely, as a column."""
    return (draw * (largest + 1)).long()[:, None]
