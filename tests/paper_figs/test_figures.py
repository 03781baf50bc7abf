"""Every figure is registered, renders, and shows the numbers of the runs and records it is drawn from."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

import paper_figs
from nala_lab.plots import COLOURS, ROLES
from nala_lab.results.records import RecordError, RecordWriter, load_records
from paper_figs import FIGURES, Figure, drawing_of, family_map, nala_fig1
from paper_figs.__main__ import main
from paper_figs.beside.runs import RECORDS, records_of
from paper_figs.drawing import write
from paper_figs.results_images import by_optimizer, curves, draw, finals, in_words, judged, results_table

TASK, OTHER = "lenet5-fashion-mnist", "lenet5-cifar10"
ACCURACY = {("nala", 0): 0.81, ("nala", 1): 0.85, ("sgd", 0): 0.71, ("sgd", 1): 0.70}


def record(folder, optimizer, seed, *, accuracy=0.5, outcome="finished", lr=0.1):
    header = {"task": TASK, "optimizer": optimizer, "seed": seed, "data": {}, "versions": {},
              "platform": {}, "config": {"lr": lr, "batch_size": 256}}  # fmt: skip
    with RecordWriter(folder / f"{optimizer}-{seed}.jsonl", header) as out:
        out.row("test", epoch=0, timestep=0, grad_evals=0, seconds=0.0, loss=2.3, accuracy=0.1, fast_accuracy=0.1)
        out.row("train", timestep=0, grad_evals=0, seconds=0.0, loss=2.4, accuracy=0.1)
        out.row("train", timestep=5, grad_evals=6, seconds=1.0, loss=0.9 + seed, accuracy=0.6)
        for epoch in (1, 2):
            out.row("test", epoch=epoch, timestep=10 * epoch, grad_evals=12 * epoch, seconds=1.5 * epoch,
                    loss=(1 - accuracy) * (3 - epoch), accuracy=accuracy, fast_accuracy=0.1)  # fmt: skip
        out.finish(outcome, totals={"timesteps": 20, "grad_evals": 24, "images_per_second": 1.0})


@pytest.fixture
def records(tmp_path):
    for (optimizer, seed), accuracy in ACCURACY.items():
        record(tmp_path / TASK, optimizer, seed, accuracy=accuracy)
    return tmp_path / TASK


def test_every_file_of_a_figure_is_registered():
    shared = {"__init__", "__main__", "drawing", "figures"}
    here = {path.stem for path in RECORDS.parent.glob("*.py")} - shared
    assert here == {row.draw.partition(":")[0] for row in FIGURES.values() if "." not in row.draw}


def test_the_family_map_says_what_the_checks_found(monkeypatch):
    rows = family_map.edge_checks()
    rows["E07"] = replace(rows["E07"], error=9 * rows["E07"].tolerance + 1)
    monkeypatch.setattr(family_map, "edge_checks", lambda: rows)
    drawing = family_map.draw()
    verdicts = {row[0]: row[-1] for row in drawing.table.rows}
    assert verdicts.pop("E07") == "fail" and set(verdicts.values()) == {"pass"} and len(verdicts) == 14
    assert "14 of 15 edges" in drawing.caption and "E07 DiLoCo equals SNOO (one worker): fail" in drawing.caption
    assert any(text.get_text().startswith("E07 ✗") for text in drawing.figure.axes[0].texts)


def test_an_unknown_figure_is_refused():
    with pytest.raises(ValueError, match="figure must satisfy figure in .*'nala_fig1'"):
        drawing_of("fig99")


def test_fig01_shows_the_runs_and_the_sign_of_mu():
    drawing = nala_fig1.draw()
    for ax, mu in zip(drawing.figure.axes, nala_fig1.MUS, strict=True):
        run = nala_fig1.trajectory(mu)
        black = [line.get_xydata() for line in ax.lines if line.get_color() == ROLES["fast"]]
        assert np.array_equal(black, run.fast)
        slow = next(line for line in ax.lines if "slow weights" in str(line.get_label()))
        assert np.array_equal(slow.get_xydata(), run.slow)
        low, high = np.array([ax.get_xlim(), ax.get_ylim()]).T
        assert ((run.fast > low) & (run.fast < high)).all(), "a path leaves the picture"
        # y lies between phi and theta_k exactly when mu < 0: what the titles claim
        along = np.linalg.norm(run.lookahead - run.slow[:-1], axis=-1)
        whole = np.linalg.norm(run.fast[:, -1] - run.slow[:-1], axis=-1)
        assert ((along < whole) == (mu < 0)).all()
    assert drawing.figure.legends and drawing.alt and drawing.caption


def test_the_training_figure_shows_the_numbers_of_the_records(records):
    drawing = draw(TASK, records.parent)
    left, right = drawing.figure.axes
    drawn = {line.get_color(): line for line in left.lines}
    for name in ("nala", "sgd"):
        accuracies = np.array([ACCURACY[name, 0], ACCURACY[name, 1]])
        assert drawn[COLOURS[name]].get_xdata().tolist() == [12, 24]
        want = (1 - accuracies.mean()) * np.array([2.0, 1.0])
        assert drawn[COLOURS[name]].get_ydata() == pytest.approx(want, rel=1e-15 * 8)  # few roundings of a mean
    dots = [line for line in right.lines if line.get_marker() == "o"]
    seeds = [line.get_xdata().tolist() for line in dots]
    assert seeds == [[81.0, 85.0]]
    assert [text.get_text() for text in right.get_yticklabels()] == ["NALA", "SGD"]
    assert "n = 2 seeds" in drawing.caption and "2 epochs, batch 256" in drawing.caption
    assert "Every optimizer got the same number of gradients." in drawing.caption
    assert "gradient evaluations" in drawing.caption and "NALA 83.00" in drawing.alt
    assert drawing.title.endswith(": 2 optimizers at the NALA paper's settings")


def test_the_table_holds_mean_spread_and_counts(records):
    record(records, "adam", 0, outcome="diverged")
    table = results_table(by_optimizer(load_records(records)))
    # sd of (81, 85) is 2 sqrt(2), of (71, 70) is sqrt(1/2), of the lowest batch losses (0.9, 1.9) sqrt(1/2)
    want = ("NALA", "83.00 ± 2.83", "0.1700 ± 0.0283", "60.00 ± 0.00", "1.4000 ± 0.7071", "–", "20", "2 of 2")
    assert table.rows[0] == want
    assert table.rows[1][:2] == ("SGD", "70.50 ± 0.71")
    assert table.rows[2] == ("Adam", *["diverged"] * 4, "–", "20", "0 of 1")
    # paired gaps are 10 and 15 points: mean 12.5, standard error 2.5, t(0.975, 1) = 12.706
    assert table.rows[1][5].startswith("+12.50 [-19.27, +44.27], undecided with 2 seeds; the smallest that counts ")
    assert "24 gradients" in table.note
    assert table.markdown().splitlines()[2] == "| " + " | ".join(table.rows[0]) + " |"


def test_the_sentence_is_the_verdict_of_the_rule(records):
    said = in_words(by_optimizer(load_records(records)))
    assert said == "At equal gradients NALA's test accuracy is undecided against SGD. "
    for seed, gap in ((0, 0.0100), (1, 0.0101)):  # t interval of (1, 1.01) points: 1.005 +- 12.7 * 0.005
        record(records, "adam", seed, accuracy=ACCURACY["nala", seed] + gap)
        record(records, "nag", seed, accuracy=ACCURACY["nala", seed] - gap)
    said = in_words(by_optimizer(load_records(records)))
    assert said == "At equal gradients NALA's test accuracy is above NAG, below Adam, undecided against SGD. "


def test_the_sentence_says_what_the_table_says_of_an_interval_below_the_threshold(records):
    for seed, gap in ((0, 0.01), (1, 0.01096)):  # t = 21.8, where two comparisons ask for 25.5: no verdict
        record(records, "adam", seed, accuracy=ACCURACY["nala", seed] + gap)
    runs = by_optimizer(load_records(records))  # -1.048 + 25.45 * 0.048 = 0.17 points, less than what counts
    assert "is not above Adam, undecided against SGD." in in_words(runs)
    assert any(row[5].endswith("not better") for row in results_table(runs).rows)


def test_the_verdicts_are_corrected_for_the_number_of_comparisons(records):
    for seed, gap in ((0, 0.010), (1, 0.011)):  # t = 21 on one degree of freedom: p = 0.0303 alone, twice that in two
        record(records, "adam", seed, accuracy=ACCURACY["nala", seed] - gap)
    (records / "sgd-1.jsonl").unlink()  # NALA and SGD share one seed: no comparison
    runs = by_optimizer(load_records(records))
    assert judged(runs).keys() == {"adam"} and judged(runs)["adam"].verdict == "better"
    assert "correction for 1 comparison with NALA, family-wise error rate 5 %" in results_table(runs).note
    for seed, gap in ((0, 0.010), (1, 0.011)):
        record(records, "nag", seed, accuracy=ACCURACY["nala", seed] - gap)
    found = judged(by_optimizer(load_records(records)))
    assert {name: (one.verdict, one.low > 0) for name, one in found.items()} == {
        "adam": ("undecided", True), "nag": ("undecided", True)}  # fmt: skip
    assert "for 2 comparisons" in draw(TASK, records.parent).caption
    assert [row[5] for row in results_table(by_optimizer(load_records(records))).rows if row[0] == "Adam"] == [
        "+1.05 [+0.41, +1.69], undecided with 2 seeds; the smallest that counts takes about 4"]  # fmt: skip


def test_what_is_within_the_threshold_is_called_equivalent(records):
    for seed, gap in ((0, 0.0001), (1, 0.00011)):
        record(records, "adam", seed, accuracy=ACCURACY["nala", seed] - gap)
    runs = by_optimizer(load_records(records))
    assert "within 0.2 points of Adam" in in_words(runs)
    assert any(row[5].endswith("equivalent within 0.2") for row in results_table(runs).rows)


def test_diverged_runs_are_counted_but_not_averaged(records):
    record(records, "sgd", 7, accuracy=0.0, outcome="diverged")
    runs = by_optimizer(load_records(records))
    assert finals(runs)["sgd"].tolist() == [0.71, 0.70]
    assert curves(runs)["sgd"][1].shape == (2, 3)
    assert results_table(runs).rows[1][-1] == "2 of 3"


def test_the_caption_counts_the_runs_that_are_shown(records):
    record(records, "adam", 0, outcome="diverged")  # first of the names, and not drawn
    assert "2 epochs, batch 256, n = 2 seeds" in draw(TASK, records.parent).caption
    record(records, "sgd", 7)
    assert "n = 2 to 3 seeds" in draw(TASK, records.parent).caption


def test_two_configurations_are_not_averaged(records):
    record(records, "sgd", 9, lr=0.2)
    assert [run.seed for run in by_optimizer(load_records(records))["sgd"]] == [0, 1]
    assert "Not shown: runs of another protocol or setting, 1." in draw(TASK, records.parent).caption


def test_no_records_is_said_in_a_sentence(tmp_path):
    with pytest.raises(RecordError, match="no record"):
        draw(TASK, tmp_path)


def test_runs_of_another_task_are_not_this_task_s(records):
    records.rename(records.parent / OTHER)
    for read in (lambda: draw(OTHER, records.parent), lambda: records_of(records.parent / OTHER)):
        with pytest.raises(RecordError, match=f"a run of {TASK} in the folder of {OTHER}"):
            read()


def test_the_manifest_has_what_the_report_needs(records, tmp_path):
    entry = json.loads(json.dumps(write("figure", draw(TASK, records.parent), tmp_path / "out")))
    assert (tmp_path / "out" / entry["png"]).stat().st_size > 10_000  # bytes: an empty picture is smaller
    assert (tmp_path / "out" / entry["svg"]).exists()
    assert entry["title"] and entry["caption"] and entry["alt"]
    assert entry["table"]["rows"][0][0] == "NALA"


def test_a_table_is_written_as_markdown_and_html_and_not_as_a_picture(tmp_path):
    assert main(["nala_table2", "--out", str(tmp_path)]) == 0
    assert {path.name for path in tmp_path.iterdir()} == {"figures.json", "nala_table2.md", "nala_table2.html"}
    table = drawing_of("nala_table2").table
    assert table.markdown() in (tmp_path / "nala_table2.md").read_text(encoding="utf-8")
    page = (tmp_path / "nala_table2.html").read_text(encoding="utf-8")
    assert table.html() in page and ".slip {" in page and page.count('class="number slip"') == 5
    (entry,) = json.loads((tmp_path / "figures.json").read_text(encoding="utf-8"))
    assert entry["table"]["html"] == table.html() and "png" not in entry


def test_a_figure_that_fails_does_not_stop_the_others(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(paper_figs.FIGURES, "broken", Figure("nala_fig1:absent"))
    assert main(["broken", "nala_fig1", "--out", str(tmp_path)]) == 1
    drawn, broken = json.loads((tmp_path / "figures.json").read_text(encoding="utf-8"))
    assert "AttributeError" in broken["error"] and "error" not in drawn
    assert "broken: AttributeError" in capsys.readouterr().err
    assert main(["nala_fig1", "--out", str(tmp_path)]) == 0


def test_the_manifest_keeps_the_figures_that_are_not_drawn_again(tmp_path, capsys):
    for name in ("nala_table2", "nala_table1", "nala_table2"):
        assert main([name, name, "--out", str(tmp_path)]) == 0
    manifest = tmp_path / "figures.json"
    assert [entry["name"] for entry in json.loads(manifest.read_text("utf-8"))] == ["nala_table1", "nala_table2"]
    manifest.write_text("{")
    with pytest.raises(SystemExit):
        main(["nala_table1", "--out", str(tmp_path)])
    assert "figures.json: is no manifest of figures" in capsys.readouterr().err and manifest.read_text() == "{"


def test_an_unknown_name_on_the_command_line_is_a_usage_error(tmp_path, capsys):
    with pytest.raises(SystemExit) as stop:
        main(["fig99", "--out", str(tmp_path)])
    assert stop.value.code == 2 and "nala_fig1" in capsys.readouterr().err


def test_the_committed_records_are_what_the_figure_shows():
    runs = by_optimizer(load_records(RECORDS / TASK))
    assert {"nala", "nag", "lookahead", "adam", "sgd"} <= set(runs)
    assert min(len(group) for group in runs.values()) >= 3
    drawing = drawing_of("results_fashion_mnist")
    means = {line.get_color(): line.get_ydata() for line in drawing.figure.axes[0].lines}
    for name, (_, values) in curves(runs, "loss").items():
        assert np.array_equal(means[COLOURS[name]], values[:, 1:].mean(axis=0))
