"""`make site` ends with 1 when a check, a figure, the ledger, a lesson or a link failed, and says which."""

import json
import sys
import zipfile

import numpy as np
import pytest
from PIL import Image

from tools import site
from tools.doors import lab_pages

CHECK = {"id": "T01", "name": "rate & sign", "statement": "a < b", "twin": "numpy", "predicted": 0.5, "measured": None,
         "error": 1e-7, "tolerance": 1e-6, "cases": 12, "message": "", "verdict": "pass"}  # fmt: skip
CLAIM = {"id": "N01", "paper": "NALA", "kind": "theorem", "where": "line 95", "sentence": "a < b & c",
         "note": "a <note>", "verdict": "contradicted by theory",
         "evidence": [{"verdict": None, "words": "1 < 2", "test": "x <y>"}]}  # fmt: skip
FIGURE = {"name": "f", "title": "T", "caption": "C", "alt": 'A "b"', "png": "f.png", "svg": "f.svg", "table": None}


def plant(found, *, checks=CHECK, claims=CLAIM, figures=FIGURE):
    found.mkdir(exist_ok=True)
    for name, row in (("checks", checks), ("ledger", claims), ("figures", figures)):
        (found / f"{name}.json").write_text(json.dumps({"checks": [row]} if name == "checks" else [row]))
    Image.new("RGB", (3, 2), "red").save(found / "f.png")
    (found / "f.svg").write_bytes(b"svg")
    return found


@pytest.mark.parametrize("broken", ["a check", "a figure", "the ledger", "a lesson"])
def test_whatever_fails_is_named(monkeypatch, tmp_path, broken):
    say = {what: [sys.executable, "-c", f"raise SystemExit({what == broken:d})"] for what in site.processes(tmp_path)}
    monkeypatch.setattr(site, "processes", lambda found: say)
    (sentence,) = site.compute(tmp_path / "found")
    assert sentence.startswith(f"{broken} failed")


def test_when_all_is_good_nothing_is_said(monkeypatch, tmp_path):
    say = {what: [sys.executable, "-c", ""] for what in site.processes(tmp_path)}
    monkeypatch.setattr(site, "processes", lambda found: say)
    (tmp_path / "found").mkdir()
    (tmp_path / "found" / "checks.json").write_text("of an earlier run")
    assert site.compute(tmp_path / "found") == [] and not list((tmp_path / "found").iterdir())


@pytest.mark.parametrize("said", [[], ["a check failed: T01"]])
def test_the_status_says_whether_anything_failed(monkeypatch, tmp_path, capsys, said):
    monkeypatch.setattr(site, "build", lambda out: said)
    assert site.main(["--out", str(tmp_path)]) == len(said)
    out, err = capsys.readouterr()
    assert ("something failed" in out) == bool(said) and all(sentence in err for sentence in said)


def test_a_folder_that_is_no_site_is_not_written_anew(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(site, "build", lambda out: [])
    (tmp_path / "thesis.txt").write_text("years of work")
    for folder in (tmp_path, site.ROOT, tmp_path / "thesis.txt"):
        with pytest.raises(SystemExit):
            site.main(["--out", str(folder)])
        assert "--out must be a new or empty folder" in capsys.readouterr().err
    (tmp_path / "index.html").write_text(site.FORWARD.format(version="0.0.1"))
    assert site.main(["--out", str(tmp_path)]) == site.main(["--out", str(tmp_path / "new")]) == 0


def test_every_number_of_a_check_is_on_its_page(tmp_path):
    page = lab_pages.checks_page([CHECK, CHECK | {"id": "T12", "verdict": "fail", "message": "wrong <shape>"}])
    for words in ("T01", "rate &amp; sign", "a &lt; b", "numpy", ">0.5<", ">nan<", "1e-07", "1e-06", ">12<", ">pass<",
                  ">fail<", "wrong &lt;shape&gt;", "2 checks, 1 failed, 24 numbers"):  # fmt: skip
        assert words in page


def test_every_claim_is_on_its_page_with_its_evidence():
    page = lab_pages.ledger_page([CLAIM])
    for words in ("a &lt; b &amp; c", "a &lt;note&gt;", "1 &lt; 2", "<code>x &lt;y&gt;</code>"):
        assert words in page
    assert "1 claims: 1 contradicted by theory" in page


def test_failures_are_counted_and_pictures_have_words(tmp_path):
    source = tmp_path / "source"
    assert lab_pages.write_results(source, plant(tmp_path / "found")) == 0
    page = (source / "lab" / "f.md").read_text(encoding="utf-8")
    assert 'src="../_static/figures/f.svg" alt="A &quot;b&quot;"' in page
    not_drawn = {"name": "f", "error": "RecordError: <x>"}
    bad = plant(tmp_path / "found", checks=CHECK | {"verdict": "fail"}, figures=not_drawn)
    assert lab_pages.write_results(source, bad) == 2
    assert "Not drawn: RecordError: &lt;x&gt;" in (source / "lab" / "f.md").read_text(encoding="utf-8")


def test_a_large_drawing_is_shown_by_its_pixels_where_they_are_less(monkeypatch, tmp_path):
    found = plant(tmp_path / "found")
    (found / "f.svg").write_bytes(b" " * 500_001)
    assert lab_pages.picture(FIGURE, tmp_path, found) == "f.webp"
    with Image.open(tmp_path / "f.webp") as shown, Image.open(found / "f.png") as drawn:
        assert shown.convert("RGB").tobytes() == drawn.tobytes()
    noise = np.random.default_rng(0).integers(0, 256, (20, 20, 3), np.uint8)  # 1.2 kB of pixels, whatever packs them
    Image.fromarray(noise).save(found / "f.png")
    monkeypatch.setattr(lab_pages, "LARGE", 100)
    (found / "f.svg").write_bytes(b" " * 101)
    (tmp_path / "f.webp").unlink()
    assert lab_pages.picture(FIGURE, tmp_path, found) == "f.svg" and not (tmp_path / "f.webp").exists()


def test_what_is_written_as_it_stands_keeps_its_lines_and_the_rest_no_indent_and_no_comment():
    page = (
        "<!-- of the\n theme --><p>\n\n   one\n  two</p><pre>\n  a\n\n    b</pre>\n\n"
        "<script>\n  x\n</script>  <b>c</b> d"
    )
    close = "<p>\none\ntwo</p><pre>\n  a\n\n    b</pre>\n<script>\n  x\n</script>  <b>c</b> d"
    assert site.close_up(page) == close


def test_a_page_states_its_width_once():
    width = '<meta name="viewport" content="width=device-width, initial-scale=1" />'
    page = f'<head>\n{width}<title>t</title>{width}\n<meta name="viewport" content="x"/>\n<b>viewport</b>'
    assert site.close_up(page) == f"<head>\n{width}<title>t</title>\n<b>viewport</b>"


def test_the_size_is_that_of_all_but_pyodide_and_has_a_limit(monkeypatch, tmp_path):
    folder = tmp_path / "pyodide" / "site"  # what lies above the site is none of its business
    for name in ("a.html", "lite/b.js", "lite/static/pyodide/scipy.whl", "lite/static/pyodide/nala_lab-0.1.0.whl"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"x" * 1000)
    assert site.size(folder) == 0.003
    assert site.too_large(folder) == []
    monkeypatch.setattr(site, "MOST", 0.002)
    assert site.too_large(folder) == ["the site has 0.0 MB without Pyodide, more than 0.002"]


def test_a_lesson_with_an_error_is_named(tmp_path):
    books = tmp_path / "notebooks"
    books.mkdir()
    (books / "README.md").write_text("# The lessons\n")
    for name, kind in (("01_good", "stream"), ("02_bad", "error")):
        cells = [{"cell_type": "code", "outputs": [{"output_type": kind}]}]
        (books / f"{name}.ipynb").write_text(json.dumps({"cells": cells}))
    assert lab_pages.write_lessons(tmp_path / "source", books) == ["02_bad"]
    assert "01_good\n02_bad" in (tmp_path / "source" / "lessons" / "README.md").read_text()


def test_the_zip_has_the_same_bytes_each_time_and_no_browser_edition(tmp_path):
    folder = tmp_path / "site"
    for name in ("index.html", "0.1.0/a.html", "0.1.0/lite/big.wasm"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    button = '<p><a class="run-lesson" href="../lite/lab/index.html?path=a.ipynb">Run</a></p>'
    (folder / "0.1.0" / "a.html").write_text(f"{button}\nthe lesson")
    one, two = tmp_path / "x.zip", tmp_path / "y" / "x.zip"
    two.parent.mkdir()
    site.pack(folder, one)
    site.pack(folder, two)
    assert one.read_bytes() == two.read_bytes()
    assert zipfile.ZipFile(one).read("x/0.1.0/a.html") == b"the lesson"  # no dead button
    assert zipfile.ZipFile(one).namelist() == ["x/0.1.0/a.html", "x/index.html"]
