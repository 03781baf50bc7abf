"""T29. Where a two-loop method settles under mini-batch noise, and the step at which its mean square explodes.

Around a minimiser (g = 0) a cycle is an affine map of the covariances (P, Q, V): z' = L z + N. It keeps the cone of
covariances, so E |phi|^2 stays bounded iff the spectral radius of L is below 1: that is the mean-square edge. It is
never larger than the edge of the mean (T03), because E phi phi' >= E phi E phi', and equal to it when C = 0.

Whole spectra (`Modes`). The modes speak to each other through the levels tau_l = sum_i h_i t_i at the k + 1 places
where a gradient is taken. At given levels each mode has a 3 x 3 map M_i and an input of its own:

    z_i = M_i z_i + sum_l n_il (shared_i tau_l + floor_i),     tau_l = sum_i h_i [ row_l . z_i + ... ]

so z* costs a 3 x 3 solve per mode and tau = K tau + tau_0 a (k+1) x (k+1) one. All of it maps non-negative inputs
to non-negative levels, hence bounded iff every radius of M_i and the radius of K are below 1 (Perron-Frobenius).
A direction without curvature (to rounding) and without noise, as of a feature that is always 0, stands still whatever
the steps: it is left out, and its moments are given as 0.
SGD on streaming data: sum_i lr h_i / (B (2 - lr h_i (1 + 1/B))) < 1.

Source: derived here. Status: proved; tight.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nala_lab.core import Real, require, require_number
from nala_lab.theory.minibatch_cycle import Loop, Moments, cycle, expected_loss
from nala_lab.theory.minibatch_modes import Modes
from nala_lab.theory.minibatch_noise import Noise

__all__ = ["mean_square_edge", "mean_square_radius", "stationary", "stationary_risk"]


def mean_square_radius(noise: Noise, loop: Loop) -> float:
    """Below 1 iff the mean square stays bounded, in the directions that move.

    With all covariances kept it is the spectral radius of L, the factor per cycle in the long run. For `Modes` it is
    the largest of the radii of M_i and, below 1, of K, which crosses 1 at the same place.

    Examples
    --------
    >>> from nala_lab.theory.minibatch_limits import mean_square_radius
    >>> from nala_lab.theory.minibatch_cycle import nala
    >>> from nala_lab.theory.minibatch_noise import Streaming
    >>> data = Streaming([[1.0]], sigma2=0.0, B=1)
    >>> mean_square_radius(data, nala(lr=0.25, k=1, mu=0.0))  # 1 - 2 lr + 3 lr^2
    0.6875
    """
    noise, _ = _moving(noise)
    if isinstance(noise, Modes):
        own, gains, _, _ = _modes(noise, loop)
        most = _radius(own)
        return max(most, _radius(gains)) if most < 1 else most  # K is a sum over what the M_i leave
    return _radius(_dense(noise, loop)[0])


def _radius(matrices: Real) -> float:
    return float(np.abs(np.linalg.eigvals(matrices)).max()) if np.all(np.isfinite(matrices)) else np.inf


def stationary(noise: Noise, loop: Loop) -> Moments:
    """Moments that a cycle leaves as they are, with mean zero.

    Raises ValueError when g is not zero, or the mean-square radius is not below 1.

    Examples
    --------
    >>> from nala_lab.theory.minibatch_limits import stationary
    >>> from nala_lab.theory.minibatch_cycle import nala
    >>> from nala_lab.theory.minibatch_modes import streaming_modes
    >>> data = streaming_modes([1.0], sigma2=1.0, B=1)  # P = lr sigma2 / (2 - 3 lr)
    >>> stationary(data, nala(lr=0.25, k=1, mu=0.0)).P
    array([0.2])
    """
    radius = mean_square_radius(noise, loop)
    require("radius", radius, radius < 1, "mean-square radius < 1", "else there is no stationary covariance")
    noise, moves = _moving(noise)
    settled = _settled(noise, loop)
    whole = [np.zeros([len(moves)] * part.ndim) for part in settled]
    for all_of, part in zip(whole, settled, strict=True):
        all_of[np.ix_(*[moves] * part.ndim)] = part
    return Moments(*whole)


def _settled(noise: Noise, loop: Loop) -> Moments:
    zero = np.zeros(len(noise.h))
    if isinstance(noise, Modes):
        own, gains, base, forced = _modes(noise, loop)
        levels = np.linalg.solve(np.eye(len(gains)) - gains, base)
        inputs = forced @ np.append(levels, 1.0)
        P, Q, V = np.linalg.solve(np.eye(3) - own, inputs[..., None])[..., 0].T
        return Moments(zero, zero, P, Q, V)
    L, N, shape = _dense(noise, loop)
    z = np.asarray(np.linalg.solve(np.eye(len(N)) - L, N), np.float64)
    return Moments(zero, zero, *z.reshape(3, *shape)) if loop.beta else _only_phi(noise, loop, z.reshape(shape))


def _only_phi(noise: Noise, loop: Loop, P: Real) -> Moments:
    """Without velocity b is the last pseudo-gradient: one cycle from P gives Q and V too."""
    zero = np.zeros(len(noise.h))
    return cycle(noise, loop, Moments(zero, zero, P, np.zeros_like(P), np.zeros_like(P)))._replace(phi=zero, b=zero)


def stationary_risk(noise: Noise, loop: Loop) -> float:
    """E f - f* where the method settles; inf where it does not."""
    if not mean_square_radius(noise, loop) < 1:
        return np.inf
    return expected_loss(noise, stationary(noise, loop))


class _Within:
    """A noise in some of its directions: the others stand still."""

    def __init__(self, noise: Noise, moves: NDArray[np.bool_]) -> None:
        self.noise, self.moves = noise, moves
        self.h, self.g, self.basis = noise.h[moves], noise.g[moves], np.eye(int(moves.sum()))

    def covariance(self, mean: Real, spread: Real) -> Real:
        inside, d = np.ix_(self.moves, self.moves), len(self.moves)
        m, S = np.zeros(d), np.zeros((d, d))
        m[self.moves], S[inside] = mean, spread
        return self.noise.covariance(m, S)[inside]


def _moving(noise: Noise) -> tuple[Noise, NDArray[np.bool_]]:
    """The noise in the directions that have curvature or noise, and which these are, (d,)."""
    h, d, flat = np.abs(noise.h), len(noise.h), isinstance(noise, Modes)
    c = noise.covariance(np.zeros(d), np.ones(d) if flat else np.eye(d))
    seen = np.abs(c if flat else np.diag(c))
    rounding = 16 * (1 if flat else d) * float(np.finfo(float).eps)  # eigh errs by about d eps |H|
    moves = (h > rounding * h.max()) | (seen > 1e-12 * seen.max())
    if moves.all() or not moves.any():
        return noise, np.ones_like(moves)
    if isinstance(noise, Modes):
        return Modes(*(getattr(noise, name)[moves] for name in ("h", "g", "own", "shared", "floor"))), moves
    return _Within(noise, moves), moves


def _require_minimiser(noise: Noise) -> None:
    size = float(np.abs(noise.g).max())
    # the gradient of a solved least-squares problem is zero up to rounding
    require("g", size, size <= 1e-9 * max(1.0, float(np.abs(noise.h).max())), "0: displacements from a minimiser")


def _dense(noise: Noise, loop: Loop) -> tuple[Real, Real, tuple[int, ...]]:
    """L and N on the entries of P, or of P, Q and V with velocity: (d^2, d^2) or 9 times that, for small d."""
    _require_minimiser(noise)
    d, parts = len(noise.h), 3 if loop.beta else 1
    zero = np.zeros(d)

    def image(flat: Real) -> Real:
        blocks = np.zeros((3, d, d))
        blocks[:parts] = flat.reshape(parts, d, d)
        P, Q, V = blocks
        # only symmetric P and V are covariances: what is antisymmetric is mapped to 0 and adds no eigenvalue
        after = cycle(noise, loop, Moments(zero, zero, (P + P.T) / 2, Q, (V + V.T) / 2))
        return np.concatenate([block.ravel() for block in after[2 : 2 + parts]])

    size = parts * d * d
    N = image(np.zeros(size))
    unit = max(1.0, float(np.abs(N).max()))  # covariances of 1 would be rounded away beside much noise
    L = np.stack([(image(unit * row) - N) / unit for row in np.eye(size)], axis=1)
    return L, N, (d, d)


class _Levels:
    """`Modes` at prescribed levels; writes h t down at every gradient instead of summing it."""

    basis = None

    def __init__(self, noise: Modes, levels: Real, floor: float) -> None:
        self.h, self.g, self.noise, self.levels, self.floor = noise.h, np.zeros_like(noise.h), noise, levels, floor
        self.seen: list[Real] = []

    def covariance(self, mean: Real, spread: Real) -> Real:
        level = self.levels[len(self.seen)]
        self.seen.append(self.h * spread)
        c: Real = self.noise.own * spread + self.noise.shared * level + self.noise.floor * self.floor
        return c


def _modes(noise: Modes, loop: Loop) -> tuple[Real, Real, Real, Real]:
    """M (d, 3, 3), K (l, l), tau_0 (l,), and the inputs of the modes by level and floor, (d, 3, l + 1)."""
    _require_minimiser(noise)
    d, places = len(noise.h), int(loop.k) + (loop.alpha > 0 and loop.outer == "fresh")
    zero = np.zeros(d)

    def response(z: Real, levels: Real, floor: float) -> tuple[Real, Real]:
        probe: Any = _Levels(noise, levels, floor)
        after = cycle(probe, loop, Moments(zero, zero, *z))
        return np.stack(after[2:], axis=1), np.stack(probe.seen)

    none, eye = np.zeros(places), np.eye(3)
    of_state = [response(np.repeat(row[:, None], d, 1), none, 0.0) for row in eye]
    of_level = [response(np.zeros((3, d)), row, 0.0) for row in np.eye(places)]
    of_level.append(response(np.zeros((3, d)), none, 1.0))
    own = np.stack([z for z, _ in of_state], axis=2)  # (d, 3, 3)
    read = np.stack([seen for _, seen in of_state], axis=2)  # (l, d, 3)
    forced = np.stack([z for z, _ in of_level], axis=2)  # (d, 3, l + 1)
    direct = np.stack([seen.sum(1) for _, seen in of_level], axis=1)  # (l, l + 1)
    settled = np.linalg.solve(eye - own, forced) if _radius(own) < 1 else np.full_like(forced, np.inf)
    with np.errstate(invalid="ignore"):
        total = direct + np.einsum("ldc,dcm->lm", read, settled)
    return own, total[:, :-1], total[:, -1], forced


def mean_square_edge(noise: Noise, loop: Loop, *, rtol: float = 1e-10) -> float:
    """Smallest inner step lr at which the mean square of `loop` is no longer bounded; its own lr is not read.

    Searched upwards from 0 in steps of 0.08 / max h, then bisected. A window of unstable lr narrower than such a step
    may be missed, and a stable island above the first edge is not looked for. Raises ValueError when the mean square is
    unbounded, to rounding, at every small lr (the outer step is too long), or bounded up to 40 / max h, or no h is
    above 0.

    Examples
    --------
    >>> from nala_lab.theory.minibatch_limits import mean_square_edge
    >>> from nala_lab.theory.minibatch_cycle import nala
    >>> from nala_lab.theory.minibatch_modes import streaming_modes
    >>> round(mean_square_edge(streaming_modes([1.0], sigma2=0.0, B=1), nala(lr=0.0, k=1, mu=0.0)), 9)  # 2/3
    0.666666667
    """
    require_number("rtol", rtol, low=0, open_low=True)
    noise, _ = _moving(noise)
    top = float(noise.h.max())
    require("max h", top, top > 0, "0 < max h", "without curvature no step is too long")
    unit = 0.08 / top

    def bounded(lr: float, slack: float = 0.0) -> bool:
        return mean_square_radius(noise, replace(loop, lr=lr)) < 1 + slack

    low, high = unit * 1e-3, unit
    # many dimensions in a batch of one, or a long outer step, make the edge small; but a mode of little curvature has
    # the radius 1 in floats at the shortest steps only
    while not bounded(low) and not (bounded(low, 1e-9) and bounded(high)):
        require("loop", loop, low > unit * 1e-14, "a mean square that is bounded at small lr")
        low /= 10
    while bounded(high):
        require("edge", high, high < 500 * unit, "an unstable lr below 40 / max h")
        low, high = high, high + unit
    while high - low > max(rtol, np.finfo(float).eps) * high:  # between neighbours there is no number
        middle = (low + high) / 2
        low, high = (middle, high) if bounded(middle) else (low, middle)
    return (low + high) / 2
