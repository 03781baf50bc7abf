"""Records of runs that never happened, written for the tests: every number in them is drawn from a named stream."""

from __future__ import annotations

import base64
import io

import numpy as np
from PIL import Image

from nala_lab.core import stream
from nala_lab.results.records import RecordWriter
from paper_figs.beside.runs import TASKS, TWICE, arms_of
from paper_figs.published import table

SETTINGS = {"nala": {"lr": 0.001, "k": 5, "mu": -0.5, "alpha": 0.001}, "lookahead": {"lr": 0.001, "k": 5}}
CPU = {"scale": "cpu", "epochs": 4, "batch_size": 256, "batches": None, "equal": "grad_evals"}


def picture(rng):
    """A page of 2 x 2 images of 4 x 4 pixels, as a record holds it, and its pixels."""
    pixels = rng.integers(0, 256, size=(8, 8, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode("ascii"), pixels


def rows_of(task, optimizer, rng, rows=40, epochs=4):
    """(kind, values) of a run: training rows with timesteps that depend on the optimizer, test rows an epoch."""
    steps = {"nala": 5 / 6, "adala": 0.5}.get(optimizer, 1.0)
    for i in range(rows):
        loss = 2.3 * np.exp(-3 * i / rows) + 0.2 * rng.random()
        accuracy = rng.integers(int(200 * i / rows), int(200 * i / rows) + 50) / 256
        yield "train", {"timestep": int(steps * 20 * i), "grad_evals": 20 * i, "loss": float(loss),
                        "accuracy": float(accuracy)}  # fmt: skip
    for epoch in range(epochs + 1):
        fall = np.exp(-epoch / 2) + 0.05 * rng.random()
        values = {"perplexity": 90 + 9000 * fall} if "ptb" in task else {"accuracy": 1 - 0.8 * fall}
        values = {"fid": 80 + 300 * fall} if "gan" in task else values
        yield "test", {"epoch": epoch, "timestep": int(steps * 200 * epoch), "grad_evals": 200 * epoch,
                       **{key: float(value) for key, value in values.items()}}  # fmt: skip
    if "gan" in task:
        yield "samples", {"rows": 2, "columns": 2, "size": 4, "png": picture(rng)[0]}


def make(folder, task, optimizer, seed, *, outcome="finished", tag="", rows=40, data=None, change=None, in_config=None,
         **config):  # fmt: skip
    """Write one record and return its path; `change` replaces rows, `config` and `in_config` entries of the
    configuration."""
    settings = {**SETTINGS.get(optimizer, {"lr": 0.001}), **config.pop("settings", {})}
    data = {"name": "cifar-10", **({"fid": {"extractor": "a stand-in", "samples": 64}} if "gan" in task else {}),
            **(data or {})}  # fmt: skip
    config = {**CPU, **config, **(in_config or {}), "seed": seed, "optimizer": {"name": optimizer, **settings}}
    header = {"task": task, "optimizer": optimizer, "seed": seed, "config": config, "data": data, "versions": {},
              "platform": {}}  # fmt: skip
    path = folder / task / f"{optimizer}{tag}-seed{seed}.jsonl"
    with RecordWriter(path, header) as out:
        rng = stream(seed, "made", task, optimizer, tag)
        for kind, values in change or rows_of(task, optimizer, rng, rows, config["epochs"]):
            out.row(kind, seconds=0.0, **values)
        out.finish(outcome, totals={"timesteps": 1, "grad_evals": 1, "images_per_second": 1.0})
    return path


def make_all(folder, seeds=(0, 1, 2), rows=40):
    """A record for every arm of every table of both papers, once for each seed."""
    written = set()
    for paper, numbers in (("nala", (1, 3, 5, 7, 8, 9)), ("adala", (2, 3, 4))):
        for number in numbers:
            printed = table(paper, number)
            for column in printed.columns:
                task = TASKS[column.model, column.dataset]
                for name in (task, task + TWICE) if number == 5 else (task,):
                    for arm in arms_of(printed):
                        key = (name, arm.optimizer, tuple(arm.settings.items()))
                        if key not in written:
                            written.add(key)
                            for seed in seeds:
                                make(folder, name, arm.optimizer, seed, tag=f"-{len(written)}", rows=rows,
                                     settings=arm.settings)  # fmt: skip
