"""AdaLA, Algorithm 3 of Ramjee's paper, in every reading that has a name.

    g_t     = grad f_t(theta_{t-1})
    g_{t+1} = grad f_{t+1}(theta_t)                                      theta_t is not known yet
    m_t     = beta1 m_{t-1} + (1 - beta1) g_t
    s_t     = beta2 s_{t-1} + (1 - beta2) (g_t - g_{t+1})^2 + eps
    theta_t = theta_{t-1} - lr m_hat_t / denominator(s_t)                   denominator as AdaBelief's

The second line needs what the last line computes. The paper's section 5 says how: take a step, compute the gradient,
restore the parameters, then take the adapted step. Which step that probe is, the paper leaves open:

    own        AdaBelief-form trial step from AdaLA's own m and s; nothing of it is kept          (default)
    grad       theta - lr g_t
    adam       Adam's step, with a second moment v of its own
    adabelief  AdaBelief's step, with a second moment s_b of its own
    self       m_hat_t over AdaLA's previous denominator (before the first step s_hat_0 = eps / (1 - beta2), s_0 = 0)
    implicit   the fixed point: the probe is the very step that its gradient leads to
    lagged     no probe: g_{t-1} stands for g_{t+1}, g_0 = 0
    code       as own, but the trial keeps m, s and the counter, as the released program's state handling does

Two options are the paper's future work (its section 7), in this reading. With c_t = blend at the steps 1, 1 + every,
1 + 2 every, ... that look ahead, and c_t = 0 at the others,

    s_t     = beta2 s_{t-1} + (1 - beta2) (g_t - c_t g_{t+1} - (1 - c_t) m_t)^2 + eps

so that a step with c_t = 0 is AdaBelief's, and spends one gradient. blend = every = 1 is Algorithm 3.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np

from nala_lab.core import Array, require
from nala_lab.methods.hyper import AdaLAHyper
from nala_lab.reference.adabelief import belief_denominator
from nala_lab.reference.arith import decayed, root, zeros
from nala_lab.reference.feasible import Ball, Box
from nala_lab.reference.oracle import Oracle, as_oracle

__all__ = ["AdaLA", "AdaLAState"]

_IMPLICIT_TOL = 1e-13  # relative change of the probe; a few hundred ulps, because each sweep rounds about ten times
_IMPLICIT_SWEEPS = 200  # the log error at least halves per sweep where the map is a power law of exponent in [-1, 0]


class AdaLAState(NamedTuple):
    """m, s : (..., d). t : counter. extra : (..., d) v, s_b or g_{t-1}, for the readings that remember one."""

    m: Array
    s: Array
    t: int
    extra: Array


@dataclass(frozen=True)
class AdaLA(AdaLAHyper):
    """AdaLA (Ramjee, Algorithm 3).

    Raises ValueError when an argument is outside its range or NaN, or an option is unknown.

    Parameters
    ----------
    lr, betas, eps, weight_decay : as for Adam; weight decay enters both gradients, each at its own point.
    probe : the trial step, see above. probe_batch : ``"next"`` draws a new mini-batch for g_{t+1}, ``"same"`` repeats
    that of g_t. denominator : ``"hat"``, ``"raw"`` or ``"hat-inside"``. blend : in [0, 1], the weight of g_{t+1}
    against m_t; 0 is AdaBelief. every : looks ahead at every so many steps only. feasible : a Box or Ball to project
    onto, or None.

    Notes
    -----
    A step spends two gradients; one for ``lagged``; two or more, as the fixed point needs, for ``implicit``. With
    `every` that is so for the steps that look ahead, and n steps spend n + ceil(n / every); with ``blend=0``, n. The
    probes adam and adabelief keep their own second moment up to date at every step all the same. ``implicit`` warns
    (RuntimeWarning) where its sweeps do not settle, as they may on a function that is not convex.

    Examples
    --------
    With negligible eps and the reading ``grad`` lr cancels: on f = lam x^2 / 2 the first step has length 1 / lam,
    however far the start is.

    >>> import numpy as np
    >>> from nala_lab.reference import AdaLA
    >>> adala = AdaLA(lr=1e-3, eps=1e-30, probe="grad", probe_batch="same")
    >>> x = np.array([0.5, -3.0])
    >>> adala.step(x, lambda x: 10 * x, adala.init(x))[0].round(12)
    array([ 0.4, -2.9])
    """

    feasible: Box | Ball | None = None
    momentum_fields: ClassVar[tuple[str, ...]] = ("m",)

    def init(self, theta: Array) -> AdaLAState:
        """State before the first step: everything at zero."""
        return AdaLAState(m=zeros(theta), s=zeros(theta), t=0, extra=zeros(theta))

    def step(self, theta: Array, grad: Callable[[Array], Array], state: AdaLAState) -> tuple[Array, AdaLAState]:
        """One step: probe, restore, adapt. (theta_{t-1}, state) to (theta_t, state)."""
        oracle = as_oracle(grad)
        g = decayed(oracle(theta), self.weight_decay, theta)  # g_t
        g_next, state = self._look_ahead(theta, g, oracle, state)  # g_{t+1}, or None
        t = state.t + 1
        m, s = self._moments(g, g_next, state)
        denominator = self._denominator(s, t)
        theta_next = theta - self.lr * self._m_hat(m, t) / denominator
        if self.feasible is not None:
            theta_next = self.feasible.project(theta_next, denominator)
        return theta_next, AdaLAState(m, s, t, state.extra)

    def _moments(self, g: Array, g_next: Array | None, state: AdaLAState) -> tuple[Array, Array]:
        """m_t and s_t; without a g_{t+1}, AdaBelief's."""
        beta1, beta2 = self.betas
        m = beta1 * state.m + (1 - beta1) * g
        if g_next is None:
            expected = m
        else:
            expected = g_next if self.blend == 1 else self.blend * g_next + (1 - self.blend) * m
        s = beta2 * state.s + (1 - beta2) * (g - expected) ** 2 + self.eps
        return m, s

    def _m_hat(self, m: Array, t: int) -> Array:
        m_hat: Array = m / (1 - self.betas[0] ** t)
        return m_hat

    def _denominator(self, s: Array, t: int) -> Array:
        return belief_denominator(s, t, self.betas[1], self.eps, self.denominator)

    def _look_ahead(self, theta: Array, g: Array, oracle: Oracle, state: AdaLAState) -> tuple[Array | None, AdaLAState]:
        """g_{t+1}, None at a step that does not look ahead, and the state with what the reading keeps of its probe."""
        if self.probe == "lagged":
            return state.extra, state._replace(extra=g)
        if self.blend == 0 or state.t % self.every:
            remembers = self.probe in ("adam", "adabelief")
            return None, self._trial(g, state)[1] if remembers else state
        if self.probe == "implicit":
            return self._fixed_point(theta, g, oracle, state), state
        displacement, state = self._trial(g, state)
        return self._gradient_at(theta + displacement, oracle, self.probe_batch == "next"), state

    def _gradient_at(self, probe: Array, oracle: Oracle, fresh: bool) -> Array:
        gradient = oracle(probe) if fresh else oracle.again(probe)
        return decayed(gradient, self.weight_decay, probe)

    def _trial(self, g: Array, state: AdaLAState) -> tuple[Array, AdaLAState]:
        """Displacement of the probe from theta_{t-1}, and the state it leaves."""
        beta1, beta2 = self.betas
        t = state.t + 1
        if self.probe == "grad":
            return -self.lr * g, state
        m = beta1 * state.m + (1 - beta1) * g
        m_hat = self._m_hat(m, t)
        if self.probe == "self":
            return -self.lr * m_hat / self._previous_denominator(state), state
        if self.probe == "adam":
            v = beta2 * state.extra + (1 - beta2) * g**2
            return -self.lr * m_hat / (root(v / (1 - beta2**t)) + self.eps), state._replace(extra=v)
        belief = state.extra if self.probe == "adabelief" else state.s
        s = beta2 * belief + (1 - beta2) * (g - m) ** 2 + self.eps
        displacement = -self.lr * m_hat / self._denominator(s, t)
        if self.probe == "adabelief":
            return displacement, state._replace(extra=s)
        if self.probe == "code":
            return displacement, AdaLAState(m, s, t, state.extra)
        return displacement, state

    def _previous_denominator(self, state: AdaLAState) -> Array:
        if state.t == 0 and self.denominator != "raw":
            # s_hat_0 is 0/0; eps alone drives s_hat to eps / (1 - beta2) at every t, so that is its value at t = 0.
            return self._denominator(state.s + self.eps, 1)
        return self._denominator(state.s, state.t)

    def _fixed_point(self, theta: Array, g: Array, oracle: Oracle, state: AdaLAState) -> Array:
        """g_{t+1} at the point that the adapted step reaches; geometric damping, one gradient a sweep."""
        hint = "probe='implicit' iterates to a fixed point, which is not exact"
        require("x0", theta.dtype, theta.dtype != object, "floating-point numbers", hint)
        t = state.t + 1
        m_hat = self._m_hat(self._moments(g, g, state)[0], t)
        size = np.where(m_hat == 0, 0.0, self.lr)
        for sweep in range(_IMPLICIT_SWEEPS):
            fresh = sweep == 0 and self.probe_batch == "next"
            g_next = self._gradient_at(theta - np.sign(m_hat) * size, oracle, fresh)
            s = self._moments(g, g_next, state)[1]
            reached = self.lr * np.abs(m_hat) / self._denominator(s, t)
            damped = np.sqrt(size * reached)  # exact in one sweep where reached is proportional to 1 / size
            if np.all(np.abs(damped - size) <= _IMPLICIT_TOL * size):
                break
            size = damped
        else:
            if np.all(np.isfinite(size)):
                told = f"probe='implicit': no fixed point in {_IMPLICIT_SWEEPS} sweeps at step {t}: the last is taken"
                warnings.warn(told, RuntimeWarning, stacklevel=2)
        return g_next
