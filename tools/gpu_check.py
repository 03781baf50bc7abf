"""The checks that need a GPU, in one command; where there is none it says that they were skipped.

    python tools/gpu_check.py                  # on the GPU
    python tools/gpu_check.py --device cpu     # a rehearsal: the same checks, with the CPU on both sides

parity      a float64 run with given gradients, weights compared after every step with the same run on the CPU
moved       a run saved in mid-cycle on the CPU and continued on the device
together    how many kernels an update launches, for 5 and for 50 parameters
bf16        a convolutional network learns under autocast; weights and state stay float32
fp16        GradScaler meets an infinite gradient: the skipped step does not advance the cycle
compile     a compiled training step over three cycles with a scheduler: graphs made after the first step
loop        runs of every kind of task at smoke scale, under each switch of the training loop
resumed     a run in deterministic mode that is stopped and taken up again ends as the one that nobody stopped
resnet18    `nala-lab train resnet18-cifar10`, sixteen epochs at smoke scale: the loss falls

A check that breaks is a line of the table, and the others are made.
"""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import nn

from nala_lab.core import stream
from nala_lab.experiments.models import initialise, torch_stream
from nala_lab.experiments.run.one_run import Saving, execute, plan
from nala_lab.experiments.run.options import Options
from nala_lab.experiments.run.signals import Stopped
from nala_lab.experiments.tasks.image_workload import ImageWorkload
from nala_lab.optim import NALA, AdaBelief, AdaLA, Lookahead, OuterMomentum
from nala_lab.results.records import FINISHED, load_records

K, CALLS = 3, 25
MAKERS: dict[str, Callable[[Any], torch.optim.Optimizer]] = {
    "NALA": lambda p: NALA(p, lr=0.02, k=K, alpha=0.05),
    "Lookahead": lambda p: Lookahead(p, lr=0.02, k=K),
    "OuterMomentum": lambda p: OuterMomentum(p, lr=0.02, k=K),
    "AdaBelief": lambda p: AdaBelief(p, lr=0.02, weight_decay=0.1),
    "AdaLA": lambda p: AdaLA(p, lr=0.02, weight_decay=0.1),
}
# A step rounds some ten numbers, a GPU may fuse a multiply with an add and divides and takes roots to 1 ulp: 16 ulp of
# the largest weight (below 8) a step, added up.
TOLERANCE = CALLS * 16 * 8 * 2**-53


class Row(NamedTuple):
    """One line of the table."""

    check: str
    of: str
    passed: bool | None  # None: nothing was to be seen here
    evidence: str

    def __str__(self) -> str:
        verdict = {True: "passed", False: "FAILED", None: "skipped"}[self.passed]
        return f"| {self.check} | {self.of} | {verdict} | {self.evidence} |"


def parameters(device: str, shapes: Any = ((7, 9), (3, 5, 2, 2), (), (4,))) -> list[nn.Parameter]:
    """The same float64 weights on every device."""
    draw = stream(0, "gpu check", "weights")
    return [nn.Parameter(torch.tensor(draw.normal(size=s), dtype=torch.float64, device=device)) for s in shapes]


def follow(opt: torch.optim.Optimizer, params: list[nn.Parameter], first: int, last: int) -> Iterator[torch.Tensor]:
    """Give the gradients of calls `first` to `last` - 1; yield all weights after each, on the CPU."""
    for call in range(first, last):
        draw = stream(0, "gpu check", call)
        for p in params:
            p.grad = torch.tensor(draw.normal(size=tuple(p.shape)), dtype=p.dtype, device=p.device)
        opt.step()
        yield torch.cat([p.detach().cpu().ravel() for p in params])


def parity(device: str) -> Iterator[Row]:
    """The same run on both devices, compared after every step."""
    for name, make in MAKERS.items():
        here, there = parameters("cpu"), parameters(device)
        pairs = zip(follow(make(here), here, 0, CALLS), follow(make(there), there, 0, CALLS), strict=True)
        worst = max(float((a - b).abs().max()) for a, b in pairs)
        yield Row("parity", name, worst <= TOLERANCE, f"worst {worst:.1e}, allowed {TOLERANCE:.1e}, {CALLS} steps")


def moved(device: str) -> Iterator[Row]:
    """A state that was saved on the CPU in mid-cycle goes on where the undisturbed run goes."""
    stop = CALLS // 2 + 1
    for name, make in MAKERS.items():
        here, there = parameters("cpu"), parameters(device)
        opt, other = make(here), make(there)
        list(follow(opt, here, 0, stop))
        with torch.no_grad():
            for p, q in zip(here, there, strict=True):
                q.copy_(p)
        other.load_state_dict(opt.state_dict())
        pairs = zip(follow(opt, here, stop, CALLS), follow(other, there, stop, CALLS), strict=True)
        worst = max(float((a - b).abs().max()) for a, b in pairs)
        yield Row("moved", name, worst <= TOLERANCE, f"worst {worst:.1e} after the move at step {stop}")


def together(device: str) -> Iterator[Row]:
    """Ten times the parameters are not ten times the launches."""
    kind = torch.profiler.ProfilerActivity.CUDA if device == "cuda" else torch.profiler.ProfilerActivity.CPU
    for name in ("NALA", "AdaBelief", "AdaLA"):
        counts = []
        for n in (5, 50):
            params = parameters(device, shapes=((4, 3),) * n)
            opt = MAKERS[name](params)
            list(follow(opt, params, 0, 2 * (K + 1)))
            with torch.profiler.profile(activities=[kind]) as seen:
                for _ in range(2 * (K + 1)):
                    opt.step()
            counts.append(sum(event.count for event in seen.key_averages()))
        evidence = f"{counts[0]} events for 5 parameters, {counts[1]} for 50"
        if device == "cpu" or not counts[0]:
            evidence += ": no launches on a CPU" if device == "cpu" else ": the profiler may not look at this GPU"
            yield Row("together", name, None, evidence)
        else:
            yield Row("together", name, counts[1] < 2 * counts[0], evidence)


def network(device: str) -> nn.Sequential:
    """A small convolutional network with BatchNorm, the same on every device."""
    layers = (nn.Conv2d(3, 16, 3), nn.BatchNorm2d(16), nn.ReLU(), nn.AdaptiveAvgPool2d(4), nn.Flatten())
    return initialise(nn.Sequential(*layers, nn.Linear(256, 10)), torch_stream(0, "gpu check", "network")).to(device)


def batch(device: str) -> tuple[torch.Tensor, torch.Tensor]:
    """64 pictures whose class can be learned."""
    draw = stream(0, "gpu check", "pictures")
    y = torch.tensor(draw.integers(10, size=64))
    x = torch.tensor(draw.normal(size=(64, 3, 16, 16)), dtype=torch.float32) + y.view(-1, 1, 1, 1) / 5
    return x.to(device), y.to(device)


def bf16(device: str) -> Iterator[Row]:
    """Autocast to bfloat16."""
    x, y = batch(device)
    for name, make in MAKERS.items():
        model = network(device)
        opt, losses = make(model.parameters()), []
        for _ in range(12 * (K + 1)):
            opt.zero_grad()
            with torch.autocast(device, torch.bfloat16):
                loss = nn.functional.cross_entropy(model(x), y)
            loss.backward()
            opt.step()
            losses.append(loss.item())
        tensors = [v for own in opt.state.values() for v in own.values() if isinstance(v, torch.Tensor)]
        single = all(v.dtype == torch.float32 for v in (*model.parameters(), *tensors))
        evidence = f"loss {losses[0]:.3f} -> {losses[-1]:.3f}, weights and state {'' if single else 'not '}float32"
        yield Row("bf16", name, single and losses[-1] < losses[0], evidence)


def fp16(device: str) -> Iterator[Row]:
    """Loss scaling in half precision."""
    for name, make in MAKERS.items():
        params = [nn.Parameter(torch.ones(4, device=device))]
        opt, scaler = make(params), torch.amp.GradScaler(device, init_scale=8.0)
        phases, weights = [], []
        for call in range(4):
            opt.zero_grad()
            scaler.scale((params[0] ** 2).sum() * (float("inf") if call == 2 else 1.0)).backward()
            scaler.step(opt)
            scaler.update()
            phases.append(opt.phase)  # type: ignore[attr-defined]
            weights.append(params[0].detach().clone())
        still = phases[2] == phases[1] and torch.equal(weights[2], weights[1])
        on = not torch.equal(weights[3], weights[2])
        yield Row("fp16", name, still and on, f"phases {phases}, the third gradient is infinite")


def compiled(device: str) -> Iterator[Row]:
    """torch.compile of a whole training step."""
    from torch._dynamo.utils import counters

    x, y = batch(device)
    for name in ("NALA", "AdaLA"):
        torch._dynamo.reset()
        model = network(device)
        opt = MAKERS[name](model.parameters())
        plan = torch.optim.lr_scheduler.ExponentialLR(opt, 0.9)

        def step(model: Any = model, opt: Any = opt) -> torch.Tensor:
            opt.zero_grad()
            loss = nn.functional.cross_entropy(model(x), y)
            loss.backward()
            opt.step()
            return loss

        run, losses, graphs = torch.compile(step), [], []
        for _ in range(3 * (K + 1)):
            losses.append(run().item())
            plan.step()
            graphs.append(counters["stats"]["unique_graphs"])
        evidence = (
            f"{graphs[0]} graphs at first, {graphs[-1] - graphs[0]} more; loss {losses[0]:.3f} -> {losses[-1]:.3f}"
        )
        yield Row("compile", name, graphs[-1] - graphs[0] <= 2 and losses[-1] < losses[0], evidence)


LOOP: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("lenet5-cifar10", "nala", {"compile": True}),
    ("resnet18-cifar10", "adala", {"precision": "bf16"}),
    ("lstm1-ptb", "nala", {"precision": "bf16"}),
    ("lstm1-ptb", "adala", {"clip": 0.25, "accumulate": 2}),
    ("wgan-cifar10", "nala", {}),
    ("wgan-gp-cifar10", "adala", {"deterministic": True}),
)


def loop(device: str) -> Iterator[Row]:
    """The experiments' own loop: data, random streams, BatchNorm and slow weights on the device."""
    for task, name, switches in LOOP:
        run = plan(task, name, seed=0, scale="smoke", device=torch.device(device), options=Options(**switches))
        of = " ".join([task, name, *(f"{key}={value}" for key, value in switches.items())])
        with tempfile.TemporaryDirectory() as folder:
            try:
                record, _ = execute(run, Path(folder), progress=False)
            except Exception as error:  # the other runs are made
                yield broken("loop", of, error)
                continue
        shown = record.column("test", run.task.main)
        evidence = f"{record.outcome}, {run.task.main} {shown[0]:.4g} -> {shown[-1]:.4g}"
        yield Row("loop", of, record.outcome == FINISHED, evidence)


def resumed(device: str) -> Iterator[Row]:
    """Stopped by a signal in mid-cycle, after 7 of 12 gradients."""
    for name in ("nala", "adala"):
        run = plan("lenet5-digits", name, seed=0, scale="smoke", device=torch.device(device),
                   options=Options(deterministic=True))  # fmt: skip
        with tempfile.TemporaryDirectory() as folder:
            whole, _ = execute(run, Path(folder) / "whole", progress=False)
            with stopping(7):
                try:
                    execute(run, Path(folder) / "cut", progress=False)
                except Stopped as stop:
                    said = str(stop).partition(",")[0]
            again, _ = execute(run, Path(folder) / "cut", progress=False, saving=Saving(resume=True))
        rows = [[{key: x for key, x in row.items() if key != "seconds"} for row in one.rows] for one in (whole, again)]
        yield Row("resumed", name, rows[0] == rows[1], f"{said}: {len(rows[0])} rows, compared to the last digit")


@contextmanager
def stopping(gradients: int) -> Iterator[None]:
    """A signal comes after so many steps."""
    before, steps = ImageWorkload.after, []

    def after(self: ImageWorkload, batch: int) -> None:
        steps.append(batch)
        if len(steps) == gradients:
            signal.raise_signal(signal.SIGTERM)

    ImageWorkload.after = after  # type: ignore[method-assign]
    try:
        yield
    finally:
        ImageWorkload.after = before  # type: ignore[method-assign]


def resnet18(device: str) -> Iterator[Row]:
    """The experiments' own loop on a real network."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "nala_lab.cli", "train", "resnet18-cifar10", "--optimizer", "nala", "adam",
                   "--scale", "smoke", "--epochs", "16", "--device", device, "--out", folder, "--quiet"]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            yield Row("resnet18", "-", False, (done.stderr.strip().splitlines() or [f"status {done.returncode}"])[-1])
            return
        for record in load_records(Path(folder)):
            # A mini-batch has two images only, so the end is the mean of four epochs.
            losses = record.column("train", "loss").reshape(16, -1).mean(axis=1)
            begin, end = float(losses[0]), float(losses[-4:].mean())
            rate = (record.footer or {})["totals"]["images_per_second"]
            evidence = f"loss of an epoch {begin:.3f} -> {end:.3f}, {rate:,.0f} images/s"
            yield Row("resnet18", record.optimizer, end < begin, evidence)


CHECKS = (parity, moved, together, bf16, fp16, compiled, loop, resumed, resnet18)


def broken(check: str, of: str, error: Exception) -> Row:
    """The line of a check that ended in an error."""
    said = " ".join(str(error).split()).replace("|", "/")
    return Row(check, of, False, f"{type(error).__name__}: {said[:300]}")


def rows_of(check: Callable[[str], Iterator[Row]], device: str) -> Iterator[Row]:
    """The lines of a check, the last of them its error where it has one."""
    try:
        yield from check(device)
    except Exception as error:  # no compiler, no profiler, a driver that is too old: the other checks are made
        yield broken(check.__name__, "-", error)


def main() -> int:
    """Print the table; 1 when a check failed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cuda", choices=("cuda", "cpu"))
    device = parser.parse_args().device
    if device == "cuda" and not torch.cuda.is_available():
        print("SKIPPED: no CUDA device here, so none of the GPU checks was run (--device cpu rehearses them).")
        return 0
    warnings.simplefilter("ignore")  # torch's own, about profiling and about code that it does not trace
    name = torch.cuda.get_device_name() if device == "cuda" else "the CPU on both sides: a rehearsal"
    print(f"torch {torch.__version__}, {name}\n\n| check | of | verdict | evidence |\n|---|---|---|---|")
    rows = []
    for check in CHECKS:
        for row in rows_of(check, device):
            rows.append(row)
            print(row, flush=True)
    skipped = sum(row.passed is None for row in rows)
    failed = sum(row.passed is not None and not row.passed for row in rows)  # NumPy's False is not Python's
    print(f"\n{failed} failed" if failed else "\nall passed" + f", {skipped} skipped" * bool(skipped))
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
