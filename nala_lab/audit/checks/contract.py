"""Is it a torch.optim.Optimizer in the sense its callers rely on: hooks, closures, zero_grad, errors, AMP."""

from __future__ import annotations

from typing import Any

import torch
from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook

from nala_lab.audit.rig import calls, closure_of, coins, flat, network, train, trained, worst
from nala_lab.audit.spec import Answer, NotApplicable, item
from nala_lab.audit.subject import Subject, needed


@item("is-optimizer", "is it an Optimizer with defaults, groups, state and hooks?", group="contract")
def is_optimizer(s: Subject) -> Answer:
    """isinstance, and every attribute that torch, Lightning and accelerate read."""
    opt = s.short(network().parameters())
    wanted = ["defaults", "param_groups", "state", "_optimizer_step_pre_hooks", "_optimizer_step_post_hooks"]
    wanted += ["_optimizer_state_dict_pre_hooks", "_optimizer_load_state_dict_post_hooks"]
    missing = [name for name in wanted if not hasattr(opt, name)]
    missing += [] if isinstance(opt, torch.optim.Optimizer) else ["isinstance(opt, Optimizer)"]
    missing += [] if type(opt).__name__.lower() in repr(opt).lower() else ["its name in repr(opt)"]
    said = f"missing: {', '.join(missing)}" if missing else "isinstance, defaults, groups, state and hook tables"
    return Answer(not missing, len(missing), said)


@item("hooks-once", "do step hooks fire once a call, with this optimizer?", group="contract")
def hooks_once(s: Subject) -> Answer:
    """Own hooks, and torch's global ones, over two cycles; twice means a profiler counts each step twice."""
    model, opt = trained(s, 0)
    for base in reversed(type(opt).__mro__[1:]):
        # torch hangs hooks on a class at its first object: as if each had one, else it depends on what ran before
        if "step" in vars(base) and base is not torch.optim.Optimizer and not hasattr(base.step, "hooked"):
            base.step = torch.optim.Optimizer.profile_hook_step(base.step)
            base.step.hooked = True
    seen: list[str] = []
    total = calls(s, opt)
    train(s, model, opt, 0, total)  # before anybody listens: finding out what step() needs takes steps too

    def note(name: str) -> Any:
        return lambda o, *rest: seen.append(name if o is opt else f"{name} of {type(o).__name__}")

    handles = [register_optimizer_step_pre_hook(note("global")), register_optimizer_step_post_hook(note("global"))]
    handles += [opt.register_step_pre_hook(note("own")), opt.register_step_post_hook(note("own"))]
    try:
        train(s, model, opt, total, 2 * total)
    finally:
        for handle in handles:
            handle.remove()
    per_call = len(seen) / total
    extra = sorted(set(seen) - {"own", "global"})
    also = f", also for {', '.join(extra)}" if extra else ""
    return Answer(per_call == 4, per_call, f"{per_call:g} hook calls a step (pre, post, own and global: 4){also}")


@item("zero-grad", "does zero_grad() clear, and zero_grad(set_to_none=False) zero?", group="contract")
def zero_grad(s: Subject) -> Answer:
    """Both ways, on every parameter."""
    model, opt = trained(s, 0)
    closure_of(model, opt, 0)()
    opt.zero_grad(set_to_none=False)
    left = sum(p.grad is None or bool(p.grad.any()) for p in model.parameters())
    closure_of(model, opt, 0)()
    opt.zero_grad()
    left += sum(p.grad is not None and bool(p.grad.any()) for p in model.parameters())
    return Answer(left == 0, left, f"{left} gradients not as asked")


def _ends(s: Subject, told: float | None) -> torch.Tensor:
    """Weights after two cycles without closures, or with closures that tell `told` times the loss."""
    model, opt = trained(s, 0)
    for call in range(2 * s.cycle(opt)):
        coins(call)
        compute = closure_of(model, opt, call)
        if told is None:
            compute()
        opt.step(*([] if told is None else [lambda compute=compute: told * compute().detach()]))
    return flat(model.parameters())


@item("closure", "is the closure called once per gradient, with gradients on, its loss returned, the step the same?",
      group="contract")  # fmt: skip
def closure(s: Subject) -> Answer:
    """Cost of a cycle in closure calls: k for Lookahead, k + 1 for NALA, every + 1 for AdaLA, else 1.

    The weights are those of a run without closures, but where there is none, or the size of the loss is part of the
    rule.
    """
    model, opt = trained(s, 0)
    free = s.facts is None and s.needs_closure  # L-BFGS and SAM evaluate it as often as they like
    enabled: list[bool] = []
    returned = 0
    cycle = s.cycle(opt)
    for call in range(2 * cycle):
        compute, losses = closure_of(model, opt, call), list[Any]()
        coins(call)
        if free:
            compute()  # SAM wants the gradient to be there before

        def counted(compute: Any = compute, losses: list[Any] = losses) -> Any:
            enabled.append(torch.is_grad_enabled())
            with torch.enable_grad():
                losses.append(compute())
            return losses[-1]

        loss = opt.step(counted)
        returned += bool(losses) and loss is not None and float(loss) == float(losses[0])
    if s.two_loops:
        k = int(s.options.get("k", 3) if s.accepts("k") else needed(opt, "k"))
    else:
        k = int(s.option(opt, "every") or 1)
    wanted = 2 * (k + s.looks_ahead(opt)) if s.facts is not None else 2 * cycle
    counter = getattr(opt, "grad_evals", None)
    ok = (free or len(enabled) == wanted) and all(enabled) and returned == 2 * cycle and counter in (None, wanted)
    told = "" if counter is None else f", grad_evals says {counter}"
    there = flat(model.parameters())
    gap = 0.0 if s.needs_closure else worst(there, _ends(s, None))
    if gap and worst(there, _ends(s, 2.0)) == 0:
        ok, told = False, f"{told}, weights {gap:.3g} from those of a run without closures"
    rule = "as many as it likes" if free else f"expected {wanted}"
    said = f"{len(enabled)} evaluations in two cycles ({rule}){told}, {sum(enabled)} with gradients on, "
    return Answer(ok, len(enabled), said + f"{returned} of {2 * cycle} losses returned")


@item("bad-options", "are a negative lr and k < 1 refused?", group="contract")
def bad_options(s: Subject) -> Answer:
    """In the constructor; a wrapper's inner lr is the inner optimizer's business."""
    bad: list[dict[str, Any]] = [{"k": 0}, {"k": -2}] if s.two_loops and s.accepts("k") else []
    if not s.wraps and s.accepts("lr") and "lr" not in s.options:
        bad.append({"lr": -0.1})
    if not bad:
        raise NotApplicable("the factory takes neither lr nor k")
    let_in = []
    for options in bad:
        try:
            s.make(network().parameters(), **options)
            let_in.append(options)
        except Exception:  # packages have error classes of their own
            continue
    said = f"accepted: {let_in}" if let_in else f"{len(bad)} bad values refused"
    return Answer(not let_in, len(let_in), said)


@item("amp-skip", "does a step that the gradient scaler skips leave weights and cycle where they were?",
      group="contract")  # fmt: skip
def amp_skip(s: Subject) -> Answer:
    """A run with overflows at calls 1 and 3 must be the run without these calls."""
    if s.needs_closure:
        raise NotApplicable("torch's GradScaler takes no closure")
    finals = []
    for overflows in ((), (1, 3)):
        model, opt = trained(s, 0)
        # the scale is a power of two at any time, so that scaling and unscaling are exact
        scaler = torch.amp.GradScaler("cpu", init_scale=2.0, backoff_factor=0.5, growth_interval=10**6)
        done = 0
        for call in range(calls(s, opt) + len(overflows)):
            coins(done)
            closure_of(model, opt, done)()
            factor = float(scaler.scale(torch.ones(())))
            for p in model.parameters():
                assert p.grad is not None
                p.grad *= float("inf") if call in overflows else factor
            scaler.step(opt)
            scaler.update()
            done += call not in overflows
        finals.append(flat(model.parameters()))
    gap = worst(*finals)
    return Answer(gap == 0, gap, "largest difference between a run with two skipped steps and one without them")
