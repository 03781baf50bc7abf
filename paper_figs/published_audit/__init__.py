"""Questions to the published numbers, as code: each recomputes what it says from the typed-in tables.

``run(id)`` gives a ``Finding``: a statement, a verdict (``"seen"``, ``"not seen"``, ``"undecided"``), and the numbers
the verdict is computed from. The tone is that of a lab book: what is printed, how to see it again; no motive.
``python -m paper_figs.published_audit`` prints all of them.

>>> finding = run("one-setting-two-results")
>>> finding.verdict, finding.numbers["settings with two results"]
('seen', 1)
"""

from __future__ import annotations

from collections.abc import Callable

from nala_lab.core import require_choice
from paper_figs.published_audit import grid, settings
from paper_figs.published_audit.finding import NOT_SEEN as NOT_SEEN
from paper_figs.published_audit.finding import SEEN as SEEN
from paper_figs.published_audit.finding import UNDECIDED as UNDECIDED
from paper_figs.published_audit.finding import Finding as Finding
from paper_figs.published_audit.finding import Material as Material
from paper_figs.published_audit.finding import material as material

__all__ = ["AUDIT", "NOT_SEEN", "SEEN", "UNDECIDED", "Finding", "Material", "material", "run"]

AUDIT: dict[str, Callable[[Material], Finding]] = {
    "accuracies-over-256": grid.accuracies_over_256,
    "last-digits": grid.last_digits,
    "mean-of-two-seeds": grid.mean_of_two_seeds,
    "one-setting-two-results": settings.one_setting_two_results,
    "two-settings-one-result": settings.two_settings_one_result,
    "one-result-two-rates": settings.one_result_two_rates,
}
"""Finding id -> the function that computes it."""


def run(name: str, source: Material | None = None) -> Finding:
    """Compute one finding.

    Parameters
    ----------
    name : a key of ``AUDIT``.
    source : what to read; None means the committed files, which give the same on every machine, and
        ``material(data=True)`` reads the released logs themselves.

    Raises
    ------
    ValueError
        For an unknown name, listing those that are known.

    Examples
    --------
    >>> run("accuracies-over-256").numbers["of 256"]
    51
    """
    require_choice("finding", name, tuple(AUDIT))
    return AUDIT[name](material() if source is None else source)
