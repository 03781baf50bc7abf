"""Lesson 10: AdaLA's cycle, what its second moment sees of noise, and how far it wanders."""

from __future__ import annotations

import math
from typing import Any

from nala_lab.classroom.sheets import Data, Exercise, Mistake, draws
from nala_lab.theory import adala_cycle, adam_cycle
from nala_lab.theory.adala_noise import averaged_sgd_variance, expected_surprise


def _amplitude(d: Data, **changed: Any) -> float:
    options = {"lr": d.lr, "betas": (d.beta1, d.beta2), "eps": d.eps} | changed
    return adala_cycle.amplitude(d.lam, **options)


def _surprise(d: Data, **changed: Any) -> Any:
    return expected_surprise(d.x**2, d.lam, d.sigma**2, lr=d.lr, **changed)


def _wander(d: Data, **changed: Any) -> Any:
    return averaged_sgd_variance(d.lam, d.w, **({"h": d.h, "beta1": d.beta1} | changed))


EXERCISES = (
    Exercise(
        id="10.1", title="the cycle of AdaLA",
        prompt=r"AdaLA (reading `grad`, corrected denominator), $\eta = [lr]$, $\beta_1 = [beta1]$, $\beta_2 = "
               r"[beta2]$, $\epsilon = [eps]$, on $\lambda = [lam]$, has a cycle $x = \pm A$. How large is $A$?",
        draw=draws(lr=(0.1, 0.2, 0.3, 0.5), beta1=(0.0, 0.3, 0.5, 0.6), beta2=(0.9, 0.95, 0.99),
                   eps=(1e-5, 2e-5, 5e-5, 1e-4), lam=(1.5, 2.0, 2.5, 3.0)),
        solution=_amplitude,
        mistakes=(
            Mistake("no eps",
                    "epsilon is missing: it takes a part of the denominator, so less is left for the gradient's "
                    "change.",
                    lambda d: (1 - d.beta1) / (2 * (1 + d.beta1)) / d.lam),
            Mistake("Adam", "This is Adam's cycle, which eta decides; AdaLA divides by the change of the gradient.",
                    lambda d: adam_cycle.amplitude(d.lam, lr=d.lr, beta1=d.beta1, eps=d.eps)),
            Mistake("no half", "A step goes from A to -A, which is 2A.",
                    lambda d: (1 - d.beta1) / (1 + d.beta1) / d.lam),
            Mistake("no lambda", "This is lambda A: divide by the curvature once more.",
                    lambda d: d.lam * _amplitude(d)),
        ),
        derivation=(
            ("The step from A to -A needs this denominator.", "D = lr*lam*(1 - beta1)/(2*(1 + beta1))"),
            ("The root of s is D - epsilon; without what epsilon adds to s, the change of the gradient is left.",
             "S = sqrt((D - eps)**2 - eps/(1 - beta2))"),
            ("The probe moves by eta lambda A, so the gradient changes by lambda times that.", "A = S/(lam*lr*lam)"),
        ),
    ),
    Exercise(
        id="10.2", title="what the second moment sees",
        prompt=r"AdaLA's probe uses the *next* mini-batch. At $x = [x]$, $\lambda = [lam]$, $\eta = [lr]$, noise of "
               r"standard deviation $\sigma = [sigma]$ in each gradient: what is the expectation of $(g_t - "
               r"g_{t+1})^2$ (reading `grad`)?",
        draw=draws(x=(-3.0, -2.0, 1.5, 2.0, 3.0), lam=(1.0, 1.25, 1.5, 2.0), lr=(0.1, 0.2, 0.3, 0.4),
                   sigma=(0.3, 0.5, 0.7, 0.8)),
        solution=_surprise,
        mistakes=(
            Mistake("same batch", "This is for the same mini-batch, whose noise cancels in the difference.",
                    lambda d: _surprise(d, batch="same")),
            Mistake("two sigma",
                    "The noise of g also moves the probe, which adds eta lambda to its factor: (1 + eta lambda)^2 + 1, "
                    "not 2.",
                    lambda d: d.lr**2 * d.lam**4 * d.x**2 + 2 * d.sigma**2),
            Mistake("noise only", "The gradient changes without noise, too: eta lambda^2 x.",
                    lambda d: _surprise(d) - d.lr**2 * d.lam**4 * d.x**2),
            Mistake("one noise", "The next gradient has a noise of its own.", lambda d: _surprise(d) - d.sigma**2),
        ),
        derivation=(
            ("g = lambda x + xi moves the probe by eta g; g - g' = eta lambda^2 x + (1 + eta lambda) xi - xi'. Its "
             "mean.",
             "M = lr*lam**2*x"),
            ("Its variance: the two noises are independent.", "V = sigma**2*((1 + lr*lam)**2 + 1)"),
            ("Mean of a square.", "E2 = M**2 + V"),
        ),
    ),
    Exercise(
        id="10.3", title="how far it wanders",
        prompt=r"With the denominator held, AdaLA is SGD with an averaged gradient, $x' = x - h\,m'$, $m' = \beta_1 m "
               r"+ (1-\beta_1) g$. $h = [h]$, $\beta_1 = [beta1]$, $\lambda = [lam]$, noise of variance $w = [w]$. "
               r"What is the stationary variance of $x$?",
        draw=draws(h=(0.3, 0.4, 0.6, 0.8), beta1=(0.3, 0.5, 0.6, 0.7, 0.8), lam=(0.8, 1.25, 1.5, 2.0),
                   w=(0.3, 0.5, 0.7, 2.0)),
        solution=_wander,
        mistakes=(
            Mistake("no average",
                    "This is SGD without an average: averaging the gradient makes the limit of stability larger.",
                    lambda d: _wander(d, beta1=0.0)),
            Mistake("small steps", "This is the limit for small h lambda.", lambda d: d.h * d.w / (2 * d.lam)),
            Mistake("deviation", "This is the standard deviation: the question asks for the variance.",
                    lambda d: math.sqrt(float(_wander(d)))),
            Mistake("averaged noise",
                    "The noise of m is smaller by (1 - beta_1)/(1 + beta_1), but it lasts longer: do not shrink it "
                    "only once.",
                    lambda d: _wander(d, beta1=0.0) * (1 - d.beta1) / (1 + d.beta1)),
        ),
        derivation=(
            ("The pair (x, m) is an autoregression of order two, stable while h lambda is below this.",
             "H = 2*(1 + beta1)/(1 - beta1)"),
            ("Its stationary variance, from the three equations for the second moments.",
             "V = h*w*(1 + beta1)/(lam*(1 - beta1)*(H - h*lam))"),
        ),
    ),
)  # fmt: skip
