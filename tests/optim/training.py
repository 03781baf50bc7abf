"""A small training run that is the same in every process, and a child process that continues one from files."""

from __future__ import annotations

import sys
from pathlib import Path

import torch

from nala_lab.core import stream
from nala_lab.optim import NALA, AdaBelief, AdaLA, Lookahead, OuterMomentum

ROOT = Path(__file__).resolve().parents[2]
K = 3


def momentum(params):
    return torch.optim.SGD(params, lr=0.05, momentum=0.9)


MAKERS = {
    "NALA": lambda p: NALA(p, lr=0.01, k=K, alpha=0.05),
    "NALA-same": lambda p: NALA(p, lr=0.01, k=K, mu=0.3, alpha=0.05, outer_batch="same"),
    "NALA-pullback": lambda p: NALA(p, k=K, inner=momentum, inner_state="pullback"),
    "NALA-Adagrad-reset": lambda p: NALA(p, k=K, inner=torch.optim.Adagrad, inner_state="reset"),
    "NALA-AdaLA": lambda p: NALA(p, k=2, alpha=0.05, inner=lambda held: AdaLA(held, lr=0.01)),
    "Lookahead": lambda p: Lookahead(p, lr=0.01, k=K),
    "Lookahead-reset": lambda p: Lookahead(p, lr=0.01, k=K, inner_state="reset"),
    "AdaBelief": lambda p: AdaBelief(p, lr=0.01, weight_decay=0.1),
    "AdaLA": lambda p: AdaLA(p, lr=0.01, weight_decay=0.1),
    "AdaLA-same": lambda p: AdaLA(p, lr=0.01, probe_batch="same"),
    "AdaLA-adam": lambda p: AdaLA(p, lr=0.01, probe="adam"),
    "AdaLA-adabelief": lambda p: AdaLA(p, lr=0.01, probe="adabelief"),
    "AdaLA-code": lambda p: AdaLA(p, lr=0.01, probe="code"),
    "AdaLA-every": lambda p: AdaLA(p, lr=0.01, every=3, blend=0.7),
    "OuterMomentum": lambda p: OuterMomentum(p, lr=0.01, k=K),
    "OuterMomentum-alpha": lambda p: OuterMomentum(p, lr=0.01, k=K, alpha=0.05, style="heavy-ball"),
    "AdaLA-lagged": lambda p: AdaLA(p, lr=0.01, probe="lagged"),
}
HALF = {  # for bfloat16 and float16; torch's own Adam underflows in float16, so momentum it is
    "NALA": lambda p: NALA(p, k=K, alpha=0.05, inner=momentum),
    "Lookahead": lambda p: Lookahead(p, k=K, inner=momentum),
    "AdaBelief": MAKERS["AdaBelief"],
    "AdaLA": MAKERS["AdaLA"],
}
CALLS = 2 * (K + 1) + 3  # two whole cycles and a part of a third, for every maker


def network(dtype=torch.float32):
    """Two layers, the second of them bfloat16 where `dtype` asks for it; the numbers are those of a named stream."""
    model = torch.nn.Sequential(torch.nn.Linear(4, 5), torch.nn.BatchNorm1d(5), torch.nn.Tanh(), torch.nn.Linear(5, 2))
    draw = stream(0, "optim", "network")
    with torch.no_grad():
        for p in model.parameters():
            p.copy_(torch.tensor(draw.normal(size=tuple(p.shape)), dtype=p.dtype))
    return model.to(dtype)


def batch(call, dtype=torch.float32):
    draw = stream(0, "optim", "batch", call)
    return torch.tensor(draw.normal(size=(8, 4)), dtype=dtype), torch.tensor(draw.normal(size=(8, 2)), dtype=dtype)


def weights(model):
    return [p.detach().clone() for p in model.parameters()]


def equal(a, b):
    return all(torch.equal(x, y) for x, y in zip(a, b, strict=True))


def train(model, opt, first, last):
    """Make calls first .. last-1 of ``step``; call number c always sees batch c."""
    for call in range(first, last):
        inputs, targets = batch(call, next(model.parameters()).dtype)

        def closure(inputs=inputs, targets=targets):
            opt.zero_grad()
            loss = torch.nn.functional.mse_loss(model(inputs), targets)
            loss.backward()
            return loss

        opt.step(closure)


def continue_from(folder):
    """Load every checkpoint of `folder` into a fresh model and optimizer, finish the run, write what came out."""
    for path in sorted(Path(folder).glob("*.before")):
        name, stop = path.stem.rsplit("@", 1)
        saved = torch.load(path, weights_only=True)
        model = network()
        with torch.no_grad():
            for p in model.parameters():
                p.zero_()  # whatever is not in the checkpoint must not help
        opt = MAKERS[name](model.parameters())
        model.load_state_dict(saved["model"])
        opt.load_state_dict(saved["opt"])
        train(model, opt, int(stop), CALLS)
        torch.save({"model": model.state_dict(), "opt": opt.state_dict()}, path.with_suffix(".after"))


if __name__ == "__main__":
    continue_from(sys.argv[1])
