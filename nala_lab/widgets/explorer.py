"""What all explorers share: settings go in, a view (numbers) is computed, a picture and the numbers are shown.

    controls -> settings -> view = compute(settings) -> picture.update(view), numbers, one sentence

At most five controls stand under the picture, so that both fit on a projector's screen; a button unfolds the others.

A view is a pure function of the settings and knows no widget; a picture knows only the view. So every number on the
screen can be tested without a browser, and a static picture is the same code without the controls.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields, replace
from html import escape
from numbers import Real
from pathlib import Path
from typing import Any, ClassVar

import ipywidgets as w  # type: ignore[import-untyped, unused-ignore]
from traitlets import TraitError

from nala_lab.core import require, require_choice
from nala_lab.widgets.controls import grid, toggle
from nala_lab.widgets.picture import Picture, img
from nala_lab.widgets.speaking import speaking

__all__ = ["Explorer", "text_of"]

MOST = 5  # controls under a picture: with the picture they fill a screen of 1024 x 768

# A saved notebook stays small; 12 points are still 13 pixels high.
STATIC: dict[str, Any] = {"colours": 48, "scale": 0.8}


def text_of(value: Any) -> str:
    """Give a number as it is shown: six significant digits.

    Examples
    --------
    >>> text_of(1 / 3), text_of(5), text_of("converged"), text_of(float("nan"))
    ('0.333333', '5', 'converged', 'none')
    """
    if isinstance(value, float):
        return "none" if value != value else f"{value:.6g}"
    return str(value)


class Explorer:
    """Base of the explorers: controls, a picture, numbers, and a sentence on what is seen.

    Parameters
    ----------
    show : settings whose controls stand under the picture, at most five; the others are folded away. None: `shown`.
    settings : fields of `options`.

    Attributes
    ----------
    controls : setting -> its control (an ipywidgets widget); `set` moves several at once.
    settings : the settings as they stand, a frozen dataclass.
    view : all numbers that are drawn, a frozen dataclass.
    numbers : name -> number, the ones that are also shown as text below the picture.
    message : the sentence below the picture.
    widget : the whole, as one ipywidgets box.
    """

    title: ClassVar[str] = ""
    options: ClassVar[type[Any]]  # the frozen dataclass of the settings
    compute: ClassVar[Callable[[Any], Any]]  # settings -> view; ValueError for settings that are not allowed
    drawing: ClassVar[type[Picture]]  # what shows a view
    shown: ClassVar[tuple[str, ...]]  # controls under the picture where nobody says which
    leading: ClassVar[tuple[str, ...]] = ()  # controls that others follow

    def __init__(self, *, show: Sequence[str] | None = None, **settings: Any) -> None:
        kind = type(self)
        self._given = kind.options(**settings)
        self.view: Any = kind.compute(self._given)  # a setting that is not allowed raises here, where code asked for it
        self.message = ""
        self.picture = kind.drawing()
        self.controls: dict[str, Any] = self.make_controls(self._given)
        self._named = self._names(kind.shown if show is None else show)
        self._picture, self._numbers, self._message = w.HTML(), w.HTML(), w.HTML()
        self._numbers.add_class("nala-numbers")
        self._message.add_class("nala-message")
        self._quiet = False
        for control in self.controls.values():
            control.observe(self._changed, names="value")
        self.refresh()
        self.widget = self.layout()
        self.widget.children = (*self.widget.children, speaking())
        self.widget.add_class("nala-explorer")

    # What a subclass says, beside the class attributes above.

    def make_controls(self, settings: Any) -> dict[str, Any]:
        """Make the controls, by the name of the setting."""
        raise TypeError("an explorer must say what it controls")

    def idle(self, settings: Any) -> frozenset[str]:
        """Name the controls that change nothing with these settings: they are greyed out."""
        return frozenset()

    def follow(self, moved: str, value: Any) -> None:
        """Move the controls that go with the one called `moved`, which somebody has just set to `value`."""

    def layout(self) -> Any:
        """Arrange title, picture, controls, numbers, and the folded controls."""
        return self._stack(under=[])

    # What all do.

    def _names(self, show: Sequence[str]) -> tuple[str, ...]:
        """The controls to be shown, in the explorer's own order."""
        require("show", show, not isinstance(show, str), "a tuple of settings")
        for name in show:
            require_choice("show", name, tuple(self.controls))
        require("show", show, len(set(show)) <= MOST, f"at most {MOST} controls")
        return tuple(name for name in self.controls if name in show)

    def _stack(self, *, under: list[Any], folded: Sequence[Any] = ()) -> Any:
        """Title, picture, the row `under` it, the shown controls; numbers; and, behind a button, all others."""
        heading = w.HTML(f'<h3 style="margin:0">{escape(self.title)}</h3>')
        placed = set(under)
        first = [self.controls[name] for name in self._named if self.controls[name] not in placed]
        placed |= set(first)
        rest = grid([c for c in self.controls.values() if c not in placed])
        fold = w.VBox([rest, w.HBox(folded)], layout=w.Layout(display="none", width="100%"))
        fold.add_class("nala-folded")
        self.more = toggle("more controls", help="show the controls that are folded away", icon="sliders")
        self.more.observe(lambda change: self.unfold(change["new"]), names="value")
        self._fold = fold
        row = [w.HBox(under)] if under else []
        return w.VBox([heading, self._picture, *row, grid(first), self._message, self._numbers, self.more, fold])

    def unfold(self, on: bool = True) -> Explorer:
        """Show the controls that are folded away, or fold them again; gives the explorer back."""
        self._fold.layout.display = "flex" if on else "none"
        self.more.value = on
        return self

    @property
    def settings(self) -> Any:
        """The settings as the controls stand."""
        known = {field.name for field in fields(self._given)}
        return replace(self._given, **{name: c.value for name, c in self.controls.items() if name in known})

    @property
    def numbers(self) -> Mapping[str, Any]:
        """The numbers shown as text, unrounded."""
        numbers: Mapping[str, Any] = self.view.numbers
        return numbers

    def set(self, **values: Any) -> Explorer:
        """Move controls, all at once, and show the result; gives the explorer back.

        Parameters
        ----------
        values : setting -> value, as if the controls had been moved there: those of `leading` first, which bring what
            goes with them, then the others.

        Raises
        ------
        ValueError
            For an unknown setting, or a value outside the control's range; every control then stands where it stood.
        """
        stood = {control: {trait: getattr(control, trait) for trait in ("min", "max", "step", "value")
                           if control.has_trait(trait)} for control in self.controls.values()}  # fmt: skip
        order = (*(name for name in self.leading if name in values), *values)
        with self._silence():
            try:
                for name in dict.fromkeys(order):
                    self._move(name, values[name])
                    self.follow(name, values[name])
            except Exception:
                for control, traits in stood.items():
                    with control.hold_trait_notifications():
                        for trait, value in traits.items():
                            control.set_trait(trait, value)
                raise
        self.refresh()
        return self

    def _move(self, name: str, value: Any) -> None:
        require_choice("setting", name, tuple(self.controls))
        control = self.controls[name]
        try:
            control.value = value
        except TraitError as error:
            raise ValueError(f"{name} cannot be {value!r}: {error}") from None
        # a slider cuts off what lies outside its range; 1e-9: a logarithmic one computes 10**log10(value)
        same = value is not None and value == control.value
        same = same or isinstance(value, Real) and abs(value - control.value) <= 1e-9 * abs(value)
        require(name, value, same, f"the control's range, {getattr(control, 'min', '')} to "
                f"{getattr(control, 'max', '')}")  # fmt: skip

    def refresh(self) -> None:
        """Compute, draw and show what the controls say; a setting that is not allowed becomes a sentence."""
        settings = self.settings
        idle = self.idle(settings)
        for name, control in self.controls.items():
            control.disabled = name in idle
        try:
            self.view = type(self).compute(settings)
        except ValueError as error:
            self.message = f"Not allowed: {error}. Picture and numbers are of the last setting that was."
        else:
            self.message = self.view.message
            self.draw()
        self._message.value = f'<div role="status" style="font-size:15px">{escape(self.message)}</div>'

    def draw(self) -> None:
        """Draw the view and show its numbers."""
        self.picture.show(self.view)
        self._picture.value = img(self.picture.png(), self.alt, self.picture.size)
        self.show_numbers()

    def show_numbers(self) -> None:
        """Show the numbers as text."""
        self._numbers.value = _table(self.numbers)

    @property
    def alt(self) -> str:
        """The picture in words."""
        return self.picture.alt(self.view)

    def static(self, path: str | Path | None = None) -> bytes:
        """Give the picture as a PNG, without controls; with `path`, also write it there.

        Raises
        ------
        OSError
            When the file cannot be written.
        """
        self.picture.show(self.view)
        png = self.picture.small_png(**STATIC)
        if path is not None:
            Path(path).write_bytes(png)
        return png

    def show(self) -> None:
        """Display the explorer, for a cell whose last line is something else."""
        from IPython.display import display

        display(self)  # type: ignore[no-untyped-call, unused-ignore]

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        # Widget and picture in one output: a front end with a kernel shows the widget, any other (GitHub, an export,
        # the lab's site) the picture. What is saved never depends on a running kernel.
        bundle = dict(self.widget._repr_mimebundle_() or {})
        bundle |= {"text/plain": self.alt, "image/png": b64encode(self.static()).decode("ascii")}
        return bundle, {"image/png": {"alt": self.alt}}

    def _changed(self, change: Any) -> None:
        if self._quiet:
            return
        moved = next(name for name, control in self.controls.items() if control is change["owner"])
        with self._silence():
            self.follow(moved, change["new"])
        self.refresh()

    @contextmanager
    def _silence(self) -> Iterator[None]:
        before, self._quiet = self._quiet, True
        try:
            yield
        finally:
            self._quiet = before


def _table(numbers: Mapping[str, Any]) -> str:
    """The numbers as HTML; ``data-name`` lets a test in a browser find each."""
    cells = (
        f'<span style="margin-right:1.6em;white-space:nowrap"><b>{escape(name)}</b>&nbsp;'
        f'<span class="nala-number" data-name="{escape(name)}">{escape(text_of(value))}</span></span> '
        for name, value in numbers.items()
    )
    return f'<div style="font-size:15px;line-height:1.6">{"".join(cells)}</div>'
