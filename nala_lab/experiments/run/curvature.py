"""The loss of one mini-batch as a function of the weights: gradient, Hessian-vector products, largest curvatures.

    H v = d/dw (g . v)                          one backward pass through the gradient's graph
    Lanczos: v_1 drawn; beta_j v_{j+1} = H v_j - alpha_j v_j - beta_{j-1} v_{j-1}
    H's extreme eigenvalues ~ those of the tridiagonal matrix of alpha, beta; each within beta_m |last entry of its
    eigenvector| of an eigenvalue of H

No matrix is made. Source: Lanczos 1950, with full reorthogonalisation; the bound is Parlett's (1980, section 4.5).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch

from nala_lab.core import require_int

__all__ = ["Loss", "Ritz", "Slopes", "dot", "lanczos"]

Vector = list[torch.Tensor]
Loss = Callable[[Sequence[torch.Tensor]], torch.Tensor]


def dot(a: Sequence[torch.Tensor], b: Sequence[torch.Tensor]) -> float:
    """Inner product over all parameters, summed in float64."""
    return float(torch.stack([(x * y).sum(dtype=torch.float64) for x, y in zip(a, b, strict=True)]).sum())


class Slopes:
    """Gradient and Hessian products of `loss` at `weights`; the graph is kept for as long as this object is.

    Attributes
    ----------
    loss : its value. gradient : (one tensor a parameter).

    Examples
    --------
    >>> at = Slopes(lambda w: (w[0] ** 2 * torch.tensor([1.0, 3.0])).sum() / 2, [torch.tensor([2.0, 1.0])])
    >>> at.loss, at.gradient[0].tolist(), at.product([torch.tensor([1.0, 1.0])])[0].tolist()
    (3.5, [2.0, 3.0], [1.0, 3.0])
    """

    def __init__(self, loss: Loss, weights: Sequence[torch.Tensor]) -> None:
        self._at = [w.detach().clone().requires_grad_() for w in weights]
        value = loss(self._at)
        self._slope = torch.autograd.grad(value, self._at, create_graph=True)
        self.loss, self.gradient = float(value.detach()), [g.detach() for g in self._slope]

    def product(self, v: Sequence[torch.Tensor]) -> Vector:
        """H v."""
        along = torch.stack([(g * x).sum() for g, x in zip(self._slope, v, strict=True)]).sum()
        return list(torch.autograd.grad(along, self._at, retain_graph=True))


class Ritz(NamedTuple):
    """Estimates of the largest eigenvalues, largest first, and how far an eigenvalue may be from each."""

    values: list[float]
    within: list[float]


def lanczos(slopes: Slopes, *, steps: int, top: int, generator: torch.Generator) -> Ritz:
    """Estimate the `top` largest eigenvalues of H from `steps` products, starting at a vector drawn on the CPU.

    One start sees a repeated eigenvalue once: where H has fewer than `top` different ones, fewer are given.

    Raises ValueError when steps is below top, or top below 1.

    Examples
    --------
    >>> h = torch.linspace(0, 1, 50, dtype=torch.float64).square()
    >>> bowl = Slopes(lambda w: (h * w[0] ** 2).sum() / 2, [torch.zeros(50, dtype=torch.float64)])
    >>> found = lanczos(bowl, steps=20, top=1, generator=torch.Generator().manual_seed(0))
    >>> abs(found.values[0] - 1) <= found.within[0] < 0.01
    True
    """
    require_int("top", top, low=1)
    require_int("steps", steps, low=top)
    v = [torch.randn(g.shape, generator=generator, dtype=g.dtype).to(g.device) for g in slopes.gradient]
    basis: list[torch.Tensor] = []
    diagonal, beside, norm = [], [], 0.0
    flat, size = _flat(v), 0
    for _ in range(min(steps, flat.numel())):
        norm = float(flat.norm())
        if size and not norm > 1e-6 * max(map(abs, diagonal)):  # the space is exhausted: what is left is rounding
            break
        if size:
            beside.append(norm)
        basis.append(flat / norm)
        size += 1
        flat = _flat(slopes.product(_like(basis[-1], v)))
        diagonal.append(float(basis[-1] @ flat))
        for _ in range(2):  # twice is enough (Kahan)
            for u in basis:
                flat = flat - (u @ flat) * u
        norm = float(flat.norm())
    T = torch.diag(torch.tensor(diagonal, dtype=torch.float64))
    T += sum(torch.diag(torch.tensor(beside, dtype=torch.float64), k) for k in (1, -1)) if beside else 0
    values, vectors = torch.linalg.eigh(T)
    ends = (norm * vectors[-1].abs()).flip(0)[:top]
    return Ritz(values.flip(0)[:top].tolist(), ends.tolist())


def _flat(v: Sequence[torch.Tensor]) -> torch.Tensor:
    return torch.cat([x.reshape(-1) for x in v])


def _like(flat: torch.Tensor, v: Sequence[torch.Tensor]) -> Vector:
    return [part.view_as(x) for part, x in zip(flat.split([x.numel() for x in v]), v, strict=True)]
