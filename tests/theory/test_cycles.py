"""Cycles and limits of Adam, sign descent and AdaLA, and the scaling rules, against loops of a few lines."""

import numpy as np
import pytest

from nala_lab.core import stream
from nala_lab.methods.hyper import ADAM_FORMS
from nala_lab.theory import adala_critical, adala_cycle, adala_noise, adam_cycle, scaling, sign_descent
from tests.refusals import refused


def adam_step(x, m, v, *, lam, lr, betas, eps):
    g = lam * x
    m = betas[0] * m + (1 - betas[0]) * g
    v = betas[1] * v + (1 - betas[1]) * g**2
    return x - lr * m / (np.sqrt(v) + eps), m, v


RATES = (dict(lr=1e-3, betas=(0.9, 0.999), eps=1e-8), dict(lr=0.3, betas=(0.5, 0.8), eps=1e-2))


@pytest.mark.parametrize("rates", RATES)
@pytest.mark.parametrize("lam", (1.0, 50.0))
def test_adams_cycle_closes_and_grows_or_shrinks_as_its_radius_says(rates, lam):
    z = np.array(adam_cycle.state(lam, lr=rates["lr"], beta1=rates["betas"][0], eps=rates["eps"]))
    np.testing.assert_allclose(adam_step(*z, lam=lam, **rates), z * [-1, -1, 1], rtol=1e-12)  # ten roundings, 1 - b2
    off, growth = z * (1 + 1e-9 * np.array([1.0, -0.5, 0.3])), []
    for t in range(1, 4001):  # from a tiny perturbation to a small one, without leaving the linear range
        off = np.array(adam_step(*off, lam=lam, **rates))
        deviation = (off - z * [(-1) ** t, (-1) ** t, 1]) / z
        size = float(np.linalg.norm(deviation))
        growth.append(size / 1e-9)
        off = z * [(-1) ** t, (-1) ** t, 1] + deviation * z * (1e-9 / size)
    radius = adam_cycle.radius(lam, **rates)
    # the mean over 3000 steps of a turning pair: its ends differ by at most exp(5), and 5/3000 = 1.7e-3
    assert np.exp(np.mean(np.log(growth[1000:]))) == pytest.approx(radius, rel=2e-3)


def test_the_radii_of_the_design_notes():
    assert round(adam_cycle.radius(1.0, lr=1e-3, eps=0.0), 4) == 1.0494
    for beta2 in (0.2, 0.9, 0.999):
        assert adam_cycle.radius(1.0, lr=1.0, betas=(0.0, beta2), eps=0.0) == pytest.approx(np.sqrt(beta2), rel=1e-12)
    assert adam_cycle.radius(1.0, lr=1.0, betas=(0.0, 0.0), eps=0.0) == pytest.approx(1.0)  # sign descent: marginal


@pytest.mark.parametrize("draw", range(20))
def test_the_outer_map_is_k_sign_steps_and_an_outer_step(draw):
    rng = stream(0, "sign", draw)
    lr, k, mu, alpha, lam = rng.uniform(0.1, 1), int(rng.integers(1, 9)), rng.uniform(-1, 1), rng.uniform(0, 1), 1.3
    phi = rng.uniform(-4, 4, 50)
    theta = phi.copy()
    for _ in range(k):
        theta = theta - lr * np.sign(theta)
    y = (1 + mu) * theta - mu * phi
    want = y - alpha * lam * y
    clear = sign_descent.distance_to_edge(phi, lr=lr) > 1e-9  # a sign that hangs on the last bit is left out
    got = sign_descent.outer_map(phi, lam, lr=lr, k=k, mu=mu, alpha=alpha)
    np.testing.assert_allclose(got[clear], want[clear], atol=20 * 4 * np.finfo(float).eps * 10)


def test_an_odd_k_attracts_to_its_cycle_at_the_rate_c_and_an_even_one_to_the_minimum():
    setting = dict(lr=0.3, mu=-0.5, alpha=0.5)
    at = sign_descent.cycle_amplitude(1.0, k=3, **setting)
    path = sign_descent.trajectory(at + 0.01, 1.0, 40, k=3, **setting)
    np.testing.assert_allclose(np.abs(path) - at, 0.01 * 0.5 ** np.arange(41) * (-1.0) ** np.arange(41), atol=1e-15)
    assert abs(sign_descent.trajectory(0.2, 1.0, 40, k=4, **setting)[-1]) == 0.2 * 0.5**40


@pytest.mark.parametrize("form", ("hat", "raw"))
@pytest.mark.parametrize("rates", RATES)
def test_adalas_limit_and_cycle_meet_and_the_cycle_closes(rates, form):
    (b1, b2), eps, lr = rates["betas"], rates["eps"], rates["lr"]
    limit = adala_critical.critical_curvature(**rates, denominator=form)
    assert adala_critical.growth(limit, **rates, denominator=form) == pytest.approx(1, abs=1e-12)
    assert adala_critical.growth(0.97 * limit, **rates, denominator=form) < 1
    assert adala_critical.growth(1.03 * limit, **rates, denominator=form) > 1
    with pytest.raises(ValueError, match="lam must satisfy lam > lam_crit"):
        adala_cycle.amplitude(limit * (1 - 1e-9), **rates, denominator=form)
    for probe, pull in (("grad", lambda lam: lr * lam), ("self", lambda lam: 2.0)):
        for lam in (1.01 * limit, 30 * limit):
            at = adala_cycle.state(lam, **rates, probe=probe, denominator=form)
            m = b1 * at.m + (1 - b1) * lam * at.x
            s = b2 * at.s + (1 - b2) * (lam * pull(lam) * at.x) ** 2 + eps
            denominator = np.sqrt(s) + eps if form == "hat" else np.sqrt(s + eps)
            assert s == pytest.approx(at.s, rel=1e-12) and m == pytest.approx(-at.m, rel=1e-12)
            assert at.x - lr * m / denominator == pytest.approx(-at.x, rel=1e-9)  # A is a difference: 1e2 at 1.01
    grown = [adala_cycle.amplitude(limit * (1 + h), **rates, denominator=form) for h in (1e-6, 4e-6)]
    assert grown[1] / grown[0] == pytest.approx(2, rel=1e-4)  # it leaves 0 like a square root


def test_the_learning_rate_cancels_from_adalas_cycle_and_not_from_adams():
    one, ten = (adala_cycle.amplitude(1000.0, lr=lr, eps=1e-20) for lr in (1e-3, 1e-2))
    assert one == pytest.approx(ten, rel=1e-6) and one == pytest.approx(1 / 38e3, rel=1e-6)
    small, large = (adam_cycle.amplitude(1000.0, lr=lr, eps=0.0) for lr in (1e-3, 1e-2))
    assert large == pytest.approx(10 * small)


def test_the_self_consistent_step_solves_both_equations():
    for batch in ("next", "same"):
        h, v = adala_noise.stationary_step(2.0, 0.5, lr=0.01, betas=(0.9, 0.99), eps=1e-6, batch=batch)
        seen = adala_noise.expected_surprise(v, 2.0, 0.5, lr=0.01, batch=batch)
        assert 0.01 / h == pytest.approx(np.sqrt(seen + 1e-6 / 0.01) + 1e-6, rel=1e-10)
        assert v == pytest.approx(adala_noise.averaged_sgd_variance(2.0, 0.5, h=h))


def test_a_smaller_lr_makes_adala_quieter_with_the_next_batch_and_not_with_the_same():
    quiet = {
        batch: [adala_noise.stationary_step(2.0, 1.0, lr=lr, eps=1e-30, batch=batch)[1] for lr in (1e-2, 1e-4)]
        for batch in ("next", "same")
    }
    assert quiet["next"][1] < 0.02 * quiet["next"][0]
    assert quiet["same"][1] == pytest.approx(quiet["same"][0], rel=1e-6)


@pytest.mark.parametrize("form", ADAM_FORMS)
def test_every_form_of_adam_walks_alike_on_a_loss_times_eight(form):
    """Adam by hand, with eps of the size of the gradients or their squares; bit for bit."""

    def walk(scale, eps):
        x, m, v, path = 3.0, 0.0, 0.0, []
        for t in range(1, 9):
            g = scale * (2 * x - 1)
            m, root = 0.9 * m + 0.1 * g, 1 - 0.99**t
            m_hat = m / (1 - 0.9**t)
            v = 0.99 * v + 0.01 * (m_hat if form == "printed" else g) ** 2
            inside = eps if form in ("printed", "ramjee") else 0.0
            outside = eps / np.sqrt(root) if form == "tensorflow" else eps - inside
            x = x - 0.1 * m_hat / (np.sqrt(v / root + inside) + outside)
            path.append(x)
        return path

    rescaled = scaling.rescaled("Adam", {"lr": 0.1, "eps": 2.0, "form": form}, np.int64(3))["eps"]
    assert walk(1.0, 2.0) == walk(8.0, rescaled)


def test_what_has_no_scaling_rule_says_so():
    with pytest.raises(ValueError, match="n must satisfy an integer"):
        scaling.rescaled("SGD", {"lr": 0.1}, True)
    assert scaling.rescaled("Adam", {"lr": 1, "eps": 0.5, "form": "printed"}, 2)["eps"] == 8.0
    assert scaling.rescaled("Lookahead", {"k": 2, "alpha": 0.5}, 7) == {"k": 2, "alpha": 0.5}
    for name, settings, message in (
        ("AdaLA", {"eps": 1e-8}, "eps must satisfy 0"),
        ("AdaLA", {"eps": 0, "probe": "grad"}, "probe must satisfy not 'grad'"),
        ("SGD", {"lr": 0.1, "weight_decay": 0.1}, "weight_decay must satisfy 0"),
        ("NALA", {"k": 2}, "alpha must satisfy given"),
        ("Lion", {}, "name must satisfy name in"),
    ):
        with pytest.raises(ValueError, match=message):
            scaling.rescaled(name, settings, 1)


test_what_is_refused = refused(
    (lambda: adam_cycle.amplitude(1.0, lr=1e-9, eps=1e-8), "eps must satisfy eps < lr lam"),
    (lambda: adam_cycle.amplitude(float("nan"), lr=1e-3), "lam must satisfy 0 < lam < inf"),
    (lambda: sign_descent.cycle_amplitude(1.0, lr=0.1, k=4, mu=0, alpha=0.1), "k must satisfy odd"),
    (lambda: sign_descent.cycle_amplitude(1.0, lr=0.1, k=3, mu=0, alpha=1.5), "alpha must satisfy 1 - alpha lam > 0"),
    (lambda: sign_descent.cycle_amplitude(1.0, lr=0.1, k=3, mu=-1, alpha=0.5), "mu must satisfy -1 < mu"),
    (lambda: sign_descent.outer_map(1.0, -1.0, lr=0.1, k=3, mu=0, alpha=0), "lam must satisfy finite lam > 0"),
    (lambda: adala_critical.critical_curvature(lr=0.1, eps=0.0), "eps must satisfy 0 < eps"),
    (lambda: adala_cycle.amplitude(1e9, lr=0.1, probe="own"), "probe must satisfy probe in"),
    (lambda: adala_noise.averaged_sgd_variance(1.0, 1.0, h=38.1), "h lam must satisfy 0 < h lam < 38"),
    (lambda: adala_noise.averaged_sgd_variance(1.0, -1.0, h=1.0), "sigma2 must satisfy sigma2 >= 0"),
    (lambda: adala_noise.expected_surprise(-1.0, 1.0, 1.0, lr=0.1), "second_moment must satisfy"),
    (lambda: adala_noise.stationary_step(1.0, 0.0, lr=1.0, eps=0.0), "lr must satisfy a self-consistent h"),
)
