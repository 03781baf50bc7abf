"""The rows of a record: where a run stands on three x-axes, and what was measured there."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from typing import Any

import psutil
import torch

__all__ = ["UNITS", "Clock", "Log", "Row", "short"]

UNITS = {"img": "images", "tok": "tokens"}
Row = Callable[..., None]


class Clock:
    """Seconds of training, evaluation and saving left out; and what the machine's other processes did meanwhile.

    Work that was given to an accelerator counts when it is done, so reading the clock waits for the device.
    """

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._before, self._since = 0.0, math.nan
        self._others, self._at_start = 0.0, 0.0  # processor seconds

    def start(self) -> None:
        """Go on."""
        self._since, self._at_start = time.perf_counter(), elsewhere()

    def stop(self) -> None:
        """Stand still."""
        self._before, self._since = self.seconds, math.nan
        self._others += elsewhere() - self._at_start

    @property
    def seconds(self) -> float:
        """Seconds up to now."""
        if math.isnan(self._since):
            return self._before
        if self._device.type == "cuda":
            torch.cuda.synchronize(self._device)
        return self._before + time.perf_counter() - self._since

    @property
    def other_cores(self) -> float:
        """Cores that other processes kept busy up to the last stop, on average; an accelerator's users are not seen."""
        return round(max(self._others, 0.0) / self._before, 2) if self._before else math.nan

    def state_dict(self) -> dict[str, float]:
        """Return what has been counted."""
        return {"seconds": self.seconds, "others": self._others}

    def load_state_dict(self, state: Mapping[str, float]) -> None:
        """Stand still at what an earlier process has counted."""
        self._before, self._since, self._others = state["seconds"], math.nan, state["others"]


def elsewhere() -> float:
    """Processor seconds that this machine has spent outside this process; only differences mean something."""
    spent = psutil.cpu_times()._asdict()
    idle = ("idle", "iowait", "guest", "guest_nice")  # a guest's seconds are in user and nice as well
    return sum(spent.values()) - sum(spent.get(name, 0.0) for name in idle) - time.process_time()


class Log:
    """Writes rows and remembers them, so that a checkpoint holds the record up to its moment.

    Parameters
    ----------
    row : called as ``row(kind, **values)`` for every row.
    timesteps : gradients -> steps as the papers count them.
    """

    def __init__(self, row: Row, timesteps: Callable[[int], int]) -> None:
        self.rows: list[dict[str, Any]] = []
        self._row, self._timesteps = row, timesteps

    def timestep(self, grad_evals: int) -> int:
        """Steps as the papers count them, after so many gradients."""
        return self._timesteps(grad_evals)

    def position(self, grad_evals: int, seconds: float) -> dict[str, Any]:
        """The three x-axes."""
        return {"timestep": self.timestep(grad_evals), "grad_evals": grad_evals, "seconds": round(seconds, 3)}

    def train(
        self, grad_evals: int, seconds: float, phase: int, loss: float, metrics: Mapping[str, torch.Tensor]
    ) -> dict[str, Any]:
        """Write what the NALA paper logs: loss and metrics on ONE mini-batch, before its update.

        `phase` counts gradients since the weights were the slow weights: 0 on them, and always 0 without any.
        """
        measured = {name: short(value.item()) for name, value in metrics.items()}
        position = {**self.position(grad_evals, seconds), "phase": phase}
        self._write({"kind": "train", **position, "loss": short(loss), **measured})
        return {"loss": f"{loss:.4f}", **{name: f"{value:.4g}" for name, value in measured.items()}}

    def test(self, grad_evals: int, seconds: float, *, epoch: int, lr: float, slow: Mapping[str, float],
             fast: Mapping[str, float]) -> None:  # fmt: skip
        """Write what was measured on held-out data, of the slow weights and of those the optimizer left."""
        measured = {name: short(value) for name, value in slow.items()}
        measured |= {f"fast_{name}": short(value) for name, value in fast.items()}
        self._write({"kind": "test", "epoch": epoch, **self.position(grad_evals, seconds), "lr": lr, **measured})

    def other(self, grad_evals: int, seconds: float, kind: str, values: Mapping[str, Any]) -> None:
        """Write a row of another kind."""
        self._write({"kind": kind, **self.position(grad_evals, seconds), **values})

    def replay(self, rows: list[dict[str, Any]]) -> None:
        """Write the rows of an earlier process again."""
        for row in rows:
            self._write(row)

    def totals(self, grad_evals: int, clock: Clock, examples: int, unit: str) -> dict[str, Any]:
        """What a run cost, and whether its seconds were its own."""
        position, name = self.position(grad_evals, clock.seconds), UNITS[unit]
        rate = round(examples / clock.seconds, 1) if clock.seconds else math.nan
        return {"timesteps": position["timestep"], "grad_evals": grad_evals, "seconds": position["seconds"],
                name: examples, f"{name}_per_second": rate, "other_cores": clock.other_cores}  # fmt: skip

    def _write(self, row: dict[str, Any]) -> None:
        self.rows.append(row)
        self._row(**row)


def short(x: float) -> float:
    """Nine significant digits: all that a float32 has.

    Examples
    --------
    >>> short(1 / 3)
    0.333333333
    """
    return float(f"{x:.9g}")
