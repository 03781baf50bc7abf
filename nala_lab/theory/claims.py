"""The paper's claim "NALA theoretically achieves a faster convergence speed than Lookahead", taken apart.

The paper gives no proof, and "faster" can mean nine things. Each function below is one of them: it returns a `Claim`
with a verdict, where it holds, and evidence that the function computes when it is called, in exact rational arithmetic
wherever a number decides. Both methods have the same lr, k and mu; f is convex and L-smooth, gradients are exact and
the inner rule is gradient descent.

Verdicts: "true" (a proof stands in the docstring), "false" (a counter-example is computed), "not refuted" (a search of
the whole class by semidefinite programming found none, which proves nothing). `claims` collects all of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from nala_lab.core import require_choice
from nala_lab.proofs import kernel_checked
from nala_lab.theory.card import Card
from nala_lab.theory.counterexamples import COUNTEREXAMPLES, SMALL, CounterExample, cycles_of

__all__ = ["CARDS", "VERDICTS", "Claim", "claims"]

VERDICTS = ("true", "false", "not refuted")
HALF = Fraction(1, 2)


@dataclass(frozen=True, kw_only=True)
class Claim:
    """One reading of the claim and what is true about it.

    Raises ValueError for an unknown verdict.

    Attributes
    ----------
    id : ``"V01"`` ... statement : what is claimed. where : mu, lr, alpha, class of functions.
    verdict : one of `VERDICTS`. evidence : what was computed, in words and numbers. status : as `Card.status`.
    numbers : the exact numbers of the evidence, by name.
    """

    id: str
    statement: str
    where: str
    verdict: str
    evidence: str
    status: str
    numbers: dict[str, Fraction]

    def __post_init__(self) -> None:
        require_choice("verdict", self.verdict, VERDICTS)

    @property
    def kernel_checked(self) -> tuple[str, ...]:
        """Theorems about this claim that a proof kernel has checked, as `Card.kernel_checked`."""
        return kernel_checked(self.id)


def _factor(lam: Any, *, lr: Any, k: int, mu: Any, alpha: Any) -> Any:
    return (1 - alpha * lam) * ((1 + mu) * (1 - lr * lam) ** k - mu)


def one_cycle_value() -> Claim:
    """V01. After one outer step from the same point NALA's value is not larger. True, for every mu, 0 <= alpha <= 2/L.

    Lookahead stops at y, NALA takes one gradient step from y, and the descent lemma gives
    f(phi) <= f(y) - alpha (1 - alpha L/2) ||grad f(y)||^2 <= f(y). This is all there is to it: the step is paid for
    with one more gradient (V06). The evidence is the least surplus on those functions of `COUNTEREXAMPLES` whose value
    at phi is rational by comparisons alone.
    """
    surplus = []
    for example in COUNTEREXAMPLES.values():
        f, alpha = example.function, example.alpha
        y = cycles_of(f.grad, example.start, 1, lr=example.lr, k=example.k, mu=example.mu, alpha=Fraction(0))[-1]
        g = f.grad(y)
        phi = y - alpha * g
        if f.piece(phi) is not None:
            surplus.append(Fraction(f.value(y) - alpha * (1 - alpha * f.L / 2) * (g @ g) - f.value(phi)))
    least = min(surplus)
    return Claim(
        id="V01",
        statement="one outer step from the same point: f is not larger",
        where="every L-smooth f, every mu, 0 <= alpha <= 2/L",
        verdict="true" if least >= 0 else "false",
        evidence=f"descent lemma; least surplus on {len(surplus)} explicit functions {float(least):.3g} >= 0",
        status="proved",
        numbers={"least surplus": least},
    )


def worst_case_per_cycle() -> Claim:
    """V02. The guaranteed factor per outer step is better. True for mu in [-1, 0]: by exactly 1 - alpha m (T21).

    Theorem A gives both factors, attained by m x^2/2. For mu > 0 no formula is known: the worst functions are not
    quadratic (k = 3, mu = 1/2, m = L/10, lr = alpha = 1/L: 0.3939 for the squared distance, 0.2853 on quadratics).
    """
    m = Fraction(1, 10)
    steps: dict[str, Any] = {"lr": Fraction(1), "k": 5, "mu": -HALF}
    mine, theirs = _factor(m, alpha=Fraction(1), **steps), _factor(m, alpha=Fraction(0), **steps)
    return Claim(
        id="V02",
        statement="worst-case factor of the distance per outer step is smaller",
        where="m-strongly convex f, mu in [-1, 0], lr and alpha <= 2/(L+m); no formula for mu > 0",
        verdict="true" if mine == (1 - m) * theirs else "false",
        evidence=f"T21 at m = L/10, lr = alpha = 1/L, k = 5, mu = -1/2: {float(mine):.6f} against {float(theirs):.6f}",
        status="proved",
        numbers={"NALA": mine, "Lookahead": theirs},
    )


def _refuted(id: str, statement: str, where: str, names: tuple[str, ...]) -> Claim:
    small, largest = SMALL[id], [COUNTEREXAMPLES[name] for name in names]
    examples = [small, *largest]
    refuted = all(example.gap > 0 and example.slack() >= 0 for example in examples)
    start = ", ".join(map(str, small.start))
    return Claim(
        id=id, statement=statement, where=where, verdict="false" if refuted else "not refuted",
        evidence=f"f = {small.function}, from ({start}), {_gap(small)} (Huber's h(t): t^2/2 up to c, then straight; "
        f"L = 1, per squared distance of the start); largest gaps found: {'; '.join(map(_gap, largest))}",
        status="proved", numbers={e.name: e.gap for e in examples},
    )  # fmt: skip


def _gap(e: CounterExample) -> str:
    return f"k={e.k}, mu={e.mu}, alpha={e.alpha}, lr={e.lr}, T={e.cycles}: larger by {float(e.gap):.3g}"


def closer_after_several_cycles() -> Claim:
    """V03. After several cycles NALA is closer to the minimiser. False, for every sign of mu.

    The outer gradient turns the path: f is lower after each step, but the next gradients point elsewhere. One bend in
    the plane does it: x^2/4 + y^2/200 + h(x/2 - 7y/10), L = 1, m = 1/100. Strong convexity does not prevent it: at
    m = L/10 the semidefinite programmes find it from T = 3 on (k = 2, alpha = 1/20; k = 3, alpha = 1/10), and from
    T = 2 on with alpha = 1.8 (k = 2, 3).
    """
    return _refuted(
        "V03", "after several outer steps the distance to the minimiser is not larger",
        "convex f, lr = 1/L; mu = -1/2, up to m = L/10, and mu = 1/2",
        ("farther, k=1", "farther, k=2", "farther, k=5", "farther, m=1/10", "farther, mu>0"),
    )  # fmt: skip


def lower_after_several_cycles() -> Claim:
    """V04. After several cycles NALA's value is not larger, mu in [-1, 0], lr <= 1/L. False, from T = 2 on.

    With alpha beyond 1/L two cycles on the line are enough. f = x^2/2 from -4/3 to 2 and straight beyond, from 3,
    k = lr = 1, mu = -1/2, by hand: theta = 1, y = 2. Lookahead stays there, and theta = 0, y = 1, f = 1/2. NALA with
    alpha = 19/10: phi = 2 - 19/5 = -9/5; then the slope is -4/3, theta = -7/15, y = -17/15, phi = 9/10 * 17/15 = 51/50.
    With alpha <= 1/L it takes long: over the class the semidefinite programmes of the slow tests find no gap up to
    T = 3 (k <= 3, m in {0, L/10}), and gaps for k = 3, T = 4 and for k = 2, T = 5. The smallest function is bent once,
    x^2/5 + y^2/200 + h(3(x - y)/5): NALA is lower up to T = 7 and higher at T = 8. In one dimension with lr,
    alpha <= 1/L the claim is true: gradient steps and averages are monotone there and keep x on its side of x*, so by
    induction phi_t of NALA stays between x* and phi_t of Lookahead.
    """
    return _refuted(
        "V04",
        "after several outer steps f is not larger",
        "convex f, mu = -1/2, lr = 1/L: from T = 2 on for alpha = 1.9/L, from T = 4 on for alpha <= 1/L; with the "
        "latter not refuted for T <= 3, proved in one dimension",
        ("higher, mu=-1/2", "higher, alpha=1.9"),
    )


def lower_after_several_cycles_elsewhere() -> Claim:
    """V05. The same for mu > 0, or for inner steps beyond 1/L. False.

    Huber's function on the line, L = c = 1, from 3, k = 1, lr = 1, mu = alpha = 1/2, by hand. Lookahead: the slope at 3
    is 1, theta = 2, y = 3/2 * 2 - 3/2 = 3/2; then theta = 1/2, y = 3/4 - 3/4 = 0, the minimiser. NALA: y = 3/2 as
    before, phi = 3/2 - 1/2 = 1; then theta = 0, y = -1/2, phi = -1/2 + 1/4 = -1/4.
    """
    return _refuted(
        "V05",
        "after several outer steps f is not larger",
        "convex f; mu = 1/2 with lr = 1/L, or mu = -1/2 with lr = 1.9/L",
        ("higher, mu>0, k=1", "higher, mu>0, k=2", "higher, lr=1.9"),
    )


def faster_per_gradient() -> Claim:
    """V06. NALA is faster per gradient evaluation. False at the paper's alpha = 1/1000; true iff alpha is large enough.

    A cycle costs k+1 gradients against k. On the mode lam, and over the class by T21 with lam = m, NALA is faster iff
    |(1 - alpha lam) B|^(1/(k+1)) < B^(1/k), that is alpha between (1 - B^(1/k))/lam and (1 + B^(1/k))/lam. The lower
    end tends to (1+mu) lr for small lam and is at most that for mu in [-1, 0] (power mean inequality).
    Evidence: f = x^2/2, lr = 1/10, k = 5, mu = -1/2, alpha = 1/1000, 60 gradients from 1: Lookahead makes 12 cycles,
    NALA 10. With alpha = (1+mu) lr = 1/20 the order turns.
    """
    steps: dict[str, Any] = {"lr": Fraction(1, 10), "k": 5, "mu": -HALF}
    theirs = _factor(1, alpha=Fraction(0), **steps) ** 12
    mine, long = (_factor(1, alpha=alpha, **steps) ** 10 for alpha in (Fraction(1, 1000), Fraction(1, 20)))
    plain = (1 - Fraction(1, 10)) ** 60
    return Claim(
        id="V06",
        statement="fewer gradient evaluations for the same accuracy",
        where="true iff alpha > (1 - B^(1/k))/m on the class, mu in [-1, 0]; the paper's alpha = 0.001 is below",
        verdict="false" if mine > theirs > long else "true",
        evidence=f"x^2/2, lr=1/10, k=5, mu=-1/2, 60 gradients: Lookahead {float(theirs):.6f}, NALA {float(mine):.6f}, "
        f"NALA with alpha=1/20 {float(long):.6f}, plain gradient descent {float(plain):.6f}",
        status="proved",
        numbers={"NALA": mine, "Lookahead": theirs, "NALA, alpha=1/20": long, "gradient descent": plain},
    )


def faster_than_gradient_descent() -> Claim:
    """V07. NALA beats plain gradient descent with the same gradients. False on every mode for mu in [-1, 0], lr L <= 1.

    With alpha = lr and r = 1 - lr lam in [0, 1]: gradient descent r^(k+1), NALA r (s r^k - mu) = s r^(k+1) - mu r,
    Lookahead with k+1 inner steps s r^(k+1) - mu, s = 1+mu. Both differences, NALA minus gradient descent
    = -mu (r - r^(k+1)) and Lookahead minus NALA = -mu (1 - r), are >= 0: NALA lies between the two. For mu > 0 a mode
    gains iff mu < 2R/(1-R), R = r^k. The evidence is the order of the three on a grid of modes.
    """
    ordered, largest = True, Fraction(0)
    for tenth in range(1, 11):
        for k in (1, 2, 3, 5, 10):
            for mu in (Fraction(-1), Fraction(-3, 4), -HALF, Fraction(-1, 10), Fraction(0)):
                lam = Fraction(tenth, 10)
                mine = _factor(lam, lr=Fraction(1), k=k, mu=mu, alpha=Fraction(1))
                theirs = _factor(lam, lr=Fraction(1), k=k + 1, mu=mu, alpha=Fraction(0))
                plain = (1 - lam) ** (k + 1)
                ordered = ordered and plain <= mine <= theirs
                largest = max(largest, mine - plain)
    return Claim(
        id="V07",
        statement="faster than plain gradient descent with the same gradients",
        where="quadratics, lr = alpha <= 1/L, mu in [-1, 0]",
        verdict="false" if ordered and largest > 0 else "true",
        evidence=f"GD <= NALA <= Lookahead with k+1 on 250 modes and settings; NALA behind GD by up to "
        f"{float(largest):.4f}",
        status="proved",
        numbers={"largest excess": largest},
    )


def accelerated() -> Claim:
    """V08. NALA is accelerated: its condition number enters through a square root, as Nesterov's does. False.

    On quadratics a cycle is a polynomial of degree k+1 with value 1 at 0 and the slow weights carry nothing else from
    cycle to cycle, so the worst mode in [m, L] is at least 1/T_{k+1}((kappa+1)/(kappa-1)), T the Chebyshev polynomial,
    whatever lr, mu and alpha are. Per gradient that is 1 - O((k+1)/kappa) for kappa large against (k+1)^2, not
    1 - O(1/sqrt(kappa)). Evidence: kappa = 100, k = 5; the floor against the sixth power of heavy ball's rate
    (sqrt(kappa)-1)/(sqrt(kappa)+1) = 9/11, both rational.
    """
    kappa, k = Fraction(100), 5
    x = (kappa + 1) / (kappa - 1)
    before, now = Fraction(1), x  # T_0, T_1
    for _ in range(k):
        before, now = now, 2 * x * now - before
    floor, ball = 1 / now, Fraction(9, 11) ** (k + 1)
    return Claim(
        id="V08",
        statement="accelerated: the rate depends on the square root of the condition number",
        where="quadratics; every lr, mu and alpha, gradient descent inside",
        verdict="false" if floor > ball else "true",
        evidence=f"kappa = 100, k = 5: rate per gradient at least {float(floor) ** (1 / 6):.5f}, heavy ball "
        f"{9 / 11:.5f}",
        status="proved",
        numbers={"floor per cycle": floor, "heavy ball, k+1 steps": ball},
    )


def looks_ahead() -> Claim:
    """V09. The extrapolation point "sees a slight future", as Nesterov's does. False for mu in [-1, 0].

    y = (1+mu) theta_k - mu phi has weights 1+mu >= 0 and -mu >= 0 of sum 1: it lies *between* the old slow weights and
    the end of the inner loop. The paper uses mu = -1/2, the middle. And nothing is carried over: the next phi depends
    on phi alone, so there is no velocity. Evidence: the two weights at mu = -1/2.
    """
    weights = {"theta_k": 1 - HALF, "phi": HALF}
    between = min(weights.values()) >= 0 and sum(weights.values()) == 1
    return Claim(
        id="V09",
        statement="y is an extrapolation with Nesterov's momentum",
        where="mu in [-1, 0], the range the paper uses",
        verdict="false" if between else "true",
        evidence="at mu = -1/2, y = theta_k/2 + phi/2: a convex combination, and the map phi -> phi has no memory",
        status="proved",
        numbers=weights,
    )


_ALL: tuple[Callable[[], Claim], ...] = (
    one_cycle_value, worst_case_per_cycle, closer_after_several_cycles, lower_after_several_cycles,
    lower_after_several_cycles_elsewhere, faster_per_gradient, faster_than_gradient_descent, accelerated, looks_ahead,
)  # fmt: skip


def claims() -> dict[str, Claim]:
    """Compute all verdicts, by number.

    Examples
    --------
    >>> from nala_lab.theory.claims import claims
    >>> {id: claim.verdict for id, claim in claims().items()}  # doctest: +NORMALIZE_WHITESPACE
    {'V01': 'true', 'V02': 'true', 'V03': 'false', 'V04': 'false', 'V05': 'false', 'V06': 'false',
     'V07': 'false', 'V08': 'false', 'V09': 'false'}
    """
    found = [make() for make in _ALL]
    return {claim.id: claim for claim in found}


CARDS = (
    Card(
        id="V03", title="NALA can end farther from the minimiser than Lookahead", status="proved", kind="tight",
        statement="||phi_T - x*||^2 - ||phi_T^LA - x*||^2 = the exact gap > 0 on explicit functions",
        assumptions="functions and settings of theory.counterexamples, L-smooth and strongly convex",
        source="derived here (the smallest); the others by semidefinite programming, rounded to rationals",
    ),
    Card(
        id="V05", title="NALA can end higher than Lookahead", status="proved", kind="tight",
        statement="f(phi_T) - f(phi_T^LA) = the exact gap > 0 on explicit functions",
        assumptions="functions and settings of theory.counterexamples; mu = -1/2 (V04), mu > 0, or lr = 1.9/L",
        source="derived here (the smallest); the others by semidefinite programming, rounded to rationals",
    ),
    Card(
        id="V06", title="NALA at alpha = 0.001 is slower per gradient than Lookahead", status="proved", kind="tight",
        statement="x^2/2, lr = 1/10, k = 5, mu = -1/2, 60 gradients: (0.999 B)^10 against B^12, B = 159049/200000",
        assumptions="gradient descent inside",
        source="derived here",
    ),
)  # fmt: skip
