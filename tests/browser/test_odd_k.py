"""The picture people share: one small file, whose numbers are those of nala_lab.reference, bit for bit."""

import numpy as np
import pytest

from nala_lab.reference import NALA, SGD, run
from nala_lab.theory.quadratic_rate import rho
from tests.browser.lab import keep
from tests.tools.tree import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]

FILE = ROOT / "docs" / "_static" / "odd_k.html"
STEPS = [i * 0.05 for i in range(51)]  # eta lambda
MUS = [-1 + i * 0.05 for i in range(21)]
SETTINGS = [(x, k, mu) for x in STEPS for k in (4, 5) for mu in MUS]
CYCLES = 6
ASK = "([settings, cycles]) => settings.map(([x, k, mu]) => [run(x, k, mu, cycles), rho(x, k, mu)])"
PLANTED = {
    "sign of the slow part": ("(1 + mu) * th - mu * phi", "(1 + mu) * th + mu * phi"),
    "gradient at the slow weights": ("th = th - x * th", "th = th - x * phi"),
    "no restart": ("let th = phi;", "if (c === 0) var th = phi;"),
    "1 - mu": ("phi = (1 + mu)", "phi = (1 - mu)"),
    "sign in rho": ("** k - mu", "** k + mu"),
    "another order of operations": ("th = th - x * th", "th = (1 - x) * th"),
}


@pytest.fixture(scope="module")
def expected():
    found = []
    for x, k, mu in SETTINGS:
        t = run(NALA(SGD(x), k=k, mu=mu, alpha=0.0), lambda theta: theta, np.array([1.0]), cycles=CYCLES)
        fast = np.concatenate([[1.0], t.fast[:, 1:, 0].ravel()]) if t.fast.shape[1] == k + 1 else t.fast.ravel()
        found.append((t.slow[:, 0], fast, float(rho(1.0, lr=x, k=k, mu=mu, alpha=0.0))))
    return found


def unequal(page, expected):
    """How many of the settings differ in a slow weight, a fast weight or rho."""
    found = page.evaluate(ASK, [SETTINGS, CYCLES])
    assert len(found) == len(expected) == 2142
    return sum(
        not (np.array_equal(got["slow"], slow) and np.array_equal(got["fast"], fast)
             and abs(factor - want) <= 4 * np.spacing(max(1.0, abs(want))))  # engines may round a power differently
        for (got, factor), (slow, fast, want) in zip(found, expected, strict=True)
    )  # fmt: skip


@pytest.fixture
def page(browser):
    opened = browser.new_page(viewport={"width": 1366, "height": 768})
    yield opened
    opened.close()


def test_the_file_is_small_and_asks_for_nothing(page):
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(FILE.as_uri())
    assert FILE.stat().st_size < 6000 and asked == [FILE.as_uri()]
    keep(page, "odd-k-1366")
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    keep(page, "odd-k-390")


def test_every_setting_of_the_sliders_is_the_reference_s_run(page, expected):
    page.goto(FILE.as_uri())
    assert unequal(page, expected) == 0


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_fault_is_seen(page, expected, name):
    old, new = PLANTED[name]
    text = FILE.read_text(encoding="utf-8")
    assert text.count(old) == 1
    page.set_content(text.replace(old, new))
    assert unequal(page, expected) > 100


def test_the_sliders_move_the_picture_by_keyboard(page):
    page.goto(FILE.as_uri())
    before = page.locator("svg").inner_html()
    page.locator("#x").focus()
    page.keyboard.press("ArrowLeft")
    assert page.locator("svg").inner_html() != before and "2.05" in page.locator("#w").inner_text()
    assert "come to 0" in page.locator("#w").inner_text()
    page.get_by_label("k = 4").check()
    assert "leave" in page.locator("#w").inner_text()
