"""Enclosures against exact rational cases, the badge rule, and bugs planted in both."""

from fractions import Fraction

import mpmath
import numpy as np
import pytest

from nala_lab.certify import badge, certify_quadratic, certify_radius
from nala_lab.certify import quadratic as module
from nala_lab.certify.badges import _verdict
from nala_lab.core import stream
from problems.checks import EPS
from tests.refusals import refused
from tests.verify.mutants import plant

pytest.importorskip("flint", reason="needs the extra 'certificates' (python-flint)")


def rational_rho(lam, lr, k, mu, alpha):
    return (1 - alpha * lam) * ((1 + mu) * (1 - lr * lam) ** k - mu)


@pytest.mark.parametrize("draw", range(20))
def test_a_point_is_enclosed_to_the_last_float(draw):
    rng = stream(0, "points", draw)
    lam, lr, alpha, mu = (Fraction(int(rng.integers(1, 40)), 20) for _ in range(4))
    mu, k = mu - 1, int(rng.integers(1, 9))
    truth = abs(rational_rho(lam, lr, k, mu, alpha))
    e = certify_quadratic(lr=lr, k=k, mu=mu, alpha=alpha, points=[lam])
    assert Fraction(e.lower) <= truth <= Fraction(e.upper)
    assert e.upper - e.lower <= 4 * np.spacing(max(e.upper, 1e-300))
    assert e.worst == lam and e.gradients == k + 1


@pytest.mark.parametrize("draw", range(12))
def test_an_interval_holds_the_largest_rate_of_every_point_of_it(draw):
    rng = stream(0, "interval", draw)
    twentieth = lambda low, high: Fraction(int(rng.integers(low, high)), 20)  # noqa: E731
    setting = dict(lr=twentieth(1, 40), k=int(rng.integers(1, 8)), mu=twentieth(-20, 20), alpha=twentieth(0, 60))
    low, high = Fraction(1, 20), Fraction(1)
    e = certify_quadratic(**setting, interval=(low, high))
    grid = [low + (high - low) * i / 400 for i in range(401)]
    largest = max(abs(rational_rho(lam, *(setting[n] for n in ("lr", "k", "mu", "alpha")))) for lam in grid)
    assert largest <= Fraction(e.upper)
    assert e.upper - e.lower <= 1.01e-6 * max(1, e.lower) and Fraction(e.lower) <= abs(rational_rho(e.worst, **setting))


@pytest.mark.parametrize("state", ("keep", "reset", "pullback"))
@pytest.mark.parametrize("inner", ("heavy-ball", "nag"))
def test_momentum_inside_agrees_with_the_eigenvalues_of_a_measured_cycle(inner, state):
    """The 2 x 2 matrix is extracted from a loop of this test by running it on basis states."""
    lam, lr, beta, mu, alpha, k = 0.7, 0.4, 0.8, -0.3, 0.5, 4

    def cycle(phi, v):
        x, start = phi, v
        for _ in range(k):
            at = x + beta * v if inner == "nag" else x
            v = beta * v - lr * lam * at
            x = x + v
        y = (1 + mu) * x - mu * phi
        v = {"keep": v, "reset": 0.0, "pullback": (1 + mu) * v - mu * start}[state]
        return (1 - alpha * lam) * y, v

    radius = np.abs(np.linalg.eigvals(np.transpose([cycle(1.0, 0.0), cycle(0.0, 1.0)]))).max()
    e = certify_quadratic(lr=lr, k=k, mu=mu, alpha=alpha, points=[lam], inner=inner, momentum=beta, inner_state=state)
    assert e.lower - 1e-13 <= radius <= e.upper + 1e-13  # eigenvalues in floats: some 100 roundings
    wide = certify_quadratic(lr=lr, k=k, mu=mu, alpha=alpha, interval=(0.1, lam), inner=inner, momentum=beta,
                             inner_state=state)  # fmt: skip
    assert wide.upper >= e.lower and wide.upper - wide.lower <= 1.01e-6


def test_verdicts_and_the_stability_limit():
    limit = Fraction(2)  # Lookahead, even k: lr lam < 2
    setting = dict(k=4, mu="-1/2", alpha=0, points=[1])
    assert certify_quadratic(lr=limit - Fraction(1, 10**12), **setting).verdict == "stable"
    assert certify_quadratic(lr=limit + Fraction(1, 10**12), **setting).verdict == "unstable"
    assert certify_quadratic(lr=limit, **setting).verdict == "cannot tell"
    low, high = certify_quadratic(lr="1/2", k=1, mu=0, alpha="1/2", points=[1]).per_gradient
    assert low <= 0.5 <= high and high - low < 1e-15


@pytest.mark.parametrize(
    "matrix, radius",
    [([[0.5, 1e6], [0.0, 0.5]], 0.5), ([[0.0, -0.9], [0.9, 0.0]], 0.9), ([[0, 1], [0, 0]], 0), ([[-2]], 2),
     ([["1/3", 5, 0], [0, "1/3", 5], [0, 0, "1/3"]], 1 / 3)],
)  # fmt: skip
def test_any_matrix_is_enclosed_even_a_defective_one(matrix, radius):
    e = certify_radius(matrix)
    assert e.lower <= radius + 1e-16 and e.upper >= radius - 1e-16
    assert e.upper - e.lower <= 1e-9


@pytest.mark.parametrize(
    "lr, k, alpha, interval, tol, width",
    [(1, 5, 1, ("1/10", 100), 1e-6, 1e-6), ("1/10", 5, "1/1000", (0, 10**9), 1e-6, 1e-6),
     (1, 5, "1/1000", ("1/10", 1), 1e-30, 4 * EPS), ("1/3", 2, "1/3", (8, 9), 1e-30, 4 * EPS),
     (1, 5, 1, (0, 10**100), 1e-6, np.inf)],
)  # fmt: skip
def test_the_split_ends_where_floats_are_too_coarse_for_the_width(lr, k, alpha, interval, tol, width):
    """One ulp of 4.7e11 is above 1e-6; 5, at lam = 9, has the two floats beside it; and (10^100)^6 is no float."""
    setting = [Fraction(x) for x in (lr, k, "-1/2", alpha)]
    truth = max(abs(rational_rho(Fraction(end), setting[0], k, *setting[2:])) for end in interval)  # at an end, in each
    e = certify_quadratic(lr=lr, k=k, mu="-1/2", alpha=alpha, interval=interval, tol=tol)
    assert Fraction(e.lower) <= truth and (e.upper == np.inf or truth <= Fraction(e.upper))
    assert e.parts < 1000 and e.upper - e.lower <= width * e.lower  # halving to 2^-192, the precision, takes 600


def test_numbers_of_numpy_are_the_numbers_they_are():
    setting = dict(lr=0.5, k=3, mu=-0.5, alpha=0.25, tol=1e-12)
    for kind in (np.int64, np.float32, np.float64):
        ends = np.array([1, 2], kind)
        assert certify_quadratic(**setting, points=ends) == certify_quadratic(**setting, points=[1, 2])
        narrow = {"lr": kind(1), "k": 3, "mu": kind(0), "alpha": kind(1), "interval": tuple(ends)}
        assert certify_quadratic(**narrow) == certify_quadratic(lr=1, k=3, mu=0, alpha=1, interval=(1, 2))


test_bad_settings_are_refused = refused(
    ({"mu": -2}, "-1 <= mu"), ({"k": 0}, "integer k >= 1"), ({"lr": float("nan")}, "finite number or fraction"),
    ({"interval": (1, 0)}, "0 <= low <= high"), ({"interval": None}, "one of the two"),
    ({"momentum": "1/2"}, "'gd'"), ({"inner": "adam"}, "inner in"), ({"alpha": "a third"}, "alpha must satisfy"),
    ({"alpha": "1/0"}, "finite number or fraction, got alpha"),
    ({"interval": 5}, "interval must satisfy two numbers (low, high), got interval=5"),
    ({"interval": (0, 1, 2)}, "two numbers (low, high), got interval=(0, 1, 2)"),
    ({"interval": "01"}, "two numbers (low, high), got interval='01'"),
    ({"interval": None, "points": 1}, "points must satisfy a list of values, got points=1"),
    ({"interval": None, "points": "12"}, "a list of values, got points='12'"),
    call=lambda change: certify_quadratic(**(dict(lr=1, k=3, mu=0, alpha=1, interval=(0, 1)) | change)),
)  # fmt: skip


SETTINGS = [
    dict(lr=1.0, k=5, mu=-0.5, alpha=0.001),
    dict(lr=1.5, k=5, mu=-0.01, alpha=20.0),
    dict(lr=0.2, k=5, mu=-0.5, alpha=1.0, inner="heavy-ball", momentum=0.9),
]


@pytest.mark.parametrize("twin", ("numpy", "torch"))
@pytest.mark.parametrize("setting", SETTINGS, ids=str)
def test_measured_rates_stay_below_the_certificate_and_the_worst_mode_attains_it(setting, twin):
    if twin == "torch":
        pytest.importorskip("torch")
    earned = badge(twin, **setting, interval=(0.05, 1.0), runs=1)
    assert earned.verdict == "certified", earned
    assert 0.99 * earned.enclosure.lower <= earned.attained <= earned.enclosure.upper + 1e-11


def test_no_badge_without_stability_and_rules_of_the_verdict():
    e = certify_quadratic(lr=1, k=3, mu=0, alpha=1, interval=("1/10", 1))
    assert badge("numpy", lr=2.3, k=5, mu=-0.5, alpha=0.0, interval=(0.1, 1.0), runs=1).verdict == "not stable"
    unproved = dict(lr=1, k=3, mu="-1/2", alpha="29999999/10000000", interval=("1/2", 1))  # the largest is 1 - 5e-8
    assert badge("numpy", **unproved, runs=1).verdict == "cannot tell"
    with pytest.raises(ValueError, match="interval must satisfy two numbers"):
        badge("numpy", lr=1.0, k=5, mu=-0.5, alpha=0.0, interval=5)
    with pytest.raises(ValueError, match="another map"):
        badge("torch", lr=0.2, k=4, mu=0.2, alpha=1.0, inner="nag", momentum=0.9, interval=(0.3, 1.0))
    with pytest.raises(ValueError, match="integer runs >= 1, got runs=0"):
        badge("numpy", lr=1.0, k=5, mu=-0.5, alpha=0.0, interval=(0.1, 1.0), runs=0)
    assert _verdict(e, [e.upper, e.upper + 1e-6]) == "exceeded"
    assert _verdict(e, [0.98 * e.lower, e.lower]) == "not attained"
    assert _verdict(e, [e.lower, float("nan")]) == "cannot tell"


def test_a_badge_takes_the_exact_numbers_of_a_certificate():
    halves = dict(lr=0.5, k=3, mu=-0.5, alpha=0.25, interval=(0.125, 1.0), runs=2)
    words = dict(lr="1/2", k=3, mu=Fraction(-1, 2), alpha="0.25", interval=("1/8", 1), runs=2)
    assert badge("numpy", **words) == badge("numpy", **halves)


def test_planted_bugs_are_caught(monkeypatch):
    """A twin that takes its outer step uphill exceeds the certificate; a wrong sign of mu in the bound is exposed."""
    from nala_lab.reference import NALA

    with monkeypatch.context() as patch:
        plant(patch, NALA.cycle, "y - self.alpha * outer_grad", "y + self.alpha * outer_grad")
        assert badge("numpy", lr=0.5, k=3, mu=-0.5, alpha=0.3, interval=(0.1, 1.0), runs=1).verdict == "exceeded"
    with monkeypatch.context() as patch:
        plant(patch, module._cycle_map, "first = c * (s * p[0, 0] - mu)", "first = c * (s * p[0, 0] + mu)")
        with pytest.raises(AssertionError):
            test_momentum_inside_agrees_with_the_eigenvalues_of_a_measured_cycle("nag", "keep")


@pytest.mark.parametrize("where", (dict(points=["3"]), dict(interval=("3", "3"))))
@pytest.mark.parametrize("setting", (dict(mu=0, alpha=0), dict(mu="-1/2", alpha="1/3")))
def test_a_mode_that_vanishes_has_a_rate_of_zero(where, setting):
    """lr lam = 1 in thirds, which no ball holds exactly: the ball around 0 reaches below it."""
    e = certify_quadratic(lr="1/3", k=2, **setting, **where)
    assert e.lower == 0.0 and 0 <= e.upper < 1e-50
    assert e.per_gradient[0] == 0.0 and 0 <= e.per_gradient[1] < 1e-16


def test_the_bounds_per_gradient_enclose_the_root():
    """The rate of a cycle is (1e-20)^5 exactly; its sixth root is 10^(-100/6)."""
    e = certify_quadratic(lr=1 - Fraction(1, 10**20), k=5, mu=0, alpha=0, points=[1])
    low, high = e.per_gradient
    root = mpmath.mpf(10) ** (-mpmath.mpf(100) / 6)
    assert low <= root <= high < low * (1 + 1e-12)
