"""Optimizers and given gradients, for tests that walk one path in two ways."""

import torch

from nala_lab.core import stream
from nala_lab.optim import NALA, AdaBelief, AdaLA, Lookahead
from nala_lab.optim.adala import TORCH_PROBES

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
