"""Problems as torch functions: the analytic NumPy derivatives, or the formula for autograd to work on.

The module itself imports no torch; the functions do.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from problems.base import Problem
from problems.checks import require
from problems.symbols import DIGITS

if TYPE_CHECKING:
    from torch import Tensor

TorchFunction = Callable[["Tensor"], "Tensor"]


def as_torch(problem: Problem) -> TorchFunction:
    """The problem's value as a torch function whose backward pass is the analytic gradient.

    Value, gradient and Hessian-vector product are computed by NumPy in float64 and returned in the
    dtype and on the device of the input. Differentiating twice works (it uses `hvp`); three times
    by x raises. For a game the backward pass is the field, so that an optimizer plays the game.

    Parameters
    ----------
    problem : Problem

    Returns
    -------
    callable
        Tensor (..., d) -> tensor (...,).

    Examples
    --------
    >>> from problems import Booth, as_torch
    >>> import torch
    >>> x = torch.tensor([0.0, 0.0], dtype=torch.float64, requires_grad=True)
    >>> as_torch(Booth())(x).backward()
    >>> x.grad.tolist()
    [-34.0, -38.0]
    """
    import torch

    class Twice(torch.autograd.Function):  # type: ignore[misc]  # torch is untyped here
        """The x of `Product`, whose gradient would be the third derivative; the gradient in v is not."""

        @staticmethod
        def forward(ctx: Any, x: Tensor) -> Tensor:
            return x.view_as(x)

        @staticmethod
        def backward(ctx: Any, v: Tensor) -> Tensor:
            raise RuntimeError(f"as_torch({problem!r}) can be differentiated twice, not three times; see torch_value")

    class Product(torch.autograd.Function):  # type: ignore[misc]
        """v'J, or J v, with J the Hessian (of a game: the Jacobian, which is not symmetric)."""

        @staticmethod
        def forward(ctx: Any, x: Tensor, v: Tensor, left: bool) -> Tensor:
            ctx.save_for_backward(x)
            ctx.left = left
            if problem.conservative or not left:
                return _like(x, problem.hvp(_numpy(x), _numpy(v)))
            return _like(x, np.asarray(np.einsum("...ij,...i->...j", problem.hess(_numpy(x)), _numpy(v))))

        @staticmethod
        def backward(ctx: Any, w: Tensor) -> tuple[Tensor, Tensor, None]:
            (x,) = ctx.saved_tensors
            return torch.zeros_like(x), Product.apply(x, w, not ctx.left), None

    class Grad(torch.autograd.Function):  # type: ignore[misc]
        @staticmethod
        def forward(ctx: Any, x: Tensor) -> Tensor:
            ctx.save_for_backward(x)
            return _like(x, problem.grad(_numpy(x)))

        @staticmethod
        def backward(ctx: Any, v: Tensor) -> Tensor:
            (x,) = ctx.saved_tensors
            out: Tensor = Product.apply(Twice.apply(x), v, True)
            return out

    class Value(torch.autograd.Function):  # type: ignore[misc]
        @staticmethod
        def forward(ctx: Any, x: Tensor) -> Tensor:
            ctx.save_for_backward(x)
            return _like(x, problem.value(_numpy(x)))

        @staticmethod
        def backward(ctx: Any, v: Tensor) -> Tensor:
            (x,) = ctx.saved_tensors
            return v.unsqueeze(-1) * Grad.apply(x)

    def value(x: Tensor) -> Tensor:
        out: Tensor = Value.apply(x)
        return out

    return value


def torch_value(problem: Problem) -> TorchFunction:
    """The problem's formula in torch operations, generated from sympy: nothing analytic is used.

    Autograd differentiates it, which checks the hand-written gradient by a third route.

    >>> from problems import Booth, torch_value
    >>> import torch
    >>> float(torch_value(Booth())(torch.zeros(2, dtype=torch.float64)))
    74.0
    """
    import sympy as sp
    import torch

    expression, symbols = problem.symbolic()
    # torch's functions take tensors only, so sqrt(2) and the like become numbers here; and no integers beyond 64 bits
    expression = expression.replace(lambda n: n.is_number and (not n.is_Number or n.is_Integer and abs(n) > 2**53),
                                    lambda n: sp.N(n, DIGITS))  # fmt: skip
    formula = sp.lambdify(symbols, expression, modules="torch")

    def value(x: Tensor) -> Tensor:
        fits = x.dim() >= 1 and x.shape[-1] == problem.dim
        require("x.shape", tuple(x.shape), fits, f"shape (..., {problem.dim})")
        out: Tensor = formula(*torch.unbind(x, dim=-1))
        return out if isinstance(out, torch.Tensor) else out + 0 * x[..., 0]  # a constant has no shape of its own

    return value


def _numpy(x: Tensor) -> Any:
    require("x.dtype", str(x.dtype), x.is_floating_point(), "a real floating-point type", "the answer has it too")
    return x.detach().double().cpu().numpy()


def _like(x: Tensor, array: Any) -> Tensor:
    return x.new_tensor(np.asarray(array))
