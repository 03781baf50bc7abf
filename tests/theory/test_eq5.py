import numpy as np
import pytest

from nala_lab.core import stream
from nala_lab.theory.eq5 import (
    absolute_weight,
    effective_sample_size,
    horizon,
    mean_age,
    printed_weights,
    unroll,
    weights,
)
from nala_lab.theory.eq5_proof import printed_form_residual, prove
from tests.refusals import refused

MUS = (-1.0, -0.9, -0.5, 0.0, 0.3, 1.0, 1.7)


def recurrence(theta, phi, grads, mu, alpha):
    out = []
    for end, g in zip(theta, grads, strict=True):
        phi = (1 + mu) * end - mu * phi - alpha * g
        out.append(phi)
    return np.array(out)


@pytest.mark.parametrize("mu", MUS)
def test_the_unrolled_form_is_the_recurrence(mu):
    rng = stream(0, "eq5", mu)
    theta, grads, phi0 = rng.normal(size=(9, 4, 3)), rng.normal(size=(9, 4, 3)), 5 + rng.normal(size=(4, 3))
    # 9 terms of size up to (1+mu) |mu|^8 * 5, a few roundings each
    scale = 9 * 8 * (1 + mu) * max(1.0, abs(mu)) ** 8 * 10 + 10
    error = unroll(theta, phi0, grads, mu, 0.7) - recurrence(theta, phi0, grads, mu, 0.7)
    assert np.abs(error).max() <= scale * np.finfo(float).eps


def test_weights_sum_to_one_for_every_mu_and_the_printed_ones_only_up_to_zero():
    mu = np.array(MUS)
    for t in range(1, 12):
        # each of t+1 terms is at most 2.7 * 1.7^11 = 930 and is rounded a few times
        np.testing.assert_allclose(weights(t, mu).total, 1.0, atol=1000 * (t + 1) * 4 * np.finfo(float).eps)
        assert np.all((np.abs(printed_weights(t, mu).total - 1) < 1e-12) == (mu <= 0))


@pytest.mark.parametrize("mu", (-0.9, -0.5, 0.4, 0.8))
def test_the_memory_figures_are_the_moments_of_the_weights(mu):
    w = weights(400, mu).fast[::-1]  # by age; 0.9^400 = 5e-19 is below one ulp of the sums
    age = np.arange(400)
    close = {"rtol": 400 * np.finfo(float).eps * absolute_weight(mu) / (1 - abs(mu))}
    np.testing.assert_allclose(np.sum(np.abs(mu) ** age), horizon(mu), **close)
    np.testing.assert_allclose(age @ w, mean_age(mu), **close)
    np.testing.assert_allclose(1 / np.sum(w**2), effective_sample_size(mu), **close)
    np.testing.assert_allclose(np.abs(w).sum(), absolute_weight(mu), **close)


def test_a_slow_slot_at_zero_loses_the_start():
    w = weights(1, -0.5)
    assert w.fast.sum() == 0.5 and w.total == 1.0


def test_sympy_proves_the_formula_and_its_inductive_step():
    proof = prove(8)
    assert sorted(proof.residuals) == list(range(1, 9))
    assert set(proof.inductive_residuals) == {"theta_i", "theta_{t+1}", "phi_0", "G_i", "G_{t+1}"}
    assert proof.holds


def test_the_proof_notices_a_wrong_formula(monkeypatch):
    from nala_lab.theory import eq5_proof

    right = eq5_proof._formula
    monkeypatch.setattr(eq5_proof, "_formula", lambda t, mu, base: right(t, mu, -base))
    assert not prove(2).holds


def test_the_printed_form_is_right_for_negative_mu_and_wrong_for_positive():
    for t in range(1, 7):
        assert printed_form_residual(t, -1) == 0 and printed_form_residual(t, 0) == 0
        residual = printed_form_residual(t, 1)
        assert residual != 0
        # numerically at m = 0.5: exactly the two sets of weights apart
        names = {f"theta_{i}": 0 for i in range(1, t + 1)} | {f"G_{i}": 0 for i in range(1, t + 1)}
        at_half = residual.subs({"phi_0": 1, "alpha": 1} | names).subs(
            {s: 0.5 for s in residual.free_symbols if s.name == "m"}
        )
        assert float(at_half) == pytest.approx(printed_weights(t, 0.5).start - weights(t, 0.5).start, abs=1e-15)


test_what_is_refused = refused(
    (lambda: weights(0, 0.5), "t must satisfy integer t >= 1, got t=0"),
    (lambda: weights(3, -1.5), "mu must satisfy -1 <= mu < inf, got mu=-1.5"),
    (lambda: weights(3, float("nan")), "mu must satisfy -1 <= mu < inf, got mu=nan"),
    (lambda: unroll(np.zeros((2, 3)), np.zeros(2), np.zeros((2, 3)), 0.0, 0.0), r"phi0 must satisfy shape \(3,\)"),
    (lambda: unroll(np.zeros((2, 3)), np.zeros(3), np.zeros((1, 3)), 0.0, 0.0), "outer_grads must satisfy the shape"),
    (lambda: horizon(1.0), "mu must satisfy -1 < mu < 1, got mu=1.0"),
    (lambda: printed_form_residual(2, 3), "mu_sign must satisfy"),
)


def test_what_is_infinite_later_was_not_there_before():
    assert np.array_equal(unroll([[0.0], [np.inf]], [8.0], [[0.0], [0.0]], -0.5, 0.1), [[4.0], [np.inf]])


def test_a_whole_mu_is_a_number_like_any_other():
    """(-2)^69 does not fit an integer of NumPy: from cycle 64 on its powers would come out wrong."""
    rng = stream(0, "whole mu")
    ends, grads, phi = rng.normal(size=(70, 2)), rng.normal(size=(70, 2)), rng.normal(size=2)
    path = unroll(ends, phi, grads, mu=2, alpha=0.1)
    for end, grad, found in zip(ends, grads, path, strict=True):
        phi = 3 * end - 2 * phi - 0.1 * grad  # Algorithm 1
        np.testing.assert_allclose(found, phi, rtol=1e-9)
