"""The words under a drawing: nothing is drawn without scale, seeds, mean and spread, metric and x-axis."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from nala_lab.results.comparable import budget_of
from nala_lab.results.metrics import ANY_PHASE, at_phase_0
from paper_figs.beside.runs import Runs

__all__ = ["AS_PRINTED", "caption", "standing"]

AS_PRINTED = "Published: as the paper prints it, a single number without a spread."


def standing(runs: Iterable[Runs]) -> str:
    """Say of each task how much was run, and what is missing.

    Examples
    --------
    >>> standing([Runs("lenet5-cifar10", "", {}, 0)])
    'lenet5-cifar10: not yet run, 0 seeds'
    """
    said = []
    for one in runs:
        rest = f" ({one.left_out} further runs at other scales or settings are not shown)" if one.left_out else ""
        said.append(f"{one.task}: {one.size_tested}{rest}")
    return "; ".join(said)


def caption(what: str, runs: Sequence[Runs], *, metrics: Sequence[str], spread: str, xaxis: str) -> str:
    """Write a caption.

    Parameters
    ----------
    what : what is drawn. runs : the runs behind it. metrics : definitions. spread : how mean and spread are shown.
    xaxis : what is on the x-axis.
    """
    tasks: dict[str, list[str]] = {}
    for one in runs:
        if one.by_arm:
            tasks.setdefault(budget_of(run for group in one.by_arm.values() for run in group), []).append(one.task)
    budgets = [f"{budget} ({', '.join(of)})" if tasks.keys() - {budget} else budget for budget, of in tasks.items()]
    equal = f" Every optimizer of a task got the same number of {' or '.join(budgets)}." if budgets else ""
    shown = [record for one in runs for group in one.by_arm.values() for record in group]
    clock = "" if at_phase_0(shown) or not any("mini-batch" in metric for metric in metrics) else f" ({ANY_PHASE})"
    return (
        f"{' '.join(what.split())} Scale and number of seeds: {standing(runs)}.{equal} Mean and spread: {spread}. "
        f"Metric: {'; '.join(dict.fromkeys(metrics))}{clock}. x-axis: {xaxis}. {AS_PRINTED}"
    )
