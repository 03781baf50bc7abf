"""Grids over k, mu and alpha beside the runs at the centre: each table, figure and claim takes the runs it means."""

from __future__ import annotations

import numpy as np
import pytest

from nala_lab.methods.task_settings import default_settings
from nala_lab.results.comparable import runs_of
from paper_figs import FIGURES
from paper_figs.beside import arms_of, pick
from paper_figs.ledger import load
from paper_figs.ledger.by_records import by_records
from paper_figs.published import table
from tests.paper_figs.made import make

TASK = "lenet5-cifar100"
TABLES = (7, 8, 9)
CENTRE = default_settings(TASK, "nala")


def run(folder, seed, loss, tag, **change):
    rows = [("train", {"timestep": step, "grad_evals": step, "loss": loss + 0.5 / (1 + step), "accuracy": 1 - loss})
            for step in (0, 20)]  # fmt: skip
    make(folder, TASK, "nala", seed, tag=tag, change=rows, settings={**CENTRE, **change})


@pytest.fixture
def grid(tmp_path):
    """Five seeds at the centre, two at every other setting of Tables 7 to 9, and further ones that no table has."""
    level = {}
    for number in TABLES:
        for arm in arms_of(table("nala", number)):
            setting = tuple(arm.settings[key] for key in ("k", "mu", "alpha"))
            level.setdefault(setting, 0.1 + 0.05 * len(level))
    for (k, mu, alpha), loss in level.items():  # k is a float in a table, an integer in a record
        middle = (k, mu, alpha) == (5, -0.5, 0.001)
        for seed in range(5 if middle else 2):
            run(tmp_path, seed, loss + 0.001 * seed, f"-{int(k)}-{mu}-{alpha}", k=int(k), mu=mu, alpha=alpha)
    for seed in range(6):  # a trial, run more often than anything else
        run(tmp_path, seed, 0.01, "-trial", lr=0.01)
        run(tmp_path, seed, 0.01, "-batch", inner_state="reset")
    return tmp_path, level


@pytest.mark.parametrize("number", TABLES)
def test_each_line_of_tables_7_to_9_is_of_its_own_setting(grid, number):
    folder, level = grid
    lines = FIGURES[f"nala_table{number}"].drawing(folder=folder).table.rows
    arms = arms_of(table("nala", number))
    for arm, line in zip(arms, lines, strict=False):
        setting = tuple(arm.settings[key] for key in ("k", "mu", "alpha"))
        seeds = 5 if setting == (5, -0.5, 0.001) else 2
        want = [level[setting] + 0.001 * seed + 0.5 / 21 for seed in range(seeds)]
        assert line[2] == f"{np.mean(want):.4f} ± {np.std(want, ddof=1):.4f} [{seeds}]"
    picked = pick(TASK, arms, folder)
    assert picked.seeds == "2 to 5" and sum(map(len, picked.by_arm.values())) == 2 * (len(arms) - 1) + 5


def test_what_says_nala_and_no_more_shows_the_centre(grid):
    folder, level = grid
    wanted = {f"nala-5--0.5-0.001-seed{seed}.jsonl" for seed in range(5)}
    assert {record.path.name for record in runs_of(folder, TASK)} == wanted
    assert {record.path.name for record in pick(TASK, arms_of(table("nala", 1)), folder).by_arm["NALA"]} == wanted
    ax = FIGURES["nala_fig2"].drawing(folder=folder).figure.axes[1]  # loss on CIFAR-100
    dots = [float(line.get_xdata()[0]) for line in ax.lines if line.get_marker() == "o"]  # one a seed
    assert sorted(dots) == pytest.approx([level[5, -0.5, 0.001] + 0.001 * seed + 0.5 / 21 for seed in range(5)])


def test_a_claim_on_the_grid_pairs_each_setting_with_the_centre(grid):
    folder, level = grid
    claim = next(one for one in load().claims if any("than" in t and {"name": "nala", "k": 3} in t["than"]
                                                     for t in one.tests))  # fmt: skip
    test = next(test for test in claim.tests if "records" in test)
    said = by_records(test, load(), folder).words
    for k in (3, 4, 6, 7):  # accuracy is 1 - loss in these runs
        gap = level[k, -0.5, 0.001] - level[5, -0.5, 0.001]
        assert f"NALA - NALA, k = {k} {gap:+.4g} at every seed, n = 2," in said
