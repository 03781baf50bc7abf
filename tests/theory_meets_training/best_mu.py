"""The best mu over training, as the training loop's probe measured it: LeNet-5, three tasks, three inner rules.

NALA as published, k = 5, mu = -0.5, alpha = 0.001, with SGD, heavy ball or Adam inside; mini-batches of 256; every
second cycle probed. Fashion-MNIST and CIFAR-10 are their first 12,288 training images. To make best_mu.json again,
with the data files in a folder of NALA_LAB_DATA:

    python -m tests.theory_meets_training.best_mu > best_mu.json
"""

import json
import math
import sys
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from nala_lab.experiments.data.fetch import data_folders
from nala_lab.experiments.run.look_ahead_probe import MU
from nala_lab.experiments.run.one_run import execute, plan
from nala_lab.experiments.run.options import Options

TASKS = {"lenet5-digits": 100, "lenet5-fashion-mnist": 12, "lenet5-cifar10": 12}  # epochs: 576 or 600 gradients
INNER = {
    "SGD": {"inner": "sgd", "lr": 0.1},
    "momentum": {"inner": "heavyball", "lr": 0.02, "inner.momentum": 0.9},
    "Adam": {"inner": "adam", "lr": 0.001},
}
KEPT = ("grad_evals", "mu_star", "gain", "curvature", "noise", "noise_scale")


def probed(task, inner, *, seed=0, epochs=None, every=2):
    """The probe's rows of one run."""
    run = plan(task, "nala", seed=seed, changes=INNER[inner], epochs=epochs or TASKS[task],
               folders=data_folders(None), options=Options(probe_every=every))  # fmt: skip
    if task != "lenet5-digits":
        run = replace(run, scale=replace(run.scale, train=12_288, test=1000))
    with TemporaryDirectory() as folder:
        record, _ = execute(run, Path(folder), progress=False)
    return [row for row in record.rows if row["kind"] == "probe"]


def kept(rows):
    """What the figure needs, as short numbers; on_the_grid: where on the nine mu the loss was least."""
    columns = {name: [_short(row[name]) for row in rows] for name in KEPT}
    return {**columns, "on_the_grid": [MU[int(np.argmin(row["losses"]))] for row in rows]}


def _short(x):
    return float(f"{x:.4g}") if math.isfinite(x) else str(x)


if __name__ == "__main__":
    curves = {}
    for task in TASKS:
        for inner in INNER:
            curves.setdefault(task, {})[inner] = kept(probed(task, inner))
            print(task, inner, curves[task][inner]["mu_star"], file=sys.stderr, flush=True)
    print(json.dumps({"nala": {"k": 5, "mu": -0.5, "alpha": 0.001}, "curves": curves}))
