"""Noisy runs of any method: the law of NALA's, the twins alike, and no member that hears of another."""

import numpy as np
import pytest

from nala_lab.measure import simulate
from nala_lab.reference import NALA, SGD, Adam
from nala_lab.theory.noise_one_mode import cycle_moments
from tests.refusals import refused

LAM, W, E0 = np.array([0.4, 1.1, 2.0]), np.array([0.3, 0.8, 0.1]), np.array([1.0, -2.0, 0.5])
OPTIONS = {"k": 3, "mu": -0.4, "alpha": 0.25}
HERE = dict(lam=LAM, w=W, e0=E0)


def test_a_rule_has_the_moments_of_the_recurrence_and_its_torch_twin_the_same_numbers():
    n, T = 4000, 5
    e = simulate(**HERE, method=NALA(SGD(0.35), **OPTIONS), trajectories=n, cycles=T, seed=3)
    t, noise = cycle_moments(LAM, W, lr=0.35, **OPTIONS)
    mean, variance = t**T * E0, noise * (1 - t ** (2 * T)) / (1 - t**2)
    z = [(e.mean[-1] - mean) / np.sqrt(variance / n), (e.variance[-1] - variance) / (variance * np.sqrt(2 / n))]
    assert np.abs(z).max() <= 4.5  # 6 moments: one false alarm in 24 000 seeds
    torch = pytest.importorskip("torch")
    from nala_lab.optim import NALA as Twin

    def twin(params):
        return Twin(params, inner=lambda inside: torch.optim.SGD(inside, lr=0.35), **OPTIONS)

    same = simulate(**HERE, method=twin, trajectories=400, cycles=T, seed=3)  # two blocks
    # the twins differ in the order of a few operations: 20 of them at numbers near 1
    np.testing.assert_allclose(same.final, e.final[:400], rtol=0, atol=1e-13)


@pytest.mark.parametrize("share", [lambda n: 1 / (1 + n), lambda n: min(1, 10 / n)], ids=["by norm", "clipped"])
def test_a_method_that_looks_at_a_norm_is_run_member_by_member(share):
    def by_norm(theta, grad):  # the norm of five members is above 10, that of one is not
        g = grad(theta)
        return theta - 0.1 * share(np.linalg.norm(g)) * g

    many = simulate(**HERE, method=by_norm, trajectories=5, steps=4)
    alone = [simulate(**HERE, method=by_norm, trajectories=n, steps=4).final[-1] for n in range(1, 6)]
    assert np.array_equal(many.final, alone)


class Restarted:
    """Heavy ball, restarted once it climbs: by the sign of a sum over all weights."""

    def init(self, theta):
        return 0 * theta

    def step(self, theta, grad, v):
        g = grad(theta)
        v = 0.9 * v * ((g * v).sum() <= 0) - 0.1 * g
        return theta + v, v


def test_a_sign_that_members_share_without_noise_couples_them():
    """From starts that are multiples of each other all restart at once, and only noise tells them apart."""
    many = simulate([1.0], 1.0, [2.0], method=Restarted(), trajectories=400, steps=60)
    alone = [simulate([1.0], 1.0, [2.0], method=Restarted(), trajectories=1, steps=60, seed=i) for i in range(400)]
    ratio = many.variance[-1, 0] / np.var([one.final for one in alone])
    assert abs(ratio - 1) < 0.4  # 4 standard errors sqrt(2 x 2 / 400) of a ratio; it was 0.57


def test_a_method_that_looks_at_the_shape_of_its_weights_sees_that_of_one_run():
    torch = pytest.importorskip("torch")

    def matrices_only(params):  # weight decay
        return torch.optim.SGD([{"params": p, "weight_decay": 0.5 * (p.ndim > 1)} for p in params], lr=0.5)

    e = simulate([1.0], [0.0], [1.0], method=matrices_only, trajectories=3, steps=3)
    assert np.array_equal(e.final, [[0.125]] * 3)


def test_a_run_that_diverges_has_no_numbers_after_its_end():
    e = simulate([1.0], [0.0], [1.0], method=SGD(1e60), trajectories=3, steps=5)
    assert np.isfinite(e.mean[:2]).all() and np.isnan(e.mean[-1]).all()


test_what_is_refused = refused(
    ({"lr": 0.1}, "lr, k, mu, alpha, outer left out, got method=['lr']"),
    ({"outer": "last"}, "got method=['outer']"),
    ({"steps": None}, "cycles or steps must satisfy one of the two"),
    ({"steps": 0}, "integer steps >= 1"),
    ({"steps": None, "cycles": 3}, "the method has one loop: it runs for steps"),
    ({"method": 3}, "a rule, a function (theta, grad), a Method, or a factory"),
    ({"method": None, "lr": 0.1, "k": 2, "mu": 0.0, "alpha": 0.0, "cycles": 2}, "NALA runs for cycles"),
    call=lambda change: simulate(**{**HERE, "method": Adam(0.1), "trajectories": 5, "steps": 3, **change}),
)
