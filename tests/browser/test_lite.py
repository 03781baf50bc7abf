"""The browser edition in a fresh Chromium with the network cut: every lesson runs to its end."""

import json
import os
import statistics
from pathlib import Path

import pytest

from nala_lab.classroom import check, exercise, grades
from tests.browser.lab import keep, note
from tests.browser.lite import CUT, Folder, Tab
from tests.tools.tree import ROOT
from tools.doors import lite

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("lite")]  # one build of the edition is enough

LESSONS = lite.runnable(ROOT / "notebooks")
EXPLORERS = "[...document.querySelectorAll('.nala-explorer')]"
SHOW = f"""number => {{
  const book = [...window.jupyterapp.shell.widgets('main')].map(w => w.content).find(c => c && c.scrollToItem);
  const cell = book.widgets.findIndex(c => c.node.contains({EXPLORERS}[number]));
  return book.scrollToItem(cell, 'start');
}}"""


@pytest.fixture(scope="module")
def edition(tmp_path_factory):
    pytest.importorskip("jupyterlite_core", reason="needs the extra `site`")
    stems, why = lite.prepare(ROOT, ROOT)
    if not stems:
        if os.environ.get("NALA_LAB_BROWSER_REQUIRED") == "1" and os.environ.get(lite.FOLDER):
            pytest.fail(why)
        pytest.skip(why)
    work = tmp_path_factory.mktemp("edition")
    assert lite.build(ROOT, work, work / "lite", stems, pyodide=Path(os.environ[lite.FOLDER])) == []
    served = Folder(work / "lite")
    yield served
    served.stop()


@pytest.fixture(scope="module")
def offline(launch):
    """A browser of its own that resolves no name."""
    launched = launch(CUT)
    yield launched
    launched.close()


@pytest.fixture
def tab(offline, edition):
    opened = Tab(offline, edition.url)
    yield opened
    opened.close()


@pytest.mark.parametrize("lesson", LESSONS)
def test_a_lesson_runs_to_its_end_without_a_network(tab, lesson):
    state = tab.run_all(lesson)
    note(f"browser edition, {lesson}: first picture {state['first']:.1f} s, whole lesson {state['seconds']:.1f} s")
    keep(tab.page, f"lite-{lesson}")
    assert state["errors"] == [] and all(state["counts"]) and tab.asked == []


def test_an_explorer_moves_and_its_picture_follows(tab):
    tab.run_all("20_explorers")
    shown = tab.page.evaluate(f"() => {EXPLORERS}.length")
    assert shown == 6
    medians = []
    for number in range(shown):
        box = tab.page.locator(".nala-explorer").nth(number)
        tab.page.evaluate(SHOW, number)  # JupyterLab shows only the cells in view
        tab.page.wait_for_timeout(500)  # JupyterLab moves the focus to the cell a moment after
        handle = box.locator(".noUi-handle:visible").first
        handle.focus(timeout=20_000)
        assert handle.evaluate("node => node === document.activeElement")
        times = [moved(tab.page, number) for _ in range(5)]
        medians.append(statistics.median(times))
    note("browser edition, slider to new picture, median ms: " + ", ".join(f"{m:.0f}" for m in medians))


def moved(page, number: int) -> float:
    """Milliseconds from a key on the focused handle to a new image; fails when none comes in 20 s."""
    watch = f"""number => {{
      const image = () => {EXPLORERS}[number].querySelector('img').src;
      window.before = image(); window.begun = 0;
      const key = () => {{ window.begun = performance.now(); }};
      document.addEventListener('keydown', key, {{once: true, capture: true}});
      window.later = new Promise((done, fail) => {{
        const look = () => window.begun && image() !== window.before ? done(performance.now() - window.begun)
          : setTimeout(look, 2);
        look(); setTimeout(() => fail(new Error('no new picture')), 20000);
      }});
    }}"""
    page.evaluate(watch, number)
    low, now = page.evaluate("() => ['min', 'now'].map(w => +document.activeElement.getAttribute('aria-value' + w))")
    page.keyboard.press("ArrowLeft" if now > low else "ArrowRight")
    return page.evaluate("() => window.later")


@pytest.fixture(scope="module")
def student(offline, edition):
    """Lesson 00 as one has it who never touches a mouse: opened, all cells run, the first answer's cell in front."""
    opened = Keys(Tab(offline, edition.url), "00_start_here")
    yield opened
    opened.tab.close()


class Keys:
    """A lesson under the keyboard."""

    def __init__(self, tab, name: str) -> None:
        self.tab, self.path, self.press = tab, f"{name}.ipynb", tab.page.keyboard.press
        tab.open(name)
        self.press("Control+a")
        self.press("Control+Enter")
        self.wait(lambda s: s["errors"] or (all(s["counts"]) and s["kernel"] == "idle"))

    def wait(self, ready):
        state = self.tab.wait(self.path, ready)
        assert state["errors"] == []
        return state

    def walk_to(self, start: str) -> None:
        """Arrow keys until the cell that begins so is in front: up from wherever we are, then down."""
        for key in ("ArrowUp", "ArrowDown"):
            for _ in range(120):
                if self.wait(lambda s: True)["active"].startswith(start):
                    return
                self.press(key)
        raise AssertionError(f"no cell begins with {start!r}")

    def write(self, text: str) -> None:
        """Put text into the cell in front and run it; the next one is in front then."""
        self.press("Enter")
        self.wait(lambda s: s["mode"] == "edit")
        self.press("Control+a")
        self.tab.page.keyboard.type(text)
        self.press("Shift+Enter")

    def run(self, start: str) -> dict:
        """Run the cell in front, which begins so; what it shows."""
        before = max(self.wait(lambda s: s["active"].startswith(start) and all(s["counts"]))["counts"])
        self.press("Control+Enter")
        return self.wait(lambda s: all(s["counts"]) and max(s["counts"]) > before and s["shown"])["shown"][-1]


def test_with_the_keyboard_alone_the_first_exercise_is_answered_wrong_and_then_right(student):
    solution = exercise("00.1", "demo").solution.tolist()
    grades().clear()
    for answer in ([0.123, 0.5], solution):
        said = check("00.1", answer, "demo")
        student.walk_to("answer_00_1")
        student.write(f"answer_00_1 = {answer!r}")
        shown = student.run('check("00.1"')
        assert "".join(shown["text/markdown"]) == said._repr_markdown_() and said.right == (answer == solution)
        assert said.message.split(".")[0] in student.tab.page.locator(".jp-mod-active .jp-OutputArea").inner_text()
    keep(student.tab.page, "lite-exercise")


def test_the_grades_can_be_saved(student):
    student.walk_to("grades()")
    student.press("Enter")
    student.press("Control+a")
    student.tab.page.keyboard.type("grades().download()")
    student.run("grades().download()")
    with student.tab.page.expect_download() as caught:
        student.tab.page.locator("a[download]").click()
    book = json.loads(caught.value.path().read_text(encoding="utf-8"))
    row = book["students"]["demo"]["00.1"]
    assert caught.value.suggested_filename == "00-demo.json"
    assert (row["points"], row["of"], row["tries"], row["last"]) == (1, 1, 2, "right")
    assert row["answer"] == exercise("00.1", "demo").solution.tolist()


def test_a_new_version_of_a_lesson_reaches_a_returning_student():
    one, two = (lite.settings(f"0.1.0 {state}")["jupyter-config-data"]["contentsStorageName"] for state in "ab")
    assert one != two


def test_the_lessons_are_those_that_need_no_torch_and_the_game():
    numbers = {name[:2] for name in LESSONS}
    assert numbers == {f"{n:02d}" for n in (0, 1, 2, 3, 4, 6, 7, 8, 9, 10, 11, 16, 17, 18, 19, 20)}
