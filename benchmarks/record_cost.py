"""What `run` costs beside a loop that is written by hand, and what it holds in memory.

    python benchmarks/record_cost.py                                   # prints the section
    python benchmarks/record_cost.py --write benchmarks/RESULTS.md    # replaces the section there

NALA with k = 5 on a quadratic, gradient descent or Adam inside. The loop by hand keeps the slow weights, or logs what
`keep="all"` keeps; it checks nothing. The sides take turns in one process; a ratio is the median over the rounds of
the ratio within a round (quartiles in brackets), so a machine that is busy slows both sides of it. Seconds are
processor time. The same loop compiled by jax, with optax inside, is for information: it computes in float64, and its
compilation is not timed. Memory is the largest that was held at once, by Python's own count (tracemalloc), in copies of
what the run returns.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import platform
import sys
import time
import tracemalloc
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from nala_lab.reference import NALA, SGD, Adam, run

BEGIN, END = "## The record of a run", "<!-- end of the record -->"
LAM, K, MU, ALPHA = np.geomspace(0.01, 1, 10), 5, -0.5, 0.5
RATES = {"SGD": 1.0, "Adam": 1e-2}
CASES = {"d = 10, 10,000 cycles": ((10,), 10_000), "10,000 members x 10, 100 cycles": ((10_000, 10), 100)}
LIMITS = {("d = 10, 10,000 cycles", "slow"): 2.5, ("d = 10, 10,000 cycles", "all"): 3.0,
          ("10,000 members x 10, 100 cycles", "slow"): 1.5}  # fmt: skip


def grad(x: np.ndarray) -> np.ndarray:
    """Gradient of sum lam x^2 / 2."""
    return x * LAM


def sgd_step(x: np.ndarray, g: np.ndarray, state: None) -> tuple[np.ndarray, None]:
    """Gradient descent by hand."""
    return x - RATES["SGD"] * g, state


def adam_step(x: np.ndarray, g: np.ndarray, state: tuple) -> tuple[np.ndarray, tuple]:
    """Adam by hand."""
    m, v, n = state
    n += 1
    m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
    return x - RATES["Adam"] * (m / (1 - 0.9**n)) / (np.sqrt(v / (1 - 0.999**n)) + 1e-8), (m, v, n)


def by_hand(inner: str, x: np.ndarray, cycles: int) -> np.ndarray:
    """The slow weights of NALA, and nothing else."""
    phi, slow, lr = x.copy(), [x], RATES["SGD"]
    state = (0 * x, 0 * x, 0)
    for _ in range(cycles):
        theta = phi
        if inner == "SGD":
            for _ in range(K):
                theta = theta - lr * grad(theta)
        else:
            for _ in range(K):
                theta, state = adam_step(theta, grad(theta), state)
        y = (1 + MU) * theta - MU * phi
        phi = y - ALPHA * grad(y)
        slow.append(phi)
    return np.stack(slow)


def logged_by_hand(inner: str, x: np.ndarray, cycles: int) -> tuple[np.ndarray, ...]:
    """The same loop with every point and gradient in lists."""
    step = sgd_step if inner == "SGD" else adam_step
    state: Any = None if inner == "SGD" else (0 * x, 0 * x, 0)
    phi, slow, fast, grads, ys, outer = x.copy(), [x], [], [], [], []
    for _ in range(cycles):
        theta = phi
        fast.append(theta)
        for _ in range(K):
            g = grad(theta)
            theta, state = step(theta, g, state)
            fast.append(theta)
            grads.append(g)
        y = (1 + MU) * theta - MU * phi
        g = grad(y)
        phi = y - ALPHA * g
        slow.append(phi)
        ys.append(y)
        outer.append(g)
    inner_rows = [np.stack(log).reshape(cycles, -1, *x.shape) for log in (fast, grads)]
    return (*inner_rows, *(np.stack(log) for log in (slow, ys, outer)))


def compiled(inner: str, x: np.ndarray, cycles: int) -> Callable[[], object]:
    """The loop as jax compiles it, with optax's rule inside; compiled before it is returned."""
    import jax
    import jax.numpy as jnp
    import optax

    jax.config.update("jax_enable_x64", True)
    lam, rule = jnp.asarray(LAM), getattr(optax, inner.lower())(RATES[inner])

    def cycle(carry: tuple, _: None) -> tuple:
        phi, state = carry
        theta = phi
        for _ in range(K):
            updates, state = rule.update(theta * lam, state)
            theta = optax.apply_updates(theta, updates)
        y = (1 + MU) * theta - MU * phi
        phi = y - ALPHA * (y * lam)
        return (phi, state), phi

    start = jnp.asarray(x)
    whole = jax.jit(lambda phi: jax.lax.scan(cycle, (phi, rule.init(phi)), None, length=cycles)[1])
    gap = np.abs(np.asarray(whole(start)) - by_hand(inner, x, cycles)[1:]).max()
    assert gap <= 1e-9, f"jax computes something else: {gap}"  # a few thousand roundings of numbers below 1
    return lambda: whole(start).block_until_ready()


def ratios(sides: dict[str, Callable[[], object]], rounds: int) -> dict[str, np.ndarray]:
    """Processor seconds of each side in each round, after one round that is not counted."""
    times: dict[str, list[float]] = {name: [] for name in sides}
    for turn in range(rounds + 1):
        for name, work in sides.items():
            start = time.process_time()
            work()
            if turn:
                times[name].append(time.process_time() - start)
    return {name: np.array(spent) for name, spent in times.items()}


def peak(work: Callable[[], Any], returned: Callable[[Any], int]) -> float:
    """The most memory held at once during `work`, in copies of what it returns."""
    tracemalloc.start()
    answer = work()
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most / returned(answer)


def size(trajectory: Any) -> int:
    """Bytes of the arrays of a trajectory."""
    return sum(value.nbytes for value in vars(trajectory).values() if isinstance(value, np.ndarray))


def rows(case: str, rounds: int) -> list[str]:
    """The lines of one case."""
    shape, cycles = CASES[case]
    x, lines = np.ones(shape), []
    for name, inner in (("SGD", SGD(lr=RATES["SGD"])), ("Adam", Adam(lr=RATES["Adam"]))):
        rule = NALA(inner, k=K, mu=MU, alpha=ALPHA)
        work = {keep: lambda keep=keep, rule=rule: run(rule, grad, x, cycles=cycles, keep=keep)
                for keep in ("slow", "last", "all")}  # fmt: skip
        assert np.abs(by_hand(name, x, cycles) - work["slow"]().slow).max() <= 1e-12  # the same loop
        sides = {"hand": lambda name=name: by_hand(name, x, cycles), "slow": work["slow"], "last": work["last"]}
        if (case, "all") in LIMITS:
            sides |= {"logs": lambda name=name: logged_by_hand(name, x, cycles), "all": work["all"]}
        if jax_here():
            sides["jax"] = compiled(name, x, cycles)
        times = ratios(sides, rounds)
        for side, spent in times.items():
            lines.append(line(case, name, side, spent, times, work))
    return lines


def line(case: str, name: str, side: str, spent: np.ndarray, times: dict[str, np.ndarray], work: dict) -> str:
    """One row of the table."""
    label = {"hand": "loop by hand", "logs": "loop by hand that logs", "jax": "optax inside, compiled by jax"}
    against = "logs" if side == "all" else "hand"
    quartiles = np.quantile(spent / times[against], [0.5, 0.25, 0.75])
    ratio = "" if side in ("hand", "logs") else "{:.3g} ({:.3g} to {:.3g})".format(*quartiles)
    limit = LIMITS.get((case, side))
    verdict = "" if limit is None else f"{limit:g} {'reached' if quartiles[0] <= limit else 'NOT REACHED'}"
    memory = f"{peak(work[side], size):.2f}" if side in ("slow", "all") else ""
    what = label.get(side, f'run(..., keep="{side}")')
    return f"| {case} | {name} | {what} | {np.median(spent):.4f} | {ratio} | {verdict} | {memory} |"


def jax_here() -> bool:
    """True where jax and optax are installed."""
    return all(importlib.util.find_spec(name) for name in ("jax", "optax"))


def section(rounds: int) -> str:
    """The section of RESULTS.md."""
    about = (__doc__ or "").partition("the section there\n")[2].strip()
    versions = "".join(f", {name} {version(name)}" for name in ("jax", "optax") if jax_here())
    where = (
        f"Measured {time.strftime('%Y-%m-%d')} on {os.cpu_count()} cores, Python {platform.python_version()}, NumPy "
        f"{np.__version__}{versions}, median of {rounds} rounds; load {os.getloadavg()[0]:.1f} when it began. "
        "To repeat: `python benchmarks/record_cost.py`."
    )
    missing = "" if jax_here() else "jax and optax are not installed here: their rows are missing.\n\n"
    table = "\n".join(each for case in CASES for each in rows(case, rounds))
    head = "| what | inside | who | seconds | ratio | target | memory |\n|---|---|---|---|---|---|---|"
    return f"{BEGIN}\n\n{about}\n\n{where}\n\n{missing}{head}\n{table}\n\n{END}\n"


def replaced(text: str, new: str) -> str:
    """`text` with its section replaced, or `new` at its end."""
    before, found, rest = text.partition(BEGIN)
    return before + new + rest.partition(END + "\n")[2] if found else f"{text.rstrip()}\n\n{new}"


def main() -> int:
    """Time everything; print it, or write it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--write", type=Path, help="Markdown file whose section is replaced")
    chosen = parser.parse_args()
    text = section(chosen.rounds)
    print(text)
    if chosen.write is not None:
        chosen.write.write_text(replaced(chosen.write.read_text(encoding="utf-8"), text), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
