"""The committed sweeps: one for every table and figure, at the printed settings, found by name, and what they cost."""

from types import SimpleNamespace

import pytest

from nala_lab.cli import main
from nala_lab.experiments.commands import estimate
from nala_lab.experiments.commands.committed import committed, find
from nala_lab.experiments.run.one_run import plan
from nala_lab.experiments.run.sweeping import cells
from nala_lab.results.records import load_records
from paper_figs import FIGURES
from paper_figs.beside import arms_of
from paper_figs.beside.runs import RECORDS, TASKS, TWICE, full_size, records_of
from paper_figs.published import table

SPECS = committed()
UNTRAINED = {"nala_fig1", "adala_table1"}  # trajectories on a bowl; the list of tasks
NAMES = [name for name in FIGURES if name.startswith(("nala_", "adala_")) and name not in UNTRAINED]


def test_every_table_and_figure_that_is_trained_has_one():
    assert set(NAMES) <= SPECS.keys() and not UNTRAINED & SPECS.keys()
    assert all(name in FIGURES for name in SPECS if name.startswith(("nala_", "adala_")))


@pytest.mark.parametrize("name", NAMES)
def test_its_runs_are_the_lines_of_the_published_table_at_the_printed_settings(name):
    row = FIGURES[name]
    paper, _, what = name.partition("_")
    number = row.arguments.get("printed", 4 if "samples" in row.draw else row.arguments["number"])
    printed, twice = table(paper, number), row.arguments.get("twice", False)
    tasks = list(dict.fromkeys(TASKS[column.model, column.dataset] for column in printed.columns))
    tasks += [task + TWICE for task in tasks if twice]
    todo, seeds = cells(SPECS[name]), SPECS[name]["seeds"]
    left = [(cell, cell.run()) for cell in todo]
    for task in tasks:
        for arm in arms_of(printed):
            mine = [one for one in left if (one[0].task, one[0].optimizer) == (task, arm.optimizer)
                    and arm.settings.items() <= one[1].settings.items()]  # fmt: skip
            assert [cell.seed for cell, _ in mine] == seeds, f"{task} {arm}"
            left = [one for one in left if one not in mine]
    assert not left
    for run in (cell.run() for cell in todo):
        assert run.scale.epochs == full_size(run.task.name)["epochs"]
        assert (run.scale_name, run.scale.train, run.scale.batches) == ("paper", None, None)
        assert run.options.equal == "timesteps"


@pytest.mark.parametrize("name", SPECS)
def test_its_smoke_twin_can_be_planned(name):
    twin = cells({**SPECS[name], "scale": "smoke", "seeds": [0]})
    assert len(twin) * len(SPECS[name]["seeds"]) == len(cells(SPECS[name]))


def test_files_and_tables_of_files_have_names(tmp_path, monkeypatch):
    monkeypatch.setattr("nala_lab.experiments.commands.committed.find_spec",
                        lambda name: SimpleNamespace(origin=str(tmp_path / "__init__.py")))  # fmt: skip
    (tmp_path / "sweeps").mkdir()
    files = {
        "one": 'tasks = ["a"]',
        "space": "[nala]\nlr = [0.1]",
        "more": 'scale = "smoke"\nseeds = [1]\n[x]\nalso = ["y"]\ntasks = ["b"]\n[z]\ntasks = ["c"]\nseeds = [2]',
    }
    for name, text in files.items():
        (tmp_path / "sweeps" / f"{name}.toml").write_text(text, encoding="utf-8")
    x, z = ({"tasks": [task], "scale": "smoke", "seeds": [seed]} for task, seed in (("b", 1), ("c", 2)))
    assert committed() == {"one": {"tasks": ["a"]}, "x": x, "y": x, "z": z}
    assert find("y") == x and find(str(tmp_path / "sweeps" / "one.toml")) == {"tasks": ["a"]}
    with pytest.raises(ValueError, match=r"SPEC must satisfy SPEC in \{'x', 'y', 'z', 'one'\}, got SPEC='more'"):
        find("more")
    monkeypatch.setattr("nala_lab.experiments.commands.committed.find_spec", lambda name: None)
    assert committed() == {}


def dry(capsys, *words):
    assert main(["sweep", *words, "--dry-run"]) == 0
    return capsys.readouterr().out.splitlines()


def test_what_a_dry_run_counts_is_what_the_runs_spend(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(estimate, "SECONDS", 0.01)
    spec = tmp_path / "s.toml"
    spec.write_text('tasks = ["lenet5-digits"]\noptimizers = ["nala", "adam"]\nseeds = [0, 7]\nscale = "cpu"\n'
                    '[options]\nequal = "timesteps"', encoding="utf-8")  # fmt: skip
    words = (str(spec), "--scale", "smoke", "--seeds", "0", "--epochs", "2", "--threads", "1")
    *labels, line, total = dry(capsys, *words)
    assert main(["sweep", *words, "--out", str(tmp_path / "out"), "--quiet"]) == 0
    records = load_records(tmp_path / "out")
    totals = [record.footer["totals"] for record in records]
    spent, images = (sum(one[name] for one in totals) for name in ("grad_evals", "images"))
    assert labels == ["lenet5-digits nala seed 0", "lenet5-digits adam seed 0"]
    assert f"2 runs, {spent:,} gradients, {images:,} images; " in line and line.endswith("digits, 1,024 images")
    assert total.startswith(f"2 runs, {spent:,} gradients: about 0.00 hours") and "(cpu, threads: 1; " in total
    assert "checkpoint of up to 1.0 MB" in total  # of NALA: weights, slow weights and Adam's moments


@pytest.mark.parametrize(
    ("name", "gradients"),
    # Whole mini-batches of 50,000 images; for 5 timesteps NALA spends 6 gradients, for one AdaLA 2.
    [("nala_table1", 2 * 5 * 230 * 195 * (4 + 6 / 5)), ("adala_table2", 3 * 3 * 200 * 390 * (9 + 2))],
)
def test_without_data_it_is_timed_on_generated_ones_and_counted_by_the_published_size(
    name, gradients, monkeypatch, capsys
):
    monkeypatch.delenv("NALA_LAB_DATA", raising=False)
    monkeypatch.setattr(estimate, "_timed", lambda run, workload: (3600.0, 5_000_000, 0.24))
    *lines, total = dry(capsys, name, "--device", "cpu")
    tasks = [line for line in lines if "the data are not at hand" in line]
    assert len(tasks) == len(SPECS[name]["tasks"]) and "cifar-10 (generated), 1,024 images: the data" in tasks[0]
    assert f", {gradients:,.0f} gradients: about {gradients:,.0f} hours" in total and "up to 5.0 MB" in total
    assert "other processes kept up to 0.2 cores busy" in total


@pytest.mark.parametrize(
    ("task", "name"), [("lenet5-cifar10", "nala"), ("lstm1-ptb", "adam"), ("wgan-cifar10", "adam")]
)
def test_the_bytes_of_a_record_are_those_of_the_committed_ones(task, name):
    record = next(one for one in records_of(RECORDS / task) if one.optimizer == name)
    run = plan(task, name, seed=0, scale=record.header["config"]["scale"])
    size = estimate._record(run, record.footer["totals"]["grad_evals"])
    assert size == pytest.approx(record.path.stat().st_size, rel=0.2)  # to know it to a fifth is enough


@pytest.mark.slow
def test_the_smoke_twin_of_a_grid_runs_to_its_end(tmp_path, capsys):
    """That each task runs with each optimizer is `tests.experiments.test_every_task`; this is one by its name."""
    words = ("nala_table8", "--scale", "smoke", "--seeds", "0", "--threads", "1")
    *_, total = dry(capsys, *words)
    assert main(["sweep", *words, "--out", str(tmp_path), "--quiet", "--device", "cpu"]) == 0
    records = load_records(tmp_path)
    spent = sum(record.footer["totals"]["grad_evals"] for record in records)
    assert total.startswith(f"15 runs, {spent:,} gradients: ")
    found = {(record.task, record.header["config"]["optimizer"]["mu"]) for record in records}
    assert len(found) == 15 and {mu for _, mu in found} == {-0.3, -0.4, -0.5, -0.6, -0.7}
    assert all(record.header["config"]["equal"] == "timesteps" for record in records)
