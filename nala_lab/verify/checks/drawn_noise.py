"""T08 and T10: Monte Carlo against the exact engine on 1,000 random settings; T20: AdaLA's noise floor.

A setting is a mean vector and a covariance. The sample is whitened with them, so that each number below is normal or
chi-squared *exactly* when the engine is right, and is turned into a standard normal score. At most the expected number
of scores may lie outside 4.5, and the mean of their squares has to be 1.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from nala_lab.core import Array, stream
from nala_lab.drive import Method, run
from nala_lab.methods import find
from nala_lab.theory import noise_one_mode, stochastic
from nala_lab.theory.momentum_cycle import CONVENTIONS
from nala_lab.verify import Check, Tally, Tolerance, check
from nala_lab.verify.checks.t20_adala_noise import wandering
from nala_lab.verify.drawn_settings import drawn, number, whole
from nala_lab.verify.shared import OUTER, Batches, nala, plan, settings_of_a_cycle, size

COUNT = 30
SETTINGS, DRAWS, DIM, CYCLES = 1000, 300, 2, 2
MOMENTS = 5  # of the whitened sample: two means, two variances, and that of the diagonal, which sees the covariance
EXPECTED = 6.8e-6 * SETTINGS * MOMENTS
# E floor(0.034) = 0 outside 4.5: the number allowed is the expected one, rounded down
OUTSIDE = Tolerance(
    0.0, float(np.floor(EXPECTED)), f"expected number outside 4.5 z: {EXPECTED:.3f} of {SETTINGS * MOMENTS}"
)
# N independent squares of normal scores have a mean of standard deviation sqrt(2/N); the diagonal's score correlates
# by 1/2 with two others, so a setting's sum of squares has variance 12 instead of 10: 5 sqrt(2/N) are 4.56 deviations
SQUARES = Tolerance(0.0, 5 * float(np.sqrt(2 / (SETTINGS * MOMENTS))), "4.56 standard deviations: 5e-6 false alarms")
FLOOR = Tolerance(0.05, 0.0, "an approximation: 1 % for a fluctuating denominator, 4 % for 200 correlated runs")


def _scores(sample: Array, mean: Array, covariance: Array) -> Array:
    """Five standard normal scores of n draws from N(mean, covariance) in two dimensions."""
    n = len(sample)
    white = np.linalg.solve(np.linalg.cholesky(covariance), (sample - mean).T)
    lengths = np.stack([white[0], white[1], (white[0] + white[1]) / np.sqrt(2)])
    # Wilson and Hilferty: the cube root of chi^2/n is normal to 1e-4 for n = 300
    cube = np.cbrt(np.sum(lengths**2, axis=1) / n)
    return np.concatenate([white.sum(axis=1) / np.sqrt(n), (cube - (1 - 2 / (9 * n))) / np.sqrt(2 / (9 * n))])


def _setting(rng: np.random.Generator, twin: str) -> tuple[dict[str, Any], str, str, str]:
    """Hyperparameters, inner rule, convention, outer batch, the unstable ones included."""
    rules = ("SGD", "HeavyBall", "NAG") if twin == "numpy" else ("SGD", "HeavyBall")
    setting = settings_of_a_cycle(rng, 1.0, lr=(0.05, 1.2), k=6, mu=(-0.95, 0.8), alpha=(0, 1.2))
    rule = str(rng.choice(rules))
    momentum = "momentum" in find(rule).traits
    return setting, rule, str(rng.choice(CONVENTIONS)) if momentum else "keep", str(rng.choice(OUTER[twin]))


def _one(twin: str, seed: int, i: int) -> tuple[Array, str]:
    """Scores of setting number `i` after CYCLES cycles."""
    rng = stream(seed, "1000 settings", twin, i)
    setting, rule, convention, outer = _setting(rng, twin)
    beta = float(rng.uniform(0.1, 0.95)) if "momentum" in find(rule).traits else 0.0
    q = np.linalg.qr(rng.normal(size=(DIM, DIM)))[0]
    A, root = (q * rng.uniform(0.05, 2.0, DIM)) @ q.T, rng.normal(size=(DIM, DIM))
    inner = Method(rule, lr=setting["lr"], **({"momentum": beta} if beta else {}))
    method = nala(setting, inner, inner_state=convention, outer_batch=outer)
    start, batches = rng.normal(size=DIM), Batches(A, root, rng, plan(setting["k"], outer))
    t = run(twin, method, batches, np.broadcast_to(start, (DRAWS, DIM)), cycles=CYCLES)
    kind = {"SGD": "gd", "HeavyBall": "heavy-ball", "NAG": "nag"}[rule]
    one = stochastic.cycle(A, root @ root.T, **setting, outer=outer, inner=kind, beta=beta, convention=convention)
    moments = stochastic.propagate(one, start, T=CYCLES)
    return _scores(t.slow[-1], moments.mean[-1][:DIM], moments.covariance[-1][:DIM, :DIM]), str(method)


@check("T08", thorough=True)
def drawn_one_mode(twin: str, seed: int) -> list[Check]:
    """Mean and variance of three modes after three cycles, unstable settings included."""
    tolerance = Tolerance(
        0.0, 4.5, f"4.5 z (variances by Wilson-Hilferty); {6.8e-6 * 6 * COUNT:.0e} false alarms expected"
    )
    row = Tally("T08", f"mean and variance, {COUNT} drawn settings", twin, tolerance, statement="z-scores, 0 expected")
    outers = OUTER[twin]
    cases = {"lr": number(0, 3), "k": whole(1, 9), "mu": number(-1, 2), "alpha": number(0, 3)}
    more = {"which": whole(0, len(outers) - 1), "log_w": number(-6, 4)}
    lam, start, n = np.array([0.0, 0.3, 1.0]), np.array([1.0, -2.0, 0.5]), 1000
    for i, case in enumerate(drawn(seed, f"T08 {twin}", COUNT, **cases, **more)):
        outer, w = outers[case.pop("which")], 10 ** case.pop("log_w")
        grad = Batches(np.diag(lam), np.sqrt(w) * np.eye(3), stream(seed, "T08 drawn", i), plan(case["k"], outer))
        t = run(twin, nala(case, outer_batch=outer), grad, np.broadcast_to(start, (n, 3)), cycles=3)
        factor, noise = noise_one_mode.cycle_moments(lam, w, **case, outer=outer)
        mean, variance = start * factor**3, noise * (1 + factor**2 + factor**4)
        seen = variance > (1e-12 * size(t.slow, t.fast)) ** 2  # without noise there is nothing but rounding to measure
        error, spread = t.slow[-1] - mean, np.sqrt(np.where(seen, variance, 1.0))
        z = error.mean(0) / spread * np.sqrt(n)
        cube = np.cbrt(np.mean((error / spread) ** 2, axis=0))
        scores = np.concatenate([z[seen], (cube[seen] - (1 - 2 / (9 * n))) / np.sqrt(2 / (9 * n))])
        if len(scores):
            row.add(np.zeros(len(scores)), scores, setting=f"{outer}, w={w:.3g}, {case}")
    return [row.check()]


@check("T10", thorough=True)
def thousand_settings(twin: str, seed: int) -> list[Check]:
    """1,000 random settings of NALA over three inner rules, conventions and outer batches."""
    statement = f"at most {np.floor(EXPECTED):.0f} of {SETTINGS * MOMENTS} scores outside 4.5"
    outside = Tally("T10", "1,000 settings, scores outside 4.5", twin, OUTSIDE, kind="upper", statement=statement)
    squares = Tally("T10", "1,000 settings, mean square score", twin, SQUARES, statement="mean z^2 = 1")
    scores, labels = zip(*(_one(twin, seed, i) for i in range(SETTINGS)), strict=True)
    z = np.stack(scores)
    worst = int(np.argmax(np.abs(z).max(axis=1)))
    outside.add(0, int(np.sum(~(np.abs(z) <= 4.5))), setting=f"largest {np.abs(z).max():.3g} at {labels[worst]}")
    squares.add(1.0, float(np.mean(z**2)), setting=f"streams (seed, '1000 settings', {twin!r}, i)")
    return [outside.check(), squares.check()]


@check("T20", thorough=True)
def adala_noise_floor(twin: str, seed: int) -> list[Check]:
    """The self-consistent h and V against AdaLA itself, next and same mini-batch; an approximation."""
    statement = "V = h(1+b1)s^2/(lam(2(1+b1)-h lam(1-b1))), h = lr/(sqrt(E d^2 + eps/(1-b2)) + eps)"
    row = Tally("T20", "AdaLA's noise floor, Monte Carlo", twin, FLOOR, statement=statement)
    for batch, lr in (("next", 0.05), ("next", 0.2), ("same", 0.05)):
        predicted, measured = wandering(twin, seed, batch, lr, 3000)
        row.add(predicted, measured, setting=f"{batch} batch, lr={lr}")
    return [row.check()]
