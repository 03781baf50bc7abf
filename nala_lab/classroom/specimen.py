"""NALA in ten lines of NumPy, and the bugs that are planted in it, one line each."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nala_lab.core import require, require_choice

__all__ = ["SUSPECTS", "Suspect", "nala", "planted"]

Real = NDArray[np.float64]
Program = Callable[..., Real]


def nala(
    grad: Callable[[Real], Real], x0: ArrayLike, cycles: int, *, lr: float, k: int, mu: float, alpha: float
) -> Real:
    """Algorithm 1 over gradient descent: the slow weights phi_0 .. phi_T. Every case is this, with one line changed.

    Examples
    --------
    >>> nala(lambda x: x, [1.0], 1, lr=0.5, k=1, mu=0.0, alpha=0.5)
    array([[1.  ],
           [0.25]])
    """
    theta = np.array(x0, np.float64)
    phi = theta.copy()
    slow = [theta.copy()]
    for _ in range(cycles):
        for _ in range(k):
            theta -= lr * grad(theta)
        y = (1 + mu) * theta - mu * phi
        phi = y - alpha * grad(y)
        theta = phi.copy()
        slow.append(phi.copy())
    return np.array(slow)


@dataclass(frozen=True)
class Suspect:
    """A bug: its name, what it does, the line it changes (None: the sound program), and where it was seen."""

    name: str
    what: str
    line: tuple[str, str] | None
    seen: str


SUSPECTS: dict[str, Suspect] = {s.name: s for s in (
    Suspect("sound", "nothing is wrong", None, ""),
    Suspect("zero-slot", "the slow weights start at zero instead of at the initial weights",
            ("phi = theta.copy()", "phi = np.zeros_like(theta)"),
            "The released TensorFlow program of the NALA paper keeps phi in an optimizer slot that is initialised to "
            "zero. At mu = -0.5 the first synchronisation halves every weight."),
    Suspect("one-more", "each cycle takes k + 1 inner steps", ("for _ in range(k):", "for _ in range(k + 1):"),
            "Off by one in a counter is the commonest slip of public look-ahead wrappers: `if count > k` for `== k`."),
    Suspect("wrong-sign", "y mixes with the wrong sign of mu, so that it extrapolates where it should average",
            ("y = (1 + mu) * theta - mu * phi", "y = (1 - mu) * theta + mu * phi"),
            "The NALA paper calls y an extrapolation point, prints |mu| in Eq. (5) where -mu belongs, and uses mu < 0. "
            "Who programs from the words gets this line."),
    Suspect("early-gradient", "the outer gradient is taken at the old slow weights and not at y",
            ("phi = y - alpha * grad(y)", "phi = y - alpha * grad(phi)"),
            "A framework that computes all gradients before the update cannot do otherwise without a second pass; the "
            "name look-ahead then stands for nothing."),
    Suspect("shared-memory", "slow and fast weights are one array from the second cycle on",
            ("theta = phi.copy()", "theta = phi"),
            "A published Lookahead caches its slow weights without a copy; the in-place inner step then moves both, "
            "and the average is one of a thing with itself."),
    Suspect("no-outer", "the outer gradient step is left out, which is Lookahead",
            ("phi = y - alpha * grad(y)", "phi = y"),
            "Nobody sees it at the paper's alpha = 0.001, because the step is that small."),
    Suspect("outer-twice", "the outer step is twice as long",
            ("phi = y - alpha * grad(y)", "phi = y - 2 * alpha * grad(y)"),
            "A gradient summed over two passes without `zero_grad` between them is twice the gradient."),
)}  # fmt: skip
"""Everybody who may be accused, by name: five of them are the cases."""


@cache
def planted(name: str) -> Program:
    """The program with the bug `name` in it.

    Raises
    ------
    ValueError
        For an unknown name, listing the known ones.

    Examples
    --------
    >>> planted("no-outer")(lambda x: x, [1.0], 1, lr=0.5, k=1, mu=0.0, alpha=0.5)[-1]
    array([0.5])
    """
    require_choice("name", name, SUSPECTS)
    line = SUSPECTS[name].line
    if line is None:
        return nala
    source = inspect.getsource(nala)
    require("name", name, source.count(line[0]) == 1, "a line that stands once in the program")
    made = dict(globals())
    exec(compile(source.replace(*line), f"<nala with {name}>", "exec"), made)  # our own text, one line changed
    program: Program = made["nala"]
    return program
