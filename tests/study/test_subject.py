"""What a user brings becomes the thing that is studied, with the options that were given, or a sentence."""

import json

import numpy as np
import pytest

from nala_lab.drive import Method
from nala_lab.reference import SGD
from nala_lab.study import Study, studied
from tests.refusals import refused


def rule(theta, grad, lr=0.1):
    return theta - lr * grad(theta)


def test_a_function_takes_its_options():
    one = studied(rule, options={"lr": 0.5})
    assert one.name == "rule"
    assert np.array_equal(one.run(lambda x: x, np.array([1.0]), 2).x.ravel(), [1.0, 0.5, 0.25])


class WarmUp:
    """Its first step is 0."""

    def __init__(self, lr=0.1):
        self.lr = lr

    def init(self, theta):
        return 0

    def step(self, theta, grad, t):
        return theta - self.lr * min(1, t / 10) * grad(theta), t + 1


def test_a_rule_that_begins_with_a_step_of_0_has_a_learning_rate():
    one = studied(WarmUp())
    assert one.times_lr(2).lr == 0.2 and one.times_lr(1) is one
    assert studied(WarmUp, options={"lr": 0.3}).lr == 0.3


@pytest.mark.parametrize("name", ["x" * 300, "!" * 300])
def test_a_long_name_makes_a_file(name, tmp_path):
    paths = Study(name, ()).save(tmp_path)
    assert all(path.exists() for path in paths) and len(paths) == 3


def test_a_page_replaces_its_own_method_s_page_and_no_other(tmp_path):
    for name in ("Rule (lr=0.1)", "Rule (lr=0-1)", "Rule (lr=0.1)"):
        Study(name, (), {"runs": name}).save(tmp_path)
    (tmp_path / "other.json").write_text("[]")
    Study("other", ()).save(tmp_path)
    names = {path.name: json.loads(path.read_text()) for path in tmp_path.glob("*.json")}
    methods = {name: text["method"] for name, text in names.items() if text}
    assert methods == {"rule--lr-0-1.json": "Rule (lr=0.1)", "rule--lr-0-1-2.json": "Rule (lr=0-1)",
                       "other-2.json": "other"}  # fmt: skip


test_options_that_nothing_takes_are_refused = refused(
    (rule, {"nonsense": 1}, "rule must take its options, got {'nonsense': 1}"),
    (SGD(0.1), {"lr": 0.5}, "options must satisfy left out, got options={'lr': 0.5} (SGD is made already)"),
    (Method("SGD", lr=0.1), {"lr": 0.5}, "a Method has its settings"),
    call=lambda method, options: studied(method, options=options),
)
