"""The arithmetic under the audit, against enumeration and simulation."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from nala_lab.core import stream
from paper_figs.published import table
from paper_figs.published_audit.against_noise import RANGE_95
from paper_figs.published_audit.cost import comparisons, gradients
from paper_figs.published_audit.grid import denominators
from paper_figs.published_audit.maxima import best_of, chance_of_best, implied_accuracy, mean_and_sd, simulated_best
from paper_figs.published_audit.softmax import floor, residual


def test_the_best_of_batches_by_enumeration():
    p, batch, n = 0.3, 2, 3
    chances = np.zeros(batch + 1)
    for images in product((0, 1), repeat=batch * n):
        best = max(sum(images[i : i + batch]) for i in range(0, batch * n, batch))
        chances[best] += np.prod([p if image else 1 - p for image in images])
    np.testing.assert_allclose(best_of(p, n, batch), chances, rtol=1e-13)  # 64 products of 6 factors
    assert chance_of_best(0.5, p, n, batch) == pytest.approx(chances[1:].sum(), rel=1e-13)


def test_the_best_of_450_by_simulation():
    p, runs = 0.8992, 3000
    mean, sd = mean_and_sd(p, 450)
    draws = simulated_best(p, 450, runs)
    assert abs(draws.mean() - mean) < 4 * sd / np.sqrt(runs)  # 4 standard errors; the stream is fixed
    assert abs(draws.std() / sd - 1) < 4 / np.sqrt(2 * runs) * 1.5  # of a standard deviation; 1.5 for its tails
    assert mean_and_sd(p, 50)[0] < mean


def test_the_implied_accuracy_inverts_the_expectation():
    for n in (1, 50, 450):
        assert implied_accuracy(mean_and_sd(0.87, n)[0], n) == pytest.approx(0.87, abs=2e-9)  # bisection stops at 1e-9


@pytest.mark.parametrize("bad", [{"p": 1.1, "n": 2}, {"p": 0.5, "n": 0}, {"p": 0.5, "n": 2, "batch": 0},
                                 {"p": float("nan"), "n": 2}])  # fmt: skip
def test_impossible_batches_are_refused(bad):
    with pytest.raises(ValueError, match="must satisfy"):
        best_of(**bad)


def test_the_limits_of_the_range_by_simulation():
    for n, limit in RANGE_95.items():
        draws = np.ptp(stream(0, "range", n).normal(size=(200_000, n)), axis=1)
        # The standard error of this quantile is sqrt(0.05 * 0.95 / 200000) / density, about 0.0005 / 0.1.
        assert np.quantile(draws, 0.95) == pytest.approx(limit, abs=0.02)


def test_denominators_know_rounded_fractions():
    assert denominators(0.90820313, (512,)) == [512]  # 465 / 512 = 0.908203125, a tie at the eighth decimal
    assert denominators(0.90820312, (512,)) == [512] and denominators(0.90820315, (512,)) == []
    assert 7 in denominators(0.28571429) and denominators(0.33333333)[0] == 3


def test_the_floor_is_what_a_double_softmax_gives():
    def softmax(x):
        e = np.exp(x - x.max())
        return e / e.sum()

    confident = np.eye(10)[3]  # a softmax that is sure of class 3
    right, wrong = (-np.log(softmax(confident)[target]) for target in (3, 4))
    assert right == pytest.approx(floor(), abs=1e-15 * 8) and wrong == pytest.approx(floor() + 1, abs=1e-15 * 8)
    # 240 right of 256 lie on the line: any mixture of the two does
    assert residual((240 * right + 16 * wrong) / 256, 240 / 256) == pytest.approx(0, abs=1e-14)
    draws = stream(0, "logits").normal(scale=30, size=(2000, 10))
    assert all(-np.log(softmax(softmax(one)).max()) >= floor() - 1e-12 for one in draws)


def test_gradients_of_a_timestep():
    assert gradients(table("nala", 2), "NALA", 500) == 600 and gradients(table("nala", 2), "Lookahead", 500) == 500
    steps = comparisons(table("nala", 6), in_gradients=False)
    assert steps["CIFAR-10, 90% accuracy: Lookahead"] == "NALA"  # never reached counts as later than any
    assert steps["Fashion-MNIST, 90% accuracy: Adam"] == "Adam"
