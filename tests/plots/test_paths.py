"""Landscapes, paths and decays draw the numbers that they are given."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from nala_lab.plots import COLOURS, ROLES, cost, decay, distance, landscape, one_loop, two_loop


def line(ax, text):
    return next(artist for artist in ax.lines if text in str(artist.get_label()))


def labelled(ax):
    return bool(ax.get_xlabel() and ax.get_ylabel() and ax.get_legend_handles_labels()[1])


def test_the_landscape_is_low_where_the_function_is():
    ax = landscape(None, lambda x: 3 + ((x - [1.0, -2.0]) ** 2).sum(-1), ((-4, 3), (-5, 1)),
                   minimum=3.0, minimizers=np.array([1.0, -2.0]))  # fmt: skip
    assert ax.get_xlim() == (-4, 3) and ax.get_ylim() == (-5, 1) and ax.get_xlabel() and ax.get_ylabel()
    filled = ax.collections[0]
    inner = next(path for path in filled.get_paths() if len(path.vertices))
    # The lowest level set surrounds the minimum, not the middle of the box.
    assert np.allclose(inner.get_extents().get_points().mean(axis=0), [1.0, -2.0], atol=0.05)  # grid pitch 0.035
    assert line(ax, "minimum").get_xydata().tolist() == [[1.0, -2.0]]


@pytest.mark.parametrize("box", [((0, 1),), ((0, 1), (2, 2)), ((0, 1), (0, float("nan")))])
def test_a_bad_box_is_refused(box):
    with pytest.raises(ValueError, match="box must satisfy"):
        landscape(None, lambda x: x.sum(-1), box)


FLAT = "somewhere in the box a finite number above the minimum"


@pytest.mark.parametrize(
    ("value", "rule"),
    [(lambda x: x, "value\\(x\\).shape"), (lambda x: 0 * x[..., 0] + 7, FLAT), (lambda x: np.nan * x[..., 0], FLAT)],
)
def test_a_function_that_cannot_be_drawn_is_refused(value, rule):
    with pytest.raises(ValueError, match=f"value must satisfy {rule}"):
        landscape(None, value, ((0, 1), (0, 1)))


def test_where_a_function_has_no_value_nothing_is_drawn():
    half = landscape(None, lambda x: np.where(x[..., 0] < 0.5, (x**2).sum(-1), np.inf), ((0, 1), (0, 1)))
    corners = np.concatenate([path.vertices for path in half.collections[0].get_paths()])
    assert corners[:, 0].max() == 0.495  # the last line of the grid below 1/2


def test_two_loops_show_every_part_of_fig_1(nala_run):
    ax = two_loop(None, nala_run)
    black = [artist for artist in ax.lines if artist.get_color() == ROLES["fast"]]
    assert [artist.get_xydata().tolist() for artist in black] == nala_run.fast.tolist()
    assert line(ax, "slow weights").get_xydata().tolist() == nala_run.slow.tolist()
    assert line(ax, "look-ahead point").get_xydata().tolist() == nala_run.lookahead.tolist()
    dashed = [artist for artist in ax.lines if artist.get_linestyle() == "--"]
    assert [d.get_xydata()[1].tolist() for d in dashed] == nala_run.fast[:, -1].tolist()
    ends = [arrow._posA_posB for arrow in ax.patches]
    assert np.allclose(ends[0::2], np.stack([nala_run.slow[:-1], nala_run.lookahead], axis=1), rtol=0, atol=0)
    assert np.allclose(ends[1::2], np.stack([nala_run.lookahead, nala_run.slow[1:]], axis=1), rtol=0, atol=0)
    assert labelled(ax) and "slow weights $\\phi_t$" in ax.get_legend_handles_labels()[1]


def test_lookahead_shows_no_outer_gradient(nala_run):
    lookahead = replace(nala_run, outer_grad=np.zeros((3, 2)), lookahead=nala_run.slow[1:])
    ax = two_loop(None, lookahead, momentum=False)
    assert len(ax.patches) == 3
    assert not any("outer step" in text for text in ax.get_legend_handles_labels()[1])


def test_the_first_cycles_can_be_shown_alone(nala_run):
    ax = two_loop(None, nala_run, cycles=1)
    assert line(ax, "slow weights").get_xydata().tolist() == nala_run.slow[:2].tolist()
    assert len(ax.patches) == 2


def test_a_diverged_run_is_drawn_as_far_as_it_goes(nala_run):
    slow = nala_run.slow.copy()
    slow[-1] = np.inf
    ax = two_loop(None, replace(nala_run, slow=slow))
    assert len(ax.patches) == 5
    ax.figure.canvas.draw()


def test_ensembles_are_refused(nala_run, adala_run):
    with pytest.raises(ValueError, match="slow must satisfy a single path in the plane"):
        two_loop(None, replace(nala_run, slow=np.zeros((4, 7, 2))))
    with pytest.raises(ValueError, match="x must satisfy a single path in the plane"):
        one_loop(None, replace(adala_run, x=np.zeros((5, 3))), name="adala")


def test_one_loop_wears_its_colour_and_shows_its_probes(adala_run):
    ax = one_loop(None, adala_run, name="adala")
    path, probes = ax.lines
    assert path.get_xydata().tolist() == adala_run.x.tolist() and path.get_color() == COLOURS["adala"]
    assert probes.get_xydata().tolist() == adala_run.probes.tolist() and labelled(ax)
    assert len(one_loop(None, adala_run, name="adala", probes=False).lines) == 1


@pytest.mark.parametrize(("against", "want"), [("cycles", [0, 1, 2, 3]), ("gradients", [0, 3, 6, 9]),
                                               ("timesteps", [0, 2, 4, 6])])  # fmt: skip
def test_the_three_costs(nala_run, against, want):
    assert cost(nala_run, against).tolist() == want
    ax = decay(None, nala_run, np.array([4.0, 2.0, 1.0, 0.5]), name="nala", against=against)
    assert ax.lines[0].get_xdata().tolist() == want and ax.get_yscale() == "log" and labelled(ax)


def test_the_prediction_lies_over_the_measurement(nala_run):
    ax = decay(None, nala_run, np.array([4.0, 2.0, 1.0, 0.5]), name="nala", predicted=np.array([4.0, 2, 1, 1]))
    measured, predicted = ax.lines
    assert measured.get_ydata().tolist() == [4, 2, 1, 0.5] and predicted.get_ydata().tolist() == [4, 2, 1, 1]
    assert predicted.get_zorder() > measured.get_zorder()
    decay(ax, nala_run, np.ones(4), name="adam", predicted=np.ones(4))
    assert ax.get_legend_handles_labels()[1].count("predicted") == 1


def test_a_curve_of_another_length_is_refused(nala_run):
    with pytest.raises(ValueError, match="predicted must satisfy shape"):
        decay(None, nala_run, np.ones(4), name="nala", predicted=np.ones(3))
    with pytest.raises(ValueError, match="against must satisfy"):
        cost(nala_run, "seconds")


def test_distance_is_to_the_nearest_minimizer(nala_run):
    far, near = nala_run.slow[0] + [30.0, 40.0], nala_run.slow[0] + [0.3, 0.4]
    got = distance(nala_run, np.stack([far, near]))
    assert got.shape == (4,)
    assert got[0] == pytest.approx(0.5, rel=8 * np.finfo(float).eps * 40)  # 8 ulp of numbers of size 40
