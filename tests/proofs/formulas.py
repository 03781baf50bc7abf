"""Each formula of `nala_lab.theory` that a kernel-checked theorem is about, at drawn settings: (statement, proof).

Settings are short dyadic fractions: a float holds them exactly. Where the formula then stays exact (products and sums
of few bits) the numbers must be equal; where it divides or takes a root, equal up to rounding, and the root is written
as the power that it undoes.
"""

from fractions import Fraction

import numpy as np

from nala_lab.theory import (
    adala_linear,
    adam_linear,
    break_even,
    chebyshev,
    descent,
    eq5,
    noise_one_mode,
    optimal_mu,
    quadratic_rate,
    stability,
)
from nala_lab.theory import worst_functions as worst
from tests.proofs.kernel_examples import is_exactly, is_near, real, reals

SIMPLE = "simpl; lra."


def quarter(rng, low, high, parts=4):
    """A multiple of 1/parts in [low, high]."""
    return int(rng.integers(low * parts, high * parts + 1)) / parts


def _rho(rng):
    lr, mu, alpha, lam = quarter(rng, 0, 2), quarter(rng, -1, 1), quarter(rng, 0, 3), quarter(rng, 0, 3)
    k = int(rng.integers(1, 6))
    value = quadratic_rate.rho(lam, lr=lr, k=k, mu=mu, alpha=alpha)
    return is_exactly(f"rho {real(lr)} {k} {real(mu)} {real(alpha)} {real(lam)}", float(value),
                      f"unfold rho, factor; {SIMPLE}")  # fmt: skip


def _weights(rng):
    mu, t = quarter(rng, -1, 2), int(rng.integers(1, 8))
    j = int(rng.integers(t))
    value = eq5.weights(t, mu).fast[j]
    return is_exactly(f"(1 + {real(mu)}) * (- {real(mu)}) ^ ({t} - S {j})", float(value), SIMPLE)


def _unroll(rng):
    mu, alpha, T = quarter(rng, -1, 2), quarter(rng, 0, 2), int(rng.integers(1, 5))
    ends, grads, start = (rng.integers(-20, 20, n) / 4 for n in (T, T, 1))
    value = eq5.unroll(ends[:, None], start, grads[:, None], mu, alpha)[-1, 0]
    m = real(mu)
    left = (f"(1 + {m}) * memory {m} {T} {reals(ends)} + (- {m}) ^ {T} * {real(start[0])} "
            f"- {real(alpha)} * memory {m} {T} {reals(grads)}")  # fmt: skip
    return is_exactly(left, float(value), f"unfold memory; {SIMPLE}")


def _inner_limit(rng):
    k, mu = int(2 * rng.integers(0, 4) + 1), quarter(rng, -1, 1, 64)
    mu = min(max(mu, -63 / 64), 63 / 64)
    q, error = Fraction(float(stability.inner_limit(k, mu))) - 1, Fraction(1, 2**40)
    low, high = real(q * (1 - error)), real(q * (1 + error))
    return f"{low} ^ {k} < (1 - {real(mu)}) / (1 + {real(mu)}) < {high} ^ {k}", SIMPLE


def _optimal_mu(rng):
    lr, k, m = quarter(rng, 0, 1, 16) + 1 / 16, int(rng.integers(1, 5)), quarter(rng, 0, 1, 16) / 2 + 1 / 16
    L = min(m + quarter(rng, 0, 1), 1.75 / lr)
    m = min(m, L)
    low, high = optimal_mu.inner_range(m, L, lr=lr, k=k)
    name = str(rng.choice(["optimal_mu", "optimal_rate"]))
    value = getattr(optimal_mu, name)(m, L, lr=lr, k=k)
    return is_near(f"{name} {real(low)} {real(high)}", value, f"unfold {name}; lra.")


def _floor(rng):
    kappa, n = 1 + quarter(rng, 1, 30), int(rng.integers(1, 7))
    k = real(kappa)
    return is_near(f"chebyshev {n} (({k} + 1) / ({k} - 1)) * {real(chebyshev.floor(kappa, n))}", 1, SIMPLE)


def _optimal_k2(rng):
    m = quarter(rng, 0, 2) + 1 / 4
    L = m + quarter(rng, 0, 6) + 1 / 4
    best = chebyshev.optimal_k2(m, L, outer=1)
    if rng.integers(2):
        return is_near(f"best_mu_k2 {real(m)} {real(L)}", best["mu"], f"unfold best_mu_k2; {SIMPLE}")
    return is_near(f"2 / ({real(L)} + {real(m)})", best["alpha"], "lra.")


def _break_even(rng):
    lr, mu, lam = quarter(rng, 0, 1) / 2 + 1 / 8, quarter(rng, -1, 0), quarter(rng, 0, 1) + 1 / 4
    mu, lam, k = max(mu, -3 / 4), min(lam, 1.0), int(rng.integers(1, 5))
    edge = Fraction(float(break_even.against_lookahead(lam, lr=lr, k=k, mu=mu)[0]))
    left, error = 1 - edge * Fraction(lam), Fraction(1, 2**40)
    factor = f"factor {real(lr)} {k} {real(mu)} {real(lam)}"
    return (f"{real(left * (1 - error))} ^ {k} < {factor} < {real(left * (1 + error))} ^ {k}",
            f"unfold factor; {SIMPLE}")  # fmt: skip


def _moments(rng):
    lr, mu, alpha, lam, w = (quarter(rng, a, b) for a, b in ((0, 2), (-1, 1), (0, 2), (0, 2), (0, 3)))
    k, outer = int(rng.integers(1, 4)), str(rng.choice(noise_one_mode.OUTER))
    _, value = noise_one_mode.cycle_moments(lam, w, lr=lr, k=k, mu=mu, alpha=alpha, outer=outer)
    left = f"noise_{outer} {real(lr)} {k} {real(mu)} {real(alpha)} {real(lam)} {real(w)}"
    return is_exactly(left, float(value), f"unfold noise_last, noise_fresh, noise_full, energy; {SIMPLE}")


def _stationary(rng):
    lr, lam, w = quarter(rng, 0, 1) / 2 + 1 / 8, quarter(rng, 0, 1) + 1 / 4, quarter(rng, 0, 3)
    mu, alpha, k = quarter(rng, -1, 0) + 1 / 8, quarter(rng, 0, 1), int(rng.integers(1, 4))
    value = noise_one_mode.stationary_variance(lam, w, lr=lr, k=k, mu=mu, alpha=alpha)
    args = f"{real(lr)} {k} {real(mu)} {real(alpha)} {real(lam)}"
    return is_near(f"stationary (rho {args}) (noise_fresh {args} {real(w)})", float(value),
                   f"unfold stationary, noise_fresh, noise_full, energy, rho, factor; {SIMPLE}")  # fmt: skip


def _ratio(rng):
    lr, lam, mu = quarter(rng, 0, 1) + 1 / 8, quarter(rng, 0, 1) + 1 / 4, quarter(rng, -1, 0) + 1 / 8
    k = int(rng.integers(1, 5))
    value = noise_one_mode.lookahead_variance_ratio(lam, lr=lr, k=k, mu=mu)
    left = f"variance_ratio (1 + {real(mu)}) ((1 - {real(lr)} * {real(lam)}) ^ {k})"
    return is_near(left, float(value), f"unfold variance_ratio; {SIMPLE}")


def _adam(rng):
    c, lr, mu, alpha = quarter(rng, 0, 4) + 1 / 4, quarter(rng, 0, 1), quarter(rng, -1, 1), quarter(rng, 0, 1)
    k, T, more = int(rng.integers(1, 6)), int(rng.integers(0, 6)), quarter(rng, 0, 2) + 1 / 4
    rest = f"{real(lr)} {real(c)} {k} {real(mu)} {real(alpha)} {T}"
    settings = dict(k=k, mu=mu, alpha=alpha, lr=lr, inner_state=str(rng.choice(["keep", "reset"])))
    if rng.integers(2):
        value = adam_linear.trajectory([c], T, eps=more, **settings)[-1, 0]
        proof = "rewrite Rabs_pos_eq by lra; unfold adam_trajectory; lra."
        return is_near(f"adam_trajectory (Rabs {real(c)} + {real(more)}) {rest}", float(value), proof)
    eps, whole = 2 * c * more + more**2, real(c + more)  # c^2 + eps = (c + more)^2: the root is a fraction
    value = adam_linear.trajectory([c], T, eps=eps, form="printed", **settings)[-1, 0]
    proof = (f"replace ({real(c)} ^ 2 + {real(eps)}) with ({whole} ^ 2) by lra; "
             "rewrite root_of_square, Rabs_pos_eq by lra; unfold adam_trajectory; lra.")  # fmt: skip
    return is_near(f"adam_trajectory (sqrt ({real(c)} ^ 2 + {real(eps)})) {rest}", float(value), proof)


def _adala(rng):
    c, lr, b2, root = quarter(rng, -3, 3), quarter(rng, 0, 1), quarter(rng, 0, 1) * 3 / 4, quarter(rng, 0, 2) + 1 / 4
    t = int(rng.integers(1, 6))
    if rng.integers(2):  # eps / (1 - beta2) is a square
        eps = Fraction(root) ** 2 * (1 - Fraction(b2))
        value = adala_linear.step(t, c, lr=lr, betas=(0.5, b2), eps=float(eps))
        inside, name, tail = f"{real(eps)} / (1 - {real(b2)})", "adala_hat_step", ""
    else:
        held = sum(Fraction(b2) ** i for i in range(t))
        eps = (1 + held) * Fraction(root) ** 2
        root = (1 + held) * Fraction(root)
        value = adala_linear.step(t, c, lr=lr, betas=(0.5, b2), eps=float(eps), denominator="raw")
        inside = f"{real(eps)} * (1 + (1 - {real(b2)} ^ {t}) / (1 - {real(b2)}))"
        name, tail = "adala_raw_step", f" {t}"
    proof = (f"unfold {name}; replace ({inside}) with ({real(root)} ^ 2) by (simpl; lra); "
             "rewrite root_of_square, Rabs_pos_eq by lra; lra.")  # fmt: skip
    return is_near(f"{name} {real(lr)} {real(c)} {real(b2)} {real(eps)}{tail}", float(value), proof)


def _distance(rng):
    m, lr, mu, alpha = quarter(rng, 0, 1) / 2, quarter(rng, 0, 1), quarter(rng, -1, 0), quarter(rng, 0, 1)
    lr, k = max(lr, 1 / 4), int(rng.integers(1, 6))
    value = worst.distance_factor(L=1.0, m=m, lr=lr, k=k, mu=mu, alpha=alpha)
    return is_exactly(f"distance_factor {real(m)} {real(lr)} {k} {real(mu)} {real(alpha)}", value,
                      f"unfold distance_factor; {SIMPLE}")  # fmt: skip


def _value_bound(rng):
    L, lr, mu, alpha = quarter(rng, 0, 3) + 1 / 4, quarter(rng, 0, 2), quarter(rng, -1, 1), quarter(rng, 0, 2)
    k, T = int(rng.integers(1, 6)), int(rng.integers(0, 6))
    settings, rest = dict(L=L, lr=lr, k=k, mu=mu, alpha=alpha, cycles=T), f"{real(lr)} {k} {real(mu)} {real(alpha)} {T}"
    left, value = [(f"travel {real(L)} {rest}", worst.travel(**settings)),
                   (f"value_bound {real(L)} {rest}", worst.value_bound(**settings)),
                   (f"{real(L)} * bend {real(L)} {rest}", worst.huber_slope(**settings))][rng.integers(3)]  # fmt: skip
    return is_near(left, value, "unfold value_bound, bend, travel; lra.")


def _descent(rng):
    value, g, alpha, L = quarter(rng, -4, 4), quarter(rng, -4, 4), quarter(rng, 0, 3), quarter(rng, 0, 3)
    bound = descent.value_after_outer_step(np.float64(value), np.array([g]), alpha=alpha, smoothness=L)
    left = f"{real(value)} - {real(alpha)} * (1 - {real(alpha)} * {real(L)} / 2) * ({real(g)} * {real(g)})"
    return is_exactly(left, float(bound), "lra.")


FORMULAS = {  # name -> (files it speaks about, one example from a generator)
    "T01 rho": (("Algorithm1",), _rho),
    "T12 weights": (("T12_eq5",), _weights),
    "T12 unroll": (("T12_eq5",), _unroll),
    "T03 inner limit": (("T03_stability",), _inner_limit),
    "T04 optimal mu": (("T04_optimal_mu",), _optimal_mu),
    "T05 floor": (("T05_chebyshev",), _floor),
    "T05 best k = 2": (("T05_chebyshev",), _optimal_k2),
    "T07 break-even": (("Algorithm1",), _break_even),
    "T08 noise": (("T12_eq5", "T08_noise_one_mode"), _moments),
    "T08 stationary": (("Algorithm1", "T12_eq5", "T08_noise_one_mode"), _stationary),
    "T09 ratio": (("T09_noise_one_mode",), _ratio),
    "T13 Adam": (("T13_adam_linear",), _adam),
    "T14 AdaLA": (("T13_adam_linear", "T14_adala_linear"), _adala),
    "T21 factor": (("T21_worst_functions",), _distance),
    "T22 bound": (("T22_worst_functions",), _value_bound),
    "T28 descent": (("T28_descent",), _descent),
}
