"""The slow loop around any torch optimizer: what Lookahead, NALA and OuterMomentum share.

Per parameter the wrapper keeps ``state[p]["slow"]``: phi_{t-1}, written when a cycle starts, so that weights loaded or
clipped before are where it begins; in half precision NALA also ``state[p]["exact"]``: y_t with all its digits. The
inner optimizer's state is never given a key. Every parameter takes part in every mix, with or without a gradient,
but for quantised weights.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from copy import deepcopy
from typing import Any

import torch
from torch.optim import Optimizer

from nala_lab.core import require
from nala_lab.optim._base import LabOptimizer, bare_step, local, require_closure, wide, with_digits
from nala_lab.optim._groups import require_lr
from nala_lab.optim.adam import Adam

__all__ = ["TwoLoop"]

_MOMENTA = ("momentum_buffer", "exp_avg")  # torch's names for SGD's buffer and Adam's first moment
_LR = 1e-3  # the default in every signature


class TwoLoop(LabOptimizer):
    """An inner optimizer, a slow copy of the weights, and a phase."""

    inner: Optimizer
    _rests_at_y = False  # a call may end at weights that are neither phi nor theta

    def __init__(self, params: Any, lr: Any, hyper: Any, inner: Callable[[Any], Optimizer] | None) -> None:
        require_lr(lr)
        made_by = "a function of the parameters, or None for Adam"
        require("inner", inner, inner is None or callable(inner), made_by, "such as lambda params: SGD(params, lr=0.1)")
        self.hyper = hyper
        params = params if isinstance(params, torch.Tensor) else list(params)
        self.inner = Adam(params, lr=lr) if inner is None else inner(params)
        kind = type(self.inner).__name__
        is_optimizer = isinstance(self.inner, Optimizer)
        require("inner", kind, is_optimizer, "a function that returns a torch.optim.Optimizer", "this came back")
        given = {id(p[1] if isinstance(p, tuple) else p) for p in params if not isinstance(p, dict)}
        own = all(id(p) in given for group in self.inner.param_groups for p in group["params"])
        fits = own or len(given) < len(params)  # of groups the inner optimizer may make others
        require("inner", kind, fits, "an optimizer of the parameters it is called with", "it holds others")
        own_lr = self.inner.defaults.get("lr")
        agree = inner is None or lr == _LR or lr == own_lr
        require("lr", lr, agree, f"the inner optimizer's lr={own_lr}", "with `inner` given, lr belongs to it")
        self._require_fitting_inner()
        self._starts_empty = not self.inner.state  # Adagrad fills its state when it is built
        # The base class makes a list of its own and hands the groups back one by one: see add_param_group.
        super().__init__(self.inner.param_groups, {**self.inner.defaults, **self._own_settings()})
        if hyper.inner_state == "reset" and not isinstance(self.inner, LabOptimizer):
            self._remember_initial_state()

    def _require_fitting_inner(self) -> None:
        how = self.hyper.inner_state
        if isinstance(self.inner, torch.optim.LBFGS):
            hint = "the synchronisation moves the weights, and L-BFGS's last displacement would no longer be one"
            require("inner_state", how, how == "reset", "'reset' around L-BFGS", hint)
        if how == "pullback":
            named = [bool(group.get("momentum")) or "betas" in group for group in self.inner.param_groups]
            has = all(named) and not isinstance(self.inner, TwoLoop)
            kind = type(self.inner).__name__
            require("inner", kind, has, "an inner optimizer with momentum when inner_state='pullback'")

    @property
    def param_groups(self) -> list[dict[str, Any]]:
        """The inner optimizer's own list: what a scheduler writes here is what the inner step reads."""
        return self.inner.param_groups

    @param_groups.setter
    def param_groups(self, groups: list[dict[str, Any]]) -> None:
        self.inner.param_groups = groups

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Add parameters to both loops; added inside a cycle, their slow weights are the values they have now."""
        self._check_new_group(param_group)
        self.inner.add_param_group(param_group)
        self._complete(self.param_groups[-1:])
        self._check_added_group()
        if self._inside_cycle():
            added = _movable(self.param_groups[-1]["params"])
            self._copy_slow([p for p in added if "slow" not in self.state.get(p, {})])

    def _key(self, name: str) -> str:
        """`name`, or ``outer_<name>`` where the inner optimizer has a setting of that name (RMSprop's alpha)."""
        while name in self.inner.defaults:
            name = f"outer_{name}"
        return name

    def _complete(self, groups: list[dict[str, Any]]) -> None:
        for group in groups:
            for key, value in self._own_settings().items():
                group.setdefault(key, value)

    def _params(self) -> list[torch.Tensor]:
        return _movable(super()._params())

    # ---- the cycle ---------------------------------------------------------------------------------------------

    @property
    def phase(self) -> int:
        """Inner steps done in this cycle. One that takes two calls, as AdaLA's does, counts when it is whole."""
        return self._phase

    @property
    def next_gradient(self) -> str:
        """``"outer"`` when it is to be taken at y_t, else what the inner optimizer says of its next one."""
        return "outer" if self._phase == self.k else getattr(self.inner, "next_gradient", "step")

    @property
    def k(self) -> int:
        """Inner steps per cycle."""
        return int(self.hyper.k)

    def _inside_cycle(self) -> bool:
        return self._phase > 0 or self._mid_step

    @property
    def _mid_step(self) -> bool:
        return isinstance(self.inner, LabOptimizer) and self.inner._mid_step

    def _copy_slow(self, params: list[torch.Tensor]) -> None:
        for p in params:
            self.state[p]["slow"] = p.detach().to(wide(p), copy=True)
            if self._rests_at_y and p.dtype != wide(p):
                self.state[p]["exact"] = p.detach().to(wide(p), copy=True)

    def _kept_as(self, p: torch.Tensor, name: str = "slow") -> torch.Tensor:
        """phi_{t-1} of `p`, or another copy that follows it, after ``model.to(...)`` too."""
        kept: torch.Tensor = self.state[p][name]
        if kept.dtype != wide(p) or kept.device != p.device:
            kept = self.state[p][name] = kept.to(p.device, wide(p))
        return kept

    @torch.no_grad()
    def _start_cycle(self) -> None:
        """phi_{t-1} is where the weights stand; in half precision phi's further digits are kept while they match."""
        params = self._params()
        self._copy_slow([p for p in params if "slow" not in self.state[p]])
        same, mixed = self._pairs(params)
        if same:
            torch._foreach_copy_([slow for _, slow in same], [p for p, _ in same])
        for p, slow in mixed:
            slow.copy_(with_digits(slow, p))

    def _pairs(self, params: list[torch.Tensor]) -> tuple[list[Any], list[Any]]:
        """(p, slow) of one type, as the shards that this process holds, and those whose slow copy is wider."""
        pairs = [(p, self._kept_as(p)) for p in params]
        same = [(local(p), local(slow)) for p, slow in pairs if p.dtype == slow.dtype]
        return same, [(p, slow) for p, slow in pairs if p.dtype != slow.dtype]

    def _inner_step(self, closure: Callable[[], Any] | None) -> Any:
        """One call of the inner step; phase counts it once the inner optimizer has finished its step."""
        if isinstance(self.inner, torch.optim.LBFGS):
            require_closure(closure, "L-BFGS evaluates it several times a step")
        if self._phase == self.k - 1:
            self._require_in_groups()  # the synchronisation follows, and must not stop half-way
        self._enter_cycle()
        loss = _unhooked(self.inner)(None if closure is None else self._counted(closure))
        self._grad_evals += closure is None
        if not self._mid_step:
            self._phase += 1
            if self._phase == 1 and self.hyper.inner_state == "pullback":
                self._anchors(self._params())
        return loss

    def _enter_cycle(self) -> None:
        if not self._inside_cycle():
            if self.hyper.inner_state == "reset":
                self._reset_inner()
            self._start_cycle()

    def _back(self, group: dict[str, Any]) -> Any:
        """How much of the way back to the slow weights the synchronisation goes, in this group; or what `_go` needs."""
        return 0.0

    def _by_group(self) -> list[tuple[list[torch.Tensor], Any]]:
        """The parameters of each group with its `_back`; every setting is read before anything moves."""
        return [(_movable(group["params"]), self._back(group)) for group in self.param_groups]

    @torch.no_grad()
    def _mix(self) -> None:
        """Weights <- y_t, in place, without a copy of the model; in half precision y_t is kept with all its digits."""
        for params, how in self._by_group():
            same, mixed = self._pairs(params)
            if same:
                whole = [p for p in params if p.dtype == wide(p)]
                self._go([p for p, _ in same], [slow for _, slow in same], whole, how)
                for p in whole:
                    self.state[p].pop("exact", None)  # of a model that was in half precision before
            for p, slow in mixed:
                exact = self.state[p]["exact"] = p.to(slow.dtype)  # y_t, until the cycle ends
                self._go([local(exact)], [local(slow)], [p], how)
                p.copy_(exact)

    def _go(self, theta: list[torch.Tensor], slow: list[torch.Tensor], params: list[torch.Tensor], how: Any) -> None:
        """Turn theta_{t,k} into y_t = theta + back (slow - theta), in place."""
        torch._foreach_lerp_(theta, slow, how)

    @torch.no_grad()
    def _end_cycle(self) -> None:
        """The weights are phi_t: settle the inner state and begin again at phase 0."""
        for p in self._params():
            own = self.state[p]
            exact = own.get("exact") if self._rests_at_y else own.pop("exact", None)
            if exact is not None:
                own["slow"].copy_(with_digits(exact, p))
        if self.hyper.inner_state == "pullback":
            self._pull_back()
        self._phase = 0

    # ---- the inner state at a synchronisation ------------------------------------------------------------------

    def _remember_initial_state(self) -> None:
        """Some optimizers (Adagrad) fill their state when they are built, and would not do it again."""
        for p, initial in self.inner.state.items():
            self.state[p].update({f"initial.{key}": deepcopy(value) for key, value in initial.items()})

    def _anchors(self, params: list[torch.Tensor]) -> list[tuple[torch.Tensor, torch.Tensor]]:
        """Pairs (momentum, its value after the previous synchronisation, at first zero)."""
        pairs = []
        for p in params:
            for key, momentum in self._momenta(p):
                anchor = self.state[p].setdefault(f"slow.{key}", torch.zeros_like(momentum))
                pairs.append((momentum, anchor))
        kind = type(self.inner).__name__
        buffers = bool(pairs) or not any(self.inner.state.get(p) for p in params)
        require("inner", kind, buffers, f"an optimizer that keeps one of {_MOMENTA} when inner_state='pullback'")
        return pairs

    def _pull_back(self) -> None:
        """Momentum <- momentum + back (anchor - momentum), which is the next anchor."""
        for params, weight in self._by_group():
            for momentum, anchor in self._anchors(params):
                momentum.lerp_(anchor, weight)
                anchor.copy_(momentum)

    def _reset_inner(self) -> None:
        """Back to a new optimizer, as a cycle begins: until then the state keeps its keys, for checkpoints."""
        if isinstance(self.inner, LabOptimizer):
            self.inner._restart()
            return
        self.inner.state.clear()
        for group in self.param_groups:
            if "step" not in self.inner.defaults:
                group.pop("step", None)  # pytorch-optimizer counts steps in the group, from its first step on
        for p in self._params():
            own = self.state.get(p, {})
            initial = {key.removeprefix("initial."): deepcopy(own[key]) for key in own if key.startswith("initial.")}
            if initial:
                self.inner.state[p] = initial

    def _momenta(self, p: torch.Tensor) -> list[tuple[str, torch.Tensor]]:
        found = [(key, self.inner.state.get(p, {}).get(key)) for key in _MOMENTA]
        return [(key, value) for key, value in found if isinstance(value, torch.Tensor)]

    # ---- what the base class asks for --------------------------------------------------------------------------

    def _count_shown(self, by: int) -> None:
        super()._count_shown(by)
        if isinstance(self.inner, LabOptimizer) and self._inside_cycle():  # between two cycles it goes on where it is
            self.inner._count_shown(by)

    def _tell_inner(self, mode: str) -> None:
        both = all(callable(getattr(self.inner, name, None)) for name in ("eval", "train"))
        if both and not isinstance(self.inner, LabOptimizer):  # the outer loop's slow weights are the answer
            getattr(self.inner, mode)()

    def _displaced(self) -> list[tuple[torch.Tensor, torch.Tensor]]:
        weights = [(p, self._kept_as(p)) for p in self._params()] if self._inside_cycle() else []
        return weights + (self._turned() if weights else [])

    def _turned(self) -> list[tuple[torch.Tensor, torch.Tensor]]:
        """Momenta that are to be pulled back, with what they were at the synchronisation before."""
        pulled = self.hyper.inner_state == "pullback" and self._inside_cycle()
        deeper = self.inner._turned() if isinstance(self.inner, TwoLoop) else []
        return (self._anchors(self._params()) if pulled else []) + deeper

    def _back_to_slow(self) -> None:
        if not self._inside_cycle():
            return
        if isinstance(self.inner, LabOptimizer):
            self.inner._back_to_slow()
            self.inner._phase = 0

    def _restart(self) -> None:
        """Back to the state of a new optimizer; what the inner one was built with is still remembered."""
        if self._starts_empty or self.hyper.inner_state == "reset":
            self._reset_inner()
        states = {p: own for p, own in self.state.items() if isinstance(p, torch.Tensor)}
        kept = {p: {key: own[key] for key in own if key.startswith("initial.")} for p, own in states.items()}
        super()._restart()
        self.state.update({p: own for p, own in kept.items() if own})

    def _began(self) -> bool:
        return any("slow" in self.state.get(p, {}) for p in self._params())

    def _allocate(self) -> None:
        self._copy_slow(self._params())
        if self._starts_empty and not isinstance(self.inner, torch.optim.LBFGS):
            _unhooked(self.inner)(None)
        if self.hyper.inner_state == "pullback":
            self._anchors(self._params())

    def _options(self) -> dict[str, Any]:
        return {"inner": type(self.inner).__name__, **super()._options()}

    def _set_options(self, options: dict[str, Any]) -> None:
        super()._set_options(options)
        self._complete(self.param_groups)

    def _pack(self) -> dict[str, Any]:
        """Both drawers in one: the wrapper's keys as they are, the inner optimizer's as ``inner.<key>``."""
        if not self._inside_cycle() and self.state:
            self._start_cycle()  # the slow copy is written when a cycle starts: make it phi_t for the one who reads
        saved = self.inner.state_dict()
        places = self._places(saved)
        state = {key: value for key, value in saved["state"].items() if key not in places}  # of no parameter
        for i, p in places.items():
            inner = saved["state"].get(i, {})
            state[i] = {**self._own(p), **{f"inner.{key}": value for key, value in inner.items()}}
        groups = [{**group, "cycle": {"nested": group.get("cycle")}} for group in saved["param_groups"]]
        state = {i: own for i, own in state.items() if own}
        if self._of_no_parameter():
            state["outer"] = (self._of_no_parameter(), state.get("outer"))  # the second: of an inner slow loop
        return {**saved, "state": state, "param_groups": groups}

    def _unpack(self, saved: dict[str, Any]) -> None:
        places = self._places(saved)
        inner = {**saved, "state": {}}
        outer, nested = saved["state"].pop("outer", ({}, None))
        if nested is not None:
            inner["state"]["outer"] = nested
        for i, own in saved["state"].items():
            if i not in places:
                inner["state"][i] = own
                continue
            outer[i] = {key: value for key, value in own.items() if not key.startswith("inner.")}
            drawer = {key.removeprefix("inner."): v for key, v in own.items() if key.startswith("inner.")}
            if drawer:
                inner["state"][i] = drawer
        self.inner.load_state_dict(inner)  # first: what it refuses leaves all as it was
        self._fill(places, outer)

    def _take_cycle(self, saved: dict[str, Any]) -> dict[str, Any]:
        cycle = super()._take_cycle(saved)
        kind = type(self.inner).__name__
        hint = "the saved inner optimizer is another one"
        require("state_dict", cycle["inner"], cycle["inner"] == kind, f"saved with inner={kind}", hint)
        if cycle["nested"] is not None:
            for group in saved["param_groups"]:
                group["cycle"] = cycle["nested"]
        return cycle

    def __getstate__(self) -> dict[str, Any]:
        mine = ("inner", "_starts_empty")
        return {**super().__getstate__(), **{name: getattr(self, name) for name in mine}}

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__({key: value for key, value in state.items() if key != "param_groups"})


def _movable(params: Iterable[torch.Tensor]) -> list[torch.Tensor]:
    """Each once, without quantised weights: whole numbers and numbers of eight bits, which no optimizer moves."""
    return [p for p in dict.fromkeys(params) if (p.is_floating_point() or p.is_complex()) and p.dtype.itemsize > 1]


def _unhooked(inner: Optimizer) -> Callable[[Any], Any]:
    """The inner step with the inner optimizer's own hooks, but without torch's global ones, which fired already."""
    bare = bare_step(type(inner))

    def run(closure: Any) -> Any:
        args: tuple[Any, ...] = (inner,) if closure is None else (inner, closure)  # as torch calls hooks and steps
        kwargs: dict[str, Any] = {}
        for before in inner._optimizer_step_pre_hooks.values():
            args, kwargs = before(inner, args, kwargs) or (args, kwargs)
        loss = bare(*args, **kwargs)
        for after in inner._optimizer_step_post_hooks.values():
            after(inner, args, kwargs)
        return loss

    return run
