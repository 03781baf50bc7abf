r"""What the best of many single batches looks like for a classifier whose accuracy is known.

A batch of b images has Binomial(b, p) correct ones, and the best of n independent batches has

    P(best <= c) = P(Binomial(b, p) <= c)^n.                                                   (1)

So the best grows with n although the classifier stays the same.
"""

from __future__ import annotations

import numpy as np
from scipy.special import bdtr

from nala_lab.core import Array, require_int, require_number, stream
from paper_figs.published.released import Log
from paper_figs.published_audit.finding import Finding, Material, number_in, verdict
from paper_figs.published_audit.grid import BATCH

__all__ = ["best_against_late", "best_of", "best_of_450", "chance_of_best", "implied_accuracy", "mean_and_sd",
           "simulated_best"]  # fmt: skip


def best_of(p: float, n: int, batch: int = BATCH) -> Array:
    """Give the exact distribution of the best of `n` batches, (batch + 1,) chances of 0 .. batch correct images: (1).

    Raises ValueError for a share outside 0 to 1, or no batch.

    Parameters
    ----------
    p : share of images that the classifier has right.
    n : number of independent batches.
    batch : images in a batch.

    Examples
    --------
    >>> best_of(0.5, n=2, batch=1)  # best of two coin tosses
    array([0.25, 0.75])
    """
    require_number("p", p, low=0, high=1)
    require_int("n", n, low=1)
    require_int("batch", batch, low=1)
    below = bdtr(np.arange(batch + 1.0), batch, p) ** n
    chances: Array = np.diff(below, prepend=0.0)
    return chances


def mean_and_sd(p: float, n: int, batch: int = BATCH) -> tuple[float, float]:
    """Give mean and standard deviation of the best of `n` batch accuracies.

    Examples
    --------
    >>> tuple(round(number, 4) for number in mean_and_sd(0.9, n=1)), round((0.9 * 0.1 / 256) ** 0.5, 4)
    ((0.9, 0.0187), 0.0187)
    """
    accuracy = np.arange(batch + 1) / batch
    chances = best_of(p, n, batch)
    mean = float(chances @ accuracy)
    return mean, float(np.sqrt(chances @ (accuracy - mean) ** 2))


def chance_of_best(printed: float, p: float, n: int, batch: int = BATCH) -> float:
    """Give the chance that the best of `n` batches is `printed` or higher.

    Examples
    --------
    >>> chance_of_best(1.0, p=0.5, n=2, batch=1)
    0.75
    """
    return float(best_of(p, n, batch)[int(np.ceil(printed * batch - 1e-9)) :].sum())  # 1e-9: printed is k / batch


def implied_accuracy(printed: float, n: int, batch: int = BATCH) -> float:
    """Give the p for which the expected best of `n` batches is `printed`, by bisection to 1e-9.

    Examples
    --------
    >>> round(implied_accuracy(0.9453125, n=1), 7)
    0.9453125
    """
    low, high = 0.0, 1.0
    while high - low > 1e-9:
        middle = (low + high) / 2
        low, high = (middle, high) if mean_and_sd(middle, n, batch)[0] < printed else (low, middle)
    return low


def simulated_best(p: float, n: int, runs: int, seed: int = 0, batch: int = BATCH) -> Array:
    """Draw the best of `n` batch accuracies in `runs` simulated trainings, (runs,).

    Examples
    --------
    >>> best = simulated_best(0.9, n=450, runs=200)
    >>> best.shape, bool(best.min() > 0.9)
    ((200,), True)
    """
    draws: Array = stream(seed, "best of", n, batch).binomial(batch, p, size=(runs, n)).max(axis=1) / batch
    return draws


def _printed(m: Material, log: Log) -> tuple[float, float]:
    """Give the best loss and accuracy that Tables 1 and 3 print for NALA on the network and data set of a log."""
    row = m.nala.table({"LeNet-5": 1, "AlexNet": 3}[log.model]).row(m.nala.subject)
    loss, accuracy = (number_in(cell) for cell in row.cells if cell.column.dataset == log.dataset)
    return loss, accuracy


def best_of_450(m: Material) -> Finding:
    """How much of "the best record" is the doing of taking the best."""
    rows, shown = {}, []
    for log in m.released.logs:
        _, best = _printed(m, log)
        expected, sd = mean_and_sd(log.late_accuracy, log.records)
        late, _ = mean_and_sd(log.late_accuracy, log.late_records)
        simulated = simulated_best(log.late_accuracy, log.records, runs=400)
        shown.append(expected >= best)
        rows[f"{log.model} on {log.dataset}"] = {
            "printed best": best,
            "mean of the late records": round(log.late_accuracy, 4),
            f"expected best of {log.records} batches at the late mean": round(expected, 4),
            "its standard deviation": round(sd, 4),
            "the same, simulated": round(float(simulated.mean()), 4),
            "chance of the printed best or more": round(chance_of_best(best, log.late_accuracy, log.records), 3),
            f"expected best of the {log.late_records} late batches only": round(late, 4),
            "share of the gap that these explain": round((late - log.late_accuracy) / (best - log.late_accuracy), 2),
        }
    return Finding(
        statement="A classifier that has the mean accuracy of the late records, and never more, would be expected to "
        "show a best of 450 batches at least as high as the printed best record, for all four networks.",
        verdict=verdict(all(shown)),
        numbers=rows,
        where=("NALA Tables 1 and 3, NALA row (lines 196, 254)", "NALA, one record in 100 timesteps (line 154)"),
        basis=f"the papers' tables and {m.released.basis}",
        note="The batches are taken as independent. Early records are of a weaker network, so fewer than 450 of them "
        "compete; the released program reads the images in a fixed order, so batches recur.",
    )


def best_against_late(m: Material) -> Finding:
    """How far the printed best records lie from the mean of the last 50."""
    rows, better = {}, []
    for log in m.released.logs:
        loss, accuracy = _printed(m, log)
        better += [loss < log.late_loss, accuracy > log.late_accuracy]
        rows[f"{log.model} on {log.dataset}"] = {
            "loss: printed, mean of the late records": (loss, round(log.late_loss, 3)),
            "accuracy: printed, mean of the late records": (accuracy, round(log.late_accuracy, 3)),
            "points of accuracy between": round(100 * (accuracy - log.late_accuracy), 1),
            "timestep of the lowest loss, of the highest accuracy": (log.best_loss_at, log.best_accuracy_at),
        }
    return Finding(
        statement="Every best record that Tables 1 and 3 print for NALA is better than the mean of the last 50 records "
        "of its log.",
        verdict=verdict(all(better)),
        numbers=rows,
        where=("NALA Tables 1 and 3, NALA row (lines 196, 254)",),
        basis=f"the papers' tables and {m.released.basis}",
    )
