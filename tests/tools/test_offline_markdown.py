"""Text and formulas of a slide become HTML that loads nothing and runs nothing."""

import pytest

from tools.offline_markdown import formula, render


def test_dollars_are_formulas_outside_code_only():
    body = render(r"$a_1$ costs \$5; `$b$`; ``$c$``" + "\n\n```\n$d$\n```\n\nand $$e$$")
    assert body.count("<math") == 2 and 'display="block"' in body
    assert "$5" in body and "<code>$b$</code>" in body and "<code>$c$</code>" in body and "$d$" in body


def test_two_prices_are_not_a_formula_and_underscores_are_no_emphasis():
    assert "<math" not in render("between $5 and $6")
    body = render(r"$x_1 * y_1$ and $x_2 * y_2$")
    assert "<em>" not in body and body.count("<math") == 2


@pytest.mark.parametrize(
    "latex",
    [
        r"\phi_t = (1+\mu)\sum_{i=1}^t (-\mu)^{t-i}\theta_{i,k} + (-\mu)^t\phi_0 - \alpha\sum_i\nabla J(y_i)",
        r"\begin{aligned} y &= 1 \\[4pt] z &= 2 \end{aligned}",
        r"\frac{\hat m_t}{\sqrt{\hat v_t}+\epsilon}, \quad \|x - x^\star\|_2 \le \operatorname{E}[x], \mathbb{R}^d",
        r"\begin{pmatrix} a & b \\ c & d \end{pmatrix}",
    ],
)
def test_the_lessons_formulas_are_understood(latex):
    mathml = formula(latex, block=True)
    assert mathml.startswith("<math") and "&amp;" not in mathml and "\\" not in mathml


def test_the_number_of_an_equation_stands_apart():
    mathml = formula(r"y = x \tag{Alg. 1, any $\mu$}", block=True)
    assert "<mspace" in mathml and "Alg.&#x000A0;1,&#x000A0;any&#x000A0;</mtext><mi>&#x003BC;</mi>" in mathml


def test_what_is_not_understood_is_shown_as_typed():
    assert formula(r"\begin{unheard} x<y") == '<code class="tex">\\begin{unheard} x&lt;y</code>'


def test_a_slide_links_to_nothing_beside_it():
    body = render("[here](01_x.ipynb) [out](https://example.org) ![not](b.png)\n\n# a\n\n| a |\n|---|\n| 1 |")
    assert "01_x" not in body and '<a href="https://example.org">out</a>' in body and "<em>not</em>" in body
    assert "<h1>a</h1>" in body and "<td>1</td>" in body
