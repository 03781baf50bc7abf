"""Worst cases of NALA and Lookahead over a whole class of functions, by semidefinite programming (PEPit, CLARABEL).

For L-smooth m-strongly convex f (m = 0: convex) and ||phi_0 - x*|| <= 1, maximise after T cycles

    "distance"  ||phi_T - x*||^2          "value"  f(phi_T) - f*

over all f, dimensions and starts at once. A function enters only through points, gradients and values, which belong to
some f of the class iff they satisfy the interpolation inequalities of `nala_lab.theory.interpolation`; inner products
and values are the unknowns of a semidefinite programme (Drori & Teboulle 2014; Taylor, Hendrickx & Glineur 2017).

What comes back is numerical. The dual value is an upper bound up to `residual`: what is left over when objective minus
bound is written out with the solver's multipliers, and by how much these are negative. The primal value belongs to a
function given in numbers, which can be plotted and run: `WorstCase.function`, `WorstCase.replay`.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from nala_lab.core import Array, require, require_choice, require_int, require_number
from nala_lab.drive import Method, run
from nala_lab.theory.interpolation import Envelope, slack

__all__ = ["MEASURES", "WorstCase", "nala", "worst_case"]

MEASURES = ("distance", "value")
SOLVER = "CLARABEL"


@dataclass(frozen=True)
class WorstCase:
    """The certificate and the function that attains it.

    Attributes
    ----------
    setting : L, m, lr, k, mu, alpha, cycles. measure : ``"distance"`` (squared) or ``"value"``.
    against : ``"lookahead"`` when the measure is NALA's minus Lookahead's of the same lr, k and mu, else None.
    primal : what the worst function attains. dual : upper bound over the class, up to `residual`.
    residual : error of the dual proof written out, plus negative parts of its multipliers; units of the measure.
    start : (d,) phi_0; x* = 0, f* = 0.
    points, grads : (n, d), values : (n,) of the worst function where the methods asked.
    """

    setting: dict[str, Any]
    measure: str
    against: str | None
    primal: float
    dual: float
    residual: float
    start: Array
    points: Array
    grads: Array
    values: Array

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

    def replay(self, twin: str = "numpy") -> float:
        """Run the method of a twin on `function` from `start` and return what it attains."""
        cycles = self.setting["cycles"]

        def attained(method: Method) -> float:
            end = run(twin, method, self.function.grad, self.start, cycles=cycles).slow[-1]
            return float(end @ end if self.measure == "distance" else self.function.value(end))

        mine = attained(nala(self.setting))
        return mine - attained(nala(self.setting | {"alpha": 0.0})) if self.against else mine


def nala(setting: dict[str, Any]) -> Method:
    """Write the method of a setting down for either twin; alpha = 0 is Lookahead with slow step 1+mu."""
    inner = Method("SGD", lr=setting["lr"])
    if setting["alpha"] == 0:
        return Method("Lookahead", inner=inner, k=setting["k"], alpha=1 + setting["mu"])
    return Method("NALA", inner=inner, k=setting["k"], mu=setting["mu"], alpha=setting["alpha"])


def worst_case(
    *,
    L: float,
    lr: float,
    k: int,
    mu: float,
    alpha: float,
    m: float = 0.0,
    cycles: int = 1,
    measure: str = "distance",
    against: str | None = None,
    margin: float = 0.0,
) -> WorstCase:
    """Solve for the worst L-smooth m-strongly convex function (see the module docstring).

    Parameters
    ----------
    L, m : smoothness and strong convexity, 0 <= m < L.
    lr, k, mu, alpha : inner step, inner steps, outer factor, outer step; alpha = 0 is Lookahead, k gradients a cycle.
    cycles : outer steps T. measure : ``"distance"`` (squared) or ``"value"``.
    against : ``"lookahead"`` maximises the difference to Lookahead of the same lr, k and mu from the same start.
    margin : every interpolation inequality is to hold with at least this slack, so that the data may be rounded.

    Raises
    ------
    ValueError
        When an argument is out of range.
    ModuleNotFoundError
        Without PEPit.
    ArithmeticError
        When the solver fails, or the worst case is unbounded.
    """
    setting: dict[str, Any] = {"L": L, "m": m, "lr": lr, "k": k, "mu": mu, "alpha": alpha, "cycles": cycles}
    _require(setting, measure, against, margin)
    from PEPit import PEP

    problem = PEP()
    f = problem.declare_function(_smooth_class(margin), L=L, mu=m)
    best = f.stationary_point()
    start = problem.set_initial_point()
    problem.add_constraint((start - best) ** 2 <= 1)
    end = _cycles(setting, f.gradient, start)
    rival = _cycles(setting | {"alpha": 0.0}, f.gradient, start) if against else None
    of = {"distance": lambda x: (x - best) ** 2, "value": lambda x: f(x) - f(best)}[measure]
    metric = of(end) - of(rival) if against else of(end)
    problem.set_performance_metric(metric)
    dual = _solve(problem, setting)
    origin, base = best.eval(), f(best).eval()
    rows = [(x.eval() - origin, g.eval(), v.eval() - base) for x, g, v in f.list_of_points]
    points, grads, values = (np.array(column) for column in zip(*rows, strict=True))
    (begin, points, grads), _ = _turned(start.eval() - origin, points, grads)
    residual = _residual(problem, f, metric)
    return WorstCase(
        setting, measure, against, float(metric.eval()), dual, residual, begin[0], points, grads, values
    )  # fmt: skip


def _require(setting: dict[str, Any], measure: str, against: str | None, margin: float) -> None:
    require_number("L", setting["L"], low=0, open_low=True)
    hint = "the class of 0 = L - m is one quadratic"
    require_number("m", setting["m"], low=0, high=setting["L"], open_high=True, hint=hint)
    require_number("lr", setting["lr"], low=0)
    require_int("k", setting["k"], low=1, hint="k counts inner steps per cycle")
    require_number("mu", setting["mu"], low=-1)
    require_number("alpha", setting["alpha"], low=0)
    require_int("cycles", setting["cycles"], low=1)
    require_choice("measure", measure, MEASURES)
    require("against", against, against in (None, "lookahead"), "None or 'lookahead'")
    require_number("margin", margin, low=0)


def _smooth_class(margin: float) -> Any:
    from PEPit.functions import SmoothStronglyConvexFunction

    class WithMargin(SmoothStronglyConvexFunction):  # type: ignore[misc]
        def set_smoothness_strong_convexity_constraint_i_j(
            self, xi: Any, gi: Any, fi: Any, xj: Any, gj: Any, fj: Any
        ) -> Any:
            plain = super().set_smoothness_strong_convexity_constraint_i_j(xi, gi, fi, xj, gj, fj)
            plain.expression = plain.expression + margin  # <= 0
            return plain

    return WithMargin if margin else SmoothStronglyConvexFunction


def _cycles(setting: dict[str, Any], grad: Callable[[Any], Any], phi: Any) -> Any:
    """Algorithm 1 over symbolic points; written out once more here, so that no twin decides what is certified."""
    lr, mu, alpha = setting["lr"], setting["mu"], setting["alpha"]
    for _ in range(setting["cycles"]):
        theta = phi
        for _ in range(setting["k"]):
            theta = theta - lr * grad(theta)
        y = (1 + mu) * theta - mu * phi
        phi = y - alpha * grad(y) if alpha else y
    return phi


def _solve(problem: Any, setting: dict[str, Any]) -> float:
    from cvxpy.error import SolverError

    try:
        with redirect_stdout(io.StringIO()):  # PEPit prints warnings whatever its verbosity
            dual = problem.solve(wrapper="cvxpy", solver=SOLVER, verbose=0)
    except SolverError as error:
        raise ArithmeticError(f"{SOLVER} failed at {setting}: {error}") from error
    if dual is None or not np.isfinite(dual):
        raise ArithmeticError(f"no finite worst case was found at {setting}: the method may diverge on the class")
    return float(dual)


def _residual(problem: Any, f: Any, metric: Any) -> float:
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


def _turned(start: Array, points: Array, grads: Array) -> tuple[list[Array], Array]:
    """Turn all vectors into the axes of greatest extent and leave out axes in which nothing happens."""
    stacked = np.vstack([start[None], points, grads])
    _, sizes, axes = np.linalg.svd(stacked, full_matrices=False)
    kept = max(1, int((sizes > 1e-6 * sizes[0]).sum()))
    turned = stacked @ axes[:kept].T
    n = len(points)
    return [turned[:1], turned[1 : n + 1], turned[n + 1 :]], sizes[:kept]
