"""The same step functions run on fractions and on symbols: a cycle's transition matrix comes out as a formula."""

from fractions import Fraction as F

import numpy as np
import pytest

from nala_lab.reference import NALA, SGD, Adam, HeavyBall, Lookahead, run

sympy = pytest.importorskip("sympy")


def test_the_cycle_factor_of_a_quadratic_is_the_closed_form():
    lam, eta, mu, alpha = sympy.symbols("lambda eta mu alpha")
    for k in (1, 2, 5):
        t = run(NALA(SGD(lr=eta), k=k, mu=mu, alpha=alpha), lambda x: lam * x, np.array([sympy.Integer(1)]), cycles=1)
        rho = (1 - alpha * lam) * ((1 + mu) * (1 - eta * lam) ** k - mu)  # theory: T01
        assert sympy.expand(t.slow[1, 0] - rho) == 0


def test_heavy_ball_kept_across_the_synchronisation_as_a_matrix():
    lam, eta, beta, s = sympy.symbols("lambda eta beta s")
    method = Lookahead(HeavyBall(lr=eta, momentum=beta), k=2, alpha=s)
    columns = []
    for phi, v in ((1, 0), (0, 1)):
        state = method.init(np.array([sympy.Integer(phi)]))
        state = state._replace(inner=state.inner._replace(v=np.array([sympy.Integer(v)])))
        after = method.cycle(lambda x: lam * x, state).state
        columns.append([after.phi[0], after.inner.v[0]])
    measured = sympy.Matrix(columns).T
    a = eta * lam
    power = sympy.Matrix([[1 - a, beta], [-a, beta]]) ** 2
    mixed = sympy.Matrix([[s * power[0, 0] + 1 - s, s * power[0, 1]], [power[1, 0], power[1, 1]]])
    assert (measured - mixed).expand() == sympy.zeros(2, 2)


def test_exact_counter_example_to_faster_per_gradient():
    # f = x^2/2, eta = 1/10, k = 5, mu = -1/2, alpha = 1/1000, 60 gradients each (theory, section 0, CE1)
    one = np.array([F(1)], dtype=object)
    lookahead = run(Lookahead(SGD(lr=F(1, 10)), k=5, alpha=F(1, 2)), lambda x: x, one, cycles=12)
    nala = run(NALA(SGD(lr=F(1, 10)), k=5, mu=F(-1, 2), alpha=F(1, 1000)), lambda x: x, one, cycles=10)
    plain = run(SGD(lr=F(1, 10)), lambda x: x, one, steps=60)
    assert lookahead.grad_evals == nala.grad_evals == plain.grad_evals == 60
    factor = F(159049, 200000)
    assert lookahead.final[0] == factor**12
    assert nala.final[0] == (F(999, 1000) * factor) ** 10
    assert plain.final[0] == F(9, 10) ** 60
    assert plain.final[0] < lookahead.final[0] < nala.final[0]


def test_adam_runs_on_fractions_whose_roots_are_exact():
    adam = Adam(lr=F(1, 10), betas=(F(1, 2), F(3, 4)), eps=F(1, 3))
    t = run(adam, lambda x: 0 * x + F(2, 3), np.array([F(1)], dtype=object), steps=3)
    # constant gradient: m_hat = g and v_hat = g^2 at every step, so each step is lr g / (g + eps) = 1/15
    assert t.x[:, 0].tolist() == [1, F(14, 15), F(13, 15), F(12, 15)]
