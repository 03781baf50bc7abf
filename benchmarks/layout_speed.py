"""How images are laid out and normalised, in which precision, and what keeping memory buys: a step of the CNNs.

    python benchmarks/layout_speed.py [--write benchmarks/RESULTS.md]

One thread. Both sides of a line take turns in one process; a ratio is the median over the rounds of the ratio within a
round, with quartiles, so a machine that is busy for a while slows both. A step is forward and backward without the
optimizer, at the paper's batch of 256 colour images of 32 x 32, of which tflenet sees 24 x 24. Whether freed memory is
kept is settled once for a process: the sides of those two lines are two processes that take turns. Everything else is
timed with memory kept, as in a training.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from nala_lab.experiments.models import lenet5, torch_stream
from nala_lab.experiments.models.across_channels import AcrossChannels
from nala_lab.experiments.models.lenet import tf_lenet
from nala_lab.experiments.run.memory import keep_freed_memory

BEGIN, END = "## Layout, precision and memory", "<!-- end of the layouts -->"
STEP, PIXEL = 256, torch.channels_last


class Plain(nn.Module):
    """torch's own local response normalisation, in place of the lab's."""

    def __init__(self, ours: AcrossChannels) -> None:
        super().__init__()
        self.ours = ours

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """The same numbers, one window after the other."""
        size = 2 * self.ours.radius + 1
        return F.local_response_norm(x, size, size * self.ours.alpha, 0.75, self.ours.k)


def plain(model: nn.Module) -> nn.Module:
    """Put torch's normalisation in."""
    for name, child in model.named_children():
        if isinstance(child, AcrossChannels):
            setattr(model, name, Plain(child))
        else:
            plain(child)
    return model


def step(model: nn.Module, x: torch.Tensor, y: torch.Tensor, half: bool = False) -> None:
    """Forward and backward."""
    with torch.autocast("cpu", dtype=torch.bfloat16) if half else nullcontext():
        loss = F.cross_entropy(model(x), y)
    loss.backward()


def images(n: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Noise, and labels."""
    new = torch_stream(0, "images")
    return torch.randn(n, 3, 32, 32, generator=new), torch.randint(10, (n,), generator=new)


def sides() -> list[tuple[str, Callable[[], None], Callable[[], None], float]]:
    """What is compared: words, the slower side, the faster one, and the ratio asked for."""
    x, y = images(STEP)
    pixel = x.contiguous(memory_format=PIXEL)
    small = lambda: lenet5(channels=3, size=32, generator=torch_stream(0, "w"))  # noqa: E731
    crop = x[:, :, 4:28, 4:28].contiguous()
    large = lambda: tf_lenet(generator=torch_stream(0, "w"))  # noqa: E731
    lenet, ours = small().to(memory_format=PIXEL), large().to(memory_format=PIXEL)
    return [
        ("LeNet-5, step: as torch lays images out / pixel by pixel", partial(step, small(), x, y),
         partial(step, lenet, pixel, y), 1.0),
        ("LeNet-5, step, pixel by pixel: float32 / bf16", partial(step, lenet, pixel, y),
         partial(step, lenet, pixel, y, True), 1.0),
        ("tflenet, step in float32: torch's normalisation / banded, pixel by pixel",
         partial(step, plain(large()), crop, y),
         partial(step, ours, crop.contiguous(memory_format=PIXEL), y), 1.7),
        ("tflenet, step: torch's normalisation in float32 / banded, pixel by pixel, bf16",
         partial(step, plain(large()), crop, y),
         partial(step, ours, crop.contiguous(memory_format=PIXEL), y, True), 1.7),
    ]  # fmt: skip


class Elsewhere:
    """A process of its own, which does the faster side of a line of `sides` whenever it is called."""

    def __init__(self, place: int, kept: bool) -> None:
        words = [sys.executable, __file__, "--serve", str(place), *(["--kept"] if kept else [])]
        self._process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
        self._answer()

    def __call__(self) -> None:
        """Have it done once, and wait for the end."""
        assert self._process.stdin is not None
        self._process.stdin.write("step\n")
        self._answer()

    def _answer(self) -> None:
        assert self._process.stdout is not None
        self._process.stdout.readline()


def serve(place: int, kept: bool) -> int:
    """Be an `Elsewhere`, until nobody asks any more."""
    if kept and not keep_freed_memory():
        print("this C library cannot be told to keep memory", file=sys.stderr)
    call = sides()[place][2]
    print("ready", flush=True)
    for _ in sys.stdin:
        call()
        print("done", flush=True)
    return 0


def seconds(call: Callable[[], None]) -> float:
    """Wall time."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def line(words: str, slow: Callable[[], None], fast: Callable[[], None], asked: float, rounds: int) -> str:
    """A row of the table."""
    spent = np.array([(seconds(slow), seconds(fast)) for _ in range(rounds + 1)])[1:]
    low, middle, high = np.percentile(spent[:, 0] / spent[:, 1], [25, 50, 75])
    a, b = 1000 * np.median(spent, axis=0)
    end = f"{asked:g} {'reached' if middle >= asked else 'missed'}"
    return f"| {words} | {a:.1f} | {b:.1f} | {middle:.2f} ({low:.2f} to {high:.2f}) | {end} |"


def main() -> int:
    """Time everything; print it, or write it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--write", type=Path, help="Markdown file whose section is replaced")
    parser.add_argument("--serve", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--kept", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    if chosen.serve is not None:
        return serve(chosen.serve, chosen.kept)
    memory = [(f"{words}: memory given back / kept", Elsewhere(place, False), Elsewhere(place, True), asked)
              for words, place, asked in (("LeNet-5, step, pixel by pixel, float32", 0, 1.0),
                                          ("tflenet, step, banded, pixel by pixel, bf16", 3, 1.0))]  # fmt: skip
    keep_freed_memory()
    about = (__doc__ or "").partition("RESULTS.md]\n\n")[2].strip()
    head = "| slower / faster side | slower, ms | faster, ms | ratio (quartiles) | target |\n|---|---|---|---|---|"
    rows = "\n".join(line(*one, chosen.rounds) for one in [*sides(), *memory])
    when = f"Measured {time.strftime('%Y-%m-%d')}, torch {torch.__version__}."
    new = f"{BEGIN}\n\n{about}\n\n{when}\n\n{head}\n{rows}\n\n{END}\n"
    print(new)
    if chosen.write is not None:
        text = chosen.write.read_text(encoding="utf-8")
        before, found, rest = text.partition(BEGIN)
        whole = before + new + rest.partition(END + "\n")[2] if found else f"{text.rstrip()}\n\n{new}"
        chosen.write.write_text(whole, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
