"""Dragging the start: the mouse over ipympl's canvas does what the sliders do."""

from importlib.util import find_spec

import matplotlib
import pytest
from matplotlib.backend_bases import MouseEvent

from nala_lab.widgets import TrajectoryExplorer

# Not importorskip: importing ipympl makes it the backend of every figure of the process.
pytestmark = pytest.mark.skipif(find_spec("ipympl") is None, reason="dragging needs ipympl")


@pytest.fixture
def explorer():
    return TrajectoryExplorer("bowl", gradients=20)


def press(explorer, x, y, side=0, kind="button_press_event", button=1):
    canvas, ax = explorer.picture.figure.canvas, explorer.picture.planes[side]
    MouseEvent(kind, canvas, *ax.transData.transform((x, y)), button=button)._process()


@pytest.mark.parametrize("side", [0, 1])
def test_a_press_in_either_landscape_moves_the_start(explorer, side):
    explorer.drag()
    press(explorer, 0.5, -1.0, side)
    # the mouse stands on a pixel: there and back through the axes' transform is a few roundings
    assert explorer.settings.x1 == pytest.approx(0.5, abs=1e-9) and explorer.settings.x2 == pytest.approx(-1, abs=1e-9)
    assert explorer.view.start.tolist() == [explorer.settings.x1, explorer.settings.x2]
    assert explorer.numbers == TrajectoryExplorer("bowl", **{
        name: value for name, value in vars(explorer.settings).items() if name != "problem"}).numbers  # fmt: skip


def test_the_toggle_changes_the_picture_and_back_again(explorer):
    before, shape = explorer.widget.children[1], explorer.picture.figure.get_size_inches().tolist()
    explorer.mouse.value = True
    assert explorer.dragging and explorer.widget.children[1] is not before
    explorer.set(x1=0.3)
    explorer.mouse.value = False
    assert not explorer.dragging and explorer.widget.children[1] is before
    assert explorer.picture.figure.get_size_inches().tolist() == shape
    assert explorer._picture.value.startswith('<img class="nala-picture"') and "(0.3, " in explorer.alt


def test_a_mouse_that_is_not_pressed_moves_nothing(explorer):
    explorer.drag()
    start = explorer.settings
    press(explorer, 0.5, -1.0, kind="motion_notify_event", button=None)
    assert explorer.settings == start


def test_a_static_picture_is_there_while_dragging(explorer):
    assert explorer.drag().static()[:4] == b"\x89PNG"


def test_figures_of_others_keep_their_backend(explorer):
    before = matplotlib.get_backend()
    explorer.drag()
    assert matplotlib.get_backend() == before and "ipympl" not in before
