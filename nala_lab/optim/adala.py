"""AdaLA, Algorithm 3 of Ramjee's paper, for torch.

    g_t     = grad f_t(theta_{t-1})
    g_{t+1} = grad f_{t+1}(theta_t)                                      theta_t is not known yet: take a probe
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

from collections.abc import Callable
from typing import Any

import torch

from nala_lab.core import require_choice
from nala_lab.methods.hyper import PROBES, AdaLAHyper
from nala_lab.optim._adaptive import Adaptive, add_belief, add_mean, add_square, count, each, moment, move, with_grad
from nala_lab.optim._base import require_closure
from nala_lab.optim._groups import InGroups

__all__ = ["AdaLA"]

TORCH_PROBES = tuple(probe for probe in PROBES if probe != "implicit")
_MOMENTS = ("exp_avg", "exp_avg_var")  # per parameter, beside "step"
_MORE = {"adam": ("exp_avg_sq",), "adabelief": ("probe_avg_var",), "lagged": ("previous_grad",)}
_POINT = ("base", "grad")  # and "probed": every probe but "lagged"


class AdaLA(Adaptive):
    """AdaLA: the second moment is built from how much the gradient changes one step ahead.

    Raises ValueError when an option is out of range or unknown, in the constructor or in a parameter group, for a
    sparse gradient, and when ``probe_batch="same"`` is stepped without a closure.
    Source: Ramjee, AdaLA, Algorithm 3 and section 5.

    Parameters
    ----------
    params, lr, betas, eps, denominator : as of `AdaBelief`.
    weight_decay : L2 coefficient >= 0, added to both gradients, each where it is taken.
    probe : the trial step, one of the names above.
    probe_batch : ``"next"``: calls of ``step()`` alternate. The first takes the gradient at theta_{t-1} and leaves the
        weights at the probe point (``phase == 1``); the second, with the gradient of the next batch there, puts them
        back and takes the adapted step. ``"same"``: ``step(closure)`` evaluates the closure at both points.
    blend : in [0, 1], the weight of g_{t+1} against m_t in the second moment; 0 is AdaBelief, and takes no probe unless
        another group does. It is a key of every group and may be changed there, or for all by ``opt.blend = ...``.
    every : looks ahead at steps 1, 1 + every, ... only; a call in between is a whole step, AdaBelief's.

    Notes
    -----
    A step spends two gradients (one with ``lagged``, and where it does not look ahead: n steps spend
    n + ceil(n / every)). Per parameter m, s, the weights before the probe and g_t are kept; the probes adam and
    adabelief keep a fifth tensor. A parameter takes part when it has a gradient at both points; with one only it is
    where it was. `sync` from a probe point puts the weights back and drops g_t, but not the m and s of ``code``.

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

    blend = InGroups()
    _whole = ("every", "probe", "probe_batch", "denominator")

    def __init__(self, params: Any, lr: Any = 1e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
                 weight_decay: float = 0.0, *, probe: str = "own", probe_batch: str = "next", denominator: str = "hat",
                 blend: float = 1.0, every: int = 1) -> None:  # fmt: skip
        require_choice("probe", probe, TORCH_PROBES, "'implicit' is in the NumPy twin only")
        self._steps = 0  # whole steps
        reading = {"probe": probe, "probe_batch": probe_batch, "denominator": denominator}
        self.hyper = AdaLAHyper(**reading, blend=blend, every=every)
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "blend": blend})

    def _options(self) -> dict[str, Any]:
        return {**super()._options(), "whole": self._steps}

    def _set_options(self, options: dict[str, Any]) -> None:
        super()._set_options(options)
        self._steps = options["whole"]

    def _restart(self) -> None:
        super()._restart()
        self._steps = 0

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), "_steps": self._steps}

    @property
    def next_gradient(self) -> str:
        """``"probe"`` at the probe point, else ``"step"``."""
        return "probe" if self._phase == 1 else "step"

    @property
    def _mid_step(self) -> bool:
        return self._phase == 1

    def _displaced(self) -> list[tuple[torch.Tensor, torch.Tensor]]:
        states = [(p, self.state.get(p, {})) for p in self._params()] if self._phase == 1 else []
        return [(p, own["base"]) for p, own in states if own.get("probed")]

    def _own(self, p: torch.Tensor) -> dict[str, Any]:
        own = super()._own(p)
        return {**own, "probed": False} if self._shown and "probed" in own else own

    @property
    def _moments(self) -> tuple[str, ...]:  # type: ignore[override]
        return _MOMENTS + _MORE.get(self.hyper.probe, ())

    def _begun(self) -> list[tuple[torch.Tensor, Any]]:
        """Parameters with a gradient; their state is made once and whole, so it has the same keys at every phase."""
        pairs = super()._begun()
        for p, _ in pairs if self._looks_ahead() else ():
            if "base" not in self.state[p]:
                self.state[p].update(base=p.detach().clone(), grad=moment(p), probed=False)
        return pairs

    def _looks_ahead(self) -> bool:
        return self.hyper.probe != "lagged" and any(self._setting(group, "blend") > 0 for group in self.param_groups)

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Take the probe, the adapted step, or both; return the loss at the first point of this call, if any.

        Raises ValueError when ``probe_batch="same"`` and there is no closure.
        """
        if self._rehearses(closure):
            return None
        same = self.hyper.probe_batch == "same"
        if same:
            require_closure(closure, "probe_batch='same' evaluates the same mini-batch at two points")
        loss = self._spend(closure)
        if self._phase == 1:
            self._adapted_step()
        elif not self._looks_ahead() or self._steps % self.hyper.every:
            self._plain_step()
        else:
            self._take_probe()
            if same:
                self._spend(closure)
                self._adapted_step()
        return loss

    def _take_probe(self) -> None:
        """Stand at theta_{t-1} + trial, with g_t and theta_{t-1} kept."""
        pairs = self._begun()
        for p in self._params():
            self.state.get(p, {}).update(probed=False)
        each(pairs, self.state, (*self._moments, *_POINT), self._probe)
        for p, _ in pairs:
            self.state[p]["probed"] = True
        if self.hyper.probe == "code":
            count(pairs, self.state)
        self._phase = 1

    def _adapted_step(self) -> None:
        """Back from the probe to theta_{t-1}, and from there the step; without a gradient at both points only back."""
        self._check_groups()
        pairs = [(p, g) for p, g in with_grad(self) if self.state.get(p, {}).get("probed")]
        for p, base in self._displaced():
            if p.grad is None:
                p.copy_(base)
        each(pairs, self.state, (*self._moments, *_POINT), self._adapt)
        count(pairs, self.state)
        self._phase = 0
        self._steps += 1

    def _plain_step(self) -> None:
        """A step of one gradient: AdaBelief's, or with the gradient before in the place of the one ahead."""
        pairs = self._begun()
        each(pairs, self.state, self._moments, self._lag if self.hyper.probe == "lagged" else self._believe)
        count(pairs, self.state)
        self._steps += 1

    def _probe(self, x: Any) -> None:
        torch._foreach_copy_(x.base, x.p)  # theta_{t-1}
        torch._foreach_copy_(x.grad, x.g)  # g_t
        self._try(x)

    def _adapt(self, x: Any) -> None:
        torch._foreach_copy_(x.p, x.base)  # back to theta_{t-1}, bit for bit
        self._step(x, x.grad, x.g)

    def _believe(self, x: Any) -> None:
        self._step(x, x.g, None)

    def _lag(self, x: Any) -> None:
        self._step(x, x.g, x.previous_grad)
        torch._foreach_copy_(x.previous_grad, x.g)

    def _step(self, x: Any, g: Any, ahead: Any) -> None:
        """theta_t, with `ahead` in the place of g_{t+1}; None where the step does not look ahead."""
        m = add_mean(x.exp_avg, g, x.group)  # m_t, from g_t only
        if self.hyper.probe == "adam":  # what a probe keeps for itself, now that the step counts
            add_square(x.exp_avg_sq, g, x.group)
        elif self.hyper.probe == "adabelief":
            add_belief(x.probe_avg_var, g, m, x.group)
        blend = 0 if ahead is None else self._setting(x.group, "blend")
        expected = m if blend == 0 else ahead if blend == 1 else torch._foreach_lerp(m, ahead, blend)
        s = add_belief(x.exp_avg_var, g, expected, x.group)  # s_t
        move(x.p, m, s, x.t, x.group, self.hyper.denominator)

    def _try(self, x: Any) -> None:
        """Move the weights from theta_{t-1} to the probe point; only ``code`` keeps anything of it."""
        probe, form = self.hyper.probe, self.hyper.denominator
        if probe == "grad":
            torch._foreach_add_(x.p, x.g, alpha=-float(x.group["lr"]))
            return
        new = probe != "code"
        m = add_mean(x.exp_avg, x.g, x.group, new=new)  # m_t
        if probe == "self":
            s, t = self._before(x)
            move(x.p, m, s, x.t, x.group, form, t)
        elif probe == "adam":
            v = add_square(x.exp_avg_sq, x.g, x.group, new=new)
            move(x.p, m, v, x.t, x.group, "hat")  # Adam's own denominator, whatever the form
        else:
            s = x.probe_avg_var if probe == "adabelief" else x.exp_avg_var
            s = add_belief(s, x.g, m, x.group, new=new)
            move(x.p, m, s, x.t, x.group, form)

    def _before(self, x: Any) -> tuple[Any, int]:
        """s_{t-1}, and the number of steps in it."""
        if x.t == 1 and self.hyper.denominator != "raw":
            # s_hat_0 is 0/0; eps alone drives s_hat to eps / (1 - beta2) at every t, as s_1 = eps with t = 1 has it.
            return torch._foreach_add(x.exp_avg_var, x.group["eps"]), 1
        return x.exp_avg_var, x.t - 1
