"""AdaLA: readings of Algorithm 3 beside what the released training loop does, on a quadratic and a small network."""

from __future__ import annotations

from functools import cache
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from nala_lab.core import Array
from nala_lab.plots import RC, look, name_lines, variants
from nala_lab.reference import AdaBelief, AdaLA, run
from nala_lab.theory.adala_first_step import adala_first_step, probe_displacement
from paper_figs.drawing import Drawing, Table, band
from paper_figs.side_by_side.adala_program import dropped_step, released, surprise
from paper_figs.side_by_side.network import arcs

__all__ = ["CURVATURES", "LRS", "READINGS", "draw", "first_steps", "losses", "ratios"]

LR, STEPS, SEEDS, X0 = 1e-3, 200, 5, 2.0
EPS, BETAS = 1e-8, (0.9, 0.999)  # the paper's
READINGS = ("own", "grad", "adam", "lagged")
LOOKS = {kind: shade | {"marker": mark}
         for kind, shade, mark in zip((*READINGS, "released"), variants("adala", 5), "Dosv^", strict=True)}  # fmt: skip
"""Reading, or the released loop -> its look: AdaLA's colour in shades."""
CURVATURES = np.logspace(-1, 4, 11)
LRS = np.logspace(-4, -1, 7)
_RULE = AdaBelief(lr=LR, betas=BETAS, eps=EPS)


def first_steps(reading: str) -> Array:
    """Length of the first adapted step from X0 on f = lam x^2 / 2, for each of CURVATURES, from runs."""
    if reading == "released":
        loops = (released(lambda a, w, lam=lam: lam * a, np.array([X0]), steps=1, rule=_RULE) for lam in CURVATURES)
        return np.array([abs(loop.dropped[0]) for loop in loops])
    rule = AdaLA(lr=LR, betas=BETAS, eps=EPS, probe=reading)
    paths = (run(rule, lambda x, lam=lam: lam * x, np.array([X0]), steps=1).x[:, 0] for lam in CURVATURES)
    return np.array([abs(x[1] - x[0]) for x in paths])


def predicted_steps(reading: str, lam: Array) -> Array:
    """The same from closed forms."""
    if reading == "released":
        return np.abs(dropped_step(lam * X0, lam * X0, _RULE))
    return np.abs(adala_first_step(X0, lam, lr=LR, betas=BETAS, eps=EPS, probe=reading))


@cache
def ratios(kind: str) -> Array:
    """|g_t - g_(t+1)| / |g_t| in the first iteration on the network, (seeds, learning rates)."""
    net, rows = arcs(), []
    for seed in range(SEEDS):
        x, row = net.start(seed), []
        for lr in LRS:
            if kind == "released":
                seen = released(net.mixed, x, steps=1, rule=AdaBelief(lr=lr, betas=BETAS, eps=EPS)).surprise
            else:
                rule = AdaLA(lr=lr, betas=BETAS, eps=EPS, probe=kind)
                seen = surprise(net.grad, x, rule=rule)
            row.append(np.linalg.norm(seen) / np.linalg.norm(net.grad(x)))
        rows.append(row)
    return np.array(rows)


@cache
def eps_share() -> float:
    """Share of the weights where eps / (1 - beta2) exceeds (g_t - g_(t+1))^2 in the first step of the reading own."""
    net, rule = arcs(), AdaLA(lr=LR, betas=BETAS, eps=EPS)
    seen = [surprise(net.grad, net.start(seed), rule=rule) for seed in range(SEEDS)]
    return float(np.mean(np.square(seen) < EPS / (1 - BETAS[1])))


@cache
def losses(kind: str) -> Array:
    """Training loss of the network after each step, (seeds, steps + 1)."""
    net = arcs()
    rule: Any = _RULE if kind in ("adabelief", "released") else AdaLA(lr=LR, betas=BETAS, eps=EPS)
    rows = []
    for seed in range(SEEDS):
        x0 = net.start(seed)
        path = (released(net.mixed, x0, steps=STEPS, rule=rule) if kind == "released"
                else run(rule, net.grad, x0, steps=STEPS)).x  # fmt: skip
        rows.append([net.value(x) for x in path])
    return np.array(rows)


def draw() -> Drawing:
    """Draw the three panels and the table."""
    with plt.rc_context(RC):
        figure, axes = plt.subplot_mosaic("AA;BC", figsize=(10.0, 8.8))
        for ax, panel in zip(axes.values(), (_steps, _surprises, _network), strict=True):
            panel(ax)
        for letter, ax in axes.items():
            name_lines(ax, reach=0.025 if letter == "A" else 0.05)
    ends = {kind: losses(kind)[:, -1].mean() for kind in ("released", "adabelief", "own")}
    return Drawing(
        figure=figure,
        title="AdaLA: readings of Algorithm 3 and the released loop, side by side",
        caption=(
            "Scale and number of seeds: A a quadratic of one variable, deterministic, 1 run for each marker; B, C a "
            f"network with layers {arcs().sizes} on {len(arcs().labels)} points, full batch, {SEEDS} seeds; betas "
            f"{BETAS}, eps {EPS:g}, lr {LR:g} in A and C. Mean and spread: B, C line: mean over the seeds, band: "
            "lowest to highest seed; A lines: closed form, markers: runs. Metric: A length of the first adapted step "
            "(the released loop's is dropped), B difference of the two gradients over the first, Euclidean norms, C "
            f"training loss (nats). x-axis: A curvature, B learning rate, C steps. After {STEPS} steps the loss is "
            f"{ends['released']:.3f} with the released loop, which stands still after its first AdaBelief step, "
            f"{ends['adabelief']:.3f} with AdaBelief and {ends['own']:.3f} with Algorithm 3 in the reading own. "
            f"In its first step eps outweighs the difference of the two gradients in {eps_share():.0%} of the weights."
        ),
        alt=(
            "Three panels; each line has its name at its end. A: length of the first step against curvature on "
            "logarithmic axes; readings of Algorithm 3 "
            "rise or fall with curvature, but for lagged; it and the dropped step of the released loop are flat at the "
            "learning rate. "
            "B: the ratio rises in proportion to the learning rate for Algorithm 3 and stays at 1 "
            "for the released loop. C: loss falling for AdaBelief and AdaLA, flat after one step for the released loop."
        ),
        table=_table(),
    )


def _style(kind: str, name: str) -> dict[str, Any]:
    return (look("adabelief") if kind == "adabelief" else LOOKS[kind]) | {"label": name}


def _steps(ax: Axes) -> None:
    lam = np.logspace(-1, 4, 201)
    for kind in (*READINGS, "released"):
        style = _style(kind, kind if kind != "released" else "released (dropped)")
        ax.plot(lam, predicted_steps(kind, lam), **{**style, "marker": ""})
        ax.plot(CURVATURES, first_steps(kind), **{**style, "linestyle": "", "label": None})
    ax.set(xscale="log", yscale="log", xlabel=r"curvature $\lambda$", ylabel="length of the first adapted step",
           title=f"A. Readings of Algorithm 3 on a quadratic, from x = {X0:g}", ylim=(3e-5, 90))  # fmt: skip


def _surprises(ax: Axes) -> None:
    for kind in ("own", "grad", "released"):
        band(ax, LRS, ratios(kind), _style(kind, kind))
    ax.set(xscale="log", yscale="log", xlabel="learning rate", ylabel=r"$|g_t - g_{t+1}|\;/\;|g_t|$",
           title=f"B. Network, first step, {SEEDS} seeds")  # fmt: skip


def _network(ax: Axes) -> None:
    names = {"own": "own", "adabelief": "AdaBelief", "released": "released"}
    for kind, name in names.items():
        band(ax, np.arange(STEPS + 1), losses(kind), _style(kind, name) | {"markevery": 25})
    ax.set(yscale="log", xlabel="steps (AdaLA: 2 gradients each)", ylabel="training loss (nats)",
           title=f"C. Network, {SEEDS} seeds")  # fmt: skip


def _table() -> Table:
    lam, at = float(CURVATURES[6]), 6
    p = float(np.abs(probe_displacement(lam * X0, lam, lr=LR, betas=BETAS, eps=EPS, probe="own")))
    middle = len(LRS) // 3
    ours, theirs = ratios("own")[:, middle], ratios("released")[:, middle]
    end = {kind: losses(kind)[:, -1] for kind in ("own", "released")}
    rows = (
        ("g_t - g_(t+1)", "trial step, gradient there, weights restored",
         "second backward pass through the same outputs, added to the first gradient",
         f"lam p = {lam * p:.4g} of {lam * X0:.4g}; released {lam * X0:.4g}: all of it",
         f"{_words(ours)}; released {_words(theirs)} (of the norm of g_t, lr {LRS[middle]:g})"),
        ("adapted step", "changes the weights", "changes copies, which are dropped",
         f"{predicted_steps('own', np.array(lam)):.4g} (run {first_steps('own')[at]:.4g}); released, dropped: "
         f"{predicted_steps('released', np.array(lam)):.4g} (run {first_steps('released')[at]:.4g})",
         "–"),
        ("weights after step 1", "go on", "stand still: the list of parameters was emptied",
         "0 from step 2 on", f"loss after {STEPS} steps {_words(end['own'])}; released {_words(end['released'])}"),
    )  # fmt: skip
    columns = ("what", "Algorithm 3 (reading own)", "released loop", f"quadratic, curvature {lam:g}",
               "network, measured")  # fmt: skip
    note = f"Network: mean ± sample standard deviation over {SEEDS} seeds. Quadratic: closed form, the run in brackets."
    return Table(columns, rows, note)


def _words(values: Array) -> str:
    return f"{values.mean():.4g} ± {values.std(ddof=1):.2g}"
