"""A frame drawn alone is the frame that matplotlib draws with the whole figure, and no number beside it is cut off."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from nala_lab import widgets

# Explorer -> moves after which other axes have other limits; together they reach far up, far down and back.
MOVES = {
    "AveragingExplorer": [{"mu": 1.5, "t": 40}, {"mu": 0.5, "lr": 1.0, "noise": 10.0}, {"mu": -1.0, "t": 1}],
    "NoiseExplorer": [{"kappa": 1.01, "sigma": 0.05}, {"lr": 2.5, "k": 12, "cycles": 40}, {"mu": 1.0, "sigma": 3.0}],
    "ProbeExplorer": [{"beta1": 0.0, "steps": 80}, {"lr": 1.0, "eps": 1.0}, {"steps": 5, "eps": 1e-16}],
    "FamilyChooser": [{"kappa": 1.01}, {"nu": 0.5, "beta": 0.0, "cycles": 100}, {"lr": 2.2, "k": 20}],
    "RateExplorer": [{"kappa": 1.01, "cycles": 100}, {"lr": 4.0, "alpha": 6.0}, {"mu": 1.5, "cycles": 5}],
    "TrajectoryExplorer": [
        {"x1": 1.2},
        {"alpha": 1.2e-3, "gradients": 300},
        {"lr_left": 1.0, "at": 10, "gradients": 10},
    ],
}


@pytest.fixture(params=MOVES)
def explorer(request):
    return getattr(widgets, request.param)()


@pytest.fixture
def moves(explorer):
    return MOVES[type(explorer).__name__]


def test_a_frame_drawn_alone_has_the_pixels_of_a_whole_drawing(explorer, moves):
    drawings, places = [], limits(explorer)
    explorer.picture.figure.canvas.mpl_connect("draw_event", drawings.append)
    for move in moves:
        explorer.set(**move)
        before, places = places, limits(explorer)
        assert places != before and not drawings
        alone = pixels(explorer)
        explorer.picture.stale()
        explorer.refresh()
        assert len(drawings) == 1 and np.array_equal(alone, pixels(explorer)), move
        drawings.clear()


def test_no_number_is_cut_off_where_its_panel_ends(explorer, moves):
    first = limits(explorer)
    for move in moves:
        explorer.set(**move)
        again = {ax: explorer.picture._panels[ax] for ax, place in limits(explorer).items() if place != first[ax]}
        for ax, panel in again.items():
            left, right = panel._white.get_extents().intervalx
            for word in shown(ax):
                box = word.get_window_extent()
                assert left <= box.x0 and box.x1 <= right, (move, word)


def limits(explorer):
    return {ax: (ax.get_xlim(), ax.get_ylim()) for ax in explorer.picture.figure.axes}


def shown(ax):
    """The numbers beside the axes, those that lie inside the limits."""
    for axis in (ax.xaxis, ax.yaxis) if ax.axison else ():
        low, high = sorted(axis.get_view_interval())
        for place, label in zip(axis.get_ticklocs(), axis.get_ticklabels(), strict=True):
            if low <= place <= high and label.get_text():
                yield label


def pixels(explorer):
    return np.asarray(Image.open(BytesIO(explorer.picture.png())))
