"""Wrong definitions and wrong statements: each must be refused, and each is false, not only differently proved.

`file` holds the changed text, `judge` is the file whose theorem then fails (the same one where only it is concerned).
"""

from typing import NamedTuple

__all__ = ["MUTANTS", "Mutant"]


class Mutant(NamedTuple):
    """One change and why what it says is wrong."""

    name: str
    file: str
    old: str
    new: str
    judge: str = ""


MUTANTS = [
    # the algorithm itself
    Mutant("the sign of mu in y", "Algorithm1", "(scale W (opp W mu) phi)", "(scale W mu phi)", "T12_eq5"),
    Mutant("1 - mu for 1 + mu", "Algorithm1", "(plus W (one W) mu)", "(plus W (one W) (opp W mu))", "T12_eq5"),
    Mutant("the sign of alpha and lr", "Algorithm1", "scale W (opp W h) g", "scale W h g", "T12_eq5"),
    Mutant("the outer gradient at theta", "Algorithm1", "step alpha (G y) y.", "step alpha (G theta) y.",
           "T01_quadratic_rate"),
    Mutant("no outer step", "Algorithm1", "step alpha (G y) y.", "y.", "T01_quadratic_rate"),
    Mutant("half the outer step", "Algorithm1", "(1 - alpha * lam) * factor", "(1 - alpha * lam / 2) * factor",
           "T01_quadratic_rate"),
    Mutant("k + 1 inner steps", "Algorithm1", "(1 - lr * lam) ^ k - mu", "(1 - lr * lam) ^ S k - mu",
           "T01_quadratic_rate"),
    # the statements
    Mutant("mu^t for (-mu)^t", "T12_eq5", "+ (- mu) ^ t * snd start i", "+ mu ^ t * snd start i"),
    Mutant("the weights of 1 - mu", "T12_eq5", "(1 + mu) * memory mu t (fun _ => 1) + (- mu) ^ t = 1",
           "(1 - mu) * memory mu t (fun _ => 1) + (- mu) ^ t = 1"),
    Mutant("|mu| wrong at mu = 0 too", "T12_eq5", "0 < mu -> snd start tt <> 0", "0 <= mu -> snd start tt <> 0"),
    Mutant("T + 1 cycles", "T01_quadratic_rate", "(lam i) ^ T * (phi", "(lam i) ^ S T * (phi"),
    Mutant("two steps with 1 - mu", "T25_identities", "((1 + mu) * lr) G 1 phi)", "((1 - mu) * lr) G 1 phi)"),
    Mutant("the odd limit upside down", "T03_stability", "q ^ k = (1 - mu) / (1 + mu) ->\n",
           "q ^ k = (1 + mu) / (1 - mu) ->\n"),
    Mutant("the even limit at 3", "T03_stability", "even k -> (stable lr k mu lam <-> 0 < lr * lam < 2)",
           "even k -> (stable lr k mu lam <-> 0 < lr * lam < 3)"),
    Mutant("twice the best rate", "T04_optimal_mu", ":= (most - least) / (2", ":= 2 * (most - least) / (2"),
    Mutant("the floor of degree k", "T05_chebyshev", "chebyshev (S k) ((L + m) / (L - m)) * Rabs (rho lr k mu",
           "chebyshev k ((L + m) / (L - m)) * Rabs (rho lr k mu"),
    Mutant("twice the best mu", "T05_chebyshev", "best_mu_k2 (m L : R) : R := 3", "best_mu_k2 (m L : R) : R := 6"),
    Mutant("half the sufficient step", "T07_break_even", ":= (1 + mu) * lr.", ":= (1 + mu) * lr / 2."),
    Mutant("k + 2 gradients", "T07_break_even", "alpha lam ^ k <= factor lr k mu lam ^ S k",
           "alpha lam ^ k <= factor lr k mu lam ^ S (S k)"),
    Mutant("a break-even without absolute values", "T07_break_even", "(Rabs (rho lr k mu alpha lam) ^ k <",
           "(rho lr k mu alpha lam ^ k <"),
    Mutant("descent in k gradients", "T07_break_even", "lam) ^ S k / Rabs (factor", "lam) ^ k / Rabs (factor"),
    Mutant("half the cross term", "T08_noise_one_mode", "+ 2 * (1 - alpha * lam) * (1 + mu)",
           "+ (1 - alpha * lam) * (1 + mu)"),
    Mutant("R with the other sign", "T09_noise_one_mode", "s * (1 + left) / (2", "s * (1 - left) / (2"),
    Mutant("k + 1 Adam steps", "T13_adam_linear", "((1 + mu) * k * (lr", "((1 + mu) * (k + 1) * (lr"),
    Mutant("TensorFlow resets as it keeps", "T13_adam_linear", "= - (3/16 + 3/16)", "= - (3/16 + 21/92)"),
    Mutant("eps not averaged", "T14_adala_linear", "(sqrt (eps / (1 - beta2)) + eps)", "(sqrt eps + eps)"),
    Mutant("twice alpha m", "T21_worst_functions", "(1 - alpha * m) * ((1 + mu)", "(1 - 2 * alpha * m) * ((1 + mu)"),
    Mutant("mu up to 1", "T21_worst_functions", "    -1 <= mu <= 0 -> 0 <= lr", "    -1 <= mu <= 1 -> 0 <= lr"),
    Mutant("H + 1 for 2 H + 1", "T22_worst_functions", "L / (2 * (2 * travel L lr k mu alpha T + 1))",
           "L / (2 * (travel L lr k mu alpha T + 1))"),
    Mutant("a larger descent", "T28_descent", "f y - alpha * (1 - alpha * L / 2)", "f y - alpha * (1 - alpha * L / 4)"),
    Mutant("any outer step descends", "V01_one_cycle", "alpha * L <= 2 ->", "alpha * L <= 3 ->"),
    Mutant("1 - m for 1 - alpha m", "V02_worst_case", "= (1 - alpha * m) * distance", "= (1 - m) * distance"),
    Mutant("a wider gap", "V03_farther", "54/10000 < Q2R gap", "55/10000 < Q2R gap"),
    Mutant("a cycle less", "V04_higher", "(qgap 8) = true", "(qgap 7) = true"),
    Mutant("outer steps up to 2/L", "V04_one_dimension", "0 <= alpha /\\ alpha * L <= 1",
           "0 <= alpha /\\ alpha * L <= 2"),
    Mutant("another end", "V05_huber", "nala_at 2 = - 1/4", "nala_at 2 = - 1/8"),
    Mutant("the other order", "V06_per_gradient", "lookahead_end < nala_end (1/1000).",
           "nala_end (1/1000) < lookahead_end."),
    Mutant("k steps for k + 1", "V07_slower_than_descent", "(1 - lr * lam) ^ S k <= rho", "(1 - lr * lam) ^ k <= rho"),
    Mutant("one step of heavy ball", "V08_accelerated", "(9/11) ^ 6 < Rabs", "(9/11) ^ 1 < Rabs"),
    Mutant("between for mu up to 1", "V09_looks_ahead", "-1 <= mu <= 0 ->", "-1 <= mu <= 1 ->"),
    Mutant("any power", "Zero_mu", "0 <= (1 - lr * lam) ^ k <= 1 ->", "-1 <= (1 - lr * lam) ^ k <= 1 ->"),
]  # fmt: skip
