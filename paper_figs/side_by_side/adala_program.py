"""Algorithm 3 of the AdaLA paper, in its readings, beside what the released training loop does.

    Algorithm 3 (section 5 of the paper): take a trial step, gradient g_{t+1} there, restore the weights, adapted step

The released loop, one iteration, as its state handling works out:

    1  g_1 at theta_0; the model takes an AdaBelief step to theta_1, and is not restored
    2  a second backward pass through the same outputs adds g~_1 to g_1 where it stands: activations at theta_0,
       weights at theta_1; so "g_{t+1}" is g_1 + g~_1, and g_t - g_{t+1} = -g~_1, which on a quadratic is -g_1
    3  the adapted step -lr g_1 / (sqrt(g~_1^2 + eps / (1 - beta2)) + eps) is applied to copies, which are dropped
    4  the list of parameters that the optimizer holds is emptied: from iteration 2 on nothing moves

So the adapted step has the size of Adam's, lr, whatever the curvature is; and the model stays at theta_1.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from nala_lab.core import Array
from nala_lab.reference import AdaBelief, AdaLA

__all__ = ["Released", "dropped_step", "released", "surprise"]

Mixed = Callable[[Array, Array], Array]


class Released(NamedTuple):
    """x : (steps+1, d) the model. dropped : (d,) the adapted step of iteration 1. surprise : (d,) g_t - g_{t+1}."""

    x: Array
    dropped: Array
    surprise: Array


def released(mixed: Mixed, x0: Array, *, steps: int, rule: AdaBelief) -> Released:
    """Follow the released loop.

    Parameters
    ----------
    mixed : ``mixed(a, w)``, the gradient with activations at `a` and weights at `w`.
    rule : AdaBelief with the loop's lr, betas and eps; no weight decay here.

    Examples
    --------
    >>> loop = released(lambda a, w: 4 * a, np.array([3.0]), steps=50, rule=AdaBelief(lr=0.01))
    >>> loop.x[[0, 1, 50], 0].round(4).tolist(), loop.dropped.round(4).tolist()
    ([3.0, 2.9889, 2.9889], [-0.01])
    """
    g = mixed(x0, x0)
    x1, _ = rule.step(x0, lambda x: g, rule.init(x0))
    second = g + mixed(x0, x1)  # added to what is there: the gradients were not set to zero in between
    moved = [x0] + [x1] * steps
    return Released(np.stack(moved), dropped_step(g, g - second, rule), g - second)


def dropped_step(g: Array, surprise: Array, rule: AdaBelief) -> Array:
    """AdaLA's first adapted step from zero state, with bias-corrected averages."""
    floor = rule.eps / (1 - rule.betas[1])
    step: Array = -rule.lr * g / (np.sqrt(surprise**2 + floor) + rule.eps)
    return step


def surprise(grad: Callable[[Array], Array], x0: Array, *, rule: AdaLA) -> Array:
    """g_t - g_{t+1} of a reading of Algorithm 3 at its first step, with one mini-batch for both.

    Examples
    --------
    On f = lam x^2 / 2 it is lam times the trial step; the trial of ``grad`` is -lr g.

    >>> rule = AdaLA(lr=0.01, probe="grad", probe_batch="same")
    >>> surprise(lambda x: 4 * x, np.array([3.0]), rule=rule).round(12).tolist()  # 4 * 0.01 * 12
    [0.48]
    """
    seen: list[Array] = []

    def watched(x: Array) -> Array:
        seen.append(grad(x))
        return seen[-1]

    rule.step(x0, watched, rule.init(x0))
    return seen[0] - seen[-1]
