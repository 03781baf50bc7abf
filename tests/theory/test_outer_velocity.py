"""T23's tuned pair gives its rate, nothing nearby is better, and the matrix is what a run does."""

import numpy as np

from nala_lab.core import stream
from nala_lab.reference import SGD, OuterMomentum, run
from nala_lab.theory import outer_velocity


def worst(low, high, nu, beta):
    q = np.concatenate([np.geomspace(low, high, 400), [low, high]])
    # with lr = 1 and k = 1 the effective curvature of lam is lam itself
    o = outer_velocity.cycle_matrix(q, lr=1.0, k=1, nu=nu, beta=beta)
    return np.abs(np.linalg.eigvals(o)).max()


def test_the_tuned_pair_has_the_stated_rate_and_no_neighbour_beats_it():
    for low, high in ((0.01, 1.0), (0.3, 0.9), (0.001, 0.7)):
        nu, beta, rate = outer_velocity.tuned(low, high)
        # at the optimum two eigenvalues meet: an error of 1e-16 in the matrix moves them by its square root, 1e-8
        assert abs(worst(low, high, nu, beta) - rate) <= 1e-6
        rng = stream(0, "neighbours", low)
        for _ in range(200):
            other_nu, other_beta = nu * np.exp(0.1 * rng.normal()), np.clip(beta + 0.05 * rng.normal(), 0, 0.999)
            assert worst(low, high, other_nu, other_beta) >= rate - 1e-6


def test_the_matrix_is_one_cycle_of_the_method():
    lam, options = 1.7, {"nu": 0.8, "beta": 0.6, "alpha": 0.1}
    t = run(OuterMomentum(SGD(lr=0.2), k=3, **options), lambda x: lam * x, [1.3], cycles=5)
    o = outer_velocity.cycle_matrix(lam, lr=0.2, k=3, **options)
    z = np.array([1.3, 0.0])
    for phi in t.slow[:, 0]:
        assert abs(phi - z[0]) <= 1e-13  # 5 cycles of about 20 roundings of numbers near 1
        z = o @ z


def test_velocity_reaches_a_rate_that_no_memoryless_setting_can():
    # kappa = 1000, k = 5, lr = 1/L: theory section 7.2, per gradient
    q = outer_velocity.effective_curvature([1e-3, 1.0], lr=1.0, k=5)
    _, _, rate = outer_velocity.tuned(*q)
    assert round(rate ** (1 / 5), 5) == 0.98314
