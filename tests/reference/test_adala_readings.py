"""Each reading of Algorithm 3: where it probes, what it spends, which mini-batch it uses, what it keeps."""

import numpy as np
import pytest

from nala_lab.core import stream
from nala_lab.methods.hyper import PROBES
from nala_lab.reference import AdaLA, run
from problems import Rastrigin

EPS = np.finfo(float).eps
LR, B1, B2, E = 0.05, 0.6, 0.8, 0.03
G = np.array([0.7, -1.9])  # the gradient at the start
X0 = np.array([2.0, -1.0])


def bent(x):
    """A gradient that is G at X0 and changes with x, differently in each coordinate."""
    return G + np.array([1.5, 4.0]) * (x - X0) + 0.3 * (x - X0) ** 2


def first_displacements():
    """The first trial step by hand: m_hat_1 = g whatever beta1, and m_1 = (1 - beta1) g."""
    residual = B1 * G  # g - m_1
    belief_hat = np.sqrt(((1 - B2) * residual**2 + E) / (1 - B2)) + E
    return {
        "own": -LR * G / belief_hat,
        "code": -LR * G / belief_hat,
        "adabelief": -LR * G / belief_hat,
        "grad": -LR * G,
        "adam": -LR * G / (np.abs(G) + E),
        "self": -LR * G / (np.sqrt(E / (1 - B2)) + E),
    }


@pytest.mark.parametrize("probe", sorted(first_displacements()))
def test_the_first_probe_is_where_the_reading_says(probe):
    t = run(AdaLA(lr=LR, betas=(B1, B2), eps=E, probe=probe), bent, X0, steps=1)
    want = X0 + first_displacements()[probe]
    assert np.abs(t.probes[0] - want).max() <= 16 * EPS * 3  # about ten roundings of numbers below 3
    assert np.array_equal(t.probe_grads[0], bent(t.probes[0]))


@pytest.mark.parametrize("probe", sorted(set(first_displacements()) - {"code"}))
def test_the_first_step_divides_by_the_change_of_the_gradient(probe):
    t = run(AdaLA(lr=LR, betas=(B1, B2), eps=E, probe=probe), bent, X0, steps=1)
    change = G - bent(X0 + first_displacements()[probe])
    want = X0 - LR * G / (np.sqrt(change**2 + E / (1 - B2)) + E)
    assert np.abs(t.x[1] - want).max() <= 64 * EPS * 3  # the change of the gradient loses a few digits


def test_the_probe_differs_between_readings_from_the_second_step_on():
    paths = {p: run(AdaLA(lr=LR, betas=(B1, B2), eps=E, probe=p), bent, X0, steps=4).x[-1] for p in PROBES}
    assert len({tuple(x) for x in paths.values()}) == len(PROBES)


def test_what_each_reading_spends():
    for probe in PROBES:
        t = run(AdaLA(lr=LR, betas=(B1, B2), eps=E, probe=probe), bent, X0, steps=3)
        if probe == "implicit":
            assert t.grad_evals > 6
        else:
            assert t.grad_evals == (3 if probe == "lagged" else 6)


def test_the_implicit_probe_is_the_step_it_leads_to():
    for batch in ("same", "next"):
        method = AdaLA(lr=LR, betas=(B1, B2), eps=E, probe="implicit", probe_batch=batch)
        t = run(method, bent, X0, steps=4)
        # the sweeps stop at a relative change of 1e-13; the probe and the step differ by one more sweep
        assert np.abs(t.probes - t.x[1:]).max() <= 1e-11


def test_an_implicit_probe_that_is_no_fixed_point_is_said():
    """Rastrigin's ripple at a long step: the sweeps go round in circles between two wells."""
    with pytest.warns(RuntimeWarning, match=r"no fixed point in 200 sweeps at step \d+: the last is taken"):
        run(AdaLA(lr=1.0, probe="implicit", probe_batch="same"), Rastrigin(1).grad, [3.3], steps=40)


def test_the_implicit_first_step_is_a_geometric_mean_when_eps_is_negligible():
    # f = a x^2 / 2: p = lr g / (a p), so p = sqrt(lr x_0), whatever a
    for a in (0.5, 40.0):
        t = run(AdaLA(lr=1e-3, eps=1e-30, probe="implicit"), lambda x, a=a: a * x, [0.9], steps=1)
        assert abs(t.x[0, 0] - t.x[1, 0] - np.sqrt(1e-3 * 0.9)) <= 1e-10  # fixed point to 1e-13, conditioned by 1/p


@pytest.mark.parametrize("batch", ["next", "same"])
def test_the_implicit_probe_sweeps_on_one_mini_batch(batch):
    drawn = []

    def noisy(x, rng):
        drawn.append(rng.normal(size=2))
        return bent(x) + 0.1 * drawn[-1]

    method = AdaLA(lr=LR, betas=(B1, B2), eps=E, probe="implicit", probe_batch=batch)
    t = run(method, noisy, X0, steps=3, rng=stream(0, "implicit"))
    assert t.grad_evals > 6  # several sweeps a step
    # each step draws the mini-batch of g_t and, with "next", one more: every sweep repeats that one
    count = 3 * (2 if batch == "next" else 1)
    fresh = stream(0, "implicit").normal(size=(count, 2))
    assert np.array_equal(np.unique(drawn, axis=0), np.unique(fresh, axis=0))


def test_lagged_uses_the_gradient_before():
    t = run(AdaLA(lr=LR, betas=(0.0, 0.0), eps=E, probe="lagged"), bent, X0, steps=3)
    before = np.zeros(2)
    for x, nxt in zip(t.x[:-1], t.x[1:], strict=True):
        want = x - LR * bent(x) / (np.sqrt((before - bent(x)) ** 2 + E) + E)
        assert np.abs(nxt - want).max() <= 16 * EPS * 3
        before = bent(x)


def test_code_counts_two_steps_and_keeps_the_trial_moments():
    method = AdaLA(lr=LR, betas=(B1, B2), eps=E, probe="code")
    _, state = method.step(X0, bent, method.init(X0))
    assert state.t == 2
    trial_m = (1 - B1) * G
    assert np.abs(state.m - (B1 * trial_m + (1 - B1) * G)).max() <= 4 * EPS * 2
    # eps and lr negligible against g: the known first step, 1.57 lr  (s_2 = (1-b2) b2 b1^2 g^2, corrected by 1-b2^2)
    t = run(AdaLA(lr=1e-9, eps=1e-30, probe="code"), lambda x: 3 * x, [2.0], steps=1)
    want = 1e-9 * np.sqrt((1 - 0.999**2) / ((1 - 0.999) * 0.999 * 0.81))
    # x near 2 moves by 1.6e-9: the difference carries 2 ulp(2) = 9e-16 of 1.6e-9; the probe's own term adds 1e-17
    assert abs(t.x[0, 0] - t.x[1, 0] - want) <= 1e-6 * want
    assert abs(want / 1e-9 - 1.57) < 0.005


@pytest.mark.parametrize("probe", [p for p in PROBES if p not in ("lagged", "implicit")])
def test_same_repeats_the_mini_batch_and_next_draws_another(probe):
    def noisy(x, rng):
        return 2 * x + rng.normal(size=x.shape)  # the noise cancels in g_t - g_{t+1} iff the batch is the same

    for batch in ("same", "next"):
        method = AdaLA(lr=LR, betas=(B1, B2), eps=E, probe=probe, probe_batch=batch)
        t = run(method, noisy, X0, steps=5, rng=stream(0, "batch"))
        left = (t.grads - t.probe_grads) - 2 * (t.points - t.probes)
        if batch == "same":
            assert np.abs(left).max() <= 8 * EPS * 8  # four roundings of numbers below 8
        else:
            assert np.abs(left).min() > 1e-6  # two independent normals differ by less with probability 1e-5


def test_hat_inside_adds_eps_under_the_root():
    setting = {"lr": LR, "betas": (B1, B2), "eps": E, "denominator": "hat-inside"}
    for probe, displacement in {
        "grad": -LR * G,
        "own": -LR * G / np.sqrt(((1 - B2) * (B1 * G) ** 2 + E) / (1 - B2) + E),
        "self": -LR * G / np.sqrt(E / (1 - B2) + E),
    }.items():
        t = run(AdaLA(**setting, probe=probe), bent, X0, steps=1)
        assert np.abs(t.probes[0] - (X0 + displacement)).max() <= 16 * EPS * 3
        change = G - bent(X0 + displacement)
        want = X0 - LR * G / np.sqrt(change**2 + E / (1 - B2) + E)
        assert np.abs(t.x[1] - want).max() <= 64 * EPS * 3


def test_raw_divides_by_the_uncorrected_average():
    t = run(AdaLA(lr=LR, betas=(B1, B2), eps=E, probe="grad", denominator="raw"), bent, X0, steps=1)
    change = G - bent(X0 - LR * G)
    want = X0 - LR * G / np.sqrt((1 - B2) * change**2 + E + E)
    assert np.abs(t.x[1] - want).max() <= 64 * EPS * 3
