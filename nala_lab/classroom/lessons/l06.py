"""Lesson 06: edges of stability, momentum that is reset, the Chebyshev floor, the best mu of a spectrum."""

from __future__ import annotations

from typing import Any

import numpy as np

from nala_lab.classroom.sheets import Data, Exercise, Mistake, draws
from nala_lab.theory import chebyshev
from nala_lab.theory.momentum_cycle import cycle_matrix, stable, step_matrix
from nala_lab.theory.optimal_mu import inner_range, optimal_mu, optimal_rate
from nala_lab.theory.stability import inner_limit


def _edge(d: Data, kind: str = "heavy-ball") -> float:
    """The step at which Jury's criterion fails, by halving an interval: good to 1e-13."""
    low, high = 0.0, 8.0 / d.lam
    for _ in range(60):
        middle = (low + high) / 2
        fine = bool(stable(step_matrix(d.lam, lr=middle, beta=d.beta, kind=kind)))
        low, high = (middle, high) if fine else (low, middle)
    return low


def _reset(d: Data, **changed: Any) -> float:
    options = d("lr beta mu alpha") | {"k": 2, "convention": "reset"} | changed
    return float(np.asarray(cycle_matrix(d.lam, **options))[0, 0])


def _turned_momentum(d: Data) -> float:
    """The factor of a cycle whose second inner step has its momentum with the wrong sign."""
    left = (1 - d.lr * d.lam) ** 2 + d.lr * d.lam * d.beta
    return float((1 - d.alpha * d.lam) * ((1 + d.mu) * left - d.mu))


def _floor(d: Data, gradients: int) -> float:
    return chebyshev.floor(d.kappa, gradients)


EXERCISES = (
    Exercise(
        id="06.1", title="the step that heavy ball bears",
        prompt=r"Heavy ball alone, $\beta = [beta]$, on a curvature $\lambda = [lam]$. Above which $\eta$ does it "
               r"diverge?",
        draw=draws(beta=tuple(n / 20 for n in range(6, 20)), lam=(0.4, 0.5, 0.8, 1.25, 2.5, 4.0, 5.0, 8.0)),
        solution=_edge,
        mistakes=(
            Mistake("descent", "This is the limit of plain descent: momentum bears longer steps.",
                    lambda d: inner_limit(1, 0.0) / d.lam),
            Mistake("1-beta",
                    "You have 1 - beta where 1 + beta belongs: at the edge the iterates alternate, and momentum then "
                    "brakes.",
                    lambda d: 2 * (1 - d.beta) / d.lam),
            Mistake("no curvature", "This is the limit of eta lambda: divide by the curvature.",
                    lambda d: _edge(d) * d.lam),
            Mistake("NAG", "This is the limit of Nesterov's method, whose gradient is taken farther on.",
                    lambda d: _edge(d, "nag")),
        ),
        derivation=(
            ("At the edge an eigenvalue is -1, so 1 + trace + det = 0 with trace 1 - eta lambda + beta and det beta.",
             "a_max = 1 + (1 + beta) + beta"),
            ("a is eta lambda.", "eta_max = a_max/lam"),
        ),
    ),
    Exercise(
        id="06.2", title="momentum that is reset",
        prompt=r"NALA over heavy ball, momentum *reset* at each synchronisation: $k = 2$, $\beta = [beta]$, $\eta = "
               r"[lr]$, $\mu = [mu]$, $\alpha = [alpha]$, $\lambda = [lam]$. By which factor does a cycle multiply the "
               r"error?",
        draw=draws(beta=(0.3, 0.5, 0.6, 0.8, 0.9), lr=(0.1, 0.15, 0.2, 0.3), mu=(-0.7, -0.6, -0.4, -0.3, 0.2),
                   alpha=(0.1, 0.2, 0.3), lam=(0.8, 1.0, 1.25, 2.0)),
        solution=_reset,
        mistakes=(
            Mistake("no momentum",
                    "You ran plain descent inside: after the first step the second one has a momentum beta times the "
                    "first.",
                    lambda d: _reset(d, beta=0.0)),
            Mistake("sign of momentum",
                    "The momentum term has the wrong sign: the first step goes towards the minimum, and so does its "
                    "momentum.",
                    _turned_momentum),
            Mistake("no outer step", "The outer gradient step is missing: it multiplies by 1 - alpha lambda.",
                    lambda d: _reset(d, alpha=0.0)),
            Mistake("inner only", "This is what the inner loop leaves: the slow weights mix it with the old ones.",
                    lambda d: _reset(d, alpha=0.0, mu=0.0)),
        ),
        derivation=(
            ("The first inner step starts without momentum.", "e1 = 1 - lr*lam"),
            ("It was the displacement e1 - 1, and beta times it is added to the second step.",
             "e2 = (1 - lr*lam)*e1 + beta*(e1 - 1)"),
            ("The slow weights mix.", "B = (1 + mu)*e2 - mu"),
            ("The outer step.", "rho = (1 - alpha*lam)*B"),
        ),
    ),
    Exercise(
        id="06.3", title="what no setting can beat", digits=4,
        prompt=r"NALA with $k = 1$ on a quadratic with condition number $\kappa = [kappa]$: what is the smallest "
               r"factor *per cycle* that any $\eta$, $\mu$, $\alpha$ can reach?",
        draw=draws(kappa=tuple(n / 4 for n in range(8, 120))),
        solution=lambda d: _floor(d, 2),
        mistakes=(
            Mistake("k gradients",
                    "You used the polynomial of degree k: a cycle has k+1 gradients, so the degree is k+1.",
                    lambda d: _floor(d, 1)),
            Mistake("per gradient", "This is the floor per gradient: the question asks for the cycle.",
                    lambda d: chebyshev.floor_per_gradient(d.kappa, 1)),
            Mistake("two best steps",
                    "Two equal steps of descent do worse than two different ones, which Chebyshev's polynomial gives.",
                    lambda d: _floor(d, 1) ** 2),
        ),
        derivation=(
            ("The middle of the spectrum over half its length.", "x = (kappa + 1)/(kappa - 1)"),
            ("Chebyshev's polynomial of degree k+1 = 2.", "T = 2*x**2 - 1"),
            ("Its reciprocal is the floor.", "floor_2 = 1/T"),
        ),
    ),
    Exercise(
        id="06.4", title="the best mu of a spectrum",
        prompt=r"Lookahead with slow step $1+\mu$ on curvatures between $[low]$ and $[high]$; $\eta = [lr]$, $k = "
               r"[k]$. Which $\mu$ gives the smallest worst factor?",
        draw=draws(low=(0.1, 0.15, 0.2, 0.25), high=(1.0, 1.1, 1.2), lr=(0.6, 0.7, 0.8), k=(3, 5)),
        solution=lambda d: optimal_mu(d.low, d.high, **d("lr k")),
        mistakes=(
            Mistake("the rate", "This is the worst factor that the best mu leaves: the question asks for mu itself.",
                    lambda d: optimal_rate(d.low, d.high, **d("lr k"))),
            Mistake("flat mode", "This mu finishes the flattest direction and forgets the steepest one.",
                    lambda d: optimal_mu(d.low, d.low, **d("lr k"))),
            Mistake("mean", "Two R add up in the denominator as well: it is 2 - R_max - R_min.",
                    lambda d: sum(inner_range(d.low, d.high, **d("lr k"))) / 2),
            Mistake("slow step", "This is the slow step 1+mu: subtract one.",
                    lambda d: 1 + optimal_mu(d.low, d.high, **d("lr k"))),
        ),
        derivation=(
            ("What the inner loop leaves of the flattest direction.", "R_max = (1 - lr*low)**k"),
            ("And of the steepest.", "R_min = (1 - lr*high)**k"),
            ("Both ends must have the same size and opposite signs: (1+mu) R_max - mu = -((1+mu) R_min - mu).",
             "mu_best = (R_max + R_min)/(2 - R_max - R_min)"),
        ),
    ),
)  # fmt: skip
