"""Explicit functions on which NALA falls behind Lookahead, in exact rational arithmetic.

`SMALL` holds the smallest ones, found by hand and checked by a proof kernel (`nala_lab.proofs`): a quadratic of two
variables that is bent once, and Huber's function on the line. `COUNTEREXAMPLES` holds the largest gaps found.

Every function here is L-smooth with L = 1 and m-strongly convex, so its minimiser is 0, with value 0; m > 0 and mostly
small, but on the line, where m = 0. All hold by construction. Those of `SMALL` are of `nala_lab.theory.bent`.
The others are (m/2)||x||^2 plus the Moreau envelope of a maximum of affine pieces (`nala_lab.theory.interpolation`),
and the pieces are written below as integers over `unit`: slope, then offset. Both methods start at the same point with
the same lr, k and mu; every point, gradient and value on their way is a ``fractions.Fraction``, and so is the gap.

The larger ones were found by semidefinite programming over the whole class, solved with a margin and rounded
(`nala_lab.certify.extract`). How they were found does not matter for what they show.

For mu = -1/2, lr = 1 and for mu > 0 they refute both "closer to the minimiser" and "lower in value" after every number
of cycles. Lower in value holds longest: for mu = -1/2, lr = 1 and alpha <= 1 no gap was found before the fourth cycle.
With alpha = 1.9 there is one after two cycles, on the line.
Status: proved (the small ones can be recomputed by hand).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from nala_lab.core import Array, require_choice
from nala_lab.theory.bent import Bent
from nala_lab.theory.interpolation import Envelope, fractions, slack

__all__ = ["COUNTEREXAMPLES", "SMALL", "CounterExample", "cycles_of"]


@dataclass(frozen=True)
class CounterExample:
    """A function, a start and a setting at which NALA is worse than Lookahead.

    Attributes
    ----------
    name : a few words. measure : ``"distance"`` (squared, to the minimiser 0) or ``"value"`` (the minimum is 0).
    k, mu, alpha, lr, cycles : the setting; Lookahead has slow step 1+mu and no outer gradient.
    function : `Envelope` or `Bent` of Fraction, L = 1. start : (d,) of Fraction.

    Examples
    --------
    >>> from nala_lab.theory.counterexamples import COUNTEREXAMPLES
    >>> example = COUNTEREXAMPLES["farther, k=1"]
    >>> nala, lookahead = example.measured()
    >>> nala > lookahead, type(nala).__name__, round(float(example.gap), 6)
    (True, 'Fraction', 0.016354)
    """

    name: str
    measure: str
    k: int
    mu: Fraction
    alpha: Fraction
    lr: Fraction
    cycles: int
    function: Envelope | Bent
    start: Array

    def paths(self) -> tuple[Array, Array]:
        """Slow weights of NALA and of Lookahead, each (T+1, d) of Fraction."""
        both = (self.alpha, Fraction(0))
        mine, theirs = (
            cycles_of(self.function.grad, self.start, self.cycles, lr=self.lr, k=self.k, mu=self.mu, alpha=alpha)
            for alpha in both
        )
        return mine, theirs

    def measured(self) -> tuple[Fraction, Fraction]:
        """The measure of NALA and of Lookahead after the last cycle."""
        mine, theirs = (self._measure(path[-1]) for path in self.paths())
        return mine, theirs

    def _measure(self, x: Array) -> Fraction:
        attained: Any = x @ x if self.measure == "distance" else self.function.value(x)
        return Fraction(attained)

    @property
    def gap(self) -> Fraction:
        """NALA's measure minus Lookahead's, per squared distance of the start from the minimiser; > 0: NALA is worse.

        For ``"value"`` in units of L.
        """
        mine, theirs = self.measured()
        return Fraction((mine - theirs) / (self.start @ self.start))

    def slack(self) -> Fraction:
        """Least slack of the interpolation inequalities over all pairs of points met, the minimiser included.

        Not negative, as it must be for a function of the class: a check of the construction by other formulas.
        """
        met: list[Array] = [np.array([Fraction(0)] * len(self.start), dtype=object)]

        def watched(x: Array) -> Array:
            if not any(np.array_equal(x, old) for old in met):
                met.append(x)
            return np.asarray(self.function.grad(x))

        for alpha in (self.alpha, Fraction(0)):
            end = cycles_of(watched, self.start, self.cycles, lr=self.lr, k=self.k, mu=self.mu, alpha=alpha)[-1]
            if self.measure == "value":
                watched(end)
        points = np.stack(met)
        grads = np.stack([self.function.grad(x) for x in met])
        values = np.array([self.function.value(x) for x in met], dtype=object)
        table = slack(points, grads, values, L=self.function.L, m=self.function.m)
        return Fraction(min(table[~np.eye(len(met), dtype=bool)]))


def cycles_of(grad: Callable[[Array], Array], x0: Array, cycles: int, *, lr: Any, k: int, mu: Any, alpha: Any) -> Array:
    """Algorithm 1 over gradient descent in whatever arithmetic x0 has; (T+1, d). alpha = 0 takes no outer gradient."""
    path = [x0]
    for _ in range(cycles):
        theta = path[-1]
        for _ in range(k):
            theta = theta - lr * grad(theta)
        y = (1 + mu) * theta - mu * path[-1]
        path.append(y - alpha * grad(y) if alpha else y)
    return np.stack(path)


def _instance(name: str, measure: str, *, unit: int, k: int, cycles: int, start: tuple[int, ...],
              pieces: tuple[tuple[int, ...], ...], m: str, **steps: str) -> CounterExample:  # fmt: skip
    require_choice("measure", measure, ("distance", "value"))
    table = fractions(pieces) / unit
    function = Envelope(table[:, :-1], table[:, -1], L=Fraction(1), m=Fraction(m))
    setting: dict[str, Any] = {key: Fraction(step) for key, step in steps.items()}  # mu, alpha, lr
    return CounterExample(
        name=name, measure=measure, k=k, cycles=cycles, function=function, start=fractions(start) / unit, **setting
    )


_ALL = (
    _instance(
        "farther, k=1", "distance", k=1, mu="-1/2", alpha="1", lr="1", cycles=3, m="1/1000", unit=10000,
        start=(-9559, 2936),
        pieces=(
            (0, 0, 0), (-1163, 3233, -1), (-1162, 3221, -1), (-425, 933, -1), (-271, 539, -1), (-257, 507, -1),
            (-188, 367, -1), (-1544, 1909, -551),
        ),
    ),
    _instance(
        "farther, k=2", "distance", k=2, mu="-1/2", alpha="1/2", lr="1", cycles=2, m="1/10000", unit=100000,
        start=(-98589, 16726, 714),
        pieces=(
            (0, 0, 0, 0), (-2496, 18268, 5468, -2), (-1530, 9043, -3177, -2), (-2163, 14217, 119, -2),
            (-1533, 9070, -3053, -2), (-432, 1750, -2668, -2), (-840, 4446, -2341, -2), (-2308, 3167, -3839, -1486),
        ),
    ),
    _instance(
        "farther, k=5", "distance", k=5, mu="-1/2", alpha="1/2", lr="1", cycles=2, m="1/1000", unit=10000,
        start=(-8766, -4810, 162, -13),
        pieces=(
            (0, 0, 0, 0, 0), (-457, -3566, 1572, -78, -1), (-378, -1750, -123, 111, -1), (-193, -572, -354, 99, -1),
            (-131, -274, -498, 16, -1), (-119, -218, -467, -79, -1), (-408, -2058, -44, -280, -1),
            (-365, -1608, -145, 279, -1), (-200, -621, -180, -20, -1), (-136, -366, -153, -40, -1),
            (-102, -256, -139, -38, -1), (-39, -90, -51, -50, -1), (-201, -654, -76, 26, -1),
            (-506, -847, -103, -23, -192), (-252, -427, -159, 54, -71), (-155, -297, -156, 64, -28),
            (-82, -199, -123, 53, -1),
        ),
    ),
    _instance(
        "farther, m=1/10", "distance", k=2, mu="-1/2", alpha="1/10", lr="1", cycles=4, m="1/10", unit=1000000,
        start=(-972167, -233859, 14131, -1447),
        pieces=(
            (0, 0, 0, 0, 0), (-289969, -319183, 142145, 1913, -5), (-169462, -140746, -79716, -7769, -5),
            (-246506, -223872, -14978, -6529, -5898), (-235597, -230359, -16942, -6153, -5),
            (-88564, -43107, -16594, 6825, -4317), (-139830, -92507, -24568, 9851, -4320),
            (-126656, -95846, -23669, 8970, -5), (-47144, -30663, 948, -4255, -5),
            (-78803, -46547, -6516, 24, -1789), (-70406, -47088, -6146, -218, -5), (-20605, -12850, -1708, -48, -5),
            (-39996, -25548, -1531, -1635, -5), (-100525, -41752, -16799, 6796, -7546),
            (-150016, -90500, -24615, 10011, -7549), (-60884, -33934, 485, -4354, -1657),
            (-91113, -46331, -7161, 483, -4268), (-32243, -18523, -2206, -317, -413),
        ),
    ),
    _instance(
        "farther, mu>0", "distance", k=2, mu="1/2", alpha="1/2", lr="1", cycles=2, m="1/1000", unit=10000,
        start=(-7570, 6515, 497),
        pieces=(
            (0, 0, 0, 0), (-465, 6277, -554, -1), (-457, 1890, 458, -1), (-194, -2525, 1080, -637),
            (521, -1849, 915, -1), (145, -596, 211, -1), (-112, 455, 110, -1), (29, -991, 314, -149),
        ),
    ),
    _instance(
        "higher, mu=-1/2", "value", k=2, mu="-1/2", alpha="1/10", lr="1", cycles=5, m="1/10000", unit=1000000,
        start=(-990210, -138573, 16727, 807),
        pieces=(
            (0, 0, 0, 0, 0), (-394031, -245763, 128047, -3082, -2), (-298286, -103818, -84799, 5255, -2),
            (-359561, -156552, -18549, 3660, -5367), (-349137, -166504, -18283, 6272, -480),
            (-156082, 14772, -7270, -5759, -1560), (-236421, -28429, -15827, -9513, -3115),
            (-219747, -36495, -12443, -4753, -2), (-84823, 25934, 9791, 8960, -443),
            (-138519, 13243, -302, 275, -722), (-125904, 11380, 1824, 2741, -2), (-29391, 34242, 311, -3989, -216),
            (-71724, 27693, 2416, 131, -277), (-65274, 27886, 2251, -203, -190), (-23217, 35963, -1928, -6928, -298),
            (-31834, 33267, -1054, -5383, -143), (-171084, 19561, -8789, -7553, -4046),
            (-245014, -24540, -17875, -12313, -4670), (-104142, 27064, 9915, 9327, -1129),
            (-155479, 14813, -4780, -4757, -1564), (-43878, 33079, 3524, 119, -293),
            (-92421, 23895, 2040, 622, -290), (-30391, 32661, -1185, -5476, -112),
            (-30548, 32722, -1029, -5300, -116), (-40959, 30923, -307, -4023, -123),
        ),
    ),
    _instance(  # x^2/2 from -4/3 to 2, and straight beyond; the inner slopes are those of the points that are met
        "higher, alpha=1.9", "value", k=1, mu="-1/2", alpha="19/10", lr="1", cycles=2, m="0", unit=150, start=(450,),
        pieces=((300, 0), (-200, 0), (-170, 0), (0, 0), (150, 0), (153, 0)),
    ),
    _instance(
        "higher, mu>0, k=1", "value", k=1, mu="1/2", alpha="1/2", lr="1", cycles=2, m="1/1000", unit=10000,
        start=(-9995, -328, 7),
        pieces=(
            (0, 0, 0, 0), (-5058, -3309, -331, -1), (-1493, 3134, -30, -177), (-1038, 2520, -858, -1),
            (-18, -461, 799, -6), (2, -420, 765, -2), (-137, -83, 508, -1),
        ),
    ),
    _instance(
        "higher, mu>0, k=2", "value", k=2, mu="1/2", alpha="1/2", lr="1", cycles=2, m="1/1000", unit=10000,
        start=(-9740, -2212, 493, -30),
        pieces=(
            (0, 0, 0, 0, 0), (-7920, 1566, -87, -82, -1), (-2340, -1068, 155, -2, -1),
            (2620, -1088, 1012, 350, -310), (2501, -781, 1120, -107, -222), (1200, -322, 468, -116, -1),
            (-933, 22, -504, 446, -1), (1322, -435, 413, 70, -37), (-842, 15, -529, 474, -4),
            (-544, -26, -376, 372, -3),
        ),
    ),
    _instance(
        "higher, lr=1.9", "value", k=3, mu="-1/2", alpha="1/2", lr="19/10", cycles=2, m="1/5000", unit=10000,
        start=(-9971, -642, 377, 132, -65, -13),
        pieces=(
            (0, 0, 0, 0, 0, 0, 0), (-5310, 1784, -1395, 586, -97, 4, -1), (261, -270, 2310, 625, 270, -23, -1),
            (262, -42, -8, -1211, -382, 18, -55), (-4327, 739, -263, -626, 364, -52, -55),
            (-2361, 335, 24, -65, -118, 120, -1), (-278, -308, 279, 280, -370, -172, -1),
            (-59, 52, -285, -330, 442, -1, -1), (-335, -318, 293, 274, -235, 40, -7),
            (-228, -714, 809, 494, -236, 94, -97), (-131, -61, -277, 73, -241, -50, -1),
            (-297, -283, 256, 238, -199, 39, -1), (-537, -192, 183, 144, -121, 31, -3),
        ),
    ),
)  # fmt: skip


def _small(
    name: str, measure: str, axes: tuple[str, ...], normal: tuple[str, ...], bend: str, *, both: bool = False,
    k: int, mu: str, alpha: str, cycles: int, start: tuple[int, ...],
) -> CounterExample:  # fmt: skip
    steepness = fractions(axes)
    function = Bent(steepness, fractions(normal), Fraction(bend), L=Fraction(1), m=min(steepness), both=both)
    return CounterExample(
        name=name, measure=measure, k=k, mu=Fraction(mu), alpha=Fraction(alpha), lr=Fraction(1), cycles=cycles,
        function=function, start=fractions(start),
    )  # fmt: skip


SMALL: dict[str, CounterExample] = {
    "V03": _small("farther, one bend", "distance", ("1/2", "1/100"), ("1/2", "-7/10"), "3/10",
                  k=2, mu="-1/2", alpha="1", cycles=4, start=(1, 0)),
    "V04": _small("higher, one bend", "value", ("2/5", "1/100"), ("3/5", "-3/5"), "1/2",
                  k=3, mu="-1/2", alpha="1", cycles=8, start=(1, 0)),
    "V05": _small("higher, Huber", "value", ("0",), ("1",), "1", both=True,
                  k=1, mu="1/2", alpha="1/2", cycles=2, start=(3,)),
}  # fmt: skip
"""The smallest counter-example to each of the claims V03, V04, V05; the proof kernel has the same numbers."""

COUNTEREXAMPLES: dict[str, CounterExample] = {example.name: example for example in _ALL}
