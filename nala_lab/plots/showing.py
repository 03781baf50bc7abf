"""Show a figure in a notebook with words for readers who do not see it."""

from __future__ import annotations

from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from nala_lab.core import require

__all__ = ["show"]


def show(figure: Figure | Axes, *, alt: str) -> None:
    """Display a figure in a notebook, once, with `alt` in the image's metadata and as a line of text below it.

    The metadata becomes the ``alt`` attribute where nbconvert writes HTML.

    Parameters
    ----------
    figure : the figure, or any of its axes. It is closed, so that it is not displayed again at the cell's end.
    alt : what the figure shows, in a sentence or two of Markdown without formulas: axes, curves, finding.

    Raises
    ------
    ValueError
        When `alt` is empty.
    ModuleNotFoundError
        Without IPython, which the lab extra brings.

    Examples
    --------
    >>> from nala_lab.plots import axes_or_new
    >>> show(axes_or_new(None, figsize=(4, 3)), alt="An empty pair of axes.")
    Figure(440x330)
    <IPython.core.display.Markdown object>
    """
    # Inside the function: plots must import where only matplotlib is installed.
    from IPython.display import Markdown, display

    require("alt", alt, bool(alt.strip()), "a sentence that says what the figure shows")
    owner = figure.figure if isinstance(figure, Axes) else figure
    display(owner, metadata={"image/png": {"alt": alt}})
    plt.close(owner.figure)
    display(Markdown(f"*In words.* {alt}"))
