"""Where predictions meet runs: each theorem of `nala_lab.theory` against both twins, with the error and the tolerance.

    >>> from nala_lab.verify import run_checks
    >>> all(row.verdict == "pass" for row in run_checks(["T27"], twins=["numpy"]))
    True

How to add a theorem: one file in ``nala_lab/theory`` with the closed form and its ``CARDS``; one file in
``nala_lab/verify/checks`` with functions ``(twin, seed) -> [Check, ...]`` under ``@check("Txx")``. The table, the
command line and the site pick both up by themselves.
"""

from nala_lab.verify.report import format_table, to_json
from nala_lab.verify.runner import CHECKS, check, load_checks, run_checks
from nala_lab.verify.tally import Check, Tally, Tolerance

__all__ = ["CHECKS", "Check", "Tally", "Tolerance", "check", "format_table", "load_checks", "run_checks", "to_json"]
