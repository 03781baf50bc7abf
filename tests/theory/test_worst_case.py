"""T21 and T22 against loops that are neither twin, and what they refuse to say."""

import numpy as np
import pytest

from nala_lab.core import stream
from nala_lab.theory import worst_functions as worst_case
from tests.refusals import refused
from tests.theory.loops import nala_gd

# theory.md, section 6: squared distance, m = 0.1 L, lr = 1/L, k = 1, 2, 3
TABLE = {
    (-0.5, 1.0): (0.731025, 0.663410, 0.605362),
    (-0.5, 0.0): (0.902500, 0.819025, 0.747360),
    (0.0, 1.0): (0.656100, 0.531441, 0.430467),
}


@pytest.mark.parametrize("setting", TABLE, ids=str)
def test_theorem_a_gives_the_table(setting):
    mu, alpha = setting
    got = [worst_case.distance_factor(L=1, m=0.1, lr=1, k=k, mu=mu, alpha=alpha) ** 2 for k in (1, 2, 3)]
    assert got == pytest.approx(TABLE[setting], abs=5e-7)  # the table prints six digits


@pytest.mark.parametrize("draw", range(20))
def test_no_quadratic_of_the_class_beats_theorem_a(draw):
    rng = stream(0, "T21 quadratics", draw)
    L, m = 2.0, float(rng.uniform(0.05, 1.9))
    lr, alpha = rng.uniform(0.01, 2 / (L + m), 2)
    setting = dict(lr=float(lr), k=int(rng.integers(1, 8)), mu=float(rng.uniform(-1, 0)), alpha=float(alpha))
    lam = np.linspace(m, L, 101)
    shift = rng.normal(size=101)
    slow = nala_gd(lambda x: lam * (x - shift), shift + 1.0, 1, **setting)
    ratios = np.abs(slow[1] - shift)
    factor = worst_case.distance_factor(L=L, m=m, **setting)
    assert ratios.max() <= factor + 1e-13  # some 20 roundings of numbers near 1
    assert ratios[0] == pytest.approx(factor, abs=1e-13)  # and lam = m attains it


test_theorem_a_is_silent_outside_its_region = refused(
    ({"mu": 0.5}, "no formula is known"),
    ({"mu": -1.1}, "-1 <= mu"),
    ({"mu": float("nan")}, "mu must satisfy"),
    ({"lr": 1.9}, "stiffest"),
    ({"alpha": 1.9}, "stiffest"),
    ({"lr": 0}, "0 < lr"),
    ({"m": 1.5}, "m must satisfy"),
    ({"k": 0}, "integer k >= 1"),
    ({"L": -1}, "L must satisfy"),
    call=lambda change: worst_case.distance_factor(**(dict(L=1, m=0.1, lr=1, k=3, mu=-0.5, alpha=1) | change)),
)


@pytest.mark.parametrize("draw", range(20))
def test_hubers_function_is_a_lower_bound_for_every_setting(draw):
    rng = stream(0, "T22 huber", draw)
    L, R, cycles = 1.4, 2.0, int(rng.integers(1, 5))
    setting = dict(
        lr=rng.uniform(0.1, 2) / L, k=int(rng.integers(1, 8)), mu=rng.uniform(-1, 1.5), alpha=rng.uniform(0, 3)
    )
    c = R * worst_case.huber_slope(L=L, cycles=cycles, **setting)
    end = abs(nala_gd(lambda x: np.clip(L * x, -c, c), np.array([R]), cycles, **setting)[-1, 0])
    value = L * end**2 / 2 if end <= c / L else c * end - c**2 / (2 * L)
    assert value >= R**2 * worst_case.value_bound(L=L, cycles=cycles, **setting) * (1 - 1e-13)


def test_formula_b_is_no_upper_bound_at_the_papers_k_and_mu():
    paper = dict(L=1.0, lr=1.0, k=5, mu=-0.5, alpha=1e-3, cycles=1)
    end = nala_gd(lambda x: x, np.array([1.0]), 1, lr=1.0, k=5, mu=-0.5, alpha=1e-3)[-1, 0]
    assert end**2 / 2 == pytest.approx(0.1247501, abs=1e-7)  # x^2/2 from 1, one cycle
    assert worst_case.value_bound(**paper) == pytest.approx(1 / 12.004, rel=1e-12)
    assert worst_case.value_lower_bound(**paper) == pytest.approx(end**2 / 2, rel=1e-12)
    assert not worst_case.is_certified(**paper)


def test_the_certified_settings_exclude_where_a_quadratic_is_worse():
    for mu, k, cycles, alpha in worst_case.CERTIFIED:
        setting = dict(L=1.0, lr=1.0, k=k, mu=mu, alpha=alpha, cycles=cycles)
        assert worst_case.is_certified(**setting)
        assert worst_case.quadratic_value(**setting) <= worst_case.value_bound(**setting) * (1 + 1e-12)
    assert not worst_case.is_certified(L=1.0, lr=0.5, k=1, mu=0.0, alpha=1.0, cycles=1)
    assert not worst_case.is_certified(L=1.0, lr=1.0, k=3, mu=-0.5, alpha=0.0, cycles=1)


@pytest.mark.parametrize("k", (1, 2, 5, 9))
@pytest.mark.parametrize("mu", (-1.0, -0.5, -0.1, 0.0))
def test_the_break_even_step_makes_the_rates_per_gradient_equal(k, mu):
    for m in (1e-3, 0.1, 0.7):
        alpha = worst_case.break_even_alpha(lr=1.0, k=k, mu=mu, m=m)
        assert alpha <= (1 + mu) * 1.0 + 1e-12  # so alpha = (1+mu) lr suffices
        if alpha > 2 / (1 + m):
            continue
        mine = worst_case.distance_factor(L=1, m=m, lr=1.0, k=k, mu=mu, alpha=alpha) ** (1 / (k + 1))
        theirs = worst_case.distance_factor(L=1, m=m, lr=1.0, k=k, mu=mu, alpha=0.0) ** (1 / k)
        assert mine == pytest.approx(theirs, rel=1e-12)
