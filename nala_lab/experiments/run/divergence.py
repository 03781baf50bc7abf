"""When a run counts as diverged, so that it ends early with a clear record instead of wasting its time.

Two rules, on the training loss of each mini-batch:

1. the loss is not finite: from there on every weight is NaN;
2. |loss| > 1000 (1 + |first loss|) for 20 mini-batches in a row. Cross-entropies start near log(classes), so this is a
   model a thousand times worse than guessing; a single spike, from which optimizers do recover, is let pass.

A loss on held-out data that is not finite ends a run as well.
"""

from __future__ import annotations

import math
from typing import Any

__all__ = ["FACTOR", "PATIENCE", "Watch"]

FACTOR, PATIENCE = 1000.0, 20


class Watch:
    """Sees the training losses one by one.

    Attributes
    ----------
    first : the first loss; None before it.
    high : how many losses in a row, up to now, were beyond the limit.

    Examples
    --------
    >>> watch = Watch()
    >>> watch.sees(2.3), watch.sees(float("nan"))
    (None, 'the loss is not finite')
    """

    def __init__(self) -> None:
        self.first: float | None = None
        self.high = 0

    def sees(self, loss: float) -> str | None:
        """Take the next loss; return why the run has diverged, or None."""
        if not math.isfinite(loss):
            return "the loss is not finite"
        if self.first is None:
            self.first = loss
        limit = FACTOR * (1 + abs(self.first))
        self.high = self.high + 1 if abs(loss) > limit else 0
        if self.high < PATIENCE:
            return None
        return f"|loss| > {FACTOR:g} (1 + |first loss|) = {limit:.6g} for {PATIENCE} mini-batches in a row"

    def state_dict(self) -> dict[str, Any]:
        """Return what it has seen, for a checkpoint."""
        return {"first": self.first, "high": self.high}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from there."""
        self.first, self.high = state["first"], state["high"]
