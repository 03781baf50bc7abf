"""What the look-ahead probe costs beside training: LeNet-5 on Fashion-MNIST, one cycle in 50.

    python benchmarks/probe_cost.py [OPTIMIZER ...]     NALA_LAB_DATA names a folder with the data files

Two runs with the same numbers, one of them probed, take turns cycle by cycle in one process, one thread; seconds are
processor time. Each round of 50 cycles holds one probe. The first cycle, and with it the first probe, warms up.
"""

from __future__ import annotations

import sys
import time
from typing import Any

import torch

from nala_lab.experiments.data.fetch import data_folders
from nala_lab.experiments.run.loop import Trainer
from nala_lab.experiments.run.one_run import plan
from nala_lab.experiments.run.options import Options

EVERY, ROUNDS, LIMIT = 50, 2, 0.03


class NoBar:
    """In place of the progress bar."""

    def update(self, n: int) -> None:
        """Show nothing."""

    def set_postfix(self, *args: Any, **named: Any) -> None:
        """Show nothing."""


def trainer(name: str, every: int | None) -> Trainer:
    """A run that is to be stepped by hand."""
    run = plan("lenet5-fashion-mnist", name, seed=0, folders=data_folders(None), options=Options(probe_every=every))
    work = run.workload()
    made = Trainer(work, run.method.build(work.groups(), run.settings), run.plan, run.method, run.settings,
                   lambda *args, **values: None, {"torch": torch.Generator()})  # fmt: skip
    work.model.train()
    made.clock.start()
    return made


def cost(name: str) -> float:
    """Share of the training time, over ROUNDS rounds."""
    sides, seconds, bar = [trainer(name, None), trainer(name, EVERY)], [0.0, 0.0], NoBar()
    flags, settings = sides[0]._flags, sides[0]._cycle
    cycle = len(flags) if len(flags) > 1 else max(settings, 5)
    for number in range(ROUNDS * EVERY + 1):
        for i in (0, 1) if number % 2 else (1, 0):
            began = time.process_time()
            for _ in range(cycle):
                sides[i]._step(bar)
            seconds[i] += (time.process_time() - began) * (number > 0)
    return seconds[1] / seconds[0] - 1


if __name__ == "__main__":
    torch.set_num_threads(1)
    for name in sys.argv[1:] or ("nala", "lookahead", "sgd"):
        share = cost(name)
        print(f"{name}: {share:.1%} of the training time ({'at most' if share <= LIMIT else 'ABOVE'} {LIMIT:.0%})")
