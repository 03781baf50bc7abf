"""Weights, rates, records and checks draw the numbers that they are given."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.markers import MarkerStyle

from nala_lab.core import OneLoop, Trajectory
from nala_lab.plots import COLOURS, cost, decay, distance, eq5_weights, final_values, landscape, rates, training_curves
from nala_lab.reference import SGD, run


def heights(ax):
    bars = [bar for group in ax.containers for bar in group]
    return {round(bar.get_x() + bar.get_width() / 2): bar.get_height() for bar in bars}


@pytest.mark.parametrize("mu", [-0.6, 0.6])
def test_eq5_bars_are_the_weights_newest_first(mu):
    weights = (1 + mu) * (-mu) ** np.arange(4, -1, -1)
    ax = eq5_weights(None, weights, start=(-mu) ** 5, horizon=2.5, title="mu")
    assert heights(ax) == dict(enumerate([*weights[::-1], (-mu) ** 5]))
    words = ax.get_legend_handles_labels()[1]
    assert any("subtracts" in text for text in words) == (mu > 0)
    assert any("horizon 2.5" in text for text in words)
    assert ax.lines[0].get_xdata()[0] == 2.0 and "sum 1" in ax.get_ylabel() and ax.get_xlabel()


@pytest.mark.parametrize("weights", [[], [[1.0]], [np.nan]])
def test_eq5_refuses_what_is_no_list_of_weights(weights):
    with pytest.raises(ValueError, match="weights must satisfy"):
        eq5_weights(None, weights)


@pytest.mark.parametrize("signed", [True, False])
def test_rates_draw_prediction_measurement_and_limit(signed):
    x = np.linspace(0.1, 2.4, 9)
    rho = 0.7 - x
    ax = rates(None, x, rho, name="nala", measured=(x[::4], rho[::4]), limits={"edge": 1.7}, signed=signed)
    want = rho if signed else np.abs(rho)
    curve, dots, edge, *_ = ax.lines
    assert curve.get_ydata().tolist() == want.tolist() and curve.get_color() == COLOURS["nala"]
    assert dots.get_ydata().tolist() == want[::4].tolist() and dots.get_linestyle() == "None"
    assert edge.get_xdata()[0] == 1.7 and "edge" in ax.get_legend_handles_labels()[1]
    assert ax.get_xlabel() and ax.get_ylabel()


def test_rates_refuse_arrays_that_do_not_match():
    with pytest.raises(ValueError, match="measured must satisfy"):
        rates(None, np.ones(3), np.ones(3), name="nala", measured=(np.ones(2), np.ones(1)))
    with pytest.raises(ValueError, match="predicted must satisfy"):
        rates(None, np.ones(3), np.ones(2), name="nala")


def test_training_curves_show_mean_and_extremes():
    x, seeds = np.array([0.0, 2.0, 5.0]), np.array([[9.0, 4.0, 1.0], [7.0, 5.0, 3.0]])
    ax = training_curves(None, {"nala": (x, seeds), "sgd": (x, seeds[0])}, xlabel="epoch", ylabel="loss (nats)")
    nala, sgd = ax.lines
    assert nala.get_xydata().tolist() == [[0, 8], [2, 4.5], [5, 2]] and nala.get_color() == COLOURS["nala"]
    assert sgd.get_ydata().tolist() == seeds[0].tolist()
    (band,) = ax.collections  # one seed has no band
    assert {(0, 7), (0, 9), (2, 4), (2, 5), (5, 1), (5, 3)} <= set(map(tuple, band.get_paths()[0].vertices.tolist()))
    assert ax.get_xlabel() == "epoch" and ax.get_ylabel() == "loss (nats)"


def test_training_curves_refuse_what_does_not_match():
    with pytest.raises(ValueError, match=r"values must satisfy shape \(seeds, 2\).*curve of adam"):
        training_curves(None, {"adam": (np.ones(2), np.ones((3, 4)))}, xlabel="x", ylabel="y")
    with pytest.raises(ValueError, match="at least one optimizer"):
        training_curves(None, {}, xlabel="x", ylabel="y")


@pytest.mark.parametrize(("higher", "order"), [(True, ["Adam", "NAG"]), (False, ["NAG", "Adam"])])
def test_final_values_show_every_seed_and_the_best_on_top(higher, order):
    finals = {"nag": np.array([1.0, 2.0, 6.0]), "adam": np.array([4.0, 5.0, 9.0])}
    ax = final_values(None, finals, xlabel="accuracy (%)", higher_is_better=higher)
    assert [text.get_text() for text in ax.get_yticklabels()] == order
    row = order.index("NAG")
    spread, mean, seeds = (artist.get_xdata().tolist() for artist in ax.lines[3 * row : 3 * row + 3])
    assert mean == [3.0] and seeds == [1, 2, 6]
    assert np.allclose(spread, [3 - np.sqrt(7), 3 + np.sqrt(7)], rtol=4 * np.finfo(float).eps)  # few roundings
    top, bottom = ax.get_ylim()[::-1]
    assert top < 0 < bottom


def test_equal_final_values_do_not_hide_each_other_and_a_diverged_one_is_refused():
    ax = final_values(None, {"adam": np.array([3.0, 3.0, 1.0])}, xlabel="accuracy (%)", higher_is_better=True)
    heights = ax.lines[2].get_ydata()
    assert len(set(heights)) == 3 and np.abs(heights).max() < 0.2 and heights.mean() == pytest.approx(0, abs=1e-15)
    for values in ([], [1.0, np.nan]):
        with pytest.raises(ValueError, match="sgd must satisfy finite numbers, at least one"):
            final_values(None, {"sgd": np.array(values)}, xlabel="accuracy (%)", higher_is_better=True)


@pytest.mark.parametrize("name", ["fromage", "mine.Own", "your.Method"])
def test_every_mark_can_be_seen(name):
    dots = final_values(None, {name: np.array([1.0, 2.0])}, xlabel="x", higher_is_better=True).lines[-1]
    measured = rates(None, np.arange(3.0), np.ones(3), name=name, measured=([1.0], [1.0])).lines[1]
    for line in (dots, measured):
        filled = MarkerStyle(line.get_marker()).is_filled()
        assert (line.get_markerfacecolor() if filled else line.get_markeredgecolor()) != "white"


def test_zeros_are_left_out_of_a_logarithmic_axis():
    t = Trajectory(method="", outcome="", diverged_at=None, evals=np.arange(4), timesteps=np.arange(4))
    for ax in (decay(None, t, np.array([1.0, 0.0, -1e-17, 0.1]), name="nala"),
               training_curves(None, {"nala": (np.arange(4), np.array([1.0, 0, -1e-17, 0.1]))}, xlabel="", ylabel="",
                               log=True)):  # fmt: skip
        assert ax.yaxis.get_transform().transform(np.array([0.0]))[0] == -np.inf  # no point


@pytest.mark.parametrize("minimizers", [[-1.0, 1.0], np.empty((0, 1))])
def test_minimizers_of_another_space_are_refused(minimizers):
    t = OneLoop(method="", outcome="", diverged_at=None, evals=np.arange(2), timesteps=np.arange(2),
                x=np.ones((2, 1)), grads=np.ones((1, 1)), points=np.ones((1, 1)))  # fmt: skip
    with pytest.raises(ValueError, match="minimizers must satisfy shape"):
        distance(t, minimizers)


def test_a_basin_of_a_few_cells_is_drawn():
    assert landscape(None, lambda z: np.minimum(100 * (z**2).sum(-1), 1), ((-100, 100), (-100, 100))).collections
    with pytest.raises(ValueError, match="levels must satisfy"):
        landscape(None, lambda z: (z**2).sum(-1), ((-1, 1), (-1, 1)), levels=1)
    with pytest.raises(ValueError, match="value must satisfy two different numbers"):
        landscape(None, lambda z: 1 + 0 * z.sum(-1), ((-1, 1), (-1, 1)), minimum=0.0)
    for points in ([1.0], [[1.0, 2.0, 3.0]]):
        with pytest.raises(ValueError, match=r"minimizers must satisfy shape \(n, 2\)"):
            landscape(None, lambda z: (z**2).sum(-1), ((-1, 1), (-1, 1)), minimizers=points)


def test_a_distance_far_below_and_above_one_keeps_its_digits():
    t = run(SGD(0.5), lambda x: x, [3.0, 4.0], steps=1000)
    assert (distance(t, [0.0, 0.0])[:900] == 5 * 0.5 ** np.arange(900)).all()  # halves are exact
    assert distance(replace(t, x=t.x[:1] * 1e200), [0.0, 0.0]) == pytest.approx([5e200], rel=1e-15)


def test_a_run_that_kept_its_end_only_has_no_cycles_to_draw():
    t = run(SGD(0.5), lambda x: x, [1.0], steps=40, keep="last")
    assert cost(t, "gradients") == cost(t, "timesteps") == [40]
    with pytest.raises(ValueError, match="against must satisfy gradients or timesteps"):
        cost(t, "cycles")
