"""OuterMomentum by hand in exact arithmetic, what it spends, and what it refuses. Its edges are checks E01-E15."""

from fractions import Fraction as F

import numpy as np
import pytest

from nala_lab.core import stream
from nala_lab.reference import FAMILY, SGD, OuterMomentum, family, run
from tests.refusals import refused


def slope(x):
    return 3 * x - 2


def exact(value):
    return np.array([F(value)], dtype=object)


@pytest.mark.parametrize(
    ("style", "second"),
    [
        # lr 1/10, k = 1, nu = 1/2, beta = 1/3, alpha = 0 from 4: D = 1, b = 1
        # nesterov: u = 4/3, phi = 10/3; D = 4/5, b = 4/5 + 1/3 = 17/15, u = 4/5 + 17/45 = 53/45, phi = 10/3 - 53/90
        ("nesterov", F(10, 3) - F(53, 90)),
        # heavy ball: u = 1, phi = 7/2; D = 17/20, b = 17/20 + 1/3 = 71/60, phi = 7/2 - 71/120
        ("heavy-ball", F(7, 2) - F(71, 120)),
    ],
)
def test_two_cycles_by_hand(style, second):
    t = run(OuterMomentum(SGD(lr=F(1, 10)), k=1, nu=F(1, 2), beta=F(1, 3), style=style), slope, exact(4), cycles=2)
    assert t.slow[2, 0] == second
    assert t.evals.tolist() == [0, 1, 2]


def test_the_outer_gradient_is_taken_at_y_and_paid_for():
    t = run(OuterMomentum(SGD(lr=F(1, 10)), k=2, nu=F(1, 2), beta=F(0), alpha=F(1, 5)), slope, exact(4), cycles=1)
    # 4 -> 3 -> 23/10; y = 4 - (17/10)/2 = 63/20; gradient 149/20; the same cycle as NALA with mu = -1/2
    assert t.lookahead[0, 0] == F(63, 20)
    assert t.outer_grad[0, 0] == F(149, 20)
    assert t.slow[1, 0] == F(83, 50)
    assert t.evals.tolist() == [0, 3]


def test_workers_draw_their_own_batches_and_are_averaged():
    def noisy(x, rng):
        return x + rng.normal(size=x.shape)

    t = run(OuterMomentum(SGD(lr=0.1), k=2, nu=1.0, beta=0.0, workers=3), noisy, [4.0], cycles=1, rng=stream(0, "w"))
    draws = stream(0, "w").normal(size=(3, 2))
    ends = [0.9 * (0.9 * 4.0 - 0.1 * a) - 0.1 * b for a, b in draws]
    assert abs(t.final[0] - np.mean(ends)) <= 16 * np.finfo(float).eps * 4  # a dozen roundings of numbers below 4
    assert t.grad_evals == 6


def test_every_member_is_reachable_by_name():
    parameters = {
        "Lookahead": {"k": 2, "alpha": 0.5},
        "Reptile": {"k": 2, "epsilon": 0.5},
        "NALA": {"k": 2, "mu": -0.5, "alpha": 0.1},
        "SNOO": {"k": 2, "lr": 0.7, "momentum": 0.9},
        "DiLoCo": {"k": 2, "outer_lr": 0.7, "momentum": 0.9, "workers": 2},
        "SlowMo": {"k": 2, "slow_lr": 0.7, "beta": 0.9},
        "BMUF classical": {"k": 2, "zeta": 0.7, "eta": 0.9},
        "BMUF Nesterov": {"k": 2, "zeta": 0.7, "eta": 0.9},
        "NAG outer": {"k": 2, "mu": 0.9},
        "GPA": {"mu": 0.9},
    }
    assert set(parameters) == set(FAMILY)
    for name, options in parameters.items():
        assert isinstance(family(name, SGD(0.1), **options), OuterMomentum)


class InPlace:
    """SGD with momentum that writes into its own state, as users do."""

    def init(self, theta):
        return 0 * theta

    def step(self, theta, grad, m):
        m *= 0.9
        m += grad(theta)
        return theta - 0.1 * m, m


def test_workers_do_not_share_a_state_that_is_written_into():
    one, two = (run(OuterMomentum(InPlace(), k=2, workers=n), lambda x: x, [1.0], cycles=3).slow for n in (1, 2))
    assert np.array_equal(one, two)


test_what_is_refused = refused(
    (lambda: OuterMomentum(nu=-1.0), "nu must satisfy 0 <= nu < inf"),
    (lambda: OuterMomentum(beta=1.0), "beta must satisfy 0 <= beta < 1"),
    (lambda: OuterMomentum(workers=0), "integer workers >= 1"),
    (lambda: OuterMomentum(style="polyak"), "style in {'nesterov', 'heavy-ball'}"),
    (lambda: family("Ranger", SGD(0.1)), "name in {'Lookahead', 'Reptile'"),
)
