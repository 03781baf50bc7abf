"""The compiled kernels: the step of the torch operations, for what fits; and what happens where nothing compiles."""

import logging
import subprocess
import sys

import pytest
import torch

from nala_lab.core import stream
from nala_lab.optim import NALA, AdaBelief, AdaLA, Lookahead, _build, _fused
from tests.optim.fused import MAKERS, needs_compiler, walk
from tests.optim.training import ROOT

pytestmark = pytest.mark.usefixtures("treat_as_large")


@needs_compiler
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("name", MAKERS)
def test_a_kernel_takes_the_step_that_the_torch_operations_take(name, dtype, layout, unfused):
    """A call rounds some ten numbers; the largest, a weight below 8, by half an ulp. Squares and roots of the moments
    carry a relative error of a few ulp into a displacement below 1. So 4 ulp of 8 per call, added up."""
    fused, opt = walk(MAKERS[name], dtype, layout=layout)
    unfused(True)
    plain, _ = walk(MAKERS[name], dtype, layout=layout)
    assert plain.abs().max() < 8
    allowed = 4 * 8 * torch.finfo(dtype).eps * torch.arange(1, len(plain) + 1)[:, None]
    assert ((fused - plain).abs() <= allowed).all()
    assert not torch.equal(fused[0], fused[-1]) and opt.grad_evals == 7


@needs_compiler
@pytest.mark.parametrize("name", MAKERS)
def test_the_number_of_threads_changes_no_bit(name):
    assert torch.equal(walk(MAKERS[name], torch.float32, threads=1)[0], walk(MAKERS[name], torch.float32, threads=3)[0])


@needs_compiler
@pytest.mark.parametrize("make", [NALA, Lookahead])
def test_the_default_inner_step_and_the_mixing_are_one_pass_from_the_second_cycle_on(make, monkeypatch):
    """Every other step of the slow loop is the outer one; nothing is copied or mixed by a pass of its own."""
    w = torch.nn.Parameter(torch.ones(50))
    opt = make([w], k=3)
    passes = []
    for name in ("_foreach_copy_", "_foreach_lerp_", "_fused_adam_"):
        whole = getattr(torch, name)
        monkeypatch.setattr(torch, name, lambda *a, _n=name, _f=whole, **o: (passes.append(_n), _f(*a, **o))[1])
    length = opt.k + (make is NALA)
    for call in range(3 * length):
        if call == length:
            assert passes and set(passes) <= {"_foreach_copy_", "_foreach_lerp_", "_fused_adam_"}
            passes.clear()
        w.grad = torch.ones(50)
        opt.step()
    assert not passes and opt.phase == 0


@needs_compiler
@pytest.mark.parametrize("stop", range(1, 7))
def test_a_run_in_half_precision_goes_on_in_single_with_the_digits_that_it_kept(stop, unfused):
    """Its ``exact`` weights are settled by torch operations; were they left, phi would go back to them for ever."""
    ends = []
    for off in (False, True):
        unfused(off)
        half = torch.nn.Parameter(torch.linspace(1, 2, 40, dtype=torch.bfloat16))
        before = NALA([half], lr=0.05, k=2)
        for _ in range(stop):
            half.grad = torch.ones_like(half)
            before.step()
        w = torch.nn.Parameter(half.detach().float())
        opt = NALA([w], lr=0.05, k=2)
        opt.load_state_dict(before.state_dict())
        for _ in range(9):
            w.grad = torch.ones_like(w)
            opt.step()
        ends.append(w.detach())
    assert torch.allclose(*ends, rtol=9 * 4 * 2**-23, atol=0)  # 4 ulp a call, as above


def test_torch_s_fused_adam_is_chosen_where_it_fits():
    plain, odd = torch.nn.Parameter(torch.ones(2)), torch.nn.Parameter(torch.ones(2, dtype=torch.complex64))
    opt = NALA([plain])
    opt.add_param_group({"params": [odd]})
    assert [group["fused"] for group in opt.param_groups] == [True, None]
    assert NALA([odd]).inner.defaults["fused"] is None
    for p in (plain, odd):
        p.grad = torch.ones_like(p)
    for _ in range(7):
        opt.step()
    assert (plain < 1).all() and (odd.real < 1).all()


def test_torch_s_fused_adam_is_left_where_a_gradient_lies_otherwise_in_memory(unfused):
    """torch 2.13 on a CPU pairs weights with the gradients of others then: so would a NALA that trusted it."""
    unfused(True)
    draw, ends = stream(0, "fused", "strides"), []
    start = torch.tensor(draw.normal(size=(3, 2)))
    grads = [torch.tensor(draw.normal(size=(2, 3))).T for _ in range(5)]
    for inner in (None, lambda p: torch.optim.Adam(p, foreach=False)):
        w = torch.nn.Parameter(start.clone())
        opt = NALA([w], k=2, inner=inner)
        for g in grads:
            w.grad = g
            opt.step()
        ends.append(w.detach())
    assert torch.equal(*ends)


@needs_compiler
def test_what_a_kernel_cannot_take_is_recognised():
    p = torch.nn.Parameter(torch.ones(4, 6))
    good = [torch.ones(4, 6) for _ in range(3)]
    assert _fused.fits((p, *good))
    wrong = {
        "another type": good[0].double(),
        "another layout": torch.ones(6, 4).T,
        "every second element": torch.ones(4, 12)[:, ::2],
        "sparse": good[0].to_sparse(),
        "a lazy sign": torch._neg_view(good[0]),
        "a subclass": torch.nn.Parameter(good[0]),
        "absent": None,
    }
    assert [name for name, x in wrong.items() if _fused.fits((p, x, *good[1:]))] == []
    for weights in (p.detach().half(), p.detach().to(torch.complex64), p.detach().T):
        assert not _fused.fits((weights, *(torch.ones_like(weights) for _ in range(3))))


@needs_compiler
def test_autograd_notices_the_step():
    """A kernel writes by address; the graph that saved the old weight must still refuse to run backwards."""
    w = torch.nn.Parameter(torch.ones(3))
    opt = AdaBelief([w])
    loss = (w**3).sum()
    w.grad = torch.ones(3)
    opt.step()
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()


# ---- bugs planted in the C source: parity must see each ----------------------------------------------------------

BUGS = {
    "the residual is taken around the old mean": ("T residual = g - m[i];", "T residual = (g - m[i]) / b1;"),
    "eps is left out of the average": ("c2 * residual * residual + eps;", "c2 * residual * residual;"),
    "eps is under the root": ("+ inside) + outside", "+ inside + outside)"),
    "decay is forgotten in the second gradient": ("ahead = grad[i] + (decay ? decay * p[i] : 0)", "ahead = grad[i]"),
    "the step starts at the probe": ("next[i] = base[i]", "next[i] = p[i]"),
    "the probe keeps its mean": ("T mean = b1 * m[i] + c1 * g[i];", "T mean = ((T *)m)[i] = b1 * m[i] + c1 * g[i];"),
    "the slow copy is made after the step": ("put(slow, old, n", "put(slow, p, n"),
    "the mixing weights are exchanged": ("p[i] += w * (s[i] - p[i]);", "p[i] += rest * (s[i] - p[i]);"),
    "the other form of the mixing is wrong": ("p[i] = s[i] - rest *", "p[i] = s[i] - w *"),
    "Adam climbs": ("sign = r->flags & ASCEND ? -1 : 1", "sign = 1"),
    "the second moment has no bias correction": ("sqrt(v[i]) * scale", "sqrt(v[i])"),
    "a tail is left out": ("end - at < most ? end - at : most", "end - at < most ? (end - at) / 8 * 8 : most"),
    "the second thread does the first one's work": ("total * i / threads", "total * 0 / threads"),
}


@needs_compiler
@pytest.mark.parametrize("bug", BUGS)
def test_parity_catches_a_bug_in_the_kernels(bug, monkeypatch, tmp_path, unfused):
    unfused(True)
    plain = {name: walk(make, torch.float64)[0] for name, make in MAKERS.items()}
    old, new = BUGS[bug]
    source = _build._SOURCE.read_text(encoding="utf-8")
    assert old in source
    (tmp_path / "mutant.c").write_text(source.replace(old, new), encoding="utf-8")
    monkeypatch.setattr(_build, "_SOURCE", tmp_path / "mutant.c")
    monkeypatch.setenv("NALA_LAB_CACHE", str(tmp_path))
    monkeypatch.setattr(_fused, "kernels", _build.kernels.__wrapped__)
    seen = [name for name, make in MAKERS.items() if (walk(make, torch.float64)[0] - plain[name]).abs().max() > 1e-9]
    assert seen


# ---- compiling, keeping, doing without ---------------------------------------------------------------------------


@needs_compiler
def test_the_library_is_compiled_once_and_then_found_on_disk(monkeypatch, tmp_path):
    monkeypatch.setenv("NALA_LAB_CACHE", str(tmp_path / "cache"))
    build = _build.kernels.__wrapped__
    assert build("float") is not None
    kept = list((tmp_path / "cache").iterdir())
    assert len(kept) == 1 and not kept[0].stat().st_mode & 0o022

    def compiler_was_called(*args, **kwargs):
        raise AssertionError("compiled again")

    monkeypatch.setattr(_build.subprocess, "run", compiler_was_called)
    assert build("float") is not None
    kept[0].chmod(0o777)  # anybody could have written it
    with pytest.raises(AssertionError, match="compiled again"):
        build("float")


def test_without_a_compiler_the_optimizers_run_and_say_so_once(tmp_path):
    """In a fresh process with an empty cache and no compiler to be found; as with the switch, but then in silence."""
    code = (
        "import torch\n"
        "from nala_lab.optim import AdaLA, NALA\n"
        "for kind in (torch.float32, torch.float64):\n"
        "    for make in (AdaLA, NALA):\n"
        "        w = torch.nn.Parameter(torch.ones(2, dtype=kind))\n"
        "        opt = make([w])\n"
        "        for _ in range(4):\n"
        "            w.grad = torch.ones_like(w)\n"
        "            opt.step()\n"
        "        assert (w < 1).all()\n"
    )
    for switch, lines in (("1", 1), ("0", 0)):
        env = {"PATH": "", "NALA_LAB_CACHE": str(tmp_path), "NALA_LAB_KERNELS": switch}
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, env=env, check=True, capture_output=True, text=True
        )
        said = [line for line in done.stderr.splitlines() if "unfused" in line]
        assert len(said) == lines, done.stderr


@pytest.mark.parametrize("trouble", [OSError("no"), subprocess.TimeoutExpired("cc", 3)])
def test_a_compiler_that_fails_or_takes_too_long_is_given_up(trouble, monkeypatch, tmp_path, caplog):
    def fails(*args, timeout, **kwargs):
        assert 2 * timeout <= 6  # the two types of one model wait 6 s at most
        raise trouble

    monkeypatch.setenv("NALA_LAB_CACHE", str(tmp_path))
    monkeypatch.setattr(_build.subprocess, "run", fails)
    _build._say.cache_clear()
    with caplog.at_level(logging.WARNING, logger="nala_lab.optim"):
        assert _build.kernels.__wrapped__("float") is None
        assert _build.kernels.__wrapped__("float") is None
    assert len(caplog.records) == 1 and not list(tmp_path.iterdir())


# ---- memory ------------------------------------------------------------------------------------------------------


def state_bytes(opt):
    """Bytes of the state tensors, counters left out."""
    drawers = [opt.state, opt.inner.state] if hasattr(opt, "inner") else [opt.state]
    tensors = [x for drawer in drawers for own in drawer.values() for x in own.values() if isinstance(x, torch.Tensor)]
    return sum(x.nbytes for x in tensors if x.dim())


@pytest.mark.parametrize(
    ("make", "copies"),
    [(torch.optim.Adam, 2), (NALA, 3), (Lookahead, 3), (AdaBelief, 2), (AdaLA, 4)],
)
def test_the_state_is_so_many_copies_of_the_parameters(make, copies):
    """NALA: its inner optimizer and one copy. AdaLA: Adam and two. After two cycles and at every phase of a third."""
    params = [torch.nn.Parameter(torch.ones(shape)) for shape in ((3, 4), (5,))]
    opt, size = make(params), sum(p.nbytes for p in params)
    for call in range(18):
        for p in params:
            p.grad = torch.ones_like(p)
        opt.step()
        assert call < 12 or state_bytes(opt) == copies * size
