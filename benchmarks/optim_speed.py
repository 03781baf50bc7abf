"""How long a step of the torch optimizers takes, as ratios to torch.optim.Adam(fused=True), and what else they cost.

    python benchmarks/optim_speed.py                                  # prints Markdown
    python benchmarks/optim_speed.py --write benchmarks/RESULTS.md    # and keeps it: what `make bench` does

Every optimizer has its own parameters, shaped like those of LeNet-5 or ResNet-18, and gradients that are given. They
take turns: in every round each makes the calls of one whole cycle, and what counts is the median over the rounds of its
time per call (per gradient, that is) over Adam's in the same round. So a machine that is busy for a while slows both
sides of a ratio. Quartiles are printed beside it. Other people's packages are compared with where they are installed.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import importlib.util
import os
import platform
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch

from nala_lab.core import stream
from nala_lab.experiments.models import lenet5, resnet, torch_stream
from nala_lab.optim import NALA, AdaBelief, AdaLA, Lookahead, OuterMomentum

ROOT = Path(__file__).resolve().parents[1]
THEORY = "## Theory room"  # how the heading of the other script's section begins
LENET = ((6, 1, 5, 5), (6,), (16, 6, 5, 5), (16,), (120, 400), (120,), (84, 120), (84,), (10, 84), (10,))
Maker = Callable[[Any], torch.optim.Optimizer]


def resnet18() -> tuple[tuple[int, ...], ...]:
    """Shapes of the 62 parameters of ResNet-18 for 1,000 classes."""
    shapes: list[tuple[int, ...]] = [(64, 3, 7, 7), (64,), (64,)]
    width = 64
    for out in (64, 128, 256, 512):
        for block in range(2):
            shapes += [(out, width, 3, 3), (out,), (out,), (out, out, 3, 3), (out,), (out,)]
            if block == 0 and out != width:
                shapes += [(out, width, 1, 1), (out,), (out,)]
            width = out
    return (*shapes, (1000, 512), (1000,))


def fused(params: Any) -> torch.optim.Optimizer:
    """Return the other side of every ratio."""
    return torch.optim.Adam(params, fused=True)


class BareLookahead:
    """A cycle of Lookahead in torch's own calls, with nothing around them: the floor for Lookahead in torch."""

    def __init__(self, params: Any) -> None:
        self.inner, self.params, self.calls = fused(params), params, 0
        self.param_groups, self.state = self.inner.param_groups, {p: {"slow": p.detach().clone()} for p in params}

    @torch.no_grad()
    def step(self) -> None:
        """Take one inner step, between what begins a cycle and what ends it."""
        slow = [self.state[p]["slow"] for p in self.params]
        if self.calls % 5 == 0:
            torch._foreach_copy_(slow, self.params)
        self.inner.step()
        self.calls += 1
        if self.calls % 5 == 0:
            torch._foreach_lerp_(self.params, slow, 0.5)


class Nothing(torch.optim.Optimizer):
    """An optimizer that does nothing: the floor for the share, hooks and torch's own profiler mark."""

    def step(self, closure: Any = None) -> None:
        """Do nothing."""


# label, calls that make one cycle, maker; then: gradients of one whole step, and the target of the issue for it
OURS: tuple[tuple[str, int, Maker], ...] = (
    ("torch Adam(fused=True)", 6, fused),
    ("NALA", 6, NALA),
    ("Lookahead", 5, Lookahead),
    ("OuterMomentum", 5, OuterMomentum),
    ("AdaBelief", 5, AdaBelief),
    ("AdaLA", 6, AdaLA),
    ("AdaLA, every=5", 6, lambda params: AdaLA(params, every=5)),
)
TARGETS = {
    ("NALA", "ResNet-18"): 1.10,
    ("Lookahead", "ResNet-18"): 1.12,
    ("AdaBelief", "ResNet-18"): 3.0,
    ("AdaLA", "ResNet-18"): 6.5,
    ("NALA", "LeNet-5"): 1.25,
    ("Lookahead", "LeNet-5"): 1.25,
    ("AdaBelief", "LeNet-5"): 2.7,
    ("AdaLA", "LeNet-5"): 6.5,
}
PER_STEP = {"AdaLA": 2}  # gradients of one whole step; the target of AdaLA is for one


def others() -> list[tuple[str, int, Maker | None]]:
    """Makers from public packages; None where the package is not installed."""

    def from_package(module: str, make: Callable[[Any, Any], Any]) -> Maker | None:
        try:
            package = importlib.import_module(module)
        except ImportError:
            return None
        return lambda params: make(package, params)

    quiet = {"print_change_log": False, "rectify": False, "weight_decouple": False}
    return [
        ("torch Adam(fused=True), a copy and a lerp a cycle", 5, BareLookahead),
        ("pytorch-optimizer Lookahead(Adam fused)", 5,
         from_package("pytorch_optimizer", lambda m, p: m.Lookahead(fused(p), k=5))),
        ("torch-optimizer Lookahead(Adam fused)", 5,
         from_package("torch_optimizer", lambda m, p: m.Lookahead(fused(p), k=5))),
        ("pytorch-optimizer AdaBelief", 2,
         from_package("pytorch_optimizer", lambda m, p: m.AdaBelief(p, weight_decouple=False))),
        ("adabelief-pytorch AdaBelief", 2, from_package("adabelief_pytorch", lambda m, p: m.AdaBelief(p, **quiet))),
        ("schedulefree AdamWScheduleFree", 5, from_package("schedulefree", _schedulefree)),
    ]  # fmt: skip


def _schedulefree(package: Any, params: Any) -> Any:
    opt = package.AdamWScheduleFree(params)
    opt.train()
    return opt


def built(maker: Maker, shapes: Any, device: str) -> torch.optim.Optimizer:
    """Make the optimizer on parameters of its own, with gradients, after two cycles."""
    draw = stream(0, "benchmark", "optim")
    params = [torch.nn.Parameter(torch.tensor(draw.normal(size=s), dtype=torch.float32, device=device)) for s in shapes]
    for p in params:
        p.grad = torch.tensor(0.01 * draw.normal(size=tuple(p.shape)), dtype=torch.float32, device=device)
    opt = maker(params)
    for _ in range(12):
        opt.step()
    return opt


def state_over_parameters(opt: Any) -> float:
    """Bytes of the state tensors in units of the bytes of the parameters."""
    drawers = [opt.state, opt.inner.state] if hasattr(opt, "inner") else [opt.state]
    tensors = {id(x): x for d in drawers for own in d.values() for x in own.values() if isinstance(x, torch.Tensor)}
    own = sum(p.nbytes for group in opt.param_groups for p in group["params"])
    return sum(x.nbytes for x in tensors.values() if x.dim()) / own


def measure(shapes: Any, rounds: int, repeats: int, device: str) -> list[tuple[str, float, np.ndarray, float]]:
    """Rows (label, median microseconds per gradient, quartiles of the ratio to Adam, state over parameters)."""
    here = [(name, n, make) for name, n, make in (*OURS, *others()) if make is not None]
    opts = {name: (built(make, shapes, device), n * repeats) for name, n, make in here}
    spent: dict[str, list[float]] = {name: [] for name in opts}
    for _ in range(rounds):
        for name, (opt, calls) in opts.items():
            wait(device)
            start = time.perf_counter()
            for _ in range(calls):
                opt.step()
            wait(device)
            spent[name].append((time.perf_counter() - start) / calls)
    adam = np.array(spent[OURS[0][0]])
    rows = []
    for name, times in spent.items():
        quartiles = np.quantile(np.array(times) / adam, [0.25, 0.5, 0.75])
        rows.append((name, 1e6 * float(np.median(times)), quartiles, state_over_parameters(opts[name][0])))
    return rows


def wait(device: str) -> None:
    """Wait until a GPU has done what was asked."""
    if device == "cuda":
        torch.cuda.synchronize()


def table(model: str, shapes: Any, rounds: int, repeats: int, threads: int, device: str) -> str:
    """Markdown table of one model."""
    torch.set_num_threads(threads)
    where = "a CUDA device" if device == "cuda" else f"{threads} thread{'s' * (threads > 1)}"
    size = sum(int(np.prod(s)) for s in shapes)
    head = "us per gradient | ratio per gradient (quartiles) | whole step | target | state / parameters |"
    lines = [
        f"\n### {model}, {size:,} numbers, {where}, load {os.getloadavg()[0]:.1f} when it began\n",
        f"| optimizer | {head}",
        "|---|---|---|---|---|---|",
    ]
    for name, us, (low, middle, high), state in measure(shapes, rounds, repeats, device):
        step = PER_STEP.get(name, 1) * middle
        target = TARGETS.get((name, model))
        told = "" if target is None else f"{target} {'reached' if step <= target else 'missed'}"
        step_told = f"{step:.2f}" if name in PER_STEP else ""
        ratio = f"{middle:.3f} ({low:.3f} to {high:.3f})"
        lines.append(f"| {name} | {us:,.0f} | {ratio} | {step_told} | {told} | {state:.2f} |")
    lines += [f"| {name} | not installed here | | | | |" for name, _, make in others() if make is None]
    return "\n".join(lines)


FLOOR = ("an optimizer that does nothing", 5, lambda params: Nothing(params, {}))
SHARED = ("NALA", "Lookahead", "AdaBelief", "AdaLA")
SHARE_TARGETS = {"LeNet-5": 3.0, "ResNet-18": 0.5}  # per cent of a training step, at most


def share(model: str, batch: int, rounds: int, threads: int) -> str:
    """Markdown table: how much of a whole training step is the optimizer's.

    Every optimizer trains a network of its own on one mini-batch. In every round each makes the steps of one whole
    cycle, and ``step()`` is timed inside them; what counts is the median over the rounds of its part of the round.
    """
    torch.set_num_threads(threads)
    draw = stream(0, "benchmark", "share", model)
    side, channels = (28, 1) if model == "LeNet-5" else (32, 3)
    inputs = torch.tensor(draw.normal(size=(batch, channels, side, side)), dtype=torch.float32)
    targets = torch.tensor(draw.integers(10, size=batch))
    rows = [FLOOR, *(row for row in OURS if row is OURS[0] or row[0] in SHARED)]
    makers = {name: (n, make) for name, n, make in rows}
    runs = {}
    for name, (n, make) in makers.items():
        network = {"LeNet-5": lenet5, "ResNet-18": resnet}[model](generator=torch_stream(0, "initial weights"))
        runs[name] = (n, network, make(network.parameters()))
    parts: dict[str, list[tuple[float, float]]] = {name: [] for name in runs}
    for _ in range(rounds + 1):  # the first is not counted
        for name, (n, network, opt) in runs.items():
            whole, own = time.perf_counter(), 0.0
            for _ in range(n):
                opt.zero_grad()
                torch.nn.functional.cross_entropy(network(inputs), targets).backward()
                start = time.perf_counter()
                opt.step()
                own += time.perf_counter() - start
            parts[name].append((own, (time.perf_counter() - whole)))
    lines = [
        f"\n### The optimizer's share of a training step: {model}, batch {batch}, {threads} threads, "
        f"load {os.getloadavg()[0]:.1f} when it ended\n",
        "| optimizer | ms a step | share, % (quartiles) | target |",
        "|---|---|---|---|",
    ]
    for name, times in parts.items():
        own, total = np.array(times[1:]).T
        low, middle, high = np.quantile(100 * own / total, [0.25, 0.5, 0.75])
        goal = SHARE_TARGETS[model]
        told = f"{goal} {'reached' if middle <= goal else 'missed'}" if name in SHARED else ""
        each = 1e3 * np.median(total) / runs[name][0]
        lines.append(f"| {name} | {each:.1f} | {middle:.2f} ({low:.2f} to {high:.2f}) | {told} |")
    return "\n".join(lines)


def machine() -> str:
    """Say where this was measured, and how to do it again."""
    packages = ("torch", "numpy", "pytorch-optimizer", "torch-optimizer", "adabelief-pytorch", "schedulefree")
    found = []
    for name in packages:
        try:
            found.append(f"{name} {version(name)}")
        except importlib.metadata.PackageNotFoundError:
            found.append(f"{name} not installed")
    cpu = next((x.partition(":")[2].strip() for x in _cpuinfo() if x.startswith("model name")), platform.processor())
    return (
        f"Measured {time.strftime('%Y-%m-%d')} on {os.cpu_count()} cores ({cpu}), Python {platform.python_version()}, "
        f"{', '.join(found)}. Load averages above the number of threads mean that others were at work on the machine. "
        "To repeat: `make bench`, or `python benchmarks/optim_speed.py` for the table alone."
    )


def _cpuinfo() -> list[str]:
    path = Path("/proc/cpuinfo")
    return path.read_text(encoding="utf-8").splitlines() if path.is_file() else []


def others_sections(path: Path | None) -> str:
    """What the other scripts wrote, kept from the file; theory_speed.py is run again where jax and optax are."""
    before = path.read_text(encoding="utf-8") if path is not None and path.is_file() else ""
    _, found, kept = before.partition(THEORY)
    theory, heading, rest = kept.partition("\n## ")
    if all(importlib.util.find_spec(name) for name in ("jax", "optax")):
        command = [sys.executable, str(ROOT / "benchmarks" / "theory_speed.py")]
        done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
        theory = f", {time.strftime('%Y-%m-%d')}\n\n{done.stdout}"
    elif not found:
        how = "To repeat: `pip install jax optax`, then `PYTHONPATH=. python benchmarks/theory_speed.py`."
        theory = f"\n\njax and optax: not installed here. {how}\n"
    return THEORY + theory + heading + rest


def main() -> int:
    """Time everything; print it, or write it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--threads", type=int, nargs="+", default=sorted({1, torch.get_num_threads()}))
    parser.add_argument("--write", type=Path, help="Markdown file to write it to as well")
    chosen = parser.parse_args()
    warnings.simplefilter("ignore")  # of other people's packages
    parts = [
        "# Speed\n",
        machine(),
        "\n## A step of the torch optimizers\n",
        __doc__.partition("`make bench` does\n")[2],
    ]
    parts[-1] = parts[-1].strip() + " A whole step of AdaLA is two gradients, the probe and the adapted step."
    settings = [("cpu", n) for n in chosen.threads] + [("cuda", 1)] * torch.cuda.is_available()
    for device, threads in settings:
        parts.append(table("LeNet-5", LENET, 10 * chosen.rounds, 4, threads, device))
        parts.append(table("ResNet-18", resnet18(), chosen.rounds, 1, threads, device))
    threads = max(chosen.threads)
    parts.append(share("LeNet-5", 256, 2 * chosen.rounds, threads))
    parts.append(share("ResNet-18", 32, max(chosen.rounds // 4, 2), threads))
    text = "\n".join([*parts, "", others_sections(chosen.write)])
    print(text)
    if chosen.write is not None:
        chosen.write.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
