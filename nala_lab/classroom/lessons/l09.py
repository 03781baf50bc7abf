"""Lesson 09: Adam's cycle of period two, NALA over Adam on a slope, the places of epsilon."""

from __future__ import annotations

from typing import Any

from nala_lab.classroom.sheets import Data, Exercise, Mistake, draws
from nala_lab.theory import adam_cycle, adam_linear, sign_descent
from nala_lab.theory.first_step import adam_first_step


def _amplitude(d: Data, **changed: Any) -> float:
    return adam_cycle.amplitude(d.lam, **(d("lr beta1 eps") | changed))


def _walk(d: Data, cycles: int, **changed: Any) -> float:
    options = d("k mu alpha lr eps") | changed
    return float(adam_linear.trajectory([d.c], cycles, **options)[-1, 0])


def _sign(d: Data, **changed: Any) -> Any:
    return sign_descent.cycle_amplitude(d.lam, **(d("lr k mu alpha") | changed))


def _first(d: Data, form: str) -> Any:
    return adam_first_step(d.g, lr=d.lr, beta2=d.beta2, eps=d.eps, form=form)


EXERCISES = (
    Exercise(
        id="09.1", title="how close Adam comes",
        prompt=r"Adam, $\eta = [lr]$, $\beta_1 = [beta1]$, $\epsilon = [eps]$, on $\frac{\lambda}{2}x^2$ with $\lambda "
               r"= [lam]$, has a cycle: a step leads from $x = A$ to $x = -A$, the next one back. How large is $A$?",
        draw=draws(lr=(0.02, 0.05, 0.1, 0.2), beta1=(0.5, 0.6, 0.7, 0.8, 0.9), eps=(2e-4, 5e-4, 1e-3),
                   lam=(0.5, 0.8, 1.25, 2.0)),
        solution=_amplitude,
        mistakes=(
            Mistake("no eps",
                    "epsilon is missing: it makes the step shorter, and so the cycle smaller, by epsilon/lambda.",
                    lambda d: _amplitude(d, eps=0.0)),
            Mistake("plus eps", "epsilon makes the denominator larger and the cycle smaller: subtract it.",
                    lambda d: 2 * _amplitude(d, eps=0.0) - _amplitude(d)),
            Mistake("no half", "A step goes from A to -A, which is 2A.",
                    lambda d: 2 * _amplitude(d, eps=0.0) - d.eps / d.lam),
            Mistake("sign descent",
                    "You took the average for the gradient itself: of an alternating gradient only (1 - beta_1)/(1 + "
                    "beta_1) is left.",
                    lambda d: _amplitude(d, beta1=0.0)),
        ),
        derivation=(
            ("An average of an alternating gradient keeps this part of it.", "q = (1 - beta1)/(1 + beta1)"),
            ("A step must lead from A to -A: 2 A = eta q lambda A/(lambda A + epsilon), solved for A.",
             "A = lr*q/2 - eps/lam"),
        ),
    ),
    Exercise(
        id="09.2", title="down a slope",
        prompt=r"The gradient is $c = [c]$ everywhere. NALA over Adam: $\eta = [lr]$, $\epsilon = [eps]$, $k = [k]$, "
               r"$\mu = [mu]$, $\alpha = [alpha]$. By how much do [T] cycles change the slow weight, with its sign?",
        draw=draws(c=(-2.0, -1.5, -0.8, 0.8, 1.5, 2.0, 3.0), lr=(0.01, 0.02, 0.05), eps=(0.1, 0.2, 0.3), k=(3, 4, 5, 6),
                   mu=(-0.7, -0.6, -0.4, -0.3), alpha=(0.01, 0.02, 0.05), T=(3, 4, 6, 8)),
        solution=lambda d: _walk(d, int(d.T)),
        mistakes=(
            Mistake("no outer step", "The outer step is missing: it adds alpha c in each cycle.",
                    lambda d: _walk(d, int(d.T), alpha=0.0)),
            Mistake("no slow step", "The slow step 1+mu is missing: y goes only a part of the inner loop's way.",
                    lambda d: _walk(d, int(d.T), mu=0.0)),
            Mistake("one cycle", "This is one cycle: there are T of them.", lambda d: _walk(d, 1)),
            Mistake("no eps", "epsilon is missing: here it is large enough to make each step shorter.",
                    lambda d: _walk(d, int(d.T), eps=0.0)),
        ),
        derivation=(
            ("Both averages of a constant, corrected, are the constant: one inner step.", "u = lr*c/(Abs(c) + eps)"),
            ("One cycle.", "delta = (1 + mu)*k*u + alpha*c"),
            ("T of them, downhill.", "change = -T*delta"),
        ),
    ),
    Exercise(
        id="09.3", title="without averages",
        prompt=r"Adam with $\beta_1=\beta_2=0$ and $\epsilon=0$ is sign descent. NALA around it, $k = [k]$, $\eta = "
               r"[lr]$, $\mu = [mu]$, $\alpha = [alpha]$, on $\lambda = [lam]$, ends in a cycle $\phi = \pm A$ with $A "
               r"< \eta$. How large is $A$?",
        draw=draws(k=(3, 5, 7), lr=(0.05, 0.1, 0.2, 0.4), mu=(-0.7, -0.6, -0.4, -0.3), alpha=(0.1, 0.2, 0.3, 0.4),
                   lam=(0.5, 1.0, 1.5, 2.0)),
        solution=_sign,
        mistakes=(
            Mistake("no outer step",
                    "This is the cycle without the outer gradient: with it the swing is multiplied by 1 - alpha "
                    "lambda.",
                    lambda d: _sign(d, alpha=0.0)),
            Mistake("no slow step", "The slow step 1+mu is missing: y goes only a part of the inner loop's way.",
                    lambda d: _sign(d, mu=0.0)),
            Mistake("full swing", "This is the way from one side to the other, 2A.", lambda d: 2 * _sign(d)),
            Mistake("outer forgotten once",
                    "Solve -A = c (A - (1+mu) eta) again: c also multiplies the way back, which gives 1 + c below.",
                    lambda d: (1 - d.alpha * d.lam) * (1 + d.mu) * d.lr / 2),
        ),
        derivation=(
            ("The outer step multiplies by c.", "c = 1 - alpha*lam"),
            ("For odd k the inner loop ends one step on the other side; -A = c (A - (1+mu) eta).",
             "A = c*(1 + mu)*lr/(1 + c)"),
        ),
    ),
    Exercise(
        id="09.4", title="the place of epsilon",
        prompt=r"TensorFlow's Adam adds $\epsilon$ *before* the bias correction. How long is its first step, with its "
               r"sign, for $g = [g]$, $\eta = [lr]$, $\beta_2 = [beta2]$, $\epsilon = [eps]$?",
        draw=draws(g=(-0.5, -0.3, -0.2, 0.2, 0.3, 0.5), lr=(0.01, 0.02, 0.05, 0.1), beta2=(0.9, 0.95, 0.99),
                   eps=(0.02, 0.05, 0.08)),
        solution=lambda d: _first(d, "tensorflow"),
        mistakes=(
            Mistake("Kingma and Ba",
                    "This adds epsilon after the correction. Before it, epsilon is divided by sqrt(1 - beta_2) as "
                    "well.",
                    lambda d: _first(d, "kingma-ba")),
            Mistake("printed", "This has epsilon under the root, as Eq. (3) is printed.",
                    lambda d: _first(d, "printed")),
            Mistake("sign", "The sign is wrong: a step goes against the gradient.", lambda d: -_first(d, "tensorflow")),
            Mistake("no root",
                    "The correction of v is under the root: divide epsilon by sqrt(1 - beta_2), not by 1 - beta_2.",
                    lambda d: -d.lr * d.g / (abs(d.g) + d.eps / (1 - d.beta2))),
        ),
        derivation=(
            ("v is (1 - beta_2) g^2, and epsilon is added to its root.", "D = sqrt((1 - beta2)*g**2) + eps"),
            ("Then the correction divides all of it.", "D_hat = D/sqrt(1 - beta2)"),
            ("The corrected average of g is g.", "step = -lr*g/D_hat"),
        ),
    ),
)  # fmt: skip
