"""The site that `make site` left in build/site, in Chromium with the network cut: formulas, search, two screens."""

import os

import pytest

import nala_lab
from tests.browser.conftest import absent
from tests.browser.lab import keep
from tests.browser.lite import CUT, Folder
from tests.tools.tree import ROOT
from tools.doors import api

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("site")]

SITE = ROOT / "build" / "site" / nala_lab.__version__
FORMULAS = [path.relative_to(SITE).as_posix() for path in sorted(SITE.glob("*/*.html"))
            if b'class="math' in path.read_bytes()]  # fmt: skip
PAGES = ("index", "lessons/01_two_loops", "methods/nala", "methods/adala", "api/nala_lab.optim.NALA",
         "api/nala_lab.theory.quadratic_rate.rho", "api/nala_lab.theory.break_even", "api/nala_lab.measure.rate",
         "lab/checks", "lab/ledger", "gallery", "teachers")  # fmt: skip
# Formulas that MathJax refused or left alone, and the marks of TeX that are read as words outside of code.
LEFT = r"""async () => {
  await MathJax.startup.promise;
  const article = document.querySelector('article');
  const bad = [...article.querySelectorAll('mjx-merror')].map(e => e.textContent);
  for (const e of article.querySelectorAll('.math')) if (!e.querySelector('mjx-container')) bad.push(e.textContent);
  const words = article.cloneNode(true);
  words.querySelectorAll('pre, code, script, style, .sig, .math, mjx-container').forEach(e => e.remove());
  return [bad.concat(words.textContent.match(/[^\n]*(\$[^$\n]+\$|\\\(|\\[a-z]+[{_^ ])[^\n]*/g) || []),
    article.querySelectorAll('mjx-container').length];
}"""


@pytest.fixture(scope="module")
def site(launch):
    if not (SITE / "index.html").is_file():
        absent("needs `make site`")
    launched, served = launch(CUT), Folder(SITE)
    page, asked = launched.new_page(), []
    page.set_default_timeout(120_000)
    page.on("request", lambda request: asked.append(request.url))
    page.site = served.url
    yield page
    launched.close()
    served.stop()
    assert [url for url in asked if not url.startswith((served.url, "data:"))] == []


@pytest.mark.parametrize("name", FORMULAS)
def test_every_formula_of_a_page_is_set_and_scrolls_in_its_box_on_a_phone(site, name):
    site.set_viewport_size({"width": 390, "height": 844})
    site.goto(f"{site.site}/{name}")
    left, found = site.evaluate(LEFT)
    assert left == [] and found > 0
    cut = """() => [...document.querySelectorAll('article div.math')].filter(e =>
      e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).overflowX != 'auto' ||
      e.firstElementChild.getBoundingClientRect().left < e.getBoundingClientRect().left - 1).map(e => e.textContent)"""
    assert site.evaluate(cut) == [] and site.evaluate("document.documentElement.scrollWidth") == 390


def test_methods_and_theorems_have_their_formulas(site):
    pages = {"methods/nala", "methods/adala", "api/nala_lab.optim.NALA", "api/nala_lab.reference.AdaLA"}
    pages |= {f"api/{module.__name__}" for module in api.packages() if getattr(module, "CARDS", ())}
    assert pages - {name.removesuffix(".html") for name in FORMULAS} == {
        "api/nala_lab.theory.claims", "api/nala_lab.theory.identities"}  # fmt: skip


def test_a_formula_that_is_left_over_is_seen(site):
    page = (SITE / FORMULAS[0]).read_text(encoding="utf-8")
    planted = r'<p>Here \(x\) and $y$</p><span class="math">\(\nosuch{\)</span></article>'
    body = page.replace("</article>", planted)
    site.route("**/planted.html", lambda route: route.fulfill(body=body, content_type="text/html"))
    site.goto(f"{site.site}/{os.path.dirname(FORMULAS[0])}/planted.html")
    left, _ = site.evaluate(LEFT)
    assert len(left) == 2


def test_search_for_parity_finds_lesson_01(site):
    site.goto(f"{site.site}/search.html?q=parity")
    site.locator("#search-results a[href*='01_two_loops']").first.wait_for()


@pytest.mark.parametrize("size", [(1366, 768), (390, 844)], ids=lambda size: str(size[0]))
@pytest.mark.parametrize("name", PAGES)
def test_a_page_fits_its_screen(site, name, size):
    site.set_viewport_size({"width": size[0], "height": size[1]})
    site.goto(f"{site.site}/{name}.html")
    wide = site.evaluate("""() => [...document.querySelectorAll('article h1, article h2, article p')]
      .filter(e => !e.closest('.wide') && e.scrollWidth > e.clientWidth + 1).map(e => e.textContent)""")
    assert wide == [] and site.evaluate("document.documentElement.scrollWidth") == size[0]
    keep(site, f"site-{name.rpartition('/')[2]}-{size[0]}")
