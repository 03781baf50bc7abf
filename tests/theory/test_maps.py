"""A map's cells are the worst rho over the spectrum, whatever the axes; what cannot be mapped is refused."""

import itertools

import numpy as np
import pytest

from nala_lab import theory
from nala_lab.reference import NALA, SGD, Lookahead, run
from nala_lab.theory import maps
from nala_lab.theory.quadratic_rate import rate_per_gradient, rho
from tests.refusals import refused

VALUES = {
    "lr": [0.0, 0.4, 1.7, 2.6],
    "mu": [-1.0, -0.5, 0.3],
    "alpha": [0.0, 0.2, 3.0],
    "k": [1, 2, 5, 10],
    "lam": [0.1, 0.9, 1.5],
    "kappa": [1.0, 10.0, 500.0],
}
FIXED = {"lr": 0.7, "mu": -0.3, "alpha": 0.1, "k": 3, "lam": [0.2, 0.5, 1.1]}
PAIRS = [p for p in itertools.permutations(maps.AXES, 2) if set(p) != {"lam", "kappa"}]


def cell(settings, per, modes=7):
    """One cell by the formula of T01, without broadcasting."""
    lam = np.atleast_1d(settings["lam"])
    if "kappa" in settings:
        lam = np.geomspace(lam.max() / settings["kappa"], lam.max(), modes)
    k = int(settings["k"])
    worst = np.abs(rho(lam, lr=settings["lr"], k=k, mu=settings["mu"], alpha=settings["alpha"])).max()
    return worst if per == "cycle" else worst ** (1 / (k + 1))


@pytest.mark.parametrize("per", ["gradient", "cycle"])
@pytest.mark.parametrize("pair", PAIRS, ids="-".join)
def test_every_cell_is_the_worst_mode(pair, per):
    x, y = pair
    m = theory.map((x, VALUES[x]), (y, VALUES[y]), **FIXED, modes=7, per=per)
    assert m.rate.shape == (len(VALUES[y]), len(VALUES[x]))
    for i, b in enumerate(VALUES[y]):
        for j, a in enumerate(VALUES[x]):
            want = cell({**FIXED, x: a, y: b}, per)
            # rho is a difference of numbers below 20: 20 roundings of 2^-53; a root of order 11 of it at zero is
            # 1e-15^(1/11), so cells below 1e-12 are compared per cycle only
            slack = 1e-13 * max(1.0, want)
            near_zero = per == "gradient" and cell({**FIXED, x: a, y: b}, "cycle") < 1e-9
            assert near_zero or abs(m.rate[i, j] - want) <= slack, (x, a, y, b)
    assert np.array_equal(m.stable, m.rate < 1)


@pytest.mark.parametrize("method, alpha", [("NALA", 0.0), ("NALA", 0.2), ("Lookahead", 0.0)])
def test_a_cycle_costs_in_theory_what_the_twin_spends(method, alpha):
    """Measured: the factor of 20 cycles, to the power of one gradient of those that were counted."""
    rule = NALA(SGD(0.1), k=5, mu=-0.5, alpha=alpha) if method == "NALA" else Lookahead(SGD(0.1), k=5, alpha=0.5)
    t = run(rule, lambda x: x, [1.0], cycles=20)
    measured = float(t.slow[-1, 0]) ** (1 / t.grad_evals)
    how = dict(lr=0.1, k=5, mu=-0.5, method=method.lower())
    assert float(rate_per_gradient(1.0, alpha=alpha, **how)) == pytest.approx(measured, rel=1e-13)
    one = maps.rate_map(("lr", [0.1]), ("alpha", [alpha]), k=5, mu=-0.5, method=method.lower())
    assert one.rate.item() == pytest.approx(measured, rel=1e-13)


def test_lookahead_takes_no_outer_step():
    with pytest.raises(ValueError, match="alpha must satisfy 0 for Lookahead"):
        maps.rate_map(("lr", [0.1]), ("alpha", [0.0, 0.1]), method="lookahead")


def test_blocks_change_nothing(monkeypatch):
    axes = (("lr", np.linspace(0, 2, 40)), ("alpha", np.linspace(0, 3, 33)))
    whole = maps.rate_map(*axes, k=5, lam=np.linspace(0.1, 1, 20))
    monkeypatch.setattr(maps, "_CELLS", 1000)
    assert np.array_equal(maps.rate_map(*axes, k=5, lam=np.linspace(0.1, 1, 20)).rate, whole.rate)


def test_the_best_cell_is_named_in_the_order_of_the_axes():
    # k = 1, alpha = 0, one mode: rho = 1 - (1+mu) lr lam vanishes at lr = 2, mu = -0.5
    m = maps.rate_map(("lr", [1.0, 2.0]), ("mu", [-0.5, 0.0, 0.4]), k=1, lam=1.0, per="cycle")
    assert m.best() == (2.0, -0.5, 0.0)


test_what_is_refused = refused(
    (("eta", [1.0]), ("mu", [0.0]), {}, "axis must satisfy axis in {'lr', 'mu'"),
    (("mu", [0.0]), ("mu", [0.0]), {}, "axes must satisfy two different settings"),
    (("lam", [1.0]), ("kappa", [2.0]), {}, "axes must satisfy two different settings"),
    (("mu", [-1.5, 0.0]), ("lr", [1.0]), {}, "mu must satisfy -1 <= mu < inf, got mu=-1.5"),
    (("k", [0, 1]), ("lr", [1.0]), {}, "k must satisfy 1 <= k < inf, got k=0.0"),
    (("k", [1.5, 2]), ("lr", [1.0]), {}, "k must satisfy integers k >= 1"),
    (("lr", [np.nan, 1.0]), ("mu", [0.0]), {}, "lr must satisfy finite real numbers, got lr=[nan"),
    (("lr", []), ("mu", [0.0]), {}, "lr must satisfy a one-dimensional, non-empty axis"),
    (("lr", [1.0]), ("mu", [0.0]), {"alpha": -1.0}, "alpha must satisfy 0 <= alpha < inf, got alpha=-1.0"),
    (("lr", [1.0]), ("mu", [0.0]), {"alpha": [0.1, 0.2]}, "alpha must satisfy one number, or an axis of them"),
    (("lr", [1.0]), ("mu", [0.0]), {"lam": []}, "lam must satisfy one number, or an axis of them"),
    (("lr", [1.0]), ("mu", [0.0]), {"lam": np.array([1j])}, "lam must satisfy finite real numbers"),
    (("lr", [1.0]), ("mu", [0.0]), {"per": "second"}, "per in {'gradient', 'cycle'}"),
    call=lambda x, y, options: maps.rate_map(x, y, **options),
)
