"""NALA: Algorithm 1 beside the released recurrence, each difference by itself, on a quadratic and a small network."""

from __future__ import annotations

from functools import cache
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from nala_lab.core import Array
from nala_lab.plots import RC, name_lines, variants
from nala_lab.reference import SGD, Adam
from paper_figs.drawing import Drawing, Table, band
from paper_figs.side_by_side.nala_program import VARIANTS, Followed, closed_form, follow, rate
from paper_figs.side_by_side.network import Network, arcs

__all__ = ["LOOKS", "draw", "losses", "scales_losses", "stale_error"]

LAM, CENTRE, X0, LR, ALPHA, T = 3.0, 1.5, 4.0, 0.1, 0.05, 8  # the quadratic
K, MU = 5, -0.5  # the paper's
NET = {"k": K, "mu": MU, "alpha": 1e-3}  # the paper's; its inner rule is Adam
NET_LR, CYCLES, SEEDS = 0.01, 40, 5
SCALES = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
LOOKS = {name: look | {"marker": mark}
         for name, look, mark in zip(VARIANTS, variants("nala", len(VARIANTS)), "os^D", strict=True)}  # fmt: skip
"""Variant -> its look: NALA's colour in shades."""
_SHORT = dict(zip(VARIANTS, ("Algorithm 1", "empty slot", "stale", "both"), strict=True))  # at the lines' ends


def follow_quadratic(variant: str, *, alpha: float = ALPHA, cycles: int = T) -> Array:
    """phi_0 ... phi_T of a run on the quadratic, (T+1,)."""
    run = follow(lambda a, w: LAM * (a - CENTRE), SGD(lr=LR), np.array([X0]), k=K, mu=MU, alpha=alpha, cycles=cycles,
                 variant=variant)  # fmt: skip
    return run.phi[:, 0]


def follow_network(variant: str, seed: int, *, scale: float = 1.0, cycles: int = CYCLES) -> tuple[Network, Followed]:
    """A run on the network from its initial weights times `scale`, Adam inside."""
    net = arcs()
    start = scale * net.start(seed)
    return net, follow(net.mixed, Adam(lr=NET_LR), start, **NET, cycles=cycles, variant=variant)


@cache
def losses(variant: str) -> Array:
    """Training loss at phi_0 ... phi_T, (seeds, T+1)."""
    runs = (follow_network(variant, seed) for seed in range(SEEDS))
    return np.array([[net.value(phi) for phi in run.phi] for net, run in runs])


@cache
def scales_losses(variant: str) -> Array:
    """Training loss after 20 cycles from the weights times each of SCALES, (seeds, scales)."""
    return np.array([[_end(variant, seed, scale) for scale in SCALES] for seed in range(SEEDS)])


def _end(variant: str, seed: int, scale: float) -> float:
    net, run = follow_network(variant, seed, scale=scale, cycles=20)
    return net.value(run.phi[-1])


@cache
def stale_error() -> tuple[float, ...]:
    """How far the stale gradient is from grad J(y_t), relative, layer by layer; mean over cycles and seeds."""
    found = []
    for seed in range(SEEDS):
        net, run = follow_network("Algorithm 1", seed)
        for before, y in zip(run.before, run.y, strict=True):
            stale, true = net.layers(net.mixed(before, y)), net.layers(net.grad(y))
            found.append([np.linalg.norm(s[0] - t[0]) / np.linalg.norm(t[0])
                          for s, t in zip(stale, true, strict=True)])  # fmt: skip
    return tuple(np.mean(found, axis=0).tolist())


def draw() -> Drawing:
    """Draw the four panels and the table."""
    with plt.rc_context(RC):
        figure, axes = plt.subplots(2, 2, figsize=(10.0, 8.6))
        for ax, panel in zip(axes.flat, (_quadratic, _rates, _network, _scales), strict=True):
            panel(ax)
        for ax in axes.flat:
            name_lines(ax, reach=0.05)
    table = _table()
    end = {name: losses(name)[:, 5].mean() for name in VARIANTS}
    return Drawing(
        figure=figure,
        title="NALA: Algorithm 1 and the released recurrence, side by side",
        caption=(
            f"Two differences, each by itself and both. Scale and number of seeds: A, B a quadratic of curvature "
            f"{LAM:g} with minimum at {CENTRE:g} from {X0:g}, gradient descent inside, lr {LR:g}, alpha {ALPHA:g} in "
            f"A, deterministic, 1 run; C, D a network with layers {arcs().sizes} on {len(arcs().labels)} points, full "
            f"batch, Adam inside, lr {NET_LR:g}, alpha 0.001, {SEEDS} seeds. k = {K}, mu = {MU:g} throughout. Mean and "
            "spread: C, D line: mean over the seeds, band: lowest to highest seed; A, B lines: closed form, markers: "
            "runs. Metric: A distance of the slow weights to the minimum, B factor of that distance a cycle, C, D "
            "training loss (nats) at the slow weights. x-axis: A, C cycles (a cycle of Algorithm 1 spends 6 gradients, "
            "of the program 5), B alpha times the curvature, D factor on the initial weights. The empty slot pulls the "
            "first y towards 0: on this quadratic towards the minimum, on the network away from what was learnt (loss "
            f"after 5 cycles {end['released: both']:.3f} against {end['Algorithm 1']:.3f}), unless its weights start "
            "far too large: at 8 and 16 times the usual ones the mean loss is lower with it. The stale gradient "
            "changes next to nothing at the paper's alpha."
        ),
        alt=(
            "Four panels; each line has its name at its end. A: distances falling with cycles, the runs with the "
            "empty slot on another line from the "
            "first cycle on. B: factor of a cycle against alpha times curvature, a V for the true gradient, a line "
            "that falls for longer for the stale one. C: loss falling with cycles, the runs with the empty slot above "
            "the others. D: loss after 20 cycles against the scale of the start; from 4 on the order is the other one."
        ),
        table=table,
    )


def _style(name: str) -> dict[str, Any]:
    return LOOKS[name] | {"label": _SHORT[name]}


def _quadratic(ax: Axes) -> None:
    for name in VARIANTS:
        style = _style(name)
        want = closed_form(X0, CENTRE, LAM, T, mu=MU, alpha=ALPHA, k=K, lr=LR, variant=name)
        ax.plot(range(T + 1), np.abs(want - CENTRE), **{**style, "marker": ""})
        ax.plot(range(T + 1), np.abs(follow_quadratic(name) - CENTRE), **{**style, "linestyle": "", "label": None})
    ax.set(xlabel="cycles", ylabel=r"distance $|\phi_t - x^*|$", yscale="log", title="A. Quadratic, distance")


def _rates(ax: Axes) -> None:
    alphas = np.linspace(0, 2.6, 131) / LAM
    for name, stale in (("Algorithm 1", False), ("stale gradient only", True)):
        style = _style(name)
        ax.plot(
            alphas * LAM, np.abs(rate(LAM, mu=MU, alpha=alphas, k=K, lr=LR, stale=stale)), **{**style, "marker": ""}
        )
        shown = alphas[::13]
        ax.plot(shown * LAM, [_measured_rate(alpha, name) for alpha in shown],
                **{**style, "linestyle": "", "label": None})  # fmt: skip
    ax.set(xlabel=r"$\alpha\lambda$", ylabel="factor of a cycle, absolute", title="B. Quadratic, factor of a cycle")


def _measured_rate(alpha: float, name: str) -> float:
    return float(abs(follow_quadratic(name, alpha=alpha, cycles=1)[1] - CENTRE) / abs(X0 - CENTRE))


def _network(ax: Axes) -> None:
    for name in VARIANTS:
        band(ax, np.arange(CYCLES + 1), losses(name), _style(name) | {"markevery": 5})
    ax.set(xlabel="cycles", ylabel="training loss (nats)", yscale="log", title=f"C. Network, {SEEDS} seeds")


def _scales(ax: Axes) -> None:
    for name in ("Algorithm 1", "released: both"):
        band(ax, np.array(SCALES), scales_losses(name), _style(name))
    ax.set(xlabel="initial weights, times usual", ylabel="loss after 20 cycles (nats)", xscale="log",
           yscale="log", title=f"D. Network, by its start, {SEEDS} seeds")  # fmt: skip
    ax.set_xticks(SCALES, [f"{scale:g}" for scale in SCALES])
    ax.minorticks_off()


def _table() -> Table:
    plain = rate(LAM, mu=MU, alpha=ALPHA, k=K, lr=LR, stale=False)
    stale = rate(LAM, mu=MU, alpha=ALPHA, k=K, lr=LR, stale=True)
    after = {name: losses(name)[:, 5] for name in VARIANTS}
    gap = {name: np.abs(losses(name) - losses("Algorithm 1")).max() for name in VARIANTS}
    said = {name: f"{values.mean():.4f} ± {values.std(ddof=1):.4f}" for name, values in after.items()}
    first = {name: (closed_form(X0, CENTRE, LAM, 1, mu=MU, alpha=ALPHA, k=K, lr=LR, variant=name)[1],
                    follow_quadratic(name)[1]) for name in VARIANTS}  # fmt: skip
    layers = ", ".join(f"{error:.1%}" for error in stale_error())
    about = {
        "Algorithm 1": ("–", f"factor of a cycle {plain:.4f}", "–"),
        "empty slow slot only": ("phi_0: theta_0 in the paper, 0 in the program",
                                 f"y_1 moves by mu theta_0 = {MU * X0:g}",
                                 f"loss up to {gap['empty slow slot only']:.3f} away"),
        "stale gradient only": ("activations: of y_t in the paper, of theta_(t,k-1) in the program",
                                f"factor of a cycle {stale:.4f}",
                                f"gradient off by {layers} in layers 1, 2, 3; loss up to "
                                f"{gap['stale gradient only']:.1g} away"),
        "released: both": ("both", f"y_1 moves by {MU * X0:g}, factor {stale:.4f}",
                           f"loss up to {gap['released: both']:.3f} away"),
    }  # fmt: skip
    rows = [(name, about[name][0], about[name][1], f"{first[name][0]:.6f}", f"{first[name][1]:.6f}", said[name],
             about[name][2]) for name in VARIANTS]  # fmt: skip
    columns = ("variant", "what differs", "quadratic: consequence", "quadratic: phi_1, closed form",
               "quadratic: phi_1, run", "network: loss after 5 cycles", "network: against Algorithm 1")  # fmt: skip
    note = (
        f"Network: mean ± sample standard deviation over {SEEDS} seeds. alpha = {ALPHA:g} on the quadratic, 0.001 on "
        "the network. On the quadratic the stale gradient is the last inner one."
    )
    return Table(columns, tuple(rows), note)
