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
    "NALA-released": lambda p: NALA(p, lr=0.01, k=K, alpha=0.05, variant="released"),
    "NALA-AdaLA": lambda p: NALA(p, k=2, alpha=0.05, inner=lambda held: AdaLA(held, lr=0.01)),
    "Lookahead": lambda p: Lookahead(p, lr=0.01, k=K),
    "Lookahead-reset": lambda p: Lookahead(p, lr=0.01, k=K, inner_state="reset"),
    "AdaBelief": lambda p: AdaBelief(p, lr=0.01),
    "AdaBelief-decay": lambda p: AdaBelief(p, lr=0.01, weight_decay=0.1),
    "AdaLA": lambda p: AdaLA(p, lr=0.01),
    "AdaLA-same": lambda p: AdaLA(p, lr=0.01, probe_batch="same"),
    "AdaLA-adam": lambda p: AdaLA(p, lr=0.01, probe="adam"),
    "AdaLA-adabelief": lambda p: AdaLA(p, lr=0.01, probe="adabelief"),
    "AdaLA-code": lambda p: AdaLA(p, lr=0.01, probe="code"),
    "AdaLA-every": lambda p: AdaLA(p, lr=0.01, every=3, blend=0.7, weight_decay=0.1),
    "OuterMomentum": lambda p: OuterMomentum(p, lr=0.01, k=K),
    "OuterMomentum-alpha": lambda p: OuterMomentum(p, lr=0.01, k=K, alpha=0.05, style="heavy-ball"),
    "AdaLA-lagged": lambda p: AdaLA(p, lr=0.01, probe="lagged"),
}
HALF = {  # for bfloat16 and float16; torch's own Adam underflows in float16, so momentum it is
    "NALA": lambda p: NALA(p, k=K, alpha=0.05, inner=momentum),
    "Lookahead": lambda p: Lookahead(p, k=K, inner=momentum),
    "AdaBelief": MAKERS["AdaBelief-decay"],
    "AdaLA": lambda p: AdaLA(p, lr=0.01, weight_decay=0.1),
}
FOUR = [NALA, Lookahead, AdaBelief, AdaLA]
CALLS = 2 * (K + 1) + 3  # two whole cycles and a part of a third, for every maker


lrs = torch.optim.lr_scheduler
# Every learning rate scheduler that torch has, at settings under which the lr really moves.
SCHEDULERS = {
    "LambdaLR": lambda o: lrs.LambdaLR(o, lambda step: 1 / (1 + step)),
    "MultiplicativeLR": lambda o: lrs.MultiplicativeLR(o, lambda step: 0.9),
    "StepLR": lambda o: lrs.StepLR(o, 2),
    "MultiStepLR": lambda o: lrs.MultiStepLR(o, [2, 5]),
    "ConstantLR": lambda o: lrs.ConstantLR(o, total_iters=3),
    "LinearLR": lambda o: lrs.LinearLR(o, total_iters=6),
    "ExponentialLR": lambda o: lrs.ExponentialLR(o, 0.9),
    "PolynomialLR": lambda o: lrs.PolynomialLR(o, total_iters=20, power=2.0),
    "CosineAnnealingLR": lambda o: lrs.CosineAnnealingLR(o, 20),
    "CosineAnnealingWarmRestarts": lambda o: lrs.CosineAnnealingWarmRestarts(o, 4),
    "CyclicLR": lambda o: lrs.CyclicLR(o, 0.001, 0.1, step_size_up=3, cycle_momentum="betas" in o.defaults),
    "OneCycleLR": lambda o: lrs.OneCycleLR(o, 0.1, total_steps=50),
    "ReduceLROnPlateau": lambda o: lrs.ReduceLROnPlateau(o, patience=0),
    "SequentialLR": lambda o: lrs.SequentialLR(o, [lrs.ConstantLR(o), lrs.ExponentialLR(o, 0.9)], milestones=[3]),
    "ChainedScheduler": lambda o: lrs.ChainedScheduler([lrs.ConstantLR(o), lrs.ExponentialLR(o, 0.9)]),
    "SWALR": lambda o: torch.optim.swa_utils.SWALR(o, swa_lr=0.5, anneal_epochs=4),
}


def advance(plan):
    """One scheduler step; the loss that ReduceLROnPlateau is shown never falls."""
    plan.step(*([1.0] if isinstance(plan, lrs.ReduceLROnPlateau) else []))


def network(dtype=torch.float32):
    """Two layers of this type; the numbers are those of a named stream."""
    with torch.random.fork_rng(devices=[]):  # torch draws first weights from its global generator
        first, last = torch.nn.Linear(4, 5), torch.nn.Linear(5, 2)
    model = torch.nn.Sequential(first, torch.nn.BatchNorm1d(5), torch.nn.Tanh(), last)
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


def kept(opt):
    """Every (parameter, key, value) in the state of an optimizer and of the one inside it."""
    drawers = [opt.state, *([opt.inner.state] if hasattr(opt, "inner") else [])]
    return [(p, key, value) for drawer in drawers for p, own in drawer.items() for key, value in own.items()]


def loss_on(model, call, part=slice(None)):
    """The loss of batch number `call`, or of a part of it; a narrower network is shown the first targets only."""
    inputs, targets = (x[part] for x in batch(call, next(model.parameters()).dtype))
    outputs = model(inputs)
    return torch.nn.functional.mse_loss(outputs, targets[:, : outputs.shape[1]])


def train(model, opt, first, last, part=slice(None)):
    """Make calls first .. last-1 of ``step``; call number c always sees batch c."""
    for call in range(first, last):

        def closure(call=call):
            opt.zero_grad()
            loss = loss_on(model, call, part)
            loss.backward()
            return loss

        opt.step(closure)


def feed(opt, *grads):
    """One call with these gradients, one a parameter: a number for all its entries, a tensor, or None for none."""
    params = [p for group in opt.param_groups for p in group["params"]]
    for p, g in zip(params, grads, strict=True):
        p.grad = None if g is None else torch.as_tensor(g, dtype=p.dtype).expand(p.shape).clone()
    opt.step()


def walk(make, grads, start, after=None):
    """Weights after each call of ``step`` with given gradients, in float64, and the optimizer."""
    w = torch.nn.Parameter(torch.tensor(start, dtype=torch.float64))
    opt, path = make([w]), []
    for g in grads:
        feed(opt, g)
        path.append(w.detach().clone())
        if after:
            after(opt)
    return torch.stack(path), opt


def trained(name, calls=0):
    """A model and its optimizer after so many calls."""
    model = network()
    opt = MAKERS[name](model.parameters())
    train(model, opt, 0, calls)
    return model, opt


def restored(name, model_state, opt_state):
    """A new model and optimizer that were given what was saved."""
    model = network()
    with torch.no_grad():
        for p in model.parameters():
            p.zero_()  # whatever is not in the checkpoint must not help, where the optimizer was built neither
    opt = MAKERS[name](model.parameters())
    model.load_state_dict(model_state)
    opt.load_state_dict(opt_state)
    return model, opt


def continue_from(folder):
    """Load every checkpoint of `folder` into a fresh model and optimizer, finish the run, write what came out."""
    for path in sorted(Path(folder).glob("*.before")):
        name, stop = path.stem.rsplit("@", 1)
        saved = torch.load(path, weights_only=True)
        model, opt = restored(name, saved["model"], saved["opt"])
        train(model, opt, int(stop), CALLS)
        torch.save({"model": model.state_dict(), "opt": opt.state_dict()}, path.with_suffix(".after"))


if __name__ == "__main__":
    continue_from(sys.argv[1])
