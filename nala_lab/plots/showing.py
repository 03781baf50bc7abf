"""Show a figure in a notebook: small, once, and with words for readers who do not see it."""

from __future__ import annotations

from io import BytesIO

from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from nala_lab.core import require

__all__ = ["show"]

_COLUMN = 900  # pixels: the width of a notebook's column; wider pictures would be shrunk, and their letters with them
_DPI = 88  # 12 points are 14.7 pixels then, which a screen of 96 pixels an inch shows as 11 points


def show(figure: Figure | Axes, *, alt: str) -> None:
    """Display a figure in a notebook, once, with `alt` as the image's alternative text and as a line below it.

    Parameters
    ----------
    figure : the figure, or any of its axes; up to 10.2 inches wide its letters of 12 points appear as 11 points in a
        column of 900 pixels. It is closed, so that the cell's end does not display it again.
    alt : what the figure shows, in a sentence or two without formulas: axes, curves, finding.

    Raises
    ------
    ValueError
        When `alt` is empty.
    ModuleNotFoundError
        Without IPython, which the lab extra brings.

    Examples
    --------
    >>> from nala_lab.plots import axes_or_new, show
    >>> show(axes_or_new(None, figsize=(4, 3)), alt="An empty pair of axes.")
    <IPython.core.display.Image object>
    <IPython.core.display.Markdown object>
    """
    # Inside the function: plots must import where only matplotlib is installed.
    from IPython.display import Image, Markdown, display

    require("alt", alt, bool(alt.strip()), "a sentence that says what the figure shows")
    owner = figure.figure.figure if isinstance(figure, Axes) else figure  # the second: of a subfigure
    assert isinstance(owner, Figure)  # axes that are on no figure cannot be shown
    # The metadata becomes the alt attribute in exported pages; not every viewer uses it, hence the line below.
    display(Image(data=_small_png(owner), format="png", alt=alt))
    display(Markdown(f"*In words.* {alt}"))
    plt.close(owner)


def _small_png(figure: Figure) -> bytes:
    from PIL import Image  # matplotlib needs Pillow, so it is there

    true_colour, palette = BytesIO(), BytesIO()
    figure.savefig(true_colour, format="png", dpi=min(_DPI, _COLUMN / figure.get_figwidth()))
    # A palette makes the PNG of a landscape four times smaller. "Maximum coverage" keeps the rare colours (a star that
    # marks the minimum), which the default would give away for one more shade of the background.
    how = {"method": Image.Quantize.MAXCOVERAGE, "kmeans": 2, "dither": Image.Dither.NONE}
    small = Image.open(true_colour).convert("RGB").quantize(256, **how)
    small.save(palette, format="PNG", optimize=True)
    return palette.getvalue()
