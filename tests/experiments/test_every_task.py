"""Every task runs with every optimizer of its paper at smoke scale, on generated data, and on real data if present."""

import math

import pytest

from nala_lab.experiments.data.fetch import FASHION_MNIST, data_folders
from nala_lab.experiments.tasks import SCALES, TASKS
from nala_lab.results.records import FINISHED
from tests.experiments.runs import smoke

# The file of a data set whose presence says that it is there.
FILES = {"fashion-mnist": tuple(FASHION_MNIST), "cifar-10": ("cifar10_lossless.npz",),
         "cifar-100": ("cifar100_part.npz",), "ptb": ("ptb.train.txt",), "wikitext2": ("wikitext2.train.txt",),
         "digits": ()}  # fmt: skip
GRID = [(task.name, name) for task in TASKS.values() for name in task.methods]
NETWORKS = {task.model_name: task for task in TASKS.values()}
# In the quick tests each network has its turn, and from network to network the optimizer changes.
QUICK = {(task.name, task.methods[i % len(task.methods)]) for i, task in enumerate(NETWORKS.values())}


def check(record, task):
    """A whole record of finite numbers, with the three x-axes, the main metric, and the loss where there is one."""
    assert record.outcome == FINISHED, record.footer
    totals = record.footer["totals"]
    assert totals["grad_evals"] >= totals["timesteps"] >= 1 and totals["seconds"] > 0 and totals["other_cores"] >= 0
    assert len(record.column("train", "loss")) >= 1
    epochs = [row["epoch"] for row in record.rows if row["kind"] == "test"]
    assert epochs == list(range(TASKS[task].scales["smoke"].epochs + 1))
    main = TASKS[task].main
    values = [row.get(name) for row in record.rows if row["kind"] == "test" for name in (main, f"fast_{main}")]
    assert all(math.isfinite(value) for value in values)
    assert all(math.isfinite(row["loss"]) for row in record.rows if "loss" in row)
    assert record.path.stat().st_size < 100_000


def slow_unless_quick(pair):
    return pytest.param(*pair, id="-".join(pair), marks=() if pair in QUICK else pytest.mark.slow)


@pytest.mark.parametrize(("task", "name"), [slow_unless_quick(pair) for pair in GRID])
def test_on_generated_data(task, name, tmp_path):
    record = smoke(tmp_path, name, task=task)
    check(record, task)
    data = record.header["data"]["name"]
    assert data == "digits" or data.endswith(" (generated)")


def real(task):
    files = FILES.get(task.data, ())
    return pytest.param(task.name, id=task.name, marks=[pytest.mark.slow, pytest.mark.data(*files)])


@pytest.mark.parametrize("task", [real(task) for task in TASKS.values() if task.data != "digits"])
def test_on_real_data(task, tmp_path):
    chosen = TASKS[task]
    record = smoke(tmp_path, chosen.methods[0], task=task, folders=data_folders())
    check(record, task)
    assert "generated" not in record.header["data"]["name"]


def test_every_task_has_every_scale_and_says_where_it_comes_from():
    for task in TASKS.values():
        assert tuple(task.scales) == SCALES and task.source and task.data in FILES
        assert set(task.settings) <= set(task.methods) | {"nala", "lookahead", "sgd", "nag", "ntasgd"}, task.name
        sizes = [scale.epochs * (scale.train or 10**9) for scale in task.scales.values()]
        assert sizes == sorted(sizes), f"{task.name}: smoke <= cpu <= paper"
