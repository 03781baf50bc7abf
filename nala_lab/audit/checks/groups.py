"""Parameter groups: one list with the inner optimizer, schedulers that reach the lr, groups added on the way."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable
from typing import Any

import torch
from torch.optim import lr_scheduler

from nala_lab.audit.rig import WARM, calls, coins, copied, drive, flat, network, start, train, trained, worst
from nala_lab.audit.spec import TWO_LOOPS, Answer, NotApplicable, item
from nala_lab.audit.subject import Subject, inner_of, needed, read


@item("shared-groups", "is opt.param_groups the inner optimizer's list, always?", group="contract", kinds=TWO_LOOPS)
def shared_groups(s: Subject) -> Answer:
    """When built, and after a step, a load and a deep copy."""

    def loaded() -> Any:
        fresh = s.short(network().parameters())
        fresh.load_state_dict(copy.deepcopy(trained(s, 2)[1].state_dict()))
        return fresh

    moments: dict[str, Callable[[], Any]] = {
        "when built": lambda: s.short(network().parameters()),
        "after steps": lambda: trained(s, 2)[1],
        "after load_state_dict": loaded,
        "after deepcopy": lambda: copied(*trained(s, 2))[1],
    }
    apart = []
    for when, reach in moments.items():
        try:
            one = reach()
            if one.param_groups is not getattr(inner_of(one), "param_groups", 0):
                apart.append(f"another list {when}")
        except Exception as error:  # a moment that cannot be reached is part of the answer
            apart.append(f"{type(error).__name__} {when}")
    return Answer(not apart, len(apart), "; ".join(apart) or f"the same list at {len(moments)} moments")


def _ends(s: Subject, *groups: tuple[torch.nn.Parameter, float]) -> torch.Tensor:
    """Where one optimizer takes these parameters, each with an lr of its own."""
    weights = [w for w, _ in groups]
    opt = s.short([{"params": [w], "lr": lr} for w, lr in groups])
    for call in range(calls(s, opt) + WARM):
        coins(call)
        drive(s, opt, weights, lambda x: 0.5 * x - 1)
    return flat(weights)


def _apart(s: Subject, *lrs: float) -> float:
    def groups() -> Any:
        return zip((start(), start(0.5, -1.5)), lrs, strict=True)

    return worst(_ends(s, *groups()), torch.cat([_ends(s, one) for one in groups()]))


@item("two-groups", "does each of two parameter groups train with its own lr?", group="contract")
def two_groups(s: Subject) -> Answer:
    """At lr and a quarter of it, as an optimizer for each would; asked where that is so at one lr for both."""
    lr = s.short([start()]).param_groups[0].get("lr")
    if not s.takes_groups or not isinstance(lr, float) or lr == 0:
        raise NotApplicable("it takes no two groups with an lr that is a number")
    if _apart(s, lr, lr) > 1e-12:
        raise NotApplicable("it weighs one parameter by the others, or draws")
    gap = _apart(s, lr, lr / 4)
    return Answer(gap <= 1e-12, gap, "largest difference of two groups from an optimizer for each")


def _first_move(s: Subject, factor: float, saved: Any, more: int) -> float:
    w = start()
    coins(0)
    opt = s.short([w])
    if saved is not None:
        opt.load_state_dict(copy.deepcopy(saved))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        lr_scheduler.LambdaLR(opt, lambda epoch: factor if epoch else 1.0).step()
    before = w.detach().clone()
    for _ in range(more + (1 if s.two_loops else s.cycle(opt))):
        drive(s, opt, [w], lambda x: 0.5 * x + 1)
    return worst(w.detach(), before)


def _ratio(s: Subject, when: str, saved: Any) -> dict[str, float]:
    """Step at a quarter of lr over that at lr; at a millionth where that tells nothing, as lr may cancel in AdaLA."""
    more = 0 if _first_move(s, 1.0, saved, 0) else WARM
    whole = _first_move(s, 1.0, saved, more)
    if whole == 0:
        raise NotApplicable(f"it moves nothing in {more + 1} calls")
    quarter = _first_move(s, 0.25, saved, more) / whole
    return {when: quarter} if quarter < 0.9 else {f"{when} (a millionth)": _first_move(s, 1e-6, saved, more) / whole}


@item("scheduler-lr", "does a learning-rate scheduler change the step, also after a load?", group="contract")
def scheduler_lr(s: Subject) -> Answer:
    """The first step with lr divided by four by a LambdaLR on the optimizer, over the step without."""
    ratios = _ratio(s, "when built", None)
    try:
        ratios |= _ratio(s, "after load_state_dict", s.short([start()]).state_dict())
    except NotApplicable:
        raise
    except Exception as error:  # other rows are about loading
        note = f" (no load to try: {type(error).__name__})"
    else:
        note = ""
    # a sign- or ratio-type rule need not scale; a step that is the same has not seen the scheduler
    deaf = [when for when, ratio in ratios.items() if abs(ratio - 1) < 1e-9]
    said = f"not reached {', '.join(deaf)}" if deaf else f"less lr gives another step, {' and '.join(ratios)}"
    return Answer(not deaf, max(ratios.values()), said + note)


@item("schedulers", "does every torch scheduler accept it?", group="contract")
def schedulers(s: Subject) -> Answer:
    """StepLR, LambdaLR, cosine, one-cycle, cyclic, plateau: build, step, save."""
    makers: dict[str, Callable[[Any], Any]] = {
        "StepLR": lambda o: lr_scheduler.StepLR(o, 2),
        "CosineAnnealingLR": lambda o: lr_scheduler.CosineAnnealingLR(o, 10),
        "OneCycleLR": lambda o: lr_scheduler.OneCycleLR(o, 0.1, total_steps=20, cycle_momentum=False),
        "CyclicLR": lambda o: lr_scheduler.CyclicLR(o, 0.01, 0.1, cycle_momentum=False),
        "ReduceLROnPlateau": lambda o: lr_scheduler.ReduceLROnPlateau(o, patience=0),
    }
    refused = []
    for name, make in makers.items():
        model, opt = trained(s, 0)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                schedule = make(opt)
                train(s, model, opt, 0, 2)
                schedule.step(*([1.0] if name == "ReduceLROnPlateau" else []))
        except Exception as error:  # whatever it is, it is the answer
            refused.append(f"{name} ({type(error).__name__})")
    said = f"refused: {', '.join(refused)}" if refused else f"{len(makers)} schedulers accepted"
    return Answer(not refused, len(refused), said)


@item("added-group", "is a group added in mid-run complete, trained and saved?", group="contract")
def added_group(s: Subject) -> Answer:
    """The same options as the first group, movement, and a state that loads."""
    w, late = start(), start(0.5, -1.5)
    opt = s.short([w])
    usual = {"params", *getattr(opt, "defaults", opt.param_groups[0])}
    asked = {name: value for name, value in opt.param_groups[0].items() if name not in usual}  # as Muon's use_muon
    if s.two_loops and s.slow_step(opt) == 0 and not (s.looks_ahead(opt) and read(opt, "alpha")):
        raise NotApplicable("its slow weights stay where they are")
    for _ in range(2):
        drive(s, opt, [w], lambda x: 0.5 * x)
    first = w.detach().clone()
    opt.add_param_group({**asked, "params": [late]})
    for _ in range(calls(s, opt) + WARM):
        drive(s, opt, [w, late], lambda x: 0.5 * x + 1)
    lacking = set(opt.param_groups[0]) ^ set(opt.param_groups[-1])  # some rules write their counters at the first step
    moved = worst(late.detach(), start(0.5, -1.5).detach())
    if moved == worst(w.detach(), first) == 0:
        raise NotApplicable("it moves nothing")
    if moved == 0:
        return Answer(False, moved, "the group was taken, and its weights stood still while the others moved")
    again = s.short([start()])
    again.add_param_group({**asked, "params": [start(0.5, -1.5)]})
    again.load_state_dict(opt.state_dict())
    said = f"moved by {moved:.3g}, saved and loaded; options that differ: {sorted(lacking) or 'none'}"
    return Answer(moved > 0 and not lacking, len(lacking), said)


@item("added-group-sync", "does a group added in mid-cycle synchronise with the others?", group="algorithm",
      kinds=TWO_LOOPS)  # fmt: skip
def added_group_sync(s: Subject) -> Answer:
    """Its slow weights are the values it came with; it is mixed when the cycle of the others ends."""
    w, late = start(), start(0.5, -1.5)
    opt = s.short([w], inner="sgd", lr=0.05, **s.without_outer_step)
    k = int(needed(opt, "k"))
    if k < 2:
        raise NotApplicable("a cycle of one step has no middle")
    drive(s, opt, [w], lambda x: x)
    phi = late.detach().clone()
    opt.add_param_group({"params": [late]})
    for _ in range(k - 1):
        drive(s, opt, [w, late], lambda x: x)
    theta = phi * 0.95 ** (k - 1)  # gradient descent with lr 0.05 on x^2 / 2
    weight = s.slow_step(opt)
    gap = worst(late.detach(), phi + weight * (theta - phi))
    return Answer(gap < 1e-12, gap, "distance of the new group from phi + a (theta - phi) at the end of the cycle")
