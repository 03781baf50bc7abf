"""The whole path against the NumPy twin of nala_lab.reference, at settings where every term matters."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch

from nala_lab.audit.rig import drive, start, worst
from nala_lab.audit.spec import ADAPTIVE, Answer, NotApplicable, item
from nala_lab.audit.subject import Subject, read
from nala_lab.core import stream
from nala_lab.methods.making import numpy_twin
from nala_lab.reference.oracle import Oracle

ODD: dict[str, Any] = {"lr": 0.05, "betas": (0.7, 0.85), "eps": 1e-2}  # eps is large, so that a misplaced term shows
HOW = ("foreach", "fused", "capturable", "differentiable")  # options of how it computes, not of what
READINGS = ("probe", "probe_batch", "denominator")
OTHER = ("weight_decay", "maximize", "amsgrad", "blend", "every")


def known(s: Subject, *also: str) -> dict[str, Any]:
    """The settings to ask at: those of the options, and odd ones where these say nothing.

    Raises NotApplicable where another option, such as maximize, makes it another rule than the one predicted.
    """
    assert s.facts is not None
    allowed = {*ODD, *HOW, *READINGS, *also}
    _require_rule(s, {name: value for name, value in s.options.items() if name not in allowed})
    if s.options.get("lr", 1) == 0:
        raise NotApplicable("with lr = 0 it predicts that nothing moves")
    return {name: s.options.get(name, value) for name, value in ODD.items()}


def require_known(s: Subject, opt: Any, *also: str) -> None:
    """Raise NotApplicable where `opt` shows another rule than the one predicted, as a factory may decide."""
    _require_rule(s, {name: _shown(s, opt, name) for name in OTHER if name not in also})


def _require_rule(s: Subject, settings: dict[str, Any]) -> None:
    assert s.facts is not None
    others = [name for name, value in settings.items()
              if value is not None and (value or False) != s.facts.published.get(name, False)]  # fmt: skip
    if others:
        raise NotApplicable(f"the prediction is for the rule without {', '.join(others)}")


def _shown(s: Subject, opt: Any, name: str) -> Any:
    value = read(opt, name)
    return s.option(opt, name) if value is None else value


@item("twin", "does it follow the NumPy twin over seven steps with eps 0.01 and weight decay?", group="algorithm",
      kinds=ADAPTIVE)  # fmt: skip
def twin(s: Subject) -> Answer:
    """Gradients lam x + noise of the step; AdamW and other decoupled decays are left out."""
    if not type(s.make([start()])).__name__.lower() == s.kind:  # AdamW, for one, is asked as Adam
        raise NotApplicable("decoupled weight decay has no NumPy twin")
    assert s.facts is not None
    odd = {**known(s, "weight_decay", "blend"), "weight_decay": 0.1}
    noise = stream(0, "audit", "twin").normal(size=(16, 2))
    spent = {"torch": 0.0, "numpy": 0.0}

    def gradient(who: str, x: Any) -> Any:
        spent[who] += 0.5 if who == "torch" else 1.0  # the two parameters, one after the other, share the noise
        return np.array([1.0, 0.3]) * np.asarray(x) + noise[math.ceil(spent[who])]

    pair = [start(), start()]
    coupled = {"weight_decouple": False} if s.accepts("weight_decouple") else {}
    opt = s.make(pair, **{name: value for name, value in (odd | coupled).items() if name not in s.options})
    require_known(s, opt, "weight_decay", "blend")
    read_off = {name: _shown(s, opt, name) for name in (*READINGS, *OTHER) if name in s.facts.published}
    method = numpy_twin(s.kind, **odd | {name: value for name, value in read_off.items() if value is not None}
                        | {name: x for name, x in s.options.items() if name in s.facts.published})  # fmt: skip
    x, gaps = start().detach().numpy().copy(), []
    state = method.init(x)
    oracle = Oracle(lambda at: gradient("numpy", at))
    for _ in range(7):
        for _ in range(s.cycle(opt)):
            drive(s, opt, pair, lambda at: torch.from_numpy(gradient("torch", at.numpy())))
        x, state = method.step(x, oracle, state)
        gaps.append(max(worst(w.detach(), torch.from_numpy(np.asarray(x))) for w in pair))
    off = [t + 1 for t, gap in enumerate(gaps) if not gap < 1e-12]
    said = f"first differs at step {off[0]}" if off else "seven steps alike"
    return Answer(not off, max(gaps), f"largest distance from the NumPy twin; {said}")
