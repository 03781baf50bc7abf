"""The update over lists, however they are cut, against one parameter at a time; and what is not taken by address."""

import pytest
import torch

from nala_lab.core import stream
from nala_lab.optim import NALA, AdaBelief, AdaLA, Adam, Lookahead, _adaptive
from nala_lab.optim.adala import TORCH_PROBES
from tests.optim.training import feed

SHAPES = ((), (1,), (0,), (7, 9), (3, 5, 2, 2), (20, 21), (3,))
ODD = {"lr": 0.05, "betas": (0.7, 0.85), "eps": 1e-3, "weight_decay": 0.1}
MAKERS = {
    "AdaBelief": lambda p: AdaBelief(p, **ODD),
    "AdaBelief raw": lambda p: AdaBelief(p, **ODD, denominator="raw"),
    "AdaBelief without decay": lambda p: AdaBelief(p, **{**ODD, "weight_decay": 0.0}),
    "AdaLA": lambda p: AdaLA(p, **ODD),
    "AdaLA raw": lambda p: AdaLA(p, **ODD, denominator="raw"),
    "AdaLA without decay": lambda p: AdaLA(p, **{**ODD, "weight_decay": 0.0}),
    "NALA": lambda p: NALA(p, lr=0.05, k=3, mu=0.3, alpha=0.05),  # its weight of the slow copy is below 1/2
    "Lookahead": lambda p: Lookahead(p, lr=0.05, k=3, alpha=0.3, inner_state="pullback"),
    "AdaLA blended": lambda p: AdaLA(p, **ODD, blend=0.3),
    "AdaLA now and then": lambda p: AdaLA(p, **ODD, every=2),
    **{f"AdaLA {probe}": lambda p, probe=probe: AdaLA(p, **ODD, probe=probe) for probe in TORCH_PROBES},
}


def parameters(dtype, shapes=SHAPES, layout=torch.contiguous_format):
    draw = stream(0, "walks", "weights")
    made = [torch.tensor(draw.normal(size=shape) + 2, dtype=dtype) for shape in shapes]
    return [torch.nn.Parameter(p.contiguous(memory_format=layout) if p.dim() == 4 else p) for p in made]


def walk(make, dtype, calls=7, **how):
    """Weights after every call, with given gradients; the last parameter has one only now and then."""
    params, draw, path = parameters(dtype, **how), stream(0, "walks", "gradients"), []
    opt = make(params)
    for call in range(calls):
        for p in params:
            g = torch.tensor(draw.normal(size=tuple(p.shape)), dtype=dtype)
            p.grad = torch.empty_like(p).copy_(g)
        if call % 5 == 2:
            params[-1].grad = None
        opt.step()
        path.append(torch.cat([p.detach().contiguous().ravel() for p in params]))
    return torch.stack(path), opt


ONE_LOOP = [name for name in MAKERS if name.startswith("Ada")]
WAYS = ("alone", "few", "parts", "together")


@pytest.fixture
def way(monkeypatch):
    """How the CPU cuts its lists: a parameter at a time, a few small ones together, parts of each, or as a GPU does."""
    cut = _adaptive._cut

    def switch(name):
        monkeypatch.setattr(_adaptive, "_BLOCK", {"few": 30, "parts": 4}.get(name, _adaptive._BLOCK))
        alone = lambda rows: ([[x] for x in row] for row in rows)  # noqa: E731
        together = lambda rows: [zip(*rows, strict=True)]  # noqa: E731
        monkeypatch.setattr(_adaptive, "_cut", {"alone": alone, "together": together}.get(name, cut))

    return switch


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
@pytest.mark.parametrize("name", ONE_LOOP)
def test_every_way_to_cut_the_lists_takes_the_same_steps(name, dtype, layout, way):
    """The operations are the same ones in the same order. A vectorised loop may fuse a multiply with an add where its
    tail does not, which saves a rounding: of some ten numbers a call, the largest, a weight below 8, by half an ulp,
    and relative errors of a few ulp in a displacement below 1. So 4 ulp of 8 per call, added up."""
    paths = []
    for one in WAYS:
        way(one)
        paths.append(walk(MAKERS[name], dtype, layout=layout)[0].double())
    assert paths[0].abs().max() < 8 and not torch.equal(paths[0][0], paths[0][-1])
    allowed = 4 * 8 * torch.finfo(dtype).eps * torch.arange(1, len(paths[0]) + 1)[:, None]
    for path in paths[1:]:
        assert ((path - paths[0]).abs() <= allowed).all()


def test_a_large_parameter_is_cut_and_comes_out_as_a_small_one_does():
    """More numbers than a list holds, in a shape whose rows no cut respects; elementwise, so each row is the first."""
    w = torch.nn.Parameter(torch.full((3, _adaptive._BLOCK // 2 + 5), 2.0))
    small = torch.nn.Parameter(torch.full((1,), 2.0))
    opt = AdaLA([w, small], lr=0.1)
    for call in range(4):
        feed(opt, 1.0 + call, 1.0 + call)
    assert (w - small).abs().max() <= 4 * 4 * 2 * 2**-23 and w.max() < 1.9  # as above: 4 ulp of 2 a call


BUGS = {
    "the last one is left out": ("_cut", lambda rows: [[c[:-1] or c for c in zip(*rows, strict=True)]]),
    "the state is read in another order": ("_as_vectors", lambda row: [x.flip(0).reshape(-1) for x in row]),
}


@pytest.mark.parametrize("bug", BUGS)
def test_a_bug_in_the_cutting_is_seen(bug, way, monkeypatch):
    way("alone")
    alone = walk(MAKERS["AdaLA"], torch.float64)[0]
    way("parts")
    monkeypatch.setattr(_adaptive, *BUGS[bug])
    assert (walk(MAKERS["AdaLA"], torch.float64)[0] - alone).abs().max() > 1e-3


@pytest.mark.parametrize("make", [AdaBelief, AdaLA])
def test_together_the_number_of_operations_does_not_grow_with_the_number_of_parameters(make, way):
    way("together")
    counts = []
    for n in (3, 30):
        params = parameters(torch.float32, shapes=((4, 3),) * n)
        opt = make(params)
        for _ in range(2):
            feed(opt, *[1.0] * n)
        with torch.profiler.profile() as seen:
            for _ in range(2):
                opt.step()
        counts.append(sum(e.count for e in seen.key_averages() if e.key.startswith("aten::_foreach")))
    assert counts[0] == counts[1] > 0


# ---- gradients and parameters that lie in memory in their own way ----------------------------------------------------


def transposed(g):
    return torch.empty(g.shape[::-1]).permute(*range(g.dim())[::-1]).copy_(g)


def one_number(g):
    return g.mean().expand(g.shape)  # strides of 0: what an expanded loss sends back


@pytest.mark.parametrize("odd", [transposed, torch._neg_view, one_number])
@pytest.mark.parametrize("name", ["AdaBelief", "AdaLA", "NALA", "Lookahead"])
def test_a_gradient_may_lie_in_memory_as_it_likes(name, odd, way):
    """torch 2.13's fused Adam on a CPU pairs weights with the gradients of others then."""
    ends = []
    way("parts")
    for view in (odd, lambda g: odd(g).resolve_neg().clone(memory_format=torch.contiguous_format)):
        (w,), draw = parameters(torch.float32, shapes=((3, 5),)), stream(0, "walks", "strides")
        opt = MAKERS[name]([w])
        for _ in range(7):
            w.grad = view(torch.tensor(draw.normal(size=(3, 5)), dtype=torch.float32))
            opt.step()
        ends.append(w.detach())
    assert (ends[0] - ends[1]).abs().max() <= 7 * 4 * 8 * 2**-23  # as above; fused Adam is another program


def test_torch_s_fused_adam_is_chosen_where_it_fits():
    plain, odd = torch.nn.Parameter(torch.ones(2)), torch.nn.Parameter(torch.ones(2, dtype=torch.complex64))
    opt = NALA([plain])
    opt.add_param_group({"params": [odd]})
    assert [group["fused"] for group in opt.param_groups] == [True, None]
    assert NALA([odd]).param_groups[0]["fused"] is None
    for _ in range(7):
        feed(opt, 1.0, 1.0)
    assert (plain < 1).all() and (odd.real < 1).all()


def test_who_says_how_adam_is_to_run_is_heard_before_and_after_a_load():
    for options, fused in (({}, True), ({"fused": False}, False), ({"foreach": False}, None), ({"foreach": True}, None),
                           ({"differentiable": True}, None)):  # fmt: skip
        opt = Adam([torch.nn.Parameter(torch.ones(2))], **options)
        assert opt.param_groups[0]["fused"] is fused
        opt.load_state_dict(opt.state_dict())
        assert opt.param_groups[0]["fused"] is fused


def test_autograd_notices_the_step():
    """The graph that saved the old weight must refuse to run backwards."""
    w = torch.nn.Parameter(torch.ones(3))
    opt = AdaBelief([w])
    loss = (w**3).sum()
    feed(opt, 1.0)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()
