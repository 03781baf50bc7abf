"""How fast the theory room is, as a Markdown table: maps, expected-loss curves, and ensembles against jax and optax.

    python benchmarks/theory_speed.py            # jax and optax are compared with where they are installed

The two sides of a ratio take turns in one process: a, b, a, b ...; the median of each side counts. jax computes in
float64, its compilation is not timed, and its trajectories draw every noise of every gradient.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import resource
import statistics
import sys
import time
from collections.abc import Callable

import numpy as np

from nala_lab.core import stream
from nala_lab.measure.ensemble import simulate
from nala_lab.theory.loss_curves import curves
from nala_lab.theory.maps import rate_map

TRAJECTORIES, MODES, K, CYCLES = 10_000, 16, 5, 40


def seconds(work: Callable[[], object]) -> float:
    """Wall-clock seconds of one call."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def interleaved(sides: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Median seconds of each side, after one round that is not counted."""
    times: dict[str, list[float]] = {name: [] for name in sides}
    for turn in range(rounds + 1):
        for name, work in sides.items():
            spent = seconds(work)
            if turn:
                times[name].append(spent)
    return {name: statistics.median(spent) for name, spent in times.items()}


def the_map() -> None:
    """1,000 x 1,000 settings, 100 eigenvalues."""
    lr, alpha = np.linspace(0.01, 2.5, 1000), np.linspace(0, 20, 1000)
    rate_map(("lr", lr), ("alpha", alpha), lam=np.geomspace(0.01, 1, 100), mu=0.0)


def the_curves() -> None:
    """10,000 settings, 1,000 gradients, 50 eigenvalues."""
    rng, lam = stream(0, "benchmark"), np.geomspace(0.01, 1, 50)
    n = 10_000
    curves(lam, lam**2, np.ones(50), lr=rng.uniform(0.01, 1.5, n), k=K, mu=rng.uniform(-0.9, 0.3, n),
           alpha=rng.uniform(0, 1, n), gradients=1000)  # fmt: skip


def our_ensemble() -> Callable[[], object]:
    """The lab's ensemble: every inner step is drawn."""
    lam = np.geomspace(0.05, 1, MODES)
    options = {"lr": 0.3, "k": K, "mu": -0.5, "alpha": 0.0, "trajectories": TRAJECTORIES, "cycles": CYCLES}
    return lambda: simulate(lam, lam**2, np.ones(MODES), **options)


def jax_ensemble() -> Callable[[], object]:
    """jit(vmap(...)) over optax.lookahead(sgd) on the same quadratic with the same noise law."""
    import jax
    import jax.numpy as jnp
    import optax

    jax.config.update("jax_enable_x64", True)
    lam = jnp.geomspace(0.05, 1, MODES)
    opt = optax.lookahead(optax.sgd(0.3), sync_period=K, slow_step_size=0.5)

    def one(key: jax.Array) -> jax.Array:
        params = optax.LookaheadParams.init_synced(jnp.ones(MODES))

        def step(carry: tuple, noise_key: jax.Array) -> tuple:
            params, state = carry
            g = lam * params.fast + lam * jax.random.normal(noise_key, (MODES,))
            updates, state = opt.update(g, state, params)
            return (optax.apply_updates(params, updates), state), None

        (params, _), _ = jax.lax.scan(step, (params, opt.init(params)), jax.random.split(key, K * CYCLES))
        return params.slow

    run = jax.jit(jax.vmap(one))
    keys = jax.random.split(jax.random.key(0), TRAJECTORIES)
    return lambda: run(keys).block_until_ready()


def main() -> int:
    """Time everything and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    print(f"{os.cpu_count()} cores, Python {sys.version.split()[0]}, NumPy {np.__version__}, median of {rounds}\n")
    print("| what | seconds | rate | against jax + optax |\n|---|---|---|---|")
    alone = interleaved({"map": the_map, "curves": the_curves}, rounds)
    print(f"| rate map, 1,000 x 1,000 settings x 100 eigenvalues | {alone['map']:.2f} | | |")
    print(f"| expected-loss curves, 10,000 settings x 1,000 gradients x 50 eigenvalues | {alone['curves']:.2f} | | |")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e9 if sys.platform == "darwin" else 1e6)
    sides = {"NumPy, step by step": our_ensemble()}
    jax_here = all(importlib.util.find_spec(name) for name in ("jax", "optax"))
    if jax_here:
        sides["jax + optax"] = jax_ensemble()
    times = interleaved(sides, rounds)
    steps = TRAJECTORIES * K * CYCLES
    for name, spent in times.items():
        ratio = f"{times['jax + optax'] / spent:.2f} x" if jax_here else "not installed here"
        speed = f"{steps / spent / 1e6:.1f} million trajectory-steps a second"
        print(f"| ensemble, {name} | {spent:.3f} | {speed} | {ratio} |")
    print(f"\nPeak memory of the map and the curves: {peak:.2f} GB.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
