"""The page is whole in itself, valid, readable without eyes, and hides no failure."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from nala_lab.report.checks import row
from nala_lab.report.page import lesson_page, report_page, worst_of_each
from nala_lab.report.results import Part
from tests.report.conftest import check

VOID = {"meta", "img", "br", "hr", "input", "link", "col", "source"}


class Reader(HTMLParser):
    """Collects elements and complains about what is not closed, repeated ids, and anything that loads or runs."""

    def __init__(self):
        super().__init__()
        self.open, self.problems, self.ids, self.anchors, self.elements = [], [], [], [], []

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.elements.append((tag, attributes))
        if tag not in VOID:
            self.open.append(tag)
        self.ids += [attributes["id"]] if "id" in attributes else []
        if tag in {"script", "iframe", "object", "embed", "link", "base", "form"}:
            self.problems.append(f"<{tag}>")
        for key, value in attributes.items():
            if key.startswith("on") or (key in {"src", "srcset", "data", "poster"} and not value.startswith("data:")):
                self.problems.append(f"{tag} {key}={value[:40]}")
        if tag == "a":
            self.anchors.append(attributes.get("href", ""))
        if tag == "img" and len(attributes.get("alt") or "") < 4:
            self.problems.append(f"img without words: {attributes}")

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.problems.append(f"</{tag}> closes nothing")


def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    reader.close()
    return reader


@pytest.fixture
def page(results, tmp_path):
    return report_page(results, tmp_path)


def test_the_page_is_whole_and_well_formed(page):
    reader = read(page)
    assert not reader.problems and not reader.open
    assert len(reader.ids) == len(set(reader.ids))
    assert page.startswith("<!DOCTYPE html>") and '<html lang="en">' in page and "<title>" in page
    inside = [a[1:] for a in reader.anchors if a.startswith("#")]
    assert set(inside) <= set(reader.ids) and "lesson-01_bad" in inside
    outside = {a for a in reader.anchors if not a.startswith("#")}
    assert outside == {"https://doi.org/10.7717/peerjcs.2167"}  # a link to follow, not a thing to load


def test_nothing_is_loaded_from_the_style_sheet(page):
    style = re.search(r"<style>(.*?)</style>", page, re.DOTALL)[1]
    assert "url(" not in style and "@import" not in style
    assert "prefers-color-scheme: dark" in style and "@media print" in style
    assert "default-src 'none'" in page


def test_the_reader_sees_what_it_is_for():
    bad = '<p><b></p><script src="x.js"></script><img src="https://a/b.png" alt="words">'
    assert len(read(bad).problems) >= 4


def test_headings_go_down_one_level_at_a_time(page):
    levels = [int(tag[1]) for tag, _ in read(page).elements if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after <= before + 1 for before, after in zip(levels, levels[1:], strict=False))


def test_every_check_is_a_row_with_its_numbers_and_verdict(page):
    rows = re.findall(r"<tr[^>]*><th scope=\"rowgroup\"[^>]*>T\d+.*?</tr>", page, re.DOTALL)
    assert len(rows) == 2
    good, bad = rows
    for cell in ("T01", "rate &amp; sign", "rho = 1 &lt; 2", "numpy", "0.5", "1e-07", "1e-06", "12", "pass"):
        assert cell in good
    assert "FAIL" in bad and "wrong &lt;shape&gt;" in bad and 'class="failed"' in bad and "torch" in bad


def test_the_twins_of_one_statement_stand_together(results, tmp_path):
    checks = [check(), check("T02"), check(twin="torch", verdict="fail", error=7.0)]
    page = report_page(replace(results, checks=Part(tuple(map(row, checks)))), tmp_path)
    table = page[page.index("<tbody>") : page.index("</tbody>")]
    assert re.findall(r">(T\d\d|numpy|torch)<", table) == ["T01", "numpy", "torch", "T02", "numpy"]
    assert table.count('rowspan="2"') == 2 and table.count("rate &amp; sign") == 2
    lines = table.split("<tr")
    assert "torch" in lines[2] and 'class="failed"' in lines[2] and "7" in lines[2], "the verdict stays with its twin"


def test_failures_are_in_the_first_line(page):
    summary = re.search(r'<p class="summary.*?</p>', page, re.DOTALL)[0]
    assert "Something failed" in summary and "Checks: 1 of 2 passed" in summary
    assert "notebooks: 1 of 2 ran" in summary and "figures: 1 of 2 drawn" in summary
    assert "commit abc123" in page and "made 2026-11-21" in page


def test_a_failed_lesson_is_open_and_says_why(page):
    assert '<details id="lesson-01_bad" open>' in page and '<details id="lesson-00_good">' in page
    assert "AssertionError: one is not &lt;two&gt;" in page


def test_figures_come_with_words_and_numbers(page):
    assert 'alt="Alt &quot;words&quot;"' in page and "Caption &lt;1&gt;" in page
    assert "0.31 ± 0.02" in page and "Runs &amp; more" in page
    assert "Not drawn: RecordError: no record &lt;here&gt;" in page
    assert page.index("Runs &amp; more") < page.index('id="figures"'), "training results have their own section"


def test_when_all_is_good_the_page_says_so(results, tmp_path):
    part = Part((row(check()),))
    lessons, figures = Part(results.lessons.items[:1]), Part(results.figures.items[:1])
    good = replace(results, checks=part, lessons=lessons, figures=figures)
    page = report_page(good, tmp_path)
    assert "All good." in page and "FAIL" not in page and good.passed


def test_what_is_missing_is_said(results, tmp_path):
    empty = replace(results, checks=Part(absent="No <verify> here.", failed=True), lessons=Part(absent="No notebook."),
                    figures=Part(absent="No figure."))  # fmt: skip
    page = report_page(empty, tmp_path)
    for said in ("No &lt;verify&gt; here.", "No notebook.", "No figure.", "Checks: could not run", "notebooks: none"):
        assert said in page
    assert not empty.passed and not read(page).problems


def test_a_lesson_page_stands_alone_and_links_to_its_neighbours(results, tmp_path):
    page = lesson_page(results.lessons.items[0], {"00_good", "01_bad"}, tmp_path)
    reader = read(page)
    assert not reader.problems and not reader.open
    assert "01_bad.html" in reader.anchors and "<h1>Good" in page


def test_the_picture_shows_the_worst_check_of_each_theorem():
    rows = [row(check(error=e, name=str(e))) for e in (1e-8, float("nan"), 1e-7)] + [row(check("T12"))]
    assert [(r.id, r.name) for r in worst_of_each(rows)] == [("T01", "nan"), ("T12", "rate & sign")]
