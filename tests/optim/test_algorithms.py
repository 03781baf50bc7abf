"""Reductions, inner states, probes, future work of the papers; tests/conformance has the rest of the arithmetic."""

import math

import numpy as np
import pytest
import torch

from nala_lab.core import stream
from nala_lab.optim import NALA, AdaBelief, AdaLA, Adam, Lookahead
from nala_lab.reference import NALA as NumpyNALA
from nala_lab.reference import AdaLA as NumpyAdaLA
from nala_lab.reference import Adam as NumpyAdam
from nala_lab.reference import HeavyBall, run
from tests.optim.training import feed, walk

ODD = {"lr": 0.05, "betas": (0.7, 0.85), "eps": 1e-2}
EPS = 2.0**-52
START = stream(0, "future", "start").normal(size=4) + 2


def draws(name, n):
    return list(stream(0, "future", name).normal(size=(n, 4)))


def sgd(lr, **options):
    return lambda params: torch.optim.SGD(params, lr=lr, **options)


def path(make, grads):
    """Weights after each call of step() with given gradients."""
    return walk(make, grads, [5.0])[0].flatten().tolist()


def test_reductions_hold_to_the_last_bit():
    grads = stream(0, "optim", "given").normal(size=12)
    for inner in (sgd(0.1), sgd(0.1, momentum=0.9), lambda p: torch.optim.Adam(p, lr=0.1)):
        bare = path(inner, grads)
        assert path(lambda p, i=inner: Lookahead(p, k=1, alpha=1.0, inner=i), grads) == bare
        assert path(lambda p, i=inner: Lookahead(p, k=5, alpha=1.0, inner=i), grads) == bare
        assert path(lambda p, i=inner: Lookahead(p, k=3, alpha=0.0, inner=i), grads)[2::3] == [5.0] * 4
    # mu = -1 ignores the inner loop: gradient descent with alpha on every outer gradient
    ignoring = path(lambda p: NALA(p, k=2, mu=-1.0, alpha=0.2, inner=sgd(0.1)), grads)[2::3]
    assert ignoring == path(sgd(0.2), grads[2::3])
    # alpha = 0: Lookahead with slow step 1 + mu, whatever the outer gradient is
    spent = [i for i in range(12) if i % 4 != 3]
    nala = path(lambda p: NALA(p, k=3, mu=-0.75, alpha=0.0), grads)[3::4]
    assert nala == path(lambda p: Lookahead(p, k=3, alpha=0.25), grads[spent])[2::3]


@pytest.mark.parametrize(("inner", "numpy"), [
    (sgd(0.1, momentum=0.9), HeavyBall(lr=0.1, momentum=0.9)), (lambda p: Adam(p, lr=0.1), NumpyAdam(lr=0.1)),
], ids=["momentum", "adam"])  # fmt: skip
def test_the_released_recurrence_is_that_of_the_numpy_twin(inner, numpy):
    curved, k = np.array([0.3, 1.0, 2.0, 0.5]), 3
    t = run(NumpyNALA(numpy, k=k, mu=-0.4, alpha=0.2, variant="released"), lambda x: curved * (x - 1), START, cycles=4)
    w = torch.nn.Parameter(torch.tensor(START))
    opt = NALA([w], k=k, mu=-0.4, alpha=0.2, inner=inner, variant="released")
    for row in range(1, 5):
        for call in range(k):
            assert opt.phase == call and opt.next_gradient == "step"
            feed(opt, torch.tensor(curved) * (w.detach() - 1))
        assert np.abs(w.detach().numpy() - t.slow[row]).max() <= 40 * row * k * EPS  # 10 roundings of numbers < 4
    assert opt.grad_evals == t.grad_evals == 4 * k


def test_before_its_first_synchronisation_the_released_recurrence_shows_and_mixes_with_zero():
    """theta: 5 -> 4.5 -> 4.05; y_1 = 0.5 * 4.05 + 0.5 * 0, phi_1 = y_1 - 0.2 * 4.5, the last inner gradient."""
    w = torch.nn.Parameter(torch.tensor([5.0], dtype=torch.float64))
    opt = NALA([w], k=2, mu=-0.5, alpha=0.2, inner=sgd(0.1), variant="released")
    feed(opt, 5.0)
    with opt.slow_weights():
        assert w.item() == 0.0
    older = opt.state_dict()
    for group in older["param_groups"]:
        del group["cycle"]["variant"]  # a state from before there was one
    opt.load_state_dict(older)
    feed(opt, 4.5)
    assert w.item() == pytest.approx(0.5 * 4.05 - 0.2 * 4.5, abs=8 * EPS)


def test_the_released_outer_gradient_is_not_what_the_inner_step_wrote_into_it():
    w = torch.nn.Parameter(torch.tensor([4.0], dtype=torch.float64))
    inner = sgd(0.0, momentum=0.9, nesterov=True, foreach=True)  # torch adds momentum times the buffer to .grad
    feed(NALA([w], k=1, mu=-0.5, alpha=0.25, inner=inner, variant="released"), 1.0)
    assert w.item() == 0.5 * 4 - 0.25 * 1.0


@pytest.mark.parametrize("what", ["failed step", "saved", "added and saved"])
def test_the_released_recurrence_starts_at_zero_whatever_came_before(what):
    w, late = (torch.nn.Parameter(torch.tensor([4.0], dtype=torch.float64)) for _ in range(2))
    opt = NALA([w], k=1, mu=-0.5, alpha=0.0, inner=sgd(0.0), variant="released")
    if what == "failed step":
        with pytest.raises(ZeroDivisionError):
            opt.step(lambda: 1 / 0)
        assert w.item() == 4.0
    elif what == "saved":
        assert not opt.state[w]  # which makes a place for it
        opt.state_dict()
    else:
        feed(opt, 0.0)
        opt.add_param_group({"params": [late]})
        opt.state_dict()
    feed(opt, *([1.0] * len(opt.param_groups)))
    assert (late if what == "added and saved" else w).item() == 2.0  # (1 + mu) 4


# ---- inner states and probes --------------------------------------------------------------------------------------


def test_reset_selects_and_does_not_multiply():
    """P6, P17: an infinite moment is gone after the reset, and counter and moments start anew together."""
    w = torch.nn.Parameter(torch.ones(2))
    opt = Lookahead([w], k=2, inner_state="reset")
    for _ in range(2):
        feed(opt, 1.0)
        opt.inner.state[w]["exp_avg_sq"].fill_(math.inf)
    feed(opt, 1.0)
    assert opt.inner.state[w]["step"] == 1 and torch.isfinite(opt.inner.state[w]["exp_avg_sq"]).all()


# ---- AdaLA's probe ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("probe", ["own", "grad", "adam", "adabelief", "self", "code"])
def test_the_probe_is_undone_to_the_last_bit(probe):
    """With lr so small that theta + p - p is not theta, and a second gradient that is missing: back at theta."""
    draw = stream(0, "optim", "probe")
    w = torch.nn.Parameter(torch.tensor(draw.normal(size=50), dtype=torch.float32))
    opt = AdaLA([w], lr=1e-3, probe=probe)
    start = w.detach().clone()
    feed(opt, draw.normal(size=50))
    assert opt.phase == 1 and (w != start).any()
    feed(opt, None)
    assert opt.phase == 0 and torch.equal(w, start)
    if probe != "code":
        assert opt.state[w]["step"] == 0 and not opt.state[w]["exp_avg"].any()


# ---- future work of both papers: AdaLA's blend and every ----------------------------------------------------------


@pytest.mark.parametrize("every", [1, 3])
@pytest.mark.parametrize("form", ["hat", "raw"])
def test_blend_zero_is_adabelief_to_the_last_bit_and_spends_no_probe(form, every):
    grads, settings = draws("zero", 9), {**ODD, "weight_decay": 0.1, "denominator": form}
    path, opt = walk(lambda p: AdaLA(p, **settings, blend=0.0, every=every), grads, START)
    bare, belief = walk(lambda p: AdaBelief(p, **settings), grads, START)
    assert torch.equal(path, bare)
    assert opt.grad_evals == 9 and opt.phase == 0
    (mine,), (its,) = opt.state.values(), belief.state.values()
    assert set(mine) == set(its)  # and so no copy of the weights


@pytest.mark.parametrize("every", [1, 2, 3, 7])
def test_so_many_steps_spend_so_many_gradients(every):
    """n steps spend n + ceil(n / every): the amortised cost is (every + 1) / every."""
    spent, done = [], 0

    def count(opt):
        nonlocal done
        if opt.phase == 0:
            done += 1
            spent.append((done, opt.grad_evals))

    walk(lambda p: AdaLA(p, **ODD, every=every), draws("cost", 30), START, count)
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
        feed(opt, c)
        if opt.phase == 0:
            path.append(w.detach().numpy().copy())
    assert np.abs(np.stack(path) - np.stack(exact)).max() <= allowed
    assert np.abs(opt.state[w]["exp_avg_var"].numpy() - s).max() <= allowed


# ---- NALA around AdaLA -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [{}, {"every": 2}, {"blend": 0.4}, {"blend": 0.0}, {"probe": "lagged"}])
def test_nala_with_mu_0_and_alpha_0_around_adala_is_adala_to_the_last_bit(options):
    """y = theta and phi = y: only the gradient at y is spent besides. Three whole inner steps make a cycle."""
    grads, used = iter(draws("around", 60)), []

    adala = lambda params: AdaLA(params, **ODD, **options)  # noqa: E731
    w = torch.nn.Parameter(torch.tensor(START))
    opt, ends = NALA([w], k=3, mu=0.0, alpha=0.0, inner=adala), []
    while len(ends) < 4:
        g = next(grads)
        if opt.phase < 3:
            used.append(g)
        feed(opt, g)
        if opt.phase == 0 and opt.inner.phase == 0 and opt.grad_evals > len(used) + len(ends):
            ends.append(w.detach().clone())
    path, bare = walk(adala, used, START)
    per_cycle = len(used) // 4 if not options.get("every") else None
    reached = [path[i * per_cycle - 1] for i in range(1, 5)] if per_cycle else [path[i] for i in (4, 8, 13, 17)]
    assert torch.equal(torch.stack(ends), torch.stack(reached))
    assert torch.equal(w, bare.param_groups[0]["params"][0])
