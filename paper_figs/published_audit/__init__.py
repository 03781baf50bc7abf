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
from dataclasses import replace

from nala_lab.core import require_choice
from paper_figs.published_audit import against_noise, claims, cost, files, grid, maxima, same_settings, softmax
from paper_figs.published_audit.finding import NOT_SEEN, SEEN, UNDECIDED, Finding, Material, material

__all__ = ["AUDIT", "NOT_SEEN", "SEEN", "UNDECIDED", "Finding", "Material", "material", "run"]

AUDIT: dict[str, Callable[[Material], Finding]] = {
    "accuracies-over-256": grid.accuracies_over_256,
    "last-digits": grid.last_digits,
    "mean-of-two-seeds": grid.mean_of_two_seeds,
    "one-setting-two-results": same_settings.one_setting_two_results,
    "two-settings-one-result": same_settings.two_settings_one_result,
    "one-result-two-rates": same_settings.one_result_two_rates,
    "best-of-450": maxima.best_of_450,
    "best-against-late": maxima.best_against_late,
    "differences-against-noise": against_noise.differences_against_noise,
    "sweeps-against-noise": against_noise.sweeps_against_noise,
    "double-softmax": softmax.double_softmax,
    "double-softmax-sweeps": softmax.double_softmax_sweeps,
    "timesteps-in-gradients": cost.timesteps_in_gradients,
    "log-resolution": cost.log_resolution,
    "released-files": files.released_files,
    "table-2-first-records": files.table_2_first_records,
    "table-4-first-records": files.table_4_first_records,
    "typing-slips": grid.typing_slips,
    "adabelief-maxima": files.adabelief_maxima,
    "adala-rows-no-file": files.adala_rows_no_file,
    "adala-notebook-maxima": files.adala_notebook_maxima,
    "adala-weight-decay": files.adala_weight_decay,
    "adala-three-runs": files.adala_three_runs,
    "adala-against-test-noise": against_noise.adala_against_test_noise,
    "adala-cost": cost.adala_cost,
    "fid-no-file": files.fid_no_file,
    "claim-abstract-faster-higher": claims.abstract,
    "claim-lenet-best-at-end": claims.lenet_best_at_end,
    "claim-lenet-faster-each-task": claims.lenet_faster_each_task,
    "claim-lenet-beats-three-cifar10": claims.lenet_beats_three,
    "claim-lenet-slight-advantage-nag": claims.lenet_slight_advantage,
    "claim-alexnet-cifar10": claims.alexnet_cifar10,
    "claim-alexnet-cifar100": claims.alexnet_cifar100,
    "claim-alexnet-faster-than-adam": claims.alexnet_faster,
    "claim-resnet-as-adam": claims.resnet_as_adam,
    "claim-resnet-over-lookahead": claims.resnet_over_lookahead,
    "claim-only-exception": claims.only_exception,
    "claim-robust": claims.robust,
    "claim-adala-best-everywhere": claims.best_everywhere,
    "claim-adala-large-margin": claims.large_margin,
}
"""Finding id -> the function that computes it."""


def run(name: str, source: Material | None = None) -> Finding:
    """Compute one finding.

    Raises ValueError for an unknown name, listing those that are known.

    Parameters
    ----------
    name : a key of ``AUDIT``.
    source : what to read; None means the committed files, which give the same on every machine, and
        ``material(data=True)`` reads the released logs themselves.

    Examples
    --------
    >>> run("accuracies-over-256").numbers["of 256"]
    51
    """
    require_choice("finding", name, tuple(AUDIT))
    return replace(AUDIT[name](material() if source is None else source), id=name)
