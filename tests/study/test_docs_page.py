"""docs/your_own_method.md: its example runs, its calls exist, and its sentences are what is said."""

import re
from importlib import import_module

import numpy as np
import pytest

from nala_lab.drive import run
from nala_lab.measure import cycle_matrix
from tests.tools.tree import ROOT

torch = pytest.importorskip("torch")
TEXT = (ROOT / "docs" / "your_own_method.md").read_text(encoding="utf-8")


def written():
    """Name -> what the first block of code defines."""
    names: dict = {}
    exec(re.findall(r"```python\n(.*?)```", TEXT, re.S)[0], names)
    return names


class Rule:
    def init(self, theta):
        return None

    def step(self, theta, grad, state):
        return theta - 0.1 * grad(theta), state


def slip(**parts):
    return type("Rule", (Rule,), parts)()


SLIPS = {
    "`step` forgets the state": slip(step=lambda self, theta, grad, state: theta - 0.1 * grad(theta)),
    "no `init`": slip(init=None),
    "no gradient taken": slip(step=lambda self, theta, grad, state: (0.9 * theta, state)),
    "another shape": slip(step=lambda self, theta, grad, state: (grad(theta)[:1], state)),
    "writes into theta": slip(step=lambda self, theta, grad, state: (np.negative(grad(theta), out=theta), state)),
    "a class instead of a rule": Rule,
    "an optimizer instead of a factory": torch.optim.SGD([torch.zeros(2)], lr=0.1),
}  # fmt: skip


def test_the_example_runs():
    rule = written()["SignMomentum"]()
    final = run("numpy", rule, lambda x: x, [1.0, -2.0], steps=50).final
    assert np.abs(final - [0.5, -1.5]).max() < 1e-14  # 50 roundings of 2e-16


def test_every_slip_of_the_table_is_said_as_it_is_written():
    rows = re.findall(r"^\| (.+?) \| `(.+?)` \|$", TEXT.partition("## When something is wrong")[2], re.M)
    assert [name for name, _ in rows] == list(SLIPS)
    for name, sentence in rows:
        with pytest.raises(ValueError) as told:
            cycle_matrix(SLIPS[name], np.eye(2))
        for part in sentence.split(" ... "):
            assert part in str(told.value), name


def test_what_the_table_calls_exists():
    calls = set(re.findall(r"\b(drive|measure|certify|study)\.(\w+)\(", TEXT))
    assert len(calls) >= 9
    for room, name in calls:
        assert callable(getattr(import_module(f"nala_lab.{room}"), name)), f"{room}.{name}"
