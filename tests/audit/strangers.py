"""Sound optimizers of kinds that the lab has none of: none of them may be accused."""

import random  # noqa: TID251 - a stranger draws from it
from collections import deque

import numpy as np
import torch


def _loss(closure):
    with torch.enable_grad():
        return None if closure is None else closure()


class _Plain(torch.optim.Optimizer):
    def __init__(self, params, lr=0.1):
        if lr < 0:
            raise ValueError("lr must not be negative")
        super().__init__(params, {"lr": lr})

    def held(self):
        return [(group, p) for group in self.param_groups for p in group["params"] if p.grad is not None]

    @torch.no_grad()
    def step(self, closure=None):
        loss = _loss(closure)
        for group, p in self.held():
            self.move(group, p)
        return loss


class Sharp(_Plain):
    """Sharpness-aware: wants the gradient before its step, and a closure for a second one."""

    def step(self, closure=None):
        assert closure is not None, "I need to evaluate twice"
        with torch.no_grad():
            away = [(p, 0.05 * p.grad / torch.stack([q.grad.norm() for _, q in self.held()]).norm())
                    for _, p in self.held()]  # fmt: skip
            for p, e in away:
                p.add_(e)
        with torch.enable_grad():
            loss = closure()
        with torch.no_grad():
            for p, e in away:
                p.sub_(e)
            for group, p in self.held():
                p.sub_(group["lr"] * p.grad)
        return loss


class Polyak(_Plain):
    """Steps as long as the loss it is told asks for: at a loss of 0 it stands still."""

    def step(self, closure):
        with torch.enable_grad():
            loss = closure()
        with torch.no_grad():
            square = sum(float((p.grad**2).sum()) for _, p in self.held())
            for group, p in self.held():
                p.sub_(group["lr"] * abs(float(loss)) / (square + 1e-12) * p.grad)
        return loss


class Told(_Plain):
    """Steps by the loss where it is told one, else by lr."""

    @torch.no_grad()
    def step(self, closure=None):
        loss = _loss(closure)
        for group, p in self.held():
            p.sub_(group["lr"] * (1.0 if loss is None else float(loss)) * p.grad)
        return loss


class Idle(_Plain):
    """A fault: given a closure it returns the loss and does not move."""

    def step(self, closure=None):
        return super().step() if closure is None else closure()

    def move(self, group, p):
        p.sub_(group["lr"] * p.grad)


class Drawing(_Plain):
    """Masks a step by coins that it throws."""

    def move(self, group, p):
        p.sub_(group["lr"] * p.grad * (torch.rand_like(p) < 0.7))


class DrawingElsewhere(_Plain):
    """Draws from the generators of NumPy and of Python."""

    def move(self, group, p):
        noise = torch.from_numpy(np.random.random_sample(tuple(p.shape)))  # noqa: NPY002
        p.sub_(group["lr"] * random.random() * (p.grad + 0.1 * noise))


class Merged(_Plain):
    """A fault: two entries of its state are one tensor."""

    def move(self, group, p):
        own = self.state[p]
        if not own:
            own["fast"] = own["slow"] = torch.zeros_like(p)
        own["fast"].mul_(0.5).add_(p.grad)
        own["slow"].mul_(0.9).add_(p.grad)
        p.sub_(group["lr"] * (own["fast"] + own["slow"]))


class Waiting(_Plain):
    """Warms up for six steps without moving; its state has a queue of tensors and a number that is none yet."""

    def move(self, group, p):
        own = self.state[p]
        own["step"] = own.get("step", 0) + 1
        own.setdefault("best", float("nan"))
        own.setdefault("last", deque(maxlen=2)).append(p.grad.clone())
        if own["step"] > 6:
            p.sub_(group["lr"] * own["last"][0])


class Sorted(_Plain):
    """Wants each group to say what it is, as Muon beside Adam does."""

    def move(self, group, p):
        p.sub_(group["lr"] * (p.grad.sign() if group["signs"] else p.grad))


def in_groups(params):
    """A factory that sorts the weights into groups."""
    weights = list(params)
    return Sorted([{"params": [p for p in weights if p.ndim > 1], "signs": True},
                   {"params": [p for p in weights if p.ndim < 2], "signs": False}])  # fmt: skip


class Deaf(_Plain):
    """A fault: it trains what it was made with, and takes further groups without a word."""

    def __init__(self, params, lr=0.1):
        super().__init__(params, lr)
        self.known = {p for group in self.param_groups for p in group["params"]}

    @torch.no_grad()
    def step(self, closure=None):
        for group, p in self.held():
            if p in self.known:
                p.sub_(group["lr"] * p.grad)
