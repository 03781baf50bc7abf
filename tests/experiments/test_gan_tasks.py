"""The GAN tasks: published settings, and whole records with a picture at their end."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from nala_lab.experiments.gan.extractors import CAVEAT
from nala_lab.experiments.run.one_run import plan
from nala_lab.experiments.run.optimizers import METHODS
from nala_lab.experiments.tasks import get_task
from nala_lab.experiments.tasks.gans import GANS
from nala_lab.methods import ADALA_METHODS
from nala_lab.results.records import FINISHED, LIMIT
from tests.experiments.runs import smoke

NAMES = [task.name for task in GANS]


@pytest.mark.parametrize("name", NAMES)
def test_the_protocol_is_the_published_one(name):
    task = get_task(name)
    assert task.methods == ADALA_METHODS and (task.main, task.best) == ("fid", min)
    paper = task.scales["paper"]
    assert (paper.epochs, paper.batch_size, paper.extra["samples"], paper.train) == (100, 64, 64_000, None)
    for method in (*ADALA_METHODS, "nala", "lookahead"):
        settings = plan(name, method, seed=0, scale="paper").settings
        assert settings["lr"] == 2e-4 and settings.get("weight_decay", 0) == 0, method
        assert settings.get("betas", settings.get("inner.betas", [0.5, 0.999])) == [0.5, 0.999], method
    for method in ("adala", "adabelief"):
        assert plan(name, method, seed=0, scale="paper").settings["eps"] == 1e-12
    game = task.make.keywords["game"]
    assert game in ({"clip": 0.01}, {"penalty": 10.0, "norm": False},
                    {"clip": 0.01, "size": 64, "bounded": True}, {"penalty": 10.0, "size": 64})  # fmt: skip


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """runs(task, method): the record of a smoke run, made once."""
    out, made = tmp_path_factory.mktemp("runs"), {}

    def run(task, name):
        if (task, name) not in made:
            changes = {"k": 6} if name in ("nala", "lookahead") else {}
            made[task, name] = smoke(out, name, task=task, seed=1, changes=changes)
        return made[task, name]

    return run


AT_ONCE = [name if "released" not in name else pytest.param(name, marks=pytest.mark.slow) for name in NAMES]


@pytest.mark.parametrize("task", AT_ONCE)
def test_every_optimizer_of_the_paper_trains_it_at_smoke_scale(task, runs):
    ends = {}
    for name in (*get_task(task).methods, "nala", "lookahead"):
        record = runs(task, name)
        assert record.outcome == FINISHED and record.path.stat().st_size < LIMIT, name
        assert np.isfinite(record.column("test", "fid")).all() and record.footer["totals"]["grad_evals"] == 20
        ends[name] = record.column("test", "fid")[-1], record.column("test", "gap")[-1]
        first = record.column("train", "loss")[0], record.column("test", "fid")[0], record.column("test", "gap")[0]
        assert first == ends.setdefault("start", first), name  # all start at the same point with the same batch
    assert len(set(ends.values())) > 6  # some settings coincide after so few steps, but not all


@pytest.mark.parametrize("name", ["adala", "nala", "adam"])
def test_a_record_says_what_was_measured_and_shows_samples(name, runs):
    record = runs("wgan-gp-cifar10", name)
    data = record.header["config"]["data"]
    assert data["name"].startswith("cifar-10") and CAVEAT in data["fid"]["extractor"] and data["fid"]["samples"] == 64
    # Timesteps 0 and 12 are the critic's first of a round. NALA has spent two more gradients by then, one after every
    # 6; AdaLA two a step, so that its 20 gradients end before. A game logs at any step of a cycle.
    spent = {"adam": [0, 12], "nala": [0, 14], "adala": [0]}[name]
    assert record.column("train", "grad_evals").tolist() == spent
    assert not record.column("train", "player").any()
    (row,) = [row for row in record.rows if row["kind"] == "samples"]
    image = Image.open(io.BytesIO(base64.b64decode(row["png"])))
    assert image.size == (256, 256) and row["rows"] * row["size"] == 256 and row["grad_evals"] == 20


def test_every_method_of_the_lab_knows_whose_turn_it_is():
    """METHODS grows: a new optimizer must train two groups of which one is idle."""
    for name in METHODS.keys() - {"ntasgd"}:  # which needs a validation loss
        run = plan("wgan-cifar10", name, seed=0, scale="smoke")
        workload = run.workload()
        optimizer = run.method.build(workload.groups(), run.settings)
        workload.bind(optimizer)
        workload.start_epoch(0)
        generator = [p.detach().clone() for p in workload.model["generator"].parameters()]
        for n in range(4):  # two whole steps of any of them, and at most one slow one
            optimizer.zero_grad(set_to_none=True)
            workload.loss(n)[0].backward()
            optimizer.step()
            workload.after(n)
        idle = zip(generator, workload.model["generator"].parameters(), strict=True)
        assert all((p == q).all() for p, q in idle), name
