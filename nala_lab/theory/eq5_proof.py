"""T12, the proof: Eq. (5) by sympy, for t = 1..8 written out and for every t by induction; and the printed |mu| form.

Nothing numerical happens here. sympy is imported inside the functions, so the rest of the lab does not need it.

Source: Zuo et al. 2024, Algorithm 1 and Eq. (5). Status: proved; identity.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from nala_lab.core import require_choice, require_int

__all__ = ["Proof", "printed_form_residual", "prove"]


@dataclass(frozen=True)
class Proof:
    """What a notebook shows: expressions, and residuals that are all sympy's zero.

    Attributes
    ----------
    unrolled : t -> the right-hand side of Eq. (5), written out.
    residuals : t -> (phi_t from Algorithm 1's recurrence) - (right-hand side), expanded.
    inductive : name of a term -> (its coefficient after one more outer step, its coefficient in Eq. (5) at t+1).
    inductive_residuals : name of a term -> the difference of the two, simplified for symbolic t and i.
    """

    unrolled: dict[int, Any]
    residuals: dict[int, Any]
    inductive: dict[str, tuple[Any, Any]]
    inductive_residuals: dict[str, Any]

    @property
    def holds(self) -> bool:
        """True when every residual is exactly zero."""
        return all(r == 0 for r in (*self.residuals.values(), *self.inductive_residuals.values()))


def _formula(t: int, mu: Any, base: Any) -> Any:
    """Right-hand side of Eq. (5) at `t`, with powers of `base`."""
    import sympy as sp

    alpha, phi0 = sp.Symbol("alpha"), sp.Symbol("phi_0")
    theta = [sp.Symbol(f"theta_{i}") for i in range(1, t + 1)]
    grad = [sp.Symbol(f"G_{i}") for i in range(1, t + 1)]
    fast = sum(base ** (t - i) * theta[i - 1] for i in range(1, t + 1))
    slope = sum(base ** (t - i) * grad[i - 1] for i in range(1, t + 1))
    return (1 + mu) * fast + base**t * phi0 - alpha * slope


def _inductive_step() -> dict[str, tuple[Any, Any]]:
    """Coefficients of phi_{t+1} = (1+mu) theta_{t+1} - mu phi_t - alpha G_{t+1}, against Eq. (5) at t+1."""
    import sympy as sp

    mu, alpha = sp.symbols("mu alpha")
    t, i = sp.symbols("t i", integer=True, positive=True)  # 1 <= i <= t
    return {
        "theta_i": (-mu * (1 + mu) * (-mu) ** (t - i), (1 + mu) * (-mu) ** (t + 1 - i)),
        "theta_{t+1}": (1 + mu, ((1 + mu) * (-mu) ** (t + 1 - i)).subs(i, t + 1)),
        "phi_0": (-mu * (-mu) ** t, (-mu) ** (t + 1)),
        "G_i": (-mu * (-alpha) * (-mu) ** (t - i), -alpha * (-mu) ** (t + 1 - i)),
        "G_{t+1}": (-alpha, (-alpha * (-mu) ** (t + 1 - i)).subs(i, t + 1)),
    }


def prove(t_max: int = 8) -> Proof:
    """Prove Eq. (5): written out for t = 1..t_max, and the inductive step for symbolic t.

    theta_i stands for theta_{i,k} and G_i for grad J(y_i). Raises ValueError when t_max is not an integer >= 1.

    Source: Zuo et al. 2024, Algorithm 1 and Eq. (5).

    Examples
    --------
    >>> from nala_lab.theory.eq5_proof import prove
    >>> proof = prove(t_max=2)
    >>> proof.unrolled[1]
    -G_1*alpha - mu*phi_0 + theta_1*(mu + 1)
    >>> proof.holds
    True
    """
    import sympy as sp

    t_max = require_int("t_max", t_max, low=1)
    mu, alpha, phi = sp.Symbol("mu"), sp.Symbol("alpha"), sp.Symbol("phi_0")
    unrolled, residuals = {}, {}
    for t in range(1, t_max + 1):
        phi = sp.expand((1 + mu) * sp.Symbol(f"theta_{t}") - mu * phi - alpha * sp.Symbol(f"G_{t}"))  # Algorithm 1
        unrolled[t] = _formula(t, mu, -mu)
        residuals[t] = sp.expand(phi - unrolled[t])
    inductive = _inductive_step()
    differences = {name: sp.simplify(sp.powsimp(sp.expand(a - b))) for name, (a, b) in inductive.items()}
    return Proof(unrolled, residuals, inductive, differences)


def printed_form_residual(t: int, mu_sign: int) -> Any:
    """Printed form (|mu|) minus correct form (-mu) of Eq. (5) at `t`, as a sympy expression in m = |mu|.

    Zero for mu <= 0. For mu > 0 it is twice the sum of the odd-power terms, so it is non-zero from t = 1 on.

    Raises ValueError when t < 1, or mu_sign is none of the three.
    Source: Zuo et al. 2024, Eq. (5).

    Parameters
    ----------
    t : outer steps done, integer >= 1.
    mu_sign : -1, 0 or 1.

    Examples
    --------
    >>> from nala_lab.theory.eq5_proof import printed_form_residual
    >>> printed_form_residual(2, mu_sign=-1), printed_form_residual(1, mu_sign=1)
    (0, 2*m*phi_0)
    """
    import sympy as sp

    require_int("t", t, low=1)
    require_choice("mu_sign", str(mu_sign), ("-1", "0", "1"))
    m = sp.Symbol("m", positive=True) if mu_sign else sp.Integer(0)
    mu = mu_sign * m
    return sp.expand(_formula(t, mu, m) - _formula(t, mu, -mu))
