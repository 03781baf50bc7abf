"""What a study consists of: sections of lines, each with a verdict and its evidence, and one picture a section."""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

__all__ = ["BAD", "CANNOT", "GOOD", "PLAIN", "Line", "Picture", "Section", "cannot", "drawn", "plain", "short"]

GOOD, BAD, PLAIN = "good", "bad", "plain"
CANNOT = "not done"


@dataclass(frozen=True)
class Line:
    """One line: what was asked, the verdict, the evidence in words, and its numbers.

    Attributes
    ----------
    tone : GOOD, BAD or PLAIN, the colour of the verdict. data : plain values for the JSON beside the page.
    """

    what: str
    verdict: str
    evidence: str
    tone: str = PLAIN
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Picture:
    """A picture as PNG, and what it shows in words."""

    png: bytes
    alt: str


@dataclass(frozen=True)
class Section:
    """A part of the page. key : short name, also of the picture's file. note : how it was measured."""

    key: str
    title: str
    lines: tuple[Line, ...]
    note: str = ""
    picture: Picture | None = None


def cannot(what: str, why: object) -> Line:
    """Make the line of something that could not be done."""
    return Line(what, CANNOT, " ".join(str(why).split()) or type(why).__name__)


def drawn(draw: Callable[[Any], None], alt: str, *, columns: int = 1) -> Picture:
    """Draw on a new figure (its axes are handed over) and give it as a picture."""
    import matplotlib.pyplot as plt

    from nala_lab.plots import RC

    small = {"font.size": 10, "legend.fontsize": 8, "axes.titlesize": 10, "axes.labelsize": 10, "xtick.labelsize": 9,
             "ytick.labelsize": 9}  # fmt: skip
    with plt.rc_context(RC | small):
        figure, axes = plt.subplots(1, columns, figsize=(4.6 * columns, 3.4), squeeze=False, layout="constrained")
        draw(axes[0])
        stream = io.BytesIO()
        figure.savefig(stream, format="png", dpi=90, metadata={"Software": None, "Description": alt})
        plt.close(figure)
    return Picture(stream.getvalue(), alt)


def plain(value: Any) -> Any:
    """Plain values for JSON, with None where a number is none.

    Examples
    --------
    >>> plain({"a": np.array([1.0, np.nan]), "b": (np.int64(2),)})
    {'a': [1.0, None], 'b': [2]}
    """
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float):
        return float(f"{value:.6g}") if math.isfinite(value) else None
    return value


def short(value: float) -> str:
    """Four digits of a number.

    Examples
    --------
    >>> short(0.123456), short(1234567.0)
    ('0.1235', '1.235e+06')
    """
    return f"{value:.4g}"
