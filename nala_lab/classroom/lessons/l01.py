"""Lesson 01: the factor of a cycle, its price, and the steps at which two loops break even or break down."""

from __future__ import annotations

from typing import Any

from nala_lab.classroom.sheets import Data, Exercise, Mistake, draws
from nala_lab.theory.break_even import against_descent, against_lookahead, sufficient
from nala_lab.theory.optimal_mu import optimal_mu
from nala_lab.theory.quadratic_rate import lookahead_factor, rate_per_gradient, rho
from nala_lab.theory.stability import inner_limit

SETTING = dict(
    lam=(0.5, 0.8, 1.0, 1.25, 2.0),
    lr=(0.1, 0.15, 0.2, 0.25, 0.3),
    k=(3, 4, 5, 6),
    mu=(-0.7, -0.6, -0.4, -0.3),
    alpha=(0.1, 0.15, 0.2, 0.3, 0.35),
)


def _rho(d: Data, **changed: Any) -> Any:
    return rho(d.lam, **d("lr k mu alpha", **changed))


def _bracket(d: Data) -> Any:
    return lookahead_factor(d.lam, **d("lr k mu"))


def _left(d: Data) -> Any:
    """R: what k steps of the inner rule leave of the error."""
    return rho(d.lam, **d("lr k", mu=0.0, alpha=0.0))


def _odd_limit(d: Data, k: int) -> float:
    """The limit by the formula for odd k, which a student may use with the wrong count."""
    return float((1 + ((1 - d.mu) / (1 + d.mu)) ** (1 / k)) / d.lam)


def _one_mode(d: Data) -> float:
    return optimal_mu(d.lam, d.lam, **d("lr k"))


CYCLE = (
    ("After k inner steps the error is R times what it was.", "R = (1 - lr*lam)**k"),
    ("At y it is the mixture of theta's and phi's errors.", "B = (1 + mu)*R - mu"),
)
SETTINGS_TEXT = r"$\lambda = [lam]$, $\eta = [lr]$, $k = [k]$, $\mu = [mu]$"
EXERCISES = (
    Exercise(
        id="01.1", title="the factor of a cycle",
        prompt=rf"By which factor does one cycle of NALA multiply the error? {SETTINGS_TEXT}, $\alpha = [alpha]$; "
               rf"gradient descent inside.",
        draw=draws(**SETTING),
        solution=_rho,
        mistakes=(
            Mistake("no outer step",
                    "The outer gradient step is missing: it multiplies the error at y by 1 - alpha lambda.",
                    lambda d: _rho(d, alpha=0.0)),
            Mistake("plus mu",
                    "The bracket is (1+mu) R - mu; you have (1+mu) R + mu. For mu < 0 the term -mu is positive.",
                    lambda d: (_bracket(d) + 2 * d.mu) * (1 - d.alpha * d.lam)),
            Mistake("one inner step",
                    "You took one inner step: a cycle has k of them, so 1 - eta lambda needs the power k.",
                    lambda d: _rho(d, k=1)),
            Mistake("gradient at phi", "Your outer gradient was taken at phi: NALA takes it at y, after the bracket.",
                    lambda d: _bracket(d) - d.alpha * d.lam),
            Mistake("per gradient", "This is the factor per gradient: the exercise asks for the whole cycle.",
                    lambda d: rate_per_gradient(d.lam, **d("lr k mu alpha"))),
        ),
        derivation=(
            *CYCLE,
            ("The outer step multiplies by 1 - alpha lambda, because its gradient is taken at y.",
             "rho = (1 - alpha*lam)*B"),
        ),
    ),
    Exercise(
        id="01.2", title="the rate per gradient", digits=4,
        prompt=rf"And per gradient? Give NALA's factor per gradient evaluation for {SETTINGS_TEXT}, $\alpha = "
               rf"[alpha]$.",
        draw=draws(**SETTING),
        solution=lambda d: rate_per_gradient(d.lam, **d("lr k mu alpha")),
        mistakes=(
            Mistake("per cycle",
                    "This is the factor of a whole cycle, which costs k+1 gradients: take the (k+1)-th root.",
                    lambda d: abs(_rho(d))),
            Mistake("look-ahead gradient",
                    "You forgot the look-ahead gradient in the cost: a cycle of NALA has k+1 gradients.",
                    lambda d: abs(_rho(d)) ** (1 / d.k)),
            Mistake("divided", "Factors multiply: to share a factor among k+1 gradients take a root, do not divide.",
                    lambda d: abs(_rho(d)) / (d.k + 1)),
            Mistake("Lookahead", "This is Lookahead's rate: the outer step of NALA is missing.",
                    lambda d: rate_per_gradient(d.lam, **d("lr k mu", alpha=0.0), method="lookahead")),
        ),
        derivation=(
            *CYCLE,
            ("One cycle.", "rho = (1 - alpha*lam)*B"),
            ("The k+1 gradients of a cycle share it.", "rate = Abs(rho)**(1/(k + 1))"),
        ),
    ),
    Exercise(
        id="01.3", title="the largest inner step",
        prompt=r"Lookahead ($\alpha = 0$) with $k = [k]$ and $\mu = [mu]$ meets a curvature $\lambda = [lam]$. Above "
               r"which $\eta$ does it diverge?",
        draw=draws(lam=(0.4, 0.5, 0.8, 1.25, 2.5, 4.0, 5.0, 8.0), k=(3, 5, 7, 9),
                   mu=(-0.8, -0.75, -0.7, -0.6, -0.4, -0.3)),
        solution=lambda d: inner_limit(int(d.k), d.mu) / d.lam,
        mistakes=(
            Mistake("descent",
                    "This is the limit of plain descent. With odd k the slow loop cancels the swing and bears more.",
                    lambda d: inner_limit(2, d.mu) / d.lam),
            Mistake("no curvature", "This is the limit of the product eta lambda: divide by the curvature.",
                    lambda d: inner_limit(int(d.k), d.mu)),
            Mistake("no root",
                    "The k-th root is missing: R = (1 - eta lambda)^k has the limit, not 1 - eta lambda itself.",
                    lambda d: inner_limit(1, d.mu) / d.lam),
            Mistake("upside down",
                    "The fraction under the root is upside down: averaging more (mu near -1) bears longer steps.",
                    lambda d: inner_limit(int(d.k), -d.mu) / d.lam),
            Mistake("one step too few",
                    "The root is the k-th, and you took one step too few: for that even number the limit is plain "
                    "descent's.",
                    lambda d: _odd_limit(d, int(d.k) - 1)),
            Mistake("one step too many",
                    "The root is the k-th, and you took one step too many: k+1 counts gradients, which belong to the "
                    "cost.",
                    lambda d: _odd_limit(d, int(d.k) + 1)),
        ),
        derivation=(
            ("rho = (1+mu) R - mu reaches -1 at this R.", "R = (mu - 1)/(1 + mu)"),
            ("For odd k the root of a negative number is minus the root of its size.", "r = -(-R)**(1/k)"),
            ("R = r^k with r = 1 - eta lambda.", "eta_max = (1 - r)/lam"),
        ),
    ),
    Exercise(
        id="01.4", title="break-even with Lookahead",
        prompt=rf"How large must $\alpha$ at least be for NALA to be as fast as Lookahead *per gradient*? "
               rf"{SETTINGS_TEXT}.",
        draw=draws(lam=(0.5, 0.8, 1.25, 2.0, 2.5), lr=(0.2, 0.25, 0.3, 0.35), k=(3, 4, 5, 6),
                   mu=(-0.7, -0.6, -0.4, -0.3)),
        solution=lambda d: against_lookahead(d.lam, **d("lr k mu"))[0],
        mistakes=(
            Mistake("small steps", "(1+mu) eta is the limit for small eta lambda; here the exact value is smaller.",
                    lambda d: sufficient(lr=d.lr, mu=d.mu)),
            Mistake("no curvature", "This is alpha lambda: divide by the curvature.",
                    lambda d: d.lam * against_lookahead(d.lam, **d("lr k mu"))[0]),
            Mistake("k+1", "The root is the k-th: one more gradient must be worth one of Lookahead's k, |B|^(1/k).",
                    lambda d: (1 - _bracket(d) ** (1 / (d.k + 1))) / d.lam),
            Mistake("descent", "This is the break-even with plain descent: Lookahead is the slower rival.",
                    lambda d: against_descent(d.lam, **d("lr k mu"))[0]),
        ),
        derivation=(
            *CYCLE,
            ("Per gradient Lookahead has |B|^(1/k), and NALA's extra gradient must shrink as much.", "c = B**(1/k)"),
            ("It shrinks by 1 - alpha lambda.", "alpha_even = (1 - c)/lam"),
        ),
    ),
    Exercise(
        id="01.5", title="finished in one cycle",
        prompt=r"There is one direction, $\lambda = [lam]$, and $\alpha = 0$. With which $\mu$ does a single cycle of "
               r"$k = [k]$ steps of $\eta = [lr]$ end exactly at the minimum?",
        draw=draws(lam=(0.5, 0.8, 1.0, 1.25, 2.0), lr=(0.1, 0.15, 0.2, 0.25, 0.3, 0.35), k=(2, 3, 4, 5, 6)),
        solution=_one_mode,
        mistakes=(
            Mistake("sign",
                    "The sign is wrong: the inner loop stops short of the minimum, so y must go beyond theta, mu > 0.",
                    lambda d: -_one_mode(d)),
            Mistake("plus R", "Solve (1+mu) R - mu = 0 again: the denominator is 1 - R.",
                    lambda d: _left(d) / (1 + _left(d))),
            Mistake("slow step", "This is the slow step 1+mu: subtract one.", lambda d: 1 + _one_mode(d)),
            Mistake("inner factor", "This is R, what the inner loop leaves: now find the mu that cancels it.", _left),
        ),
        derivation=(
            CYCLE[0],
            ("Solve (1+mu) R - mu = 0 for mu.", "mu_1 = R/(1 - R)"),
        ),
    ),
)  # fmt: skip
