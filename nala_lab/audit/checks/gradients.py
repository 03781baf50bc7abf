"""What a step may do to gradients, and to parameters that have none."""

from __future__ import annotations

import torch

from nala_lab.audit.rig import WARM, calls, coins, drive, flat, start, train, trained, worst
from nala_lab.audit.spec import TWO_LOOPS, Answer, NotApplicable, item
from nala_lab.audit.subject import Subject, needed


@item("grad-untouched", "is .grad as it was after step()?", group="contract")
def grad_untouched(s: Subject) -> Answer:
    """Weight decay written into the gradient would be added again by whoever accumulates."""
    if s.needs_closure:
        raise NotApplicable("with a closure, the gradient is renewed inside the step")
    w = start()
    decay = {"weight_decay": 0.5} if s.accepts("weight_decay") and "weight_decay" not in s.options else {}
    opt = s.short([w], **decay)
    gap = 0.0
    for call in range(calls(s, opt)):
        given = torch.tensor([1.0 + call, -0.5], dtype=w.dtype).reshape(w.shape)
        w.grad = given.clone()
        held = w.grad
        opt.step()
        gap = max(gap, worst(held, given), float(w.grad is not held))
    return Answer(gap == 0, gap, "largest change that step() made to a gradient")


@item("no-gradient", "is a parameter that never has a gradient left alone?", group="contract")
def no_gradient(s: Subject) -> Answer:
    """Frozen from the start, over two cycles."""
    moving, frozen = start(), start(0.3, 0.7)
    opt = s.short([moving, frozen])
    total = calls(s, opt) + WARM
    for _ in range(total):
        drive(s, opt, [moving], lambda x: x + 1)
    gap, moved = worst(frozen.detach(), start(0.3, 0.7).detach()), worst(moving.detach(), start().detach())
    if gap == moved == 0:
        raise NotApplicable(f"it moves nothing in {total} calls")
    said = f"the parameter without a gradient moved by {gap:.3g}, its neighbour by {moved:.3g}"
    return Answer(gap == 0, gap, said)


@item("frozen-at-sync", "does a layer frozen in mid-cycle take part in the synchronisation?", group="algorithm",
      kinds=TWO_LOOPS)  # fmt: skip
def frozen_at_sync(s: Subject) -> Answer:
    """phi + a (theta - phi) for every parameter, also where the gradient is None when the cycle ends."""
    w, other = start(), start(0.5, 1.5)
    opt = s.short([w, other], inner="sgd", lr=0.05)
    k = int(needed(opt, "k"))
    if k < 2:
        raise NotApplicable("a cycle of one step has no middle")
    before = w.detach().clone()
    for call in range(k):
        if call == k - 1:
            opt.zero_grad()
            theta = w.detach().clone()
            drive(s, opt, [other], lambda x: x)
        else:
            drive(s, opt, [w, other], lambda x: x)
    weight = s.slow_step(opt)
    gap = worst(w.detach(), before + weight * (theta - before))
    return Answer(gap < 1e-12, gap, "distance from phi + a (theta - phi) of a layer whose last gradient was None")


@item("lr-zero-grad-none", "does a step without any gradient do nothing?", group="contract")
def all_none(s: Subject) -> Answer:
    """As in a batch that was skipped by the training loop; the parameters stay, and nothing raises."""
    w = start()
    opt = s.short([w])
    if s.needs_closure:
        raise NotApplicable("the closure makes gradients")
    for _ in range(calls(s, opt)):
        w.grad = None
        opt.step()
    gap = worst(w.detach(), start().detach())
    return Answer(gap == 0, gap, "largest movement of a parameter that had no gradient")


@item("shapes", "are 0-dimensional, empty and strided parameters treated as others?", group="contract")
def shapes(s: Subject) -> Answer:
    """The same numbers in other layouts must take the same path."""
    if s.matrices:
        raise NotApplicable("it takes matrices only")
    gaps = []
    numbers = torch.tensor([[1.5, -2.0, 0.5], [0.25, 3.0, -1.0]], dtype=torch.float64)
    given = numbers.clone(), numbers.t().clone().t(), numbers[0, :1].clone(), numbers[0, 0].clone()
    plain, strided, one, scalar = map(torch.nn.Parameter, given)
    empty = torch.nn.Parameter(torch.zeros(0, 3, dtype=torch.float64))
    # Each has an optimizer of its own: some rules, such as LBFGS, weigh one parameter by the others.
    pairs = [(held, s.short(held)) for held in ([plain], [strided, empty], [one], [scalar])]
    for call in range(calls(s, pairs[0][1])):
        for held, opt in pairs:
            coins(call)
            drive(s, opt, held, lambda x: 0.3 * x)
        gaps += [worst(plain.detach(), strided.detach()), worst(one.detach()[0], scalar.detach())]
    # layouts may change the order of a sum, not more: 64 ulp of 3
    return Answer(max(gaps) <= 64 * 2.2e-16 * 3, max(gaps), "largest difference from a contiguous matrix")


@item("half-precision", "do slow weights in half precision keep steps smaller than an ulp?", group="contract",
      kinds=TWO_LOOPS)  # fmt: skip
def half_precision(s: Subject) -> Answer:
    """bfloat16, constant gradient: a cycle moves phi by a fifth of an ulp, which must add up over 50 cycles."""
    w = torch.nn.Parameter(torch.tensor([1.9, 1.7], dtype=torch.bfloat16))
    first = w.detach().float().clone()
    weight, ulp, k, cycles = 0.02, 2**-7, 5, 50  # bfloat16 has 8 significant bits: in [1, 2) an ulp is 2^-7
    settings = {**s.without_outer_step, **s.mixing(weight)}
    opt = s.make([w], inner="sgd", lr=2 * ulp, k=k, **settings)
    for _ in range(cycles * s.cycle(opt)):
        drive(s, opt, [w], torch.ones_like)
    moved = float((first - w.detach().float()).mean()) / (cycles * weight * k * 2 * ulp)
    # the weights that are seen are phi rounded to an ulp, a tenth of the way; half is generous
    return Answer(abs(moved - 1) < 0.5, moved, "part of the way that phi went, of the way it should go")


@item("network", "does it train a network to finite weights?", group="contract")
def trains(s: Subject) -> Answer:
    """A smoke test, and named so."""
    model, opt = trained(s, 0)
    before = flat(model.parameters())
    train(s, model, opt, 0, 2 * calls(s, opt) + WARM)
    moved = worst(flat(model.parameters()), before)
    return Answer(0 < moved < 1e6, moved, "largest movement of a weight")
