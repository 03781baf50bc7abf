"""What the papers' algorithms and the released programs do, checked against the NumPy twin and closed forms."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from nala_lab.core import stream
from nala_lab.reference import NALA, SGD, AdaBelief, AdaLA, Adam, run
from paper_figs import nala_fig1, side_by_side_adala, side_by_side_nala
from paper_figs.side_by_side.adala_program import released, surprise
from paper_figs.side_by_side.nala_program import VARIANTS, closed_form, follow
from paper_figs.side_by_side.network import arcs

EPS = np.finfo(float).eps
SETTING = {"k": 4, "mu": -0.3, "alpha": 0.07}
MATRIX = np.array([[2.0, 0.4], [0.4, 0.7]])
CENTRE = np.array([1.5, -0.8])


def bowl(a, w):
    """The gradient of a quadratic sees the activations' point only: its weights are not weights of anything."""
    return MATRIX @ (a - CENTRE)


@cache
def drawn(module):
    return module.draw()


@pytest.mark.parametrize("variant", ["Algorithm 1", "released: both"])
def test_the_loop_is_the_numpy_twin_on_a_quadratic(variant):
    x0, cycles = np.array([4.0, 2.5]), 7
    ours = follow(bowl, Adam(lr=0.1), x0, **SETTING, cycles=cycles, variant=variant)
    twin = NALA(Adam(lr=0.1), **SETTING, variant="paper" if variant == "Algorithm 1" else "released")
    theirs = run(twin, lambda x: bowl(x, x), x0, cycles=cycles)
    # (k + 1) cycles of some ten roundings each, of numbers up to 4
    tol = 10 * 5 * cycles * EPS * 4
    assert np.allclose(ours.phi[1:], theirs.slow[1:], rtol=0, atol=tol)
    assert np.allclose(ours.y, theirs.lookahead, rtol=0, atol=tol)


def test_the_loop_is_the_numpy_twin_on_the_network():
    net = arcs()
    ours = follow(net.mixed, Adam(lr=0.01), net.start(3), **SETTING, cycles=4, variant="Algorithm 1")
    theirs = run(NALA(Adam(lr=0.01), **SETTING), net.grad, net.start(3), cycles=4)
    # the same operations in the same order but for the mix: 20 gradients, each of sums of 90 terms
    assert np.allclose(ours.phi, theirs.slow, rtol=0, atol=20 * 90 * EPS)


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_closed_forms_are_the_runs(variant):
    lam, centre, x0, lr = 1.7, -0.6, 3.1, 0.35
    phi = follow(lambda a, w: lam * (a - centre), SGD(lr=lr), np.array([x0]), **SETTING, cycles=9, variant=variant).phi
    want = closed_form(x0, centre, lam, 9, lr=lr, variant=variant, **SETTING)
    assert np.allclose(phi[:, 0], want, rtol=0, atol=9 * 5 * 4 * EPS * x0)  # 9 cycles of 5 steps of 4 roundings


def test_the_gradient_of_the_network_is_that_of_its_loss():
    net, rng = arcs(), stream(0, "side by side", "direction")
    theta = net.start(1)
    direction = rng.normal(size=theta.size)
    h = 1e-5  # central difference: h^2 times a third derivative of size 1e2, and rounding 1e-16 / h
    slope = (net.value(theta + h * direction) - net.value(theta - h * direction)) / (2 * h)
    assert slope == pytest.approx(net.grad(theta) @ direction, abs=1e2 * h**2 + 10 * EPS / h)


def test_a_stale_backward_pass_is_right_in_the_last_layer_only():
    net = arcs()
    a, w = net.start(0), net.start(0) + 0.1 * net.start(1)
    mixed, at_a, at_w = (net.layers(g) for g in (net.mixed(a, w), net.grad(a), net.grad(w)))
    assert np.array_equal(mixed[-1][0], at_a[-1][0]) and not np.allclose(mixed[-1][0], at_w[-1][0], rtol=1e-3)
    for layer in (0, 1):
        assert not np.allclose(mixed[layer][0], at_a[layer][0], rtol=1e-3)
        assert not np.allclose(mixed[layer][0], at_w[layer][0], rtol=1e-3)


def test_the_released_adala_loop_takes_one_adabelief_step():
    x0, rule = np.array([4.0, 2.5]), AdaBelief(lr=0.02, eps=1e-3)
    loop = released(bowl, x0, steps=5, rule=rule)
    first = run(rule, lambda x: bowl(x, x), x0, steps=1).x
    assert np.array_equal(loop.x[:2], first) and (loop.x[2:] == loop.x[1]).all()
    g = bowl(x0, x0)
    assert np.array_equal(loop.surprise, g - 2 * g)
    # what is dropped is Adam's step with eps in the average: v_hat = g^2 + eps / (1 - beta2)
    want = -0.02 * g / (np.sqrt(g**2 + 1e-3 / 0.001) + 1e-3)
    assert np.allclose(loop.dropped, want, rtol=4e-13, atol=0)  # 1 - beta2 = 1 - 0.999 has an error of 1e-13


def test_the_nala_figure_shows_runs_on_their_closed_forms():
    drawing = drawn(side_by_side_nala)
    distance, rates, network, scales = drawing.figure.axes
    for line, dots, name in zip(distance.lines[0::2], distance.lines[1::2], VARIANTS, strict=True):
        phi = side_by_side_nala.follow_quadratic(name)
        assert np.array_equal(dots.get_ydata(), np.abs(phi - side_by_side_nala.CENTRE))
        assert np.allclose(line.get_ydata(), dots.get_ydata(), rtol=0, atol=8 * 5 * 4 * EPS * 4)  # as above
    for line, dots in zip(rates.lines[0::2], rates.lines[1::2], strict=True):
        assert np.allclose(line.get_ydata()[::13], dots.get_ydata(), rtol=0, atol=100 * EPS)  # 5 steps, one division
    for line, name in zip(network.lines, VARIANTS, strict=True):
        assert np.array_equal(line.get_ydata(), side_by_side_nala.losses(name).mean(axis=0))
    for line, name in zip(scales.lines, ("Algorithm 1", "released: both"), strict=True):
        assert np.array_equal(line.get_ydata(), side_by_side_nala.scales_losses(name).mean(axis=0))
    for row in drawing.table.rows:
        assert row[3] == row[4]  # closed form and run, to six decimals


def test_what_the_nala_caption_says_is_so():
    plain, both = (side_by_side_nala.losses(name)[:, 5] for name in ("Algorithm 1", "released: both"))
    assert (both > plain).all()  # every seed: training is set back
    plain, both = (side_by_side_nala.scales_losses(name) for name in ("Algorithm 1", "released: both"))
    lower = dict(zip(side_by_side_nala.SCALES, both.mean(axis=0) < plain.mean(axis=0), strict=True))
    assert lower[8.0] and lower[16.0] and not lower[0.5] and not lower[1.0] and not lower[2.0]
    assert (both[:, -1] < plain[:, -1]).all()
    stale = side_by_side_nala.losses("stale gradient only") - side_by_side_nala.losses("Algorithm 1")
    assert np.abs(stale).max() < 1e-3  # nats, of 1.1 at the start: next to nothing
    caption = drawn(side_by_side_nala).caption
    assert f"{side_by_side_nala.losses('released: both')[:, 5].mean():.3f} against" in caption


def test_the_adala_figure_shows_runs_on_their_closed_forms():
    drawing = drawn(side_by_side_adala)
    steps, ratios, network = drawing.figure.axes
    kinds = (*side_by_side_adala.READINGS, "released")
    for line, dots, kind in zip(steps.lines[0::2], steps.lines[1::2], kinds, strict=True):
        run_, closed = side_by_side_adala.first_steps(kind), side_by_side_adala.predicted_steps(kind, dots.get_xdata())
        assert np.array_equal(dots.get_ydata(), run_)
        # x - (x - step) loses eps * x of a step that is as short as 1e-4; 1 - beta2 has an error of 1e-13
        assert np.allclose(run_, closed, rtol=1e-12, atol=4 * EPS * side_by_side_adala.X0)
        assert np.array_equal(line.get_ydata(), side_by_side_adala.predicted_steps(kind, line.get_xdata()))
    for line, kind in zip(ratios.lines, ("own", "grad", "released"), strict=True):
        assert np.array_equal(line.get_ydata(), side_by_side_adala.ratios(kind).mean(axis=0))
    for line, kind in zip(network.lines, ("own", "adabelief", "released"), strict=True):
        assert np.array_equal(line.get_ydata(), side_by_side_adala.losses(kind).mean(axis=0))


def test_what_the_adala_caption_says_is_so():
    still = side_by_side_adala.losses("released")
    assert (still[:, 1:] == still[:, 1:2]).all() and (still[:, 1] != still[:, 0]).all()
    small = side_by_side_adala.ratios("own")[:, :3]
    assert np.allclose(small[:, 2] / small[:, 0], 10, rtol=0.02)  # in proportion to lr, from 1e-4 to 1e-3
    assert np.allclose(side_by_side_adala.ratios("released")[:, :4], 1, atol=0.01)
    net = arcs()
    seen = surprise(net.grad, net.start(0), rule=AdaLA(lr=1e-3))
    trial = run(AdaBelief(lr=1e-3), net.grad, net.start(0), steps=1).x[1]  # the trial of the reading own
    assert np.array_equal(seen, net.grad(net.start(0)) - net.grad(trial))
    assert f"{side_by_side_adala.eps_share():.0%} of the weights" in drawn(side_by_side_adala).caption


@pytest.mark.parametrize("module", [side_by_side_nala, side_by_side_adala, nala_fig1])
def test_the_captions_have_their_words(module):
    drawing = drawn(module)
    for part in ("Scale and number of seeds:", "Mean and spread:", "Metric:", "x-axis:"):
        assert part in drawing.caption
    assert drawing.alt and (drawing.table is None) == (module is nala_fig1)
