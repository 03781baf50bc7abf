"""The 21 drawings of the two papers show what the records hold, and say so where there are none."""

from __future__ import annotations

import re
from functools import cache
from xml.etree import ElementTree

import numpy as np
import pytest

from nala_lab.plots import COLOURS
from nala_lab.results.metrics import value_of
from nala_lab.results.records import load_records, read_record
from paper_figs import FIGURES, drawing_of
from paper_figs.beside import RECORDS, samples_drawing
from paper_figs.beside import runs as beside_runs
from paper_figs.beside.captions import caption
from paper_figs.beside.limits import RULE
from paper_figs.beside.runs import TASKS, arms_of, pick
from paper_figs.beside.samples import page_of
from paper_figs.beside.values import metric_of
from paper_figs.drawing import Table
from paper_figs.published import table
from tests.paper_figs.made import make, make_all, picture

NAMES = tuple(name for name in FIGURES if re.fullmatch("(nala|adala)_(fig|table)[0-9]", name))
FROM_RECORDS = tuple(name for name in NAMES if name != "nala_fig1")
CURVES = {"nala_fig2": (1, "train", "timestep"), "nala_fig3": (3, "train", "timestep"),
          "nala_fig4": (5, "train", "timestep"), "adala_fig1": (2, "test", "epoch"),
          "adala_fig2": (3, "test", "epoch")}  # fmt: skip
Y = {"loss": ("loss", 1), "accuracy": ("accuracy", 1), "accuracy_percent": ("accuracy", 100),
     "perplexity": ("perplexity", 1)}  # fmt: skip


@cache
def draw(name, folder):
    return FIGURES[name].drawing(folder=folder)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """All runs of both papers, made up."""
    out = tmp_path_factory.mktemp("records")
    make_all(out, seeds=(0, 1), rows=12)
    return out


def task_of(column):
    return TASKS[column.model, column.dataset]


def test_each_figure_and_table_of_the_papers_is_registered_once():
    counts = {kind: sum(name.startswith(kind) for name in NAMES)
              for kind in ("nala_fig", "nala_table", "adala_fig", "adala_table")}  # fmt: skip
    assert counts == {"nala_fig": 4, "nala_table": 9, "adala_fig": 4, "adala_table": 4}


@pytest.mark.parametrize("runs", ["none", "all", "committed"])
@pytest.mark.parametrize("name", FROM_RECORDS)
def test_nothing_is_drawn_empty_or_without_its_words(name, runs, folder, tmp_path):
    drawing = draw(name, {"none": tmp_path, "all": folder, "committed": RECORDS}[runs])
    for part in ("Scale and number of seeds:", "seed", "Mean and spread:", "Metric:", "x-axis:", "mean"):
        assert part in drawing.caption
    assert drawing.title and drawing.table.rows
    assert ("table" in name) == (drawing.figure is None) == (not drawing.alt)
    axes = [] if drawing.figure is None else drawing.figure.axes
    for ax in axes:
        assert ax.lines or ax.texts or ax.images or not ax.axison  # not axison: a cell of the grid that nothing needs
    texts = [text.get_text() for ax in axes for text in (*ax.texts, ax.title)]
    texts += [] if axes else [cell for row in drawing.table.rows for cell in row]
    said = any("not yet run" in text for text in texts)
    if runs != "committed":
        assert said == (runs == "none") and ("not yet run" in drawing.caption) == said


def test_a_caption_says_which_task_was_run_at_which_budget():
    runs = [pick(task, arms_of(table("nala", number)), RECORDS)  # committed: the papers' budget, and the other alone
            for task, number in (("lenet5-cifar10", 1), ("alexnet-cifar10", 3))]  # fmt: skip
    told = caption("Two tasks.", runs, metrics=(), spread="", xaxis="")
    assert "the same number of timesteps (lenet5-cifar10) or gradients (alexnet-cifar10)." in told
    assert "the same number of timesteps." in draw("nala_table1", RECORDS).caption
    assert "the same number of gradients." in draw("nala_fig3", RECORDS).caption
    assert not any("  " in draw(name, RECORDS).caption for name in FROM_RECORDS)


def test_a_table_says_of_each_line_at_what_it_was_measured():
    told = {number: draw(f"nala_table{number}", RECORDS).caption for number in (1, 5, 8)}
    # section "Experiments on LeNet-5": 0.001 for three of them, 0.1 for NAG and SGD, whose momentum is 0.1 and 0
    assert "NAG: lr = 0.1, momentum = 0.1; Lookahead: lr = 0.001, k = 5; Adam: lr = 0.001; SGD: lr = 0.1," in told[1]
    assert "with NALA: lr = 0.0002, k = 5, mu = -0.5, alpha = 0.001; Lookahead: lr = 0.0002" in told[5]
    assert "Measured with k = 5, alpha = 0.001, lr = 0.001. " in told[8]


def test_the_words_for_who_does_not_see_a_figure_say_what_is_drawn(tmp_path):
    curves, dots, pages = (draw(name, RECORDS) for name in ("nala_fig2", "adala_fig1", "adala_fig3"))
    thick = [line for ax in curves.figure.axes for line in ax.lines if not line.get_label().startswith("_")]
    ends = re.findall(r"(\S+) ends at ([\d.]+\d)", curves.alt)
    assert ends == [(line.get_label(), f"{line.get_ydata()[-1]:.4g}") for line in thick] and len(ends) == 20
    assert "a dot a run" in dots.alt and "against epoch" not in dots.alt
    assert "none: each dot is one run" in dots.caption and "x-axis: test accuracy (%) at the end" in dots.caption
    assert "FID" not in pages.alt  # every optimizer has a page
    assert "no page for AdaLA, AdaBelief" in draw("adala_fig3", tmp_path).alt


@pytest.mark.parametrize("name", CURVES)
def test_the_lines_of_a_figure_are_the_records(name, folder):
    number, row, x = CURVES[name]
    printed = table(name.partition("_")[0], number)
    columns = (0, 2, 1, 3) if row == "train" else (0, 1, 2)
    checked = 0
    for ax, column in zip(draw(name, folder).figure.axes, (printed.columns[i] for i in columns), strict=True):
        y, factor = Y[column.quantity]
        drawn = {line.get_color(): line for line in ax.lines}
        found = pick(task_of(column), arms_of(printed), folder)
        for label, group in found.by_arm.items():
            line = drawn[COLOURS[label.lower()]]
            assert np.array_equal(line.get_xdata(), group[0].column(row, x))
            want = np.mean([factor * record.column(row, y) for record in group], axis=0)
            assert np.array_equal(line.get_ydata(), want) and len(group) == 2
            checked += 1
    assert checked == len(columns) * len(printed.rows)


def cell_of(printed, head, number, folder):
    """The measured cell, computed from the files without the code under test."""
    column = printed.columns[number]
    arm = {arm.label: arm for arm in arms_of(printed)}[head]
    records = [r for r in load_records(folder / task_of(column)) if arm.fits(r)]
    assert len(records) == 2
    if column.quantity == "timesteps":
        reach = [[row["timestep"] for row in r.rows if row["kind"] == "train" and row["accuracy"] >= column.target]
                 for r in records]  # fmt: skip
        values = [min(steps, default=None) for steps in reach]
        if None in values:
            return None
    else:
        kind = "train" if column.quantity in ("loss", "accuracy") else "test"
        y = column.quantity.removesuffix("_percent")
        best = max if y == "accuracy" else min
        values = [best(row[y] for row in r.rows if row["kind"] == kind) for r in records]
    scale, digits = (100, 2) if column.quantity == "accuracy_percent" else (1, {"loss": 4, "accuracy": 4}.get(
        column.quantity, 0 if column.quantity == "timesteps" else 2))  # fmt: skip
    a, b = (scale * value for value in values)
    return f"{(a + b) / 2:,.{digits}f} ± {abs(a - b) / 2**0.5:,.{digits}f} [2]"


@pytest.mark.parametrize("name", [name for name in NAMES if "table" in name and name != "adala_table1"])
def test_the_cells_of_a_table_are_printed_and_recorded_numbers(name, folder):
    paper, _, number = name.partition("_table")
    printed = table(paper, int(number))
    drawing = draw(name, folder)
    step = (len(drawing.table.columns) - 1) // len(printed.columns)  # 3 where the softmax is also taken twice
    checked = 0
    for row, line in zip(printed.rows, drawing.table.rows, strict=False):
        for i, cell in enumerate(row.cells):
            published, measured = line[1 + step * i], line[2 + step * i]
            assert published == cell.printed + (" †" if cell.slip else "")
            want = cell_of(printed, row.head, i, folder)
            assert measured == want or (want is None and "not reached" in measured)
            checked += want is not None
    assert checked > len(printed.rows)
    for cell in printed.cells():
        assert not cell.slip or cell.note in drawing.caption


@pytest.mark.parametrize("name", [name for name in FROM_RECORDS if "fig" not in name])
def test_a_table_in_html_has_its_heads_over_its_columns_and_its_slips_marked(name, folder):
    made = draw(name, folder).table
    root = ElementTree.fromstring(made.html())
    above, below = root.find("thead")
    spans = [(int(head.get("colspan", 1)), head.get("rowspan")) for head in above]
    names, groups = iter(below), []
    for head, (span, both) in zip(above, spans, strict=True):
        groups += [("", head.text)] if both else [(head.text, next(names).text) for _ in range(span)]
    assert tuple(f"{group}: {text}" if group else text for group, text in groups) == made.columns
    assert not list(names) and len(above) < len(made.columns)
    assert [[cell.text for cell in row] for row in root.find("tbody")] == [list(row) for row in made.rows]
    marked = [cell.text for cell in root.iter("td") if "slip" in cell.get("class", "")]
    paper, _, number = name.partition("_table")
    slips = [cell.printed for cell in table(paper, int(number)).cells() if cell.slip]
    assert marked == [f"{text} †" for text in slips] and all(text in made.note for text in slips)


def test_what_html_reads_as_markup_is_escaped():
    made = Table(("a < b", "|g|"), (("<i>", "x & y"),), "<b>", groups=("", "'\"&"))
    root = ElementTree.fromstring(made.html())
    texts = [element.text for element in root.iter() if not len(element)]
    assert texts == ["<b>", "a < b", "'\"&", "|g|", "<i>", "x & y"]
    assert made.markdown().splitlines()[0].count("|") == 3  # a cell's own stroke does not end it


def test_a_page_of_samples_is_the_picture_of_the_record(tmp_path):
    text, pixels = picture(np.random.default_rng(3))
    rows = [("test", {"epoch": 1, "timestep": 1, "grad_evals": 1, "fid": 91.5}), ("samples", {"png": text})]
    make(tmp_path, "wgan-gp-cifar10", "adala", 0, change=rows)
    drawing = samples_drawing(4, 1, tmp_path)
    shown = [np.asarray(image.get_array()) for ax in drawing.figure.axes for image in ax.images]
    assert len(shown) == 1 and np.array_equal(np.rint(255 * shown[0][..., :3]), pixels)
    drawing.figure.draw_without_rendering()
    assert len({round(ax.get_position().y1, 3) for ax in drawing.figure.axes[:4]}) == 1  # words stand as pictures do
    assert "FID: 91.50 [1]" in drawing.figure.axes[1].get_title() and "a stand-in" in drawing.caption


def test_the_committed_pages_of_samples_can_be_read():
    for task in ("wgan-cifar10", "wgan-gp-cifar10"):
        for group in pick(task, arms_of(table("adala", 4))).by_arm.values():
            assert all(page_of(record).ndim == 3 for record in group if record.outcome == "finished")


def test_the_largest_scale_is_shown_and_the_rest_is_counted(tmp_path):
    arms = arms_of(table("nala", 1))
    make(tmp_path, "lenet5-cifar10", "adam", 0, tag="-a", scale="smoke")
    make(tmp_path, "lenet5-cifar10", "adam", 0, tag="-b", scale="cpu")
    make(tmp_path, "lenet5-cifar10", "adam", 1, tag="-b", scale="cpu")
    make(tmp_path, "lenet5-cifar10", "nala", 0, tag="-c", scale="cpu", equal="timesteps", epochs=3)
    make(tmp_path, "lenet5-cifar10", "adam", 0, tag="-d", settings={"lr": 0.1})  # no run of Table 1
    runs = pick("lenet5-cifar10", arms, tmp_path)
    assert runs.size == "cpu scale (4 of 230 epochs, batch 256), 2 seeds" and runs.left_out == 2
    assert {record.path.name for record in runs.by_arm["Adam"]} == {"adam-b-seed0.jsonl", "adam-b-seed1.jsonl"}


def test_a_run_at_the_papers_scale_that_was_cut_says_so(tmp_path):
    make(tmp_path, "lenet5-cifar10", "adam", 0, scale="paper", epochs=3, data={"name": "cifar-10 (generated)"})
    runs = pick("lenet5-cifar10", arms_of(table("nala", 1)), tmp_path)
    assert runs.size == "paper scale cut short (3 of 230 epochs, batch 256, generated data), 1 seed"


def test_part_of_the_data_and_a_lower_precision_are_said(tmp_path):
    make(tmp_path, "lenet5-cifar100", "adam", 0, precision="bf16", in_config={"data": {"train": 20_000, "test": 100}})
    runs = pick("lenet5-cifar100", arms_of(table("nala", 1)), tmp_path)
    assert runs.size == "cpu scale (4 of 230 epochs, batch 256, 40 % of the training data, bf16), 1 seed"
    assert "1 seed, tested on 100 images" in draw("nala_table1", tmp_path).caption
    make(tmp_path, "lstm2-ptb", "adam", 0, in_config={"data": {"test": 2000}})
    drawing = draw("adala_fig2", tmp_path)
    assert (
        drawing.figure.axes[1].get_title().replace("\n", " ").count("1\N{NO-BREAK SPACE}seed, tested on 2,000 words")
        == 1
    )
    assert "lstm2-ptb: cpu scale (4 of 200 epochs, batch 256), 1 seed, tested on 2,000 words" in drawing.caption


def test_diverged_runs_are_counted_and_not_averaged(tmp_path):
    rows = [("train", {"timestep": 0, "grad_evals": 0, "loss": 0.5, "accuracy": 0.25})]
    make(tmp_path, "lenet5-cifar10", "nala", 0, change=rows)
    make(tmp_path, "lenet5-cifar10", "nala", 1, change=[("train", {**rows[0][1], "loss": 0.1})], outcome="diverged")
    make(tmp_path, "lenet5-cifar10", "adam", 0, change=rows, outcome="diverged")
    line = {row[0]: row for row in draw("nala_table1", tmp_path).table.rows}
    assert line["NALA"][2] == "0.5000 [1], 1 diverged" and line["Adam"][2] == "1 diverged"
    assert {row[0]: row for row in draw("nala_table2", tmp_path).table.rows}["NALA"][2] == "not reached [1], 1 diverged"
    assert "not shown (not run or diverged): NAG" in draw("nala_fig2", tmp_path).figure.axes[0].get_title()


def test_a_drawing_can_be_asked_for_by_name():
    assert drawing_of("nala_table9").table.columns[0] == "Step size α"


def test_an_untrained_network_is_no_candidate_for_the_best_epoch(tmp_path):
    rows = [("test", {"epoch": epoch, "timestep": epoch, "grad_evals": epoch, "fid": fid})
            for epoch, fid in ((0, 10.0), (1, 30.0), (2, 20.0))]  # fmt: skip
    record = read_record(make(tmp_path, "wgan-cifar10", "adam", 0, change=rows))
    assert value_of(record, metric_of(table("adala", 4).columns[0]).metric) == 20.0


def test_an_axis_ends_where_a_jump_would_take_it_and_says_so(tmp_path):
    rows = [("train", {"timestep": step, "grad_evals": step, "loss": 90.0 if step == 1 else 2 + 0.01 * (step % 7),
                       "accuracy": 0.1 + 0.001 * step}) for step in range(60)]  # fmt: skip
    make(tmp_path, "alexnet-cifar10", "adam", 0, change=rows)
    drawing = draw("nala_fig3", tmp_path)
    loss, _, accuracy, _ = drawing.figure.axes
    low, high = loss.get_ylim()
    assert 1.9 < low < 2 < 2.06 < high < 2.2
    assert [text.get_text() for text in loss.texts] == ["↑ off the axis, up to 90"]
    assert not accuracy.texts and RULE in drawing.caption
    assert max(map(max, (line.get_ydata() for line in loss.lines))) == 90  # what is drawn is still what was recorded
    make(tmp_path, "alexnet-cifar10", "adam", 0, change=rows[2:])
    beside_runs.records_of.cache_clear()
    plain = FIGURES["nala_fig3"].drawing(folder=tmp_path)
    assert not plain.figure.axes[0].texts and RULE not in plain.caption
