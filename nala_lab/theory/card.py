"""The label every closed form carries: what it says, under which assumptions, from where, and how sure we are."""

from __future__ import annotations

from dataclasses import dataclass

from nala_lab.core import require_choice

__all__ = ["KINDS", "STATUSES", "Card"]

KINDS = ("identity", "tight", "upper", "lower")
STATUSES = ("proved", "checked", "certificate", "search")


@dataclass(frozen=True, kw_only=True)
class Card:
    """One line of the theory room.

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

    Raises
    ------
    ValueError
        When `status` or `kind` is not one of the words above.

    Examples
    --------
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

    def __post_init__(self) -> None:
        require_choice("status", self.status, STATUSES)
        require_choice("kind", self.kind, KINDS)
