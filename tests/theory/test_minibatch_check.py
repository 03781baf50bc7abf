"""The check of T29 fails for a broken optimizer and for a broken theorem, by a number or a sentence."""

import pytest

from nala_lab.reference import NALA
from nala_lab.reference.outer_momentum import OuterMomentum
from nala_lab.reference.two_loop import inner_loop
from nala_lab.theory import minibatch_cycle, minibatch_noise, minibatch_variance
from nala_lab.verify import run_checks
from tests.verify.mutants import plant

PLANTED = {
    "mu's sign flipped": (NALA._mix, "(1 + self.mu) * new - self.mu * slow", "(1 - self.mu) * new + self.mu * slow"),
    "one inner step too many": (inner_loop, "range(k)", "range(k + 1)"),
    "workers summed": (OuterMomentum.cycle, "zeros(phi)) / self.workers", "zeros(phi))"),
    "velocity used before it is updated": (OuterMomentum.cycle, "pseudo + self.beta * b ",
                                           "pseudo + self.beta * state.b "),
    "theory: no outer noise": (minibatch_cycle.cycle, 'loop.outer == "fresh"', 'loop.outer == "never"'),
    "theory: noise of the workers not averaged": (minibatch_cycle.cycle, "X / loop.workers", "X"),
    "theory: noise as if it were constant": (minibatch_cycle.inner, "noise.covariance(m, carried + X)",
                                             "noise.covariance(mean, spread)"),
    "theory: with replacement where there is none": (minibatch_noise.batch_factor, "(n - B) / (B * (n - 1))", "1 / B"),
    "theory: two examples alike counted twice": (minibatch_variance._coefficient, "factorial(m - 1)", "factorial(m)"),
}  # fmt: skip


@pytest.mark.parametrize("edit", PLANTED.values(), ids=PLANTED)
def test_a_planted_bug_fails_the_check(edit, monkeypatch):
    function, old, new = edit
    plant(monkeypatch, function, old, new)
    rows = run_checks(["T29"], twins=["numpy"])
    assert any(row.verdict == "fail" for row in rows)
    # by a number, or because a cycle spends more gradients than it has
    assert any(row.cases and row.ratio > 1 or "gradients must satisfy" in row.message for row in rows)


def test_unbroken_code_passes():
    assert [row.verdict for row in run_checks(["T29"])] == ["pass"] * 4
