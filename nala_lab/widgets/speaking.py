"""Names for who listens: a screen reader hears "slider, eta L" and not "slider".

ipywidgets puts a slider's label beside it without tying the two together, and offers no trait for it. A script of a few
lines, which an Output widget runs wherever the explorer is displayed, copies each label's words into ``aria-label``.
A logarithmic slider would speak its exponent ("minus 1.5"); the script makes it speak its value, and keeps the exponent
in ``data-exponent``. A grey slider says that it is, and Tab passes over it.
"""

from __future__ import annotations

from typing import Any

import ipywidgets as w  # type: ignore[import-untyped, unused-ignore]

from nala_lab.widgets.controls import LOGARITHMIC

__all__ = ["speaking"]

# Run before the output is part of the page, hence the tries; drawn again, the explorer is named again.
_SCRIPT = """
(function name(tries) {
  const box = element.closest('.nala-explorer');
  if (!box) { if (tries > 0) { setTimeout(function () { name(tries - 1); }, 100); } return; }
  box.querySelectorAll('.widget-slider').forEach(function (row) {
    const words = row.querySelector('label').textContent;
    const handle = row.querySelector('[role=slider]'), track = row.querySelector('.noUi-target');
    handle.setAttribute('aria-label', words);
    function grey() {
      handle.setAttribute('aria-disabled', track.hasAttribute('disabled'));
      handle.tabIndex = track.hasAttribute('disabled') ? -1 : 0;
    }
    new MutationObserver(grey).observe(track, {attributes: true, attributeFilter: ['disabled']});
    grey();
    const typed = row.querySelector('.widget-readout');
    typed.setAttribute('role', 'textbox');
    typed.setAttribute('aria-label', words + ', as a number');
  });
  box.querySelectorAll('.LOG [role=slider]').forEach(function (handle) {
    function say() {  // the slider writes its exponent at every move
      const text = handle.getAttribute('aria-valuetext');
      if (text === handle.dataset.said) { return; }
      handle.dataset.exponent = text;
      handle.dataset.said = String(Number(Math.pow(10, Number(text)).toPrecision(3)));
      handle.setAttribute('aria-valuetext', handle.dataset.said);
    }
    new MutationObserver(say).observe(handle, {attributes: true, attributeFilter: ['aria-valuetext']});
    say();
  });
})(300);
""".replace("LOG", LOGARITHMIC)


def speaking() -> Any:
    """Make the widget that names the sliders around it; it takes no room.

    Examples
    --------
    >>> speaking().layout.display
    'none'
    """
    data = {"application/javascript": _SCRIPT, "text/plain": ""}
    output = {"output_type": "display_data", "data": data, "metadata": {}}
    return w.Output(outputs=(output,), layout=w.Layout(display="none"))
