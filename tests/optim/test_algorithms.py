"""Reductions to simpler methods, inner states and probes; tests/conformance holds the arithmetic to the NumPy twin."""

import math

import pytest
import torch

from nala_lab.core import stream
from nala_lab.optim import NALA, AdaLA, Lookahead
from tests.optim.training import feed, walk


def sgd(lr, **options):
    return lambda params: torch.optim.SGD(params, lr=lr, **options)


def path(make, grads):
    """Weights after each call of step() with given gradients."""
    return walk(make, grads, [5.0])[0].flatten().tolist()


def given(seed, n):
    return stream(seed, "optim", "given").normal(size=n)


def test_reductions_hold_to_the_last_bit():
    grads = given(0, 12)
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
        feed(opt, g)
        feed(bare, g)
    assert set(opt.inner.state[w]) == set(bare.state[bare_w])
    live = [w, *opt.inner.state[w].values(), *opt.state[w].values()]
    places = [t.data_ptr() for t in live if isinstance(t, torch.Tensor)]
    assert len(places) == len(set(places))


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
