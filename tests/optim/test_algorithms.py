"""The algorithms against closed forms and reductions to simpler methods; traces by hand hold the NumPy twin."""

import math

import pytest
import torch

from nala_lab.core import stream
from nala_lab.optim import NALA, AdaLA, Lookahead


def sgd(lr, **options):
    return lambda params: torch.optim.SGD(params, lr=lr, **options)


def walk(make, grads, x0=5.0):
    """Weights after each call of step() with given gradients, in float64."""
    w = torch.nn.Parameter(torch.tensor([float(x0)], dtype=torch.float64))
    opt = make([w])
    path = []
    for g in grads:
        w.grad = torch.tensor([float(g)], dtype=torch.float64)
        opt.step()
        path.append(w.item())
    return path


def descend(make, curvature, calls, x0=3.0):
    """Weights after each call on curvature w^2 / 2."""
    w = torch.nn.Parameter(torch.tensor([x0], dtype=torch.float64))
    opt = make([w])
    path = []
    for _ in range(calls):
        opt.zero_grad()
        (curvature * w**2 / 2).sum().backward()
        opt.step()
        path.append(w.item())
    return path


@pytest.mark.parametrize("k", range(1, 8))
def test_synchronisation_comes_after_inner_steps_k_2k_3k(k):
    """P1, P2: around gradient descent a cycle contracts by 1 - a + a (1 - lr c)^k, and so does the first one."""
    path = descend(lambda p: Lookahead(p, k=k, alpha=0.3, inner=sgd(0.1)), 1.7, 3 * k)
    factor = 0.7 + 0.3 * (1 - 0.17) ** k
    for cycle in (1, 2, 3):
        # k + 3 roundings a cycle, each at most 2^-53 of a number below 3
        assert abs(path[cycle * k - 1] - 3 * factor**cycle) <= 3 * (k + 3) * cycle * 2**-53


@pytest.mark.parametrize("mu", [-1.0, -0.5, 0.0, 0.4])
def test_nala_contracts_as_its_closed_form_says(mu):
    """P8: phi_{t+1} = (1 - alpha c) ((1 + mu)(1 - lr c)^k - mu) phi_t."""
    path = descend(lambda p: NALA(p, k=4, mu=mu, alpha=0.2, inner=sgd(0.1)), 1.7, 15)
    factor = (1 - 0.34) * ((1 + mu) * (1 - 0.17) ** 4 - mu)
    for cycle in (1, 2, 3):
        assert abs(path[5 * cycle - 1] - 3 * factor**cycle) <= 3 * 10 * cycle * 2**-53


def given(seed, n):
    return stream(seed, "optim", "given").normal(size=n)


def test_reductions_hold_to_the_last_bit():
    grads = given(0, 12)
    for inner in (sgd(0.1), sgd(0.1, momentum=0.9), lambda p: torch.optim.Adam(p, lr=0.1)):
        bare = walk(inner, grads)
        assert walk(lambda p, i=inner: Lookahead(p, k=1, alpha=1.0, inner=i), grads) == bare
        assert walk(lambda p, i=inner: Lookahead(p, k=5, alpha=1.0, inner=i), grads) == bare
        assert walk(lambda p, i=inner: Lookahead(p, k=3, alpha=0.0, inner=i), grads)[2::3] == [5.0] * 4
    # mu = -1 ignores the inner loop: gradient descent with alpha on every outer gradient
    ignoring = walk(lambda p: NALA(p, k=2, mu=-1.0, alpha=0.2, inner=sgd(0.1)), grads)[2::3]
    assert ignoring == walk(sgd(0.2), grads[2::3])
    # alpha = 0: Lookahead with slow step 1 + mu, whatever the outer gradient is
    spent = [i for i in range(12) if i % 4 != 3]
    nala = walk(lambda p: NALA(p, k=3, mu=-0.75, alpha=0.0), grads)[3::4]
    assert nala == walk(lambda p: Lookahead(p, k=3, alpha=0.25), grads[spent])[2::3]


# ---- what happens to the inner state at a synchronisation --------------------------------------------------------


@pytest.mark.parametrize("how", ["keep", "reset", "pullback"])
@pytest.mark.parametrize("inner", [torch.optim.Adam, sgd(0.1, momentum=0.9)])
def test_no_tensor_is_shared_and_no_key_is_foreign(how, inner):
    """P4, P5, P23: after three synchronisations and one step more."""
    w = torch.nn.Parameter(torch.ones(3))
    opt = NALA([w], k=2, inner=inner, inner_state=how)
    bare_w = torch.nn.Parameter(torch.ones(3))
    bare = inner([bare_w])
    for g in given(2, 10):
        w.grad, bare_w.grad = torch.full((3,), g), torch.full((3,), g)
        opt.step()
        bare.step()
    assert set(opt.inner.state[w]) == set(bare.state[bare_w])
    live = [w, *opt.inner.state[w].values(), *opt.state[w].values()]
    places = [t.data_ptr() for t in live if isinstance(t, torch.Tensor)]
    assert len(places) == len(set(places))


def test_reset_selects_and_does_not_multiply():
    """P6, P17: an infinite moment is gone after the reset, and counter and moments start anew together."""
    w = torch.nn.Parameter(torch.ones(2))
    opt = Lookahead([w], k=2, inner_state="reset")
    for value in (1.0, 1.0):
        w.grad = torch.full((2,), value)
        opt.step()
        opt.inner.state[w]["exp_avg_sq"].fill_(math.inf)
    w.grad = torch.ones(2)
    opt.step()
    assert opt.inner.state[w]["step"] == 1 and torch.isfinite(opt.inner.state[w]["exp_avg_sq"]).all()


# ---- AdaLA's probe ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("probe", ["own", "grad", "adam", "adabelief", "self", "code"])
def test_the_probe_is_undone_to_the_last_bit(probe):
    """With lr so small that theta + p - p is not theta, and a second gradient that is missing: back at theta."""
    draw = stream(0, "optim", "probe")
    w = torch.nn.Parameter(torch.tensor(draw.normal(size=50), dtype=torch.float32))
    opt = AdaLA([w], lr=1e-3, probe=probe)
    start = w.detach().clone()
    w.grad = torch.tensor(draw.normal(size=50), dtype=torch.float32)
    opt.step()
    assert opt.phase == 1 and (w != start).any()
    w.grad = None
    opt.step()
    assert opt.phase == 0 and torch.equal(w, start)
    if probe != "code":
        assert opt.state[w]["step"] == 0 and not opt.state[w]["exp_avg"].any()
