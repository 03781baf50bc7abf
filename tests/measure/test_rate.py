"""Measured rates: how often the interval covers, and that what cannot be told is not told."""

import numpy as np
import pytest

from nala_lab.core import stream
from nala_lab.drive import Method, run
from nala_lab.measure import map_size, rate
from nala_lab.measure import rate_modes as module
from nala_lab.measure.rate_modes import dominant_mode
from nala_lab.theory import quadratic_rate
from problems import Logistic
from tests.measure.rate_families import FAMILIES
from tests.verify.mutants import plant

# The least share of intervals that must cover, and of draws that must get one. 0.95 is nominal; a true share of 0.95
# falls below 0.90 in 300 draws about once in 3000 times, and in 40 draws, with the fixed seed, it did not. A decay that
# a floor or scatter hides need not be told.
LEAST_COVERED = 0.90
LEAST_TOLD = {"noise_floor": 0.6, "multiplicative": 0.6}


def coverage(name, draws):
    hits, told, widths = 0, 0, []
    for i in range(draws):
        path, best, truth = FAMILIES[name](stream(1, "rate coverage", name, i))
        e = rate(path, minimizer=best)
        if e.verdict == "estimated":
            told += 1
            hits += e.low <= truth <= e.high
            widths.append((e.high - e.low) / truth)
    return hits, told, float(np.median(widths))


@pytest.mark.parametrize("draws", (40, pytest.param(300, marks=pytest.mark.slow)))
@pytest.mark.parametrize("name", FAMILIES)
def test_the_interval_covers_the_known_rate(name, draws):
    hits, told, width = coverage(name, draws)
    print(f"{name}: covered {hits} of {told} told, {draws} drawn; median width {width:.1e} of the rate")
    assert told >= LEAST_TOLD.get(name, 0.95) * draws
    assert hits >= LEAST_COVERED * told


def test_a_planted_narrow_interval_is_caught(monkeypatch):
    """Planted: an interval that forgets the spread between windows covers Jordan blocks too rarely."""
    plant(monkeypatch, dominant_mode, "SPREAD * float(np.abs(logs - best[1]).max())", "0.0")
    hits, told, _ = coverage("jordan", 60)
    assert hits < LEAST_COVERED * told


def test_a_mode_with_a_sign_of_period_two_and_one_per_gradient():
    method = Method("NALA", inner=Method("SGD", lr=1.9), k=3, mu=0.3, alpha=0.5)
    lam, center = np.array([1.0, 0.4]), np.array([2.0, -1.0])
    t = run("numpy", method, lambda x: lam * (x - center), np.array([1.0, 3.0]), cycles=60)
    truth = np.abs(quadratic_rate.rho(lam, lr=1.9, k=3, mu=0.3, alpha=0.5)).max()
    e = rate(t, minimizer=center)
    assert e.low <= truth <= e.high and e.gradients == 4
    assert e.per_gradient[0] == pytest.approx(truth ** (1 / 4), rel=1e-6)
    steps = rate(t)  # without the minimiser: the steps have the same rate
    assert steps.low <= truth <= steps.high


def test_a_nonlinear_run_has_the_rate_of_its_linear_part_and_values_its_square():
    p = Logistic.generated(40, 3, seed=3, l2=0.1)
    setting = dict(lr=0.8 / p.L, k=3, mu=-0.5, alpha=0.5 / p.L)
    method = Method("NALA", inner=Method("SGD", lr=setting["lr"]), k=3, mu=-0.5, alpha=setting["alpha"])
    t = run("numpy", method, p.grad, p.minimizers[0] + 1.0, cycles=120)
    truth = np.abs(quadratic_rate.rho(np.linalg.eigvalsh(p.hess(p.minimizers[0])), **setting)).max()
    e = rate(t, minimizer=p.minimizers[0])
    assert e.verdict == "estimated" and e.low <= truth <= e.high
    assert e.rate == pytest.approx(truth, rel=1e-3)
    gap = rate(t, values=p.value(t.slow), minimum=p.minimum)
    assert gap.low <= truth**2 <= gap.high


ROWS = np.arange(200.0)


@pytest.mark.parametrize(
    "rows, words",
    [
        (0.9 ** ROWS[:6], "too short: 6 rows"),
        (1.0 + 1e-9 * 0.01 ** ROWS[:30], "hit the rounding floor"),
        (1 / (1 + ROWS), "not linear"),
        (np.where(ROWS > 150, np.nan, 0.9**ROWS), "diverged"),
        (1e-3 * stream(0, "floor").normal(size=200), "noise floor"),
    ],
)
def test_what_cannot_be_told_is_said_so_with_the_reason(rows, words):
    e = rate(rows[:, None], minimizer=[1.0] if rows[-1] == 1.0 else [0.0])
    assert e.verdict == "cannot tell" and words in e.reason and np.isnan(e.rate)


def test_a_diverged_run_is_not_measured_and_a_growing_one_is():
    t = run("numpy", Method("SGD", lr=30.0), lambda x: x, [1.0], steps=200)
    assert t.outcome == "diverged" and "diverged" in rate(t, minimizer=[0.0]).reason
    assert rate(1.1 ** ROWS[:50, None], minimizer=[0.0]).rate == pytest.approx(1.1, rel=1e-9)


@pytest.mark.parametrize(
    "change, words",
    [({"level": 1.0}, "level must"), ({"minimizer": [0.0, 0.0]}, "minimizer must"), ({"values": [1.0]}, "values must")],
)
def test_bad_input_is_refused(change, words):
    with pytest.raises(ValueError, match=words):
        rate(0.9 ** ROWS[:40, None], **({"minimizer": [0.0]} | change))
    with pytest.raises(ValueError, match="one member"):
        rate(np.ones((10, 3, 2)))


def test_radius_norm_and_transient_growth_of_a_nonnormal_map():
    r, c = 0.9, 5.0
    s = map_size([[r, c], [0.0, r]], gradients=6)
    # ||M^t|| of [[r^t, t r^(t-1) c], [0, r^t]]: the larger singular value, by its closed form
    a, b = r ** np.arange(400), np.arange(400) * r ** (np.arange(400) - 1.0) * c
    sizes = (b + np.sqrt(b**2 + 4 * a**2)) / 2
    assert s.transient == pytest.approx(sizes.max(), rel=1e-12) and s.transient_at == sizes.argmax()
    assert s.norm == pytest.approx(sizes[1], rel=1e-12)
    assert abs(s.radius - r) <= s.radius_error < 1e-5 and s.verdict == "contracts"
    assert s.per_gradient == pytest.approx(r ** (1 / 6), rel=1e-6)


def test_maps_on_the_edge_and_beyond():
    assert map_size(np.diag([0.5, -1.2])).verdict == "grows"
    assert map_size(np.diag([0.5, -1.2])).transient == np.inf
    edge = map_size([[1.0, 1.0], [0.0, 1.0]], horizon=50)
    assert edge.verdict == "cannot tell" and "within its error of 1" in edge.reason
    slow = map_size([[0.999, 10.0], [0.0, 0.99]], horizon=5)
    assert slow.verdict == "cannot tell" and "no power up to 5" in slow.reason
    assert map_size(np.zeros((2, 2))).radius == 0.0
    with pytest.raises(ValueError, match="matrix must satisfy"):
        map_size([[np.nan]])
    assert module.LEAST_ROWS == 8
