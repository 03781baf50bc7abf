"""What a sweep will cost, before it is begun: runs, gradients, hours on this machine, disk.

Of each task the first run takes a few steps, at the sizes and on the device of the sweep; its seconds for a gradient
stand for every optimizer of the task. What is measured after each epoch is not timed. Where the data are absent, or
would first be downloaded, the steps are taken on generated ones, and gradients are counted by the published size.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch

from nala_lab.experiments.checkpoint import save
from nala_lab.experiments.data.idx import MissingData
from nala_lab.experiments.run.loop import gradients, train
from nala_lab.experiments.run.one_run import Run
from nala_lab.experiments.run.sweeping import Cell, shared_threads
from nala_lab.experiments.tasks.workload import Workload

__all__ = ["told"]

SECONDS = 3.0  # of timed steps, at least 6 of them: a round of a GAN; a first step that takes as long is enough
PUBLISHED = {"fashion-mnist": 60_000, "cifar-10": 50_000, "cifar-100": 50_000, "ptb": 929_589, "wikitext2": 2_088_628}
"""Training images, or words."""
# Bytes in a record as they are in the committed ones: header and footer, a training row, a test row, a GAN's samples.
ENDS, TRAIN, TEST, SAMPLES = 1_600, 110, 230, 40_000
ABSENT = ": the data are not at hand, so this is timed on generated ones and counted by the published size"
UNITS = {"img": "images", "tok": "words"}


def told(todo: Sequence[Cell], *, folders: Sequence[Path], device: str, threads: int | None) -> Iterator[str]:
    """Every run in a line, every task in a line, and the sum.

    Parameters
    ----------
    todo : not empty. folders, device, threads : as in `nala_lab.experiments.run.sweeping.sweep`.
    """
    yield from (cell.label for cell in todo)
    before = torch.get_num_threads()
    torch.set_num_threads(shared_threads(1) if threads is None else threads)
    try:
        yield from _costs([cell.run(folders, device) for cell in todo])
    finally:
        torch.set_num_threads(before)


def _costs(todo: Sequence[Run]) -> Iterator[str]:
    seconds, others, disk, saved, spent = 0.0, 0.0, 0, 0, 0
    for task, group in groupby(todo, key=lambda run: run.task.name):
        runs = list(group)
        workload, batches = _workload(runs[0])
        each, checkpoint, beside = _timed(runs[0], workload)
        counts = [_gradients(run, batches) for run in runs]
        number, unit, data = sum(counts), UNITS[workload.unit], workload.fingerprint
        absent = ABSENT if "standin" not in runs[0].scale.extra and data["name"].endswith("(generated)") else ""
        seconds, spent = seconds + number * each, spent + number
        saved, others = max(saved, checkpoint), max(others, beside)
        disk += sum(_record(run, count) for run, count in zip(runs, counts, strict=True))
        yield (f"{task}: {len(runs)} runs, {number:,} gradients, "
               f"{number * workload.examples * runs[0].options.accumulate:,} {unit}; {each:.3g} s a gradient, "
               f"{_hours(number * each)}; {data['name']}, {data['train']:,} {unit}{absent}")  # fmt: skip
    yield (f"{len(todo)} runs, {spent:,} gradients: about {_hours(seconds)} of training on this machine, one run after "
           f"another ({runs[0].device.type}, threads: {torch.get_num_threads()}; other processes kept up to "
           f"{others:.1f} cores busy while it was timed); records of {disk / 1e6:.1f} MB, and of each run at work a "
           f"checkpoint of up to {saved / 1e6:.1f} MB")  # fmt: skip


def _hours(seconds: float) -> str:
    return f"{seconds / 3600:,.{0 if seconds > 36_000 else 2}f} hours"


def _workload(run: Run) -> tuple[Workload, int]:
    """What the run trains, FID's network left out, and its mini-batches in an epoch."""
    extra = dict(run.scale.extra)
    if "extractor" in extra:  # the real one may have to be trained first
        extra |= {"extractor": "random", "samples": 2, "real": 2}
    if run.folders or extra.get("standin") or run.task.data not in PUBLISHED:
        with suppress(MissingData):
            workload = replace(run, scale=replace(run.scale, extra=extra)).workload()
            return workload, workload.batches
    whole = replace(run.scale, extra={**extra, "standin": True}, train=None, test=None, batches=None)
    workload = replace(run, scale=whole, folders=()).workload()
    size = min(PUBLISHED[run.task.data], run.scale.train or PUBLISHED[run.task.data])
    batches = workload.batches * size // workload.fingerprint["train"]
    return workload, min(batches, run.scale.batches or batches)


def _gradients(run: Run, batches: int) -> int:
    steps = run.scale.epochs * run.options.per_epoch(batches)
    return gradients(run.method, run.settings, steps) if run.options.equal == "timesteps" else steps


def _record(run: Run, count: int) -> int:
    rows = run.method.timesteps(count, run.settings) // run.scale.log_every
    samples = SAMPLES if run.task.main == "fid" else 0
    return ENDS + TRAIN * rows + TEST * (run.scale.epochs + 1) + samples


def _timed(run: Run, workload: Any) -> tuple[float, int, float]:
    """Seconds for a gradient after the first one, the bytes of a checkpoint, and the cores that others kept busy."""
    workload.evaluate, workload.bn_batches, workload.closing_rows = dict, lambda: None, tuple  # nothing is measured
    optimizer = run.method.build(workload.groups(), run.settings)
    together, there = run.options.accumulate, workload.batches

    def each(steps: int) -> tuple[float, float]:
        workload.batches = min(steps * together, there)
        plan = replace(run.plan, epochs=-(-steps * together // workload.batches))
        totals = train(workload, optimizer, plan, method=run.method, settings=run.settings, seed=run.seed,
                       row=lambda kind, **values: None, progress=False).totals  # fmt: skip
        return totals["seconds"] / totals["grad_evals"], totals["other_cores"]

    seconds, others = each(1)
    if seconds < SECONDS:
        seconds, others = each(6 * max(1, min(8, round(SECONDS / 6 / max(seconds, 1e-3)))))
    with TemporaryDirectory() as folder:
        size = save(Path(folder) / "run.pt", model=workload.model, optimizer=optimizer).stat().st_size
    return seconds, size, others
