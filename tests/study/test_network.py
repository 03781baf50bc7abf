"""The small network: its gradient by differences, and the same data for everybody."""

import numpy as np
import pytest

pytest.importorskip("sklearn")

from nala_lab.study import network  # noqa: E402


def test_the_gradient_is_that_of_the_loss():
    data, w = network.load(), network.initial(3)
    x, y = data.x["test"], data.y["test"]
    g = network.of_rows(w, x, y)
    for i in (0, 700, 2047, 2060, 2090, 2400, network.SIZE - 1):  # weights and biases of both layers
        step = np.zeros(network.SIZE)
        step[i] = 1e-5
        slope = (network.judged(w + step, "test")[0] - network.judged(w - step, "test")[0]) / 2e-5
        # differences: 1e-10 of curvature, and rounding 1e-16 * loss / 1e-5
        assert abs(slope - g[i]) < 1e-8


def test_the_parts_do_not_overlap_and_a_seed_names_everything():
    data = network.load()
    assert [len(data.y[part]) for part in network.PARTS] == [1097, 300, 400]
    rng = [np.random.default_rng(0) for _ in range(2)]
    w = network.initial(0)
    assert np.array_equal(network.gradient(w, rng[0]), network.gradient(w, rng[1]))
    assert not np.array_equal(network.gradient(w, rng[0]), network.gradient(w, rng[0]))
    assert network.judged(np.full(network.SIZE, np.nan), "test") == (np.inf, 0.0)
