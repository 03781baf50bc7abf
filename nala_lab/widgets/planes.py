"""Problems in two dimensions, the methods that run on them, and step sizes that are worth starting from."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from nala_lab.core import require_choice
from nala_lab.methods import WITH_TWINS, Facts, find, looks_ahead
from problems import CLASSIC, PROBLEMS, Problem, Quadratic

__all__ = ["INNERS", "METHODS", "PLANES", "first_alpha", "first_lr", "movable", "problem", "reads", "shared_settings",
           "start"]  # fmt: skip

METHODS: tuple[str, ...] = tuple(facts.label for facts in WITH_TWINS.values() if facts.look is not None)
"""Methods with a NumPy twin and a look of their own, by which two are told apart, as they are printed."""

INNERS: tuple[str, ...] = tuple(
    name for name in METHODS if find(name).may_be_inside and not looks_ahead(name, find(name).published)
)
"""Those that may be inside two loops and spend one gradient a step, so that steps and gradients of a cycle agree."""

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
    >>> from nala_lab.widgets import problem
    >>> problem("rosenbrock").start.tolist()
    [-1.2, 1.0]
    """
    require_choice("problem", name, PLANES)
    if name in _QUADRATICS:
        return _QUADRATICS[name]()
    return (PROBLEMS if moved else CLASSIC)[name]()


def start(name: str, moved: bool = False) -> dict[str, float]:
    """Give the problem's start by the names of its two controls.

    Examples
    --------
    >>> start("rosenbrock")
    {'x1': -1.2, 'x2': 1.0}
    """
    return dict(zip(("x1", "x2"), problem(name, moved).start.tolist(), strict=True))


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
    traits = find(inner if find(method).two_loops else method).traits
    if "adaptive" in traits:
        low, high = np.array(problem(name, moved).box).T
        return _rounded(float((high - low).mean()) / 20)
    return first_alpha(name, moved) * (0.2 if "momentum" in traits else 1.0)


def reads(method: str, inner: str) -> frozenset[str]:
    """Name the settings of the trajectory explorer, beside lr, that `method` reads, with `inner` inside two loops.

    Raises
    ------
    ValueError
        For an unknown method or inner rule.

    Examples
    --------
    >>> sorted(reads("NALA", "SGD")), sorted(reads("Heavy ball", "SGD"))
    (['alpha', 'inner', 'k', 'mu'], ['beta1'])
    """
    require_choice("method", method, METHODS)
    facts = find(method)
    if not facts.two_loops:
        betas = {"beta1", "beta2"} if "betas" in facts.published else set()
        return frozenset(betas | ({"beta1"} if "momentum" in facts.traits else set()))
    require_choice("inner", inner, INNERS)
    outer_step = {"alpha"} if "alpha" in facts.published.keys() - {_mixing(facts)[0]} else set()
    return frozenset({"k", "mu", "inner"} | outer_step | reads(inner, inner))


def shared_settings(method: str, s: Any, lr: float) -> dict[str, Any]:
    """Give the settings of `method`, in shared names, from those of the trajectory explorer.

    Parameters
    ----------
    method : of METHODS. s : has k, mu, alpha, beta1, beta2, inner. lr : of the method, or of the rule inside.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> s = SimpleNamespace(k=5, mu=-0.5, alpha=0.1, beta1=0.9, beta2=0.999, inner="Heavy ball")
    >>> shared_settings("Lookahead", s, 0.01)
    {'k': 5, 'alpha': 0.5, 'inner': ('HeavyBall', {'lr': 0.01, 'momentum': 0.9})}
    """
    read, facts = reads(method, s.inner), find(method)
    if facts.two_loops:
        setting, more = _mixing(facts)
        own = {"k": s.k, setting: s.mu + (1 - more), "inner": (find(s.inner).name, shared_settings(s.inner, s, lr))}
        return own | ({"alpha": s.alpha} if "alpha" in read else {})
    momentum = {"betas": (s.beta1, s.beta2)} if "beta2" in read else {"momentum": s.beta1} if "beta1" in read else {}
    return {"lr": lr, **momentum}


def _mixing(facts: Facts) -> tuple[str, float]:
    """The setting that mixes slow and fast weights; its slow step is 1 + mu."""
    return facts.slow_step or ("mu", 1.0)
