"""Whose turn it is, when one optimizer trains the two players of a game.

Published programs give each player an optimizer of its own. A look-ahead method needs one for both, because its slow
weights have to be taken at one iterate of the whole game (Lookahead-Minmax, arXiv 2006.14567): two wrappers that each
count their own player's steps synchronise at different times, and their joint map is another one, with another rate.
So the players are two parameter groups of ONE optimizer, and a turn is which of them gets a gradient.

    round    n_critic turns of the critic, then one of the generator (Arjovsky et al. 2017, Algorithm 1)
    turn     one whole step of the optimizer: AdaLA's probe and its adapted step are one turn of one player
    outer    where an optimizer stands at a look-ahead point y_t (NALA), both players get their gradient there, from
             one mini-batch: phi_t = y_t - alpha F(y_t) with F the field of the game. It is nobody's turn and the round
             goes on where it was.

The player who is not to move has no gradient, and every optimizer leaves a parameter without one alone. One thing is
repaired: the package pytorch-optimizer counts steps per group, idle or not, and would correct the bias of the
generator's first step as if it were its sixth; `Turns` puts the counter of an idle group back.
"""

from __future__ import annotations

from typing import Any

from torch.optim import Optimizer

from nala_lab.core import require_int

__all__ = ["BOTH", "CRITIC", "GENERATOR", "Turns", "at_look_ahead", "mid_step"]

CRITIC, GENERATOR = ("critic",), ("generator",)
BOTH = (*CRITIC, *GENERATOR)


def mid_step(optimizer: Any) -> bool:
    """Whether a step is half done: AdaLA, alone or inside a slow loop, stands at its probe point."""
    return getattr(optimizer, "next_gradient", "step") == "probe"


def at_look_ahead(optimizer: Any) -> bool:
    """Whether the next gradient is an outer one, taken at y_t."""
    return getattr(optimizer, "next_gradient", "step") == "outer"


class Turns:
    """The clock of a game.

    Raises ValueError when `n_critic` is not a positive integer.

    Parameters
    ----------
    n_critic : turns of the critic before each of the generator, at least 1.

    Examples
    --------
    >>> turns = Turns(2)
    >>> for _ in range(4):
    ...     print(turns.now[0], end=" ")
    ...     turns.done()
    critic critic generator critic
    """

    def __init__(self, n_critic: int) -> None:
        require_int("n_critic", n_critic, low=1)
        self.n_critic = n_critic
        self.whole = 0  # turns that are over
        self._optimizer: Optimizer | None = None
        self._idle: list[tuple[dict[str, Any], int | None]] = []
        self._outer = False

    def bind(self, optimizer: Optimizer) -> None:
        """Tell the clock which optimizer it turns with; its groups are the players, in the order of BOTH."""
        self._optimizer = optimizer

    @property
    def now(self) -> tuple[str, ...]:
        """The players whose gradient comes next."""
        if at_look_ahead(self._optimizer):
            return BOTH
        return CRITIC if self.whole % (self.n_critic + 1) < self.n_critic else GENERATOR

    def begin(self) -> None:
        """Remember the counters of the groups that will be idle in the optimizer's next call."""
        groups = [] if self._optimizer is None else self._optimizer.param_groups
        idle = [group for name, group in zip(BOTH, groups, strict=False) if name not in self.now]
        self._idle = [(group, group.get("step")) for group in idle]
        self._outer = at_look_ahead(self._optimizer)

    def done(self) -> None:
        """The optimizer was called: the turn is over if its step is whole and was a player's own."""
        for group, step in self._idle:
            if "step" in group:
                group["step"] = step or 0
        self._idle = []
        if not self._outer and not mid_step(self._optimizer):
            self.whole += 1
