"""T25. Reductions of the two-loop methods: settings at which one of them must equal a simpler method.

Each is a statement about points, for any start and any gradient function. Where the inner optimizer appears as ``A``
the statement holds for any rule, with its state treated alike on both sides. The runs that confirm them live in
`nala_lab.verify`; this file says what has to be equal, and why.

Source: derived here from Algorithm 1 of Zuo et al. 2024 and Algorithm 1 of Zhang et al. 2019. Status: proved; identity.
"""

from __future__ import annotations

from dataclasses import dataclass

from nala_lab.theory.card import Card

__all__ = ["CARDS", "IDENTITIES", "Identity"]

CARDS = (
    Card(
        id="T25", title="reductions of NALA", status="proved", kind="identity",
        statement="NALA(mu, 0) = Lookahead(1+mu); NALA(0, lr) = GD, k+1 steps; NALA(-1, alpha) = GD(alpha); ...",
        assumptions="as each says; any objective",
        source="derived here; Zuo et al. 2024, Algorithm 1; Zhang et al. 2019, Algorithm 1",
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Identity:
    """One reduction.

    Attributes
    ----------
    name : short and stable; tests and rows of the verification table use it.
    left, right : the two sides, in words.
    latex : the equation.
    any_inner : True when the inner optimizer is free.
    because : the one-line reason.
    """

    name: str
    left: str
    right: str
    latex: str
    any_inner: bool
    because: str


IDENTITIES: tuple[Identity, ...] = (
    Identity(
        "no-outer-step", "NALA(A, k, mu, alpha=0)", "Lookahead(A, k, alpha=1+mu)",
        latex=r"\phi_t = \phi_{t-1} + (1+\mu)(\theta_{t,k} - \phi_{t-1})",
        any_inner=True, because="(1+mu) theta - mu phi = phi + (1+mu)(theta - phi)",
    ),
    Identity(
        "plain-descent", "NALA(SGD(lr), k, mu=0, alpha=lr), one cycle", "SGD(lr), k+1 steps",
        latex=r"\phi_t = G_{lr}^{k+1}(\phi_{t-1}), \quad G_a(x) = x - a \nabla J(x)",
        any_inner=False, because="mu = 0 puts y at theta_k, and the outer step is one more gradient step",
    ),
    Identity(
        "inner-loop-ignored", "NALA(A, k, mu=-1, alpha), one cycle", "SGD(alpha), one step",
        latex=r"\phi_t = \phi_{t-1} - \alpha \nabla J(\phi_{t-1})",
        any_inner=True, because="mu = -1 puts y back at phi",
    ),
    Identity(
        "two-steps", "NALA(SGD(lr), k=1, mu, alpha), one cycle", "one step of SGD((1+mu) lr), then one of SGD(alpha)",
        latex=r"y = \phi - (1+\mu) lr \nabla J(\phi), \quad \phi_+ = y - \alpha \nabla J(y)",
        any_inner=False, because="with k = 1, theta_1 - phi = -lr grad J(phi)",
    ),
    Identity(
        "lookahead-then-descent", "NALA(A, k, mu, alpha), one cycle",
        "one cycle of Lookahead(A, k, 1+mu), then one step of SGD(alpha)",
        latex=r"\phi_t = G_\alpha(\mathrm{Lookahead}(\phi_{t-1}))",
        any_inner=True, because="the two lines of the outer update, read one after the other",
    ),
    Identity(
        "inner-kept-whole", "NALA(A, k, mu=0, alpha=0), T cycles", "A alone, T k steps",
        latex=r"\phi_t = \theta_{t,k}",
        any_inner=True, because="mu = 0 and no outer step leave theta_k as it is; the inner state is kept",
    ),
    Identity(
        "nag-two-forms", "NAG by Eq. (1)", "NAG by Eq. (2)",
        latex=r"v_t = \theta_t - \theta_{t-1}: \; \theta_t + \mu v_t = (1+\mu)\theta_t - \mu\theta_{t-1}",
        any_inner=False,
        because="y_{t+1} = theta_t + mu v_t, so both take the gradient at the same point and move to the same one",
    ),
)  # fmt: skip
