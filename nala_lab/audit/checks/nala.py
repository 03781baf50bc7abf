"""NALA's algorithm: the closed form of a cycle, where the outer gradient is taken, and the methods it reduces to."""

from __future__ import annotations

import torch

from nala_lab.audit.checks.cycle import LAM, declared, path_of, quadratic
from nala_lab.audit.loops import slow_loop
from nala_lab.audit.rig import drive, start, worst
from nala_lab.audit.spec import Answer, NotApplicable, item
from nala_lab.audit.subject import INNERS, Subject

NALA = ("nala",)


@item("nala-closed-form", "is a cycle (1 - alpha lam) ((1 + mu)(1 - lr lam)^k - mu) on each eigen-direction?",
      group="algorithm", kinds=NALA)  # fmt: skip
def nala_closed_form(s: Subject) -> Answer:
    """Six cycles; the prediction is powers only."""
    lr, k, mu, alpha, cycles = 0.1, 5, -0.4, 0.2, 6
    w = start()
    opt = s.make([w], inner="sgd", lr=lr, k=k, mu=mu, alpha=alpha)
    path_of(s, opt, w, s.cycle(opt) * cycles)
    factor = (1 - alpha * LAM) * ((1 + mu) * (1 - lr * LAM) ** k - mu)
    gap = worst(w.detach(), 0.5 + (start().detach() - 0.5) * factor**cycles)
    return Answer(gap < 64 * 1e-14, gap, "distance from the closed form after six cycles")


@item("nala-gradient-at-y", "is the outer gradient taken at y, and only there?", group="algorithm", kinds=NALA)
def gradient_at_y(s: Subject) -> Answer:
    """The points at which the gradient was asked for in one cycle: theta_0 .. theta_{k-1}, then y."""
    lr, k, mu = 0.1, 3, -0.4
    w, asked = start(), []
    opt = s.make([w], inner="sgd", lr=lr, k=k, mu=mu, alpha=0.2)
    for _ in range(s.cycle(opt)):
        drive(s, opt, [w], lambda x: (asked.append(x.clone()), quadratic(x))[1])  # type: ignore[func-returns-value]
    thetas = [0.5 + (start().detach() - 0.5) * (1 - lr * LAM) ** i for i in range(k + 1)]
    y = (1 + mu) * thetas[k] - mu * thetas[0]
    wanted = torch.stack([*thetas[:k], y])
    if len(asked) != k + 1:
        return Answer(False, len(asked), f"{len(asked)} gradients in a cycle, not {k + 1}")
    gap = worst(torch.stack(asked), wanted)
    return Answer(gap < 1e-12, gap, "largest distance of an evaluation point from theta_i or y")


@item("nala-batch", "is the outer gradient of the batch that was declared?", group="algorithm", kinds=NALA)
def outer_batch(s: Subject) -> Answer:
    """Batch c shifts the gradient by a number of its own; "same" calls one closure twice, "fresh" takes the next."""
    lr, k, mu, alpha = 0.1, 2, -0.4, 0.2
    w = start()
    opt = s.make([w], inner="sgd", lr=lr, k=k, mu=mu, alpha=alpha)
    own_call = s.cycle(opt) > k
    shift = [0.0, 1.0, 4.0]
    x = start().detach()
    for call in range(s.cycle(opt)):
        drive(s, opt, [w], lambda x, call=call: quadratic(x) + shift[call])  # type: ignore[misc]
    theta = x
    for call in range(k):
        theta = theta - lr * (quadratic(theta) + shift[call])
    y = (1 + mu) * theta - mu * x
    gap = worst(w.detach(), y - alpha * (quadratic(y) + shift[k if own_call else k - 1]))
    said = "the next batch" if own_call else "the batch of the last inner step"
    return Answer(gap < 1e-12, gap, f"distance from a step with {said}")


@item("nala-is-lookahead", "is it Lookahead with slow step 1 + mu when alpha = 0?", group="algorithm", kinds=NALA)
def is_lookahead(s: Subject) -> Answer:
    """Around Adam, four cycles."""
    return _reduction(s, mu=-0.4)


@item("nala-is-inner", "is it the inner optimizer when mu = 0 and alpha = 0?", group="algorithm", kinds=NALA)
def is_inner(s: Subject) -> Answer:
    """Around Adam, twelve inner steps."""
    return _reduction(s, mu=0.0)


def _reduction(s: Subject, mu: float) -> Answer:
    k, cycles = 3, 4
    w = start()
    opt = s.make([w], inner="adam", k=k, mu=mu, alpha=0.0)
    if declared(s, opt) != "keep":
        raise NotApplicable("the momentum is changed at a synchronisation")
    own_call = s.cycle(opt) > k
    path = path_of(s, opt, w, cycles * s.cycle(opt))
    wanted = slow_loop(INNERS["adam"], [start()], quadratic, k=k, weight=1 + mu, calls=cycles * k)
    gap = worst(path[s.cycle(opt) - 1 :: s.cycle(opt)], wanted[k - 1 :: k])
    said = f"{'with' if own_call else 'without'} a call for the gradient"
    return Answer(gap < 1e-12, gap, f"largest difference at the ends of {cycles} cycles, {said}")


@item("nala-first-slow", "are the first slow weights the initial weights?", group="algorithm", kinds=NALA)
def first_slow(s: Subject) -> Answer:
    """With lr = 0 and alpha = 0 nothing may move; a slot of zeros multiplies the weights by 1 + mu."""
    w = start()
    opt = s.make([w], inner="sgd", lr=0.0, k=3, mu=-0.4, alpha=0.0)
    if s.cycle(opt) < 2:
        raise NotApplicable("no inner loop")
    # the gradient is not zero, so that this is a step like any other
    path_of(s, opt, w, s.cycle(opt), torch.ones_like)
    ratio = float((w.detach() / start().detach()).mean())
    return Answer(worst(w.detach(), start().detach()) < 1e-14, ratio, "weights after a cycle over initial weights")
