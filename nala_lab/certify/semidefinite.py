"""The worst function of a class as a semidefinite programme: what comes back, and how far it can be trusted.

A function enters a programme only through points, gradients and values, which belong to some L-smooth m-strongly convex
f iff they satisfy the interpolation inequalities of `nala_lab.theory.interpolation`; inner products and values are the
unknowns (Drori & Teboulle 2014; Taylor, Hendrickx & Glineur 2017). The programme is PEPit's, the solver CLARABEL.

What comes back is numerical. The dual value is an upper bound up to `residual`: what is left over when objective minus
bound is written out with the solver's multipliers, and by how much these are negative. The primal value belongs to a
function given in numbers, which can be plotted and run: `WorstCase.function`, `WorstCase.replay`.
"""

from __future__ import annotations

import io
from contextlib import redirect_stdout
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np

from nala_lab.core import Array, require, require_choice
from nala_lab.drive import TWINS, Method, twin_of
from nala_lab.measure.machines import machine
from nala_lab.methods.making import torch_twin
from nala_lab.theory.interpolation import Envelope, slack

__all__ = ["WorstCase", "residual", "smooth_class", "solve", "turned"]

SOLVER = "CLARABEL"


@dataclass(frozen=True)
class WorstCase:
    """The certificate and the function that attains it.

    Attributes
    ----------
    setting : L, m, steps or cycles, and what else names the method. measure : ``"distance"`` (squared), ``"value"`` or
        ``"gradient"`` (squared norm). methods : the method, and the one whose measure is subtracted, if any.
    primal : what the worst function attains. dual : upper bound over the class, up to `residual`.
    residual : error of the dual proof written out, plus negative parts of its multipliers; units of the measure.
    start : (d,) x_0; x* = 0, f* = 0.
    points, grads : (n, d), values : (n,) of the worst function where the methods asked.
    """

    setting: dict[str, Any]
    measure: str
    methods: tuple[Any, ...]
    primal: float
    dual: float
    residual: float
    start: Array
    points: Array
    grads: Array
    values: Array

    @property
    def value(self) -> float:
        """The worst case: the dual value, an upper bound over the class."""
        return self.dual

    @property
    def gap(self) -> float:
        """Dual minus primal: how much the solver leaves open."""
        return self.dual - self.primal

    @property
    def slack(self) -> float:
        """Least slack of the interpolation inequalities over all pairs; about -1e-8 is the solver's tolerance."""
        off = ~np.eye(len(self.values), dtype=bool)
        table = slack(self.points, self.grads, self.values, L=self.setting["L"], m=self.setting["m"])
        return float(table[off].min())

    @cached_property
    def function(self) -> Envelope:
        """An L-smooth m-strongly convex function through the data (up to `slack`), to be evaluated anywhere."""
        return Envelope.through(self.points, self.grads, self.values, L=self.setting["L"], m=self.setting["m"])

    def replay(self, twin: str | None = None) -> float:
        """Run the method on `function` from `start` and return what it attains; `twin` chooses that of a `Method`.

        Raises
        ------
        ValueError
            When a rule or a torch factory of your own is to run by the other twin.
        """
        n = self.setting.get("steps", self.setting.get("cycles"))
        attained = []
        for method in self.methods:
            own = twin_of(method)
            if not isinstance(method, Method):
                hint = "a rule or a factory has one twin; give a Method by its name"
                require("twin", twin, twin in (None, own), repr(own), hint)
            elif twin is not None:
                require_choice("twin", twin, TWINS)
                method = partial(torch_twin, method.name, **method.shared()) if twin == "torch" else method
            run = machine(method, self.function.grad)
            run.begin(self.start)
            for _ in range(n):
                run.cycle()
            attained.append(self._measured(run.x))
        return attained[0] - sum(attained[1:])

    def _measured(self, end: Array) -> float:
        if self.measure == "value":
            return float(self.function.value(end))
        vector = end if self.measure == "distance" else self.function.grad(end)
        return float(vector @ vector)


def smooth_class(margin: float) -> Any:
    """PEPit's class of L-smooth m-strongly convex functions, every interpolation inequality with `margin` to spare."""
    from PEPit.functions import SmoothStronglyConvexFunction

    class WithMargin(SmoothStronglyConvexFunction):  # type: ignore[misc]
        def set_smoothness_strong_convexity_constraint_i_j(
            self, xi: Any, gi: Any, fi: Any, xj: Any, gj: Any, fj: Any
        ) -> Any:
            plain = super().set_smoothness_strong_convexity_constraint_i_j(xi, gi, fi, xj, gj, fj)
            plain.expression = plain.expression + margin  # <= 0
            return plain

    return WithMargin if margin else SmoothStronglyConvexFunction


def solve(problem: Any, setting: dict[str, Any]) -> float:
    """Solve a PEPit problem and return its dual value.

    Raises
    ------
    ArithmeticError
        When the solver fails, or the worst case is unbounded.
    """
    from cvxpy.error import SolverError

    try:
        with redirect_stdout(io.StringIO()):  # PEPit prints warnings whatever its verbosity
            dual = problem.solve(wrapper="cvxpy", solver=SOLVER, verbose=0)
    except SolverError as error:
        raise ArithmeticError(f"{SOLVER} failed at {setting}: {error}") from error
    if dual is None or not np.isfinite(dual):
        raise ArithmeticError(f"no finite worst case was found at {setting}: the method may diverge on the class")
    return float(dual)


def residual(problem: Any, f: Any, metric: Any) -> float:
    """Size of metric - (dual + multipliers * constraints - <S, Gram>) written out, and of negative multipliers."""
    from PEPit import Point
    from PEPit.tools.dict_operations import prune_dict, symmetrize_dict

    constraints = [*problem.list_of_constraints, *f.list_of_class_constraints]
    weights = np.array([float(c.eval_dual()) for c in constraints])
    leaves = Point.list_of_leaf_points
    written = metric + np.dot(leaves, np.dot(problem.residual, leaves))
    for weight, constraint in zip(weights, constraints, strict=True):
        written = written - weight * constraint.expression
    left = prune_dict(symmetrize_dict(written.decomposition_dict))
    error = sum(abs(value) for key, value in left.items() if key != 1)  # the constant is the bound itself
    least = float(np.linalg.eigvalsh(problem.residual)[0])
    return float(error + np.maximum(-weights, 0).sum() + max(-least, 0.0))


def turned(start: Array, points: Array, grads: Array) -> list[Array]:
    """Turn all vectors into the axes of greatest extent and leave out axes in which nothing happens."""
    stacked = np.vstack([start[None], points, grads])
    _, sizes, axes = np.linalg.svd(stacked, full_matrices=False)
    # Lengths of 1e-6 are inner products of 1e-12, far below the solver's 1e-8: such an axis holds its noise only.
    kept = max(1, int((sizes > 1e-6 * sizes[0]).sum()))
    found = stacked @ axes[:kept].T
    n = len(points)
    return [found[0], found[1 : n + 1], found[n + 1 :]]
