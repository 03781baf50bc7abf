"""The label every closed form carries: what it says, under which assumptions, from where, and how sure we are."""

from __future__ import annotations

from dataclasses import dataclass

from nala_lab.core import require_choice
from nala_lab.proofs import kernel_checked

__all__ = ["KINDS", "STATUSES", "Card"]

KINDS = ("identity", "tight", "upper", "lower")
STATUSES = ("proved", "checked", "certificate", "search")


@dataclass(frozen=True, kw_only=True)
class Card:
    """One line of the theory room.

    Raises ValueError when `status` or `kind` is not one of the words above.

    Attributes
    ----------
    id : the theorem's number, as ``"T12"``.
    title : a few words.
    statement : the equation, in plain text.
    assumptions : when it holds.
    source : paper and equation, or "derived here".
    status : ``"proved"`` (a short proof stands in the module), ``"checked"`` (derived, and compared with an
        independent loop), ``"certificate"`` (numerical, with a residual) or ``"search"`` (an optimiser's best find).
    kind : ``"identity"`` or ``"tight"`` (an equality), ``"upper"`` or ``"lower"`` (a bound).

    Examples
    --------
    >>> from nala_lab.theory.card import Card
    >>> Card(id="T00", title="x", statement="x = x", assumptions="none", source="logic", status="proved",
    ...      kind="sharp")
    Traceback (most recent call last):
        ...
    ValueError: kind must satisfy kind in {'identity', 'tight', 'upper', 'lower'}, got kind='sharp'
    """

    id: str
    title: str
    statement: str
    assumptions: str
    source: str
    status: str
    kind: str

    @property
    def kernel_checked(self) -> tuple[str, ...]:
        """Theorems about this card that a proof kernel has checked (`nala_lab.proofs`), as ``"T12_eq5.eq5"``.

        Read from the committed record; empty where there is none, and once a proof has changed since.
        """
        return kernel_checked(self.id)

    @property
    def evidence(self) -> str:
        """The status; with "kernel-checked" where it is "proved" and `kernel_checked` names a theorem."""
        checked = self.status == "proved" and self.kernel_checked
        return f"{self.status}, kernel-checked" if checked else self.status

    def __post_init__(self) -> None:
        require_choice("status", self.status, STATUSES)
        require_choice("kind", self.kind, KINDS)
