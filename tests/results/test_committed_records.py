"""The committed records: whole, small, and within a task comparable wherever they are of one scale and budget."""

from pathlib import Path

import pytest

import paper_figs
from nala_lab.results.comparable import BUDGETS, Arm, choose, scale_of
from nala_lab.results.records import FINISHED, LIMIT, load_records
from nala_lab.results.tables import markdown_table, results_table

FOLDER = Path(paper_figs.__file__).parent / "records"
TASKS = sorted(path.name for path in FOLDER.iterdir() if path.is_dir())
PAPER = {  # the NALA paper's settings for LeNet-5
    "nala": {"lr": 1e-3, "k": 5, "mu": -0.5, "alpha": 1e-3},
    "nag": {"lr": 0.1, "momentum": 0.1},
    "lookahead": {"lr": 1e-3, "k": 5},
    "adam": {"lr": 1e-3},
    "sgd": {"lr": 0.1},
}
LENET = [  # task, scale, budget, seeds at least
    *((task, "cpu", equal, 5) for task in ("lenet5-cifar10", "lenet5-fashion-mnist") for equal in BUDGETS),
    *(("lenet5-cifar10", "paper", equal, 5) for equal in BUDGETS),
    ("lenet5-cifar100", "paper", "timesteps", 3),
]
IMAGES = {"lenet5-fashion-mnist": 60_000, "lenet5-cifar10": 50_000, "lenet5-cifar100": 20_000}  # of CIFAR-100 a part


def protocols():
    """Every task at every scale and budget that it was run at."""
    found = {}
    for task in TASKS:
        for record in load_records(FOLDER / task):
            assert record.header["task"] == task
            config = record.header["config"]
            found.setdefault(f"{task} {config['scale']} {config['equal']}{empty(record)}", []).append(record)
    return found


def empty(record):
    """The runs from an empty slow slot came later, of a later version of the code."""
    return " empty slot" * (record.header["config"]["optimizer"].get("variant") == "released")


RUNS = protocols()


@pytest.fixture(scope="module", params=RUNS)
def records(request):
    return RUNS[request.param]


def start(record):
    """What was measured before the first step."""
    first = next(row for row in record.rows if row["kind"] == "test")
    return {name: value for name, value in first.items() if name not in ("seconds", "lr")}


def test_each_is_whole_small_and_there_once(records):
    assert all(record.path.stat().st_size < LIMIT for record in records)
    assert len({(r.optimizer, r.seed, r.header["config_hash"]) for r in records}) == len(records)


def test_they_are_of_one_version_of_the_code_on_the_same_data_and_sizes(records):
    assert len({record.header["code_sha256"] for record in records}) == 1
    assert len({record.header["data"]["sha256"] for record in records}) == 1
    for name in ("scale", "epochs", "batch_size", "log_every", "device"):
        assert len({record.header["config"][name] for record in records}) == 1


def test_at_a_seed_all_started_at_the_same_point_and_spent_the_same_gradients(records):
    for seed in {record.seed for record in records}:
        group = [record for record in records if record.seed == seed]
        assert all(start(record) == start(group[0]) for record in group)
        assert len({record.column("train", "loss")[0] for record in group}) == 1
        budget = group[0].header["config"]["equal"]
        assert len({r.footer["totals"][budget] for r in group if r.outcome == FINISHED}) == 1


def test_the_runs_from_an_empty_slot_start_where_those_of_algorithm_1_do():
    of_paper, of_slot = (RUNS[f"tflenet-cifar10 paper timesteps{which}"] for which in ("", " empty slot"))
    begun = {run.seed: (start(run), run.column("train", "loss")[0]) for run in of_paper if run.optimizer == "nala"}
    assert len(of_slot) > 1 and all((start(run), run.column("train", "loss")[0]) == begun[run.seed] for run in of_slot)


@pytest.mark.parametrize(("task", "scale", "equal", "least"), LENET)
def test_lenet_5_ran_at_the_papers_settings_on_all_images_that_are_at_hand(task, scale, equal, least):
    runs = [run for run in load_records(FOLDER / task) if scale_of(run) == scale]
    records = choose(runs, [Arm(name, name) for name in PAPER], equal=equal).records
    seeds = sorted({record.seed for record in records})
    assert [(r.optimizer, r.seed) for r in records] == [(name, seed) for name in PAPER for seed in seeds]
    last = 230 if scale == "paper" else 5
    assert len(seeds) >= least and all(r.outcome == FINISHED and r.column("test", "epoch")[-1] >= last for r in records)
    for record in records:
        config, totals = record.header["config"], record.footer["totals"]
        assert PAPER[record.optimizer].items() <= config["optimizer"].items()
        assert config["batch_size"] == 256 and config["data"]["test"] == 10_000
        assert config["data"]["train"] == IMAGES[task]
        assert all("phase" in row for row in record.rows if row["kind"] == "train")  # by the papers' clock
        spent = totals["timesteps" if equal == "timesteps" else "grad_evals"]
        assert spent == config["epochs"] * (IMAGES[task] // 256)
    rows = results_table(records)
    assert [row.optimizer for row in rows] == list(PAPER) and all(len(row.seeds) == len(seeds) for row in rows)
    assert markdown_table(rows).count("±") == 4 * len(PAPER)
