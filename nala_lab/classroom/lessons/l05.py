"""Lesson 05: counting calls of step(), the first step inside, and how many seeds a claim needs."""

from __future__ import annotations

import math
from typing import Any

from nala_lab.classroom.sheets import Data, Exercise, Mistake, draws
from nala_lab.theory.first_step import adam_first_step


def _calls(d: Data) -> int:
    """Calls of step(): one for each mini-batch."""
    return int(d.n // d.b * d.E)


def _adam(d: Data, **changed: Any) -> Any:
    return adam_first_step(d.g, lr=d.lr, eps=d.eps, **changed)


def _seeds(d: Data, power: float = 2.0) -> float:
    return float((2.58 * d.s / d.gap) ** power)


EXERCISES = (
    Exercise(
        id="05.1", title="whole cycles in a training", whole=True,
        prompt="A data set has [n] pictures, a mini-batch [b] of them (the division has no rest). NALA with $k = [k]$ "
               "takes the outer gradient on a fresh mini-batch, so each call of `step()` spends one. How many *whole* "
               "cycles are in [E] epochs?",
        draw=draws(n=(4800, 9600, 19200), b=(32, 48, 64, 96), k=(3, 4, 5, 6, 7, 8), E=(1, 2, 3, 5, 7)),
        solution=lambda d: _calls(d) // (d.k + 1),
        mistakes=(
            Mistake("look-ahead",
                    "You forgot the look-ahead gradient: a cycle needs k+1 calls, the last one for the outer step.",
                    lambda d: _calls(d) // d.k),
            Mistake("rounded up", "The last cycle is not finished: only whole cycles move the slow weights.",
                    lambda d: -(-_calls(d) // (d.k + 1))),
            Mistake("calls", "This is the number of calls of step(): a cycle takes k+1 of them.", _calls),
            Mistake("one epoch", "This is one epoch only.", lambda d: _calls(d) // d.E // (d.k + 1)),
        ),
        derivation=(
            ("Each epoch has n/b mini-batches, and each of them is one call of step().", "calls = E*n/b"),
            ("A cycle takes k calls inside and one for the outer step; an unfinished one does not count.",
             "cycles = floor(calls/(k + 1))"),
        ),
    ),
    Exercise(
        id="05.2", title="the next outer step", whole=True,
        prompt="A run of NALA with $k = [k]$ (fresh outer mini-batch) is saved after [c] calls of `step()`, in the "
               "middle of a cycle, and resumed from the file. Which call, counted from the very beginning, will be the "
               "next outer step?",
        draw=draws(k=(3, 4, 5, 6, 7, 9), c=tuple(range(101, 400, 7))),
        solution=lambda d: d.c - d.c % (d.k + 1) + d.k + 1,
        mistakes=(
            Mistake("look-ahead",
                    "You counted cycles of k calls: the outer step is a call as well, so a cycle has k+1.",
                    lambda d: d.c - d.c % d.k + d.k),
            Mistake("last one", "This was the last outer step before the run was saved.",
                    lambda d: d.c - d.c % (d.k + 1)),
            Mistake("to come", "This is how many calls are missing: the question counts from the very beginning.",
                    lambda d: d.k + 1 - d.c % (d.k + 1)),
            Mistake("from zero",
                    "A resumed run goes on in the middle of its cycle: the phase is in the file, and no new cycle "
                    "begins.",
                    lambda d: d.c + d.k + 1),
        ),
        derivation=(
            ("A cycle has k inner calls and one outer call.", "n = k + 1"),
            ("So many cycles were whole when the run was saved.", "T = floor(c/n)"),
            ("The outer step is the last call of the next one.", "call = n*(T + 1)"),
        ),
    ),
    Exercise(
        id="05.3", title="the first inner step",
        prompt=r"Adam inside, $\eta = [lr]$, $\epsilon = [eps]$ (large, so that it can be seen). One entry of the "
               r"first gradient is $g = [g]$. By how much does the first inner step change that weight, with its sign?",
        draw=draws(lr=(0.001, 0.002, 0.005, 0.01), eps=(0.1, 0.2, 0.5, 1.0),
                   g=(-1.5, -0.8, -0.4, -0.25, 0.25, 0.4, 0.6, 0.8, 1.5)),
        solution=_adam,
        mistakes=(
            Mistake("sign", "The sign is wrong: a step goes against the gradient.", lambda d: -_adam(d)),
            Mistake("no eps", "You left epsilon out: here it is as large as the gradient and makes the step shorter.",
                    lambda d: adam_first_step(d.g, lr=d.lr, eps=0.0)),
            Mistake("descent", "This is gradient descent: Adam divides by the size of the gradient.",
                    lambda d: -d.lr * d.g),
            Mistake("printed",
                    "This has epsilon under the root, as Eq. (3) is printed: the torch twin adds it outside.",
                    lambda d: _adam(d, form="printed")),
            Mistake("no correction",
                    "The bias corrections are missing: at the first step they turn 0.1 g and 0.001 g^2 into g and g^2.",
                    lambda d: -d.lr * 0.1 * d.g / (math.sqrt(0.001) * abs(d.g) + d.eps)),
        ),
        derivation=(
            ("At the first step the corrected averages are g and g^2.", "D = sqrt(g**2) + eps"),
            ("The step is -eta times the one over the root of the other plus epsilon.", "step = -lr*g/D"),
        ),
    ),
    Exercise(
        id="05.4", title="how many seeds", whole=True,
        prompt="Two methods are compared on paired seeds. The difference of their accuracies has the standard "
               "deviation $[s]$ points. How many pairs are needed until a true mean difference of $[gap]$ points is "
               "$2.58$ standard errors?",
        draw=draws(s=(0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55), gap=(0.05, 0.08, 0.1, 0.12, 0.15, 0.2)),
        solution=lambda d: math.ceil(_seeds(d)),
        mistakes=(
            Mistake("no square", "The standard error falls with the *root* of the number of pairs: square the ratio.",
                    lambda d: math.ceil(_seeds(d, 1.0))),
            Mistake("rounded down",
                    "You rounded down: with so few pairs the difference is still a little below 2.58 standard errors.",
                    lambda d: math.floor(_seeds(d))),
            Mistake("not paired",
                    "You took twice the variance, as for unpaired runs: the given deviation is already that of the "
                    "difference.",
                    lambda d: math.ceil(2 * _seeds(d))),
            Mistake("two", "You asked for 2 standard errors: the exercise asks for 2.58.",
                    lambda d: math.ceil((2 * d.s / d.gap) ** 2)),
        ),
        derivation=(
            ("The standard error of a mean of n pairs is s/sqrt(n), so gap = 2.58 s/sqrt(n).",
             "ratio = Rational(258, 100)*s/gap"),
            ("Solve for n and round up.", "n = ceiling(ratio**2)"),
        ),
    ),
)  # fmt: skip
