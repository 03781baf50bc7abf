"""The exact worst case of any method that is linear in points and gradients, from the code that ships.

For L-smooth m-strongly convex f (m = 0: convex) and ||x_0 - x*|| <= 1, maximise at the end of the run

    "distance"  ||x - x*||^2        "value"  f(x) - f*        "gradient"  ||grad f(x)||^2

over all f, dimensions and starts at once. The rule's own ``init`` and ``step`` (or ``cycle``) run on vectors that are
not yet known: arrays with one entry, a `Vector`, which can be added and multiplied by numbers. A rule that does
anything else with its gradients, such as taking their square root or sign, is adaptive or nonlinear and is refused:
what it does depends on the coordinates, and the programme has none.

The programme is solved for f/L, whose class is (1, m/L), and its numbers are scaled back, so that L = 1e-6 or 1e6 are
as exact as 1.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np

from nala_lab.certify.semidefinite import WorstCase, residual, smooth_class, solve, turned
from nala_lab.core import Array, require, require_choice, require_int, require_number
from nala_lab.drive import Method, twin_of
from nala_lab.measure.linear_map import NotLinear
from nala_lab.measure.machines import machine
from nala_lab.measure.step_table import fixed_steps
from nala_lab.methods.making import numpy_twin
from nala_lab.reference.oracle import Oracle
from nala_lab.reference.rules import as_rule, described, slip

__all__ = ["METRICS", "Vector", "worst_case_of"]

METRICS = ("distance", "value", "gradient")


class Nonlinear(ValueError):
    """A rule did something to a vector that is no linear combination."""


class Vector:
    """A vector of an unknown space: sums of these and products with numbers are all there is.

    It wraps a point of PEPit (anything with + - and * number will do). The number 0 stands for the zero vector, because
    a rule's fresh buffers are zeros.

    Examples
    --------
    >>> (2 * Vector(3.0) + 0 - Vector(1.0) / 2).point
    5.5
    >>> Vector(3.0) * Vector(3.0)
    Traceback (most recent call last):
        ...
    nala_lab.certify.any_method.Nonlinear: it multiplies two vectors entry by entry
    """

    __slots__ = ("point",)

    def __init__(self, point: Any) -> None:
        self.point = point

    def __add__(self, other: Any) -> Vector:
        if isinstance(other, Vector):
            return Vector(self.point + other.point)
        if not _is_number(other) or other != 0:
            raise Nonlinear("it adds a number to every entry of a vector")
        return self

    __radd__ = __add__

    def __mul__(self, other: Any) -> Vector:
        if isinstance(other, Vector):
            raise Nonlinear("it multiplies two vectors entry by entry")
        if not _is_number(other):
            return NotImplemented
        return Vector(self.point * float(other))

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Vector:
        if isinstance(other, Vector):
            raise Nonlinear("it divides by a vector entry by entry")
        return self * (1 / other)

    def __neg__(self) -> Vector:
        return self * -1.0

    def __pos__(self) -> Vector:
        return self

    def __sub__(self, other: Any) -> Vector:
        return self + -other

    def __rsub__(self, other: Any) -> Vector:
        return -self + other

    def _refuse(self, *_: Any) -> NoReturn:
        raise Nonlinear("it looks at single entries of a vector: their size, sign, root or power")

    __pow__ = __abs__ = __float__ = __int__ = __bool__ = sqrt = __rtruediv__ = _refuse
    __lt__ = __le__ = __gt__ = __ge__ = __eq__ = __ne__ = _refuse
    __hash__ = None  # type: ignore[assignment]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)


def worst_case_of(method: Any, *, L: float, m: float = 0.0, steps: int | None = None, cycles: int | None = None,
                  metric: str = "distance", against: Any = None, margin: float = 0.0) -> WorstCase:  # fmt: skip
    """Solve for the worst L-smooth m-strongly convex function of a method (see the module docstring).

    Parameters
    ----------
    method : a rule of `nala_lab.reference`, your own object with ``init(x)`` and ``step(x, grad, state)`` or
    ``cycle(grad, state)``, a bare function (theta, grad), a torch factory, whose steps are read off first (see
    `nala_lab.measure.fixed_steps`), or a `nala_lab.drive.Method`. L, m : smoothness and strong convexity, 0 <= m < L.
    steps, cycles : length of the run, the one that the method has. metric : ``"distance"`` (squared), ``"value"`` or
    ``"gradient"`` (squared norm), at the last point. against : another method; the difference of the two metrics from
    the same start is maximised. margin : every interpolation inequality is to hold with at least this slack, in units
    of f, so that the data may be rounded.

    Raises
    ------
    NotLinear
        A ValueError, when the method is adaptive or nonlinear.
    ValueError
        When an argument is out of range, or the method is no rule.
    ModuleNotFoundError
        Without PEPit.
    ArithmeticError
        When the solver fails, or the worst case is unbounded.

    Examples
    --------
    >>> from nala_lab.certify import worst_case_of
    >>> from nala_lab.reference import SGD
    >>> w = worst_case_of(SGD(lr=1.0), L=1.0, m=0.1, steps=3)  # (1 - m)^6
    >>> round(w.value, 4)
    0.5314
    """
    require_number("L", L, low=0, open_low=True)
    hint = "the class of 0 = L - m is one quadratic"
    require_number("m", m, low=0, high=L, open_high=True, hint=hint)
    L, m = float(L), float(m)  # PEPit multiplies by Python's floats only
    require_choice("metric", metric, METRICS)
    require_number("margin", margin, low=0)
    methods = (method,) if against is None else (method, against)
    length, n = ("cycles", cycles) if steps is None else ("steps", steps)
    require("steps", steps, (steps is None) != (cycles is None), "steps or cycles, one of the two")
    require_int(length, n, low=1)
    named = zip(("method", "against"), methods, strict=False)
    rules = [_rule(name, each, length, n or 0) for name, each in named]
    from PEPit import PEP

    problem = PEP()
    f = problem.declare_function(smooth_class(margin / L), L=1.0, mu=m / L)
    best = f.stationary_point()
    start = problem.set_initial_point()
    problem.add_constraint((start - best) ** 2 <= 1)
    of = {
        "distance": lambda x: (x - best) ** 2,
        "value": lambda x: f(x) - f(best),
        "gradient": lambda x: f.gradient(x) ** 2,
    }[metric]
    ends = [of(_run(rule, lambda x: f.gradient(x) * L, start, n or 0)) for rule in rules]
    for rule in rules:
        fixed_steps(rule, n or 0)  # one entry does not show a rule that mixes entries: many do
    goal = ends[0] - ends[1] if len(ends) == 2 else ends[0]
    problem.set_performance_metric(goal)
    setting = {"method": str(method), "L": L, "m": m, length: n}
    unit = {"distance": 1.0, "value": L, "gradient": L**2}[metric]
    dual = unit * solve(problem, setting)
    origin, base = best.eval(), f(best).eval()
    rows = [(x.eval() - origin, L * g.eval(), L * (v.eval() - base)) for x, g, v in f.list_of_points]
    points, grads, values = (np.array(column) for column in zip(*rows, strict=True))
    begin, points, slopes = turned(start.eval() - origin, points, grads / L)
    error = unit * residual(problem, f, goal)
    return WorstCase(
        setting, metric, methods, unit * float(goal.eval()), dual, error, begin, points, L * slopes, values
    )  # fmt: skip


def _rule(name: str, method: Any, length: str, n: int) -> Any:
    """The NumPy rule of a method, checked to be of the kind that runs for steps or for cycles."""
    if twin_of(method, name) == "torch":
        return fixed_steps(method, n)
    rule = as_rule(numpy_twin(method.name, **method.shared()) if isinstance(method, Method) else method)
    wanted = "init(x) and step(x, grad, state)" if length == "steps" else "init(x) and cycle(grad, state)"
    has = all(callable(getattr(rule, part, None)) for part in ("init", length[:-1]))  # "step" or "cycle"
    require(name, method, has and not isinstance(rule, type), f"a rule with {wanted} when {length} are given")
    first, again = (_floats(rule, n) for _ in range(2))
    if not np.array_equal(first, again, equal_nan=True):
        why = "it remembers something outside its state"
        raise NotLinear(described(rule), "the same run from the same start", why)
    return rule


def _floats(rule: Any, n: int) -> Array:
    run = machine(rule, lambda x: x)
    run.begin(np.ones(1))
    with np.errstate(all="ignore"):  # how far it goes is not asked
        for _ in range(n):
            run.cycle()
    return np.array(run.x, dtype=float)


def _run(rule: Any, gradient: Callable[[Any], Any], start: Any, n: int) -> Any:
    """Run the rule's own code from `start`; the point of PEPit where it ends."""
    x = np.array([Vector(start)], dtype=object)
    oracle = Oracle(lambda at: np.array([Vector(gradient(_point(at)))], dtype=object))
    try:
        state = rule.init(x)
        for _ in range(n):
            if callable(getattr(rule, "cycle", None)):
                state = rule.cycle(oracle, state).state
                x = state.phi
            else:
                oracle.first = None
                x, state = rule.step(x, oracle, state)
                _point(x)
                if oracle.first is None:
                    slip(rule, "take a gradient in every step", "a step without grad(theta)")
        return _point(x)
    except (Nonlinear, AttributeError, TypeError) as told:  # with numbers it has run already
        why = f"{told}; an adaptive or nonlinear rule has no worst case by this programme"
        raise NotLinear(described(rule), "steps that are linear in points and gradients", why) from None


def _point(x: Any) -> Any:
    entries = np.ravel(x)
    ok = len(entries) == 1 and isinstance(entries[0], Vector)
    require("x", np.shape(x), ok, "one vector", "the rule returned no combination of points and gradients")
    return entries[0].point
