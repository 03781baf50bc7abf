"""Optimizers and given gradients that the tests of the compiled kernels walk along."""

import pytest
import torch

from nala_lab.core import stream
from nala_lab.optim import NALA, AdaBelief, AdaLA, Lookahead, _fused

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
    "NALA k=1": lambda p: NALA(
        [{"params": p, "weight_decay": 0.1, "maximize": True}], lr=0.05, k=1, mu=-0.7, alpha=0.05
    ),
    "Lookahead": lambda p: Lookahead(p, lr=0.05, k=3, alpha=0.3, inner_state="pullback"),
    "Lookahead reset": lambda p: Lookahead(p, lr=0.05, k=2, alpha=0.9, inner_state="reset"),
    "AdaLA grad": lambda p: AdaLA(p, **ODD, probe="grad"),  # the probe by torch operations, the step by a kernel
}

needs_compiler = pytest.mark.skipif(_fused.kernels("float") is None, reason="no C compiler here")


def parameters(dtype, shapes=SHAPES, layout=torch.contiguous_format):
    draw = stream(0, "fused", "weights")
    made = [torch.tensor(draw.normal(size=shape) + 2, dtype=dtype) for shape in shapes]
    return [torch.nn.Parameter(p.contiguous(memory_format=layout) if p.dim() == 4 else p) for p in made]


def walk(make, dtype, calls=7, threads=2, **how):
    """Weights after every call, with given gradients; the last parameter has one only now and then."""
    params, draw, path = parameters(dtype, **how), stream(0, "fused", "gradients"), []
    opt, before = make(params), torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        for call in range(calls):
            for p in params:
                g = torch.tensor(draw.normal(size=tuple(p.shape)), dtype=dtype)
                p.grad = torch.empty_like(p).copy_(g)
            if call % 5 == 2:
                params[-1].grad = None
            opt.step()
            path.append(torch.cat([p.detach().contiguous().ravel() for p in params]))
    finally:
        torch.set_num_threads(before)
    return torch.stack(path), opt
