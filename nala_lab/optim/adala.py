"""AdaLA, Algorithm 3 of Ramjee's paper, for torch.

    g_t     = grad f_t(theta_{t-1})
    g_{t+1} = grad f_{t+1}(theta_t)                                      <- theta_t is not known yet: take a probe
    m_t     = beta1 m_{t-1} + (1 - beta1) g_t
    s_t     = beta2 s_{t-1} + (1 - beta2) (g_t - g_{t+1})^2 + eps
    theta_t = theta_{t-1} - lr m_hat_t / denominator(s_t)

The probe is a trial displacement from theta_{t-1}; afterwards the weights are put back from a copy, to the last bit:

    own        AdaBelief-form trial step from AdaLA's own m and s; nothing of it is kept          (default)
    grad       theta - lr g_t
    adam       Adam's step, with a second moment v of its own (``exp_avg_sq``)
    adabelief  AdaBelief's step, with a second moment s_b of its own (``probe_avg_var``)
    self       m_hat_t over AdaLA's previous denominator (before the first step s_hat_0 = eps / (1 - beta2), s_0 = 0)
    lagged     no probe: g_{t-1} stands for g_{t+1}, g_0 = 0
    code       as own, but the trial keeps m, s and the counter, as the released program's state handling does

Two options are the paper's future work (its section 7), in this reading: with c_t = blend at the steps 1, 1 + every,
1 + 2 every, ... that look ahead, and c_t = 0 at the others,

    s_t     = beta2 s_{t-1} + (1 - beta2) (g_t - c_t g_{t+1} - (1 - c_t) m_t)^2 + eps
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch

from nala_lab.core import require_choice
from nala_lab.methods.hyper import PROBES, AdaLAHyper
from nala_lab.optim._base import LabOptimizer, require_closure, require_lr
from nala_lab.optim._fused import ADAPTED, BELIEF, PROBE, RAW, Fused, Source
from nala_lab.optim._moments import (
    Group,
    add_belief,
    add_mean,
    begin,
    decayed,
    moment,
    move,
    ratio,
    refuse_flags,
    second_root,
    with_grad,
)

__all__ = ["AdaLA"]

_READING = ("probe", "probe_batch", "denominator", "blend", "every")
TORCH_PROBES = tuple(probe for probe in PROBES if probe != "implicit")
_MOMENTS = {  # per parameter, beside "step"; every probe but "lagged" also keeps "base", "grad" and "probed"
    "adam": ("exp_avg", "exp_avg_var", "exp_avg_sq"),
    "adabelief": ("exp_avg", "exp_avg_var", "probe_avg_var"),
    "lagged": ("exp_avg", "exp_avg_var", "previous_grad"),
}
_REMEMBERED = ("adam", "adabelief")  # probes with a second moment of their own: see _remember_probe


class AdaLA(LabOptimizer):
    """AdaLA: the second moment is built from how much the gradient changes one step ahead.

    Parameters
    ----------
    params : parameters or parameter groups. lr : step size >= 0. betas : decay rates in [0, 1).
    eps : >= 0; enters twice, in every step of the average and at the root.
    weight_decay : L2 coefficient >= 0, added to both gradients, each where it is taken.
    probe : the trial step, one of the names above.
    probe_batch : ``"next"``: calls of ``step()`` alternate. The first takes the gradient at theta_{t-1} and leaves the
        weights at the probe point (``phase == 1``); the second, with the gradient of the next batch there, puts them
        back and takes the adapted step. ``"same"``: ``step(closure)`` evaluates the closure at both points.
    denominator : ``"hat"``, sqrt(s_hat) + eps, or ``"raw"``, sqrt(s + eps).
    blend : in [0, 1], the weight of g_{t+1} against m_t in the second moment; 0 is AdaBelief, and takes no probe.
    every : looks ahead at steps 1, 1 + every, ... only; a call in between is a whole step, AdaBelief's.

    Raises
    ------
    ValueError
        When an option is out of range or unknown, in the constructor or in a parameter group, for a sparse gradient,
        and when ``probe_batch="same"`` is stepped without a closure.

    Notes
    -----
    A whole step spends two gradients (``lagged``, and a step that does not look ahead: one, and such a ``step()`` is a
    whole step), so n steps spend n + ceil(n / every). Per parameter four
    tensors are kept: m, s, the weights before the probe, and g_t; the probes adam and adabelief keep a fifth. A
    parameter takes part when it has a gradient at both points; with one only it is left, or put back, where it was.
    `sync` from a probe point puts the weights back and drops g_t; with ``code`` the m and s of that trial stay, as
    that reading has it.

    References
    ----------
    Ramjee, AdaLA, Algorithm 3 and section 5.

    Examples
    --------
    With negligible eps and the reading ``grad`` lr cancels: on f = lam w^2 / 2 the first step has length 1 / lam,
    however far the start is. Here lam = 10; the first call ends at the probe, the second after the step.

    >>> import torch
    >>> from nala_lab.optim import AdaLA
    >>> w = torch.nn.Parameter(torch.tensor([0.5, -3.0], dtype=torch.float64))
    >>> opt = AdaLA([w], lr=1e-3, eps=1e-30, probe="grad")
    >>> for _ in range(2):
    ...     opt.zero_grad()
    ...     (5 * w**2).sum().backward()
    ...     opt.step()
    ...     print(opt.phase, w.data.numpy().round(6))
    1 [ 0.495 -2.97 ]
    0 [ 0.4 -2.9]
    """

    def __init__(
        self,
        params: Any,
        lr: Any = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        *,
        probe: str = "own",
        probe_batch: str = "next",
        denominator: str = "hat",
        blend: float = 1.0,
        every: int = 1,
    ) -> None:
        require_choice("probe", probe, TORCH_PROBES, "'implicit' is in the NumPy twin only")
        self._whole = 0  # whole steps
        shared = {"probe": probe, "probe_batch": probe_batch, "denominator": denominator}
        self.hyper = AdaLAHyper(**shared, blend=blend, every=every)
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay})

    def _check_group(self, group: Group) -> None:
        require_lr(group["lr"])
        AdaLAHyper(betas=group["betas"], eps=group["eps"], weight_decay=group["weight_decay"])
        refuse_flags(group)

    def _options(self) -> dict[str, Any]:
        return {**{name: getattr(self.hyper, name) for name in _READING}, "whole": self._whole}

    def _set_options(self, options: dict[str, Any]) -> None:
        self.hyper = AdaLAHyper(**{name: options[name] for name in _READING})
        self._whole = options["whole"]

    def _restart(self) -> None:
        super()._restart()
        self._whole = 0

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), "hyper": self.hyper, "_whole": self._whole}

    @property
    def _mid_step(self) -> bool:
        return self._phase == 1

    def _displaced(self) -> list[tuple[torch.Tensor, torch.Tensor]]:
        return [(p, own["base"]) for p in self._params() if self._stands_at_probe(own := self.state.get(p, {}))]

    def _stands_at_probe(self, state: dict[str, Any]) -> bool:
        return self._phase == 1 and bool(state.get("probed"))

    def _own(self, p: torch.Tensor) -> dict[str, Any]:
        own = super()._own(p)
        return {**own, "probed": False} if self._shown and "probed" in own else own

    def _begin(self, p: torch.Tensor) -> dict[str, Any]:
        """State of `p`, made once and whole, so that it has the same keys at every phase."""
        state = self.state[p]
        probe = self.hyper.probe
        begin(state, p, *_MOMENTS.get(probe, ("exp_avg", "exp_avg_var")))
        if probe != "lagged" and self.hyper.blend > 0 and "base" not in state:
            state.update(base=p.detach().clone(), grad=moment(p), probed=False)
        return state

    def _allocate(self) -> None:
        for p, _ in with_grad(self):
            self._begin(p)

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Take the probe, the adapted step, or both; return the loss at the first point of this call, if any.

        Raises
        ------
        ValueError
            When ``probe_batch="same"`` and there is no closure.
        """
        if self._rehearses(closure):
            return None
        same = self.hyper.probe_batch == "same"
        if same:
            require_closure(closure, "probe_batch='same' evaluates the same mini-batch at two points")
        loss = self._spend(closure)
        if self.hyper.probe == "lagged":
            self._lagged_step()
        elif self._phase == 1:
            self._adapted_step()
        elif self.hyper.blend == 0 or self._whole % self.hyper.every:
            self._plain_step()
        else:
            self._take_probe()
            if same:
                self._spend(closure)
                self._adapted_step()
        return loss

    # ---- Algorithm 3 -------------------------------------------------------------------------------------------

    def _take_probe(self) -> None:
        """Stand at theta_{t-1} + trial, with g_t and theta_{t-1} kept."""
        fused = self._ready(PROBE, self._probe_of)
        for own in fused.taken:
            own["probed"] = True
        fused.run(RAW if self.hyper.denominator == "raw" else 0)
        self._phase = 1

    def _adapted_step(self) -> None:
        self._ready(ADAPTED, self._adapted_step_of).run(RAW if self.hyper.denominator == "raw" else 0, self.hyper.blend)
        self._phase = 0
        self._whole += 1

    def _plain_step(self) -> None:
        """A step that does not look ahead: AdaBelief's."""
        self._ready(BELIEF, self._plain_step_of).run(RAW if self.hyper.denominator == "raw" else 0)
        self._whole += 1

    def _ready(self, what: int, one: Callable[[Fused, torch.Tensor, Group], None]) -> Fused:
        """What a kernel takes, as in the step before if nothing changed; the other parameters are settled by `one`."""
        plans = vars(self).setdefault("_plans", {})  # never saved
        if what not in plans or not plans[what].holds(self.param_groups, self.state):
            with_grad(self)  # raises before anything has moved
            if what == PROBE:
                plans.pop(ADAPTED, None)  # which parameters take part is decided here
                for own in self.state.values():
                    own["probed"] = False
            fused = Fused(what, self.param_groups, self.state)
            for p, group in [(p, g) for g in self.param_groups for p in dict.fromkeys(g["params"])]:
                one(fused, p, group)
            plans[what] = fused.close()
        return plans[what]

    def _sources(self, p: torch.Tensor, *more: str) -> Iterator[Source]:
        return ((self.state[p], key) for key in ("exp_avg", "exp_avg_var", *more, "step"))

    def _probe_of(self, fused: Fused, p: torch.Tensor, group: Group) -> None:
        if p.grad is None:
            fused.pass_by(p)
            return
        state = self._begin(p)
        if self.hyper.probe == "own" and fused.take(p, group, *self._sources(p, "base", "grad")):
            return
        fused.give_up()
        g = decayed(p, group)  # g_t
        trial = self._trial(state, g, group)
        state["grad"], state["probed"] = g, True
        state["base"].copy_(p)
        move(p, trial)

    def _adapted_step_of(self, fused: Fused, p: torch.Tensor, group: Group) -> None:
        state = self.state.get(p, {})
        if not state.get("probed") and p.grad is None:
            fused.pass_by(p)
            return
        known = self.hyper.probe not in _REMEMBERED and state.get("probed") and p.grad is not None
        if known and fused.take(p, group, *self._sources(p, "base", "grad")):
            return
        fused.give_up()
        if state.get("probed"):
            g_next = None if p.grad is None else decayed(p, group)  # g_{t+1}, weight decay at the probe point
            p.copy_(state["base"])  # back to theta_{t-1}, bit for bit
            if g_next is not None:
                self._update(p, state["grad"], g_next, group)

    def _plain_step_of(self, fused: Fused, p: torch.Tensor, group: Group) -> None:
        if p.grad is None:
            fused.pass_by(p)
            return
        self._begin(p)
        if self.hyper.probe in _REMEMBERED or not fused.take(p, group, *self._sources(p)):
            fused.give_up()
            self._update(p, decayed(p, group), None, group)

    def _lagged_step(self) -> None:
        for p, group in with_grad(self):
            state = self._begin(p)
            g = decayed(p, group)
            before = state["previous_grad"]
            state["previous_grad"] = g
            self._update(p, g, before, group)

    def _update(self, p: torch.Tensor, g: torch.Tensor, g_next: torch.Tensor | None, group: Group) -> None:
        state = self.state[p]
        beta1, beta2 = group["betas"]
        state["step"] += 1
        t = int(state["step"])
        m = add_mean(state["exp_avg"], g, beta1)  # m_t, from g_t only
        self._remember_probe(state, g, m, group)
        if g_next is None or self.hyper.blend < 1:
            g_next = m if g_next is None else m.lerp(g_next, self.hyper.blend)  # what the gradient was expected to be
        s = add_belief(state["exp_avg_var"], g - g_next, beta2, group["eps"])  # s_t
        move(p, ratio(m, t, second_root(s, t, group, self.hyper.denominator), group))

    # ---- the probe ---------------------------------------------------------------------------------------------

    def _trial(self, state: dict[str, Any], g: torch.Tensor, group: Group) -> torch.Tensor:
        """Displacement of the probe from theta_{t-1}; only ``code`` keeps anything of it."""
        probe, form = self.hyper.probe, self.hyper.denominator
        beta1, beta2 = group["betas"]
        t = int(state["step"]) + 1
        if probe == "grad":
            return -group["lr"] * g
        m = add_mean(state["exp_avg"].clone(), g, beta1)  # m_t
        if probe == "self":
            return ratio(m, t, self._previous_root(state, group), group)
        if probe == "adam":
            v = state["exp_avg_sq"].mul(beta2).addcmul_(g, g, value=1 - beta2)
            return ratio(m, t, second_root(v, t, group, "hat"), group)  # Adam's own denominator, whatever the form
        own = state["probe_avg_var" if probe == "adabelief" else "exp_avg_var"]
        s = add_belief(own.clone(), g - m, beta2, group["eps"])
        if probe == "code":
            state["exp_avg"].copy_(m)
            own.copy_(s)
            state["step"] += 1
        return ratio(m, t, second_root(s, t, group, form), group)

    def _remember_probe(self, state: dict[str, Any], g: torch.Tensor, m: torch.Tensor, group: Group) -> None:
        """Commit the second moment that the probe keeps for itself, now that the step counts."""
        beta2 = group["betas"][1]
        if self.hyper.probe == "adam":
            state["exp_avg_sq"].mul_(beta2).addcmul_(g, g, value=1 - beta2)
        elif self.hyper.probe == "adabelief":
            add_belief(state["probe_avg_var"], g - m, beta2, group["eps"])

    def _previous_root(self, state: dict[str, Any], group: Group) -> torch.Tensor:
        s, t = state["exp_avg_var"], int(state["step"])
        if t == 0 and self.hyper.denominator == "hat":
            # s_hat_0 is 0/0; eps alone drives s_hat to eps / (1 - beta2) at every t, so that is its value at t = 0.
            return (s + group["eps"] / (1 - group["betas"][1])).sqrt_().add_(group["eps"])
        return second_root(s, t, group, self.hyper.denominator)
