"""The fast ensemble has the law that the theory predicts: exact moments, at any number of threads."""

import numpy as np
import pytest

from nala_lab.measure import ensemble
from nala_lab.theory.noise_one_mode import cycle_moments

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


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"outer": "none"}, "outer in {'fresh', 'last', 'full'}"),
        ({"lr": -1.0}, "lr must satisfy 0 <= lr < inf"),
        ({"mu": -1.5}, "mu must satisfy -1 <= mu < inf"),
        ({"trajectories": 0}, "integer trajectories >= 1"),
        ({"w": -W}, "w must satisfy w >= 0, a variance"),
        ({"e0": E0[:2]}, "lam must satisfy the shape (d,) of e0"),
    ],
)
def test_what_is_refused(change, sentence):
    call = dict(lam=LAM, w=W, e0=E0, **OPTIONS, trajectories=10, cycles=1)
    with pytest.raises(ValueError) as caught:
        ensemble.simulate(**{**call, **change})
    assert sentence in str(caught.value)
