"""Every pitfall P1 to P37 of look-ahead optimizers is held by a test that names it in its docstring.

The list was collected from public optimizer libraries and their issue trackers. Where the answer is a refusal, the test
is the one that reads the sentence. P38 to P46 are about experiments and notebooks and are held elsewhere.
"""

import ast
import re
from functools import cache

import pytest

from tests.tools.tree import ROOT

GOES_WRONG = """
slow weights made at the first synchronisation
synchronised after steps 1, k + 1, ...
a slow slot that begins at zero
the slow momentum is the momentum
a pullback without a buffer; refused
moments reset without their counter
a parameter without a gradient drifts from its slow copy
a return before the synchronisation
a run that ends inside a cycle
the look-ahead gradient at a stale point, or not counted
sign and range of alpha; others refused
the pseudo-gradient scaled, clipped or decayed
weight decay in the wrong loop
eps in the wrong place, or accumulated in the options
the lr at the boundary of a cycle
two players synchronised apart
a reset by multiplication keeps NaN
not an Optimizer, hooks fire twice
parameter groups of two lists
a state that cannot be loaded safely, or shares storage
counters lost
a group added later
the inner optimizer's lazy set-up disturbed
a distributed checkpoint of a new optimizer
sharded parameters; weights replaced instead of written
steps that a gradient scaler skips
slow weights in half precision
closures: how often, and with gradients on
accumulation and clipping
deepcopy and pickle
evaluation at the slow weights
kinds of parameters and options; capturable and differentiable refused
a compilation each cycle; the step is left out of the graph
inner options named like outer ones
slow weights that stay behind when the model moves
ranks that synchronise at different steps
versions compared as text
""".strip().splitlines()


@cache
def docstrings():
    """Those of all functions below tests."""
    trees = (ast.parse(path.read_text(encoding="utf-8")) for path in (ROOT / "tests").rglob("*.py"))
    found = (node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))
    return [ast.get_docstring(node) or "" for node in found]


def named(number):
    return any(re.search(rf"\bP{number}\b", said) for said in docstrings())


@pytest.mark.parametrize("number", range(1, len(GOES_WRONG) + 1))
def test_a_test_holds_it(number):
    assert named(number), GOES_WRONG[number - 1]


def test_a_pitfall_that_nobody_holds_is_seen():
    assert len(GOES_WRONG) == 37 and not named(38)
