"""A method with fixed steps written as the table of its steps, read off by playing gradients to the code that ships.

    x_i = c_i x_0 + sum_{j < i} h_ij g_j           i counts the points at which gradients are taken, and the iterates

The start is one unit vector and every gradient is another one, whatever the point; so each point that the method
visits is a row of the table. A method that does anything else than add multiples of gradients is found by playing
random gradients, and refused. The table is a rule again (`FixedSteps`), so a torch optimizer can be run on vectors
that torch does not know, such as those of `nala_lab.certify.worst_case_of`.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from nala_lab.core import Array, require, require_int, stream
from nala_lab.measure.linear_map import NotLinear
from nala_lab.measure.machines import machine, name_of

__all__ = ["FixedSteps", "fixed_steps"]

_SAME = 1e-9  # sums of some hundred products agree to 1e-13


class FixedSteps:
    """A rule that replays a table of steps.

    Attributes
    ----------
    points : (n, 1 + n) where gradient j is taken: multiples of the start and of the gradients before it.
    iterates : (steps, 1 + n) after each step or cycle. spent : (steps,) gradients spent by then.
    """

    def __init__(self, name: str, points: Array, iterates: Array, spent: tuple[int, ...]) -> None:
        self.name, self.points, self.iterates, self.spent = name, points, iterates, spent

    def __repr__(self) -> str:
        return f"{self.name}, {len(self.spent)} steps"

    def init(self, theta: Any) -> tuple[Any, ...]:
        """The start; the gradients are added to it as they come."""
        return (0, theta)

    def step(self, theta: Any, grad: Any, state: tuple[Any, ...]) -> tuple[Any, tuple[Any, ...]]:
        """The next step of the table."""
        row, *known = state
        require("steps", row + 1, row < len(self.spent), f"at most {len(self.spent)}, the steps of the table")
        while len(known) - 1 < self.spent[row]:
            known.append(grad(_sum(self.points[len(known) - 1], known)))
        return _sum(self.iterates[row], known), (row + 1, *known)


def _sum(weights: Array, vectors: list[Any]) -> Any:
    return sum(float(w) * v for w, v in zip(weights, vectors, strict=False) if w != 0) + 0 * vectors[0]


def fixed_steps(method: Any, steps: int) -> FixedSteps:
    """Read off the table of `steps` steps, or cycles of a method with two loops.

    Parameters
    ----------
    method : as `nala_lab.measure.cycle_matrix` takes it.

    Raises
    ------
    NotLinear
        A ValueError, when the method is adaptive or nonlinear.

    Examples
    --------
    >>> from nala_lab.measure import fixed_steps
    >>> import torch
    >>> table = fixed_steps(lambda params: torch.optim.SGD(params, lr=0.5, momentum=0.5), 2)
    >>> table.iterates  # x_1 = x_0 - g/2, x_2 = x_1 - (g/2 + g')/2
    array([[ 1.  , -0.5 ,  0.  ],
           [ 1.  , -0.75, -0.5 ]])
    """
    require_int("steps", steps, low=1)
    n = 1
    for _ in range(3):  # how many gradients it takes is seen where none of them is 0: some methods then take fewer
        basis = np.eye(1 + n)
        points, iterates, spent = _played(method, basis[0], basis[1:], steps)
        if spent[-1] == n:
            break
        n = spent[-1]
    else:
        why = "it takes another number of gradients each time"
        raise NotLinear(name_of(method), "steps that add multiples of gradients", why)
    draws = stream(0, "gradients to play").normal(size=(1 + n, 3))
    from_zero = draws * (np.arange(1 + n) > 0)[:, None]  # a start of 1 hides what steps of 1e-10 do
    for given in (draws, 1024.0 * draws, from_zero):
        seen = [np.stack(found) for found in _played(method, given[0], given[1:], steps)[:2]]
        told = [np.stack(found) @ given for found in (points, iterates)]
        off = math.inf  # where it takes another number of gradients
        if all(a.shape == b.shape for a, b in zip(seen, told, strict=True)):
            size = max(float(np.abs(b).max()) for b in told) or 1.0
            off = max(float(np.abs(a - b).max()) / size for a, b in zip(seen, told, strict=True))
        if not off <= _SAME:
            why = f"random gradients lead {off:.1g} away: it is adaptive or nonlinear, or tells coordinates apart"
            raise NotLinear(name_of(method), "steps that add multiples of gradients", why)
    return FixedSteps(name_of(method), np.stack(points), np.stack(iterates), tuple(spent))


def _played(method: Any, x0: Array, gradients: Array, steps: int) -> tuple[list[Array], list[Array], list[int]]:
    """Points of gradients, iterates, and gradients spent, with gradient j as it comes (the last again)."""
    points: list[Array] = []

    def gradient(x: Array) -> Array:
        points.append(np.array(x))
        return np.array(gradients[min(len(points), len(gradients)) - 1])

    one = machine(method, gradient)
    one.begin(x0)
    iterates, spent = [], []
    with np.errstate(all="ignore"):
        for _ in range(steps):
            try:
                one.cycle()
            except ArithmeticError as error:  # Python's numbers raise where NumPy's give NaN
                why = f"{error}: it is adaptive or nonlinear"
                raise NotLinear(name_of(method), "steps that add multiples of gradients", why) from None
            iterates.append(np.array(one.x))
            spent.append(one.spent)
    return points, iterates, spent
