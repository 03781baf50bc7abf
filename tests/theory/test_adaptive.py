import numpy as np
import pytest

from nala_lab.core import stream
from nala_lab.theory import adala_first_step, adala_linear, adam_linear, cards, first_step
from nala_lab.theory.identities import IDENTITIES
from tests.refusals import refused
from tests.theory.loops import belief

BETAS = ((0.9, 0.999), (0.5, 0.8), (0.0, 0.0), (0.9, 0.81))  # the last has beta2 = beta1^2
ULP = np.finfo(float).eps


def adam(grad, x, steps, lr, betas, eps, form):
    (b1, b2), m, v, path = betas, 0 * x, 0 * x, [x]
    for t in range(1, steps + 1):
        g = grad(x)
        m = b1 * m + (1 - b1) * g
        m_hat = m / (1 - b1**t)
        v = b2 * v + (1 - b2) * (m_hat if form == "printed" else g) ** 2
        if form == "kingma-ba":
            x = x - lr * m_hat / (np.sqrt(v / (1 - b2**t)) + eps)
        elif form in ("printed", "ramjee"):
            x = x - lr * m_hat / np.sqrt(v / (1 - b2**t) + eps)
        else:
            x = x - lr * np.sqrt(1 - b2**t) / (1 - b1**t) * m / (np.sqrt(v) + eps)
        path.append(x)
    return np.array(path)


@pytest.mark.parametrize("betas", BETAS)
@pytest.mark.parametrize("form", adam_linear.FORMS)
@pytest.mark.parametrize("eps", (1e-8, 0.3))
def test_adam_on_a_line(form, betas, eps):
    c, x0 = np.array([1.5, -0.02, 0.3, 7.0]), np.array([3.0, -1.0, 0.5, 2.0])
    path = adam(lambda x: c, x0, 12, 0.1, betas, eps, form)
    predicted = adam_linear.trajectory(c, 12, k=1, mu=0.0, alpha=0.0, lr=0.1, beta2=betas[1], eps=eps, form=form)
    # b2 = .999 makes 1 - b2^t lose three digits: 12 steps * 1000 * a few ulp of x
    np.testing.assert_allclose(path - x0, predicted, atol=12 * 1000 * 4 * 3 * ULP)


def test_adam_inside_nala_on_a_line_kept_and_reset():
    c, k, mu, alpha = np.array([1.5, -0.02]), 3, -0.4, 0.2
    for inner_state in ("keep", "reset"):
        phi, taken, slow = np.zeros(2), 0, [np.zeros(2)]
        for _ in range(5):
            taken = taken if inner_state == "keep" else 0
            u = [adam_linear.inner_displacement(c, taken + i, lr=0.1, eps=0.3, form="tensorflow") for i in (1, 2, 3)]
            taken += k
            theta = phi - sum(u)
            y = (1 + mu) * theta - mu * phi
            phi = y - alpha * c
            slow.append(phi)
        predicted = adam_linear.trajectory(
            c, 5, k=k, mu=mu, alpha=alpha, lr=0.1, eps=0.3, form="tensorflow", inner_state=inner_state
        )
        np.testing.assert_allclose(slow, predicted, atol=5 * 10 * 4 * ULP)  # 5 cycles, ten roundings each, size < 4


@pytest.mark.parametrize("betas", BETAS)
@pytest.mark.parametrize("denominator", adala_linear.DENOMINATORS)
@pytest.mark.parametrize(
    ("method", "probe"),
    [("adala", "own"), ("adala", "grad"), ("adala-lagged", "lagged"), ("adala-code", "code"), ("adabelief", None)],
)
def test_adala_and_adabelief_on_a_line(method, probe, denominator, betas):
    c, x0, eps = np.array([1.5, -0.02, 40.0]), np.array([3.0, -1.0, 0.5]), 1e-3
    path = belief(lambda x: c, x0, 15, lr=0.1, betas=betas, eps=eps, denominator=denominator, probe=probe)
    predicted = adala_linear.trajectory(c, 15, lr=0.1, betas=betas, eps=eps, denominator=denominator, method=method)
    # g - m loses |g| ulp; s >= eps bounds what that does to the step: 15 steps of size <= lr |c|/sqrt(eps) = 130
    np.testing.assert_allclose(path - x0, predicted, atol=15 * 130 * 1000 * ULP)


def test_two_readings_of_the_probe_are_seen_on_a_line():
    own, lagged, code = (
        adala_linear.trajectory([1.0], 3, lr=1e-3, method=m)[-1, 0] for m in ("adala", "adala-lagged", "adala-code")
    )
    assert own < -0.9 and -0.01 < lagged < 0 and -0.01 < code < 0  # 0.316 a step against 0.001 and 0.0016


@pytest.mark.parametrize("denominator", ("hat", "raw"))
@pytest.mark.parametrize("probe", ("own", "grad", "adam", "lagged", "code"))
def test_the_first_step_of_adala(probe, denominator):
    rng = stream(0, "adala first", probe, denominator)
    lam, x = rng.uniform(0.1, 30, 6), rng.normal(size=6) + 2
    setting = dict(lr=0.02, betas=(0.8, 0.95), eps=1e-4, denominator=denominator)
    path = belief(lambda z: lam * z, x, 1, probe=probe, **setting)
    predicted = adala_first_step.adala_first_step(x, lam, probe=probe, **setting)
    # g - g' = lam p is a difference of numbers |g| <= 90, so it carries 90 ulp; over sqrt(E) = 0.045
    np.testing.assert_allclose(path[1] - x, predicted, atol=1e4 * ULP * np.abs(predicted).max() + 1e-13)


@pytest.mark.parametrize("denominator", ("hat", "raw"))
def test_the_implicit_probe_is_a_fixed_point(denominator):
    g, lam = np.array([5.0, -1e-3, 0.0, 2e4]), np.array([0.1, 30.0, 1.0, 7.0])
    setting = dict(lr=0.01, betas=(0.9, 0.999), eps=1e-6, denominator=denominator)
    p = adala_first_step.probe_displacement(g, lam, probe="implicit", **setting)
    step = adala_first_step.adala_first_step(g / lam, lam, probe="implicit", **setting)
    np.testing.assert_allclose(
        step, -p, rtol=1e-12
    )  # Newton ends within a few ulp of the root; the map contracts by < 1


def test_the_first_steps_of_adam_and_adabelief_are_those_of_a_loop():
    g = np.array([3.0, -1e-4, 0.7])
    for form in adam_linear.FORMS:
        step = adam(lambda x: g, np.zeros(3), 1, 0.3, (0.7, 0.9), 1e-2, form)[1]
        np.testing.assert_allclose(
            first_step.adam_first_step(g, lr=0.3, beta2=0.9, eps=1e-2, form=form), step, rtol=20 * ULP
        )
    for denominator in ("hat", "raw"):
        setting = dict(lr=0.3, betas=(0.7, 0.9), eps=1e-2, denominator=denominator)
        step = belief(lambda x: g, np.zeros(3), 1, probe=None, **setting)[1]
        np.testing.assert_allclose(first_step.adabelief_first_step(g, **setting), step, rtol=100 * ULP)


def test_every_card_is_found_and_every_identity_has_its_own_name():
    assert {"T01", "T03", "T04", "T12", "T13", "T14", "T17", "T25", "T27", "T28"} <= set(cards())
    assert len({i.name for i in IDENTITIES}) == len(IDENTITIES)


def probed(**change):
    given = dict(g=2.0, lam=4.0, lr=0.1, betas=(0.9, 0.999), eps=1e-8, probe="grad") | change
    return adala_first_step.probe_displacement(**given)


test_what_is_refused = refused(
    (lambda: adam_linear.inner_displacement([0.0], 1, lr=0.1, eps=0.0), "eps must satisfy eps > 0 where c = 0"),
    (lambda: adam_linear.inner_displacement([1.0], 0, lr=0.1), "step must satisfy integer step >= 1, got step=0"),
    (lambda: adam_linear.inner_displacement([1.0], 1, lr=0.1, form="torch"), "form must satisfy form in"),
    (
        lambda: adam_linear.trajectory([1.0], 2, k=1, mu=0, alpha=0, lr=1, inner_state="pullback"),
        "inner_state must satisfy",
    ),
    (lambda: adala_linear.step(1, 1.0, lr=0.1, eps=0.0), "eps must satisfy 0 < eps < inf, got eps=0.0"),
    (lambda: adala_linear.step(0, 1.0, lr=0.1), "t must satisfy integer t >= 1, got t=0"),
    (lambda: adala_first_step.adala_first_step(1.0, 1.0, lr=0.1, probe="newton"), "probe must satisfy probe in"),
    (lambda: first_step.adabelief_first_step(0.0, lr=0.1, eps=0.0), "eps must satisfy eps > 0 where"),
    (lambda: adam_linear.inner_displacement(1 + 2j, 1, lr=0.1), "c must satisfy finite real numbers"),
    (lambda: adala_linear.trajectory(np.array([1j]), 2, lr=0.1), "c must satisfy finite real numbers"),
    (lambda: first_step.adabelief_first_step([1j], lr=0.1), "g must satisfy finite real numbers"),
    (lambda: adam_linear.trajectory(np.eye(2), 2, k=2, mu=0, alpha=0, lr=0.1), "c must satisfy shape (d,)"),
    (lambda: probed(probe="newton"), "probe must satisfy probe in"),
    (lambda: probed(denominator="hat-inside"), "denominator must satisfy denominator in"),
    (lambda: probed(lr=float("nan")), "lr must satisfy 0 <= lr"),
    (lambda: probed(probe="self", eps=0.0), "eps must satisfy 0 < eps"),
    (lambda: probed(lam=float("nan")), "lam must satisfy finite real numbers"),
)
