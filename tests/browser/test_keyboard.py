"""Without a mouse and without eyes: Tab reaches every control, and each has a name that a screen reader says."""

import re

import pytest

from tests.browser.shown import Shown
from tests.browser.test_explorers import MOVES

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]  # together: one JupyterLab is enough

explorers = pytest.mark.parametrize("title", MOVES)

# Sliders, the numbers beside them, lists, tick boxes and buttons; each gets a number, and says when it has the focus.
_LISTEN = """box => {
  const controls = [...box.querySelectorAll('[role=slider], .widget-readout, select, input, button')]
    .filter(node => node.getClientRects().length > 0 && !node.closest('[disabled]')
      && node.contentEditable !== 'false');  // grey ones, and the numbers beside them, are passed over
  box.reached = [];
  box.addEventListener('focusin', event => box.reached.push(controls.indexOf(event.target)));
  return controls.length;
}"""


@explorers
def test_tab_reaches_every_control_in_order_and_leaves(lab, lesson_20, title):
    shown = Shown(lab.page, lesson_20[0], title)
    shown.unfold()
    count = shown.box.evaluate(_LISTEN)
    assert count >= len(shown.read()["controls"])
    shown.box.evaluate("box => box.closest('.jp-Cell').focus()")  # from here on the keyboard
    inside = False
    for _ in range(count + 10):  # a few more: the cell's own editor and tools come first
        lab.page.keyboard.press("Tab")
        was, inside = inside, shown.box.evaluate("box => box.contains(document.activeElement)")
        if was and not inside:
            break
    assert was and not inside, "Tab does not leave the explorer"
    assert shown.box.evaluate("box => box.reached") == list(range(count))


@explorers
def test_every_control_has_a_name(lab, lesson_20, title):
    shown = Shown(lab.page, lesson_20[0], title)
    shown.unfold()
    shown.box.locator("[role=slider][aria-label]").first.wait_for()  # set by a script a moment after the drawing
    told = shown.box.aria_snapshot()
    assert not re.findall(r"^\s*- (?:slider|textbox|combobox|checkbox|button)(?! \")", told, re.MULTILINE), told
    roles = {float: "slider", int: "slider", str: "combobox", bool: "checkbox"}
    for words, value in shown.read()["controls"].items():
        assert shown.box.get_by_role(roles[type(value)], name=words, exact=True).count() == 1, words
    assert len(shown.box.get_by_role("img").first.get_attribute("alt")) > 40


def test_a_logarithmic_slider_speaks_its_value_and_not_its_exponent(lab, lesson_20):
    shown = Shown(lab.page, lesson_20[0], "AdaLA and its probes")
    row = shown.row("eta (lr)")
    row.locator("[data-exponent]").wait_for()
    for key in ("ArrowLeft", "ArrowRight"):
        shown.press("eta (lr)", key)
        exponent = shown.read()["controls"]["eta (lr)"]
        handle = row.locator("[role=slider]")
        assert -4 <= exponent < 0 and handle.get_attribute("aria-valuetext") == f"{10**exponent:.3g}"
