"""How images are laid out and normalised, and in which precision: a step of the CNNs, and their evaluation.

    python benchmarks/layout_speed.py [--write benchmarks/RESULTS.md]

One thread. Both sides of a line take turns in one process; a ratio is the median over the rounds of the ratio within a
round, with quartiles, so a machine that is busy for a while slows both. A step is forward and backward without the
optimizer, at the paper's batch of 256 colour images of 32 x 32, of which tflenet sees 24 x 24; an evaluation is 10,000
images forward.
"""

from __future__ import annotations

import argparse
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

BEGIN, END = "## Layout, precision and evaluation", "<!-- end of the layouts -->"
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


@torch.no_grad()
def look(model: nn.Module, x: torch.Tensor, size: int) -> None:
    """Forward in batches of `size`."""
    for part in x.split(size):
        model(part)


def images(n: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Noise, and labels."""
    new = torch_stream(0, "images")
    return torch.randn(n, 3, 32, 32, generator=new), torch.randint(10, (n,), generator=new)


def sides() -> list[tuple[str, Callable[[], None], Callable[[], None], float]]:
    """What is compared: words, the slower side, the faster one, and the ratio asked for."""
    x, y = images(STEP)
    tests, _ = images(10_000)
    pixel = x.contiguous(memory_format=PIXEL)
    small = lambda: lenet5(channels=3, size=32, generator=torch_stream(0, "w"))  # noqa: E731
    crop = x[:, :, 4:28, 4:28].contiguous()
    large = lambda: tf_lenet(generator=torch_stream(0, "w"))  # noqa: E731
    lenet, ours = small().to(memory_format=PIXEL), large().to(memory_format=PIXEL)
    return [
        ("LeNet-5, evaluation: batches of 1000 / of 500", partial(look, small(), tests, 1000),
         partial(look, small(), tests, 500), 1.4),
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
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    about = (__doc__ or "").partition("RESULTS.md]\n\n")[2].strip()
    head = "| slower / faster side | slower, ms | faster, ms | ratio (quartiles) | target |\n|---|---|---|---|---|"
    rows = "\n".join(line(*one, chosen.rounds) for one in sides())
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
