"""The six explorers in JupyterLab: sliders moved by keyboard, and the numbers on the page against the library's."""

import pytest

from tests.browser import expected
from tests.browser.lab import keep
from tests.browser.shown import Shown

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]  # together: one JupyterLab is enough

# explorer's heading -> what it must show, the keys to press (control, key, how often), the lists to choose from
MOVES = {
    "Two optimizers, one start": (
        expected.trajectory,
        [("mu", "ArrowLeft", 2), ("k", "ArrowRight", 1), ("eta (lr) right", "ArrowRight", 4),
         ("gradients so far", "ArrowLeft", 5)],
        {},
    ),
    "Rate and stability on a quadratic": (
        expected.rate,
        [("eta L", "ArrowLeft", 5), ("mu", "ArrowRight", 7), ("kappa", "ArrowLeft", 4), ("alpha L", "ArrowRight", 3)],
        {},
    ),
    "What the slow weights remember: Eq. (5)": (
        expected.averaging,
        [("noise", "Home", 1), ("mu", "ArrowRight", 14), ("outer steps t", "ArrowLeft", 3), ("alpha", "ArrowRight", 1)],
        {},
    ),
    "Noise: what averaging buys": (
        expected.noise,
        [("mu", "ArrowRight", 6), ("cycles", "ArrowLeft", 5), ("noise sigma", "ArrowRight", 4)],
        {},
    ),
    "AdaLA and its probes": (
        expected.probe,
        [("eta (lr)", "ArrowLeft", 4), ("step shown", "ArrowRight", 2)],
        {"probe": ("g", "grad")},
    ),
    "The two-loop family: which method is it?": (
        expected.family,
        [("nu", "ArrowRight", 15), ("outer beta", "ArrowRight", 10), ("k", "ArrowRight", 1)],
        {},
    ),
}  # fmt: skip


@pytest.mark.parametrize("title", MOVES)
def test_the_numbers_follow_the_keys_and_are_the_library_s(lab, lesson_20, title):
    panel, _ = lesson_20
    library, keys, lists = MOVES[title]
    shown = Shown(lab.page, panel, title)
    shown.unfold()
    if title in ("What the slow weights remember: Eq. (5)",):  # exact only once its noise is off
        before = shown.read()
    else:
        before = agreed(shown, library)
    name = "".join(c if c.isalnum() else "-" for c in title.lower()).strip("-")
    keep(shown.box, f"{name}-before")
    for words, key, times in keys:
        shown.press(words, key, times)
    for words, (key, entry) in lists.items():
        shown.choose(words, key)
        assert shown.read()["controls"][words] == entry
    after = agreed(shown, library)
    moved = {words for words in after["controls"] if after["controls"][words] != before["controls"][words]}
    assert moved >= {words for words, *_ in keys} | lists.keys()
    assert after["numbers"] != before["numbers"]
    # the picture and its words are new too, and the picture is there to be seen
    assert after["picture"]["drawn"] and after["picture"]["height"] > 200
    assert len(after["picture"]["alt"]) > 40 and after["message"]
    keep(shown.box, f"{name}-after")


def agreed(shown, library):
    """What is shown, once its numbers are those of the settings that are shown."""

    def right(seen):
        return not expected.differences(seen["numbers"], library(seen["controls"]))

    try:
        return shown.wait(right, "the library's numbers")
    except AssertionError as error:
        seen = shown.read()
        wrong = expected.differences(seen["numbers"], library(seen["controls"]))
        raise AssertionError(f"shown against expected: {wrong}; settings {seen['controls']}") from error


def test_the_family_chooser_names_the_method_that_the_list_chooses(lab, lesson_20):
    shown = Shown(lab.page, lesson_20[0], "The two-loop family: which method is it?")
    shown.choose("method", "g")  # the only entry with this letter
    seen = shown.wait(lambda seen: "GPA" in seen["message"], "GPA as the method's name")
    assert seen["controls"]["k"] == 1 and seen["controls"]["nu"] == 1


def test_a_run_that_is_stepped_back_and_forth_comes_back_to_the_same_numbers(lab, lesson_20):
    shown = Shown(lab.page, lesson_20[0], "Two optimizers, one start")
    first = shown.read()
    for words, change in (("step back", -1), ("step forward", 0)):
        button = shown.box.get_by_role("button", name=words)
        button.focus()
        lab.page.keyboard.press("Space")
        want = str(int(first["controls"]["gradients so far"]) + change)
        last = shown.wait(lambda seen, want=want: seen["numbers"]["gradients"] == want, f"gradient {want}")
    assert last["numbers"] == first["numbers"]
