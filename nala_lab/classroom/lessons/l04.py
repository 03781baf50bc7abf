"""Lesson 04: AdaLA's first step, its step on a straight line, and the curvature it can hold."""

from __future__ import annotations

import math
from typing import Any

from nala_lab.classroom.sheets import Data, Exercise, Mistake, draws
from nala_lab.theory import adala_critical, adala_linear
from nala_lab.theory.adala_first_step import adala_first_step
from nala_lab.theory.first_step import adam_first_step


def _first(d: Data, **changed: Any) -> Any:
    return adala_first_step(d.x, d.lam, lr=d.lr, betas=(0.9, d.beta2), eps=d.eps, **({"probe": "grad"} | changed))


def _line(d: Data, t: int, **changed: Any) -> Any:
    options = {"lr": d.lr, "betas": (0.9, d.beta2), "eps": d.eps, "denominator": "raw"} | changed
    return adala_linear.step(t, d.c, **options)


def _critical(d: Data, **changed: Any) -> float:
    return adala_critical.critical_curvature(lr=d.lr, betas=(d.beta1, 0.99), eps=d.eps, **changed)


EXERCISES = (
    Exercise(
        id="04.1", title="the first step",
        prompt=r"AdaLA, reading `grad`, corrected denominator: the probe is $\theta - \eta g$. On $f = "
               r"\frac{\lambda}{2}x^2$ with $\lambda = [lam]$, from $x = [x]$: $\eta = [lr]$, $\beta_2 = [beta2]$, "
               r"$\epsilon = [eps]$. How far does the first step move $x$, with its sign?",
        draw=draws(lam=(1.0, 2.0, 3.0, 4.0), x=(-3.0, -2.0, -1.5, 1.5, 2.0, 2.5, 3.0), lr=(0.05, 0.1, 0.2),
                   beta2=(0.9, 0.95, 0.99), eps=(0.001, 0.003, 0.01)),
        solution=_first,
        mistakes=(
            Mistake("sign", "The sign is wrong: a step goes against the gradient.", lambda d: -_first(d)),
            Mistake("no eps",
                    "You left epsilon out, and here it is not small: AdaLA adds it to s at every step, divided by 1 - "
                    "beta_2.",
                    lambda d: -math.copysign(1 / d.lam, d.x)),
            Mistake("Adam",
                    "This is Adam's first step: AdaLA divides by the change of the gradient, not by the gradient.",
                    lambda d: adam_first_step(d.lam * d.x, lr=d.lr, eps=d.eps)),
            Mistake("Adam's probe", "Your probe made an Adam step; the reading grad makes a plain gradient step.",
                    lambda d: _first(d, probe="adam")),
            Mistake("raw", "This is with the printed denominator; the corrected one divides s by 1 - beta_2^t first.",
                    lambda d: _first(d, denominator="raw")),
        ),
        derivation=(
            ("The gradient at the start.", "g = lam*x"),
            ("The probe stands at x - eta g; this is how much the gradient changes on the way.", "delta = lam*lr*g"),
            ("s starts at zero, gets (1 - beta_2) delta^2 + epsilon, and is divided by 1 - beta_2.",
             "s = delta**2 + eps/(1 - beta2)"),
            ("The corrected average of g is g itself.", "step = -lr*g/(sqrt(s) + eps)"),
        ),
    ),
    Exercise(
        id="04.2", title="on a straight line",
        prompt=r"On a straight line the gradient is always $c = [c]$. AdaLA with the printed denominator, $\eta = "
               r"[lr]$, $\beta_2 = [beta2]$, $\epsilon = [eps]$: how long is step number [t]?",
        draw=draws(c=(0.5, 1.5, 2.0, 2.5, 3.0), lr=(0.01, 0.02, 0.05), beta2=(0.9, 0.95, 0.99),
                   eps=(0.001, 0.002, 0.005), t=(2, 3, 4, 5)),
        solution=lambda d: _line(d, int(d.t)),
        mistakes=(
            Mistake("Adam", "This is Adam's step: AdaLA's denominator does not see the gradient here, only epsilon.",
                    lambda d: adam_first_step(-d.c, lr=d.lr, eps=d.eps)),
            Mistake("first", "This is the first step: epsilon is added to s at every step, so s grows.",
                    lambda d: _line(d, 1)),
            Mistake("hat", "This is the corrected denominator, whose steps all have the same length.",
                    lambda d: _line(d, int(d.t), denominator="hat")),
            Mistake("sum", "Old epsilons are forgotten: each step multiplies s by beta_2 before it adds the new one.",
                    lambda d: d.lr * d.c / math.sqrt((d.t + 1) * d.eps)),
        ),
        derivation=(
            ("The gradient does not change, so s only collects epsilon: a geometric series.",
             "s = eps*(1 - beta2**t)/(1 - beta2)"),
            ("The printed denominator is the root of s + epsilon.", "step = lr*c/sqrt(s + eps)"),
        ),
    ),
    Exercise(
        id="04.3", title="the curvature it can hold",
        prompt=r"AdaLA stands near a minimum, with $\beta_1 = [beta1]$, $\beta_2 = 0.99$, $\epsilon = [eps]$, $\eta = "
               r"[lr]$ and the corrected denominator. Above which curvature can it not stay?",
        draw=draws(beta1=(0.5, 0.6, 0.8, 0.9), eps=(1e-6, 3e-6, 1e-5, 1e-4, 1e-3), lr=(0.001, 0.002, 0.005, 0.01)),
        solution=_critical,
        mistakes=(
            Mistake("no momentum",
                    "You used the limit 2 of plain descent: averaging the gradient makes it 2 (1 + beta_1)/(1 - "
                    "beta_1).",
                    lambda d: 2 * adala_critical.rest_denominator(beta2=0.99, eps=d.eps) / d.lr),
            Mistake("one epsilon",
                    "You took one epsilon under the root: it is added at every step, and s rests at epsilon/(1 - "
                    "beta_2).",
                    lambda d: 2 * (1 + d.beta1) / (1 - d.beta1) * math.sqrt(d.eps) / d.lr),
            Mistake("Adam's eps",
                    "You took epsilon itself for the denominator, as at rest in Adam: AdaLA takes the root of what it "
                    "has summed up.",
                    lambda d: 2 * (1 + d.beta1) / (1 - d.beta1) * d.eps / d.lr),
            Mistake("upside down", "The fraction of beta_1 is upside down: more averaging holds more curvature.",
                    lambda d: _critical(d) * ((1 - d.beta1) / (1 + d.beta1)) ** 2),
        ),
        derivation=(
            ("Where gradients no longer change, s rests at epsilon/(1 - beta_2).",
             "D = sqrt(eps/(1 - Rational(99, 100))) + eps"),
            ("The averaged gradient step x - h m is stable up to this h lambda.", "H = 2*(1 + beta1)/(1 - beta1)"),
            ("Here h = eta/D.", "lam_crit = H*D/lr"),
        ),
    ),
)  # fmt: skip
