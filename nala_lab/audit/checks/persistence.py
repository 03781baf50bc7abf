"""Saving: what is in a state, and whether a run goes on from it bit for bit, here and in a fresh process."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import torch

from nala_lab.audit.rig import calls, flat, leaves, network, same_weights, tensors, train, trained, worst
from nala_lab.audit.spec import Answer, NotApplicable, item
from nala_lab.audit.subject import Subject, halves


def _round_trip(value: Any) -> Any:
    buffer = io.BytesIO()
    torch.save(value, buffer)
    buffer.seek(0)
    return torch.load(buffer, weights_only=True)


def resumed(s: Subject, saved: dict[str, Any], stop: int, last: int) -> torch.nn.Module:
    """A new network and optimizer that take `saved` and make calls stop .. last - 1."""
    model = network()
    with torch.no_grad():
        for p in model.parameters():
            p.fill_(0.125)  # whatever is not in the checkpoint must not help
    opt = _made(s, model)
    model.load_state_dict(saved["model"])
    opt.load_state_dict(saved["opt"])
    train(s, model, opt, stop, last)
    return model


def _made(s: Subject, model: torch.nn.Module) -> Any:
    """In two groups, where it takes them: a state may be numbered anew in each."""
    return s.short(halves(model.parameters()) if s.takes_groups else model.parameters())


def _begun(s: Subject) -> tuple[torch.nn.Module, Any]:
    """A network and its optimizer, with another lr than a new one has: a load has to take the settings too."""
    model = network()
    opt = _made(s, model)
    for group in opt.param_groups:
        if isinstance(group.get("lr"), float):
            group["lr"] /= 2
    return model, opt


def _copy(model: torch.nn.Module, opt: Any) -> dict[str, Any]:
    return {"model": _detached(model.state_dict()), "opt": _detached(opt.state_dict())}


def _detached(value: Any) -> Any:
    """The same nest with tensors of its own, as a file would have; keys and types stay."""
    if isinstance(value, dict):
        return {key: _detached(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_detached(entry) for entry in value)
    return value.detach().clone() if isinstance(value, torch.Tensor) else value


@item("resume", "saved after each call of two cycles, does the run go on bit for bit?", group="state")
def resume(s: Subject) -> Answer:
    """Every phase of the cycle, the initial one and the one that stands at a look-ahead point included."""
    model, opt = _begun(s)
    last = calls(s, opt)
    saved = []
    for stop in range(last):
        saved.append(_copy(model, opt))
        train(s, model, opt, stop, stop + 1)
    gaps, broken = [], []
    for stop, state in enumerate(saved):
        try:
            gaps.append(worst(flat(model.parameters()), flat(resumed(s, state, stop, last).parameters())))
        except Exception as error:  # a stop that cannot be loaded is counted, and named
            gaps.append(float("inf"))
            broken.append(f"{type(error).__name__} at call {stop}")
    off = [stop for stop, gap in enumerate(gaps) if gap > 0]
    said = f"{len(off)} of {last} stops end elsewhere (largest difference {max(gaps):.3g})"
    said += f"; {broken[0]}" if broken else ""
    return Answer(not off, len(off), said if off else f"{last} of {last} stops end at the same bits")


@item("resume-dtype", "do float32 accumulators of half-precision weights survive a load?", group="state")
def resume_dtype(s: Subject) -> Answer:
    """torch's own load casts them to the type of the weights: the types of the state before and after."""
    model = network(torch.bfloat16)
    opt = s.short(model.parameters())
    train(s, model, opt, 0, s.cycle(opt) + 1)
    before = opt.state_dict()
    fresh = s.short(network(torch.bfloat16).parameters())
    fresh.load_state_dict(_detached(before))
    pairs = zip(tensors(before), tensors(fresh.state_dict()), strict=True)
    cast = sum(a.dtype != b.dtype for a, b in pairs)
    return Answer(cast == 0, cast, f"{cast} tensors of the state changed their type in a load")


@item("fresh-process", "does a file saved in mid-cycle resume in a new process?", group="state")
def fresh_process(s: Subject) -> Answer:
    """torch.save here, torch.load(weights_only=True) there; the final weights are compared bit for bit."""
    if not isinstance(s.target, str):
        raise NotApplicable("another process finds a factory by its name, package.module:factory")
    model, opt = _begun(s)
    stop, last = s.cycle(opt) + 1, calls(s, opt)
    train(s, model, opt, 0, stop)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "saved.pt")
        torch.save({"model": model.state_dict(), "opt": opt.state_dict()}, file)
        train(s, model, opt, stop, last)
        job: dict[str, Any] = {"target": s.target, "options": s.options, "kind": s.kind, "inner": s.inner}
        job |= {"mutant": s.mutant, "file": str(file), "stop": stop, "last": last}
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        command = [sys.executable, "-m", "nala_lab.audit.elsewhere", json.dumps(job)]
        run = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
        if run.returncode:
            return Answer(False, run.returncode, (run.stderr.strip().splitlines() or ["the process died"])[-1])
        there = network()
        there.load_state_dict(torch.load(f"{file}.after", weights_only=True))
    gap = worst(flat(model.parameters()), flat(there.parameters()))
    return Answer(gap == 0, gap, "largest difference from the uninterrupted run")


@item("plain-state", "does the state hold tensors and plain Python only, readable with weights_only?", group="state")
def plain_state(s: Subject) -> Answer:
    """At every phase of a cycle; no objects, no NumPy numbers, no parameters as keys."""
    model, opt = trained(s, 0)
    odd: set[str] = set()
    for call in range(calls(s, opt)):
        saved = opt.state_dict()
        found = {type(x).__name__ for x in leaves(saved) if type(x) not in _PLAIN}
        odd |= found
        if not found:
            _round_trip(saved)
        train(s, model, opt, call, call + 1)
    said = f"also holds {', '.join(sorted(odd))}" if odd else "tensors, numbers, text; torch.load(weights_only=True)"
    return Answer(not odd, len(odd), said)


_PLAIN = (torch.Tensor, str, bool, int, float, tuple, type(None))


@item("state-layout", 'is it {"state": by number, "param_groups": [...]}, as checkpoint tools expect?', group="state")
def state_layout(s: Subject) -> Answer:
    """Lightning, accelerate and torch.distributed.checkpoint carry these two entries and nothing else."""
    _, opt = trained(s, 2)
    saved = opt.state_dict()
    extra = sorted(set(saved) - {"state", "param_groups"}, key=str)
    lacking = sorted({"state", "param_groups"} - set(saved))
    keyed = all(isinstance(key, int) for key in saved.get("state", {}))
    said = f"lacking {lacking}, extra {extra}" if extra or lacking else f"state keyed by number: {keyed}"
    return Answer(not extra and not lacking and keyed, len(extra) + len(lacking) + (not keyed), said)


@item("distributed-state", "does torch.distributed.checkpoint's state dict carry the whole run?", group="state")
def distributed_state(s: Subject) -> Answer:
    """get_optimizer_state_dict in mid-cycle, set on a new optimizer (which torch first steps with lr 0), go on."""
    from torch.distributed.checkpoint import state_dict as named

    if s.needs_closure:
        raise NotApplicable("torch fills a new optimizer by step() without a closure")
    model, opt = trained(s, 0)
    stop, last = s.cycle(opt) + 1, calls(s, opt)
    train(s, model, opt, 0, stop)
    weights, saved = _detached(model.state_dict()), _detached(named.get_optimizer_state_dict(model, opt))
    train(s, model, opt, stop, last)
    other = network()
    resumed_opt = s.short(other.parameters())
    named.get_optimizer_state_dict(other, resumed_opt)  # what a loader asks first, for the shapes
    named.set_optimizer_state_dict(other, resumed_opt, saved)
    other.load_state_dict(weights)
    train(s, other, resumed_opt, stop, last)
    gap = worst(flat(model.parameters()), flat(other.parameters()))
    return Answer(same_weights(model, other), gap, "largest difference from the uninterrupted run")
