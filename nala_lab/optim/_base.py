"""What the optimizers of the lab share: counted gradients, a phase, which weights are which, and persistence.

The rules of persistence, each a test in ``tests/optim``:

- a saved state holds tensors and plain Python only, shares no storage with the run, and is read by
  ``torch.load(weights_only=True)``;
- loading copies, so neither loading nor the training after it writes into the caller's dictionary;
- every phase of a cycle can be saved and resumed bit for bit, given the weights saved at the same moment;
- accumulators are at least float32, also when the weights are float16 or bfloat16, and stay so across a load.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import replace
from itertools import chain
from numbers import Real
from typing import Any

import numpy as np
import torch
from torch.optim import Optimizer

from nala_lab.core import require
from nala_lab.optim._groups import GroupSettings
from nala_lab.optim._slow import bn_statistics, check_model, shown_at

__all__ = ["LabOptimizer", "bare_step", "local", "require_closure", "require_shape", "wide"]

Closure = Callable[[], Any]


def wide(p: torch.Tensor) -> torch.dtype:
    """Type of the accumulators of `p`: float32 for the half types, else its own."""
    return torch.float32 if p.dtype in (torch.float16, torch.bfloat16) else p.dtype


def with_digits(exact: torch.Tensor, p: torch.Tensor) -> torch.Tensor:
    """The wider copy of `p`, and `p` itself where somebody has written other weights since."""
    return torch.where(exact.to(p.dtype) == p, exact, p.to(exact.dtype))


def local(x: torch.Tensor) -> torch.Tensor:
    """The part of a sharded tensor that this process holds; not every foreach operation knows how to shard."""
    part: torch.Tensor = x.to_local() if hasattr(x, "to_local") else x
    return part


def bare_step(kind: type[Optimizer]) -> Callable[..., Any]:
    """The step of a class without the hooks that torch wraps it in: ``__wrapped__`` is the step."""
    step = kind.step
    bare: Callable[..., Any] = step.__wrapped__ if getattr(step, "hooked", False) else step
    return bare


def require_closure(closure: Closure | None, because: str) -> None:
    """Require a closure where an option spends more than one gradient a call."""
    require("closure", closure, callable(closure), "a function that computes the loss and its gradient", because)


class LabOptimizer(GroupSettings):
    """A torch optimizer that knows its phase, counts its gradients and can show its slow weights."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if "step" in vars(cls):
            # Traced, every value of the phase would be a program of its own; see USING.md, torch.compile.
            cls.step = torch.compiler.disable(cls.step, reason="the phase of a cycle is a Python integer")

    def __init__(self, params: Any, defaults: dict[str, Any]) -> None:
        self._phase = 0
        self._grad_evals = 0
        self._shown = 0  # slow_weights() contexts that are open
        self._kept: dict[torch.Tensor, torch.Tensor] | None = None  # the weights of the run, between eval() and train()
        self._rehearsed = False  # the state was only allocated: see _rehearses
        super().__init__(params, defaults)

    # ---- what a method overrides -------------------------------------------------------------------------------

    def _displaced(self) -> list[tuple[torch.Tensor, torch.Tensor]]:
        """Pairs (weight or momentum, its value at the slow weights) wherever the two may differ now."""
        return []

    def _back_to_slow(self) -> None:
        """Forget the unfinished cycle; the weights already are the slow weights again."""

    def _options(self) -> dict[str, Any]:
        """The settings, as plain Python, for the saved state."""
        return {name: getattr(self.hyper, name) for name in self._names}

    def _set_options(self, options: dict[str, Any]) -> None:
        """Take the settings of a saved state, as torch does with those of a parameter group."""
        if self.hyper is not None:
            self.hyper = self._told(options)

    def _told(self, options: dict[str, Any]) -> Any:
        return self.hyper and replace(self.hyper, **{name: options[name] for name in self._names if name in options})

    def _restart(self) -> None:
        """Go back to the state of a new optimizer; the weights and the gradient count stay."""
        self.state.clear()
        self._phase = 0

    def _allocate(self) -> None:
        """Make every tensor of the state, with values that `_restart` takes back."""

    @property
    def phase(self) -> int:
        """Where in its cycle the run stands; 0 at the start of a cycle, when the weights are the slow weights."""
        return self._phase

    @property
    def grad_evals(self) -> int:
        """Gradients spent since the start of the run: closure calls, or calls of ``step()`` without a closure."""
        return self._grad_evals

    @property
    def next_gradient(self) -> str:
        """What the gradient that is spent next will be.

        ``"step"``: the first of a step, or its only one. ``"probe"``: taken at the trial point of a step that is half
        done. ``"outer"``: taken at a look-ahead point between two cycles.
        """
        return "step"

    @property
    def _mid_step(self) -> bool:
        """True while one step of the algorithm is spread over two calls and the second is still to come."""
        return False

    def _counted(self, closure: Closure) -> Closure:
        def counted() -> Any:
            self._grad_evals += 1
            with torch.enable_grad():
                return closure()

        return counted

    def _spend(self, closure: Closure | None) -> Any:
        """Spend one gradient: call the closure, or take what is in ``.grad``; return the loss if there is one."""
        if closure is not None:
            return self._counted(closure)()
        self._grad_evals += 1
        return None

    def _rehearses(self, closure: Closure | None) -> bool:
        """Say whether this call of ``step()`` is to allocate the state and do nothing else.

        torch.distributed.checkpoint fills a new optimizer by a call with lr = 0 and gradients of zero, so that there
        is something to load into. Such a first call moves nothing, so it is not counted and the cycle stays at its
        start; the next call begins from a new state, and training is the same to the last bit.
        """
        self._require_training("step()")
        self._require_whole()
        if self._rehearsed:
            self._restart()
            self._rehearsed = False
        elif closure is None and self._grad_evals == 0 and self._phase == 0 and not self._began():
            self._rehearsed = all(_is_zero(group.get("lr", 1)) for group in self.param_groups) and self._at_rest()
            if self._rehearsed:
                self._allocate()
        return self._rehearsed

    def _began(self) -> bool:
        """True when there is a state already."""
        return bool(self.state)

    def _at_rest(self) -> bool:
        """True when there are gradients and all of them are zero, on every rank."""
        grads = [p.grad for p in self._params() if p.grad is not None]
        return bool(grads) and not any(g.is_sparse for g in grads) and all(_is_zero(g.abs().sum()) for g in grads)

    def _params(self) -> list[torch.Tensor]:
        """Return every parameter once, in order."""
        return list(dict.fromkeys(chain.from_iterable(group["params"] for group in self.param_groups)))

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Add parameters; a ``ValueError`` says which option is out of range or not supported."""
        self._check_new_group(param_group)
        super().add_param_group(param_group)
        self._check_added_group()

    def _require_training(self, what: str) -> None:
        if self._shown:
            raise RuntimeError(f"{what} was called inside slow_weights(): leave the context before training goes on")
        if self._kept is not None and what != "load_state_dict()":
            raise RuntimeError(f"{what} was called after eval(): call train() before training goes on")

    @contextmanager
    def slow_weights(self, model: torch.nn.Module | None = None, recompute_bn: Any = None) -> Iterator[Any]:
        """Put the slow weights phi into the parameters for the duration of a ``with`` block.

        Raises ValueError when `recompute_bn` comes without a model or yields no batch, or the model holds none of the
        parameters.

        Parameters
        ----------
        model : the module that holds the parameters; needed for `recompute_bn`, else only checked.
        recompute_bn : an iterable of batches: inputs; tuples or lists whose first entry is the input; or mappings and
            dataclasses, whose entries that ``forward`` names are its arguments. The running statistics of every
            BatchNorm layer are estimated anew on it. Not put back: a generator of the caller's data loader.

        Notes
        -----
        Contexts may be nested. On leaving, also by an exception, weights, buffers, module modes and torch's random
        state are restored bit for bit. ``model.state_dict()`` and ``state_dict()`` taken inside belong together: a run
        that stands at its slow weights, at phase 0. Training inside the block is refused.
        """
        check_model(model, recompute_bn, self._params())
        kept = self._kept or {}
        with torch.inference_mode(False):  # what has to be made here must outlive the evaluation
            pairs = [] if self._shown else [(x, phi) for x, phi in self._displaced() if x not in kept]
        with shown_at(pairs):
            self._count_shown(1)
            try:
                with bn_statistics(model, recompute_bn):
                    yield model
            finally:
                self._count_shown(-1)

    def _count_shown(self, by: int) -> None:
        self._shown += by

    @torch.no_grad()
    def eval(self) -> None:
        """Put the slow weights into the parameters until `train` is called, as schedule-free optimizers do.

        A second call changes nothing, nor does one inside `slow_weights`. A state saved in between holds the weights of
        the run too, and ``step()`` is refused. An inner optimizer with ``eval()`` and ``train()`` gets the same calls.
        """
        if self._shown or self._kept is not None:
            return
        kept = {p: p.detach().clone() for p in self._params()}
        slow = self._displaced()
        self._tell_inner("eval")
        for weight, phi in slow:
            if weight in kept:
                weight.copy_(phi)
        self._kept = kept

    @torch.no_grad()
    def train(self) -> None:
        """Put the run back, bit for bit, after `eval`; without one before, change nothing."""
        if self._shown or self._kept is None:
            return
        self._tell_inner("train")
        for p, weight in self._kept.items():
            p.copy_(weight)
        self._kept = None

    def _tell_inner(self, mode: str) -> None:
        """Call ``eval()`` or ``train()`` of an inner optimizer, where it has them."""

    @torch.no_grad()
    def sync(self) -> None:
        """End a run that stops inside a cycle: make the slow weights the weights, and stand at phase 0.

        The answer of a two-loop method is phi, so the steps of the unfinished cycle are dropped: at most k inner
        steps, still counted in `grad_evals`. Call it once, after the last step; at phase 0 it changes nothing.
        To look at phi and train on, use `slow_weights` instead.
        """
        self._require_training("sync()")
        for weight, slow in self._displaced():
            weight.copy_(slow)
        self._back_to_slow()
        self._phase = 0

    # ---- persistence -------------------------------------------------------------------------------------------

    def _cycle(self) -> dict[str, Any]:
        phase = 0 if self._shown else self._phase
        counters = {"method": type(self).__name__, "phase": phase, "grad_evals": self._grad_evals,
                    "rehearsed": self._rehearsed, "eval": self._kept is not None and not self._shown}  # fmt: skip
        return {**counters, **self._options()}

    def _pack(self) -> dict[str, Any]:
        index = {p: i for i, p in enumerate(self._params())}
        groups = [{**group, "params": [index[p] for p in group["params"]]} for group in self.param_groups]
        state = {index[p]: own for p in index if (own := self._own(p))}
        return {"state": {**state, **self._of_no_parameter()}, "param_groups": groups}

    def _own(self, p: torch.Tensor) -> dict[str, Any]:
        """State of `p` to be saved."""
        own: dict[str, Any] = self.state.get(p, {})
        return own if self._kept is None or self._shown or p not in self._kept else {**own, "run": self._kept[p]}

    def _of_no_parameter(self) -> dict[Any, Any]:
        """What somebody keeps in the state under a key of their own."""
        return {key: value for key, value in self.state.items() if not isinstance(key, torch.Tensor)}

    def state_dict(self) -> dict[str, Any]:
        """Return the whole state: per parameter, per group, and the position in the cycle.

        The position travels in every group under the key ``"cycle"``, because distributed checkpoints keep nothing
        but ``"state"`` and ``"param_groups"``. Nothing in it shares storage with the run.
        """
        for before in self._optimizer_state_dict_pre_hooks.values():
            before(self)
        saved = deepcopy(self._pack())
        saved["param_groups"] = [
            _plain({**group, "cycle": {**self._cycle(), **group.get("cycle", {})}}) for group in saved["param_groups"]
        ]
        for after in self._optimizer_state_dict_post_hooks.values():
            saved = after(self, saved) or saved
        return saved

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take a state made by `state_dict`; copies everything, and takes over the saved settings as torch does.

        Raises ValueError when it was saved by another optimizer, or for other parameter groups.
        """
        self._require_training("load_state_dict()")
        state_dict = state_dict.copy()
        for before in self._optimizer_load_state_dict_pre_hooks.values():
            state_dict = before(self, state_dict) or state_dict
        saved = deepcopy(state_dict)
        cycle = self._take_cycle(saved)
        self._told(cycle)  # what it refuses, it refuses before anything is taken over
        self._unpack(saved)
        self._phase, self._grad_evals = cycle["phase"], cycle["grad_evals"]
        runs = {p: self.state[p].pop("run") for p in self._params() if "run" in self.state.get(p, {})}
        self._kept = runs if cycle.get("eval") else None
        self._rehearsed = cycle["rehearsed"]
        self._set_options(cycle)
        for after in self._optimizer_load_state_dict_post_hooks.values():
            after(self)

    def _take_cycle(self, saved: dict[str, Any]) -> dict[str, Any]:
        cycles = [group.pop("cycle", {"method": None}) for group in saved.get("param_groups", ())]
        method = cycles[0]["method"] if cycles else None
        mine = type(self).__name__
        require("state_dict", method, method == mine, f"saved by {mine}.state_dict()", "the name is what saved it")
        sizes = [len(group["params"]) for group in saved["param_groups"]]
        here = [len(group["params"]) for group in self.param_groups]
        require("state_dict", sizes, sizes == here, f"parameter groups of sizes {here}", "sizes of the saved groups")
        for i, p in self._places(saved).items():
            own = saved["state"].get(i, {})
            require_shape(own.get("slow", own.get("exp_avg")), p)
        return cycles[0]

    def _places(self, saved: dict[str, Any]) -> dict[Any, torch.Tensor]:
        """Map the saved keys of parameters (numbers; names in a distributed checkpoint) to the parameters here."""
        keys = chain.from_iterable(group["params"] for group in saved["param_groups"])
        return dict(zip(keys, chain.from_iterable(g["params"] for g in self.param_groups), strict=True))

    def _unpack(self, saved: dict[str, Any]) -> None:
        places = self._places(saved)
        self._fill(places, saved["state"])
        self.param_groups = [
            {**{key: old[key] for key in ("param_names",) if key in old}, **new, "params": old["params"]}
            for old, new in zip(self.param_groups, saved["param_groups"], strict=True)
        ]

    def _fill(self, places: dict[Any, torch.Tensor], saved: dict[Any, dict[str, Any]]) -> None:
        self.state.clear()
        for i, own in saved.items():
            p = places.get(i)
            placed = own if p is None else {name: _placed(name, value, p) for name, value in own.items()}
            self.state[i if p is None else p] = placed

    def __getstate__(self) -> dict[str, Any]:
        kept = {name: getattr(self, name) for name in ("_phase", "_grad_evals", "_kept", "_rehearsed", "hyper")}
        if self._shown:  # a copy made inside slow_weights() stands at them
            kept |= {"_phase": 0, "_kept": None}
        return {**super().__getstate__(), **kept, "_shown": 0}


def require_shape(saved: Any, p: torch.Tensor) -> None:
    """Refuse a saved tensor, if it is one, of a parameter of another shape: a fused step would leave its memory."""
    if isinstance(saved, torch.Tensor):
        fits = saved.shape == p.shape or p.is_complex() and saved.shape == (*p.shape, 2)  # their moments are real
        require("state_dict", tuple(saved.shape), fits, f"a state of parameters of this shape, here {tuple(p.shape)}")


def _plain(value: Any) -> Any:
    """Options with Python's own numbers for NumPy's and fractions, which ``weights_only=True`` does not read."""
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if type(value) in (list, tuple):
        return type(value)(map(_plain, value))
    value = value.item() if isinstance(value, np.generic) else value
    return float(value) if isinstance(value, Real) and not isinstance(value, int | float) else value


def _is_zero(x: Any) -> bool:
    """Compare a number, or a tensor with one element, with zero; of a sharded tensor, the whole."""
    return bool((x.full_tensor() if hasattr(x, "full_tensor") else x) == 0)


def _placed(key: str, value: Any, p: torch.Tensor) -> Any:
    """Put a saved value on the device of `p`, in its type or the type of its accumulators."""
    if not isinstance(value, torch.Tensor) or key == "step":
        return value
    if not (value.is_floating_point() or value.is_complex()) or value.dtype in (p.dtype, wide(p)):
        return value.to(p.device)
    parts = p.is_complex() and not value.is_complex()  # moments of a complex parameter are pairs of reals
    return value.to(p.device, wide(torch.view_as_real(p)) if parts else wide(p))
