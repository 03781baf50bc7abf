"""The lecture's slides on a screen of 1280 x 720: nothing is cut off, and figures and letters are large enough."""

import pytest

from tests.browser.lab import keep
from tools import slides as tool

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]  # together: one JupyterLab is enough

WIDTH, HEIGHT = 1280, 720
ROUNDING = 1  # a browser's pixel positions are rounded
SMALLEST_FIGURE = HEIGHT / 2
SMALLEST_CODE = 18
SMALLEST_LETTERS = HEIGHT / 50  # font size; on a screen 2 m high that is 4 cm, which is read from 12 m

# Of each slide: how far its content reaches, how tall its pictures are, the smallest letters (formulas' indices apart).
_MEASURE = """() => [...document.querySelectorAll('section.leaf')].map(leaf => {
  const scale = Number(leaf.dataset.scale), edge = leaf.getBoundingClientRect(), box = leaf.firstElementChild;
  const parts = [...box.querySelectorAll('*')].filter(n => !n.closest('math') || n.localName === 'math')
    .map(n => n.getBoundingClientRect()).filter(r => r.width > 0 && r.height > 0);
  const walk = document.createTreeWalker(box, NodeFilter.SHOW_TEXT), letters = [];
  while (walk.nextNode()) {
    const text = walk.currentNode, parent = text.parentElement;
    if (!text.data.trim() || parent.closest('math, style') || !parent.getClientRects().length) continue;
    letters.push(parseFloat(getComputedStyle(parent).fontSize) * scale);
  }
  const tall = i => {  // as drawn: a wide picture does not fill the height of its box
    const box = i.getBoundingClientRect();
    return i.complete && i.naturalWidth ? Math.min(box.height, box.width * i.naturalHeight / i.naturalWidth) : 0;
  };
  return {text: box.textContent.trim().slice(0, 40), edge: [edge.left, edge.top, edge.right, edge.bottom],
    left: Math.min(...parts.map(r => r.left)), top: Math.min(...parts.map(r => r.top)),
    right: Math.max(...parts.map(r => r.right)), bottom: Math.max(...parts.map(r => r.bottom)),
    figures: [...box.querySelectorAll('img')].map(tall),
    letters: letters.length ? Math.min(...letters) : 99,
    code: box.querySelector('pre') ? parseFloat(getComputedStyle(box.querySelector('pre')).fontSize) * scale : 99};
})"""


@pytest.mark.parametrize("lecture", tool.LECTURE)
def test_no_slide_is_cut_off_or_too_small_to_read(browser, tmp_path, lecture):
    file = tmp_path / f"{lecture}.html"
    file.write_text(tool.slides(tool.ROOT / "notebooks" / f"{lecture}.ipynb"), encoding="utf-8")
    page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
    page.goto(file.as_uri())
    slides = page.evaluate(_MEASURE)
    assert len(slides) > 10 and sum(len(slide["figures"]) for slide in slides) >= 3
    for number, slide in enumerate(slides, start=1):
        where = f"{lecture}, slide {number} ({slide['text']})"
        assert slide["edge"] == pytest.approx([0, 0, WIDTH, HEIGHT], abs=ROUNDING), where
        assert min(slide["left"], slide["top"]) >= -ROUNDING, where
        assert slide["right"] <= WIDTH + ROUNDING and slide["bottom"] <= HEIGHT + ROUNDING, (where, slide)
        assert all(height >= SMALLEST_FIGURE for height in slide["figures"]), (where, slide["figures"])
        assert slide["code"] >= SMALLEST_CODE, (where, slide["code"])
        assert not slide["figures"] or slide["text"], f"{where}: a picture without a word"
        assert slide["letters"] >= SMALLEST_LETTERS, (where, slide["letters"])
    crowded = min(range(len(slides)), key=lambda i: slides[i]["letters"])
    drawn = next(i for i, slide in enumerate(slides) if slide["figures"])
    for word, index in (("smallest-letters", crowded), ("first-figure", drawn)):
        page.keyboard.press("Home")
        for _ in range(index):
            page.keyboard.press("ArrowRight")
        keep(page, f"slides-{lecture}-{word}")
    page.close()


def test_the_arrow_keys_turn_the_slides(browser, tmp_path):
    file = tmp_path / "slides.html"
    file.write_text(tool.slides(tool.ROOT / "notebooks" / f"{tool.LECTURE[0]}.ipynb"), encoding="utf-8")
    page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
    page.goto(file.as_uri())
    seen = []
    for key in ("ArrowRight", "ArrowRight", "ArrowLeft", "End", "Home"):
        page.keyboard.press(key)
        assert page.locator("section.leaf.shown").count() == 1
        seen.append(page.locator("#place").inner_text())
    last = page.locator("section.leaf").count()
    assert seen == [f"{n} / {last}" for n in (2, 3, 2, last, 1)]
    page.close()
