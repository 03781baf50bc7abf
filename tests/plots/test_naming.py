"""Names stand at the ends of their lines and cover nothing; medians and small multiples show what was recorded."""

from __future__ import annotations

from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_rgba
from matplotlib.text import Text

from nala_lab.plots import COLOURS, median_window, name_lines, running_median, small_multiples
from nala_lab.results.records import read_record
from tests.paper_figs.made import make


def test_names_of_lines_that_end_together_do_not_cover_each_other():
    figure, ax = plt.subplots(layout="constrained")
    for number, end in enumerate((1.0, 1.01, 1.02, 5.0)):
        ax.plot([0, 1], [0, end], label=f"line {number}")
    ax.plot([0, 1], [2, 2])  # no label, no name
    name_lines(ax)
    figure.draw_without_rendering()
    boxes = [Text.get_window_extent(text) for text in ax.texts]  # without the leading line
    assert [text.get_text() for text in ax.texts] == [f"line {number}" for number in range(4)]
    assert all(low.y1 <= high.y0 + 1 for low, high in pairwise(sorted(boxes, key=lambda box: box.y0)))
    assert all(box.x0 > ax.bbox.x1 and box.x1 <= figure.bbox.x1 for box in boxes)


def test_a_name_points_to_where_its_line_leaves_a_logarithmic_axis():
    figure, ax = plt.subplots()
    ax.plot([0, 1, 2, 3], [1, 1e-2, 1e-4, 1e-30], label="fast", color="green")
    ax.set(yscale="log", ylim=(1e-6, 1))
    name_lines(ax)
    assert np.allclose(ax.transAxes.transform(ax.texts[0].xy), ax.transData.transform((2, 1e-4)))
    assert ax.texts[0].arrow_patch.get_edgecolor() == to_rgba("green")
    with pytest.raises(ValueError, match="at least one line with a label"):
        name_lines(plt.subplots()[1])


def test_a_running_median_is_the_median_of_its_window():
    y = np.random.default_rng(3).normal(size=(2, 40))
    got = running_median(y, 5)
    assert np.array_equal(got[:, 7], np.median(y[:, 5:10], axis=1)) and got.shape == y.shape
    assert np.array_equal(got[:, 0], np.median(y[:, :3], axis=1))
    assert np.array_equal(running_median(y, 1), y) and all(median_window(n) % 2 for n in range(1, 400))
    with pytest.raises(ValueError, match="odd"):
        running_median(y, 4)
    assert running_median([1.0, 9.0], 3).tolist() == [5.0, 5.0]
    with pytest.raises(ValueError, match="values must satisfy"):
        running_median([], 3)


def test_small_multiples_have_a_panel_for_each_finished_optimizer(tmp_path):
    rows = [("train", {"timestep": t, "grad_evals": t, "loss": 2 + np.sin(9 * t), "accuracy": 0.1}) for t in range(40)]
    records = [read_record(make(tmp_path, "vgg11-cifar10", name, 0, change=rows, outcome=how))
               for name, how in (("adam", "finished"), ("sgd", "finished"), ("adala", "diverged"))]  # fmt: skip
    figure = small_multiples(records, "train", "loss", ylabel="loss", across=3)
    shown = [ax for ax in figure.axes if ax.axison]
    assert [ax.get_title() for ax in shown] == ["Adam", "SGD"]
    single, middle = shown[0].lines[-2:]
    assert single.get_color() == middle.get_color() == COLOURS["adam"]
    assert np.array_equal(single.get_ydata(), [row["loss"] for _, row in rows])
    assert np.array_equal(middle.get_ydata(), running_median(np.array([row["loss"] for _, row in rows]), 5))
    for given, said in (({"across": 0}, "across must satisfy integer"), ({"kind": "trian"}, "kind must satisfy rows")):
        with pytest.raises(ValueError, match=said):
            small_multiples(records, **{"kind": "train", "column": "loss", "ylabel": "loss"} | given)
    plt.close("all")
