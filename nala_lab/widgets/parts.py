"""What several pictures draw: a map of rates, the place where we are, and a decay on a logarithmic axis."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, PowerNorm
from matplotlib.ticker import NullLocator

from nala_lab.core import Array
from nala_lab.plots import RC
from nala_lab.widgets.picture import Picture

__all__ = ["APART", "BELOW", "HERE", "clipped", "decades", "heat", "logarithmic", "power", "room", "short", "under"]

HERE: dict[str, Any] = {"marker": "*", "ms": 22, "color": "white", "mec": "black", "mew": 1.6, "ls": "", "zorder": 9}
APART = ("#7D7A12", "#4B3B8F")  # olive and indigo: two things that are no method, in no method's colour
BELOW: dict[str, Any] = {"loc": "upper center", "bbox_to_anchor": (0.5, -0.17), "handlelength": 1.5, "columnspacing": 1}
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_FAST: Any = LinearSegmentedColormap.from_list("fast", ["#17375E", "#2F6690", "#8FB9D3", "#DCE9EE", "#FBF6E6"])
_FAST = _FAST.with_extremes(over="#B9B9B9", bad="#B9B9B9")


def heat(picture: Picture, ax: Axes, x: Array, y: Array, label: str) -> Any:
    """Make a moving map of rates on [0, 1): dark is fast, grey does not converge. `x` and `y` are evenly spaced."""
    half = (x[1] - x[0]) / 2, (y[1] - y[0]) / 2
    extent = (x[0] - half[0], x[-1] + half[0], y[0] - half[1], y[-1] + half[1])
    norm = PowerNorm(3, vmin=0, vmax=1)  # most rates of interest lie between 0.6 and 1
    image = ax.imshow(
        np.zeros((len(y), len(x))), cmap=_FAST, norm=norm, extent=extent, origin="lower", aspect="auto", zorder=1
    )
    ax.grid(False)
    ax.figure.colorbar(image, ax=ax, pad=0.02, extend="max", fraction=0.07, ticks=[0, 0.5, 0.7, 0.8, 0.9, 1])
    ax.set_title(f"{label} (grey: diverges)")
    picture.live(image)
    return image


def clipped(rates: Array) -> Array:
    """Rates as `heat` wants them: what does not converge is above 1, infinities and NaN included."""
    return np.nan_to_num(np.where(np.asarray(rates) >= 1, 2.0, rates), nan=2.0, posinf=2.0)


def room(ax: Axes, *, x: str = "888", y: str = "") -> None:
    """Keep room for the widest numbers that may ever stand at the axes, which keep their place once they are drawn."""
    style: dict[str, Any] = {"textcoords": "offset points", "size": RC["xtick.labelsize"], "alpha": 0}
    tick = ax.xaxis.get_major_ticks(1)[0]
    away = tick.get_tick_padding() + tick.get_pad()  # the mark, and white
    ax.annotate(x, (1, 0), (0, -away), "axes fraction", ha="center", va="top", **style)
    ax.annotate(y, (0, 0.5), (-away, 0), "axes fraction", ha="right", va="center", **style)


def short(number: float) -> str:
    """Give a number in few characters, for an axis that may reach to 0.1 or to 10^8.

    Examples
    --------
    >>> [short(y) for y in (0.0, -0.25, 1500.0, -5e3, 2.5e6)]
    ['0', '−0.25', '1500', '−5000', '2.5e6']
    """
    words = f"{number:g}" if abs(number) < 1e4 else f"{number:.3g}".replace("e+0", "e").replace("e+", "e")
    return words.replace("-", "−")


def power(number: float) -> str:
    """Give a power of ten as it is written; as a formula it would take ten times as long to draw.

    Examples
    --------
    >>> power(1e-12), power(1.0), power(1000.0)
    ('10⁻¹²', '10⁰', '10³')
    """
    return "10" + f"{round(np.log10(number))}".translate(_RAISED)


def logarithmic(ax: Axes, low: float, high: float, **named: Any) -> None:
    """Make the y-axis logarithmic, to be moved by `under`; with ten times fewer marks to draw than is usual.

    `named` are other settings of the axes, such as ``xlabel``.
    """
    ax.set(**named, yscale="log", ylim=(low, high))
    ax.yaxis.set_minor_locator(NullLocator())
    ax.yaxis.set_major_formatter(lambda y, _: power(y))
    room(ax, y=power(1e-16))


def decades(low: float, high: float, now: tuple[float, float] | None) -> tuple[float, float]:
    """Limits of a logarithmic axis in whole decades; `now` stays while it fits and wastes no more than four.

    So the axis keeps still while a slider moves, which is quick and can be read.

    Examples
    --------
    >>> decades(0.02, 3.0, None), decades(0.02, 3.0, (1e-4, 10.0)), decades(0.02, 3.0, (1e-8, 10.0))
    ((0.01, 10.0), (0.0001, 10.0), (0.01, 10.0))
    """
    bottom, top = float(np.floor(np.log10(low))), float(np.ceil(np.log10(high) + 1e-12))
    top = top if top > bottom else bottom + 1
    if now is not None:
        old = np.log10(now)
        if old[0] <= bottom + 1e-9 and old[1] >= top - 1e-9 and (old[1] - old[0]) - (top - bottom) <= 4 + 1e-9:
            return now
    return 10.0**bottom, 10.0**top


def under(
    picture: Picture, ax: Axes, curves: list[Array], *, x: tuple[float, float], floor: float, ceiling: float
) -> list[Array]:
    """Fit a logarithmic y-axis to `curves`, cut off at `floor` and `ceiling`, and x to `x`.

    Gives the curves to draw: what is beyond the limits leaves the panel, and is no plateau at its edge.
    """
    cut = [np.clip(np.nan_to_num(c, nan=ceiling, posinf=ceiling), floor, ceiling) for c in curves]
    low, high = min(float(c.min()) for c in cut), max(float(c.max()) for c in cut)
    picture.limits(ax, x, decades(low, high, ax.get_ylim()))
    far = 100 * ceiling  # the axis ends in a whole decade
    return [np.clip(np.nan_to_num(c, nan=far, posinf=far), floor / 10, far) for c in curves]
