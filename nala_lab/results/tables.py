"""Tables made of records: one row per optimizer and setting, with mean, spread and number of seeds.

The same rows serve the README, the notebooks and the site. Nothing here loads torch.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from nala_lab.core import require
from nala_lab.methods.table import label, rank
from nala_lab.results.comparable import BUDGETS, budgets_of, one_a_seed
from nala_lab.results.evidence import Paired, Summary, judge_table, paired, summary
from nala_lab.results.metrics import METRICS, Metric, matched, values_of
from nala_lab.results.records import DIVERGED, FINISHED, Record, config_hash

__all__ = ["BASELINE", "ResultRow", "compare", "markdown_comparison", "markdown_table", "results_table"]

BASELINE = "adam"  # what the others are compared with: the inner rule of both papers' two loops


@dataclass(frozen=True)
class ResultRow:
    """One optimizer at one setting on one task.

    All summaries are over the seeds that finished and have a number, as their `n` says; None when none did.

    Attributes
    ----------
    task, optimizer : names.
    setting : hash of the configuration without its seed, and without a budget that changes nothing; rows of one
        optimizer that differ in it are different runs.
    seeds : the seeds that finished.
    diverged : number of seeds that diverged; they are in no summary.
    test_accuracy, test_loss : slow weights, last epoch, all test images.
    fast_accuracy : the weights as the optimizer left them, last epoch.
    batch_accuracy, batch_loss : what the NALA paper tabulates: the highest accuracy and the lowest loss among the
        logged single training mini-batches, taken separately.
    timesteps, grad_evals : per seed.
    """

    task: str
    optimizer: str
    setting: str
    seeds: tuple[int, ...]
    diverged: int
    test_accuracy: Summary | None
    test_loss: Summary | None
    fast_accuracy: Summary | None
    batch_accuracy: Summary | None
    batch_loss: Summary | None
    timesteps: int
    grad_evals: int


def results_table(records: Iterable[Record]) -> list[ResultRow]:
    """Group whole records by task, optimizer and setting, in the order of the NALA paper's tables.

    A run that is there twice, as a copy or, the same at either, at both budgets, counts once.

    Raises ValueError for two runs of one configuration with different numbers.
    """
    groups: dict[tuple[str, str, str], list[Record]] = {}
    for record in records:
        if record.footer is not None:
            groups.setdefault((record.task, record.optimizer, _setting(record)), []).append(record)
    return [_row(key, one_a_seed(groups[key])) for key in sorted(groups, key=lambda key: (key[0], rank(key[1]), key))]


def compare(records: Sequence[Record], a: str, b: str, *, level: float = 0.95) -> Paired | None:
    """Final test accuracy of optimizer `a` minus that of `b`, paired by seed; None without a common seed.

    The records must be of one task, and of one setting for each of the two.

    Raises ValueError when they are not, or a seed of an optimizer occurs twice: it is not clear what is compared.
    """
    pairs = _pairs(records, a, b)
    return paired(*pairs, level=level) if pairs[0] else None


def markdown_table(rows: Sequence[ResultRow]) -> str:
    """The rows as a Markdown table, mean ± standard deviation over seeds, accuracies in per cent."""
    head = ["optimizer", "test accuracy, % (slow weights)", "test loss (slow weights)",
            "best mini-batch accuracy, % (paper's metric)", "best mini-batch loss (paper's metric)",
            "seeds", "diverged", "gradients", "timesteps"]  # fmt: skip
    body = [
        [label(row.optimizer), _cell(row, row.test_accuracy, 2, 100), _cell(row, row.test_loss, 4),
         _cell(row, row.batch_accuracy, 2, 100), _cell(row, row.batch_loss, 4),
         str(len(row.seeds)), str(row.diverged), f"{row.grad_evals:,}", f"{row.timesteps:,}"]
        for row in rows
    ]  # fmt: skip
    return _markdown(head, body)


def markdown_comparison(records: Sequence[Record], baseline: str = BASELINE) -> str:
    """Every optimizer against one, as a Markdown table: difference in test accuracy, t-interval, verdict.

    Raises ValueError for a baseline that no record is of, several tasks, or several settings of an optimizer.
    """
    run = {record.optimizer for record in records}
    require("baseline", baseline, not run or baseline in run, f"one of {', '.join(sorted(run))}", "these were run")
    names = sorted(run - {baseline}, key=rank)
    pairs = {name: _pairs(records, name, baseline) for name in names}
    shared = {name: pair for name, pair in pairs.items() if pair[0]}
    found = judge_table(shared, METRICS["test accuracy"].rule) if shared else {}
    numbers = {
        name: [f"{100 * one.gap:+.2f}", f"{100 * one.low:+.2f} to {100 * one.high:+.2f}", str(one.n), one.verdict]
        for name, one in found.items()
    }
    apart = ["", "", "0", "no seed that both have finished"]
    body = [[f"{label(name)} - {label(baseline)}", *numbers.get(name, apart)] for name in names]
    head = ["pair", "test accuracy difference, points", "95 % t-interval", "seeds", "verdict"]
    return _markdown(head, body)


def _pairs(records: Sequence[Record], a: str, b: str) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Final test accuracies of two optimizers, seed by seed."""
    done = [record for record in records if record.outcome == FINISHED]
    first, second = ([record for record in done if record.optimizer == name] for name in (a, b))
    tasks = sorted({record.task for record in (*first, *second)})
    require("records", tasks, len(tasks) <= 1, "runs of one task")
    for name, runs in ((a, first), (b, second)):
        settings = {_setting(record) for record in runs}
        require("records", f"{len(settings)} settings", len(settings) <= 1, f"runs of {name} at one setting")
    found = matched(first, second, METRICS["test accuracy"])
    return found.a, found.b


def _setting(record: Record) -> str:
    apart = ("seed", "equal") if budgets_of(record) == BUDGETS else ("seed",)
    return config_hash({key: value for key, value in record.header["config"].items() if key not in apart})


def _row(key: tuple[str, str, str], records: list[Record]) -> ResultRow:
    done = [record for record in records if record.outcome == FINISHED]

    def over_seeds(metric: Metric) -> Summary | None:
        values = values_of(done, metric)
        return summary(values) if values else None

    fast = replace(METRICS["test accuracy"], column="fast_accuracy")

    return ResultRow(
        *key,
        seeds=tuple(sorted(record.seed for record in done)),
        diverged=sum(record.outcome == DIVERGED for record in records),
        test_accuracy=over_seeds(METRICS["test accuracy"]),
        test_loss=over_seeds(METRICS["test loss"]),
        fast_accuracy=over_seeds(fast),
        batch_accuracy=over_seeds(METRICS["batch accuracy"]),
        batch_loss=over_seeds(METRICS["batch loss"]),
        timesteps=max(int(record.number(record.totals, "timesteps")) for record in records),
        grad_evals=max(int(record.number(record.totals, "grad_evals")) for record in records),
    )


def _cell(row: ResultRow, value: Summary | None, digits: int, factor: float = 1) -> str:
    if value is None:
        return "no number" if row.seeds else "none finished"
    mean = f"{factor * value.mean:.{digits}f}"
    spread = f" ± {factor * value.sd:.{digits}f}" if value.n > 1 else ""
    return mean + spread + (f" ({value.n} of {len(row.seeds)} seeds)" if value.n < len(row.seeds) else "")


def _markdown(head: list[str], body: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *body]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
