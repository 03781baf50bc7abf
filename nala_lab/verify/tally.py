"""One row of the verification table, and the tally that fills it from many cases."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from nala_lab.core import require_choice
from nala_lab.theory import Card, cards

__all__ = ["Check", "Tally", "Tolerance"]


@dataclass(frozen=True)
class Tolerance:
    """Allowed error: ``relative * |predicted| + absolute * scale``, and why it is that large.

    `scale` is the size of the numbers the run rounded; each case states its own.
    """

    relative: float
    absolute: float
    reason: str


@dataclass(frozen=True, kw_only=True)
class Check:
    """A prediction beside a measurement.

    Attributes
    ----------
    id, name, statement, kind : which theorem, which consequence, the equation; tight, identity, upper or lower.
    twin : ``"numpy"`` or ``"torch"``.
    predicted, measured : the two numbers of the case that came closest to failing (or failed worst).
    error : how far apart they are; for a bound, how far it is violated (0 when it holds).
    tolerance, tolerance_reason : the largest allowed error of that case, and why.
    cases : numbers compared in all. setting : the settings of the worst case.
    message : why the row failed when it is not a matter of size (an exception, a wrong shape), else "".
    """

    id: str
    name: str
    statement: str
    kind: str
    twin: str
    predicted: float
    measured: float
    error: float
    tolerance: float
    tolerance_reason: str
    cases: int
    setting: str = ""
    message: str = ""

    @property
    def ratio(self) -> float:
        """Error over tolerance; above 1, or not a number, is a failure."""
        if not math.isfinite(self.tolerance):
            return math.inf
        if self.error == 0:
            return 0.0
        return self.error / self.tolerance if self.tolerance > 0 else math.inf

    @property
    def verdict(self) -> str:
        """``"pass"`` or ``"fail"``: written so that NaN, an empty row and a message all fail."""
        good = not self.message and self.cases > 0 and math.isfinite(self.measured) and self.ratio <= 1
        return "pass" if good else "fail"

    @classmethod
    def failed(cls, id: str, name: str, twin: str, message: str) -> Check:
        """Make the row of a check that could not be carried out."""
        card = cards().get(id)
        nan = math.nan
        statement, kind = (card.statement, card.kind) if card else ("", "identity")
        return cls(
            id=id, name=name, statement=statement, kind=kind, twin=twin, predicted=nan, measured=nan, error=nan,
            tolerance=nan, tolerance_reason="", cases=0, message=message,
        )  # fmt: skip


@dataclass
class Tally:
    """Collects cases of one statement for one twin and keeps the worst.

    Examples
    --------
    >>> from nala_lab.verify import Tally, Tolerance
    >>> row = Tally("T27", "first step", "numpy", Tolerance(1e-10, 1e-13, "rounding"))
    >>> row.add([1.0, 2.0], [1.0, 2.1], setting="lr=0.1")
    >>> row.check().verdict, row.check().predicted, row.check().cases
    ('fail', 2.0, 2)
    """

    id: str
    name: str
    twin: str
    tolerance: Tolerance
    kind: str = ""
    statement: str = ""
    cases: int = 0
    worst: tuple[float, float, float, float, str] = (math.nan, math.nan, math.nan, math.nan, "")
    worst_ratio: float = -1.0
    messages: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        known = cards()
        require_choice("id", self.id, known, "a check is of a theorem that has its card in nala_lab.theory")
        card: Card = known[self.id]
        self.kind = self.kind or card.kind
        self.statement = self.statement or card.statement

    def add(self, predicted: Any, measured: Any, *, scale: Any = 1.0, setting: str = "") -> None:
        """Compare every entry of two arrays of the same shape; `scale` is one number or one for each entry."""
        p, m = np.atleast_1d(np.asarray(predicted)), np.atleast_1d(np.asarray(measured))
        if p.shape != m.shape:
            self.messages.append(f"measured shape {m.shape}, predicted {p.shape} at {setting}")
            return
        with np.errstate(all="ignore"):
            error = self._error(p, m)
            allowed = self.tolerance.relative * np.abs(p) + self.tolerance.absolute * scale
            ratio = np.where(error == 0, 0.0, error / allowed)
        # a run that leaves the numbers is below every upper bound, above every lower one, and has an infinite scale
        ratio = np.where(np.isnan(ratio) | ~np.isfinite(m) | ~np.isfinite(allowed), np.inf, ratio)
        self.cases += p.size
        i = np.unravel_index(np.argmax(ratio), ratio.shape)
        if ratio[i] > self.worst_ratio:
            self.worst_ratio = float(ratio[i])
            shown = (float(np.real(p[i])), float(np.real(m[i])))
            size = float(error[i]) if np.isfinite(error[i]) else math.inf
            self.worst = (*shown, size, float(allowed[i]), setting)

    def _error(self, p: Any, m: Any) -> Any:
        if self.kind == "upper":
            return np.maximum(m - p, 0.0)
        if self.kind == "lower":
            return np.maximum(p - m, 0.0)
        return np.abs(m - p)

    def check(self) -> Check:
        """Make the row."""
        predicted, measured, error, allowed, setting = self.worst
        return Check(
            id=self.id, name=self.name, statement=self.statement, kind=self.kind, twin=self.twin, predicted=predicted,
            measured=measured, error=error, tolerance=allowed, tolerance_reason=self.tolerance.reason,
            cases=self.cases, setting=setting, message="; ".join(self.messages[:3]),
        )  # fmt: skip
