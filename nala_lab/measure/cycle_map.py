"""The linear map of one cycle, extracted from the code that ships, in several kinds of numbers.

On a quadratic a cycle of NALA or Lookahead over a method with momentum is linear in (phi, v). Its matrix is found by
running the step functions, never by a formula:

- `reference_matrix` runs the NumPy twin on basis states, in float64, Fraction, sympy or mpmath numbers, one eigenvalue;
- `torch_matrix` runs the shipped torch optimizer as a black box on a whole Hessian: it starts it at each basis vector
  at rest, lets it run two cycles, reads weights and momentum at the synchronisations and solves O [z0 z1] = [z1 z2].

`KINDS` names the kinds of numbers, `number` writes a rational one in each.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from nala_lab.core import Array, reals, require, require_choice
from nala_lab.methods.hyper import INNER_STATES
from nala_lab.reference import NAG, NALA, SGD, HeavyBall

__all__ = ["INNER", "KINDS", "number", "reference_matrix", "symbolic_matrix", "torch_matrix"]

KINDS = ("float64", "fraction", "sympy", "mpmath")
INNER = ("gd", "heavy-ball", "nag")
_DIGITS = 60
_APART = 1e9  # a condition number: the rounding of a run may grow by it


def number(kind: str, value: Fraction) -> Any:
    """Write a rational number in one of the kinds.

    Raises
    ------
    ValueError
        For an unknown kind.

    Examples
    --------
    >>> number("float64", Fraction(1, 4)), number("sympy", Fraction(1, 3))
    (0.25, 1/3)
    """
    require_choice("kind", kind, KINDS)
    if kind == "float64":
        return float(value)
    if kind == "fraction":
        return value
    if kind == "sympy":
        import sympy

        return sympy.Rational(value.numerator, value.denominator)
    import mpmath

    context = mpmath.mp.clone()
    context.dps = _DIGITS
    return context.mpf(value.numerator) / value.denominator


def _rule(inner: str, lr: Any, beta: Any) -> Any:
    require_choice("inner", inner, INNER)
    if inner == "gd":
        return SGD(lr=lr)
    return HeavyBall(lr=lr, momentum=beta) if inner == "heavy-ball" else NAG(lr=lr, momentum=beta)


def reference_matrix(lam: Any, *, lr: Any, k: int, mu: Any, alpha: Any, inner: str = "heavy-ball", beta: Any = 0,
                     convention: str = "keep") -> Array:  # fmt: skip
    """Matrix of one cycle of the NumPy twin on (phi, v) for one eigenvalue; 1 x 1 over gradient descent.

    Parameters
    ----------
    lam, lr, mu, alpha, beta : numbers of one kind: floats, Fractions, sympy expressions or mpmath numbers.
    k, inner, convention : as elsewhere; gradient descent reads no beta.

    Returns
    -------
    (2, 2) or (1, 1) array of that kind of number.

    Raises
    ------
    ValueError
        Whatever the twin refuses.

    Examples
    --------
    >>> from fractions import Fraction
    >>> from nala_lab.measure import reference_matrix
    >>> reference_matrix(Fraction(2), lr=Fraction(1, 4), k=1, mu=0, alpha=0, beta=Fraction(1, 2))
    array([[Fraction(1, 2), Fraction(1, 2)],
           [Fraction(-1, 2), Fraction(1, 2)]], dtype=object)
    """
    require_choice("convention", convention, INNER_STATES)
    state_how = convention if inner != "gd" else "keep"
    method = NALA(_rule(inner, lr, beta), k=k, mu=mu, alpha=alpha, inner_state=state_how)
    one, zero = lam * 0 + 1, lam * 0
    columns = []
    for phi, v in ((one, zero), (zero, one))[: 1 if inner == "gd" else 2]:
        kind = object if not isinstance(lam, float) else float
        state = method.init(np.array([phi], dtype=kind))
        if inner != "gd":
            momentum = np.array([v], dtype=kind)
            state = state._replace(inner=state.inner._replace(v=momentum), anchor={"v": momentum})
        after = method.cycle(lambda x: lam * x, state).state
        columns.append([after.phi[0], *([after.inner.v[0]] if inner != "gd" else [])])
    return np.array(columns).T


def symbolic_matrix(
    k: int, *, inner: str = "heavy-ball", convention: str = "keep"
) -> tuple[Any, Mapping[str, Any]]:
    """The same matrix with symbols for everything but k.

    Returns
    -------
    (sympy.Matrix with expanded entries, dict of its symbols lambda, eta, mu, alpha, beta).

    Examples
    --------
    >>> from nala_lab.measure import symbolic_matrix
    >>> matrix, symbols = symbolic_matrix(1, inner="gd")
    >>> matrix[0, 0].subs({symbols["mu"]: 0, symbols["alpha"]: 0})
    -eta*lambda + 1
    """
    import sympy

    symbols = {name: sympy.Symbol(name) for name in ("lambda", "eta", "mu", "alpha", "beta")}
    entries = reference_matrix(symbols["lambda"], lr=symbols["eta"], k=k, mu=symbols["mu"], alpha=symbols["alpha"],
                               beta=symbols["beta"], inner=inner, convention=convention)  # fmt: skip
    return sympy.Matrix(entries.tolist()).applyfunc(sympy.expand), symbols


def torch_matrix(make: Callable[[list[Any]], Any], A: Any, *, gradients_per_cycle: int, lr: float | None) -> Array:
    """Matrix of one cycle of a shipped torch optimizer on (phi, v), for the quadratic with Hessian A.

    Parameters
    ----------
    make : parameters to optimizer. A : (d, d). gradients_per_cycle : calls of ``step`` that make a cycle.
    lr : learning rate of the inner SGD with momentum, to turn torch's buffer (a sum of gradients) into a displacement
    v = -lr buffer; None when there is no momentum, and the state is phi alone.

    Returns
    -------
    (2d, 2d), or (d, d) without momentum, float64.

    Raises
    ------
    ValueError
        When the optimizer is not at rest after a cycle, or remembers more than phi where lr is None.

    Examples
    --------
    >>> from nala_lab.measure import torch_matrix
    >>> import torch
    >>> from nala_lab.optim import NALA
    >>> def make(params):
    ...     return NALA(params, inner=lambda p: torch.optim.SGD(p, lr=0.5), k=2, mu=-0.5, alpha=0.1)
    >>> torch_matrix(make, [[1.0]], gradients_per_cycle=3, lr=None)
    array([[0.5625]])
    """
    hessian = reals("A", A)
    require("A", A, hessian.ndim == 2, "a matrix (d, d)")
    runs = [_cycles(make, hessian, e, gradients_per_cycle, lr) for e in np.eye(len(hessian))]
    z0, z1, z2 = (np.stack(column, axis=1) for column in zip(*runs, strict=True))
    if lr is None:
        forgets = bool(np.abs(z2 - z1 @ z1).max() <= 1e-9 * max(1.0, np.abs(z2).max()))  # rounding of a few products
        require("lr", lr, forgets, "the inner learning rate", "two cycles are not one twice: there is momentum")
        return z1
    before, after = np.hstack([z0, z1]), np.hstack([z1, z2])
    rule = "curvatures by which two cycles from rest tell phi and v apart"
    require("A", A, bool(np.linalg.cond(before) <= _APART), rule, "cycle_matrix writes v, and needs none")
    return np.linalg.solve(before.T, after.T).T


def _cycles(make: Callable[[list[Any]], Any], A: Array, start: Array, gradients: int, lr: float | None) -> list[Array]:
    """(phi, v) at the start and after one and two cycles, from rest."""
    import torch

    w = torch.nn.Parameter(torch.from_numpy(start.copy()))
    hessian = torch.from_numpy(A.copy())
    opt = make([w])
    rows = [_read(w, opt, lr)]
    for _ in range(2):
        for _ in range(gradients):
            w.grad = hessian @ w.detach()
            opt.step()
        if opt.phase != 0:
            raise ValueError(f"gradients_per_cycle must satisfy phase 0 after a cycle, got phase={opt.phase}")
        rows.append(_read(w, opt, lr))
    return rows


def _read(w: Any, opt: Any, lr: float | None) -> Array:
    phi = w.detach().numpy().copy()
    if lr is None:
        return np.asarray(phi)
    buffer = opt.inner.state.get(w, {}).get("momentum_buffer")
    v = np.zeros_like(phi) if buffer is None else -lr * buffer.numpy()
    return np.concatenate([phi, v])
