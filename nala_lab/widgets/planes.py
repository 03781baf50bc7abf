"""The methods of the trajectory explorer, made from its settings, and step sizes that are worth starting from."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from nala_lab.core import require_choice
from nala_lab.reference import NAG, NALA, SGD, AdaBelief, AdaLA, Adam, HeavyBall, Lookahead
from problems import CLASSIC, PROBLEMS, Problem, Quadratic

__all__ = ["INNERS", "METHODS", "PLANES", "first_alpha", "first_lr", "make", "movable", "problem", "reads"]

METHODS = ("NALA", "Lookahead", "Adam", "AdaBelief", "AdaLA", "Heavy ball", "NAG", "SGD")
INNERS = ("Adam", "SGD", "Heavy ball")
_ADAPTIVE = ("Adam", "AdaBelief", "AdaLA")


_QUADRATICS = {
    "bowl": lambda: Quadratic([1.0, 12.0], rotation=3, shift=[0.6, -1.4], offset=0.3),
    "valley": lambda: Quadratic([1.0, 25.0], shift=[0.7, -0.9], offset=-0.4),
}

PLANES: tuple[str, ...] = (*_QUADRATICS, *(name for name, make in CLASSIC.items() if make().dim == 2))
"""Problems in two dimensions: quadratics, turned and along the axes, and those of problems.PROBLEMS."""


@lru_cache(maxsize=32)
def problem(name: str, moved: bool = False) -> Problem:
    """Give the problem as textbooks state it or, with `moved`, as in PROBLEMS (the quadratics: as they are).

    Raises
    ------
    ValueError
        For a name that is not in PLANES.

    Examples
    --------
    >>> problem("rosenbrock").start.tolist()
    [-1.2, 1.0]
    """
    require_choice("problem", name, PLANES)
    if name in _QUADRATICS:
        return _QUADRATICS[name]()
    return (PROBLEMS if moved else CLASSIC)[name]()


def movable(name: str) -> bool:
    """Say whether the problem has another form, shifted, turned and scaled.

    Examples
    --------
    >>> movable("rosenbrock"), movable("bowl")
    (True, False)
    """
    return name not in _QUADRATICS


@lru_cache(maxsize=64)
def _curvature(name: str, moved: bool) -> float:
    p = problem(name, moved)
    return float(np.abs(np.linalg.eigvalsh(p.hess(p.start))).max())


def _rounded(value: float) -> float:
    """One significant digit, as a person would choose."""
    return float(f"{value:.0e}")


def first_alpha(name: str, moved: bool = False) -> float:
    """Outer step to start from: half of 1 / curvature at the start.

    Examples
    --------
    >>> first_alpha("bowl")
    0.04
    """
    return _rounded(0.5 / _curvature(name, moved))


def first_lr(method: str, inner: str, name: str, moved: bool = False) -> float:
    """Learning rate to start from: 1 / 20 of the box for Adam's kind, half of 1 / curvature for descent.

    Examples
    --------
    >>> first_lr("Adam", "Adam", "rosenbrock"), first_lr("SGD", "Adam", "bowl")
    (0.2, 0.04)
    """
    rule = inner if method in ("NALA", "Lookahead") else method
    if rule in _ADAPTIVE:
        low, high = np.array(problem(name, moved).box).T
        return _rounded(float((high - low).mean()) / 20)
    return first_alpha(name, moved) * (0.2 if rule in ("Heavy ball", "NAG") else 1.0)


def reads(method: str, inner: str) -> frozenset[str]:
    """Name the settings, beside lr, that `method` reads; `inner` is the rule inside of one with two loops.

    Examples
    --------
    >>> sorted(reads("NALA", "SGD")), sorted(reads("Heavy ball", "SGD"))
    (['alpha', 'inner', 'k', 'mu'], ['beta1'])
    """
    two_loops = {"NALA": {"k", "mu", "alpha", "inner"}, "Lookahead": {"k", "mu", "inner"}}.get(method, set())
    rule = inner if two_loops else method
    betas = {"beta1", "beta2"} if rule in _ADAPTIVE else {"beta1"} if rule in ("Heavy ball", "NAG") else set()
    return frozenset(two_loops | betas)


def make(method: str, s: Any, lr: float) -> Any:
    """Make `method` with learning rate `lr` and the other settings of `s` (k, mu, alpha, beta1, beta2, inner).

    Raises
    ------
    ValueError
        For an unknown method or a setting out of range.
    """
    require_choice("method", method, METHODS)
    if method == "NALA":
        return NALA(_one_loop(s.inner, s, lr), k=s.k, mu=s.mu, alpha=s.alpha)
    if method == "Lookahead":
        return Lookahead(_one_loop(s.inner, s, lr), k=s.k, alpha=1 + s.mu)
    return _one_loop(method, s, lr)


def _one_loop(rule: str, s: Any, lr: float) -> Any:
    if rule == "Adam":
        return Adam(lr=lr, betas=(s.beta1, s.beta2))
    if rule == "AdaBelief":
        return AdaBelief(lr=lr, betas=(s.beta1, s.beta2))
    if rule == "AdaLA":
        return AdaLA(lr=lr, betas=(s.beta1, s.beta2))
    if rule == "Heavy ball":
        return HeavyBall(lr=lr, momentum=s.beta1)
    if rule == "NAG":
        return NAG(lr=lr, momentum=s.beta1)
    require_choice("rule", rule, ("SGD",))
    return SGD(lr=lr)
