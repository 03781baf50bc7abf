"""Controls that say what they are: each has a description, a tooltip, and works with the arrow keys.

ipywidgets' sliders, lists, tick boxes and buttons can be reached by Tab and moved by the arrow keys; the number beside
a slider can be typed. There is one kind of each, made here, with room enough for its description. They stand in two
columns, at every width of the page, so that what belongs to the left panel can stand left.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import ipywidgets as w  # type: ignore[import-untyped, unused-ignore]

from nala_lab.core import require_number

__all__ = ["LOGARITHMIC", "button", "choice", "counter", "grid", "log_slider", "move", "slider", "through", "tick",
           "toggle"]  # fmt: skip

LOGARITHMIC = "nala-log"  # by this class `speaking` knows a slider whose position is an exponent
_WIDE = {"description_width": "106px"}


def _common(name: str, help: str) -> dict[str, Any]:
    return {"description": name, "tooltip": help or name, "style": _WIDE, "layout": w.Layout(width="auto")}


def through(value: float, low: float, step: float) -> float:
    """Give the lower end, at `low` or just above, from which steps lead to `value`.

    The browser rounds a slider's value to its steps and sends it back: a value between two steps would not stay.

    Examples
    --------
    >>> through(0.25, 0.0, 0.1).__round__(12), through(0.3, 0.0, 0.1), through(-1.0, 0.0, 0.1)
    (0.05, 0.0, -1.0)
    """
    steps = math.floor((value - low) / step + 1e-9)
    start = value - max(steps, 0) * step
    return low if abs(start - low) < 1e-9 * step else start


def slider(
    name: str, value: float, low: float, high: float, step: float, *, help: str = "", digits: str = ".3f"
) -> Any:
    """Make a slider of numbers; the range grows where `value` lies outside it.

    Examples
    --------
    >>> slider("mu", 2.0, -1, 1, 0.05).max
    2.0
    """
    low, high = through(value, low, step), max(high, value)
    return w.FloatSlider(value=value, min=low, max=high, step=step, readout_format=digits, **_common(name, help))


def log_slider(name: str, value: float, low: float, high: float, *, help: str = "") -> Any:
    """Make a slider whose steps are factors, from 10^low to 10^high: 40 steps make a factor of ten.

    Examples
    --------
    >>> log_slider("lr", 0.01, -5, 0).value
    0.01
    """
    require_number(name, value, low=0, open_low=True, hint="the slider's steps are factors")
    power = math.log10(value)
    low, high = through(power, low, 0.025), max(high, power)
    options = {"base": 10, "min": low, "max": high, "step": 0.025, "readout_format": ".3g"}
    return w.FloatLogSlider(value=value, **options, **_common(name, help)).add_class(LOGARITHMIC)


def counter(name: str, value: int, low: int, high: int, *, help: str = "", step: int = 1) -> Any:
    """Make a slider of whole numbers.

    Examples
    --------
    >>> counter("k", 5, 1, 12).value
    5
    """
    return w.IntSlider(value=value, min=min(low, value), max=max(high, value), step=step, **_common(name, help))


def choice(name: str, value: str, options: Sequence[str], *, help: str = "") -> Any:
    """Make a list to choose from.

    Examples
    --------
    >>> choice("inner", "Adam", ("Adam", "SGD")).options
    ('Adam', 'SGD')
    """
    return w.Dropdown(value=value, options=tuple(options), **_common(name, help))


def tick(name: str, value: bool, *, help: str = "") -> Any:
    """Make a tick box.

    Examples
    --------
    >>> tick("moved", False).value
    False
    """
    return w.Checkbox(value=value, indent=True, **_common(name, help))


def button(name: str, *, help: str = "", icon: str = "") -> Any:
    """Make a button.

    Examples
    --------
    >>> button("step forward").description
    'step forward'
    """
    return w.Button(description=name, tooltip=help or name, icon=icon, layout=w.Layout(width="150px"))


def toggle(name: str, *, help: str = "", icon: str = "hand-pointer-o") -> Any:
    """Make a button that stays pressed.

    Examples
    --------
    >>> toggle("drag the start").value
    False
    """
    return w.ToggleButton(description=name, tooltip=help or name, icon=icon, layout=w.Layout(width="150px"))


def grid(controls: Sequence[Any]) -> Any:
    """Put controls in two columns, row by row.

    Examples
    --------
    >>> len(grid([slider("mu", 0.0, -1, 1, 0.1), counter("k", 5, 1, 12)]).children)
    2
    """
    columns = "repeat(2, minmax(0, 1fr))"
    return w.GridBox(tuple(controls), layout=w.Layout(grid_template_columns=columns, width="100%", overflow="hidden"))


def move(control: Any, low: float, high: float, value: float) -> None:
    """Give a slider another range and value at once; the step becomes 1/200 of the range.

    Examples
    --------
    >>> s = slider("x1", 0.0, -1, 1, 0.1); move(s, 5.0, 9.0, 6.0); (s.min, s.max, s.value)
    (5.0, 9.0, 6.0)
    """
    with control.hold_trait_notifications():  # one by one, a new minimum above the old maximum would be refused
        control.step = (high - low) / 200
        control.min, control.max, control.value = through(value, low, control.step), high, value
