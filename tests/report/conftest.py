"""A tiny checkout: two lessons, one of which may fail; figures and checks that need nothing real."""

from __future__ import annotations

import struct
import zlib
from types import SimpleNamespace

import pytest

from nala_lab.report.results import FigureEntry, Lesson, Part, Results

GOOD = r'''# %% [markdown]
# # Good: $\mu < 0$
#
# Inline $\phi_t$, `$x$` as code, \$5, a [lesson](01_bad.ipynb#part), a [file](../README.md), a
# [paper](https://doi.org/10.7717/peerjcs.2167).
#
# $$\begin{aligned} y &= 1 \\ z &= 2 \end{aligned}$$
# %% alt="A line that falls from 3 to 1."
import matplotlib.pyplot as plt
fig, ax = plt.subplots(figsize=(1, 1))
ax.plot([3, 1]);
# %%
print("<b>printed</b>")
'''
BAD = '# %% [markdown]\n# # Bad\n# %%\nassert 1 == 2, "one is not <two>"\n# %%\nprint("never")\n'


def check(id="T01", verdict="pass", **changes):
    values = dict(id=id, name="rate & sign", statement="rho = 1 < 2", twin="numpy", predicted=0.5, measured=0.5000001,
                  error=1e-7, tolerance=1e-6, verdict=verdict, cases=12, message="")  # fmt: skip
    return SimpleNamespace(**(values | changes))


def png() -> bytes:
    """One white pixel."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    body = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)) + chunk(b"IDAT", zlib.compress(b"\0\xff"))
    return b"\x89PNG\r\n\x1a\n" + body + chunk(b"IEND", b"")


@pytest.fixture
def figure(tmp_path):
    for suffix, data in ((".png", png()), (".svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>" * 9)):
        (tmp_path / f"results_x{suffix}").write_bytes(data)
    table = {"columns": ["optimizer", "loss"], "rows": [["NALA", "0.31 ± 0.02"]], "note": "n = 3",
             "html": "<table><tr><td>0.31 ± 0.02</td></tr></table>"}
    return FigureEntry("results_x", "Runs & more", "Caption <1>", 'Alt "words"', tmp_path / "results_x.png",
                       tmp_path / "results_x.svg", table)  # fmt: skip


@pytest.fixture
def checkout(tmp_path):
    folder = tmp_path / "checkout"
    (folder / "notebooks").mkdir(parents=True)
    (folder / "notebooks" / "00_good.py").write_text(GOOD, encoding="utf-8")
    return folder


@pytest.fixture
def results(figure, tmp_path):
    """A report without a kernel: one good and one bad item of each kind."""
    import jupytext
    import nbformat

    from nala_lab.report.checks import row

    for name, text in (("00_good", GOOD), ("01_bad", BAD)):
        nbformat.write(jupytext.reads(text, "py:percent"), tmp_path / f"{name}.ipynb")
    lessons = (Lesson("00_good", "Good: $\\mu < 0$", True, 1.2, tmp_path / "00_good.ipynb"),
               Lesson("01_bad", "Bad", False, 0.4, tmp_path / "01_bad.ipynb", "AssertionError: one is not <two>"))
    rows = (row(check()), row(check("T12", "fail", twin="torch", error=3.0, message="wrong <shape>")))
    broken = FigureEntry("fig99", error="RecordError: no record <here>")
    facts = {"made": "2026-11-21", "commit": "abc123"}
    return Results(Part(rows), Part(lessons), Part((figure, broken)), facts)  # fmt: skip
