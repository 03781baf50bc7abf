"""Small computations that test a claim directly, with closed forms or the NumPy twin; each returns its evidence."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import numpy as np

from nala_lab.core import require_choice, stream
from nala_lab.reference import NALA, SGD, AdaLA, Adam, Lookahead, run
from nala_lab.theory import adala_linear, break_even, eq5, outer_limit
from nala_lab.theory import worst_functions as worst_case
from nala_lab.theory.adala_first_step import PROBES, adala_first_step
from nala_lab.theory.quadratic_rate import lookahead_factor
from paper_figs.ledger.model import CONTRADICTED, NOT_REPRODUCED, REPRODUCED, UNTESTABLE, Evidence

__all__ = ["PROBES_OF_CLAIMS", "probe"]

LR, BETAS, EPS = 1e-3, (0.9, 0.999), 1e-8  # Adam's defaults, which both papers use


def extra_gradient() -> Evidence:
    """Gradients of a NALA cycle over those of its k inner steps, counted."""
    counted = {k: Fraction(_cycle(k).grad_evals, k) for k in range(1, 11)}
    right = sum(ratio == Fraction(k + 1, k) for k, ratio in counted.items())
    words = (
        f"k = 1 to 10, counted: k+1 gradients a cycle in {right} of 10 cases; {float(counted[5])} times Adam's at k = 5"
    )
    return Evidence(REPRODUCED if right == 10 else NOT_REPRODUCED, words)


def _cycle(k: int) -> NALA:
    return run(NALA(Adam(lr=LR), k=k, mu=-0.5, alpha=1e-3), lambda x: 2 * x, np.array([1.0, -3.0]), cycles=1)


def one_extra_gradient_a_step() -> Evidence:
    """Gradients of 7 steps of AdaLA."""
    counted = run(AdaLA(lr=LR), lambda x: 2 * x, np.array([1.0, -3.0]), steps=7).grad_evals
    return Evidence(REPRODUCED if counted == 14 else NOT_REPRODUCED, f"7 steps take {counted} gradients, Adam's take 7")


def printed_adam() -> Evidence:
    """Eq. (3) as printed against Kingma and Ba's Algorithm 1, second step on f = x^2."""
    ends = {form: run(Adam(lr=0.1, form=form), lambda x: 2 * x, np.array([1.0]), steps=50).x[:, 0]
            for form in ("printed", "kingma-ba")}  # fmt: skip
    apart = float(np.abs(ends["printed"] - ends["kingma-ba"]).max())
    words = f"x^2 from 1, lr 0.1, 50 steps: the two are up to {apart:.2g} apart (v of m_hat^2, eps inside the root)"
    # equal formulas differ by rounding only: 50 steps of 10 operations, each below 2^-53
    return Evidence(REPRODUCED if apart < 1e-12 else NOT_REPRODUCED, words)


def one_algorithm() -> Evidence:
    """First step of each reading of Algorithm 3 on f = x^2/2 from 1: one algorithm would have one."""
    steps = {name: float(adala_first_step(1.0, 1.0, lr=LR, betas=BETAS, eps=EPS, probe=name)) for name in PROBES}
    kinds = len({f"{step:.3g}" for step in steps.values()})
    said = ", ".join(f"{name} {abs(step):.3g}" for name, step in steps.items())
    words = f"{len(PROBES)} readings of 'g_(t+1) at theta_t' take {kinds} different first steps from x = 1: {said}"
    return Evidence(REPRODUCED if kinds == 1 else UNTESTABLE, words)


def averaging_and_oscillation() -> Evidence:
    """On which oscillating modes does a cycle of Lookahead(1/2) shrink more than its inner steps alone?"""
    ranges = {k: _damped(k) for k in (5, 4)}
    said = {k: f"{found[0]:.2f} to {found[-1]:.2f}" if found.size else "none" for k, found in ranges.items()}
    words = "gradient descent inside, mu = -1/2: of the oscillating modes (lr lam > 1) a cycle shrinks more with "
    words += f"averaging than without for lr lam from {said[5]} at k = 5 (the paper's), {said[4]} at k = 4 (T03)"
    return Evidence(REPRODUCED if ranges[5].size else CONTRADICTED, words)


def _damped(k: int) -> np.ndarray:
    lam = np.arange(101, 300) / 100  # lr = 1
    averaged = np.abs(lookahead_factor(lam, lr=1.0, k=k, mu=-0.5))
    return lam[(averaged < np.abs(1 - lam) ** k) & (averaged < 1)]


def one_dimension() -> Evidence:
    """200 random smooth convex functions of one variable: does NALA stay between x* and Lookahead?"""
    rng = stream(0, "ledger", "one dimension")
    held = sum(_between(rng) for _ in range(200))
    words = f"{held} of 200 random smooth convex functions of one variable, lr and alpha up to 1/L, 6 cycles"
    return Evidence(REPRODUCED if held == 200 else CONTRADICTED, f"NALA is between x* and Lookahead on {words}")


def _between(rng: np.random.Generator) -> bool:
    slopes, widths = rng.dirichlet(np.ones(6)), rng.uniform(0.05, 3.0, 6)
    lr, alpha, mu = rng.uniform(0.05, 1, 2).tolist() + [float(rng.uniform(-1, 0))]

    def grad(x: np.ndarray) -> np.ndarray:  # of a sum of Huber functions, L = 1, minimiser 0
        return np.sum(slopes * np.clip(x[..., None], -widths, widths), axis=-1)

    start = np.array([float(rng.uniform(0.5, 5))])
    inner, k = SGD(lr=lr), int(rng.integers(1, 7))
    mine = run(NALA(inner, k=k, mu=mu, alpha=alpha), grad, start, cycles=6).slow[:, 0]
    theirs = run(Lookahead(inner, k=k, alpha=1 + mu), grad, start, cycles=6).slow[:, 0]
    rounding = 1e-14  # some 50 operations on numbers up to 5
    return bool(np.all((mine >= -rounding) & (mine <= theirs + rounding)))


def outer_limit_for_every_mu() -> Evidence:
    """1 + 1/|mu| against the exact limit at k = 5, mu = -0.05."""
    exact, said = outer_limit.outer_limit(5, -0.05), 1 + 1 / 0.05
    words = f"k = 5, mu = -0.05: the exact limit is {exact:.4g}, the formula says {said:.4g} (right for |mu| > 0.058)"
    return Evidence(REPRODUCED if exact >= said * (1 - 1e-9) else CONTRADICTED, words)


def half_line_of_alpha() -> Evidence:
    """Is there an outer step above the break-even value that loses again?"""
    low, high = (float(end) for end in break_even.against_lookahead(1.0, lr=0.1, k=5, mu=-0.5))
    words = f"lam = 1, lr = 0.1, k = 5, mu = -1/2: NALA is faster for alpha in ({low:.4g}, {high:.4g}) only"
    return Evidence(REPRODUCED if np.isinf(high) else CONTRADICTED, words)


def formula_b_as_upper_bound() -> Evidence:
    """Formula B against x^2/2 after one cycle of the paper's setting."""
    setting = {"L": 1.0, "lr": 1.0, "k": 5, "mu": -0.5, "alpha": 1e-3, "cycles": 1}
    reached, bound = worst_case.quadratic_value(**setting), worst_case.value_bound(**setting)
    words = f"T = 1, k = 5, mu = -1/2, alpha = .001/L: {reached:.5f} on L x^2/2, the formula says {bound:.5f}"
    return Evidence(REPRODUCED if reached <= bound else CONTRADICTED, words)


def probe_on_a_line() -> Evidence:
    """First step on c'x, c = 1, for the readings of the probe."""
    readings = ("adala", "adala-lagged", "adala-code")
    steps = {name: float(adala_linear.step(1, 1.0, lr=LR, method=name)) for name in readings}
    said = ", ".join(f"{name.removeprefix('adala-')} {step:.3g}" for name, step in steps.items())
    words = f"first step at gradient 1: {said} (adala: every probe that does look ahead)"
    return Evidence(REPRODUCED if len({f"{s:.6g}" for s in steps.values()}) == 1 else CONTRADICTED, words)


def printed_eq5_needs_negative_mu() -> Evidence:
    """The |mu| form of Eq. (5) at mu = 0: 'the same if and only if mu < 0'."""
    same = {mu: _same_weights(mu) for mu in (-0.5, 0.0, 0.5)}
    words = ", ".join(f"mu = {mu:g}: {'equal' if equal else 'different'}" for mu, equal in same.items())
    holds = same[-0.5] and not same[0.0] and not same[0.5]
    return Evidence(REPRODUCED if holds else CONTRADICTED, f"weights of both forms, t = 6: {words}")


def _same_weights(mu: float) -> bool:
    ours, printed = eq5.weights(6, mu), eq5.printed_weights(6, mu)
    # powers of the same number up to a sign: the rounding of 6 products
    both = ((ours.fast, printed.fast), (ours.gradients, printed.gradients))
    return all(np.allclose(a, b, rtol=1e-14) for a, b in both)


def outer_step_is_a_small_share() -> Evidence:
    """Which share of a cycle's move the outer gradient makes, Adam inside, at the three alphas of Table 9."""
    shares = [float(break_even.outer_share(0.01, lr=LR, k=5, mu=-0.5, alpha=alpha)) for alpha in (1e-4, 1e-3, 1e-2)]
    said = ", ".join(f"{100 * share:.2g} %" for share in shares)
    words = f"theory (T07): at |g_i| = 0.01 the outer gradient makes {said} of a cycle's move for the three alphas of "
    return Evidence(None, f"{words}Table 9, so little change is what one expects")


PROBES_OF_CLAIMS: dict[str, Callable[[], Evidence]] = {
    function.__name__: function
    for function in (
        extra_gradient, one_extra_gradient_a_step, printed_adam, one_algorithm, averaging_and_oscillation,
        one_dimension, outer_limit_for_every_mu, half_line_of_alpha, formula_b_as_upper_bound, probe_on_a_line,
        printed_eq5_needs_negative_mu, outer_step_is_a_small_share,
    )
}  # fmt: skip
"""Name in ``ledger.toml`` -> the computation."""


def probe(name: str) -> Evidence:
    """Run one by its name.

    Raises ValueError for an unknown name.

    Examples
    --------
    >>> probe("one_extra_gradient_a_step").words
    "7 steps take 14 gradients, Adam's take 7"
    """
    require_choice("probe", name, tuple(PROBES_OF_CLAIMS))
    found = PROBES_OF_CLAIMS[name]()
    return Evidence(found.verdict, found.words, f"paper_figs.ledger.probes.{name}()")
