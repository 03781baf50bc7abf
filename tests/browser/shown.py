"""What an explorer shows in the browser, and hands on its controls; all is read from the page, nothing from Python."""

import time

from tests.browser.lab import PATIENCE

_READ = """box => {
  const controls = {}, numbers = {};
  for (const row of box.querySelectorAll('.widget-inline-hbox')) {
    const words = (row.querySelector('input[type=checkbox] + span') || row.querySelector('label')).textContent.trim();
    const slider = row.querySelector('[role=slider]'), list = row.querySelector('select');
    const tick = row.querySelector('input[type=checkbox]');
    if (slider) controls[words] = Number(slider.dataset.exponent || slider.getAttribute('aria-valuetext'));
    else if (list) controls[words] = list.value;
    else if (tick) controls[words] = tick.checked;
  }
  box.querySelectorAll('.nala-number').forEach(n => { numbers[n.dataset.name] = n.textContent; });
  const picture = box.querySelector('img.nala-picture');
  return {controls, numbers, message: box.querySelector('.nala-message').textContent.trim(),
    picture: picture ? {alt: picture.alt, drawn: picture.complete && picture.naturalWidth > 0,
                        height: picture.getBoundingClientRect().height} : null};
}"""


class Shown:
    """One explorer on the page."""

    def __init__(self, page, panel, title: str) -> None:
        self.page, self.title = page, title
        self.box = panel.locator(".nala-explorer", has=page.locator("h3").get_by_text(title, exact=True))
        self.box.wait_for(state="attached")
        self.box.scroll_into_view_if_needed()
        self.wait(lambda seen: seen["numbers"] and seen["picture"]["drawn"], "its first picture")

    def read(self):
        """Controls by their words (a slider is a number, a logarithmic one its exponent), numbers as text, the rest."""
        return self.box.evaluate(_READ)

    def wait(self, ready, what: str):
        """What is shown, once it is `ready`."""
        end, seen = time.monotonic() + PATIENCE, None
        while time.monotonic() < end:
            seen = self.read()
            if ready(seen):
                return seen
            self.page.wait_for_timeout(50)
        raise AssertionError(f"{self.title!r} did not show {what} within {PATIENCE} s; it shows {seen}")

    def unfold(self) -> None:
        """Show the controls behind "more controls", by keyboard."""
        more, hidden = self.box.get_by_role("button", name="more controls"), self.box.locator(".nala-folded")
        if not hidden.is_visible():
            self._focus(more)
            self.page.keyboard.press("Space")
        hidden.wait_for(state="visible")

    def row(self, words: str):
        """The row of a control, by its words."""
        return self.box.locator(".widget-inline-hbox", has=self.page.get_by_text(words, exact=True))

    def press(self, words: str, key: str, times: int = 1) -> None:
        """Focus a slider and press a key so often; the slider must have moved."""
        self._press(self.row(words).locator("[role=slider]"), words, key, times)

    def choose(self, words: str, key: str) -> None:
        """Focus a list and press a key: an arrow, or the first letter of an entry."""
        self._press(self.row(words).locator("select"), words, key, 1)

    def _press(self, control, words: str, key: str, times: int) -> None:
        before = self.read()["controls"][words]
        self._focus(control)
        for _ in range(times):
            self.page.keyboard.press(key)
        self.wait(lambda seen: seen["controls"][words] != before, f"{words!r} moved by {key}")

    def _focus(self, control) -> None:
        # JupyterLab moves the focus to a cell a moment after it has run it, so once may not be enough
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            control.focus()
            self.page.wait_for_timeout(50)
            if control.evaluate("node => node === document.activeElement"):
                return
        raise AssertionError("the control cannot be focused")
