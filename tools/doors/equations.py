"""The lab's ASCII equations as LaTeX: `typeset` takes an indented block of a docstring, line by line.

Two or more spaces part the columns of a line: equations, labels, remarks, an equation's number. What is not read to its
last sign (an unknown word between symbols, a bracket without its partner, a table of words) raises `NotRead`, and the
block stays as it was written: a wrong formula is worse than a plain one.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise

__all__ = ["NotRead", "formula", "typeset"]

GREEK = {name: rf"\{name}" for name in "alpha beta gamma delta zeta eta theta kappa mu nu xi pi rho sigma tau phi psi "
         "omega Gamma Delta Theta Lambda Xi Pi Sigma Phi Psi Omega".split()} | {
    "eps": r"\varepsilon", "lam": r"\lambda"}  # fmt: skip
FUNCTIONS = {name: rf"\{name}" for name in "exp log cos sin max min sup inf lim".split()} | {
    name: rf"\operatorname{{{name}}}" for name in "argmin diag sign tr Var Cov sd eig span mean".split()
}
FUNCTIONS |= {name: rf"\mathop{{\mathrm{{{name}}}}}" for name in ("expm1", "log1p")}  # one word, with the digit
BIG = {"sum": r"\sum", "prod": r"\prod", "(x)_": r"\bigotimes"}
SYMBOLS = GREEK | FUNCTIONS | BIG | {"grad": r"\nabla", "hess": r"\nabla^2"}
NAMES = set("lr weight_decay momentum denominator l2 rate rest gain curvature noise outer inner step start own shared "
            "floor depth row field scale shift offset weight weights buffers spectrum radius factor gradients LA SGD "
            "crit slow block".split())  # fmt: skip
PRODUCTS = set("HD Hg HV CV cD dJ".split())  # two names without a space between them
WORDS = set("if when for every or and over of even odd faster cycles blocks".split())  # between an equation's symbols
OPERATORS = {sign: sign for sign in "=<>+-,;:"} | {
    "<=>": r"\iff", "<=": r"\le", ">=": r"\ge", "->": r"\to", "<-": r"\leftarrow", "~": r"\sim", "in": r"\in",
    "..": r"\dots", "...": r"\dots", "(x)": r"\otimes", " . ": r"\cdot"}  # fmt: skip
MAY_END = {",", ";", ":", "..", "..."} | WORDS
OPEN = {"(": "(", "[": "[", "{": r"\{", "⟨": r"\langle", "|": r"\lvert", "||": r"\lVert"}
CLOSE = {")": ")", "]": "]", "}": r"\}", "⟩": r"\rangle", "|": r"\rvert", "||": r"\rVert"}
PARTNERS = {"(": (")", "]"), "[": (")", "]"), "{": ("}",), "⟨": ("⟩",), "|": ("|",), "||": ("||",)}
TOKEN = re.compile(
    r'(?P<number>\d+(?:\.\d+)?)|(?P<quoted>"[^"]*")|(?P<name>weight_decay|log1p|expm1|l2|[A-Za-z]+|(?<![^ ])\(x\)_)'
    r"|(?P<sign>(?<![^ {])\(x\)(?= )| \. |<=>|<=|>=|->|<-|\.\.\.?|\|\||[-+*/^_()\[\]{}|⟨⟩<>=~,;:'!])"
)
RELATION = re.compile(r"<=>|<=|>=|->|<-|[=~]|(?<!\S)[<>](?=\s)")
NUMBER = re.compile(r"Eq\. \(\d+\)(, first line)?|\(\*\)")
WORD = re.compile(r"\(?(?:[A-Za-z]+(?:[-'][A-Za-z]+)*|\.\.\.)[,.:;]?\)?")


class NotRead(ValueError):
    """Why a block stays as it was written."""


@dataclass
class Factor:
    """A part of a product. `touches`: no space before it. `inner`: what stands in it, if it is one pair of brackets."""

    tex: str
    touches: bool
    inner: str = ""
    below: bool = True  # a fraction may end with it: not f(x), which could be f times x
    above: bool = True  # a fraction may begin before it: not sum, max

    def bare(self) -> str:
        return self.inner or self.tex


def _join(factors: list[Factor]) -> str:
    """Factors side by side, with a gap beside a name of several letters."""
    texts = [factor.tex for factor in factors]
    gaps = [r" \, " if r"\mathrm" in (a[:7], b[:7]) and "/" not in (a, b) else " " for a, b in pairwise(texts)]
    return "".join(text + gap for text, gap in zip(texts, [*gaps, ""], strict=False))


def _fraction(above: list[Factor], below: Factor) -> Factor:
    top = above[0].bare() if len(above) == 1 else _join(above)
    return Factor(rf"\frac{{{top}}}{{{below.bare()}}}", above[0].touches)


def _product(parts: list[Factor]) -> str:
    """A product, with a fraction bar for a slash where that cannot be read in two ways."""
    out: list[Factor] = []
    if parts and "/" in (parts[0].tex, parts[-1].tex):
        raise NotRead("a slash without its two sides")
    while parts:
        part, *parts = parts
        if part.tex == "/" and part.touches and out and parts and parts[0].touches:  # a/b holds closer than a / b
            alone = not (parts[1:] and parts[1].touches) and not (out[1:] and out[-2].tex == "/")
            if alone and out[-1].above and parts[0].below:
                part = _fraction([out.pop()], parts.pop(0))
        out.append(part)
    slashes = [i for i, part in enumerate(out) if part.tex == "/"]
    if slashes == [len(out) - 2] and len(out) > 2 and out[-1].below and all(part.above for part in out[:-2]):
        out = [_fraction(out[:-2], out[-1])]
    return _join(out)


class _Reader:
    """One expression, token by token."""

    def __init__(self, text: str) -> None:
        text = re.sub(r"<(?=\w)", "⟨", re.sub(r"(?<=\w)>", "⟩", text.strip()))  # <a, b> holds its product together
        self.tokens: list[tuple[str, str, bool]] = []  # kind, text, whether no space stands before it
        self.at, end = 0, 0
        while end < len(text):
            found = TOKEN.match(text, end) or TOKEN.match(text, end + len(text[end:]) - len(text[end:].lstrip()))
            if not found:
                raise NotRead(f"sign {text[end:].strip()[0]}")
            self.tokens.append((str(found.lastgroup), found[0], found.start() == end))
            end = found.end()
        self.tokens.append(("end", "", False))

    def next(self, *texts: str) -> bool:
        return self.tokens[self.at][1] in texts

    def take(self) -> str:
        self.at += 1
        return self.tokens[self.at - 1][1]

    def sequence(self, *closing: str, slashes: bool = False) -> str:
        """Up to one of the closing signs, which is not taken; "" is the end. In an index or a power slashes stay."""
        out: list[str] = []
        product: list[Factor] = []
        last = ""
        while not self.next(*closing):
            kind, text, touches = self.tokens[self.at]
            if kind == "end":
                raise NotRead("a bracket without its partner")
            if text == "/":
                product.append(Factor(self.take(), touches))
            elif text in OPERATORS or text in WORDS:
                out += [_product(product), OPERATORS.get(self.take()) or rf"\text{{ {text} }}"]
                product, last = [], text
            else:
                product.append(self.factor())
        if last and not product and last not in MAY_END:
            raise NotRead(f"{last} without what follows")
        out.append(_join(product) if slashes else _product(product))
        return " ".join(part for part in out if part)

    def factor(self) -> Factor:
        """A number, a name or a group with its indices and powers; a name keeps what stands in brackets after it."""
        kind, text, touches = self.tokens[self.at]
        if kind == "sign":
            inner, base = self.group()
            whole = self.scripts(base)
            return Factor(whole, touches, inner if whole == base and text == "(" else "")
        found = Factor(self.scripts(self.atom()), touches)
        if self.next("(", "[") and self.tokens[self.at][2]:
            found.below = text in FUNCTIONS
            found.tex += self.scripts(self.group()[1])
        elif text in FUNCTIONS or text in BIG:
            found.above = found.below = False
        return found

    def atom(self) -> str:
        kind, text, _ = self.tokens[self.at]
        self.at += 1
        if kind == "number":
            return text
        if kind == "quoted":
            return rf"\text{{“{text[1:-1]}”}}"
        if text == "sqrt" and self.next("("):
            return rf"\sqrt{{{self.group()[0]}}}"
        if text == "(x)_":
            self.at -= 1
            self.tokens[self.at] = ("sign", "_", True)
        if text in SYMBOLS:
            found = SYMBOLS[text]
        elif text in NAMES:
            found = rf"\mathrm{{{text}}}".replace("_", r"\_")
        elif kind == "name" and (len(text) == 1 or text in PRODUCTS or len(text) == 2 and set(text) <= set("ijkl")):
            found = " ".join(text)
        else:
            raise NotRead(f"{'word' if kind == 'name' else 'sign'} {text}")
        if self.tokens[self.at][0] == "number" and self.tokens[self.at][2]:  # beta1
            found += f"_{{{self.take()}}}"
        return found

    def scripts(self, base: str) -> str:
        """`base` with what follows of indices, powers, hats, primes and stars."""
        low, high, above_first = "", "", False
        while True:
            _, text, touches = self.tokens[self.at]
            then, after, holds = self.tokens[min(self.at + 1, len(self.tokens) - 1)]
            star = text == "*" and not (holds and (then != "sign" or after in ("(", "[")))  # x*, not 2*x
            if text == "_" and touches and not low:
                self.take()
                if self.next("hat"):
                    base = rf"\{self.take()}{{{base}}}"
                else:
                    low = self.script()
            elif text == "^" and (not high or high.endswith(("prime", "*"))):
                self.take()
                above_first |= not low
                high += f" {self.script()}"
            elif touches and (text == "'" or star):
                above_first |= not low
                high += r" \prime" if self.take() == "'" else " *"
            else:
                break
        if base in BIG.values() and " = " in low and r" \dots " in low and not high:  # i = 1 .. t
            low, _, high = low.partition(r" \dots ")
        both = [f"_{{{low.strip()}}}" * bool(low), f"^{{{high.strip()}}}" * bool(high)]
        factorial = self.take() if self.next("!") else ""
        return base + "".join(both[::-1] if above_first else both) + factorial

    def script(self) -> str:
        """An index or a power; brackets that only hold it together are LaTeX's."""
        if self.next("(", "{"):
            inside = self.sequence(*PARTNERS[self.take()][:1], slashes=True)
            self.take()
            return inside
        minus = self.take() if self.next("-") else ""
        kind = self.tokens[self.at][0]
        found = self.group()[1] if self.next("|") else self.atom()
        if kind == "number" and self.tokens[self.at][0] == "name" and self.tokens[self.at][2]:  # E_2t
            found += f" {self.atom()}"
        return minus + found

    def group(self) -> tuple[str, str]:
        """What stands between two brackets or bars, without and with them."""
        begin = self.take()
        if begin == "[" and self.next("["):
            rows = [self.row()]
            while self.take() == ",":
                rows.append(self.row())
            return "", r"\begin{pmatrix} " + r" \\ ".join(rows) + r" \end{pmatrix}"
        if begin not in OPEN:
            raise NotRead(f"sign {begin}")
        inner = self.sequence(*PARTNERS[begin])
        tall = any(command in inner for command in (r"\frac", r"\sum", r"\begin", r"\prod"))
        left, right = (r"\left", r"\right") if tall else ("", "")
        return inner, f"{left}{OPEN[begin]} {inner} {right}{CLOSE[self.take()]}"

    def row(self) -> str:
        entries: list[str] = []
        if self.take() != "[":
            raise NotRead("a matrix without rows")
        while not entries or self.take() == ",":
            entries.append(self.sequence(",", "]"))
        return " & ".join(entries)


def formula(text: str) -> str:
    """One expression or equation as LaTeX."""
    return _Reader(text).sequence("")


def _words(text: str) -> str:
    """A label or a remark: words as they stand, with the symbols among them set as symbols."""
    out, words = [], 0
    for word in text.split():
        core = word.rstrip(",.:;")
        core = core[:-1] if core.endswith(")") and "(" not in core else core
        bare = core.strip("()")
        if WORD.fullmatch(word) and bare not in GREEK and (len(bare) > 1 or word == "a"):
            out.append(word)
            words += len(bare) > 2
        elif any(kind == "sign" and sign in OPERATORS for kind, sign, _ in _Reader(core).tokens):
            raise NotRead(f"words and signs in {text}")
        else:
            out.append(f"${formula(core)}${word[len(core) :]}")
    if not words:
        raise NotRead(f"neither words nor an equation: {text}")
    return rf"\text{{{' '.join(out)}}}"


def _depth(text: str) -> int:
    return sum(text.count(sign) for sign in "([{") - sum(text.count(sign) for sign in ")]}")


def _relation(text: str) -> int:
    """Where its first sign of relation outside of brackets stands; -1 without one."""
    return next((found.start() for found in RELATION.finditer(text) if not _depth(text[: found.start()])), -1)


def _cell(text: str, first: bool) -> tuple[str, str, bool]:
    """Left of the relation, and from there on; and whether it is a formula, not words alone."""
    at = _relation(text)
    if NUMBER.fullmatch(text):
        return "", rf"\text{{{text}}}", False
    try:
        whole = formula(text)
        before = formula(text[:at]) if at >= 0 else ""
        if not whole.startswith(before):
            raise NotRead(f"a relation inside of {text}")
        return before, whole[len(before) :].strip(), at >= 0 or re.search(r"[-+/(|]", text) is not None
    except NotRead:
        if at < 0:
            return "", _words(text), False
        if len(text[:at].split()) < 2:
            raise
        said, then = _words(text[:at]), formula(text[at:])
        return (said, then, True) if first else ("", f"{said} {then}", True)


def _lines(block: list[str]) -> list[str]:
    """The lines, with those put together that a bracket holds together."""
    lines: list[str] = []
    for line in block:
        if lines and _depth(lines[-1]):
            lines[-1] += line
        else:
            lines.append(line)
    return lines


def _cells(line: str) -> list[tuple[int, str]]:
    """The columns of a line: where each begins, and what stands in it."""
    cells: list[tuple[int, str]] = []
    for found in re.finditer(r"\S+(?: \S+)*", line):
        last = cells[-1] if cells else (0, "")
        if cells and (RELATION.match(found[0]) or _depth(last[1]) or re.search(r"[-+=<>]$", last[1])):
            cells[-1] = last[0], line[last[0] : found.end()]
        else:
            cells.append((found.start(), found[0]))
    return cells


def _places(start: int, text: str) -> list[tuple[int, bool]]:
    """Where a cell begins, unless a relation does, and where its relation stands: what holds a column together."""
    at = _relation(text)
    return [(start, False)] * (at != 0) + [(start + at, True)] * (at >= 0)


def typeset(block: list[str]) -> str:
    """The block as one formula in rows and columns, numbered as written.

    Raises NotRead, with the reason, when a part of it is not the lab's way to write an equation.
    """
    lines = [_cells(line) for line in _lines(block)]
    places = Counter(place for cells in lines for start, text in cells for place in _places(start, text))
    rows = []
    columns: dict[tuple[int, bool], int] = {}
    for cells in lines:
        row: list[str] = []
        equation = False
        for start, text in cells:
            before, after, formed = _cell(text, not row)
            equation |= formed
            if row and places[_places(start, text)[0]] == 1:  # in no line but this: no column
                row[-1] += rf" \qquad {before} {after}"
                continue
            at = columns.setdefault(_places(start, text)[0], len(row))
            columns.setdefault(_places(start, text)[-1], at)
            row += [" & "] * (at - len(row)) + [f"{before} & {after}"]
        if not equation:
            raise NotRead(f"a line without an equation: {'  '.join(text for _, text in cells)}")
        rows.append(" & ".join(row))
    return "\\begin{align*}\n" + " \\\\\n".join(rows) + "\n\\end{align*}"
