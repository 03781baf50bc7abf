"""NALA, Algorithm 1 of Zuo et al. (PeerJ CS 2024, 10:e2167), around any torch optimizer.

    theta_{t,0}   = phi_{t-1}
    theta_{t,i+1} = theta_{t,i} + A(J, theta_{t,i}, d)          i = 0 .. k-1                    Eq. (4)
    y_t           = (1 + mu) theta_{t,k} - mu phi_{t-1}
    phi_t         = y_t - alpha grad J(y_t)                                                     Eq. (5), first line

phi: slow weights (``state[p]["slow"]``), theta: the parameters, A: ``inner``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.optim import Optimizer

from nala_lab.core import require, require_choice
from nala_lab.methods.hyper import NALAHyper
from nala_lab.optim._base import LabOptimizer, require_closure, with_digits
from nala_lab.optim._groups import InGroups
from nala_lab.optim._two_loop import TwoLoop

__all__ = ["NALA"]

OUTER_BATCHES = {"fresh": "fresh", "same": "last"}  # the torch name and the NumPy twin's


class NALA(TwoLoop):
    """NALA: k inner steps, a look-ahead point, and one gradient step from there.

    Raises ValueError when an argument is outside its range or NaN, an option is unknown, or the inner optimizer does
    not fit.
    Source: Zuo et al., PeerJ Computer Science 10:e2167 (2024), Algorithm 1.

    Parameters
    ----------
    params : parameters, or parameter groups with the options of the inner optimizer.
    lr : learning rate of the default inner optimizer. With `inner` given, lr is set there.
    k : inner steps per cycle, at least 1.
    mu : finite, at least -1. -1 ignores the inner loop, -1 to 0 puts y between phi and theta, 0 keeps theta, above 0
        extrapolates.
    alpha : outer step size >= 0, in units of weight per gradient. mu and alpha are keys of every parameter group, read
        there at every use; ``opt.alpha = ...`` writes all groups.
    inner : function of the parameters that makes the inner optimizer; None for ``torch.optim.Adam(params, lr=lr)``.
        ``opt.param_groups`` is the inner optimizer's list.
    outer_batch : mini-batch of grad J(y_t). ``"fresh"``: every ``step()`` spends one gradient; after the k-th the
        weights stand at y_t (``phase == k``), and the next ``step()``, with the gradient of a new batch, is the outer
        step. ``"same"``: ``step(closure)`` only; call k evaluates the closure once more, at y_t, and takes the outer
        step too. It returns the inner loss.
    inner_state : at the synchronisation ``"keep"`` the inner state, ``"reset"`` it as the next cycle begins, or
        ``"pullback"`` its momentum (SGD's buffer, Adam's first moment; no second moment, no counter):
        v <- (1 + mu) v_k - mu v_slow, with v_slow the momentum after the previous synchronisation, at first zero.
    variant : ``"paper"``; or ``"released"``, the published program's recurrence as far as an optimizer can follow it.
        Its slow weights start at zero, so that the first synchronisation scales every weight by 1 + mu. Its outer
        gradient is the last inner one, of theta_{t,k-1}, and the k-th ``step()`` ends the cycle: k gradients. The
        program's is not quite that through a network: activations of theta_{t,k-1} meet weights of y_t.

    Notes
    -----
    Algorithm 1: a cycle spends k + 1 gradients and keeps one copy of the parameters. The outer step has no weight decay
    of its own and follows `maximize` of the inner optimizer. A parameter without a gradient at y_t has phi_t = y_t.
    `phase` is the number of inner steps done, 0 to k; k means standing at y_t. k, mu, alpha and the options travel in
    ``state_dict()`` and come back with it, as torch does with those of a group.

    Examples
    --------
    >>> import torch
    >>> from nala_lab.optim import NALA
    >>> w = torch.nn.Parameter(torch.tensor([4.0]))
    >>> opt = NALA([w], inner=lambda params: torch.optim.SGD(params, lr=0.5), k=2, mu=-0.5, alpha=0.1)
    >>> path = []
    >>> for _ in range(3):  # 4 -> 2 -> 1, halfway back to y = 2.5, then a gradient step of 0.1
    ...     opt.zero_grad()
    ...     (w**2 / 2).sum().backward()
    ...     opt.step()
    ...     path.append((opt.phase, w.item()))
    >>> path
    [(1, 2.0), (2, 2.5), (0, 2.25)]
    """

    hyper: NALAHyper
    mu = InGroups()
    alpha = InGroups()
    _whole = ("k", "outer_batch", "inner_state", "variant")
    _rests_at_y = True

    def __init__(self, params: Any, lr: Any = 1e-3, *, k: int = 5, mu: float = -0.5, alpha: float = 1e-3,
                 inner: Callable[[Any], Optimizer] | None = None, outer_batch: str = "fresh",
                 inner_state: str = "keep", variant: str = "paper") -> None:  # fmt: skip
        require_choice("outer_batch", outer_batch, OUTER_BATCHES, "'full' is in the NumPy twin only")
        fits = variant != "released" or outer_batch == "fresh"
        require("outer_batch", outer_batch, fits, "'fresh' when variant='released'", "no gradient is spent at y_t")
        shared = OUTER_BATCHES[outer_batch]
        hyper = NALAHyper(k=k, mu=mu, alpha=alpha, outer_batch=shared, inner_state=inner_state, variant=variant)
        super().__init__(params, lr, hyper, inner)

    def _require_fitting_inner(self) -> None:
        super()._require_fitting_inner()
        one = getattr(type(self.inner), "next_gradient", LabOptimizer.next_gradient) is LabOptimizer.next_gradient
        rule, hint = "one gradient a step when variant='released'", "the outer gradient is the last inner one"
        require("inner", type(self.inner).__name__, one or not self._released, rule, hint)

    @property
    def _released(self) -> bool:
        return getattr(self.hyper, "variant", "paper") == "released"

    def _copy_slow(self, params: list[torch.Tensor]) -> None:
        super()._copy_slow(params)
        for p in params if self._released else ():
            self.state[p]["synchronised"] = False

    @torch.no_grad()
    def _start_cycle(self) -> None:
        super()._start_cycle()
        for p in self._params() if self._released else ():
            if not self.state[p].get("synchronised", True):  # an older state has cycles behind it
                self.state[p]["slow"].zero_()  # "released": phi_0 = 0, however often the first cycle is begun

    def _back(self, group: dict[str, Any]) -> float:
        return -self._setting(group, "mu")  # y_t = (1 + mu) theta_{t,k} - mu phi_{t-1} = theta + (-mu) (phi - theta)

    def _whole_setting(self, name: str) -> Any:
        now = super()._whole_setting(name)
        return {its: ours for ours, its in OUTER_BATCHES.items()}[now] if name == "outer_batch" else now

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Take one inner step, or the outer step when the weights stand at y_t; return the closure's loss, if any.

        Raises ValueError when ``outer_batch="same"`` and there is no closure.
        """
        if self._rehearses(closure):
            return None
        same = getattr(self.hyper, "outer_batch", "fresh") == "last"
        if same:
            require_closure(closure, "outer_batch='same' evaluates the same mini-batch again, at y_t")
        if self._phase == self.k:
            return self._outer_step(closure)
        grads: dict[torch.Tensor, torch.Tensor] = {}
        if self._released and self._phase == self.k - 1:
            closure = self._keeping(closure, grads)
        loss = self._inner_step(closure)  # Eq. (4)
        if self._phase == self.k:
            self._mix()  # weights <- y_t
            if self._released:
                self._leave_y(self._lengths(), grads)
                for p in self._params():
                    self.state[p]["synchronised"] = True
            elif same:
                self._outer_step(closure)
            elif not self._rests_at_y:
                self._end_cycle()
        return loss

    def _keeping(self, closure: Callable[[], Any] | None, grads: dict[torch.Tensor, torch.Tensor]) -> Any:
        """Copy the gradients into `grads` before the inner step, which may write into them, as torch's SGD does."""

        def keep() -> None:
            grads.update({p: p.grad.detach().clone() for p in self._params() if p.grad is not None})

        def evaluated() -> Any:
            loss = closure()  # type: ignore[misc]
            keep()
            return loss

        if closure is None:
            keep()
        return closure and evaluated

    def _outer_step(self, closure: Callable[[], Any] | None) -> Any:
        lengths = self._lengths()
        loss = self._spend(closure)
        self._leave_y(lengths, {p: p.grad for p in self._params() if p.grad is not None})
        return loss

    def _lengths(self) -> list[float]:
        return [self._setting(group, "alpha") for group in self.param_groups]

    def _leave_y(self, lengths: list[float], grads: dict[torch.Tensor, torch.Tensor]) -> None:
        """Take the outer step with these gradients, where a parameter has one."""
        for alpha, group in zip(lengths, self.param_groups, strict=True):
            length = alpha if group.get("maximize") else -alpha
            moved = [p for p in dict.fromkeys(group["params"]) if p in grads]
            plain = [p for p in moved if not grads[p].is_sparse and "exact" not in self.state[p]]
            if plain:
                torch._foreach_add_(plain, [grads[p] for p in plain], alpha=length)  # phi_t = y_t - alpha grad J(y_t)
            for p in moved:
                exact = self.state[p].get("exact")
                if exact is not None:  # the same, with all digits
                    p.copy_(exact.copy_(with_digits(exact, p)).add_(grads[p], alpha=length))
                elif grads[p].is_sparse:
                    p.add_(grads[p], alpha=length)
        self._end_cycle()
