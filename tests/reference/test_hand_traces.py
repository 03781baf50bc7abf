"""Traces worked out by hand, in exact rational arithmetic: no tolerance anywhere in this file."""

from fractions import Fraction as F

import numpy as np
import pytest

from nala_lab.reference import NAG, NALA, SGD, HeavyBall, Lookahead, run

HALF, TENTH = F(1, 2), F(1, 10)


def exact(*entries):
    return np.array([F(entry) for entry in entries], dtype=object)


def slope(x):
    return 3 * x - 2  # f = (3 x^2) / 2 - 2 x: curvature 3, minimiser 2/3, so nothing cancels by accident


def test_nala_with_gradient_descent():
    # eta = 1/10, k = 2, mu = -1/2, alpha = 1/5, phi_0 = 4.
    # cycle 1: theta 4 -> 4 - 10/10 = 3 -> 3 - 7/10 = 23/10; y = 23/20 + 2 = 63/20; phi = 63/20 - (149/20)/5 = 83/50
    # cycle 2: theta 83/50 -> 83/50 - 149/500 = 681/500 -> 681/500 - 1043/5000 = 5767/5000
    #          y = (5767/5000 + 8300/5000)/2 = 14067/10000; phi = y - (22201/10000)/5 = 48134/50000
    method = NALA(SGD(lr=TENTH), k=2, mu=-HALF, alpha=F(1, 5))
    t = run(method, slope, exact(4), cycles=2)
    assert t.fast[:, :, 0].tolist() == [[4, 3, F(23, 10)], [F(83, 50), F(681, 500), F(5767, 5000)]]
    assert t.lookahead[:, 0].tolist() == [F(63, 20), F(14067, 10000)]
    assert t.outer_grad[:, 0].tolist() == [F(149, 20), F(22201, 10000)]
    assert t.slow[:, 0].tolist() == [4, F(83, 50), F(48134, 50000)]
    assert t.evals.tolist() == [0, 3, 6]
    assert t.timesteps.tolist() == [0, 2, 4]


def test_lookahead_with_gradient_descent():
    # eta = 1/10, k = 2, slow step 1/4, phi_0 = 4: 4 -> 3 -> 23/10, back to 4 - (17/10)/4 = 143/40
    t = run(Lookahead(SGD(lr=TENTH), k=2, alpha=F(1, 4)), slope, exact(4), cycles=1)
    assert t.slow[:, 0].tolist() == [4, F(143, 40)]
    assert t.evals.tolist() == [0, 2]


def test_heavy_ball():
    # momentum 1/2, lr 1/10, from 4: v = -1, x = 3; v = -1/2 - 7/10 = -6/5, x = 9/5; v = -3/5 - 17/50 = -47/50
    t = run(HeavyBall(lr=TENTH, momentum=HALF), slope, exact(4), steps=3)
    assert t.x[:, 0].tolist() == [4, 3, F(9, 5), F(43, 50)]


@pytest.mark.parametrize("form", ["eq1", "eq2"])
def test_nag(form):
    # from 4: v = -1, x = 3; y = 5/2, v = -1/2 - (11/2)/10 = -21/20, x = 39/20; y = 57/40, v = -21/40 - (91/40)/10
    t = run(NAG(lr=TENTH, momentum=HALF, form=form), slope, exact(4), steps=3)
    assert t.x[:, 0].tolist() == [4, 3, F(39, 20), F(39, 20) - F(301, 400)]
    assert t.points[:, 0].tolist() == [4, F(5, 2), F(57, 40)]


def test_the_released_recurrence():
    # slot 0 at the start: theta 4 -> 3 -> 23/10; y = (1/2)(23/10) + (1/2) 0 = 23/20; G = slope(3) = 7;
    # phi = 23/20 - 7/5 = -1/4. Then theta -1/4 -> 1/40 -> 87/400; y = (87/400 - 1/4)/2 = -13/800; G = slope(1/40)
    t = run(NALA(SGD(lr=TENTH), k=2, mu=-HALF, alpha=F(1, 5), variant="released"), slope, exact(4), cycles=2)
    assert t.slow[:2, 0].tolist() == [0, -F(1, 4)]
    assert t.fast[0, :, 0].tolist() == [4, 3, F(23, 10)]
    assert t.outer_grad[:, 0].tolist() == [7, F(3, 40) - 2]
    assert t.slow[2, 0] == -F(13, 800) - (F(3, 40) - 2) / 5
    assert t.evals.tolist() == [0, 2, 4]  # the last inner gradient is used again, not spent again


@pytest.mark.parametrize(
    ("how", "v"),
    [
        # v after two steps from 4 with momentum 1/2, lr 1/10 is -6/5 (test_heavy_ball)
        ("keep", -F(6, 5)),
        ("reset", 0),
        ("pullback", F(3, 4) * -F(6, 5)),  # (1 + mu) v_k - mu v_slow with mu = -1/4 and v_slow = 0
    ],
)
def test_inner_momentum_at_the_synchronisation(how, v):
    method = NALA(HeavyBall(lr=TENTH, momentum=HALF), k=2, mu=-F(1, 4), alpha=F(0), inner_state=how)
    state = method.cycle(slope, method.init(exact(4))).state
    assert state.inner.v[0] == v
    second = method.cycle(slope, state)
    first_step = second.fast[1] - second.fast[0]
    assert first_step[0] == HALF * v - slope(state.phi[0]) / 10  # the next cycle starts from that momentum
    if how == "pullback":  # v_slow is now the pulled-back value, not the live one: an aliased buffer would give another
        fast = HeavyBall(lr=TENTH, momentum=HALF)
        theta, inner = second.fast[0], state.inner
        for _ in range(2):
            theta, inner = fast.step(theta, slope, inner)
        assert second.state.inner.v[0] == F(3, 4) * inner.v[0] + F(1, 4) * v


def test_lookahead_pulls_momentum_back_by_its_own_step():
    method = Lookahead(HeavyBall(lr=TENTH, momentum=HALF), k=2, alpha=F(1, 4), inner_state="pullback")
    assert method.cycle(slope, method.init(exact(4))).state.inner.v[0] == F(1, 4) * -F(6, 5)
