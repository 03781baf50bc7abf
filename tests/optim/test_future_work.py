"""What both papers leave to future work: a blended and an occasional look ahead, NALA around AdaLA, outer velocity."""

import math

import numpy as np
import pytest
import torch

from nala_lab.core import stream
from nala_lab.optim import NALA, AdaBelief, AdaLA, Lookahead, OuterMomentum
from nala_lab.reference import AdaLA as NumpyAdaLA
from nala_lab.reference import run
from nala_lab.verify import other_papers as published

ODD = {"lr": 0.05, "betas": (0.7, 0.85), "eps": 1e-2}
EPS = 2.0**-52


def draws(name, n):
    return [torch.tensor(row) for row in stream(0, "future", name).normal(size=(n, 4))]


def walk(make, grads, after=None):
    """Weights after each call of step() with given gradients, and the optimizer."""
    w = torch.nn.Parameter(torch.tensor(stream(0, "future", "start").normal(size=4) + 2))
    opt, path = make([w]), []
    for g in grads:
        w.grad = g.clone()
        opt.step()
        path.append(w.detach().clone())
        if after:
            after(opt, w)
    return torch.stack(path), opt


# ---- AdaLA: blend and every --------------------------------------------------------------------------------------


@pytest.mark.parametrize("every", [1, 3])
@pytest.mark.parametrize("form", ["hat", "raw"])
def test_blend_zero_is_adabelief_to_the_last_bit_and_spends_no_probe(form, every):
    grads, settings = draws("zero", 9), {**ODD, "weight_decay": 0.1, "denominator": form}
    path, opt = walk(lambda p: AdaLA(p, **settings, blend=0.0, every=every), grads)
    bare, belief = walk(lambda p: AdaBelief(p, **settings), grads)
    assert torch.equal(path, bare)
    assert opt.grad_evals == 9 and opt.phase == 0
    (mine,), (its,) = opt.state.values(), belief.state.values()
    assert set(mine) == set(its)  # and so no copy of the weights


@pytest.mark.parametrize("every", [1, 2, 3, 7])
def test_so_many_steps_spend_so_many_gradients(every):
    """n steps spend n + ceil(n / every): the amortised cost is (every + 1) / every."""
    spent, done = [], 0

    def count(opt, w):
        nonlocal done
        if opt.phase == 0:
            done += 1
            spent.append((done, opt.grad_evals))

    walk(lambda p: AdaLA(p, **ODD, every=every), draws("cost", 30), count)
    assert spent == [(n, n + math.ceil(n / every)) for n in range(1, done + 1)] and done >= 15
    t = run(NumpyAdaLA(**ODD, every=every), lambda x: x - 1, np.array([3.0, -2.0]), steps=done)
    assert t.evals.tolist() == [0] + [n for _, n in spent]


@pytest.mark.parametrize("blend", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("every", [1, 2, 3])
@pytest.mark.parametrize("probe", ["own", "grad", "adam", "adabelief", "self"])
def test_the_second_moment_on_a_linear_objective_is_its_closed_form(probe, every, blend):
    """f = c'x, so g_t = g_{t+1} = c and m_t = (1 - beta1^t) c: the residual is (1 - c_t) beta1^t c, whatever the probe.

    s_t = sum_j beta2^(t-j) (eps + (1 - beta2) (1 - c_j)^2 beta1^(2j) c^2), and m_hat_t = c.
    """
    c, (beta1, beta2), eps, lr, steps = np.array([1.5, -0.2]), ODD["betas"], ODD["eps"], ODD["lr"], 12
    looks = [blend if j % every == 0 else 0.0 for j in range(steps)]
    x0 = x = np.array([4.0, -3.0])
    s, exact = np.zeros(2), [x0]
    for t in range(1, steps + 1):
        weights = [(1 - looks[j - 1]) ** 2 * beta1 ** (2 * j) * beta2 ** (t - j) for j in range(1, t + 1)]
        s = eps * (1 - beta2**t) / (1 - beta2) + (1 - beta2) * c**2 * sum(weights)
        x = x - lr * c / (np.sqrt(s / (1 - beta2**t)) + eps)
        exact.append(x)
    # each step rounds a displacement below 2 and a weight below 16 some twenty times
    allowed = 20 * 16 * EPS * steps
    options = {**ODD, "probe": probe, "every": every, "blend": blend}
    reached = run(NumpyAdaLA(**options), lambda x: c, x0, steps=steps).x
    assert np.abs(reached - np.stack(exact)).max() <= allowed
    w = torch.nn.Parameter(torch.tensor(x0))
    opt, path = AdaLA([w], **options), [x0]
    while len(path) <= steps:
        w.grad = torch.tensor(c)
        opt.step()
        if opt.phase == 0:
            path.append(w.detach().numpy().copy())
    assert np.abs(np.stack(path) - np.stack(exact)).max() <= allowed
    assert np.abs(opt.state[w]["exp_avg_var"].numpy() - s).max() <= allowed


def test_a_step_between_two_looks_is_adabelief_s_from_the_same_state():
    grads = draws("between", 10)
    _, opt = walk(lambda p: AdaLA(p, **ODD, every=4), grads[:2])  # probe and adapted step; three plain ones follow
    w = opt.param_groups[0]["params"][0]
    other = torch.nn.Parameter(w.detach().clone())
    belief = AdaBelief([other], **ODD)
    belief.state[other] = {key: opt.state[w][key].clone() for key in ("step", "exp_avg", "exp_avg_var")}
    for g in grads[2:5]:
        w.grad, other.grad = g.clone(), g.clone()
        opt.step()
        belief.step()
        assert torch.equal(w, other) and opt.phase == 0
    w.grad = grads[5].clone()
    opt.step()
    assert opt.phase == 1


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"blend": 1.5}, "blend must satisfy 0 <= blend <= 1, got blend=1.5"),
        ({"blend": float("nan")}, "got blend=nan"),
        ({"every": 0}, "every must satisfy integer every >= 1"),
        ({"every": 2, "probe": "lagged"}, "every must satisfy every=1 when probe='lagged'"),
        ({"every": 2, "probe": "code"}, "every must satisfy every=1 when probe='code'"),
    ],
)
def test_what_adala_refuses(options, sentence):
    for make in (lambda: AdaLA([torch.nn.Parameter(torch.ones(1))], **options), lambda: NumpyAdaLA(**options)):
        with pytest.raises(ValueError) as caught:
            make()
        assert sentence in str(caught.value)


# ---- NALA around AdaLA -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [{}, {"every": 2}, {"blend": 0.4}, {"blend": 0.0}, {"probe": "lagged"}])
def test_nala_with_mu_0_and_alpha_0_around_adala_is_adala_to_the_last_bit(options):
    """y = theta and phi = y: only the gradient at y is spent besides. Three whole inner steps make a cycle."""
    grads, used = iter(draws("around", 60)), []

    def recorded(params):
        return AdaLA(params, **ODD, **options)

    w = torch.nn.Parameter(torch.tensor(stream(0, "future", "start").normal(size=4) + 2))
    opt, ends = NALA([w], k=3, mu=0.0, alpha=0.0, inner=recorded), []
    while len(ends) < 4:
        g = next(grads)
        if opt.phase < 3:
            used.append(g)
        w.grad = g.clone()
        opt.step()
        if opt.phase == 0 and opt.inner.phase == 0 and opt.grad_evals > len(used) + len(ends):
            ends.append(w.detach().clone())
    path, bare = walk(recorded, used)
    per_cycle = len(used) // 4 if not options.get("every") else None
    reached = [path[i * per_cycle - 1] for i in range(1, 5)] if per_cycle else [path[i] for i in (4, 8, 13, 17)]
    assert torch.equal(torch.stack(ends), torch.stack(reached))
    assert torch.equal(w, bare.param_groups[0]["params"][0])


# ---- outer velocity ----------------------------------------------------------------------------------------------


def curvature(x):
    return np.array([0.3, 1.1, 2.0, 0.7]) * (x - np.array([1.0, -2.0, 0.5, 3.0]))


def outer(k, lr, cycles, **options):
    """phi_0 .. phi_T of OuterMomentum around gradient descent."""
    start = stream(0, "future", "start").normal(size=4) + 2
    w = torch.nn.Parameter(torch.tensor(start))
    opt = OuterMomentum([w], k=k, inner=lambda p: torch.optim.SGD(p, lr=lr), **options)
    phi = [start]
    while len(phi) <= cycles:
        w.grad = torch.tensor(curvature(w.detach().numpy()))
        opt.step()
        if opt.phase == 0:
            phi.append(w.detach().numpy().copy())
    return np.stack(phi)


EDGES = {
    "Lookahead": ({"nu": 0.4, "beta": 0.0}, published.lookahead, {"alpha": 0.4}),
    "Reptile": ({"nu": 0.4, "beta": 0.0}, published.reptile, {"epsilon": 0.4}),
    "NALA": ({"nu": 0.7, "beta": 0.0, "alpha": 0.2}, published.nala, {"mu": -0.3, "alpha": 0.2}),
    "SNOO": ({"nu": 0.8, "beta": 0.6}, published.snoo, {"nu": 0.8, "beta": 0.6}),
    "DiLoCo, one worker": ({"nu": 0.8, "beta": 0.6}, published.diloco, {"nu": 0.8, "beta": 0.6, "workers": 1}),
    "SlowMo": ({"nu": 0.8, "beta": 0.6, "style": "heavy-ball"}, published.slowmo, {"a": 0.8, "beta": 0.6}),
}


@pytest.mark.parametrize("name", EDGES)
def test_published_methods_are_points_of_outer_momentum(name):
    """Against the recurrence of the method's own paper, in NumPy. The map contracts, up to the velocity's memory of
    1 / (1 - beta) = 2.5 cycles; a cycle rounds a dozen numbers below 16 by half an ulp."""
    ours, recurrence, theirs = EDGES[name]
    phi = outer(3, 0.1, 8, **ours)
    exact = recurrence(curvature, phi[0], 8, 3, 0.1, **theirs)
    assert np.abs(phi - exact).max() <= 2.5 * 12 * 8 * 16 * EPS
    assert np.abs(exact[8] - exact[4]).max() > 1e-3  # and it moves


def test_without_velocity_the_torch_classes_agree_around_adam():
    """beta = 0: Lookahead's slow step is nu, NALA's mu is nu - 1; they mix by another formula, so to rounding only."""
    grads = draws("edges", 24)
    for options, other in [
        ({"nu": 0.3, "k": 3}, lambda p: Lookahead(p, lr=0.05, k=3, alpha=0.3)),
        ({"nu": 0.6, "k": 2, "alpha": 0.1}, lambda p: NALA(p, lr=0.05, k=2, mu=-0.4, alpha=0.1)),
    ]:
        path, opt = walk(lambda p, o=options: OuterMomentum(p, lr=0.05, beta=0.0, **o), grads)
        theirs, its = walk(other, grads)
        assert (path - theirs).abs().max() <= 24 * 8 * 8 * EPS  # eight roundings of numbers below 8 a call
        assert (opt.phase, opt.grad_evals) == (its.phase, its.grad_evals)


@pytest.mark.parametrize("alpha", [0.0, 0.1])
def test_a_run_resumes_to_the_last_bit_from_every_phase_with_its_velocity(alpha):
    def make(params):
        return OuterMomentum(params, lr=0.05, k=2, nu=0.8, beta=0.6, alpha=alpha)

    grads = draws("resume", 11)
    whole, _ = walk(make, grads)
    for stop in range(1, 11):
        path, opt = walk(make, grads[:stop])
        saved = opt.state_dict()
        w = torch.nn.Parameter(path[-1].clone())
        resumed = make([w])
        resumed.load_state_dict(saved)
        for g in grads[stop:]:
            w.grad = g.clone()
            resumed.step()
        assert torch.equal(w, whole[-1]), stop


def test_the_state_is_the_inner_one_and_two_copies():
    w = torch.nn.Parameter(torch.ones(6))
    opt = OuterMomentum([w], k=2, alpha=0.1)
    for _ in range(7):
        w.grad = torch.ones(6)
        opt.step()
    assert {key: value.numel() for key, value in opt.state[w].items()} == {"slow": 6, "velocity": 6}


def test_half_precision_keeps_its_slow_weights_and_velocity_in_float32():
    """A displacement of 2^-10 from 1 is below half an ulp of bfloat16 (2^-9), so in its own type it would be lost."""
    w = torch.nn.Parameter(torch.ones(1, dtype=torch.bfloat16))
    opt = OuterMomentum([w], k=1, nu=2.0**-3, beta=0.0, inner=lambda p: torch.optim.SGD(p, lr=2.0**-7))
    for _ in range(8):
        w.grad = torch.ones_like(w)
        opt.step()
    assert opt.state[w]["velocity"].dtype == opt.state[w]["slow"].dtype == torch.float32
    assert opt.state[w]["slow"].item() < 1 - 2.0**-8 and w.item() < 1


@pytest.mark.parametrize(
    ("options", "sentence"),
    [({"workers": 2}, "workers must satisfy workers=1"), ({"beta": 1.0}, "0 <= beta < 1"), ({"nu": -1.0}, "0 <= nu")],
)
def test_what_outer_momentum_refuses(options, sentence):
    with pytest.raises(ValueError, match=sentence):
        OuterMomentum([torch.nn.Parameter(torch.ones(1))], **options)
