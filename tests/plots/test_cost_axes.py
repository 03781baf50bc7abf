"""One column of records against three axes."""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest

from nala_lab.plots import THREE_AXES, label, three_axes
from nala_lab.results.records import Record


def made(optimizer, seed, values, per_step=1.0, outcome="finished"):
    rows = [
        {"kind": "test", "timestep": i, "grad_evals": per_step * i, "seconds": 2.0 * i + seed, "loss": value}
        for i, value in enumerate(values)
    ]
    header = {"task": "t", "optimizer": optimizer, "seed": seed}
    return Record(Path("made"), header, tuple(rows), {"outcome": outcome, "totals": {}})


RUNS = [
    made("nala", 0, [4.0, 2.0, 1.0], 1.2),
    made("nala", 1, [6.0, 4.0, 3.0], 1.2),
    made("adam", 0, [5.0, 3.0, 2.5]),
    made("sgd", 0, [9.0], outcome="diverged"),
]


def test_each_panel_has_its_own_x_and_the_same_y():
    figure = three_axes(RUNS, "test", "loss", ylabel="loss (nats)", factor=10, start=1)
    *labels, seconds = (ax.get_xlabel() for ax in figure.axes)
    assert [*labels, seconds.partition("\n")[0]] == list(THREE_AXES.values())
    x = {"timestep": [1, 2], "grad_evals": [1.2, 2.4], "seconds": [2.5, 4.5]}  # seconds: mean over seeds 0 and 1
    for ax, axis in zip(figure.axes, THREE_AXES, strict=True):
        line = ax.lines[0]
        assert line.get_label() == label("nala") and len(ax.lines) == 2  # the diverged run is not drawn
        np.testing.assert_allclose(line.get_xdata(), x[axis], rtol=1e-15)
        assert line.get_ydata().tolist() == [30.0, 20.0]
    plt.close(figure)


@pytest.mark.parametrize(
    ("others", "said"),
    [([None], "not marked"), ([0.02, 0.1], "quiet"), ([0.11], "shared"), ([1.5, 0.0], "quiet, shared")],
)
def test_the_seconds_say_what_else_the_machine_did(others, said):
    runs = [made("nala", seed, [2.0, 1.0]) for seed in range(len(others))]
    for run, cores in zip(runs, others, strict=True):
        run.footer["totals"].update({} if cores is None else {"other_cores": cores})
    figure = three_axes([*runs, RUNS[-1]], "test", "loss", ylabel="loss")  # the last diverged, and says nothing
    assert figure.axes[2].get_xlabel() == f"seconds of training\n(machine: {said})"
    plt.close(figure)


def test_nothing_finished_and_unequal_runs_are_refused():
    with pytest.raises(ValueError, match="finished run"):
        three_axes(RUNS[-1:], "test", "loss", ylabel="loss")
    with pytest.raises(ValueError, match="same for every seed"):
        three_axes([*RUNS, made("adam", 1, [5.0, 3.0])], "test", "loss", ylabel="loss")
    with pytest.raises(ValueError, match="same for every seed"):
        three_axes([RUNS[0], made("nala", 1, [6.0, 4.0, 3.0], 1.4)], "test", "loss", ylabel="loss")
    with pytest.raises(ValueError, match="kind must satisfy that of rows"):
        three_axes(RUNS, "tset", "loss", ylabel="loss")
    plt.close("all")


def test_one_seed_of_two_settings_is_refused():
    with pytest.raises(ValueError, match="seeds must satisfy different ones"):
        three_axes([*RUNS, made("nala", 1, [6.0, 4.0, 3.0])], "test", "loss", ylabel="loss")
    with pytest.raises(ValueError, match="start must satisfy 0 <= start < 3"):
        three_axes(RUNS, "test", "loss", ylabel="loss", start=3)
