"""As a new user does it: `make lab`, the first cell of the first notebook, the first slider."""

import time

import pytest

from tests.browser.lab import note
from tests.browser.shown import Shown

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]  # together: one JupyterLab is enough


def test_the_first_slider_moves_after_one_cell(lab, server):
    """The way that lesson 00's first paragraph describes, and nothing else; times are printed, not judged."""
    begun = time.monotonic()
    panel = lab.open("00_start_here")
    opened = time.monotonic()
    text = panel.locator(".jp-MarkdownCell").first.inner_text()
    assert "Shift+Enter" in text and "eta (lr) left" in text
    panel.locator(".jp-CodeCell .jp-InputArea-editor").first.click()
    lab.page.keyboard.press("Shift+Enter")  # the first picture; the explorer stands in the next cell
    lab.page.keyboard.press("Shift+Enter")
    shown = Shown(lab.page, panel, "Two optimizers, one start")
    alive = time.monotonic()
    first = shown.read()
    handle = shown.row("eta (lr) left").locator("[role=slider]")
    track = shown.row("eta (lr) left").locator(".noUi-base").bounding_box()
    place = handle.bounding_box()
    lab.page.mouse.move(place["x"] + place["width"] / 2, place["y"] + place["height"] / 2)
    lab.page.mouse.down()
    lab.page.mouse.move(track["x"] + track["width"], place["y"] + place["height"] / 2, steps=8)
    lab.page.mouse.up()
    last = shown.wait(lambda seen: "SGD diverges" in seen["message"], "that the left run leaves the picture")
    assert last["controls"]["eta (lr) left"] == 0 > first["controls"]["eta (lr) left"]  # exponents: lr = 1
    parts = {"server": server.seconds, "notebook open": opened - begun, "first picture": alive - opened}
    parts["slider moved"] = time.monotonic() - alive
    told = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in parts.items())
    note(f"new user, from the start of JupyterLab to the first slider moved: {sum(parts.values()):.1f} s ({told})")
    lab.close("00_start_here")
