"""How far the search for the best setting looks: problems whose optimum lies beyond the range end at its edge."""

import numpy as np
import pytest

from nala_lab.theory.loss_curves import best_for_budget, curves, loss_at_budget
from tests.refusals import refused

TOP = 4.0  # the largest curvature L is not 1, so that a range in other units than 1/L shows
FLAT = 0.005  # a curvature so small that every method wants larger steps than the range holds


def edges(best):
    return [best["lr"] * TOP, best["mu"], best["alpha"] * TOP]


@pytest.mark.parametrize(
    ("method", "budget", "upper"),
    [
        ("SGD", 1, [2.5, 0.0, 0.0]),
        ("Lookahead", 5, [2.5, 0.0, 0.0]),
        ("NALA", 6, [2.5, 0.5, 8.0]),
    ],
)
def test_without_noise_and_with_all_error_in_a_flat_direction_the_upper_edge_is_best(method, budget, upper):
    # One cycle. e = 0 in the steep direction, which therefore only sets the unit 1/L. In the flat one the error after
    # the cycle is (1 - alpha lam) ((1 + mu) (1 - lr lam)^k - mu), and that falls in lr, in mu and in alpha.
    problem = ([TOP, FLAT], [0.0, 0.0], [0.0, 1.0])
    best = best_for_budget(*problem, budget=budget, method=method)
    np.testing.assert_allclose(edges(best), upper, rtol=0, atol=1e-6)  # the search's own tolerance is 1e-8
    lr, mu, alpha = (value / unit for value, unit in zip(upper, (TOP, 1, TOP), strict=True))
    rho = (1 - alpha * FLAT) * ((1 + mu) * (1 - lr * FLAT) ** best["k"] - mu)
    assert best["loss"] == pytest.approx(FLAT * rho**2 / 2, rel=1e-6)


@pytest.mark.parametrize(
    ("method", "lower"),
    [("SGD", [1e-4, 0.0, 0.0]), ("Lookahead", [1e-4, -0.99, 0.0]), ("NALA", [1e-4, -0.99, 0.0])],
)
def test_at_the_minimum_with_noise_the_lower_edge_is_best(method, lower):
    # every step can only lead away, so the shortest step and the smallest share of the inner result win
    problem = ([TOP], [1.0], [0.0])
    best = best_for_budget(*problem, budget=60, method=method)
    np.testing.assert_allclose(edges(best), lower, rtol=0, atol=1e-6)
    still = loss_at_budget(*problem, lr=lower[0] / TOP, k=best["k"], mu=lower[1], alpha=0.0, budget=60,
                           spend_outer=method == "NALA")  # fmt: skip
    assert best["loss"] == pytest.approx(still, rel=1e-3, abs=1e-15)


test_what_is_no_problem_to_search = refused(
    ({"lam": [0.0]}, "max lam must satisfy 0 < max lam"),
    ({"lam": [-1.0]}, "max lam must satisfy 0 < max lam"),
    ({"ks": ()}, "ks must satisfy at least one k"),
    ({"ks": 5}, "ks must satisfy at least one k, got ks=5"),
    ({"ks": (5, 0)}, "k must satisfy integer k >= 1, got k=0"),
    ({"ks": (2.5,)}, "k must satisfy integer k >= 1, got k=2.5"),
    ({"ks": (2, 9)}, "budget must satisfy integer budget >= 10, got budget=9 (it has to pay for a cycle of each k)"),
    ({"budget": 60.0}, "budget must satisfy integer budget >= 6, got budget=60.0"),
    ({"budget": 0, "method": "SGD"}, "budget must satisfy integer budget >= 1, got budget=0"),
    call=lambda change: best_for_budget(**(dict(lam=[1.0], w=[1.0], e0=[1.0], budget=9) | change)),
)


def test_a_run_that_leaves_a_saddle_falls_without_end():
    """m2 = 11^(2 g): f = -m2 / 2 is below all floats after 149 gradients, and beside a valley that is no number."""
    out = dict(lr=10.0, k=5, mu=0.0, alpha=0.0, spend_outer=False)
    fall = curves([-1.0], [0.0], [1.0], **out, gradients=150)[0]
    assert fall[-1] == -np.inf and fall[100] == pytest.approx(-(11.0**200) / 2, rel=1e-12)
    assert loss_at_budget([-1.0], [0.0], [1.0], **out, budget=150) == -np.inf
    assert loss_at_budget([1.0], [0.0], [1.0], **out, budget=200) == np.inf
    assert curves([-1.0, 1.0], [0.0, 0.0], [1.0, 1.0], **out, gradients=200)[0, -1] == np.inf
