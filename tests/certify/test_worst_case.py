"""Semidefinite worst cases: T21's and T22's numbers, the worst function run by both twins, and the extraction."""

from fractions import Fraction

import numpy as np
import pytest

from nala_lab.certify import worst_case
from nala_lab.certify.extract import rounded
from nala_lab.theory import worst_functions as formulas
from nala_lab.theory.counterexamples import COUNTEREXAMPLES
from nala_lab.verify import run_checks
from tests.refusals import refused
from tests.verify.mutants import plant

needs_pepit = [pytest.importorskip(name, reason="needs the extra 'certificates'") for name in ("PEPit", "clarabel")]
SDP = 2e-4  # theory.md 8: the solver works to 1e-7 on the Gram scale; observed 2e-6 at worst
# PEPit multiplies 0-dimensional arrays in a way that newer NumPy and cvxpy warn about; nothing of ours.
pytestmark = pytest.mark.filterwarnings("ignore:Solution may be inaccurate")


def check_certificate(w, predicted):
    assert w.dual == pytest.approx(predicted, rel=SDP)
    assert abs(w.gap) <= 1e-6 and 0 <= w.residual <= 1e-5  # of numbers near 1
    assert w.slack >= -1e-6


@pytest.mark.parametrize("measure", ("distance", "value"))
def test_a_small_worst_case_is_certified_and_its_function_attains_it_in_both_twins(measure):
    setting = dict(L=1.0, lr=1.0, k=2, mu=-0.5, alpha=1.0)
    if measure == "distance":
        w = worst_case(**setting, m=0.1)
        check_certificate(w, formulas.distance_factor(**setting, m=0.1) ** 2)
    else:
        w = worst_case(**setting, cycles=2, measure="value")
        check_certificate(w, formulas.value_bound(**setting, cycles=2))
    for twin in ("numpy", "torch"):
        assert w.replay(twin) == pytest.approx(w.primal, rel=SDP), twin
    assert w.function.value(np.stack([w.start, 2 * w.start])).shape == (2,)  # to be plotted anywhere
    np.testing.assert_allclose(w.function.grad(w.points), w.grads, atol=1e-3)  # sqrt of the solver's 1e-8, times 10


def test_a_setting_in_fractions_is_that_in_floats():
    floats = dict(L=2.0, m=0.25, lr=0.5, k=2, mu=-0.5, alpha=0.25)
    words = {name: n if name == "k" else Fraction(n) for name, n in floats.items()}
    one, other = worst_case(**floats), worst_case(**words)
    assert one.value == other.value and one.slack == other.slack and one.replay() == other.replay()
    assert other.value == pytest.approx(formulas.distance_factor(**floats) ** 2, rel=SDP)


def test_a_planted_formula_is_caught(monkeypatch):
    """Planted: the rate with the outer step forgotten does not pass for the certificate."""
    setting = dict(L=1.0, lr=1.0, k=1, mu=-0.5, alpha=1.0)
    w = worst_case(**setting, m=0.1)
    with pytest.raises(AssertionError):
        check_certificate(w, formulas.distance_factor(**(setting | {"alpha": 0.0}), m=0.1) ** 2)


test_bad_settings_are_refused_before_the_solver_is_loaded = refused(
    ({"k": 0}, "integer k >= 1"), ({"mu": -2}, "-1 <= mu"), ({"m": 1.0}, "m must satisfy"),
    ({"measure": "speed"}, "measure in"), ({"against": "adam"}, "None or 'lookahead'"), ({"lr": -1}, "lr must"),
    call=lambda change: worst_case(**(dict(L=1.0, lr=1.0, k=2, mu=-0.5, alpha=1.0) | change)),
)  # fmt: skip


def test_broken_twins_break_the_bound(monkeypatch):
    """Planted: the outer step uphill breaks T21, and the wrong sign of mu breaks V06 and T21."""
    from nala_lab.reference import NALA

    plant(monkeypatch, NALA.cycle, "y - self.alpha * outer_grad", "y + self.alpha * outer_grad")
    rows = run_checks(["T21", "T22", "V06"], twins=["numpy"])
    assert {row.id for row in rows if row.verdict == "fail"} == {"T21", "T22", "V06"}


@pytest.mark.slow
@pytest.mark.parametrize("k", (1, 2, 3))
@pytest.mark.parametrize("mu, alpha", [(-0.5, 1.0), (-0.5, 0.0), (0.0, 1.0), (-0.9, 0.3)])
def test_theorem_a_is_the_certificate(mu, alpha, k):
    for L, m, lr in ((1.0, 0.1, 1.0), (2.0, 0.6, 0.7)):
        setting = dict(L=L, m=m, lr=lr, k=k, mu=mu, alpha=alpha / L)
        w = worst_case(**setting)
        check_certificate(w, formulas.distance_factor(**setting) ** 2)
        print(f"T21 {setting}: {w.dual:.7f}, formula {formulas.distance_factor(**setting) ** 2:.7f}, gap {w.gap:.1e}")


@pytest.mark.slow
@pytest.mark.parametrize("mu, k, cycles, alpha", formulas.CERTIFIED)
def test_formula_b_is_the_certificate_where_it_says_so(mu, k, cycles, alpha):
    setting = dict(L=1.0, lr=1.0, k=k, mu=mu, alpha=alpha, cycles=cycles)
    check_certificate(worst_case(**setting, measure="value"), formulas.value_bound(**setting))


@pytest.mark.slow
@pytest.mark.parametrize("k, alpha, ratio", [(3, 0.0, 1.058), (4, 0.1, 1.1426), (5, 1e-3, 1.5)])
def test_formula_b_is_no_upper_bound_elsewhere(k, alpha, ratio):
    setting = dict(L=1.0, lr=1.0, k=k, mu=-0.5, alpha=alpha, cycles=1)
    w = worst_case(**setting, measure="value")
    assert w.dual >= ratio * 0.999 * formulas.value_bound(**setting)
    assert w.dual >= formulas.value_lower_bound(**setting) * (1 - SDP)


@pytest.mark.slow
@pytest.mark.parametrize("k, squared", [(1, 0.585225), (2, 0.414092), (3, 0.393939)])
def test_extrapolation_has_worst_cases_that_are_not_quadratic(k, squared):
    check_certificate(worst_case(L=1.0, m=0.1, lr=1.0, k=k, mu=0.5, alpha=1.0), squared)


@pytest.mark.slow
@pytest.mark.parametrize("m", (0.0, 0.1))
@pytest.mark.parametrize("k, cycles", [(1, 2), (2, 2), (3, 2), (1, 3), (2, 3), (3, 3)])
def test_no_function_makes_nalas_value_larger_within_three_cycles_of_averaging(k, cycles, m):
    for alpha in (0.1, 0.5, 1.0):
        w = worst_case(L=1.0, m=m, lr=1.0, k=k, mu=-0.5, alpha=alpha, cycles=cycles, measure="value",
                       against="lookahead")  # fmt: skip
        assert w.dual <= 1e-6, alpha


@pytest.mark.slow
@pytest.mark.parametrize("k, cycles, alpha, gap", [(3, 4, 0.05, 2.6e-4), (2, 5, 0.1, 4.4e-4)])
def test_some_function_does_so_after_more(k, cycles, alpha, gap):
    w = worst_case(L=1.0, lr=1.0, k=k, mu=-0.5, alpha=alpha, cycles=cycles, measure="value", against="lookahead")
    assert w.dual >= gap and w.slack >= -1e-7
    assert w.replay() >= gap * 0.95  # the function itself, L-smooth by construction, run by the reference twin


@pytest.mark.slow
@pytest.mark.parametrize("name", COUNTEREXAMPLES)
def test_a_counterexample_stays_below_the_worst_of_its_class(name):
    e = COUNTEREXAMPLES[name]
    setting = dict(L=1.0, m=float(e.function.m), lr=float(e.lr), k=e.k, mu=float(e.mu), alpha=float(e.alpha))
    w = worst_case(**setting, cycles=e.cycles, measure=e.measure, against="lookahead")
    assert 0 < float(e.gap) <= w.dual * (1 + SDP)


@pytest.mark.slow
def test_extraction_gives_an_exact_function_with_almost_the_same_gap():
    setting = dict(L=1.0, m=1e-3, lr=1.0, k=2, mu=0.5, alpha=0.5, cycles=2)
    w = worst_case(**setting, against="lookahead", margin=1e-4)
    with pytest.raises(ValueError, match="digits must satisfy"):
        rounded(w, -1)
    fine, _ = rounded(w, 25)  # beyond the integers of NumPy
    assert np.abs(fine.astype(float) - w.start).max() < 1e-15
    start, f = rounded(w, 4)
    e = COUNTEREXAMPLES["farther, mu>0"]
    mine = type(e)(e.name, "distance", e.k, e.mu, e.alpha, e.lr, e.cycles, f, start)
    assert mine.slack() >= 0 and f.value(0 * start) == 0
    assert float(mine.gap) == pytest.approx(w.dual, rel=5e-3)  # rounded at the fourth digit
