"""The section on noise: what it measures is right where that is known, and what it cannot measure it does not tell."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from nala_lab.reference import SGD, Adam
from nala_lab.study import FULL, SMOKE, studied
from nala_lab.study.noise import noise, sgd_at


def test_variance_against_speed_knows_gradient_descent():
    sizes = replace(FULL, members=2000, noisy=300)
    section = noise(studied(SGD(0.1)), sizes)
    for each in section.lines[:4]:
        # 2000 runs: a standard error of 3 percent of the variance in one row, and the rows are correlated
        assert abs(each.data["ratio"] - 1) < 0.12
    assert sgd_at(1.0) == pytest.approx(1 / 3)


class WarmUp(SGD):
    """Gradient descent whose steps are short at first."""

    def step(self, theta, grad, state):
        t = 1 if state is None else state + 1
        return theta - self.lr * min(1.0, t / 50) * grad(theta), t

    def init(self, theta):
        return None


@pytest.mark.parametrize("lr", (np.float32(0.5), Fraction(1, 2)), ids=("float32", "fraction"))
def test_a_learning_rate_is_seen_in_any_kind_of_number(lr):
    one = studied(SGD(lr=lr))
    assert one.lr == 0.5 and one.times_lr(0.5).lr == 0.25


def test_a_warm_up_is_no_price_for_speed():
    """Once it is over the method is gradient descent, and pays 1 x SGD's variance: not the 5 x of slow first steps."""
    section = noise(studied(WarmUp(0.1)), replace(FULL, members=100))
    assert all(each.verdict == "cannot tell" and "warm-up" in each.evidence for each in section.lines[:4])
    assert "warm-up" not in noise(studied(Adam(0.1)), replace(FULL, members=100)).lines[0].evidence


def test_a_norm_over_all_weights_is_not_taken_over_many_runs():
    def trust(theta, grad):
        g = grad(theta)
        return theta - 0.1 * g * min(1.0, np.linalg.norm(theta) / np.linalg.norm(g))

    (found,) = noise(studied(trust), SMOKE).lines
    assert found.verdict == "not done" and "all of its weights together" in found.evidence


def test_noise_that_has_not_settled_is_not_a_number():
    section = noise(studied(Adam(0.001)), replace(SMOKE, noisy=400))
    assert any(each.verdict == "cannot tell" and "settled" in each.evidence for each in section.lines)
