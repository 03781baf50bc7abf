"""Lesson 07: stationary variances, at the same step and at the same speed."""

from __future__ import annotations

import math
from typing import Any

from nala_lab.classroom.sheets import Data, Exercise, Mistake, draws
from nala_lab.theory import eq5
from nala_lab.theory.equal_speed import small_step_penalty
from nala_lab.theory.noise_one_mode import cycle_moments, lookahead_variance_ratio, sgd_variance


def _ratio(d: Data, **changed: Any) -> Any:
    return lookahead_variance_ratio(1.0, lr=d.a, **d("k mu", **changed))


def _added(d: Data, outer: str) -> Any:
    """N: the variance that a cycle adds."""
    return cycle_moments(d.lam, d.w, **d("lr k mu alpha"), outer=outer)[1]


def _penalty(d: Data, **changed: Any) -> Any:
    return small_step_penalty(**d("lr k mu alpha", **changed))


EXERCISES = (
    Exercise(
        id="07.1", title="how far SGD wanders",
        prompt=r"SGD with $\eta = [lr]$ on $\lambda = [lam]$; each gradient has noise of variance $w = [w]$. What is "
               r"the stationary variance of the iterate?",
        draw=draws(lr=(0.2, 0.3, 0.4, 0.5, 0.6), lam=(0.8, 1.25, 1.5, 2.0, 2.5), w=(0.3, 0.5, 0.7, 1.5, 2.0, 3.0)),
        solution=lambda d: sgd_variance(d.lam, d.w, lr=d.lr),
        mistakes=(
            Mistake("small steps", "This is the limit for small eta lambda: the exact denominator has 2 - eta lambda.",
                    lambda d: d.lr * d.w / (2 * d.lam)),
            Mistake("deviation", "This is the standard deviation: the question asks for the variance.",
                    lambda d: math.sqrt(float(sgd_variance(d.lam, d.w, lr=d.lr)))),
            Mistake("one step",
                    "This is what a single step adds: it is added again at each step, while the old variance shrinks.",
                    lambda d: d.lr**2 * d.w),
            Mistake("not squared",
                    "The variance of what is left is multiplied by (1 - eta lambda)^2, not by 1 - eta lambda.",
                    lambda d: d.lr * d.w / d.lam),
        ),
        derivation=(
            ("A step multiplies the error by r.", "r = 1 - lr*lam"),
            ("V = r^2 V + eta^2 w, solved for V.", "V = lr**2*w/(1 - r**2)"),
        ),
    ),
    Exercise(
        id="07.2", title="quieter at the same step",
        prompt=r"Lookahead ($\alpha = 0$) with $\mu = [mu]$, $k = [k]$ over SGD, $a = \eta\lambda = [a]$. Its "
               r"stationary variance is which multiple of that of SGD with the *same* $\eta$?",
        draw=draws(mu=(-0.8, -0.7, -0.6, -0.5, -0.4, -0.3, -0.2), k=(2, 3, 4, 5, 6, 8), a=(0.05, 0.1, 0.15, 0.2, 0.3)),
        solution=_ratio,
        mistakes=(
            Mistake("slow step",
                    "1+mu is not enough: the inner results of neighbouring cycles are correlated through phi.",
                    lambda d: 1 + d.mu),
            Mistake("independent",
                    "This is for *independent* inner results, as in lesson 02: here each cycle starts from phi.",
                    lambda d: 1 / eq5.effective_sample_size(d.mu)),
            Mistake("one step", "You used k = 1: R is the power k of 1 - eta lambda.", lambda d: _ratio(d, k=1)),
            Mistake("sign of mu",
                    "You have the sign of mu wrong: averaging makes quieter, so the multiple is below one.",
                    lambda d: _ratio(d, mu=-d.mu)),
        ),
        derivation=(
            ("What the inner loop leaves of the start.", "R = (1 - a)**k"),
            ("Its noise has the variance (1 - R^2) V_SGD, times the square of the slow step.",
             "N = (1 + mu)**2*(1 - R**2)"),
            ("A cycle multiplies the error by B.", "B = (1 + mu)*R - mu"),
            ("V = B^2 V + N V_SGD.", "ratio = N/(1 - B**2)"),
        ),
    ),
    Exercise(
        id="07.3", title="the last mini-batch again",
        prompt=r"NALA takes the outer gradient on the *last inner* mini-batch. $\eta = [lr]$, $k = [k]$, $\mu = [mu]$, "
               r"$\alpha = [alpha]$, $\lambda = [lam]$, $w = [w]$. Which variance does one cycle add?",
        draw=draws(lr=(0.1, 0.15, 0.2), k=(2, 3, 4, 5), mu=(-0.7, -0.6, -0.4, -0.3), alpha=(0.1, 0.2, 0.3),
                   lam=(0.8, 1.0, 1.25, 2.0), w=(0.5, 1.0, 2.0)),
        solution=lambda d: _added(d, "last"),
        mistakes=(
            Mistake("fresh",
                    "This is for a fresh mini-batch: with the old one its noise enters twice with the same sign, and a "
                    "cross term appears.",
                    lambda d: _added(d, "fresh")),
            Mistake("full", "This is for an outer gradient without noise.", lambda d: _added(d, "full")),
            Mistake("minus", "The cross term is positive: both steps go along the same noise, in the same direction.",
                    lambda d: 2 * _added(d, "fresh") - _added(d, "last")),
            Mistake("half", "The cross term counts twice, as in (a + b)^2.",
                    lambda d: (_added(d, "fresh") + _added(d, "last")) / 2),
        ),
        derivation=(
            ("The inner loop's noise, each gradient's share shrunk by the steps after it.",
             "Q = (1 - (1 - lr*lam)**(2*k))/(1 - (1 - lr*lam)**2)"),
            ("It reaches phi through the slow step and the outer step.", "c = (1 - alpha*lam)*(1 + mu)"),
            ("Inner noise, outer noise, and twice their product, since the last noise is in both.",
             "N = c**2*lr**2*w*Q + alpha**2*w + 2*c*lr*alpha*w"),
        ),
    ),
    Exercise(
        id="07.4", title="louder at the same speed",
        prompt=r"Small steps: $\eta = [lr]$, $k = [k]$, $\mu = [mu]$, $\alpha = [alpha]$. NALA is compared with SGD of "
               r"the same speed *per gradient*. How many times larger is NALA's stationary variance, in the limit of "
               r"small $\eta\lambda$?",
        draw=draws(lr=(0.01, 0.02, 0.05), k=(2, 3, 4, 5, 6, 8), mu=(-0.7, -0.6, -0.4, -0.3),
                   alpha=(0.001, 0.002, 0.05, 0.08, 0.1)),
        solution=_penalty,
        mistakes=(
            Mistake("look-ahead gradient",
                    "You forgot the look-ahead gradient in the cost: NALA's speed is shared by k+1 gradients.",
                    lambda d: _penalty(d) * d.k / (d.k + 1)),
            Mistake("Lookahead", "This is without the outer step, but its gradient is paid for.",
                    lambda d: _penalty(d, alpha=0.0)),
            Mistake("no slow step", "The slow step 1+mu is missing: it multiplies each inner step.",
                    lambda d: _penalty(d, mu=0.0)),
            Mistake("upside down", "The fraction is upside down: by Cauchy and Schwarz the ratio is never below one.",
                    lambda d: 1 / _penalty(d)),
        ),
        derivation=(
            ("A cycle is k steps of this length and one of alpha.", "h = (1 + mu)*lr"),
            ("Noise adds up in squares, speed adds up plainly.", "A = k*h**2 + alpha**2"),
            ("The total way of a cycle.", "W = k*h + alpha"),
            ("SGD of the same speed takes k+1 equal steps W/(k+1).", "ratio = (k + 1)*A/W**2"),
        ),
    ),
)  # fmt: skip
