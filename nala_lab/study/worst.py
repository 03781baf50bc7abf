"""The exact worst case over smooth strongly convex functions, where the method is linear in gradients."""

from __future__ import annotations

import warnings

from nala_lab.measure import NotLinear
from nala_lab.study.lines import Line, Section, cannot, short
from nala_lab.study.subject import Studied

__all__ = ["worst"]

RATIO = 0.1  # m / L
_MOST = 8  # gradients: the programme grows with their square


def worst(one: Studied) -> Section:
    """The section: one line for L = 1/lr, one for half of it."""
    title = "Worst case over functions"
    n = one.period if one.period > 1 else 1 if one.two_loops else 3
    gradients, run = round(n * one.per_cycle), "1 cycle" if one.two_loops else f"{n} steps"
    lines: list[Line] = []
    if gradients > _MOST:
        why = f"{run} spend {gradients} gradients, and at most {_MOST} are solved for here"
        return Section("worst", title, (cannot("worst case", f"{why}; nala_lab.certify.worst_case_of does it"),))
    for L in (1.0, 0.5):
        try:
            lines.append(_line(one, L, n, f"{run}, {gradients} gradients", gradients))
        except ModuleNotFoundError as error:
            lines.append(cannot("worst case", f"{error}; the extra 'certificates' brings it"))
            break
        except ArithmeticError as error:
            lines.append(cannot(f"worst case, lr L = {L:g}", error))
        except NotLinear as told:
            lines.append(cannot(f"worst case, lr L = {L:g}", told.why))
            break
    note = ("Largest possible |x - x*|^2 / |x_0 - x*|^2 over all L-smooth m-strongly convex functions with "
            f"m = {RATIO:g} L, of the code that ships (PEPit).")  # fmt: skip
    return Section("worst", title, tuple(lines), note)


def _line(one: Studied, lr_times_L: float, n: int, run: str, gradients: int) -> Line:
    from nala_lab.certify import worst_case_of

    L = lr_times_L / one.unit
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the solver's own
        how = {"cycles" if one.two_loops and one.twin == "numpy" else "steps": n}
        value = worst_case_of(one.method, L=L, m=RATIO * L, **how).value
    descent = (1 - RATIO) ** (2 * gradients)
    evidence = f"after {run}; gradient descent with steps 1/L has {short(descent)} after as many"
    verdict = f"{value:.5f}" + ("" if value < 1 else ": may end no nearer")
    data = {"value": value, "gradients": gradients, "gradient_descent": descent, "lr_times_L": lr_times_L}
    return Line(f"worst case, lr L = {lr_times_L:g}", verdict, evidence, data=data)
