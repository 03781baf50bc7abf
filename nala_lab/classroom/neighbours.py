"""Errors that any exercise can meet: one step more or less, another sign, another method's formula, a lost half."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["Error", "method_errors", "slips"]

Real = NDArray[np.float64]


class Error(NamedTuple):
    """A way to go wrong with one student's numbers: its name, what is said, and the number it leads to."""

    name: str
    words: str
    value: Real


# What a number of the sheet counts.
COUNTS = {"k": "inner step", "T": "cycle", "t": "step"}
# Another formula is this one with a number replaced: name, words, the number, its new value.
FORMULAS: tuple[tuple[str, str, str, Callable[[float], float]], ...] = (
    ("without alpha", "This is for alpha = 0, Lookahead's formula: NALA's outer gradient is missing.",
     "alpha", lambda alpha: 0.0),
    ("without mu", "This is for mu = 0: the slow weights go 1+mu times the inner loop's way.",
     "mu", lambda mu: 0.0),
    ("sign of mu", "The sign of mu is wrong somewhere: this is the answer for -mu.", "mu", lambda mu: -mu),
)  # fmt: skip
# Slips of arithmetic: name, words, and what they make of the answer v.
GENERAL: tuple[tuple[str, str, Callable[[Real], Real]], ...] = (
    ("sign", "The size is right and the sign is wrong: say which direction counts as positive, then look again.",
     lambda v: -v),
    ("percent", "This is a hundred times too large: the exercise asks for a plain number, not for percent.",
     lambda v: 100 * v),
    ("fraction", "This is a hundred times too small: give the number itself, not a hundredth of it.",
     lambda v: v / 100),
    ("reciprocal", "This is the reciprocal of the answer: check which of the two stands on top of the fraction.",
     lambda v: 1 / v),
    ("complement", "This is one minus the answer: one of the two numbers is what is lost, the other what is left.",
     lambda v: 1 - v),
    ("square", "This is the square of the answer: a root is missing, or a factor was used twice.", lambda v: v * v),
    ("root", "This is the square root of the answer: a factor that acts twice was used once.",
     lambda v: np.sqrt(np.abs(v))),
    ("twice", "You are off by a factor of exactly two: look for a half that was lost, or a term counted twice.",
     lambda v: 2 * v),
    ("half", "You are off by a factor of exactly one half: look for a term that was counted only once.",
     lambda v: v / 2),
    ("degrees", "This is the answer in degrees: the lab uses radians.", lambda v: np.degrees(v)),
)  # fmt: skip
BY_K: tuple[tuple[str, str, Callable[[Real, int], Real]], ...] = (
    ("times k", "You are off by a factor k: this is for a whole cycle of k inner steps.", lambda v, k: v * k),
    ("over k", "You are off by a factor 1/k: a cycle has k inner steps, and all of them count.", lambda v, k: v / k),
    ("times k+1", "You are off by a factor k+1, the number of gradients in a cycle.", lambda v, k: v * (k + 1)),
    ("over k+1", "You are off by a factor 1/(k+1): a cycle has k+1 gradients.", lambda v, k: v / (k + 1)),
    ("root k+1", "This is the (k+1)-th root of the answer: you shared the factor of a cycle among its k+1 gradients.",
     lambda v, k: np.abs(v) ** (1 / (k + 1))),
    ("power k+1", "This is the (k+1)-th power of the answer: you took the factor of one gradient for a cycle's.",
     lambda v, k: v ** (k + 1)),
)  # fmt: skip


def method_errors(solution: Callable[[Any], ArrayLike], data: Mapping[str, float]) -> Iterator[Error]:
    """What `solution` gives with one step more or less in a count of `data`, or by the formula of another method.

    Nothing comes of a change that the theory refuses (no cycle has zero steps) or that leads to no finite number.
    """
    for name, what in COUNTS.items():
        for change, side in ((-1, "few"), (+1, "many")):
            if name in data:
                n = int(data[name]) + change
                words = f"You counted one {what} too {side}: this is the answer for {name} = {n}."
                yield from _with(solution, data, f"{name} {change:+d}", words, **{name: n})
    for title, words, name, new in FORMULAS:
        if name in data:
            yield from _with(solution, data, title, words, **{name: new(data[name])})


def _with(
    solution: Callable[[Any], ArrayLike], data: Mapping[str, float], title: str, words: str, **changed: float
) -> Iterator[Error]:
    try:
        with np.errstate(all="ignore"):
            value = np.asarray(solution(type(data)(**{**data, **changed})), np.float64)
    except (ValueError, TypeError, ArithmeticError):
        return  # the theory has no answer there, or a complex one
    if np.all(np.isfinite(value)):
        yield Error(title, words, value)


def slips(data: Mapping[str, float], solution: Real) -> Iterator[Error]:
    """What a slip of arithmetic makes of the solution: a sign, a factor, a root."""
    with np.errstate(all="ignore"):  # a reciprocal of zero is dropped
        found = [Error(name, words, change(solution)) for name, words, change in GENERAL]
        if "k" in data:
            found += [Error(name, words, by(solution, int(data["k"]))) for name, words, by in BY_K]
    yield from (error for error in found if np.all(np.isfinite(error.value)))
