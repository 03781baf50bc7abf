"""SGD that goes over to averaging once the validation loss stops falling: the NT-ASGD of AWD-LSTM.

    x_{t+1} = x_t - lr (g_t + weight_decay x_t)                                     SGD, before the switch and after it
    switch after epoch e     when v_e > min(v_1 ... v_{e-n-1}), v: validation loss of an epoch
    y_t = mean of x_2 ... x_t,  y_1 = x_1                                           t: steps since the switch

Training never sees y: lr and its decay go on as they were, and weights and losses are those of SGD bit for bit.
Held-out data are measured at y, as those of a look-ahead method are at its slow weights, and at x beside it. There is
no way back.

The rule is that of AWD-LSTM's program, n = 5: an epoch is compared with the best of those more than n epochs before it.
y is what `torch.optim.ASGD` keeps at ``t0=0, lambd=0``, which leaves the first iterate out. Two things of that program
are not here: its lr starts anew at the switch, and from there on the factor of a window (see `lr_by_length` of
`nala_lab.experiments.tasks.language_workload`) acts one window late.

Source: Merity, Keskar and Socher (2017), "Regularizing and Optimizing LSTM Language Models", section 4, Algorithm 1;
Polyak and Juditsky (1992).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch

from nala_lab.core import require, require_int
from nala_lab.optim import bn_statistics, shown_at

__all__ = ["NTASGD", "stopped_falling"]


def stopped_falling(losses: Sequence[float], n: int) -> bool:
    """Whether the last loss is worse than the best of those more than `n` before it.

    Examples
    --------
    >>> [stopped_falling(losses, 2) for losses in ([3, 1, 2, 2], [3, 2, 1, 1, 2.5], [3, 2, 1, 1, 1.5])]
    [False, True, False]
    """
    earlier = losses[: max(len(losses) - n - 1, 0)]
    return len(earlier) > 0 and losses[-1] > min(earlier)


class NTASGD(torch.optim.SGD):
    """SGD, and from the switch on the running average of its iterates.

    Raises ValueError when `n` is no such integer.

    Parameters
    ----------
    params : as for any torch optimizer.
    lr : >= 0. weight_decay : L2, >= 0.
    n : epochs by which a loss may be late before it counts as worse, integer >= 0.

    Attributes
    ----------
    averaging : whether the switch has been made.

    Examples
    --------
    >>> x = torch.nn.Parameter(torch.zeros(1))
    >>> opt = NTASGD([x], lr=1.0, n=0)
    >>> for epoch, loss in enumerate((2.0, 3.0), start=1):
    ...     opt.epoch_measured(epoch, {"valid_loss": loss})
    >>> for _ in range(3):
    ...     x.grad = torch.ones(1)
    ...     _ = opt.step()
    >>> with opt.slow_weights():  # of x_1 = -1, x_2 = -2, x_3 = -3 the first is left out
    ...     x.item()
    -2.5
    >>> x.item()
    -3.0
    """

    def __init__(self, params: Any, lr: float, weight_decay: float = 0.0, n: int = 5) -> None:
        require_int("n", n, low=0)
        super().__init__(params, lr=lr, weight_decay=weight_decay)
        self.n, self.averaging = n, False
        self._losses: list[float] = []
        self.register_step_post_hook(self._average)

    def epoch_measured(self, epoch: int, measured: Mapping[str, float]) -> None:
        """Hear what was measured after an epoch, counted from 1; 0 is before training, and no epoch.

        Raises ValueError when there is no validation loss: a decision of training must not look at the test data.
        """
        ok = "valid_loss" in measured
        require("measured", sorted(measured), ok, "valid_loss among what the task measures", "it starts the averaging")
        if epoch > 0 and not self.averaging:
            self._losses.append(measured["valid_loss"])
            self.averaging = stopped_falling(self._losses, self.n)

    @torch.no_grad()
    def _average(self, *step: Any) -> None:
        """Take the weights that a step has left into the average."""
        if not self.averaging:
            return
        for p in (p for group in self.param_groups for p in group["params"] if p.grad is not None):
            own = self.state[p]
            t = own["t"] = own.get("t", 0) + 1
            if t == 1:
                own["average"] = p.detach().clone()
            else:
                own["average"].lerp_(p, 1 / (t - 1))  # y_t = y_{t-1} + (x_t - y_{t-1}) / (t - 1)

    @contextmanager
    def slow_weights(self, model: torch.nn.Module | None = None, recompute_bn: Any = None) -> Iterator[None]:
        """Stand at the average inside the block, and before the switch where one is; see `nala_lab.optim`."""
        pairs = [(p, own["average"]) for p, own in self.state.items() if "average" in own]
        with shown_at(pairs), bn_statistics(model, recompute_bn):
            yield

    def state_dict(self) -> dict[str, Any]:
        """Return SGD's state with the averages, and the losses that the switch depends on."""
        return {**super().state_dict(), "averaging": self.averaging, "losses": list(self._losses)}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from such a state."""
        super().load_state_dict(state_dict)
        self.averaging, self._losses = state_dict["averaging"], list(state_dict["losses"])
