"""Memory is counted in numbers, in whatever arrays a rule keeps them."""

from collections import deque
from typing import NamedTuple

import numpy as np
import pytest

from nala_lab.study import SMOKE, studied
from nala_lab.study.identity import identity


class Pair(NamedTuple):
    m: np.ndarray
    history: deque


class Keeps:
    """Gradient descent with a state that `keep` makes of the last one and the gradient."""

    def __init__(self, first, keep):
        self.first, self.keep = first, keep

    def init(self, theta):
        return self.first(theta)

    def step(self, theta, grad, state):
        g = grad(theta)
        return theta - 0.1 * g, self.keep(state, g)


RULES = {
    "two in one array": (lambda x: np.zeros((2, *x.shape)), lambda s, g: s + g, {"the state": 2}),
    "complex": (lambda x: x * 0j, lambda s, g: 0.9 * s + g, {"the state": 1}),
    "signs": (lambda x: x.astype(np.int8), lambda s, g: np.sign(g).astype(np.int8), {"the state": 1}),
    "deque": (lambda x: deque(maxlen=3), lambda s, g: deque([*s, g], 3), {"the state": 3}),
    "named": (lambda x: Pair(x, deque(maxlen=2)), lambda s, g: Pair(s.m + g, deque([*s.history, 2 * g], 2)),
              {"m": 1, "history": 2}),
    "tuple and a factored square": (lambda x: (x, x[:10], 0), lambda s, g: (s[0] + g, s[1] + g[:10], s[2] + 1),
                                    {"0": 1, "1": 0.2}),
    "one array twice": (lambda x: {"m": x, "t": 0}, lambda s, g: {"m": g, "again": g, "t": 1}, {"m": 1}),
    "a counter": (lambda x: np.zeros(()), lambda s, g: s + 1, {}),
}  # fmt: skip


@pytest.mark.parametrize("name", RULES)
def test_a_rule_s_memory_is_its_numbers_over_those_of_the_weights(name):
    first, keep, held = RULES[name]
    section = identity(studied(Keeps(first, keep)), SMOKE)
    (state,) = (line for line in section.lines if line.what == "state")
    assert state.data == {"copies": sum(held.values()), "buffers": held}
    assert state.evidence == (", ".join(held) or "nothing is remembered")
