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


def _lookahead(inner: Any, *, k: int, alpha: float) -> OuterMomentum:
    return OuterMomentum(inner, k=k, nu=alpha, beta=0)


def _reptile(inner: Any, *, k: int, epsilon: float) -> OuterMomentum:
    return OuterMomentum(inner, k=k, nu=epsilon, beta=0)


def _nala(inner: Any, *, k: int, mu: float, alpha: float) -> OuterMomentum:
    return OuterMomentum(inner, k=k, nu=1 + mu, beta=0, alpha=alpha)


def _snoo(inner: Any, *, k: int, lr: float, momentum: float) -> OuterMomentum:
    return OuterMomentum(inner, k=k, nu=lr, beta=momentum)


def _diloco(inner: Any, *, k: int, outer_lr: float, momentum: float, workers: int) -> OuterMomentum:
    return OuterMomentum(inner, k=k, nu=outer_lr, beta=momentum, workers=workers)


def _slowmo(inner: Any, *, k: int, slow_lr: float, beta: float, workers: int = 1) -> OuterMomentum:
    return OuterMomentum(inner, k=k, nu=slow_lr, beta=beta, style="heavy-ball", workers=workers)


def _bmuf_classical(inner: Any, *, k: int, zeta: float, eta: float, workers: int = 1) -> OuterMomentum:
    return OuterMomentum(inner, k=k, nu=zeta, beta=eta, style="heavy-ball", workers=workers)


def _bmuf_nesterov(inner: Any, *, k: int, zeta: float, eta: float, workers: int = 1) -> OuterMomentum:
    return OuterMomentum(inner, k=k, nu=zeta, beta=eta, style="nesterov", workers=workers)


def _nag_outer(inner: Any, *, k: int, mu: float) -> OuterMomentum:
    return OuterMomentum(inner, k=k, nu=1, beta=mu)


def _gpa(inner: Any, *, mu: float) -> OuterMomentum:
    return OuterMomentum(inner, k=1, nu=1, beta=mu)


FAMILY: dict[str, Callable[..., OuterMomentum]] = {
    "Lookahead": _lookahead,
    "Reptile": _reptile,
    "NALA": _nala,
    "SNOO": _snoo,
    "DiLoCo": _diloco,
    "SlowMo": _slowmo,
    "BMUF classical": _bmuf_classical,
    "BMUF Nesterov": _bmuf_nesterov,
    "NAG outer": _nag_outer,
    "GPA": _gpa,
}


def family(name: str, inner: Any, **parameters: Any) -> OuterMomentum:
    """Make the named method as a point of OuterMomentum.

    Parameters
    ----------
    name : a key of FAMILY. inner : the inner rule. parameters : the method's own, as its paper names them.

    Raises
    ------
    ValueError
        For an unknown name, or a parameter out of range.
    TypeError
        When a parameter is missing or not one of the method's.

    Examples
    --------
    >>> from nala_lab.reference import SGD, family
    >>> family("Lookahead", SGD(lr=0.1), k=5, alpha=0.5).nu
    0.5
    """
    require_choice("name", name, FAMILY)
    return FAMILY[name](inner, **parameters)
