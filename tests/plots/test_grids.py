"""A map greys out what diverges, draws its lines where the numbers say, and refuses what has no meaning."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from matplotlib.colors import to_hex

from nala_lab.plots import COLOURS, MAP_LABELS, ROLES, rate_map
from nala_lab.theory import maps
from tests.refusals import refused

X, Y = np.geomspace(0.1, 2.0, 60), np.linspace(0.2, 1.7, 45)


def grid(rate=None, x=("lr", X), y=("mu", Y), per="gradient"):
    """A map whose rate is the product of its coordinates, so that every line is a hyperbola."""
    return SimpleNamespace(x=x, y=y, rate=np.outer(y[1], x[1]) if rate is None else rate, per=per)


def line(ax, colour):
    """Vertices of the contour in one colour."""
    found = [c for c in ax.collections if len(c.get_edgecolor()) and to_hex(c.get_edgecolor()[0]) == colour.lower()]
    return np.concatenate([np.empty((0, 2)), *(path.vertices for c in found for path in c.get_paths())])


def words(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()] if ax.get_legend() else []


def test_what_diverges_is_grey_and_the_edge_is_where_the_rate_is_one():
    one = grid()
    ax = rate_map(None, one)
    mesh = ax.collections[0]
    assert np.array_equal(np.ma.getmaskarray(mesh.get_array()).reshape(one.rate.shape), one.rate >= 1)
    edge = line(ax, ROLES["limit"])
    # linear interpolation of a bilinear function along the sides of cells is exact, up to roundings of numbers near 1
    assert len(edge) > 20 and np.allclose(edge[:, 0] * edge[:, 1], 1, rtol=1e-12)
    assert {"stability edge", "does not converge"} <= set(words(ax))


def test_a_break_even_line_is_where_both_rates_agree():
    ax = rate_map(None, grid(), rivals={"lookahead": np.full((1, len(X)), 0.4)})
    at = line(ax, COLOURS["lookahead"])
    # log is not linear on a cell: off by (relative width)^2 / 8, and the widest cell is 0.034 / 0.2 = 17 %
    assert len(at) > 20 and np.allclose(at[:, 0] * at[:, 1], 0.4, rtol=0.17**2 / 8)
    assert "break-even with Lookahead" in words(ax)


def test_two_that_diverge_are_not_compared():
    both = 1 + np.outer(Y, X)
    both[:5] = 0.5  # the rows at the bottom converge
    ax = rate_map(None, grid(both), rivals={"sgd": np.where(both < 1, 0.9, 2.0)})
    assert len(line(ax, COLOURS["sgd"])) == 0 < len(line(ax, ROLES["limit"]))


def test_counted_axes_show_cells_and_no_lines():
    steps = maps.rate_map(("lr", np.linspace(0.1, 2.3, 12)), ("k", np.arange(1, 6)), mu=-0.5, lam=[1.0, 0.1])
    ax = rate_map(None, steps)
    assert len(ax.collections) == 1 and ax.get_yticks().tolist() == [1, 2, 3, 4, 5]
    with pytest.raises(ValueError, match="no line between two whole numbers"):
        rate_map(None, steps, rivals={"sgd": steps.rate})


def test_axes_are_labelled_and_geometric_ones_are_logarithmic():
    ax = rate_map(None, grid(per="cycle"), points={"here": (0.5, 0.4)}, floor=0.01)
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "linear")
    assert (ax.get_xlabel(), ax.get_ylabel()) == (MAP_LABELS["lr"], MAP_LABELS["mu"])
    assert "floor 0.01" in ax.get_title(loc="left") and "here" in words(ax)
    assert "cycle" in ax.figure.axes[-1].get_ylabel()
    assert any(artist.get_xydata().tolist() == [[0.5, 0.4]] for artist in ax.lines)


def test_a_rival_without_a_line_is_not_in_the_legend_and_levels_are_sorted():
    ax = rate_map(None, grid(), rivals={"lookahead": np.full((1, len(X)), 1e-9)}, levels=[0.9, 0.5])
    assert not [text for text in words(ax) if "Lookahead" in text]


test_a_map_without_meaning_is_refused = refused(
    (np.full((45, 60), 1.0), {}, "nothing converges"),
    (np.full((45, 60), np.nan), {}, "nothing converges"),
    (None, {"floor": 0.5}, "floor must satisfy"),
    (None, {"floor": float("nan")}, "floor must satisfy"),
    (None, {"rivals": {"sgd": np.ones((60, 45))}}, "sgd must satisfy"),
    (None, {"rivals": {"nobody": np.ones((45, 60))}}, "name must satisfy"),
    (None, {"points": dict.fromkeys("abcde", (1.0, 1.0))}, "points must satisfy at most 4"),
    call=lambda rate, options: rate_map(None, grid(rate), **options),
)
