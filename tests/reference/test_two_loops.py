"""Where and on which mini-batch NALA takes its outer gradient, and how the two loops are joined."""

import numpy as np
import pytest

from nala_lab.core import stream
from nala_lab.reference import NALA, SGD, AdaLA, Adam, HeavyBall, Lookahead, run

EPS = np.finfo(float).eps
A = np.array([[3.0, 1.0], [1.0, 2.0]])
B = np.array([1.0, -4.0])


def grad(x):
    return x @ A - B


def noisy(x, rng):
    return grad(x) + rng.normal(size=x.shape)


X0 = np.array([2.0, -1.0])


def test_fast_weights_start_at_the_slow_ones_and_the_last_line_is_a_gradient_step_from_y():
    t = run(NALA(Adam(lr=0.1), k=3, mu=-0.7, alpha=0.2), grad, X0, cycles=4)
    assert np.array_equal(t.fast[:, 0], t.slow[:-1])
    assert np.array_equal(t.outer_grad, grad(t.lookahead))
    assert np.array_equal(t.slow[1:], t.lookahead - 0.2 * t.outer_grad)
    mix = (1 - 0.7) * t.fast[:, -1] + 0.7 * t.slow[:-1]
    assert np.abs(t.lookahead - mix).max() <= 4 * EPS * 3  # two products and a sum of numbers below 3


def test_what_a_cycle_spends():
    assert run(NALA(SGD(0.1), k=4), grad, X0, cycles=3).grad_evals == 15
    assert run(Lookahead(SGD(0.1), k=4), grad, X0, cycles=3).grad_evals == 12
    still, same = NALA(SGD(0.1), k=4, mu=-0.5, alpha=0.0), Lookahead(SGD(0.1), k=4, alpha=0.5)
    still, same = run(still, grad, X0, cycles=3), run(same, grad, X0, cycles=3)
    assert still.evals.tolist() == [0, 5, 10, 15] and same.evals.tolist() == [0, 4, 8, 12]  # the same cycle
    assert np.abs(still.slow - same.slow).max() <= 3 * 16 * EPS * 20  # a dozen roundings of numbers below 20, 3 times
    assert run(NALA(AdaLA(0.1), k=4), grad, X0, cycles=3).grad_evals == 27  # a probe in every inner step
    assert run(NALA(SGD(0.1), k=4, variant="released"), grad, X0, cycles=3).grad_evals == 12


@pytest.mark.parametrize("outer_batch", ["fresh", "last", "full"])
def test_the_outer_gradient_uses_the_named_batch(outer_batch):
    method = NALA(SGD(lr=0.1), k=3, mu=-0.5, alpha=0.2, outer_batch=outer_batch)
    t = run(method, noisy, X0, cycles=5, rng=stream(0, "outer"), full_grad=grad)
    inner_noise = t.inner_grads[:, -1] - grad(t.fast[:, -2])
    outer_noise = t.outer_grad - grad(t.lookahead)
    if outer_batch == "full":
        assert np.array_equal(outer_noise, np.zeros_like(outer_noise))
    elif outer_batch == "last":
        assert np.abs(outer_noise - inner_noise).max() <= 16 * EPS * 20  # four roundings of numbers below 20
    else:
        assert np.abs(outer_noise - inner_noise).min() > 1e-6  # independent normals: probability 1e-5 of less


def test_a_stochastic_full_gradient_must_be_given():
    with pytest.raises(ValueError, match="full_grad must satisfy a function when rng is given, got full_grad=None"):
        run(NALA(SGD(0.1), outer_batch="full"), noisy, X0, cycles=1, rng=stream(0, "x"))


def test_reset_forgets_the_inner_state_and_keep_does_not():
    kept = run(NALA(Adam(lr=0.1), k=3, inner_state="keep"), grad, X0, cycles=3)
    reset = run(NALA(Adam(lr=0.1), k=3, inner_state="reset"), grad, X0, cycles=3)
    assert np.array_equal(kept.slow[1], reset.slow[1])
    assert not np.array_equal(kept.slow[2], reset.slow[2])
    # After a reset the first inner step is Adam's first step: lr sign(g) up to eps
    step = reset.fast[1, 1] - reset.fast[1, 0]
    assert np.abs(np.abs(step) - 0.1).max() <= 1e-7  # eps / |g| = 1e-8 / 0.1 relative to lr = 0.1


def test_an_infinite_entry_is_reset_by_selection_not_by_arithmetic():
    method = NALA(Adam(lr=0.1), k=1, inner_state="reset")
    state = method.init(X0)
    state = state._replace(inner=state.inner._replace(m=np.full(2, 1e300), v=np.full(2, np.inf)))
    after = method.cycle(grad, state).state.inner
    assert np.array_equal(after.m, np.zeros(2))
    assert np.array_equal(after.v, np.zeros(2))
    assert after.t == 0


def test_pullback_needs_a_buffer_to_pull_back():
    for wrapper in (NALA, Lookahead):
        with pytest.raises(ValueError, match="inner must satisfy an inner rule with momentum"):
            wrapper(SGD(0.1), inner_state="pullback")
        wrapper(HeavyBall(0.1), inner_state="pullback")


def test_the_inner_rule_must_be_a_rule():
    for inner in (0.1, "Adam", NALA()):
        with pytest.raises(ValueError, match="inner must satisfy a rule with init"):
            NALA(inner)


def test_the_released_variant_fixes_its_own_options():
    with pytest.raises(ValueError, match="outer_batch must satisfy its default"):
        NALA(variant="released", outer_batch="full")
    with pytest.raises(ValueError, match="inner_state must satisfy 'keep'"):
        NALA(variant="released", inner_state="reset")


def test_the_zero_slot_scales_all_weights_once():
    # whatever the inner rule did, the first y of the released program is (1 + mu) theta_{1,k}
    t = run(NALA(Adam(lr=1e-3), k=5, mu=-0.5, alpha=0.0, variant="released"), grad, X0, cycles=1)
    assert np.array_equal(t.slow[1], 0.5 * t.fast[0, -1])
