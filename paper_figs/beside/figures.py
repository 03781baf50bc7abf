"""The curve figures of both papers: four panels of training, three of testing."""

from __future__ import annotations

from pathlib import Path

from paper_figs.beside.panels import Panel, curves_drawing
from paper_figs.beside.runs import RECORDS
from paper_figs.drawing import Drawing
from paper_figs.published import table

__all__ = ["epochs_drawing", "training_drawing"]

_STEPS = "timesteps: steps as the paper counts them, without the gradient at y_t"
_PASSES = "epochs: passes over the training data; in one AdaLA takes half as many steps, each of 2 gradients"
_Y = {"accuracy_percent": ("accuracy", "test accuracy (%)", 100.0, False),
      "perplexity": ("perplexity", "test perplexity", 1.0, True)}  # fmt: skip


def training_drawing(number: int, printed: int, folder: Path = RECORDS, *, twice: bool = False) -> Drawing:
    """Draw Fig. 2, 3 or 4 of the NALA paper: loss above, accuracy below, against timesteps.

    Parameters
    ----------
    number : of the figure. printed : of the table with its end points. folder : where the records are.
    twice : whether the table also has the runs with the softmax taken twice.
    """
    loss = [Panel(column, "train", "loss", "timestep", "timesteps", "training loss (nats)") for column in (0, 2)]
    accuracy = [Panel(column, "train", "accuracy", "timestep", "timesteps", "top-1 accuracy") for column in (1, 3)]
    return curves_drawing(
        "nala", number, printed, (*loss, *accuracy), folder, shape=(2, 2), size=(10.0, 9.6), twice=twice,
        metric="loss (nats) and accuracy of one training mini-batch, before its update, at every logged step",
        xaxis=_STEPS,
    )  # fmt: skip


def epochs_drawing(number: int, printed: int, folder: Path = RECORDS) -> Drawing:
    """Draw Fig. 1 or 2 of the AdaLA paper: accuracy or perplexity on the test data after each epoch.

    Parameters
    ----------
    number : of the figure. printed : of the table with its end points. folder : where the records are.
    """
    columns = table("adala", printed).columns
    column, name, factor, log = _Y[columns[0].quantity]
    panels = [Panel(i, "test", column, "epoch", "epoch", name, factor, log) for i in range(len(columns))]
    return curves_drawing(
        "adala", number, printed, panels, folder, shape=(1, 3), size=(10.0, 6.4), xaxis=_PASSES,
        metric=f"{name} on the held-out data, all of them where no number is given, of the weights as evaluated after "
        "each epoch, epoch 0 before training",
    )  # fmt: skip
