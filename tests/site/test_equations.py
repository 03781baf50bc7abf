"""Equations of docstrings as formulas: every symbol in its place, nothing guessed, and what stays as it was written."""

import importlib
import inspect
import re
import sys
from collections import Counter

import pytest

from nala_lab.core import stream
from nala_lab.methods import METHODS
from nala_lab.theory import cards
from tests.tools.tree import ROOT
from tools.doors import api, equations

sys.path.insert(0, str(ROOT / "docs"))
text_of = importlib.import_module("docstring_text")
sys.path.remove(str(ROOT / "docs"))

COMMANDS = {"varepsilon": "eps", "lambda": "lam", "nabla": "grad", "iff": "<=>", "le": "<=", "ge": ">=", "to": "->",
            "leftarrow": "<-", "sim": "~", "dots": "..", "otimes": "x", "bigotimes": "x", "cdot": ".", "langle": "<",
            "rangle": ">", "lvert": "|", "rvert": "|", "lVert": "||", "rVert": "||", "prime": "'"}  # fmt: skip
UNSAID = "frac|left|right|text|mathrm|operatorname|mathop|qquad"  # say how a thing is set, and are no symbols
# Blocks that stay as they were written, tables and programs, by file; every other one is a formula.
LEFT = {
    "nala_lab.audit": 2, "nala_lab.classroom": 1, "nala_lab.experiments": 1, "nala_lab.optim.adala": 1,
    "nala_lab.proofs": 1, "nala_lab.reference.adala": 1, "nala_lab.study": 1,
    "nala_lab.theory.adala_cycle": 1, "nala_lab.theory.adala_first_step": 1, "nala_lab.theory.outer_limit": 1,
    "nala_lab.widgets": 1,
}  # fmt: skip
IN_WORDS = {"claims": "explicit numbers", "identities": "which method is which"}  # theorems without an equation


def blocks_of(value):
    lines = (inspect.getdoc(value) or "").splitlines()
    end = next((i - 1 for i, line in enumerate(lines) if re.match(r"-{3,}\s*$", line)), len(lines))
    return [[line for line in block if line] for block in text_of.blocks(lines[:end])
            if block[0].startswith("    ") and not text_of.is_code(block)]  # fmt: skip


def is_set(block):
    return bool(text_of.equation(block))


def documented():
    """Everything with a docstring that has a page: (file, blocks), once each."""
    found = {}
    for module in api.packages():
        for value in [module, *(getattr(module, name) for name in api.public(module))]:
            home = value if inspect.ismodule(value) else sys.modules.get(getattr(value, "__module__", ""))
            if home and home.__name__.startswith(api.PACKAGES):
                found[id(value)] = home.__name__, blocks_of(value)
                if any(map(is_set, blocks_of(home))):  # such a file's text is on the pages of its names
                    found[id(home)] = home.__name__, blocks_of(home)
    return [(name, block) for name, blocks in found.values() for block in blocks]


BLOCKS = documented()


def test_what_is_no_formula_is_named_here():
    assert Counter(name for name, block in BLOCKS if not is_set(block)) == LEFT
    assert sum(is_set(block) for _, block in BLOCKS) > 110


def test_every_theorem_is_stated_in_formulas():
    without = {m.__name__.rpartition(".")[2] for m in api.packages() if getattr(m, "CARDS", ())
               and not any(map(is_set, blocks_of(m)[:1]))}  # fmt: skip
    assert without == set(IN_WORDS) and len(cards()) > 40


@pytest.mark.parametrize("key", [key for key, facts in METHODS.items() if facts.numpy])
def test_every_method_is_stated_in_formulas_by_both_twins(key):
    for place in (METHODS[key].numpy, METHODS[key].torch):
        module, _, name = place.partition(":")
        home = importlib.import_module(getattr(importlib.import_module(module), name).__module__)
        # torch's own, and Adam that is torch's: their page says where the equations are
        assert place.startswith("torch.") or place == "nala_lab.optim:Adam" or is_set(blocks_of(home)[0]), place


@pytest.mark.parametrize("text, latex", [
    ("a b / (c d)", r"\frac{a b}{c d}"),
    ("a / b c", "a / b c"),  # (a/b) c, or a/(b c)?
    ("1/2n", "1 / 2 n"),
    ("2 (1+a)/(1-a) D0", r"2 \frac{1 + a}{1 - a} D_{0}"),
    ("a / f(x)", "a / f( x )"),
    ("sum_i x_i / 2", r"\sum_{i} x_{i} / 2"),
    ("m_hat_t^2", r"\hat{m}_{t}^{2}"),
    ("|B|^(1/k) lr", r"\lvert B \rvert^{1 / k} \, \mathrm{lr}"),
    ("(x)_s M - f(x)_s", r"\bigotimes_{s} M - f( x )_{s}"),
    ("a (x) b", r"a \otimes b"),
    ("sum_{i=1..t} <u, v>", r"\sum_{i = 1}^{t} \langle u , v \rangle"),
    ("J''^2 - x_2'", r"J^{\prime \prime 2} - x_{2}^{\prime}"),
    ("x* - V*_LA", r"x^{*} - V^{*}_{\mathrm{LA}}"),
    ("[[a, -b], [0, 1]]", r"\begin{pmatrix} a & - b \\ 0 & 1 \end{pmatrix}"),
])  # fmt: skip
def test_an_expression_is_read_as_it_is_meant(text, latex):
    assert equations.formula(text) == latex


def test_lines_keep_their_columns_labels_and_numbers():
    block = ['    "hat"   y_t = a    i = 0 .. k    Eq. (4)', "    raw     y = b      as printed", "              <= c"]
    first, second, third = equations.typeset(block).splitlines()[1:-1]
    assert first == r' & \text{“hat”} & y_{t} & = a & i & = 0 \dots k \qquad  \text{Eq. (4)} \\'
    assert second == r" & \text{raw} & y & = b &  & \text{as printed} \\"
    assert third == r" &  &  & \le c"


@pytest.mark.parametrize("line, why", [
    ("y = foo + 1", "word foo"), ("y = (a + 1", "bracket"), ("y = [[a, b], c]", "matrix without rows"),
    ("y = a $ 2", "sign $"), ("own    the trial step", "without an equation"), ("y = a, and then it ends", "word"),
    ("y = 2 |x", "bracket"), ("f(x)    y = a.b", "sign"), ("y = a -", "- without"), ("y = a^", "sign"),
    ("y = a    xy", "neither words"), ("y = a_b_c", "sign _"), ("y = 2*x", "sign *"),
    ("y = a^2^3", "sign ^"), ("y = a*(b + c)", "sign *"), ("y = / 2", "slash"),
])  # fmt: skip
def test_what_is_not_read_to_its_last_sign_stays_as_it_is(line, why):
    with pytest.raises(equations.NotRead, match=re.escape(why)):
        equations.typeset([f"    {line}"])
    assert text_of.readable(["T.", "", f"    {line}", ""])[2:] == ["::", "", f"    {line}", ""]


def said(text):
    """The letters, numbers and signs of a text, without what only groups them."""
    return re.sub(r"[\s()\[\]{}^_/,&\\$]|;$", "", text)


def symbols(latex):
    """The same of LaTeX."""
    latex = re.sub(r"\\hat\{(\w)\}", r"\1 hat ", latex.replace(r"\nabla^2", " hess ").replace("...", ".."))
    latex = re.sub("[“”]", '"', latex)
    latex = re.sub(r"(\\sum_\{[^{}]*=[^{}]*\})\^\{", r"\1 \\dots {", latex)
    latex = re.sub(r"\\(begin|end)\{\w+\*?\}|\\,|\\\\", " ", latex)
    latex = re.sub(rf"\\(?:{UNSAID})(?![a-z])", "", latex)
    return said(re.sub(r"\\([a-zA-Z]+)", lambda m: COMMANDS.get(m[1], m[1]), latex))


@pytest.mark.parametrize("name, block", [pair for pair in BLOCKS if is_set(pair[1])], ids=lambda v: str(v)[:40])
def test_a_formula_has_every_symbol_in_the_order_of_the_text(name, block):
    plain = "\n".join(block).replace("...", "..").replace("}^{d-1}", "..d-1}")
    assert symbols(equations.typeset(block)) == said(plain)


def number(text):
    """The value of an expression whose names, functions too, are numbers: a factor beside a factor is a product."""
    tokens = re.findall(r"sqrt|\d+\.?\d*|[a-z]\w*|\*\*|[-+/()]", text, re.IGNORECASE)
    joined = ""
    for before, token in zip(["("] + tokens, tokens, strict=False):
        if re.match(r"[\w)]", before[-1]) and before != "sqrt" and re.match(r"[\w(]", token):
            joined += "*"
        joined += token
    names = {token: stream(0, token).uniform(0.5, 2) for token in tokens if token[0].isalpha()}
    return eval(joined, names | {"sqrt": lambda x: complex(x) ** 0.5})


def as_written(text):
    text = re.sub(r"\^\{([^{}]*)\}", r"^(\1)", re.sub("|".join(equations.PRODUCTS), lambda m: " ".join(m[0]), text))
    marks = r"_hat|_\{([^{}]*)\}|_(\w+)|(?<=[A-Za-z])(\d+)|\^"
    return re.sub(marks, lambda m: "**" if m[0] == "^" else index(m[1] or m[2] or m[3] or "hat"), text)


def index(text):
    return "_" + re.sub(r"\W", lambda m: f"o{ord(m[0])}" * (m[0] != " "), text) + "_"


def as_set(latex):
    latex = re.sub(r"\\hat\{(\w)\}", r"\1" + index("hat"), latex.replace(r"\_decay", index("decay")))
    latex = re.sub(r"\\(?:mathrm|operatorname)\{([^{}]*)\}|\\(?:left|right|,)", lambda m: m[1] or "", latex)
    latex = re.sub(r"\\(?!frac|sqrt)([a-zA-Z]+)", lambda m: COMMANDS.get(m[1], m[1]), latex)
    while "{" in latex:
        before = latex
        latex = re.sub(r"_\{([^{}]*)\}", lambda m: index(m[1]), latex)
        latex = re.sub(r"\^\{([^{}]*)\}", r"**(\1)", latex)
        latex = re.sub(r"\\sqrt\{([^{}]*)\}", r"sqrt(\1)", latex)
        latex = re.sub(r"\\frac\{([^{}]*)\}\{([^{}]*)\}", r"((\1)/(\2))", latex)
        assert latex != before, latex
    return latex


def sides():
    """The sides of the equations that are arithmetic alone."""
    for name, block in BLOCKS:
        for line in block if is_set(block) else ():
            for side in re.split(r"\s{2,}|<=>|[<>]=?|=|, ", re.sub(r"<\w.*", "", line)):
                if re.fullmatch(r"[\w\s+/^(){}-]+", side) and not re.search(r"sum|hess|\(x\)|[a-z]{7}|1p|-\s*$", side):
                    yield name, side.strip().rstrip(";,")


def test_a_formula_has_the_value_of_the_text():
    count = 0
    for name, side in sorted(set(sides())):
        try:
            latex = equations.formula(side)
        except equations.NotRead:
            continue
        if "text" in latex:
            continue
        a, b = number(as_written(side)), number(as_set(latex))
        count += r"\frac" in latex
        assert abs(a - b) <= 1e-9 * abs(a), (name, side, latex)
    assert count > 50
