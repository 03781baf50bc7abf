"""Write a figure as PNG and SVG, with words for readers who do not see it."""

from __future__ import annotations

from pathlib import Path

from matplotlib import rc_context
from matplotlib.figure import Figure

from nala_lab.core import require
from nala_lab.plots.style import RC

__all__ = ["save"]


def save(fig: Figure, path: str | Path, *, alt: str, title: str = "") -> tuple[Path, Path]:
    """Write ``path.png`` and ``path.svg``; `alt` goes into the metadata of both.

    The files carry no date, so drawing the same figure twice gives the same bytes.

    Parameters
    ----------
    fig : the figure.
    path : where to, without a suffix, or with .png or .svg; missing folders are made.
    alt : what the figure shows, in a sentence: axes, curves, finding.
    title : the figure's name, for the metadata; empty takes the file's name.

    Returns
    -------
    The two paths, PNG first.

    Raises
    ------
    ValueError
        When `alt` is empty.

    Examples
    --------
    >>> from nala_lab.plots import axes_or_new, save
    >>> import tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> ax = axes_or_new(None)
    >>> [p.name for p in save(ax.figure, folder.name + "/empty", alt="An empty pair of axes.")]
    ['empty.png', 'empty.svg']
    >>> import matplotlib.pyplot as plt
    >>> plt.close(ax.figure); folder.cleanup()
    """
    require("alt", alt, bool(alt.strip()), "a sentence that says what the figure shows")
    base = Path(path)
    base = base.with_suffix("") if base.suffix in {".png", ".svg"} else base
    base.parent.mkdir(parents=True, exist_ok=True)
    png, svg = base.with_name(base.name + ".png"), base.with_name(base.name + ".svg")
    words = {"Title": title or base.name, "Description": alt}
    with rc_context({"svg.hashsalt": RC["svg.hashsalt"], "savefig.dpi": RC["savefig.dpi"]}):
        fig.savefig(png, metadata={**words, "Software": None})
        fig.savefig(svg, metadata={**words, "Date": None})
    return png, svg
