"""What a run keeps: rows written once, into arrays that are made for all of them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from nala_lab.core import Array, OneLoop, TwoLoop
from nala_lab.reference.oracle import Oracle
from nala_lab.reference.rules import described

__all__ = ["OneLoopRecord", "Rows", "TwoLoopRecord"]

_RESERVED = 2**30  # bytes asked for at once; the system hands out the pages of a row when the row is written


class Rows:
    """At most n rows of one shape, in one array that grows by doubling where n rows are too much to ask for at once.

    Examples
    --------
    >>> rows = Rows(1000, (2,), np.dtype(float))
    >>> rows.add(np.array([1.0, 2.0]))
    >>> rows.array()
    array([[1., 2.]])
    """

    def __init__(self, n: int, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
        at_once = _RESERVED // max(1, math.prod(shape) * dtype.itemsize)
        self._rows = np.empty((min(n, max(1, at_once)), *shape), dtype)
        self._n = 0

    def add(self, row: Array) -> None:
        """Write one row."""
        if self._n == len(self._rows) or row.dtype is not self._rows.dtype:
            self._make_room(row.dtype)
        self._rows[self._n] = row
        self._n += 1

    def add_parts(self, parts: list[Array]) -> None:
        """Write one row that consists of the arrays `parts`."""
        if self._n == len(self._rows) or parts[-1].dtype is not self._rows.dtype:
            self._make_room(parts[-1].dtype)
        row = self._rows[self._n]
        for i, part in enumerate(parts):
            row[i] = part
        self._n += 1

    def array(self) -> Array:
        """The rows that were written, (rows, ...)."""
        return self._rows if self._n == len(self._rows) else self._rows[: self._n].copy()

    def _make_room(self, dtype: np.dtype[Any]) -> None:
        if dtype.hasobject and not self._rows.dtype.hasobject:
            self._rows = self._rows.astype(object)  # a float start, and symbols from the first step on
        if self._n == len(self._rows):
            grown = np.empty((2 * self._n, *self._rows.shape[1:]), self._rows.dtype)
            grown[: self._n] = self._rows
            self._rows = grown


class _Record:
    """Rows of the answer and their costs; `keep` and `n` as in run."""

    def __init__(self, keep: str, n: int, x: Array, per_row: int) -> None:
        self.keep, self.n, self.per_row = keep, n, per_row
        self.rows = Rows(n + 1, x.shape, x.dtype) if keep != "last" else None
        self.evals = [0]
        self.done = 0
        if self.rows is not None:
            self.rows.add(x)

    def add(self, x: Array, evals: int) -> None:
        self.done += 1
        if self.rows is None:
            self.final, self.evals = x, [evals]
        else:
            self.rows.add(x)
            self.evals.append(evals)

    def common(self, rule: Any, watch: Any) -> dict[str, Any]:
        first = 0 if self.rows is not None else self.done
        return {"method": described(rule), "outcome": watch.outcome, "diverged_at": watch.diverged_at,
                "evals": np.array(self.evals), "timesteps": self.per_row * np.arange(first, self.done + 1),
                "keep": self.keep}  # fmt: skip

    def answer(self) -> Array:
        """The rows of x or slow; the last one alone where no other is kept."""
        return np.array(self.final)[None] if self.rows is None else self.rows.array()


class OneLoopRecord(_Record):
    """The record of a method with one loop; its gradients are read from the oracle's log of the step."""

    def __init__(self, keep: str, n: int, x: Array) -> None:
        super().__init__(keep, n, x, 1)
        self.firsts = [Rows(n, x.shape, x.dtype) for _ in range(2)] if keep == "all" else []
        self.lasts: list[Rows] = []
        self._none = np.full(x.shape, np.nan)

    def step(self, x: Array, oracle: Oracle) -> None:
        """Write down a step that led to `x`."""
        self.add(x, oracle.evals)
        if self.keep != "all":
            return
        first, last = oracle.log[0], oracle.log[-1]
        if last is not first and not self.lasts:
            self.lasts = [Rows(self.n, x.shape, x.dtype) for _ in range(2)]
            for _ in range(1, self.done):
                self._add_probe((self._none, self._none))
        for rows, value in zip(self.firsts, first, strict=True):
            rows.add(value)
        if self.lasts:
            self._add_probe((self._none, self._none) if last is first else last)

    def _add_probe(self, spent: tuple[Array, Array]) -> None:
        """A step without a probe has no number there."""
        for rows, value in zip(self.lasts, spent, strict=True):
            rows.add(value)

    def trajectory(self, rule: Any, watch: Any) -> OneLoop:
        """The finished run."""
        kept: dict[str, Any] = dict.fromkeys(("points", "grads", "probes", "probe_grads"))
        kept |= zip(("points", "grads"), (rows.array() for rows in self.firsts), strict=False)
        kept |= zip(("probes", "probe_grads"), (rows.array() for rows in self.lasts), strict=False)
        return OneLoop(**self.common(rule, watch), x=self.answer(), **kept)


class TwoLoopRecord(_Record):
    """The record of a method with two loops."""

    def __init__(self, keep: str, n: int, phi: Array, k: int) -> None:
        super().__init__(keep, n, phi, k)
        self.k = k
        self.kept: dict[str, Rows | None] = dict.fromkeys(("fast", "lookahead", "outer_grad", "inner_grads"))

    def cycle(self, cycle: Any, oracle: Oracle) -> None:
        """Write down a cycle."""
        phi = cycle.state.phi
        self.add(phi, oracle.evals)
        if self.keep != "all":
            return
        if self.done == 1:
            counts = {"fast": len(cycle.fast), "inner_grads": len(cycle.inner_grads)}
            for name in self.kept:
                parts = (counts[name],) if name in counts else ()
                self.kept[name] = Rows(self.n, (*parts, *phi.shape), phi.dtype)
        rows: Any = self.kept
        rows["fast"].add_parts(cycle.fast)
        rows["lookahead"].add(cycle.y)
        rows["outer_grad"].add(cycle.outer_grad)
        rows["inner_grads"].add_parts(cycle.inner_grads)

    def trajectory(self, rule: Any, watch: Any) -> TwoLoop:
        """The finished run."""
        kept: dict[str, Any] = {name: None if rows is None else rows.array() for name, rows in self.kept.items()}
        return TwoLoop(**self.common(rule, watch), k=self.k, slow=self.answer(), **kept)
