"""A figure in a notebook is shown once, small, with words."""

import io

import IPython.display
import matplotlib.pyplot as plt
import numpy as np
import pytest
from PIL import Image

from nala_lab.plots import axes_or_new, landscape, show


@pytest.fixture
def shown(monkeypatch):
    """What would have been displayed, in order."""
    things = []
    monkeypatch.setattr(IPython.display, "display", things.append)
    return things


@pytest.mark.parametrize("by", ["figure", "axes"])
def test_the_words_belong_to_the_image_and_stand_below_it(shown, by):
    ax = axes_or_new(None)
    show(ax if by == "axes" else ax.figure, alt="A line that falls.")
    image, text = shown
    assert image.alt == "A line that falls."
    assert text.data.endswith("A line that falls.")


def test_a_shown_figure_is_closed_so_that_the_cell_does_not_repeat_it(shown):
    ax = axes_or_new(None)
    show(ax, alt="A line.")
    assert not plt.fignum_exists(ax.figure.number)


def test_a_figure_without_words_is_refused(shown):
    with pytest.raises(ValueError, match="alt must satisfy a sentence"):
        show(axes_or_new(None), alt=" ")
    assert not shown


def test_a_landscape_is_small_and_keeps_its_colours(shown):
    ax = landscape(None, lambda x: (x**2).sum(-1), ((-1, 1), (-2, 2)), minimizers=np.zeros((1, 2)))
    full = io.BytesIO()
    ax.figure.savefig(full, format="png", dpi=88)
    show(ax, alt="Level sets.")
    small, large = (np.asarray(Image.open(io.BytesIO(png)).convert("RGB"), dtype=float)
                    for png in (shown[0].data, full.getvalue()))  # fmt: skip
    assert small.shape == large.shape
    assert len(shown[0].data) < 0.6 * len(full.getvalue())
    # of 255: the star, too, though its colour is rare; a palette cut by frequency misses some pixels by 60
    assert np.abs(small - large).max() < 24


@pytest.mark.parametrize("width", [6.0, 8.2, 10.2])
def test_letters_of_12_points_are_11_points_in_a_column_of_900_pixels(shown, width):
    show(axes_or_new(None, figsize=(width, 4)), alt="Empty axes.")
    pixels = Image.open(io.BytesIO(shown[0].data)).width
    assert pixels <= 900  # the column does not shrink it
    assert 12 * pixels / width / 96 >= 11 - 0.05  # a screen shows 96 pixels an inch; half a pixel in 900 is rounding
