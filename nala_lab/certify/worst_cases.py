"""Worst cases of NALA and Lookahead over gradient descent, by their numbers: `worst_case_of` in T21's and T22's terms.

For L-smooth m-strongly convex f (m = 0: convex) and ||phi_0 - x*|| <= 1, maximise after T cycles

    "distance"  ||phi_T - x*||^2          "value"  f(phi_T) - f*

What is certified is the shipped NumPy twin; the formulas it is held against are written elsewhere and by other means.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from nala_lab.certify.any_method import worst_case_of
from nala_lab.certify.semidefinite import WorstCase
from nala_lab.core import require, require_choice, require_int, require_number
from nala_lab.drive import Method

__all__ = ["MEASURES", "nala", "worst_case"]

MEASURES = ("distance", "value")


def nala(setting: dict[str, Any]) -> Method:
    """Write the method of a setting down for either twin; alpha = 0 is Lookahead with slow step 1+mu."""
    inner = Method("SGD", lr=setting["lr"])
    if setting["alpha"] == 0:
        return Method("Lookahead", inner=inner, k=setting["k"], alpha=1 + setting["mu"])
    return Method("NALA", inner=inner, k=setting["k"], mu=setting["mu"], alpha=setting["alpha"])


def worst_case(*, L: float, lr: float, k: int, mu: float, alpha: float, m: float = 0.0, cycles: int = 1,
               measure: str = "distance", against: str | None = None, margin: float = 0.0) -> WorstCase:  # fmt: skip
    """Solve for the worst L-smooth m-strongly convex function of NALA (see the module docstring).

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
    require_number("lr", lr, low=0)
    require_int("k", k, low=1, hint="k counts inner steps per cycle")
    require_number("mu", mu, low=-1)
    require_number("alpha", alpha, low=0)
    require_choice("measure", measure, MEASURES)
    require("against", against, against in (None, "lookahead"), "None or 'lookahead'")
    require_number("L", L, low=0, open_low=True)
    require_number("m", m, low=0, high=L, open_high=True, hint="the class of 0 = L - m is one quadratic")
    # the solver has floats only, and a fraction would make the rule's arrays ones of objects
    setting |= {name: float(setting[name]) for name in ("L", "m", "lr", "mu", "alpha")}
    L, m = setting["L"], setting["m"]
    rival = nala(setting | {"alpha": 0.0}) if against else None
    found = worst_case_of(nala(setting), L=L, m=m, cycles=cycles, metric=measure, against=rival, margin=margin)
    return replace(found, setting=setting)
