"""The fast ensemble has the law that the theory predicts: exact moments, at any number of threads."""

import sys
from fractions import Fraction

import numpy as np
import pytest

from nala_lab.measure import ensemble
from nala_lab.reference import SGD
from nala_lab.theory import noise_one_mode, stochastic
from nala_lab.theory.noise_one_mode import cycle_moments
from tests.refusals import refused
from tests.verify.mutants import plant

LAM, W, E0 = np.array([0.4, 1.1, 2.0]), np.array([0.3, 0.8, 0.1]), np.array([1.0, -2.0, 0.5])
OPTIONS = {"lr": 0.35, "k": 3, "mu": -0.4, "alpha": 0.25}


@pytest.mark.parametrize("outer", ["fresh", "last", "full"])
def test_moments_are_those_of_the_recurrence(outer, seed):
    n, T = 20_000, 6
    e = ensemble.simulate(LAM, W, E0, **OPTIONS, outer=outer, trajectories=n, cycles=T, seed=seed)
    t, noise = cycle_moments(LAM, W, **OPTIONS, outer=outer)
    mean, variance = E0.copy(), np.zeros(3)
    assert np.array_equal(e.mean[0], E0)
    for cycle in range(1, T + 1):
        mean, variance = t * mean, t**2 * variance + noise
        z_mean = (e.mean[cycle] - mean) / np.sqrt(variance / n)
        z_variance = (e.variance[cycle] - variance) / (variance * np.sqrt(2 / n))
        # 3 settings x 36 moments at |z| <= 4.5: one false alarm in 1,400 seeds
        assert max(np.abs(z_mean).max(), np.abs(z_variance).max()) <= 4.5
    assert e.final.shape == (n, 3)
    np.testing.assert_allclose(e.final.mean(0), e.mean[-1], rtol=1e-12, atol=1e-14)  # the same sum, ordered otherwise


def test_numbers_do_not_depend_on_threads(monkeypatch):
    call = dict(lam=LAM, w=W, e0=E0, **OPTIONS, trajectories=2500, cycles=4)
    two = ensemble.simulate(**call)
    monkeypatch.setattr(ensemble, "_THREADS", 1)
    assert np.array_equal(ensemble.simulate(**call).final, two.final)
    assert not np.array_equal(ensemble.simulate(**call, seed=1).final, two.final)


def test_blocks_are_independent():
    e = ensemble.simulate([1.0], [1.0], [0.0], lr=0.5, k=1, mu=0.0, alpha=0.0, trajectories=2000, cycles=1)
    first, second = e.final[:1000, 0], e.final[1000:, 0]
    assert abs(np.corrcoef(first, second)[0, 1]) <= 4.5 / np.sqrt(1000)  # |z| <= 4.5


@pytest.mark.parametrize("by", [{"method": SGD(0.1), "steps": 2}, {**OPTIONS, "cycles": 2}], ids=["method", "numbers"])
def test_far_from_the_minimiser_the_variance_keeps_its_digits(by):
    near, far = (ensemble.simulate([1.0], [1.0], [e0], **by, trajectories=1500) for e0 in (0.0, 1e8))
    assert np.abs(far.variance - near.variance).max() <= 1e-7  # rows of 1e8 are rounded to 1e-8
    assert near.variance[-1] == pytest.approx(near.final.var(axis=0), rel=1e-12)


def test_a_full_covariance_correlates_the_modes():
    """Sigma' = O Sigma O' + N of the matrix engine, entry by entry; a scalar and a vector are its special cases."""
    n, w = 40_000, np.array([[1.0, 0.6], [0.6, 0.5]])
    how = dict(lr=0.4, k=2, mu=-0.3, alpha=0.2)
    lam, e0 = np.array([0.5, 1.5]), np.array([1.0, -1.0])
    e = ensemble.simulate(lam, w, e0, **how, trajectories=n, cycles=3)
    moments = stochastic.propagate(stochastic.cycle(np.diag(lam), w, **how), e0, T=3)
    want, found = moments.covariance[-1, :2, :2], np.cov(e.final.T)
    error = np.sqrt((np.outer(np.diag(want), np.diag(want)) + want**2) / n)  # of a sample covariance of normals
    assert np.abs((found - want) / error).max() <= 4.5
    forms = (0.3, [0.3, 0.3], 0.3 * np.eye(2))
    same = [ensemble.simulate(lam, v, e0, **how, trajectories=50, cycles=2).final for v in forms]
    assert np.array_equal(same[0], same[1]) and np.array_equal(same[0], same[2])


def test_a_planted_error_of_the_theory_does_not_move_the_runs(monkeypatch):
    """A simulation that draws from the theorem would confirm it whatever it says."""
    call = dict(lam=LAM, w=W, e0=E0, **OPTIONS, trajectories=500, cycles=4)
    before = ensemble.simulate(**call).final
    right = noise_one_mode.cycle_moments
    for module in [m for name, m in sys.modules.items() if name.startswith("nala_lab.")]:
        if getattr(module, "cycle_moments", None) is right:
            monkeypatch.setattr(module, "cycle_moments", lambda *a, **k: (0.0, 1e9))
    assert np.array_equal(ensemble.simulate(**call).final, before)


def test_a_simulation_that_uses_the_theory_is_caught(monkeypatch):
    """Planted: the last draw is replaced by one from the theorem's law; the test above is what fails."""
    old = "phi *= 1 - alpha * lam"
    new = (
        "from nala_lab.theory.noise_one_mode import cycle_moments; "
        "phi[:] = cycle_moments(lam, 1.0, lr=lr, k=k, mu=mu, alpha=alpha)[1]"
    )
    plant(monkeypatch, ensemble._one_cycle, old, new)
    with pytest.raises(AssertionError):
        test_a_planted_error_of_the_theory_does_not_move_the_runs(monkeypatch)


def test_settings_may_be_fractions():
    common = dict(lam=LAM, w=W, e0=E0, k=2, mu=0, trajectories=10, cycles=2)
    exact = ensemble.simulate(**common, lr=Fraction(1, 2), alpha=Fraction(1, 3))
    assert np.array_equal(exact.mean, ensemble.simulate(**common, lr=0.5, alpha=1 / 3).mean)


HERE = dict(lam=LAM, w=W, e0=E0, **OPTIONS, trajectories=10, cycles=1)
test_what_is_refused = refused(
    ({"outer": "none"}, "outer in {'fresh', 'last', 'full'}"),
    ({"lr": -1.0}, "lr must satisfy 0 <= lr < inf"),
    ({"mu": -1.5}, "mu must satisfy -1 <= mu < inf"),
    ({"trajectories": 0}, "integer trajectories >= 1"),
    ({"w": -W}, "w must satisfy w >= 0, a variance"),
    ({"e0": E0[:2]}, "lam must satisfy the shape (d,) of e0"),
    call=lambda change: ensemble.simulate(**{**HERE, **change}),
)
