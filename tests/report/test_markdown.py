"""Text, formulas and outputs of a lesson become HTML that loads nothing and runs nothing."""

from __future__ import annotations

import nbformat.v4 as v4
import pytest

from nala_lab.report.markdown import formula, render
from nala_lab.report.notebook import WIDGET, notebook_html
from tests.report.conftest import png


def show(*outputs):
    notebook = v4.new_notebook(cells=[v4.new_code_cell("x", outputs=list(outputs))])
    return notebook_html(notebook, shift=2, link=lambda url: None)


def display(data, **metadata):
    return v4.new_output("display_data", data=data, metadata=metadata)


def test_dollars_are_formulas_outside_code_only():
    body = render(r"$a_1$ costs \$5; `$b$`; ``$c$``" + "\n\n```\n$d$\n```\n\nand $$e$$")
    assert body.count("<math") == 2 and 'display="block"' in body
    assert "$5" in body and "<code>$b$</code>" in body and "<code>$c$</code>" in body and "$d$" in body


def test_two_prices_are_not_a_formula():
    assert "<math" not in render("between $5 and $6")


def test_underscores_and_stars_in_formulas_are_not_emphasis():
    body = render(r"$x_1 * y_1$ and $x_2 * y_2$")
    assert "<em>" not in body and body.count("<math") == 2


@pytest.mark.parametrize(
    "latex",
    [
        r"\phi_t = (1+\mu)\sum_{i=1}^t (-\mu)^{t-i}\theta_{i,k} + (-\mu)^t\phi_0 - \alpha\sum_i\nabla J(y_i)",
        r"\begin{aligned} y &= 1 \\[4pt] z &= 2 \end{aligned}",
        r"\rho(\lambda) = (1-\alpha\lambda)\left[(1+\mu)(1-\eta\lambda)^k-\mu\right]",
        r"\frac{\hat m_t}{\sqrt{\hat v_t}+\epsilon}, \quad \|x - x^\star\|_2 \le \operatorname{E}[x], \mathbb{R}^d",
        r"\begin{pmatrix} a & b \\ c & d \end{pmatrix}",
    ],
)
def test_the_lessons_formulas_are_understood(latex):
    mathml = formula(latex, block=True)
    assert mathml.startswith("<math") and "&amp;" not in mathml and "\\" not in mathml


def test_the_number_of_an_equation_stands_apart():
    mathml = formula(r"y = x \tag{Alg. 1, any $\mu$}", block=True)
    assert mathml.startswith("<math") and "<mspace" in mathml
    assert "Alg.&#x000A0;1,&#x000A0;any&#x000A0;</mtext><mi>&#x003BC;</mi>" in mathml


def test_what_is_not_understood_is_shown_as_typed():
    assert formula(r"\begin{unheard} x<y") == '<code class="tex">\\begin{unheard} x&lt;y</code>'


def test_links_and_pictures(tmp_path):
    (tmp_path / "a.png").write_bytes(png())
    text = "[here](01_x.ipynb) [gone](other.md) [out](https://example.org) ![seen](a.png) ![not](b.png)"
    body = render(text, link=lambda url: "#x" if url.startswith("01") else None, folder=tmp_path)
    assert '<a href="#x">here</a>' in body and "gone" in body and "other.md" not in body
    assert '<a href="https://example.org">out</a>' in body
    assert '<img src="data:image/png;base64,' in body and 'alt="seen"' in body and "<em>not</em>" in body


def test_headings_move_down_and_tables_work():
    assert render("# a\n\n##### b", shift=2) == "<h3>a</h3>\n<h6>b</h6>\n"
    assert "<td>1</td>" in render("| a |\n|---|\n| 1 |")


def test_code_is_highlighted_and_escaped():
    notebook = v4.new_notebook(cells=[v4.new_code_cell("a = '<b>'"), v4.new_code_cell("")])
    body = notebook_html(notebook, shift=0, link=lambda url: None)
    assert body.count("<pre") == 1 and "&lt;b&gt;" in body and "<b>" not in body


def test_printed_text_is_joined_and_progress_bars_keep_their_last_line():
    printed = (("stderr", "0%\r 50%"), ("stdout", "<a>\n"), ("stderr", "\r100%\n"), ("stdout", "b"))
    body = show(*(v4.new_output("stream", name=name, text=text) for name, text in printed))
    assert body.count('class="out"') == 2
    assert "100%" in body and "50%" not in body and "&lt;a&gt;\nb" in body


def test_errors_lose_their_colour_codes():
    error = v4.new_output("error", ename="E", evalue="x", traceback=["\x1b[31mE\x1b[0m: <x>"])
    assert "E: &lt;x&gt;</pre>" in show(error)


def test_pictures_take_the_words_of_their_metadata():
    body = show(display({"image/png": "AAAA\n", "text/plain": "<Figure>"}, **{"image/png": {"alt": "A & b"}}))
    assert '<img src="data:image/png;base64,AAAA" alt="A &amp; b">' in body and "Figure&gt;" not in body
    assert 'alt="Figure drawn by the cell above' in show(display({"image/png": "AAAA"}))


@pytest.mark.parametrize(
    "active",
    ["<script>x()</script>", "<p onclick='x()'>t</p>", "<img src='https://a/b.png'>", "<link rel=x>", "<iframe>"],
)
def test_active_html_is_not_shown(active):
    body = show(display({"text/html": active, "text/plain": "plain"}))
    assert active not in body and "plain" in body


def test_plain_html_markdown_latex_and_widgets_are_shown():
    assert "<table><tr><td>1</td></tr></table>" in show(display({"text/html": "<table><tr><td>1</td></tr></table>"}))
    assert "<strong>b</strong>" in show(display({"text/markdown": "**b**"}))
    assert "<msup>" in show(display({"text/latex": r"$\displaystyle x^{2}$"}))
    assert "interactive control" in show(display({WIDGET: {}, "text/plain": "Slider()"}))
