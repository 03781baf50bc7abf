"""How fast the training loop is: beside a hand-written loop, with NALA, and with everything that it writes.

    python benchmarks/loop_speed.py                                  # prints Markdown
    python benchmarks/loop_speed.py --write benchmarks/RESULTS.md    # replaces the section there

Four contenders train the same network on the same generated images, which lie in memory as the network takes them. They
take turns in one process: in every round each spends the same number of gradients with a network and an optimizer of
its own, and what counts is the ratio within the round, so a machine that is busy for a while slows both sides of it.
Median and quartiles over the rounds are given. The bare loop is what one writes in eight lines, with the very same
Adam. Ours also computes accuracies, watches for divergence and keeps the time; its evaluation on test images is no part
of training and is left out on both sides. "Record and progress" writes a row every 20 gradients to a file, forced out
line by line, and draws the bar as on a screen. The last line of a table is for information: bytes that are augmented in
every mini-batch, as the task on CIFAR-10 does.
"""

from __future__ import annotations

import argparse
import io
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import nullcontext, redirect_stderr
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn import functional as F

from nala_lab.experiments.data.augment import Augmentation
from nala_lab.experiments.data.images import Data, load_pixels
from nala_lab.experiments.models import lenet5, resnet, torch_stream
from nala_lab.experiments.run.loop import Plan, train
from nala_lab.experiments.run.optimizers import METHODS
from nala_lab.experiments.tasks import Halving
from nala_lab.experiments.tasks.image_workload import ImageWorkload
from nala_lab.results.records import RecordWriter

BEGIN, END = "## The training loop", "<!-- end of the training loop -->"
LIT = Augmentation(crop=32, padding=4, flip=True, brightness=63, contrast=(0.2, 1.8))
BARE, OURS, NALA = "bare loop, Adam", "our loop, Adam", "our loop, NALA"
WRITING, LIGHT = "our loop, record and progress", "our loop, augmented bytes"
# What is asked: (contender, what it is compared with, "rate" or "time", the bound of the issue)
ASKED = (
    (OURS, BARE, "rate", 0.95),
    (NALA, OURS, "time", 1.03),
    (WRITING, OURS, "time", 1.02),
    (LIGHT, OURS, "time", None),
)
TEXT = {"rate": "images per second, at least {}", "time": "time per gradient, at most {}"}


@dataclass(frozen=True)
class Case:
    """A network, its images, how many gradients a turn takes (whole cycles of NALA, k + 1 = 6), and how many rounds.

    A turn of LeNet-5 lasts a second and its time varies by a tenth, so it takes many; one of ResNet-18 lasts longer and
    varies less.
    """

    name: str
    data: str
    make: Callable[[], torch.nn.Module]
    batch: int
    gradients: int
    rounds: int
    augmented: bool


class Screen(io.StringIO):
    """Takes what a terminal would be sent."""

    def isatty(self) -> bool:
        """Let tqdm draw."""
        return True


def weights() -> torch.Generator:
    """The same initial weights for every contender."""
    return torch_stream(0, "initial weights")


def lenet() -> torch.nn.Module:
    """LeNet-5 for grey images of 28 x 28."""
    return lenet5(generator=weights())


def resnet18() -> torch.nn.Module:
    """ResNet-18 for colour images of 32 x 32."""
    return resnet(10, depth=18, generator=weights())


CASES = (
    Case("LeNet-5 on images like Fashion-MNIST", "fashion-mnist", lenet, 256, 60, 48, False),
    Case("ResNet-18 on images like CIFAR-10", "cifar-10", resnet18, 32, 6, 6, True),
)


def pixels(case: Case) -> Data:
    """Generated images, repeated up to a turn's number; a handful to test on."""
    few = load_pixels(case.data, standin=True)
    rows = torch.arange(case.batch * case.gradients) % len(few.train_y)
    more = replace(few, train_x=few.train_x[rows], train_y=few.train_y[rows])
    return more.first(None, 8)


def bare(case: Case, data: Data) -> float:
    """Seconds of a loop over tensors in memory."""
    model, adam = case.make(), METHODS["adam"]
    opt = adam.build(model.parameters(), adam.settings)
    model.train()
    start = time.perf_counter()
    for rows in torch.randperm(len(data.train_y), generator=torch_stream(0, "data order")).split(case.batch):
        opt.zero_grad(set_to_none=True)
        F.cross_entropy(model(data.train_x[rows]), data.train_y[rows]).backward()
        opt.step()
    return time.perf_counter() - start


def ours(case: Case, data: Data, name: str = "adam", *, writes: bool = False, light: bool = False) -> float:
    """Seconds of training in the lab's loop, as its own clock has them."""
    method = METHODS[name]
    functions = dict(zip(("augment", "prepare"), LIT.functions(data.mean, data.sd), strict=True)) if light else {}
    work = ImageWorkload(case.make(), data, batch_size=case.batch, seed=0, **functions)
    opt = method.build(work.groups(), method.settings)
    plan = Plan(epochs=1, log_every=20 if writes else 10**9, decay=Halving(every=20))
    with tempfile.TemporaryDirectory() as folder, redirect_stderr(Screen()), _writer(folder, writes) as writer:
        row = writer.row if writes else lambda kind, **values: None
        result = train(work, opt, plan, method=method, settings=method.settings, seed=0, row=row, progress=writes)
    assert result.outcome == "finished" and result.totals["grad_evals"] == case.gradients
    return float(result.totals["seconds"])


def _writer(folder: str, writes: bool) -> Any:
    header = {"task": "t", "optimizer": "adam", "seed": 0, "config": {}, "data": {}, "versions": {}, "platform": {}}
    return RecordWriter(Path(folder) / "run.jsonl", header) if writes else nullcontext()


def measured(case: Case, rounds: int) -> dict[str, np.ndarray]:
    """Seconds per gradient of each contender, (rounds,); the first round warms up and is dropped."""
    raw = pixels(case)
    ready = raw.standardised()
    turns: dict[str, Callable[[], float]] = {
        BARE: lambda: bare(case, ready),
        OURS: lambda: ours(case, ready),
        NALA: lambda: ours(case, ready, "nala"),
        WRITING: lambda: ours(case, ready, writes=True),
    }
    if case.augmented:
        turns[LIGHT] = lambda: ours(case, raw, light=True)
    names = list(turns)
    spent: dict[str, list[float]] = {name: [] for name in names}
    for i in range(rounds + 1):
        for name in names[i % len(names) :] + names[: i % len(names)]:  # nobody is always first
            spent[name].append(turns[name]() / case.gradients)
    return {name: np.array(values[1:]) for name, values in spent.items()}


def table(case: Case, rounds: int) -> str:
    """Markdown table of one network."""
    load, threads = os.getloadavg()[0], torch.get_num_threads()
    seconds = measured(case, rounds)
    lines = [
        f"\n### {case.name}, batch {case.batch}, {threads} thread{'s' * (threads > 1)}, {rounds} rounds of "
        f"{case.gradients} gradients, load {load:.1f} when it began\n",
        "| contender | images per second | compared with | what | ratio (quartiles) | |",
        "|---|---|---|---|---|---|",
        f"| {BARE} | {case.batch / np.median(seconds[BARE]):,.0f} | | | | |",
    ]
    lines += [line(case, seconds, *asked) for asked in ASKED if asked[0] in seconds]
    return "\n".join(lines)


def line(case: Case, seconds: dict[str, np.ndarray], name: str, other: str, what: str, bound: float | None) -> str:
    """One contender beside another."""
    ratio = seconds[other] / seconds[name] if what == "rate" else seconds[name] / seconds[other]
    low, middle, high = np.quantile(ratio, [0.25, 0.5, 0.75])
    good = middle >= bound if what == "rate" and bound else bound is not None and middle <= bound
    verdict = "" if bound is None else "reached" if good else "missed"
    asked = TEXT[what].format(bound) if bound else "time per gradient"
    rate = f"{case.batch / np.median(seconds[name]):,.0f}"
    return f"| {name} | {rate} | {other} | {asked} | {middle:.3f} ({low:.3f} to {high:.3f}) | {verdict} |"


def section(rounds: int | None) -> str:
    """The whole section, from its heading to its end mark."""
    where = (
        f"Measured {time.strftime('%Y-%m-%d')} on {os.cpu_count()} cores, Python {platform.python_version()}, torch "
        f"{torch.__version__}. To repeat: `python benchmarks/loop_speed.py`, on a machine that does nothing else."
    )
    about = (__doc__ or "").partition("the section there\n")[2].strip()
    tables = "\n".join(table(case, rounds or case.rounds) for case in CASES)
    return f"{BEGIN}\n\n{where}\n\n{about}\n{tables}\n\n{END}\n"


def kept(text: str, new: str) -> str:
    """`text` with its section replaced, or added at the end."""
    before, found, rest = text.partition(BEGIN)
    return before + new + rest.partition(END + "\n")[2] if found else f"{text.rstrip()}\n\n{new}"


def main() -> int:
    """Time everything; print it, or write it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, help="of every network; default: 48 of LeNet-5, 6 of ResNet-18")
    parser.add_argument("--threads", type=int, help="of torch; default: as torch chooses")
    parser.add_argument("--write", type=Path, help="Markdown file whose section is replaced")
    chosen = parser.parse_args()
    if chosen.threads:
        torch.set_num_threads(chosen.threads)
    new = section(chosen.rounds)
    print(new)
    if chosen.write is not None:
        before = chosen.write.read_text(encoding="utf-8") if chosen.write.is_file() else "# Speed\n"
        chosen.write.write_text(kept(before, new), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
