"""V03, V05, V06: the counter-examples to "faster than Lookahead", run by both twins.

The reference twin runs them in ``fractions.Fraction``: its gap is the predicted rational number, to the last digit.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from nala_lab.certify.worst_cases import nala
from nala_lab.drive import run
from nala_lab.reference import NALA, SGD, Lookahead
from nala_lab.reference import run as run_reference
from nala_lab.theory.bent import Bent
from nala_lab.theory.claims import claims
from nala_lab.theory.counterexamples import COUNTEREXAMPLES, SMALL, CounterExample
from nala_lab.theory.interpolation import Envelope
from nala_lab.verify import Check, Tally, Tolerance, check

EXACT = Tolerance(0.0, 0.0, "rational arithmetic")
# At most 18 gradients a run (32 on a bent quadratic, of 6 products each), each some 6 x 25 products of numbers below 3:
# 2700 * 3 * 2^-53 = 9e-13
ROUNDED = Tolerance(0.0, 1e-12, "2700 roundings of 2^-53 of numbers below 3")


def _exact_gap(example: CounterExample) -> Fraction:
    """NALA minus Lookahead by the reference twin, in Fraction, per squared distance of the start."""
    inner = SGD(lr=example.lr)
    mine = NALA(inner, k=example.k, mu=example.mu, alpha=example.alpha)
    theirs = Lookahead(inner, k=example.k, alpha=1 + example.mu)
    size = example.start @ example.start
    return Fraction(_measured(example, mine) - _measured(example, theirs)) / size


def _measured(example: CounterExample, method: Any) -> Any:
    end = run_reference(method, example.function.grad, example.start, cycles=example.cycles).slow[-1]
    return end @ end if example.measure == "distance" else example.function.value(end)


def _float_gap(example: CounterExample, twin: str) -> float:
    f = example.function
    floats: Bent | Envelope
    if isinstance(f, Bent):
        floats = f.in_floats()
    else:
        floats = Envelope(f.slopes.astype(float), f.offsets.astype(float), float(f.L), float(f.m))
    start = example.start.astype(float)
    setting = {"lr": float(example.lr), "k": example.k, "mu": float(example.mu), "alpha": float(example.alpha)}
    ends = [
        run(twin, nala(setting | other), floats.grad, start, cycles=example.cycles).slow[-1]
        for other in ({}, {"alpha": 0.0})
    ]
    mine, theirs = (float(x @ x if example.measure == "distance" else floats.value(x)) for x in ends)
    return (mine - theirs) / float(start @ start)


def _gaps(id: str, measure: str, twin: str) -> list[Check]:
    row = Tally(id, f"gap to Lookahead, {measure}", twin, EXACT if twin == "numpy" else ROUNDED)
    sign = Tally(id, f"NALA is behind, {measure}", twin, EXACT, kind="lower", statement="the gap is positive")
    for example in [*SMALL.values(), *COUNTEREXAMPLES.values()]:
        if example.measure != measure:
            continue
        predicted = example.gap
        if twin == "numpy":
            exact = _exact_gap(example)
            row.add(float(predicted), float(exact), setting=example.name)
            row.add(0.0, float(predicted - exact), setting=f"{example.name}, exact difference")
        measured = _float_gap(example, twin)
        if twin == "torch":
            row.add(float(predicted), measured, setting=example.name)
        sign.add(1e-9, measured, setting=example.name)  # far above the rounding of 1e-12
    return [row.check(), sign.check()]


@check("V03")
def farther_than_lookahead(twin: str, seed: int) -> list[Check]:
    """Squared distance to the minimiser, larger than Lookahead's from the same start."""
    return _gaps("V03", "distance", twin)


@check("V05")
def higher_than_lookahead(twin: str, seed: int) -> list[Check]:
    """Value, larger than Lookahead's from the same start."""
    return _gaps("V05", "value", twin)


@check("V06")
def slower_per_gradient(twin: str, seed: int) -> list[Check]:
    """60 gradients on x^2/2 from 1, shifted: the three numbers of the claim's evidence."""
    numbers, center = claims()["V06"].numbers, -1.25
    row = Tally("V06", "x after 60 gradients", twin, Tolerance(0.0, 1e-13, "60 steps, each a few roundings of 2^-53"))
    for name, alpha, cycles in (("NALA", 1e-3, 10), ("Lookahead", 0.0, 12), ("NALA, alpha=1/20", 0.05, 10)):
        setting = {"lr": 0.1, "k": 5, "mu": -0.5, "alpha": alpha}
        t = run(twin, nala(setting), lambda x: x - center, np.array([center + 1.0]), cycles=cycles)
        row.add(60, t.grad_evals, setting=f"{name}, gradients")
        row.add(float(numbers[name]), t.slow[-1, 0] - center, setting=name)
    return [row.check()]
