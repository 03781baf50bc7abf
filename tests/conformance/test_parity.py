"""Both twins of every registry line take the same path, gradient by gradient, in float64.

Two kinds of walk. With GIVEN gradients nothing feeds a rounding back, except weight decay and the averages, which
contract. On a quadratic the gradient is computed from the point, with a step that contracts in every eigen-direction,
so a rounding is carried on but not amplified. In both, one step rounds a number of the size of x (or of the step, which
is no larger) some eight times, at half an ulp each: 4 ulp per gradient spent, which add up at worst linearly. Measured:
at most 0.71 (NAG, whose twins write the same point as different sums), elsewhere below 0.25.
"""

import numpy as np
import pytest

from nala_lab.core import stream
from nala_lab.methods import WITH_TWINS
from tests.conformance.twins import DIM, cases, differences, given, gradients_per_row, length, numpy_path, quadratic


def settings_of(name, index):
    return dict(WITH_TWINS[name].hard[index])


@pytest.mark.parametrize(("name", "index"), cases())
def test_given_the_same_gradients_the_twins_take_the_same_path(name, index):
    """P1, P2, P8: whole cycles from the first one on. P12, P13, P14: decay and eps where the paper has them."""
    settings = settings_of(name, index)
    n = (length(name, settings) + 1) * gradients_per_row(name, settings)
    x0 = stream(0, "parity", name, "start").normal(size=DIM) + 3
    assert not differences(name, settings, given(name, index, n), given(name, index, n), x0)


@pytest.mark.parametrize(("name", "index"), cases())
def test_on_an_ill_conditioned_quadratic_the_twins_take_the_same_path(name, index):
    grad, x0 = quadratic()
    assert not differences(name, settings_of(name, index), grad, grad, x0)


def test_every_line_has_hard_settings_in_which_decay_is_on_and_eps_is_large():
    for entry in WITH_TWINS.values():
        rules = [pair for s in entry.hard for pair in [s, s.get("inner", ("", {}))[1]]]
        assert any(rule.get("weight_decay", 0) > 0 for rule in rules), entry.name
        if "adaptive" in entry.traits:
            assert any(rule.get("eps", 0) >= 1e-2 for rule in rules), entry.name


@pytest.mark.parametrize("name", WITH_TWINS)
def test_every_hard_setting_changes_the_path(name):
    """A setting that an optimizer accepts and ignores would be a parity test of nothing."""
    paths = []
    for index, settings in enumerate(WITH_TWINS[name].hard):
        grad, x0 = quadratic()
        rows = length(name, settings)
        paths.append((index, numpy_path(name, settings, grad, x0, rows).asked))
    same = [
        (i, j)
        for i, a in paths
        for j, b in paths[:i]
        if a.shape == b.shape and np.abs(a - b).max() < 1e-9 and not synonyms(name, i, j)
    ]
    assert not same


def synonyms(name, i, j):
    """Settings that mean the same on a deterministic problem: batches, NAG's forms, mu=-1 or alpha of no effect."""
    a, b = settings_of(name, i), settings_of(name, j)
    differing = {key for key in a | b if a.get(key) != b.get(key)}
    return differing <= {"outer_batch", "probe_batch", "form"}
