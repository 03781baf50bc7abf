"""Settings drawn by hypothesis over the whole legal range: corners, extremes and the middle, from a named seed."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

from nala_lab.core import require_int, stream

__all__ = ["available", "drawn", "number", "whole"]


def available() -> bool:
    """Say whether hypothesis can be imported; it comes with the extra ``dev``."""
    return find_spec("hypothesis") is not None


def number(low: float, high: float, *, open_low: bool = False, open_high: bool = False) -> Any:
    """Strategy for a float between two bounds, the bounds included unless said otherwise; no subnormal numbers.

    Examples
    --------
    >>> all(0 < case["x"] <= 2 for case in drawn(0, "doctest", 20, x=number(0, 2, open_low=True)))
    True
    """
    from hypothesis import strategies

    return strategies.floats(low, high, exclude_min=open_low, exclude_max=open_high, allow_subnormal=False)


def whole(low: int, high: int) -> Any:
    """Strategy for an integer between two bounds, both included."""
    from hypothesis import strategies

    return strategies.integers(low, high)


def drawn(seed: int, name: str, count: int, **strategies: Any) -> list[dict[str, Any]]:
    """Draw dictionaries with one value for each strategy; the same for the same seed and name.

    They are `count`, or fewer where the strategies have no more that differ.

    Raises ValueError when `count` is not an integer >= 1.

    Examples
    --------
    >>> drawn(0, "doctest", 5, k=whole(1, 9)) == drawn(0, "doctest", 5, k=whole(1, 9))
    True
    """
    require_int("count", count, low=1)
    import hypothesis
    from hypothesis import strategies as st

    cases: list[dict[str, Any]] = []

    @hypothesis.seed(int(stream(seed, "drawn", name).integers(2**63)))
    @hypothesis.settings(
        max_examples=count, database=None, deadline=None, derandomize=False, phases=[hypothesis.Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
    )  # fmt: skip
    @hypothesis.given(st.fixed_dictionaries(strategies))
    def collect(case: dict[str, Any]) -> None:
        cases.append(case)

    collect()
    return cases
