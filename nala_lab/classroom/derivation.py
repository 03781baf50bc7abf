"""The way to a solution: sentences and equations, printed by sympy and evaluated by it with the student's numbers."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import numpy as np

from nala_lab.classroom.sheets import Data, Exercise

__all__ = ["Step", "derive"]

# Names of the code, as the papers print them. Everything else (k, R, B, ...) sympy prints as it stands.
PRINTED = {"lr": r"\eta", "lam": r"\lambda", "mu": r"\mu", "alpha": r"\alpha", "eps": r"\epsilon", "rho": r"\rho",
           "beta": r"\beta", "beta1": r"\beta_1", "beta2": r"\beta_2", "sigma": r"\sigma", "kappa": r"\kappa",
           "phi": r"\phi", "phi0": r"\phi_0", "phi1": r"\phi_1", "theta": r"\theta", "xstar": r"x^\star",
           "delta": r"\delta", "tau": r"\tau", "nu": r"\nu"}  # fmt: skip
FUNCTIONS = ("sqrt", "log", "exp", "Abs", "ceiling", "floor", "Min", "Max", "sign", "Rational", "pi")


class Step(NamedTuple):
    """One step: its sentence, its equation in LaTeX, and the value of its left side with the student's numbers."""

    sentence: str
    latex: str
    value: float


def derive(exercise: Exercise, data: Data) -> list[Step]:
    """Work through the exercise's derivation with the numbers `data`.

    Each equation is read by sympy, which prints it and computes its value from the values above it. Nothing of the
    library's theory is used, so that a test can compare the last value with the solution, which theory computed.

    Examples
    --------
    >>> from nala_lab.classroom.bank import find
    >>> from nala_lab.classroom.sheets import personal
    >>> sheet = personal(find("01.1"), "ada")
    >>> bool(abs(derive(sheet.exercise, sheet.data)[-1].value - sheet.solution) < 1e-12)
    True
    """
    values: dict[str, Any] = dict(data)
    steps = []
    for sentence, equation in exercise.derivation:
        left, right = (part.strip() for part in equation.split("=", 1))
        expression, symbols = _parse(right)
        value = expression.subs({symbol: values[name] for name, symbol in symbols.items()}).evalf(25)
        values[left] = value
        steps.append(Step(sentence, f"{_latex(_parse(left)[0])} = {_latex(expression)}", float(value)))
    return steps


def final(exercise: Exercise, data: Data) -> np.ndarray[Any, Any]:
    """The derivation's result in the shape of an answer: its last value, or its last ``size`` values."""
    values = [step.value for step in derive(exercise, data)]
    return np.array(values[-exercise.size :]) if exercise.size else np.asarray(values[-1])


def _parse(text: str) -> tuple[Any, dict[str, Any]]:
    from sympy import Symbol
    from sympy.parsing.sympy_parser import parse_expr

    names = {name for name in re.findall(r"[A-Za-z_]\w*", text) if name not in FUNCTIONS}
    symbols = {name: Symbol(name, real=True) for name in sorted(names)}
    return parse_expr(text, local_dict=dict(symbols), evaluate=False), symbols


def _latex(expression: Any) -> str:
    from sympy import latex

    names = {s: PRINTED[s.name] for s in expression.free_symbols if s.name in PRINTED}
    return str(latex(expression, symbol_names=names))
