"""What is said of averaging, workers and velocity, computed; and the search for the best setting."""

from dataclasses import replace

import numpy as np
import pytest

from nala_lab.core import stream
from nala_lab.theory import minibatch_claims as claims
from nala_lab.theory.minibatch_best import best_for_budget, risk_at_budget
from nala_lab.theory.minibatch_cycle import Loop, nala, start
from nala_lab.theory.minibatch_limits import stationary_risk
from nala_lab.theory.minibatch_modes import constant_modes, streaming_modes
from tests.refusals import refused

H = np.geomspace(0.01, 1, 30)


def test_averaging_trades_signal_for_noise():
    rng = stream(0, "minibatch-test", "trade")
    for _ in range(40):
        k, lr = int(rng.integers(2, 8)), float(rng.uniform(0.02, 0.3))
        noise = streaming_modes(H, sigma2=float(rng.uniform(0.1, 2)), B=int(rng.integers(8, 64)))
        trades = [claims.averaging_trade(noise, nala(lr=lr, k=k, mu=mu)) for mu in (0.0, -0.3, -0.6)]
        assert [t.contraction for t in trades] == sorted(t.contraction for t in trades)
        assert [t.risk for t in trades] == sorted((t.risk for t in trades), reverse=True)


def test_many_workers_make_more_noise_on_the_same_examples_unless_noise_is_constant():
    setting = {"sigma2": 1.0, "B": 32, "workers": 4}
    surplus = [claims.worker_surplus(H, nala(lr=lr, k=5, mu=-0.5), **setting) - 1 for lr in (0.01, 0.02, 0.04)]
    assert all(s > 0 for s in surplus)
    # of second order in lr: twice the step, four times the surplus, up to higher orders in k lr <= 0.2
    assert all(3.5 < b / a < 4.5 for a, b in zip(surplus, surplus[1:], strict=False))
    assert abs(claims.worker_surplus(H, nala(lr=0.1, k=1, mu=-0.5), **setting) - 1) <= 1e-12
    loop = Loop(lr=0.1, k=5, nu=0.7, beta=0.5)
    one = stationary_risk(constant_modes(H, H / 32), loop)
    four = stationary_risk(constant_modes(H, H / 8), replace(loop, workers=4))
    assert abs(four / one - 1) <= 1e-12


def test_tuning_takes_away_a_part_of_the_workers_surplus():
    # one worker at its best setting for 100 gradients; four on the same examples there, and at their own best setting
    e0, loop = np.ones(30), nala(lr=0.3, k=5, mu=-0.3)
    alone, many = streaming_modes(H, sigma2=0.1, B=32), streaming_modes(H, sigma2=0.1, B=8)
    best = best_for_budget(alone, loop, e0, budget=100)
    there = risk_at_budget(many, replace(best.loop, workers=4), start(many, e0), 100) / best.risk
    tuned = best_for_budget(many, replace(loop, workers=4), e0, budget=100)
    assert 1 < tuned.risk / best.risk < there
    assert tuned.loop.lr < best.loop.lr


@pytest.mark.parametrize(("B", "sigma2"), [(8, 0.01), (8, 1.0)])
def test_velocity_outside_is_best_and_nesterov_best_of_all(B, sigma2):
    found = claims.velocities(streaming_modes(H, sigma2=sigma2, B=B), np.ones(30), k=5, budget=60)
    risk = {name: best.risk for name, best in found.items()}
    assert risk["Nesterov outside"] < risk["heavy ball outside"] < risk["momentum inside"] < risk["SGD"]
    assert risk["Nesterov outside"] < risk["Lookahead"] < risk["SGD"]


def test_no_neighbour_of_the_best_setting_is_better():
    noise, e0 = streaming_modes(H, sigma2=1.0, B=8), np.ones(30)
    best = best_for_budget(noise, nala(lr=0.1, k=5, mu=0.0), e0, budget=60)
    assert best.risk == risk_at_budget(noise, best.loop, start(noise, e0), 60)
    for lr in (0.97, 1.03):
        for nu in (0.97, 1.03):
            near = replace(best.loop, lr=best.loop.lr * lr, nu=best.loop.nu * nu)
            assert risk_at_budget(noise, near, start(noise, e0), 60) > best.risk
    assert best.mu < 0  # noise this large is best averaged


test_what_is_refused = refused(
    (lambda: claims.averaging_trade(streaming_modes(H, sigma2=1.0, B=1), Loop(lr=0.1, beta=0.5)), "beta must sat"),
    (lambda: claims.worker_surplus(H, nala(lr=0.1, k=1, mu=0.0), sigma2=0.0, B=4, workers=2), "settles, and not at 0"),
    (lambda: claims.worker_surplus(H, nala(lr=9.0, k=1, mu=0.0), sigma2=1.0, B=4, workers=2), "settles, and not at 0"),
    (lambda: claims.worker_surplus(H, nala(lr=0.1, k=1, mu=0.0), sigma2=1.0, B=3, workers=2), "a multiple of"),
    (lambda: best_for_budget(streaming_modes(H, sigma2=1.0, B=1), Loop(lr=0.1), H, budget=9, free=("k",)), "free"),
    (lambda: best_for_budget(streaming_modes(H, sigma2=1.0, B=1), Loop(lr=0.1), H, budget=2), "budget >= 5"),
)
