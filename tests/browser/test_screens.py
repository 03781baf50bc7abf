"""On a projector's screen the picture and the sliders that a lesson names are in view together, without scrolling."""

import pytest

from tests.browser.lab import keep
from tests.browser.shown import Shown
from tests.widgets.test_shown_controls import NAMED, calls

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]  # together: one JupyterLab is enough

SCREENS = ((1366, 768), (1024, 768))

# Scrolls the notebook until the picture begins at its upper edge; what then is outside of the notebook's own window.
_OUTSIDE = """(box, words) => {
  const pane = box.closest('.jp-WindowedPanel-outer'), picture = box.querySelector('.nala-picture');
  const row = w => [...box.querySelectorAll('.widget-inline-hbox')].find(r => r.querySelector('label, span').title === w
    || [...r.querySelectorAll('label, span')].some(n => n.textContent.trim() === w));
  pane.scrollTop += picture.getBoundingClientRect().top - pane.getBoundingClientRect().top;
  const edge = pane.getBoundingClientRect(), parts = {picture};
  for (const w of words) parts[w] = row(w);
  return Object.entries(parts).filter(([, node]) => {
    const r = node.getBoundingClientRect();
    return r.width < 1 || r.top < edge.top - 1 || r.left < edge.left || r.right > edge.right || r.bottom > edge.bottom;
  }).map(([name]) => name);
}"""


@pytest.fixture(params=SCREENS, ids=lambda size: f"{size[0]}x{size[1]}")
def screen(request, lab):
    usual = lab.page.viewport_size
    lab.page.set_viewport_size({"width": request.param[0], "height": request.param[1]})
    yield f"{request.param[0]}x{request.param[1]}"
    lab.page.set_viewport_size(usual)


def named(lesson):
    """Title of each explorer of a lesson -> the words of the sliders that the lesson names."""
    made = zip(calls(lesson), NAMED[lesson], strict=True)
    return {explorer.title: [explorer.controls[name].description for name in names] for explorer, names in made}


def outside(shown, words):
    """What is not in view, once the page has come to rest."""
    before, now = None, shown.box.evaluate(_OUTSIDE, words)
    while now != before:
        shown.page.wait_for_timeout(300)
        before, now = now, shown.box.evaluate(_OUTSIDE, words)
    return now


def test_lesson_20_has_picture_and_named_sliders_in_view(lab, lesson_20, screen):
    lab.open("20_explorers")
    for title, words in named("20_explorers").items():
        shown = Shown(lab.page, lesson_20[0], title)
        assert outside(shown, words) == [], title
        assert shown.read()["picture"]["height"] > 200, title
        keep(lab.page, f"screen-{screen}-{title.split()[0].strip(':').lower()}")


def test_the_same_test_sees_a_slider_that_is_out_of_view(lab, lesson_20, screen):
    """All eighteen controls of the first explorer cannot be in view with its picture."""
    lab.open("20_explorers")
    shown = Shown(lab.page, lesson_20[0], "Two optimizers, one start")
    shown.unfold()
    assert "noise" in outside(shown, list(shown.read()["controls"]))
    keep(lab.page, f"screen-{screen}-unfolded")


@pytest.mark.parametrize("lesson", [lesson for lesson in NAMED if lesson != "20_explorers"])
def test_a_lesson_has_picture_and_named_sliders_in_view(lab, screen, lesson):
    (explorer,), ((title, words),) = calls(lesson), named(lesson).items()
    panel = lab.run_cells(lesson, type(explorer).__name__)
    shown = Shown(lab.page, panel, title)
    assert outside(shown, words) == [] and shown.read()["picture"]["height"] > 200
    keep(lab.page, f"screen-{screen}-{lesson}")
    lab.close(lesson)
