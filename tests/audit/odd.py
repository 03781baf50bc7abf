"""Optimizers that do to a process what a table has to survive."""

import os
import time

import torch


class Terrible(torch.optim.SGD):
    """Ends the process when its state is asked for, and never answers when a scheduler has changed lr."""

    def state_dict(self):
        os._exit(7)

    def step(self, closure=None):
        if self.param_groups[0]["lr"] != self.defaults["lr"]:
            while True:
                time.sleep(1)
        return super().step(closure)


class Pickled(torch.optim.SGD):
    """An ordinary optimizer with a state that cannot be read back."""

    def state_dict(self):
        return {**super().state_dict(), "self": self}


def own_lookahead(params):
    """A factory that decides about everything itself."""
    from nala_lab.optim import Lookahead

    return Lookahead(params, k=4, alpha=0.3, inner=lambda held: torch.optim.SGD(held, lr=0.1, momentum=0.5))


def own_nala(params):
    """The same for NALA, with a closure that is asked twice."""
    from nala_lab.optim import NALA

    return NALA(params, k=4, mu=-0.3, alpha=0.1, outer_batch="same")


def adam_that_decays(params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
    """Settings that no option names."""
    return torch.optim.Adam(params, lr=lr, betas=betas, eps=eps, weight_decay=0.1)


def adam_uphill(params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0):
    return torch.optim.Adam(params, lr=lr, betas=betas, eps=eps, weight_decay=weight_decay, maximize=True)


def adala_read_off(params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0):
    from nala_lab.optim import AdaLA

    return AdaLA(params, lr, betas, eps, weight_decay, probe="grad")


def adala_raw(params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0):
    from nala_lab.optim import AdaLA

    return AdaLA(params, lr, betas, eps, weight_decay, denominator="raw")


def lookahead_that_resets(params, inner=None, k=5, alpha=0.5):
    from nala_lab.optim import Lookahead

    return Lookahead(params, inner=inner, k=k, alpha=alpha, inner_state="reset")


def nala_that_pulls_back(params, inner=None, k=5, mu=-0.5, alpha=0.01):
    from nala_lab.optim import NALA

    return NALA(params, inner=inner, k=k, mu=mu, alpha=alpha, inner_state="pullback")


class Adam(torch.optim.Optimizer):
    """A fault: it counts a step once for every parameter: right for one."""

    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0):
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "t": 0})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            beta1, beta2 = group["betas"]
            for p in group["params"]:
                group["t"] += 1
                g = p.grad + group["weight_decay"] * p
                m, v = self.state[p].get("m", 0 * g), self.state[p].get("v", 0 * g)
                m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g * g
                self.state[p].update(m=m, v=v)
                root = (v / (1 - beta2 ** group["t"])).sqrt() + group["eps"]
                p.sub_(group["lr"] * m / (1 - beta1 ** group["t"]) / root)


class OuterNesterov(torch.optim.Optimizer):
    """SNOO: a slow step with Nesterov's momentum; it has k and mu and is not NALA."""

    def __init__(self, optimizer, k=3, lr_outer=0.7, mu=0.5):
        self.optimizer, self.k, self.lr_outer, self.mu, self.calls = optimizer, k, lr_outer, mu, 0
        super().__init__(optimizer.param_groups, optimizer.defaults)
        self.param_groups = optimizer.param_groups
        self.slow = {p: [p.detach().clone(), 0] for group in self.param_groups for p in group["params"]}

    @torch.no_grad()
    def step(self, closure=None):
        loss = self.optimizer.step(closure)
        self.calls += 1
        for p, held in self.slow.items() if self.calls % self.k == 0 else ():
            gap = held[0] - p
            held[1] = self.mu * held[1] + gap
            held[0] = held[0] - self.lr_outer * (gap + self.mu * held[1])
            p.copy_(held[0])
        return loss


class OtherNames(torch.optim.Optimizer):
    """A Lookahead whose settings the audit does not find."""

    def __init__(self, optimizer, sync_period=3, slow_step_size=0.5):
        self.optimizer, self.sync_period, self.slow_step_size, self.calls = optimizer, sync_period, slow_step_size, 0
        super().__init__(optimizer.param_groups, optimizer.defaults)
        self.param_groups = optimizer.param_groups
        self.slow = {p: p.detach().clone() for group in self.param_groups for p in group["params"]}

    @torch.no_grad()
    def step(self, closure=None):
        loss = self.optimizer.step(closure)
        self.calls += 1
        for p, slow in self.slow.items() if self.calls % self.sync_period == 0 else ():
            p.copy_(slow.lerp_(p, self.slow_step_size))
        return loss
