"""Adam's four forms and AdaBelief's three, each against its own formula at settings where every term matters."""

import numpy as np
import pytest

from nala_lab.core import stream
from nala_lab.methods.hyper import ADAM_FORMS, DENOMINATORS
from nala_lab.reference import AdaBelief, AdaLA, Adam, run

EPS = np.finfo(float).eps
HARD = {"lr": 0.07, "betas": (0.6, 0.8), "eps": 0.05}  # eps as large as the gradients, so that its place shows


def given(name, n=7, d=3):
    """Gradients that do not depend on x: rounding cannot grow through the problem."""
    return stream(0, "forms", name).normal(size=(n, d))


def follow(method, grads, x0):
    rows = iter(grads)
    return run(method, lambda x: next(rows), x0, steps=len(grads)).x


def close(a, b):
    # a step is about 20 roundings of numbers below 10, and the steps add up
    assert np.abs(a - b).max() <= 20 * EPS * 10 * len(a)


def weighted_sum(rows, beta):
    """(1 - beta) sum_j beta^(t-j) row_j: an exponential average written without recursion."""
    t = len(rows)
    return sum((1 - beta) * beta ** (t - 1 - j) * row for j, row in enumerate(rows))


@pytest.mark.parametrize("form", ADAM_FORMS)
def test_adam_equals_its_unrolled_formula(form):
    grads, x = given("adam"), np.array([1.0, -2.0, 3.0])
    b1, b2 = HARD["betas"]
    path, hats = [x], []
    for t in range(1, len(grads) + 1):
        m_hat = weighted_sum(grads[:t], b1) / (1 - b1**t)
        hats.append(m_hat)
        v = weighted_sum([h**2 for h in (hats if form == "printed" else grads[:t])], b2)
        v_hat = v / (1 - b2**t)
        tf_rate = HARD["lr"] * np.sqrt(1 - b2**t) / (1 - b1**t)
        step = {
            "kingma-ba": HARD["lr"] * m_hat / (np.sqrt(v_hat) + HARD["eps"]),
            "printed": HARD["lr"] * m_hat / np.sqrt(v_hat + HARD["eps"]),
            "ramjee": HARD["lr"] * m_hat / np.sqrt(v_hat + HARD["eps"]),
            "tensorflow": tf_rate * weighted_sum(grads[:t], b1) / (np.sqrt(v) + HARD["eps"]),
        }
        x = x - step[form]
        path.append(x)
    close(follow(Adam(**HARD, form=form), grads, path[0]), np.array(path))


@pytest.mark.parametrize("denominator", DENOMINATORS)
def test_adabelief_equals_its_unrolled_formula(denominator):
    grads, x = given("adabelief"), np.array([1.0, -2.0, 3.0])
    b1, b2 = HARD["betas"]
    path, residuals = [x], []
    for t in range(1, len(grads) + 1):
        m = weighted_sum(grads[:t], b1)
        residuals.append((grads[t - 1] - m) ** 2)
        s = weighted_sum(residuals, b2) + HARD["eps"] * (1 - b2**t) / (1 - b2)  # eps enters the average every step
        s_hat = s / (1 - b2**t)
        d = {"hat": np.sqrt(s_hat) + HARD["eps"], "raw": np.sqrt(s + HARD["eps"]),
             "hat-inside": np.sqrt(s_hat + HARD["eps"])}  # fmt: skip
        x = x - HARD["lr"] * m / (1 - b1**t) / d[denominator]
        path.append(x)
    close(follow(AdaBelief(**HARD, denominator=denominator), grads, path[0]), np.array(path))


@pytest.mark.parametrize("method", [Adam, AdaBelief])
def test_weight_decay_is_added_to_the_gradient(method):
    def grad(x):
        return np.sin(x) + 0.3

    x0 = np.array([1.0, -2.0])
    decayed = run(method(**HARD, weight_decay=0.2), grad, x0, steps=6).x
    inside = run(method(**HARD), lambda x: grad(x) + 0.2 * x, x0, steps=6).x
    assert np.array_equal(decayed, inside)


def test_adala_decays_weights_in_both_gradients_at_their_own_points():
    def grad(x):
        return np.sin(x) + 0.3

    x0 = np.array([1.0, -2.0])
    for probe in ("own", "grad", "adam", "adabelief", "self", "implicit", "lagged", "code"):
        decayed = run(AdaLA(**HARD, weight_decay=0.2, probe=probe), grad, x0, steps=6).x
        inside = run(AdaLA(**HARD, probe=probe), lambda x: grad(x) + 0.2 * x, x0, steps=6).x
        assert np.array_equal(decayed, inside), probe
