"""The explorers' numbers against the library, and against what is known by hand."""

import numpy as np
import pytest

from nala_lab.methods.hyper import PROBES
from nala_lab.reference import NALA, SGD, AdaLA, HeavyBall, OuterMomentum, family, run
from nala_lab.theory import eq5, momentum_cycle, stochastic
from nala_lab.theory.quadratic_rate import rate_per_gradient
from nala_lab.widgets import AveragingExplorer, NoiseExplorer, TrajectoryExplorer
from nala_lab.widgets.averaging_explorer import AveragingSettings, averaging_view
from nala_lab.widgets.family_explorer import PRESETS, FamilySettings, family_view, points
from nala_lab.widgets.modes import SPECTRA
from nala_lab.widgets.noise_explorer import NoiseSettings, noise_view
from nala_lab.widgets.planes import PLANES, first_lr, problem
from nala_lab.widgets.probe_explorer import ProbeSettings, probe_view
from nala_lab.widgets.rate_explorer import INSIDE, LR_AXIS, MU_AXIS, RateExplorer, RateSettings, rate_view, roots
from problems import PROBLEMS
from tests.refusals import refused


@pytest.mark.parametrize("inner", INSIDE)
@pytest.mark.parametrize("alpha", [0.0, 0.7])
def test_map_roots_and_decay_agree(inner, alpha):
    """The map at a grid point, the theory's own radius, and a run that sees no theory: three ways to one rate."""
    row, column = 31, 42
    s = RateSettings(inner=inner, lr=float(LR_AXIS[column]), mu=float(MU_AXIS[row]), alpha=alpha, k=3, beta=0.6)
    view = rate_view(s)
    lam = np.geomspace(1 / s.kappa, 1.0, 8)
    # the matrix at one mu is interpolated between two: a few roundings of numbers below 10
    assert abs(view.rates[row, column] - view.numbers["rate per cycle"]) < 1e-12
    if inner == "gradient descent":
        per_gradient = rate_per_gradient(lam, lr=s.lr, k=3, mu=s.mu, alpha=alpha).max()
        assert abs(per_gradient - view.numbers["rate per gradient"]) < 1e-12
    else:
        kind = {"heavy ball": "heavy-ball", "NAG": "nag"}[inner]
        O = momentum_cycle.cycle_matrix(lam, lr=s.lr, beta=0.6, k=3, mu=s.mu, alpha=alpha, kind=kind)  # noqa: E741
        # a double root is known to the square root of a rounding only
        assert np.allclose(np.abs(roots(lam, s)).max(axis=-1), momentum_cycle.spectral_radius(O), atol=1e-7)
    # 30 cycles of 4 steps in 8 dimensions; errors down to 1e-8 of points of size 3: 1e-16 * 120 * 3 / 1e-8
    assert view.numbers["largest gap"] < 1e-5


def test_the_parity_surprise_is_on_the_map():
    stable = {k: rate_view(RateSettings(lr=2.1, k=k, mu=-0.5, kappa=30.0)).numbers["rate per cycle"] for k in (4, 5)}
    assert stable[5] < 1 < stable[4]


def test_a_run_that_diverges_is_told_with_its_mode():
    view = rate_view(RateSettings(lr=3.0, mu=0.5))
    assert "stiff mode" in view.message and len(view.measured) >= 2


@pytest.mark.parametrize("mu", [-1.0, -0.5, 0.0, 0.3, 1.2])
def test_weights_are_eq5_and_rebuild_the_run(mu):
    view = averaging_view(AveragingSettings(mu=mu, t=7, alpha=0.2))
    w = eq5.weights(7, mu)
    assert np.array_equal(view.weights, [*w.fast[::-1], w.start])
    # a sum of 8 terms that are at most 1e4: roundings only
    assert np.allclose(view.rebuilt, view.slow[1:], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("mu", [-0.5, 0.4])
def test_the_word_changes_as_mu_crosses_zero(mu):
    assert averaging_view(AveragingSettings(mu=mu)).message.startswith("Inter" if mu < 0 else "Extra")


@pytest.mark.parametrize("settings", [{}, {"outer": "last", "alpha": 0.6}, {"model": "random minimum", "mu": 0.3}])
def test_the_cloud_lies_around_the_exact_line(settings, seed):
    view = noise_view(NoiseSettings(**settings, seed=seed, chains=400, lr=0.6))
    error = view.cloud.std(axis=1, ddof=1) / 20
    # every row at once: 4.4 standard errors at 20 rows is a false alarm of about 1 in 5,000 for a normal mean
    assert (np.abs(view.cloud.mean(axis=1) - view.exact)[1:] < 4.4 * error[1:]).all()


def test_the_long_run_is_the_end_of_a_very_long_run():
    s = NoiseSettings(cycles=400, chains=2, lr=0.5)
    view = noise_view(s)
    # the mean dies as 0.97**(2 t): less than 1e-9 of the level after 400 cycles
    assert abs(view.exact[-1] / view.numbers["in the long run"] - 1) < 1e-6


_FORGETS = "a root of size 1, so a part of the start is never forgotten"


@pytest.mark.parametrize(
    ("view", "settings", "words"),
    [
        # (1 - 6 lam)(1 - lam) is -1.0356 at 30^(-1/7), the last but one of 8 modes, and less than 1 at both ends
        (rate_view, RateSettings(k=1, mu=0.0, alpha=6.0), "the mode with lam = 0.615 L has a root of size 1.036"),
        (rate_view, RateSettings(lr=2.4), "the stiff mode (lam = L) has a root"),
        (rate_view, RateSettings(mu=-1.0), "a root of size 1, so its error does not shrink"),
        (noise_view, NoiseSettings(mu=-1.0), f"{_FORGETS}."),
        (noise_view, NoiseSettings(lr=2.0, k=1, mu=0.0, sigma=0.0), f"{_FORGETS}."),  # the loss stays at 0.5
        (noise_view, NoiseSettings(lr=2.0, k=2, mu=0.0), f"{_FORGETS}, and the noise"),
        (noise_view, NoiseSettings(lr=2.0, k=5), "settles at"),
        (family_view, FamilySettings(nu=0.0), "never forgotten (a root of size 1)"),
    ],
)
def test_the_sentence_names_the_mode_and_tells_growth_from_standing_still(view, settings, words):
    message = view(settings).message
    assert words in message and "iverges" not in message


def test_no_contraction_has_no_long_run():
    view = noise_view(NoiseSettings(lr=2.4, mu=0.4))
    assert np.isnan(view.numbers["in the long run"]) and view.message.startswith("Diverges")
    with pytest.raises(ValueError, match="spectral radius"):
        stochastic.stationary(stochastic.cycle([[1.0]], [[1.0]], lr=2.4, k=5, mu=0.4, alpha=0.0))


@pytest.mark.parametrize("denominator", ["hat", "raw"])
@pytest.mark.parametrize("probe", PROBES)
def test_the_probe_explorer_takes_adala_steps_and_theory_knows_the_first(probe, denominator):
    s = ProbeSettings(probe=probe, denominator=denominator, lr=0.05, eps=1e-6, steps=6, at=6)
    view = probe_view(s)
    method = AdaLA(lr=0.05, eps=1e-6, probe=probe, denominator=denominator)
    t = run(method, problem("valley").grad, [s.x1, s.x2], steps=6)
    rows = len(view.path)  # the explorer ends a run that is far outside, run() goes on
    assert np.array_equal(view.path, t.x[:rows]) and rows > 2
    if t.probes is not None:
        assert np.array_equal(view.probes, t.probes[: rows - 1])
    first = probe_view(ProbeSettings(**{**vars(s), "at": 1})).numbers
    for x in ("x1", "x2"):
        # adala_first_step and a step of the twin: a dozen roundings each of numbers near 1
        assert abs(first[f"step {x}"] - first[f"theory {x}"]) < 1e-12 * max(1, abs(first[f"step {x}"]))


@pytest.mark.parametrize("name", PRESETS)
def test_a_method_of_the_family_stands_at_its_point_and_makes_the_same_run(name):
    s = FamilySettings(**PRESETS[name])
    assert name in points(s)
    inner, q = SGD(lr=s.lr), problem("bowl")
    ours = OuterMomentum(inner, k=s.k, nu=s.nu, beta=s.beta, style=s.style, alpha=s.alpha)
    for other, parameters in points(s).items():
        theirs = family(other, inner, **parameters)
        a, b = (run(m, q.grad, [2.0, 1.0], cycles=5).slow for m in (ours, theirs))
        # nu = 1 + mu is rounded once on one side
        assert np.allclose(a, b, rtol=1e-14, atol=1e-14), other


@pytest.mark.parametrize("style", ["nesterov", "heavy-ball"])
def test_the_outer_momentum_decays_as_predicted(style):
    view = family_view(FamilySettings(style=style, alpha=0.3, k=3, nu=0.9, beta=0.4))
    assert view.numbers["largest gap"] < 1e-6 and view.numbers["rate per cycle"] < 1


def test_the_tuned_point_has_the_tuned_rate():
    tuned = family_view(FamilySettings()).numbers
    there = family_view(FamilySettings(nu=tuned["tuned nu"], beta=tuned["tuned beta"]))
    # T23's rate is a double root: the square root of a rounding
    assert abs(there.numbers["rate per cycle"] - tuned["tuned rate"]) < 1e-6


def test_planes_are_all_problems_in_two_dimensions():
    assert set(PLANES) - {"bowl", "valley"} == {name for name, make in PROBLEMS.items() if make().dim == 2}
    assert np.array_equal(problem("beale", moved=True).minimizers, PROBLEMS["beale"]().minimizers)


def test_step_sizes_that_suit_do_not_diverge_with_momentum():
    lr = first_lr("Heavy ball", "Adam", "valley")
    t = run(NALA(HeavyBall(lr=lr), k=5, mu=-0.5, alpha=lr), problem("valley").grad, [1.7, 0.1], cycles=30, tol=0.0)
    assert t.outcome != "diverged"


def test_the_measured_spectrum_has_its_own_kappa():
    even, lenet = (rate_view(RateSettings(lr=0.9, spectrum=kind)) for kind in SPECTRA)
    lam = RateSettings(spectrum="LeNet-5").lam
    assert lam[-1] == 1 and np.all(np.diff(lam) > 0) and len(lam) == len(RateSettings().lam)
    assert lenet.numbers["largest gap"] < 1e-9  # the twin sees no theory
    other = rate_view(RateSettings(lr=0.9, spectrum="LeNet-5", kappa=7.0))
    assert np.array_equal(other.rates, lenet.rates) and not np.array_equal(even.rates, lenet.rates)
    explorer = RateExplorer(spectrum="LeNet-5")
    assert "kappa" in explorer.idle(RateSettings(spectrum="LeNet-5"))


@pytest.mark.parametrize("model", ["constant", "random minimum"])
def test_the_cloud_lies_around_the_exact_line_on_lenets_spectrum_too(model, seed):
    view = noise_view(NoiseSettings(spectrum="LeNet-5", model=model, seed=seed, chains=400, lr=0.6, sigma=0.3))
    assert abs(view.numbers["z-score"]) < 4.5


def test_a_spectrum_that_was_not_measured_is_one_sentence():
    with pytest.raises(ValueError, match="spectrum in"):
        noise_view(NoiseSettings(spectrum="AlexNet"))
    with pytest.raises(ValueError, match="spectrum in"):
        rate_view(RateSettings(spectrum="AlexNet"))


def test_what_leaves_the_panel_is_no_plateau_in_it():
    falls = NoiseExplorer(sigma=0.0, lr=1.0, mu=0.0, cycles=40)
    drawn, (bottom, _) = falls.picture._exact.get_ydata(), falls.picture._falls.get_ylim()
    assert falls.view.exact[-1] < 1e-9 and drawn[-1] < bottom
    grows = NoiseExplorer(lr=2.5, k=12, cycles=40)
    assert grows.picture._exact.get_ydata()[-1] > grows.picture._falls.get_ylim()[1]


test_an_explorer_says_what_it_cannot_show = refused(
    (lambda: TrajectoryExplorer(problem="bowl", inner="NALA"), "inner must satisfy .* got inner='NALA'"),
    (lambda: TrajectoryExplorer(problem="bowl", x1=1e200), "x1, x2 must satisfy a start where f is finite"),
    (lambda: AveragingExplorer(lr=5.0, t=40, k=20), "lr must satisfy a run that reaches t = 40"),
)
