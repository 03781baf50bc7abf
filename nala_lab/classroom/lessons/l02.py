"""Lesson 02: the weights of Eq. (5), for both signs of mu."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nala_lab.classroom.sheets import Data, Exercise, Mistake, draws
from nala_lab.theory import eq5

LONG = 400  # cycles after which 0.9^t is below rounding


def _weight(d: Data, older: int = 0) -> float:
    """Weight in phi_t of the inner result that is j cycles old, and `older` more."""
    return float(eq5.weights(int(d.t) + 2, d.mu).fast[-1 - int(d.j) - older])


def _printed(d: Data) -> float:
    return float(eq5.printed_weights(int(d.t), d.mu).fast[-1 - int(d.j)])


def _start(d: Data, t: int) -> float:
    return float(eq5.weights(t, d.mu).start)


def _gradients(d: Data, mu: float) -> float:
    return d.alpha * float(eq5.weights(LONG, mu).gradients.sum())


def _solved(f: Callable[[float], Any], target: float, low: float, high: float) -> float:
    """The mu in (low, high) at which the decreasing figure `f` of the memory takes the value `target`."""
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if float(f(middle)) > target else (low, middle)
    return (low + high) / 2


EXERCISES = (
    Exercise(
        id="02.1", title="the weight of an old result",
        prompt=r"$\mu = [mu]$. With which weight does the inner result of [j] cycles ago, $\theta_{t-[j],k}$, enter "
               r"$\phi_t$, for $t = [t]$? (The newest result, $\theta_{t,k}$, is 0 cycles old.)",
        draw=draws(mu=tuple(n / 50 for n in range(10, 40)), j=(1, 3), t=(5, 6, 7, 8, 9, 10)),
        solution=_weight,
        mistakes=(
            Mistake("|mu|", "You used |mu| where -mu belongs: for mu > 0 the weights of odd age are negative.",
                    _printed),
            Mistake("no 1+mu", "The factor 1+mu is missing: every inner result enters with it.",
                    lambda d: _weight(d) / (1 + d.mu)),
            Mistake("one older", "Your power is one too high: the newest result has the power 0.",
                    lambda d: _weight(d, older=1)),
            Mistake("printed, one older",
                    "Two things: the base is -mu, not |mu|, and the newest result has the power 0.",
                    lambda d: -_weight(d, older=1) if d.j % 2 else _weight(d, older=1)),
        ),
        derivation=(
            ("Each outer step multiplies what is older by -mu.", "p = (-mu)**j"),
            ("The inner result entered with the factor 1+mu.", "w = (1 + mu)*p"),
        ),
    ),
    Exercise(
        id="02.2", title="what is left of the start",
        prompt=r"With which weight does the start $\phi_0$ enter $\phi_t$ for $\mu = [mu]$ and $t = [t]$?",
        draw=draws(mu=tuple(n / 50 for n in range(20, 46)), t=(3, 5, 7)),
        solution=lambda d: _start(d, int(d.t)),
        mistakes=(
            Mistake("|mu|",
                    "You used |mu| where -mu belongs: after an odd number of steps the start counts negatively.",
                    lambda d: eq5.printed_weights(int(d.t), d.mu).start),
            Mistake("1+mu", "The start has no factor 1+mu: only inner results have it.",
                    lambda d: (1 + d.mu) * _start(d, int(d.t))),
            Mistake("one step", "One outer step is missing: each of the t steps multiplies the start by -mu.",
                    lambda d: _start(d, int(d.t) - 1)),
            Mistake("the rest", "This is the weight of everything else: all weights add up to one.",
                    lambda d: eq5.weights(int(d.t), d.mu).fast.sum()),
        ),
        derivation=(("Each of the t outer steps multiplies the old slow weights by -mu.", "w_0 = (-mu)**t"),),
    ),
    Exercise(
        id="02.3", title="average as well as n",
        prompt=r"Which $\mu$ makes $\phi_t$ average as well as [n] independent inner results (effective sample size "
               r"[n])?",
        draw=draws(n=tuple(n / 4 for n in range(6, 61))),
        solution=lambda d: _solved(eq5.effective_sample_size, d.n, -0.99, 0.0),
        mistakes=(
            Mistake("sign", "The sign is wrong: only mu < 0 averages; mu > 0 makes the noise larger.",
                    lambda d: -_solved(eq5.effective_sample_size, d.n, -0.99, 0.0)),
            Mistake("horizon", "This mu has the *horizon* n, 1/(1-|mu|): the effective sample size is (1-mu)/(1+mu).",
                    lambda d: _solved(eq5.horizon, d.n, -0.99, 0.0)),
            Mistake("mean age", "This mu has the *mean age* n, -mu/(1+mu): the effective sample size is (1-mu)/(1+mu).",
                    lambda d: _solved(eq5.mean_age, d.n, -0.99, 0.0)),
            Mistake("slow step", "This is the slow step 1+mu: subtract one.",
                    lambda d: 1 + _solved(eq5.effective_sample_size, d.n, -0.99, 0.0)),
        ),
        derivation=(("The effective sample size is n = (1 - mu)/(1 + mu): solve for mu.", "mu_n = (1 - n)/(1 + n)"),),
    ),
    Exercise(
        id="02.4", title="the outer step in the long run",
        prompt=r"$\mu = [mu]$, $\alpha = [alpha]$. On a straight slope every outer gradient is the same vector, "
               r"$\nabla J(y_i) = g$. By which number is $g$ multiplied in the last bracket of Eq. (5), with the "
               r"$\alpha$ in front of it, for $t \to \infty$? (Leave the minus sign of Eq. (5) out.)",
        draw=draws(mu=(-0.85, -0.8, -0.75, -0.65, -0.6, -0.4, -0.35, -0.3),
                   alpha=(0.001, 0.002, 0.01, 0.03, 0.05, 0.2)),
        solution=lambda d: _gradients(d, d.mu),
        mistakes=(
            Mistake("newest only",
                    "This is the newest gradient alone: the older ones are remembered with powers of -mu.",
                    lambda d: d.alpha),
            Mistake("slow step", "You multiplied by 1+mu: the sum of the powers of -mu is 1/(1+mu), so divide.",
                    lambda d: d.alpha * (1 + d.mu)),
            Mistake("sign of mu", "The sum of the powers of -mu is 1/(1+mu); you have 1/(1-mu).",
                    lambda d: _gradients(d, -d.mu)),
            Mistake("old only", "This is the older gradients without the newest one, which has weight alpha.",
                    lambda d: _gradients(d, d.mu) - d.alpha),
        ),
        derivation=(
            ("The gradients' weights are alpha times 1, -mu, (-mu)^2, ...: a geometric series.", "S = 1/(1 + mu)"),
            ("Multiply the sum by alpha.", "w = alpha*S"),
        ),
    ),
    Exercise(
        id="02.5", title="a slot that starts at zero",
        prompt=r"A program starts $\phi$ at zero instead of at $\theta_0 = 1$, and $\mu = [mu]$. Suppose that every "
               r"inner loop ends at $\theta_{i,k} = 1$ and that every gradient is zero. What is $\phi_t$ after $t = "
               r"[t]$ cycles?",
        draw=draws(mu=tuple(-n / 50 for n in range(20, 46)), t=(2, 3, 4, 5)),
        solution=lambda d: eq5.weights(int(d.t), d.mu).fast.sum(),
        mistakes=(
            Mistake("paper",
                    "This is where Algorithm 1 stays. Here the term of the start is lost, because the slot holds zero.",
                    lambda d: eq5.weights(int(d.t), d.mu).total),
            Mistake("what is lost", "This is what is lost, the weight of the start: the question asks what is left.",
                    lambda d: _start(d, int(d.t))),
            Mistake("one step",
                    "This is after the first outer step: each later one adds a part of what is still missing.",
                    lambda d: eq5.weights(1, d.mu).fast.sum()),
            Mistake("one late", "One outer step is missing: this is phi one step earlier.",
                    lambda d: eq5.weights(int(d.t) - 1, d.mu).fast.sum()),
        ),
        derivation=(
            ("All weights add up to one, and the start's is lost.", "w_0 = (-mu)**t"),
            ("What is left multiplies the ones.", "phi_t = 1 - w_0"),
        ),
    ),
)  # fmt: skip
