"""Two players and one clock: the joint map of a bilinear game against matrices that are built here."""

import numpy as np
import pytest
import torch

from nala_lab.core import stream
from nala_lab.experiments.gan.turns import BOTH, CRITIC, GENERATOR, Turns, at_look_ahead, mid_step
from nala_lab.optim import NALA, AdaLA, Lookahead

A = np.array([[1.3, -0.4], [0.2, 0.9]])  # min over x, max over y, of x' A y; regular, so nothing stays put
P, Q = A.shape
LR, ALPHA = 0.3, 0.2


def field():
    """J with field z -> J z, z = (y, x): the critic y climbs, the generator x descends; both step along -J z."""
    j = np.zeros((P + Q, P + Q))
    j[:Q, Q:], j[Q:, :Q] = -A.T, A
    return j


def turn(player, lr=LR):
    """One step of one player, or of both, as a matrix."""
    rows = {CRITIC: slice(0, Q), GENERATOR: slice(Q, None), BOTH: slice(None)}[player]
    m = np.eye(P + Q)
    m[rows] -= lr * field()[rows]
    return m


def inner(first, count, n_critic):
    """Turns first .. first + count - 1 of the game, the first of them rightmost."""
    m = np.eye(P + Q)
    for i in range(first, first + count):
        m = turn(CRITIC if i % (n_critic + 1) < n_critic else GENERATOR) @ m
    return m


def closed_form(cycles, k, n_critic, weight, outer):
    """weight: of the fast weights in the slow ones; outer: the gradient step of both players at y."""
    m, eye = np.eye(P + Q), np.eye(P + Q)
    for c in range(cycles):
        mixed = weight * inner(c * k, k, n_critic) + (1 - weight) * eye
        m = (turn(BOTH, outer) @ mixed if outer else mixed) @ m
    return m


def descend(y, x, now):
    """Fill .grad of the players whose turn it is with their own loss's gradient."""
    a = torch.tensor(A)
    y.grad = -(a.T @ x.detach()) if "critic" in now else None
    x.grad = a @ y.detach() if "generator" in now else None


def players(z):
    y, x = torch.tensor(z[:Q].copy(), requires_grad=True), torch.tensor(z[Q:].copy(), requires_grad=True)
    return y, x


def one_clock(make, grads, n_critic):
    """The linear map of `grads` gradients of one optimizer, column by column."""
    columns = []
    for z in np.eye(P + Q):
        y, x = players(z)
        optimizer = make([{"params": [y]}, {"params": [x]}])
        turns = Turns(n_critic)
        turns.bind(optimizer)
        for _ in range(grads):
            descend(y, x, turns.now)
            turns.begin()
            optimizer.step()
            turns.done()
        assert optimizer.phase == 0
        columns.append(torch.cat([y, x]).detach().numpy())
    return np.stack(columns, axis=1)


def two_clocks(make, rounds, n_critic):
    """The same game when each player has a wrapper of its own, which counts that player's steps."""
    columns = []
    for z in np.eye(P + Q):
        y, x = players(z)
        critic, generator = make([y]), make([x])
        for i in range(rounds * (n_critic + 1)):
            now = CRITIC if i % (n_critic + 1) < n_critic else GENERATOR
            descend(y, x, now)
            (critic if now == CRITIC else generator).step()
        columns.append(torch.cat([y, x]).detach().numpy())
    return np.stack(columns, axis=1)


def radius(m):
    return np.abs(np.linalg.eigvals(m)).max()


def sgd(params):
    return torch.optim.SGD(params, lr=LR)


@pytest.mark.parametrize("n_critic", [1, 2, 5])
@pytest.mark.parametrize("k", [4, 6])
def test_lookahead_of_both_players_has_the_closed_joint_map(k, n_critic):
    cycles = n_critic + 1  # k (n_critic + 1) turns are k rounds: the turns are where they began
    made = one_clock(lambda groups: Lookahead(groups, inner=sgd, k=k, alpha=0.4), cycles * k, n_critic)
    want = closed_form(cycles, k, n_critic, 0.4, 0.0)
    # Every turn rounds numbers of the size of the matrix a few times.
    np.testing.assert_allclose(made, want, atol=64 * k * cycles * np.finfo(float).eps * np.abs(want).max())


@pytest.mark.parametrize("n_critic", [1, 2, 5])
@pytest.mark.parametrize("k", [4, 6])
def test_nala_of_both_players_has_the_closed_joint_map(k, n_critic):
    cycles = n_critic + 1
    made = one_clock(lambda groups: NALA(groups, inner=sgd, k=k, mu=-0.6, alpha=ALPHA), cycles * (k + 1), n_critic)
    want = closed_form(cycles, k, n_critic, 1 - 0.6, ALPHA)
    np.testing.assert_allclose(made, want, atol=64 * k * cycles * np.finfo(float).eps * np.abs(want).max())
    assert abs(radius(made) - radius(want)) < 1e-10  # a well-conditioned, nearly normal map of 5 x 5


def test_two_wrappers_that_count_for_themselves_are_another_method():
    """Pitfall P16: radii of one cycle, three rounds, with one clock and with two; bare players circle with radius 1."""

    def lookahead(k):
        return lambda groups: Lookahead(groups, inner=sgd, k=k, alpha=0.4)

    def nala(k):
        return lambda groups: NALA(groups, inner=sgd, k=k, mu=-0.6, alpha=ALPHA)

    found = {
        "lookahead, alternating": (one_clock(lookahead(6), 6, 1), two_clocks(lookahead(3), 3, 1)),
        # An outer gradient for both players at one y, or one of each player at a y of its own.
        "nala, alternating": (one_clock(nala(6), 7, 1), two_clocks(nala(3), 4, 1)),
        # Here the critic's own wrapper also synchronises five times as often as the generator's.
        "lookahead, n_critic = 5": (one_clock(lookahead(18), 18, 5), two_clocks(lookahead(3), 3, 5)),
    }
    rounded = {name: tuple(round(float(radius(m)), 4) for m in pair) for name, pair in found.items()}
    assert rounded == {
        "lookahead, alternating": (0.9191, 0.9454),
        "nala, alternating": (0.9345, 0.9454),
        "lookahead, n_critic = 5": (0.6134, 0.8324),
    }
    want = closed_form(1, 6, 1, 0.4, 0.0), closed_form(1, 6, 1, 0.4, ALPHA), closed_form(1, 18, 5, 0.4, 0.0)
    for (joint, _), m in zip(found.values(), want, strict=True):
        assert abs(radius(joint) - radius(m)) < 1e-12
    assert abs(radius(inner(0, 6, 1)) - 1) < 1e-12


def test_a_turn_of_adala_lasts_for_its_probe_and_its_step(seed):
    y, x = players(stream(seed, "game").normal(size=P + Q))
    optimizer = AdaLA([{"params": [y]}, {"params": [x]}], lr=0.05, betas=(0.5, 0.9), eps=1e-6)
    turns, seen = Turns(2), []
    turns.bind(optimizer)
    for _ in range(12):
        before = y.detach().clone(), x.detach().clone()
        seen.append(turns.now[0])
        descend(y, x, turns.now)
        turns.begin()
        optimizer.step()
        turns.done()
        moved = [bool((p != q).any()) for p, q in zip((y, x), before, strict=True)]
        assert moved == [seen[-1] == "critic", seen[-1] == "generator"]
    assert seen == (["critic"] * 4 + ["generator"] * 2) * 2 and turns.whole == 6
    assert [float(optimizer.state[p]["step"]) for p in (y, x)] == [4, 2]


def test_where_an_optimizer_stands():
    w = torch.ones(1, requires_grad=True)
    nala = NALA([w], k=2, inner=lambda params: AdaLA(params))
    stands = []
    for _ in range(5):
        stands.append((mid_step(nala), at_look_ahead(nala)))
        w.grad = torch.ones(1)
        nala.step()
    # AdaLA's two calls twice, then the outer gradient at y.
    assert stands == [(False, False), (True, False), (False, False), (True, False), (False, True)]
    assert not mid_step(sgd([w])) and not at_look_ahead(Lookahead([w], k=1)) and not at_look_ahead(None)


@pytest.mark.parametrize("name", ["Yogi", "AdaBound", "MSVAG"])
def test_an_idle_player_does_not_age(name, seed):
    """One optimizer for both does what one for each would: their counters, kept per group, do not run while idle."""
    package = pytest.importorskip("pytorch_optimizer")
    rng = stream(seed, "idle")
    start, noise = rng.normal(size=P + Q), rng.normal(size=(14, P + Q))
    paths = []
    for together in (True, False):
        y, x = players(start)
        groups = [{"params": [y]}, {"params": [x]}]
        made = [getattr(package, name)(g, lr=0.1) for g in ([groups] if together else [[g] for g in groups])]
        turns = Turns(5)
        turns.bind(made[0] if together else None)
        for g in torch.tensor(noise):
            now = turns.now
            y.grad, x.grad = (g[:Q].clone() if now == CRITIC else None), (g[Q:].clone() if now == GENERATOR else None)
            turns.begin()
            made[0 if together or now == CRITIC else 1].step()
            turns.done()
        paths.append(torch.cat([y, x]).detach())
    assert torch.equal(*paths)


def test_the_number_of_turns_is_checked():
    with pytest.raises(ValueError, match="n_critic"):
        Turns(0)
