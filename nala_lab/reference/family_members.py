"""Published two-loop methods as points of OuterMomentum: the dictionary from their parameters to ours.

Each entry takes the method's own parameters, under the names of its paper, and gives the same iterates. The equality
is tested against the method's own recurrence written out in full (`nala_lab.verify.other_papers`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nala_lab.core import require_choice
from nala_lab.reference.outer_momentum import OuterMomentum

__all__ = ["FAMILY", "family"]


FAMILY: dict[str, Callable[..., OuterMomentum]] = {
    "Lookahead": lambda inner, *, k, alpha: OuterMomentum(inner, k=k, nu=alpha, beta=0),
    "Reptile": lambda inner, *, k, epsilon: OuterMomentum(inner, k=k, nu=epsilon, beta=0),
    "NALA": lambda inner, *, k, mu, alpha: OuterMomentum(inner, k=k, nu=1 + mu, beta=0, alpha=alpha),
    "SNOO": lambda inner, *, k, lr, momentum: OuterMomentum(inner, k=k, nu=lr, beta=momentum),
    "DiLoCo": lambda inner, *, k, outer_lr, momentum, workers: OuterMomentum(
        inner, k=k, nu=outer_lr, beta=momentum, workers=workers),
    "SlowMo": lambda inner, *, k, slow_lr, beta, workers=1: OuterMomentum(
        inner, k=k, nu=slow_lr, beta=beta, style="heavy-ball", workers=workers),
    "BMUF classical": lambda inner, *, k, zeta, eta, workers=1: OuterMomentum(
        inner, k=k, nu=zeta, beta=eta, style="heavy-ball", workers=workers),
    "BMUF Nesterov": lambda inner, *, k, zeta, eta, workers=1: OuterMomentum(
        inner, k=k, nu=zeta, beta=eta, style="nesterov", workers=workers),
    "NAG outer": lambda inner, *, k, mu: OuterMomentum(inner, k=k, nu=1, beta=mu),
    "GPA": lambda inner, *, mu: OuterMomentum(inner, k=1, nu=1, beta=mu),
}  # fmt: skip


def family(name: str, inner: Any, **parameters: Any) -> OuterMomentum:
    """Make the named method as a point of OuterMomentum.

    Raises ValueError for an unknown name, or a parameter out of range; TypeError when a parameter is missing or not one
    of the method's.

    Parameters
    ----------
    name : a key of FAMILY. inner : the inner rule. parameters : the method's own, as its paper names them.

    Examples
    --------
    >>> from nala_lab.reference import SGD, family
    >>> family("Lookahead", SGD(lr=0.1), k=5, alpha=0.5).nu
    0.5
    """
    require_choice("name", name, FAMILY)
    return FAMILY[name](inner, **parameters)
