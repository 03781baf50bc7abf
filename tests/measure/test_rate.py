"""Measured rates: how often the interval covers, and that what cannot be told is not told."""

import re
from fractions import Fraction

import numpy as np
import pytest

from nala_lab.core import stream
from nala_lab.drive import Method, run
from nala_lab.measure import map_size, rate, rate_modes, rate_slope
from nala_lab.theory import quadratic_rate
from problems import Logistic
from tests.measure.rate_families import FAMILIES
from tests.tools.tree import ROOT
from tests.verify.mutants import plant

# The least share of the draws that must get a rate, so that "cannot tell" is no way out: a little below what 300 draws
# show, and two standard errors are left to chance. The families left out hold runs that nobody can tell: a slower mode
# that does not lead yet, curves, minimisers that are off.
LEAST_TOLD = {
    "normal": 0.95, "complex_pair": 0.85, "jordan": 0.85, "near_equal": 0.95, "momentum": 0.85, "noise_floor": 0.75,
    "multiplicative": 0.65, "hidden_many": 0.65, "logistic": 0.9, "float32_rows": 0.85, "standstill": 0.9,
    "correlated": 0.7, "scatter_about_a_line": 0.8, "mini_batches": 0.45, "growing": 0.9, "growing_run": 0.9,
    "values": 0.75, "steps_only": 0.85, "slow": 0.4, "hidden": 0.5, "adam_inside": 0.35, "rosenbrock_long": 0.2,
}  # fmt: skip
NOMINAL = 0.95
BENT = {"shrinking_steps"}  # no interval below 1 holds their rate: scatter may straighten as few as the level leaves


def coverage(name, draws):
    hits, told, widths = 0, 0, []
    for i in range(draws):
        path, how, truth = FAMILIES[name](stream(1, "rate coverage", name, i))
        e = rate(path, **how)
        if e.verdict == "estimated":
            told += 1
            hits += e.low <= truth <= e.high
            widths.append((e.high - e.low) / max(truth, 1e-300))
        else:
            assert np.isnan(e.rate) and ": " in e.reason  # what is wrong: what to do
    return hits, told, float(np.median(widths)) if widths else np.nan


def enough(told):
    """Least number of `told` intervals that must cover: nominal minus two standard errors."""
    return NOMINAL * told - 2 * (NOMINAL * (1 - NOMINAL) * told) ** 0.5


def honest(name, told, hits, draws):
    """Whether few enough of the told intervals miss, or, of what has no rate below 1, of all draws."""
    return told - hits <= (1 - NOMINAL) * draws if name in BENT else hits >= enough(told)


DRAWS = 300  # of the table in the docs


@pytest.mark.parametrize("draws", (12, pytest.param(DRAWS, marks=pytest.mark.slow)))
@pytest.mark.parametrize("name", FAMILIES)
def test_what_is_told_is_right(name, draws):
    hits, told, width = coverage(name, draws)
    row = [name, FAMILIES[name].__doc__.partition("\n")[0], told, hits]
    print(f"| {' | '.join(map(str, row))} |  of {draws}, median width {width:.1e}")
    least = LEAST_TOLD.get(name, 0.0)
    assert told >= least * draws - 2 * (least * (1 - least) * draws) ** 0.5
    assert honest(name, told, hits, draws)
    if draws == DRAWS:  # a run at the edge of a rule may fall to its other side with another machine's rounding
        written = {family: (int(told), int(hits)) for family, _, told, hits in DOCS}
        assert np.abs(np.subtract(written[name], (told, hits))).max() <= DRAWS // 100


DOCS = re.findall(r"^\| (\w+) \| (.+) \| (\d+) \| (\d+) \|$", (ROOT / "docs" / "rates.md").read_text("utf-8"), re.M)


def test_the_table_of_the_docs_has_every_family_and_none_that_misleads():
    assert [(name, text) for name, text, *_ in DOCS] == [
        (name, family.__doc__.partition("\n")[0]) for name, family in FAMILIES.items()
    ]
    assert all(honest(name, int(told), int(hits), DRAWS) for name, _, told, hits in DOCS)


SEEN = "amplitude > SURE * spread * np.linalg.norm(inverse, axis=1)"


@pytest.mark.parametrize(
    "function, old, new, name",
    [
        (rate_modes._judge, SEEN, "amplitude * np.abs(basis[-1]) > 1e-2", "hidden"),  # only modes that lead are seen
        (rate_modes._of_every, "SPREAD * float(np.abs(logs - best.log_rate).max())", "0.0", "jordan"),
        (rate_slope._doubt, "crossings < len(steps) // 10 or crossings < CROSSINGS", "False", "rosenbrock"),
        (rate_modes._doubt, "np.count_nonzero(apart < CROWD) > 2", "False", "smooth"),
        (rate, "fit.scatter and looks_sublinear(logs, fit.burn_in)", "False", "sublinear_scatter"),
        (rate_slope.looks_sublinear, "in SHRINKING", "in ()", "shrinking_steps"),
    ],
    ids=("slower mode", "spread", "curve", "crowd", "power", "shrinking"),
)
def test_a_rate_that_forgets_a_guard_is_caught(monkeypatch, function, old, new, name):
    plant(monkeypatch, function, old, new)
    hits, told, _ = coverage(name, 60)
    assert not honest(name, told, hits, 60), (hits, told)


def test_a_minimum_may_be_a_fraction():
    f = 1 / 3 + 0.5 ** np.arange(30.0)
    one, other = (rate(np.ones((30, 1)), values=f, minimum=least) for least in (Fraction(1, 3), 1 / 3))
    assert one.rate == other.rate == pytest.approx(0.5, rel=1e-6)


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


def in_turns(rows):
    """0.97^t, and in every other row 0.99^t as well."""
    t = np.arange(rows)
    return 0.97**t + (t % 2) * 0.99**t


@pytest.mark.parametrize(
    "rows, words",
    [
        (0.9 ** ROWS[:6], "too short: 6 rows can be used, 8 are needed: run at least 2 rows longer"),
        (1.0 + 1e-9 * 0.01 ** ROWS[:30], "the run meets the rounding of float64: 3 rows can be used"),
        ((1.0 + 1e-3 * 0.5 ** ROWS[:40]).astype(np.float32), "the rounding of float32: 7 rows .* give float64 rows"),
        (1 / (1 + ROWS), "changes smoothly: run 200 rows longer"),
        (np.where(ROWS > 150, np.nan, 0.9**ROWS), "left the numbers after 151 rows without growing: look at row 151"),
        (1e-3 * stream(0, "floor").normal(size=200), "no decay or growth beyond the scatter"),
        (0.8 ** ROWS[:40] + 1e-7 * 0.99 ** ROWS[:40], "slower mode, 0.99 per row, .*: run 42 rows longer"),
        (0.9999 ** ROWS, "changed by less than 30% looks straight anyway: run 2... rows longer"),
        (0.7 ** ROWS[:120] + 1e-6, "if it stands still, the minimizer or minimum given is off"),
        # projected or thresholded steps end at the minimiser: 0.9 is not how
        (np.where(ROWS < 20, 0.9**ROWS, 0.0), "falls, in one row as in none before, .*: look at row 20"),
        (0.0 * ROWS, "0 rows can be used, 8 are needed: start farther away"),
        (in_turns(401), "a slower mode, 0.99 per row"),  # every second row is looked at, and those hold 0.97 alone
        (in_turns(1202), "rows 4 apart move otherwise than those between them: look at rows"),
        (in_turns(1000), "the slope of log distance"),
        (in_turns(2000), "rows 2 apart fall at another rate than those between them: run 2000 rows longer"),
        (1e20 ** ROWS[:9], "a row leaves the numbers, or 1e.100: 6 rows can be used, 8 are needed: look at row 6"),
    ],
)
def test_what_cannot_be_told_is_said_so_with_what_to_do(rows, words):
    e = rate(rows[:, None], minimizer=[1.0] if rows[-1] == 1.0 else [0.0])
    assert e.verdict == "cannot tell" and np.isnan(e.rate)
    assert re.search(words, e.reason), e.reason


def test_a_mode_that_is_in_every_other_row_is_seen_in_a_long_run():
    e = rate(in_turns(402)[:, None], minimizer=[0.0])
    assert e.verdict == "estimated" and e.low <= 0.99 <= e.high and e.burn_in >= 2


def test_a_rate_that_takes_one_row_of_two_for_all_is_caught(monkeypatch):
    plant(monkeypatch, rate_modes._hold_between, "return False", "return True")
    e = rate(in_turns(401)[:, None], minimizer=[0.0])
    assert e.verdict == "estimated" and e.high < 0.99  # in every other row 0.99^t is all that is left


def test_thousands_of_coordinates_are_measured_by_their_few_modes():
    """d = 2000, every coordinate a mode of its own: 2000 modes, of which the slowest leads at the end."""
    rng = stream(0, "wide")
    lam = np.r_[0.97, rng.uniform(0, 0.9, 1999)]
    rows = rng.normal(size=2000) * lam ** np.arange(400)[:, None]
    e = rate(rows, minimizer=np.zeros(2000))
    assert e.verdict == "estimated" and e.low <= 0.97 <= e.high and e.high - e.low < 1e-3


def test_the_advice_to_run_longer_is_enough():
    t = ROWS[: 40 + 42]
    e = rate((0.8**t + 1e-7 * 0.99**t)[:, None], minimizer=[0.0])
    assert e.rate == pytest.approx(0.99, rel=1e-9)


def test_a_run_that_grows_is_measured_on_the_rows_before_the_limit():
    t = run("numpy", Method("SGD", lr=30.0), lambda x: x, [1.0], steps=200)
    assert t.outcome == "diverged"
    assert rate(t, minimizer=[0.0]).rate == pytest.approx(29.0, rel=1e-9)
    assert rate(t).rate == pytest.approx(29.0, rel=1e-9)
    assert rate(1.1 ** ROWS[:50, None], minimizer=[0.0]).rate == pytest.approx(1.1, rel=1e-9)


@pytest.mark.parametrize(
    "change, words",
    [({"level": 1.0}, "level must"), ({"minimizer": [0.0, 0.0]}, "minimizer must"),
     ({"values": [1.0], "minimizer": None}, "values must"),
     ({"minimizer": [np.nan]}, "minimizer must satisfy finite"), ({"minimum": np.inf}, "minimum must"),
     ({"minimum": 10**400}, "minimum must"),
     ({"minimum": 1.0}, "minimum must satisfy left out without values"),
     ({"values": 0.9**ROWS[:40]}, "minimizer must satisfy left out with values"),
     ({"values": np.ones(40, complex), "minimizer": None}, "values must satisfy real numbers")],
)
def test_bad_input_is_refused(change, words):
    with pytest.raises(ValueError, match=words):
        rate(0.9 ** ROWS[:40, None], **({"minimizer": [0.0]} | change))
    for rows in (np.ones((10, 3, 2)), np.ones((10, 0))):
        with pytest.raises(ValueError, match="shape .rows, d."):
            rate(rows)
    for rows in (np.ones((10, 3), complex), [[10**400]] * 10, [[1.0], [1.0, 2.0]], "abc"):
        with pytest.raises(ValueError, match="trajectory must satisfy real numbers"):
            rate(rows)


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


def test_the_size_of_a_map_in_float32_is_measured_in_float64():
    axes = np.linalg.qr(stream(0, "float32 map").normal(size=(6, 6)))[0]
    m = ((axes * np.r_[1 - 3e-7, np.arange(0.1, 0.6, 0.1)]) @ axes.T).astype(np.float32)
    assert map_size(m) == map_size(m.astype(np.float64))


def test_maps_on_the_edge_and_beyond():
    assert map_size(np.diag([0.5, -1.2])).verdict == "grows"
    assert map_size(np.diag([0.5, -1.2])).transient == np.inf
    edge = map_size([[1.0, 1.0], [0.0, 1.0]], horizon=50)
    assert edge.verdict == "cannot tell" and "within its error of 1" in edge.reason
    slow = map_size([[0.999, 10.0], [0.0, 0.99]], horizon=5)
    assert slow.verdict == "cannot tell" and "no power up to 5" in slow.reason
    assert map_size(np.zeros((2, 2))).radius == 0.0
    huge = map_size([[0.5, 1e200, 0], [0, 0.5, 1e200], [0, 0, 0.5]])  # its square is no number
    assert huge.verdict == "cannot tell" and huge.transient == 1e200
    with pytest.raises(ValueError, match="matrix must satisfy"):
        map_size([[np.nan]])
