"""First steps and linear objectives: where Adam, AdaBelief and AdaLA have formulas without a recursion.

With a constant gradient c, and t counted from 1:

    Adam       step = lr c / (|c| + eps)                                                  every step
    AdaBelief  s_t = sum_j beta2^(t-j) ((1 - beta2) (beta1^j c)^2 + eps),   step = lr c / (sqrt(s_hat_t) + eps)
    AdaLA      s_hat_t = eps / (1 - beta2),     step = lr c / (sqrt(eps / (1 - beta2)) + eps)    every step
"""

from __future__ import annotations

import math
from typing import Any

import torch

from nala_lab.audit.checks.numbers import ODD, known, require_known
from nala_lab.audit.rig import drive, flat, start, worst
from nala_lab.audit.spec import ADAPTIVE, Answer, NotApplicable, item
from nala_lab.audit.subject import Subject


def make(s: Subject, pair: list[Any], **more: Any) -> Any:
    """The subject at the known settings, without weight decay."""
    bare = {"weight_decay": 0.0} if s.accepts("weight_decay") else {}
    opt = s.make(pair, **{name: x for name, x in known(s).items() if name not in s.options} | bare | more)
    require_known(s, opt)
    return opt


def whole_steps(s: Subject, opt: Any, pair: list[Any], grads: list[Any]) -> torch.Tensor:
    """Displacement of each whole step, (n, 2 d); the gradient of every call of one step is the same function."""
    moves = []
    for grad in grads:
        before = flat(pair)
        for _ in range(s.cycle(opt)):
            drive(s, opt, pair, grad)
        moves.append(flat(pair) - before)
    return torch.stack(moves)


def _hat(s: Subject, opt: Any) -> bool:
    return (s.option(opt, "denominator") or "hat") == "hat"


def _predicted(s: Subject, opt: Any, t: int, c: float) -> float:
    if not _hat(s, opt) or s.option(opt, "probe") in ("lagged", "code"):
        raise NotApplicable("the formula is for the bias-corrected denominator and a probe")
    lr, (beta1, beta2), eps = known(s).values()
    sums = sum(beta2 ** (t - j) * ((1 - beta2) * (beta1**j * c) ** 2 + eps) for j in range(1, t + 1))
    belief = math.sqrt(sums / (1 - beta2**t))
    root = {"adam": abs(c), "adala": math.sqrt(eps / (1 - beta2)), "adabelief": belief}[s.kind]
    return float(-lr * c / (root + eps))


@item("first-step", "is the first step what the formula says?", group="algorithm", kinds=ADAPTIVE)
def first_step(s: Subject) -> Answer:
    """A constant gradient, one whole step."""
    return _linear(s, 1)


@item("linear-objective", "are steps 1 to 6 on a linear objective what the sum says?", group="algorithm",
      kinds=ADAPTIVE)  # fmt: skip
def linear_objective(s: Subject) -> Answer:
    """Bias corrections, eps in the average and eps at the root, without running a recursion."""
    return _linear(s, 6)


def _linear(s: Subject, steps: int) -> Answer:
    c = (0.3, -2.0)
    pair = [start(), start()]
    opt = make(s, pair)
    moves = whole_steps(s, opt, pair, [lambda x: torch.tensor(c, dtype=x.dtype)] * steps)
    wanted = torch.tensor([[_predicted(s, opt, t, g) for g in c + c] for t in range(1, steps + 1)], dtype=torch.float64)
    ratio = (moves / wanted - 1).abs()
    off = [t + 1 for t, row in enumerate(ratio) if not row.max() < 1e-12]
    said = f"first off at step {off[0]}" if off else f"{steps} steps as predicted"
    return Answer(not off, float(ratio.max()), f"largest relative error of a step; {said}")


@item("after-silence", "after five zero gradients, is the next step what the averages say?", group="algorithm",
      kinds=ADAPTIVE)  # fmt: skip
def after_silence(s: Subject) -> Answer:
    """Counters run and eps accumulates while gradients are zero: m_6 = (1 - beta1) c, and s_6 has its closed form."""
    c, n = 2.0, 6
    pair = [start(), start()]
    opt = make(s, pair)
    _predicted(s, opt, n, c)  # says where there is no formula
    lr, (beta1, beta2), eps = known(s).values()
    silent = [torch.zeros_like] * (n - 1)
    moves = whole_steps(s, opt, pair, [*silent, lambda x: torch.full_like(x, c)])
    eps_in_s = eps * (1 - beta2**n) / (1 - beta2)
    residual, gathered = {"adam": (c, 0.0), "adabelief": (beta1 * c, eps_in_s), "adala": (0.0, eps_in_s)}[s.kind]
    root = math.sqrt(((1 - beta2) * residual**2 + gathered) / (1 - beta2**n)) + eps
    wanted = -lr * (1 - beta1) * c / (1 - beta1**n) / root
    error = float((moves[-1] / wanted - 1).abs().max()) + float(moves[:-1].abs().max())
    return Answer(error < 1e-12, error, "relative error of the step after the silence, plus movement during it")


@item("probe-restored", "is a weight that was moved by the probe put back when it gets no second gradient?",
      group="algorithm", kinds=("adala",))  # fmt: skip
def probe_restored(s: Subject) -> Answer:
    """The trial step is no step; the weight must stand where it stood, bit for bit."""
    w, other = start(), start(0.5, -1.5)
    opt = s.make([w, other], lr=ODD["lr"])
    if s.cycle(opt) != 2:
        raise NotApplicable("the probe has no call of its own")
    drive(s, opt, [w, other], lambda x: x)
    away = worst(w.detach(), start().detach())
    w.grad = None
    drive(s, opt, [other], lambda x: x)
    gap = worst(w.detach(), start().detach())
    return Answer(gap == 0 and away > 0, gap, f"distance from before the probe, which went {away:.3g} away")


@item("newton-first-step", "AdaLA: does its first step on lam x^2 / 2 have the length that its reading has?",
      group="algorithm", kinds=("adala",))  # fmt: skip
def newton_first_step(s: Subject) -> Answer:
    """Without eps lr cancels: from x0 the reading "grad" moves by 1/lam, "own" by beta1 |x0|, "adam" by |x0|.

    The probe u = lr c has c = g, 1/beta1, 1; the residual is lam u, so the step is lr |g| / (lam |u|).
    """
    lam, x0, beta1 = 4.0, 3.0, known(s)["betas"][0]
    pair = [start(x0), start(x0)]
    opt = make(s, pair, eps=0.0)
    probe = str(s.option(opt, "probe") or "own")
    lengths = {"own": beta1 * x0, "adabelief": beta1 * x0, "grad": 1 / lam, "adam": x0}
    if probe not in lengths or not _hat(s, opt):
        raise NotApplicable("no such formula for this reading")
    wanted = lengths[probe]
    if not wanted:
        raise NotApplicable("with beta1 = 0 the curvature is all of the gradient's change, and the step has no length")
    moves = whole_steps(s, opt, pair, [lambda x: lam * x])
    ratio = max((-moves[0] / wanted).tolist(), key=lambda one: abs(one - 1))
    return Answer(abs(ratio - 1) < 1e-12, ratio, f"length of the first step over {wanted:g}")
