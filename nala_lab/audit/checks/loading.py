"""Loading and copying: what they may touch, and what must not be shared."""

from __future__ import annotations

import copy
from typing import Any

import torch

from nala_lab.audit.rig import (
    batch,
    calls,
    copied,
    drive,
    flat,
    identical,
    leaves,
    network,
    same_weights,
    start,
    tensors,
    train,
    trained,
    worst,
)
from nala_lab.audit.spec import TWO_LOOPS, Answer, NotApplicable, item
from nala_lab.audit.subject import INNERS, Subject, bare, inner_of


@item("load-leaves-dict", "does load_state_dict leave the caller's dictionary as it was?", group="state")
def load_leaves_dict(s: Subject) -> Answer:
    """Keys, groups and values; the training after it may write to tensors, as torch's own optimizers do."""
    _, opt = trained(s, s.cycle(s.short(network().parameters())) + 1)
    saved = copy.deepcopy(opt.state_dict())
    before = copy.deepcopy(saved)
    fresh = s.short(network().parameters())
    fresh.load_state_dict(saved)
    changed = len(set(map(str, leaves(before))) ^ set(map(str, leaves(saved))))
    ok = identical(before, saved)
    return Answer(ok, changed, "entries of the caller's dictionary that the load changed")


@item("load-of-own-state", "does loading what was just saved change nothing?", group="state")
def load_of_own_state(s: Subject) -> Answer:
    """accelerate moves optimizers between devices by this."""
    (model, opt), (other_model, other) = trained(s, 2), trained(s, 2)
    other.load_state_dict(other.state_dict())
    for one, its in ((model, opt), (other_model, other)):
        train(s, one, its, 2, calls(s, opt))
    gap = worst(flat(model.parameters()), flat(other_model.parameters()))
    return Answer(gap == 0, gap, "largest difference between a run that loads its own state and one that does not")


@item("copy", "is a deep copy whole and independent?", group="state")
def deep_copy(s: Subject) -> Answer:
    """deepcopy goes through __getstate__ and __setstate__, as pickling does: same bits, and every attribute."""
    model, opt = trained(s, 2)
    twin_model, twin = copied(model, opt)
    lost = sorted(
        name for name in {"defaults", "state", "param_groups", *vars(opt)} if name[0] != "_" and not hasattr(twin, name)
    )
    before = flat(model.parameters())
    train(s, twin_model, twin, 2, calls(s, opt))
    dragged = worst(flat(model.parameters()), before)
    train(s, model, opt, 2, calls(s, opt))
    ok = not lost and dragged == 0 and same_weights(model, twin_model)
    gap = worst(flat(model.parameters()), flat(twin_model.parameters()))
    said = f"lost attributes: {', '.join(lost) or 'none'}; original moved by {dragged:.3g}; runs differ by {gap:.3g}"
    return Answer(ok, max(gap, dragged, float(len(lost))), said)


@item("aliasing", "does every tensor of the state have storage of its own?", group="state")
def aliasing(s: Subject) -> Answer:
    """After each call: none shared with a weight or gradient, none with another entry of any state."""
    model, opt = trained(s, 0)
    found: set[str] = set()
    for call in range(3 * s.cycle(opt)):
        train(s, model, opt, call, call + 1)
        live = {p.data_ptr(): "a weight" for p in model.parameters()}
        live |= {p.grad.data_ptr(): "a gradient" for p in model.parameters() if p.grad is not None}
        for key, tensor in _state_entries(opt):
            if tensor.data_ptr() in live:
                found.add(f"{key} is {live[tensor.data_ptr()]}")
            live[tensor.data_ptr()] = key
    return Answer(not found, len(found), f"shared: {'; '.join(sorted(found)) or 'nothing'}")


def _state_entries(opt: Any) -> list[tuple[str, torch.Tensor]]:
    """Tensors of every entry, numbers left out, which may be shared; once where a wrapper shows the inner state."""
    inner = inner_of(opt)
    states = [("state", opt.state)] + ([("inner state", inner.state)] if inner is not None else [])
    drawers = {id(own): (label, own) for label, state in states for own in state.values() if isinstance(own, dict)}
    entries = [(f"{label} {key!r}", value) for label, own in drawers.values() for key, value in own.items()]
    return [(key, t) for key, value in entries for t in {id(t): t for t in tensors(value)}.values() if t.numel() > 1]


@item("inner-keys", "does the inner state hold the inner optimizer's keys and no others?", group="contract",
      kinds=TWO_LOOPS)  # fmt: skip
def inner_keys(s: Subject) -> Answer:
    """Empty before the first step where the bare optimizer's is, and the same keys afterwards, at every phase."""
    odd: set[str] = set()
    for name in INNERS if s.wraps else (s.inner,):
        w, plain = start(), start()
        try:
            opt = s.short([w], **({"inner": name} if s.wraps else {}))
        except (ValueError, NotApplicable):
            continue  # refused around this optimizer, which is an answer
        inner = inner_of(opt)
        if inner is None:
            raise NotApplicable("no inner optimizer was found")
        alone = bare(inner, [plain])
        odd |= {f"{name} at the start: {key}" for key in set(_keys(inner)) ^ set(_keys(alone))}
        drive(s, opt, [w], lambda x: x)
        plain.grad = plain.detach().clone()
        alone.step()
        wanted = set(_keys(alone))
        for _ in range(calls(s, opt)):
            drive(s, opt, [w], lambda x: x)
            odd |= {f"{name}: {key}" for key in set(_keys(inner)) - wanted}
    return Answer(not odd, len(odd), f"foreign keys: {', '.join(sorted(odd)) or 'none'}")


def _keys(opt: Any) -> list[str]:
    return [str(key) for own in opt.state.values() if isinstance(own, dict) for key in own]


@item("any-inner", "can every optimizer of torch be wrapped before its first step?", group="contract", kinds=TWO_LOOPS)
def any_inner(s: Subject) -> Answer:
    """Their lazy set-up asks whether the state is empty; a wrapper that writes there breaks it."""
    if not s.wraps:
        raise NotApplicable("the factory decides about the inner optimizer itself")
    names = ("SGD", "Adam", "AdamW", "NAdam", "RAdam", "Adamax", "RMSprop", "Adagrad", "Adadelta", "Rprop", "ASGD")
    broken, tried = [], 0
    for name in names:
        rule = getattr(torch.optim, name)
        INNERS["audited"] = lambda params, lr=0.01, rule=rule: rule(params, lr=lr)
        model = network()
        try:
            opt = s.short(model.parameters(), inner="audited")
            train(s, model, opt, 0, calls(s, opt))
            tried += 1
        except NotApplicable:  # the options of the subject exclude this one, and it says so
            continue
        except Exception as error:  # whatever it is, it is the answer
            broken.append(f"{name} ({type(error).__name__}: {error})")
        finally:
            del INNERS["audited"]
    said = f"failed: {'; '.join(broken)}" if broken else f"{tried} optimizers trained for two cycles"
    return Answer(not broken, len(broken), said[:160])


@item("slow-weights-shown", "can slow weights be shown twice in a row and put back bit for bit?", group="state",
      kinds=(*TWO_LOOPS, "adala"))  # fmt: skip
def slow_weights_shown(s: Subject) -> Answer:
    """Nested use, as by an evaluation inside a checkpoint; afterwards training goes on as if nothing had been."""
    (model, opt), (other_model, other) = trained(s, 1), trained(s, 1)
    inputs, _ = batch(99)
    if hasattr(opt, "slow_weights"):
        with opt.slow_weights(model), opt.slow_weights(model):
            model(inputs)
    elif hasattr(opt, "backup_and_load_cache"):
        opt.backup_and_load_cache()
        opt.backup_and_load_cache()
        model(inputs)
        opt.clear_and_load_backup()
        opt.clear_and_load_backup()
    else:
        raise NotApplicable("it has no way to show its slow weights")
    train(s, model, opt, 1, calls(s, opt))
    train(s, other_model, other, 1, calls(s, opt))
    gap = worst(flat(model.parameters()), flat(other_model.parameters()))
    return Answer(gap == 0, gap, "largest difference between a run that was looked at twice and one that was not")
