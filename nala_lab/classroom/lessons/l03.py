"""Lesson 03: cycles to a goal, the fair x-axis, and how long the outer step may be."""

from __future__ import annotations

import math
from typing import Any

from nala_lab.classroom.sheets import Data, Exercise, Mistake, draws
from nala_lab.theory.break_even import against_descent, against_lookahead
from nala_lab.theory.outer_limit import outer_limit
from nala_lab.theory.quadratic_rate import lookahead_factor, rho

CYCLE = (
    ("The inner loop leaves this part of the error.", "R = (1 - lr*lam)**k"),
    ("The mixture with the old slow weights leaves this part.", "B = (1 + mu)*R - mu"),
)


def _rho(d: Data, **changed: Any) -> float:
    return float(rho(d.lam, **d("lr k mu alpha", **changed)))


def _bracket(d: Data) -> float:
    return float(lookahead_factor(d.lam, **d("lr k mu")))


def _cycles(d: Data, factor: float) -> float:
    """Cycles until an error has shrunk to 10^-p, not yet rounded."""
    return d.p * math.log(10) / -math.log(abs(factor))


EXERCISES = (
    Exercise(
        id="03.1", title="how many cycles", whole=True,
        prompt=r"The slowest direction has $\lambda = [lam]$. NALA runs with $\eta = [lr]$, $k = [k]$, $\mu = [mu]$, "
               r"$\alpha = [alpha]$. After how many cycles is the error there at most $10^{-[p]}$ of what it was?",
        draw=draws(lam=(0.02, 0.03, 0.04, 0.05), lr=(0.6, 0.8, 1.0, 1.2), k=(4, 5, 6, 7), mu=(-0.6, -0.5, -0.4),
                   alpha=(0.5, 0.8, 1.0, 1.5), p=(3, 4, 5, 6)),
        solution=lambda d: math.ceil(_cycles(d, _rho(d))),
        mistakes=(
            Mistake("rounded down",
                    "You rounded down: after that many whole cycles the error is still a little too large.",
                    lambda d: math.floor(_cycles(d, _rho(d)))),
            Mistake("gradients",
                    "This is the number of gradients: a cycle costs k+1 of them, and the question asks for cycles.",
                    lambda d: (d.k + 1) * math.ceil(_cycles(d, _rho(d)))),
            Mistake("natural log",
                    "You mixed two logarithms: ln of the factor needs ln of 10^-p, which is -p times 2.303.",
                    lambda d: math.ceil(_cycles(d, _rho(d)) / math.log(10))),
            Mistake("Lookahead", "This is Lookahead's number: the outer gradient step also shrinks the error.",
                    lambda d: math.ceil(_cycles(d, _bracket(d)))),
            Mistake("inner steps only",
                    "This is for mu = 0, without averaging: it gives a part of each cycle back.",
                    lambda d: math.ceil(_cycles(d, _rho(d, mu=0.0)))),
        ),
        derivation=(
            *CYCLE,
            ("The outer step multiplies by 1 - alpha lambda.", "rho = (1 - alpha*lam)*B"),
            ("rho^T <= 10^-p holds from this T on.", "T = ceiling(p*log(10)/(-log(rho)))"),
        ),
    ),
    Exercise(
        id="03.2", title="the same budget for all",
        prompt=r"Every method may spend $G = [G]$ gradients. One direction, $\lambda = [lam]$; $\eta = [lr]$, $k = "
               r"[k]$, $\mu = [mu]$, $\alpha = [alpha]$. NALA's error starts at 1. What is it at the end?",
        draw=draws(G=(60, 120, 180), lam=(0.04, 0.06, 0.1), lr=(0.5, 0.8, 1.0), k=(4, 5, 9), mu=(-0.6, -0.5, -0.4),
                   alpha=(0.3, 0.6, 1.0)),
        solution=lambda d: _rho(d) ** (d.G / (d.k + 1)),
        mistakes=(
            Mistake("look-ahead gradient",
                    "You forgot the look-ahead gradient in the cost: G gradients pay for G/(k+1) cycles.",
                    lambda d: _rho(d) ** (d.G / d.k)),
            Mistake("Lookahead", "This is Lookahead with its G/k cycles: NALA has an outer step and fewer cycles.",
                    lambda d: _bracket(d) ** (d.G / d.k)),
            Mistake("descent",
                    "This is plain descent with the same budget; two loops with mu < 0 give a part of it back.",
                    lambda d: (1 - d.lr * d.lam) ** d.G),
            Mistake("one cycle", "This is one cycle's factor: it acts once in each of the G/(k+1) cycles.", _rho),
        ),
        derivation=(
            *CYCLE,
            ("The outer step multiplies by 1 - alpha lambda.", "rho = (1 - alpha*lam)*B"),
            ("G gradients pay for this many cycles.", "T = G/(k + 1)"),
            ("Each cycle multiplies the error once.", "e = rho**T"),
        ),
    ),
    Exercise(
        id="03.3", title="break-even with plain descent",
        prompt=r"Plain descent uses the same $\eta = [lr]$. From which $\alpha$ on is NALA with $k = [k]$, $\mu = "
               r"[mu]$ as fast *per gradient* on the direction $\lambda = [lam]$?",
        draw=draws(lam=(0.4, 0.5, 0.8, 1.25, 2.0), lr=(0.1, 0.15, 0.2, 0.25), k=(3, 4, 5, 6),
                   mu=(-0.7, -0.6, -0.4, -0.3)),
        solution=lambda d: against_descent(d.lam, **d("lr k mu"))[0],
        mistakes=(
            Mistake("Lookahead",
                    "This is the break-even with Lookahead: plain descent is faster here, so alpha must be larger.",
                    lambda d: against_lookahead(d.lam, **d("lr k mu"))[0]),
            Mistake("k steps", "Descent gets as many gradients as NALA: k+1 steps, not k.",
                    lambda d: (1 - (1 - d.lr * d.lam) ** d.k / _bracket(d)) / d.lam),
            Mistake("no curvature", "This is alpha lambda: divide by the curvature.",
                    lambda d: d.lam * against_descent(d.lam, **d("lr k mu"))[0]),
            Mistake("small steps", "(1 - k mu) eta is the limit for small eta lambda; here the exact value is needed.",
                    lambda d: (1 - d.k * d.mu) * d.lr),
        ),
        derivation=(
            *CYCLE,
            ("Descent takes k+1 steps for the same price.", "D = (1 - lr*lam)**(k + 1)"),
            ("Equal speed means (1 - alpha lambda) B = D.", "alpha_even = (1 - D/B)/lam"),
        ),
    ),
    Exercise(
        id="03.4", title="how long may the outer step be",
        prompt=r"A quadratic has curvatures up to $L = [L]$. With $\eta = 1/L$, $k = [k]$ and $\mu = [mu]$, above "
               r"which $\alpha$ does NALA diverge?",
        draw=draws(L=(2.0, 2.5, 4.0, 5.0, 8.0, 12.5), k=(3, 4, 5, 6, 7), mu=(-0.8, -0.7, -0.6, -0.4, -0.3, -0.25)),
        solution=lambda d: outer_limit(int(d.k), d.mu) / d.L,
        mistakes=(
            Mistake("descent",
                    "2/L is the limit of plain descent. After the inner loop the steepest direction is only |mu| of "
                    "it.",
                    lambda d: 2 / d.L),
            Mistake("no L", "This is the limit of alpha L: divide by L.", lambda d: outer_limit(int(d.k), d.mu)),
            Mistake("one missing", "Solve |1 - alpha L| |mu| = 1 again: the one on the left does not vanish.",
                    lambda d: outer_limit(int(d.k), d.mu) / d.L - 1 / d.L),
            Mistake("slow step", "At lambda = L the inner loop leaves nothing, so the bracket is -mu and not 1+mu.",
                    lambda d: (1 + 1 / (1 + d.mu)) / d.L),
            Mistake("no averaging", "This is the limit for mu = 0: averaging brings the steep direction back.",
                    lambda d: outer_limit(int(d.k), 0.0) / d.L),
        ),
        derivation=(
            ("At lambda = L with eta = 1/L the inner loop leaves nothing.", "R = 0"),
            ("So only the old slow weights are left in the bracket.", "B = (1 + mu)*R - mu"),
            ("alpha L - 1 may grow until (alpha L - 1) B = 1; the other directions bear more.",
             "alpha_max = (1 + 1/Abs(B))/L"),
        ),
    ),
)  # fmt: skip
