"""The link check sees what it is for: dead links, loads from outside, images without words."""

import pytest

from tools.doors.links import faults

PAGE = '<html><head><link rel="stylesheet" href="a.css"></head><body id="top"><h1 id="one">x</h1>{}</body></html>'
GOOD = '<a href="b/c.html#one">1</a> <a href="#one">2</a> <a href="https://example.org">3</a> <img src="p.png" alt="">'
BAD = {
    '<a href="gone.html">': "dead link gone.html",
    '<a href="b/c.html#two">': "no such place",
    '<a href="b">': "dead link b",
    '<script src="https://example.org/x.js">': "loads https://example.org/x.js from outside",
    '<img src="//example.org/x.png" alt="x">': "from outside",
    '<img src="p.png">': "images without words",
    '<img src="gone.png" alt="x">': "dead link gone.png",
    '<iframe src="http://example.org/">': "from outside",
    '<object data="https://example.org/x.pdf">': "from outside",
    '<img src="p.png" srcset="p.png 1x, https://example.org/x.png 2x" alt="x">': "loads https://example.org/x.png",
    '<video src="p.png" poster="//example.org/x.png">': "from outside",
}


@pytest.fixture
def site(tmp_path):
    (tmp_path / "b").mkdir()
    for name in ("a.css", "p.png"):
        (tmp_path / name).write_bytes(b"")
    (tmp_path / "b" / "c.html").write_text('<h1 id="one">x</h1>')
    (tmp_path / "index.html").write_text(PAGE.format(GOOD))
    return tmp_path


def test_a_whole_site_has_no_fault(site):
    assert faults(site) == []


@pytest.mark.parametrize("planted", BAD)
def test_a_planted_fault_is_named(site, planted):
    (site / "index.html").write_text(PAGE.format(GOOD + planted))
    (found,) = faults(site)
    assert found.startswith("index.html: ") and BAD[planted] in found


def test_a_font_from_another_server_is_a_fault(site):
    (site / "index.html").write_text('<link rel="stylesheet" href="https://fonts.example.org/css?family=X">')
    assert "from outside" in faults(site)[0]


@pytest.mark.parametrize("rule", ["@import 'https://example.org/x.css';", "a { src: url(//example.org/x.woff2) }"])
def test_a_style_sheet_that_asks_another_server_is_a_fault(site, rule):
    (site / "a.css").write_text(f"/* https://example.org */ b {{ background: url(p.png) }} {rule}")
    (found,) = faults(site)
    assert found.startswith("a.css: loads ") and found.endswith(" from outside")
