"""Numbers in sentences: what the README, the lessons and docstrings say is computed here and read from their text.

A sentence that is reworded so that its row no longer finds it fails too: then the row moves with it.
"""

import re
from pathlib import Path

import numpy as np
import pytest

from nala_lab.methods.hyper import PROBES
from nala_lab.theory import adala_critical, adala_linear, break_even
from nala_lab.theory.claims import claims
from nala_lab.theory.family_edges import EDGES

ROOT = Path(__file__).parents[2]
WORDS = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen".split()
LESSON = "notebooks/{}.py".format


def number(text):
    return float(WORDS.index(text.lower())) if text.lower() in WORDS else float(text.replace("\\,", ""))


def verdicts():
    found = [claim.verdict for claim in claims().values()]
    return len(found), found.count("true"), found.count("false")


def linear_step(denominator, t):
    """Step of AdaLA on a line, in units of lr c, at the defaults; measured at c so small that only eps counts."""
    return abs(float(adala_linear.step(t, 1e-6, lr=1.0, denominator=denominator))) / 1e-6


def largest_contracting_alpha():
    """In units of 1/L: as long as |1 - alpha lam| <= 1 for every lam of (0, L], the outer step enlarges nothing."""
    alphas, lam = np.linspace(0, 4, 401), np.linspace(0.01, 1, 100)
    never = np.all(np.abs(1 - alphas[:, None] * lam) <= 1 + 1e-12, axis=1)
    return (round(float(alphas[never].max()), 2),)


ROWS = {
    "the README's verdicts": ("README.md", r"has (\w+) readings here: (\w+) are true\s+and (\w+) are false", verdicts),
    "lesson 08's verdicts": (
        LESSON("08_worst_cases_and_certificates"), r"Of (\w+) readings .* (\w+) are true and (\w+) are false", verdicts
    ),
    "the docstring of the claims": (
        "nala_lab/theory/claims.py", r'"faster" can mean (\w+) things', lambda: verdicts()[:1]
    ),
    "the README's range of alpha": (
        "README.md", r"for alpha <= (\d)/L, NALA contracts a convex quadratic at least as fast",
        largest_contracting_alpha,
    ),
    "the README's step on a line": (
        "README.md", r"at the defaults (\d+) lr c", lambda: (round(linear_step("hat", 50)),)
    ),
    "lesson 04's step on a line": (
        LESSON("04_adala_and_its_circular_step"), r"the corrected denominator .* step \$(\d+)\\,\\alpha",
        lambda: (round(linear_step("hat", 1)),),
    ),
    "lesson 04's uncorrected denominator": (
        LESSON("04_adala_and_its_circular_step"), r"first steps up to ([\d.]+) times longer",
        lambda: (round(1 / np.sqrt(1 - 0.999), 1),),
    ),
    "theory's step on a line": (
        "nala_lab/theory/adala_linear.py", r"corrected denominator AdaLA is SGD here[^,]*, (\d+) lr at the defaults",
        lambda: (round(linear_step("hat", 1)),),
    ),
    "lesson 04's readings": (
        LESSON("04_adala_and_its_circular_step"), r"T17 predicts it for all (\w+) readings", lambda: (len(PROBES),)
    ),
    "lesson 04's curvature": (
        LESSON("04_adala_and_its_circular_step"), r"\((\d+) at the defaults\) brings the error back",
        lambda: (round(adala_critical.critical_curvature(lr=1e-3)),),
    ),
    "lesson 11's relations": (LESSON("11_the_family_map"), r"methods; (\w+) relations, each", lambda: (len(EDGES),)),
    "lesson 11's title": (
        LESSON("11_the_family_map"), r"one interface, (\w+) checked relations", lambda: (len(EDGES),)
    ),
    "break-even against descent": (
        "nala_lab/theory/break_even.py", r"than ([\d.]+) inner steps \(mu = -1/2, k = 5\)",
        lambda: (round(float(break_even.against_descent(1e-9, lr=1.0, k=5, mu=-0.5)[0]), 6),),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ROWS)
def test_a_number_in_a_sentence_is_the_number_that_is_computed(name):
    path, pattern, computed = ROWS[name]
    found = re.findall(pattern, (ROOT / path).read_text(encoding="utf-8"))
    assert found, f"{path} has no sentence like {pattern!r}: the row has lost it"
    for groups in found:
        said = (groups,) if isinstance(groups, str) else groups
        assert tuple(number(text) for text in said) == tuple(float(value) for value in computed())


def test_a_wrong_number_is_seen():
    """Planted: the sentence that lesson 08 once had."""
    assert tuple(number(word) for word in ("nine", "two", "six")) != verdicts()
