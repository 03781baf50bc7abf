"""Local response normalisation, as fast as a convolution."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

__all__ = ["AcrossChannels"]


class AcrossChannels(nn.Module):
    """Normalisation across neighbouring channels: x_c / (k + alpha sum_{|j - c| <= radius} x_j^2)^(3/4).

    It is ``nn.LocalResponseNorm(2 radius + 1, alpha=(2 radius + 1) alpha, beta=0.75, k=k)`` to float32's rounding.
    The sum over channels is a 1 x 1 convolution with a banded matrix of ones, and the power is two roots:
    both are several times as fast on a CPU. Computed in float32 whatever the precision of the rest; without weights.

    Source: Krizhevsky, Sutskever and Hinton (2012), section 3.3.

    Examples
    --------
    >>> AcrossChannels(radius=1, alpha=1.0)(torch.full((1, 2, 1, 1), 2.0)).flatten()  # 2 / (1 + 4 + 4)^(3/4)
    tensor([0.3849, 0.3849])
    """

    def __init__(self, radius: int, alpha: float, k: float = 1.0) -> None:
        super().__init__()
        self.radius, self.alpha, self.k = radius, alpha, k
        self._band = torch.empty(0)  # made for the channels and the device of the first input; never saved

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Normalise (n, channels, height, width)."""
        with torch.autocast(x.device.type, enabled=False):
            x = x.float()
            if self._band.shape[:1] != x.shape[1:2] or self._band.device != x.device:
                at = torch.arange(x.shape[1], device=x.device)
                near = (at[:, None] - at).abs() <= self.radius
                self._band = (near * self.alpha)[:, :, None, None].to(x.dtype)
            sums = F.conv2d(x * x, self._band) + self.k
            return x * (sums.rsqrt() * sums.sqrt().rsqrt())  # sums^(-1/2) sums^(-1/4)
