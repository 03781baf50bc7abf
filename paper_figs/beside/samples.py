"""Pages of generated images from the records of GAN runs, panel by panel as the paper has them."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import matplotlib.image as images
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from nala_lab.plots import RC
from nala_lab.results.records import Record
from paper_figs.beside.captions import caption
from paper_figs.beside.panels import wrapped
from paper_figs.beside.runs import RECORDS, TASKS, Runs, arms_of, pick
from paper_figs.beside.tables import beside
from paper_figs.beside.values import metric_of, words
from paper_figs.drawing import Drawing
from paper_figs.published import Cell, table
from paper_figs.published import figure as figure_of

__all__ = ["page_of", "samples_drawing"]

_REAL = "images of CIFAR-10\nare not kept in\nthis repository"
_ACROSS = 4  # panels in a row


def page_of(record: Record) -> NDArray[np.float32] | None:
    """Give the page of samples (h, w, 3 or 4) in 0 ... 1 that a record holds; None when it holds none."""
    pages = [row for row in record.rows if row["kind"] == "samples"]
    if not pages:
        return None
    picture: NDArray[np.float32] = images.imread(io.BytesIO(base64.b64decode(pages[-1]["png"])), format="png")
    return picture


def samples_drawing(number: int, column: int, folder: Path = RECORDS) -> Drawing:
    """Draw figure `number` of the AdaLA paper; `column` of its Table 4 has the FIDs of the same GAN."""
    source, words_of = table("adala", 4), figure_of("adala", number)
    head = source.columns[column]
    runs = pick(TASKS[head.model, head.dataset], arms_of(source), folder)
    panels = [(panel.letter, panel.title) for panel in words_of.panels]
    shown = {title for _, title in panels}
    further = [row.head for row in source.rows if row.head not in shown and row.head in runs.by_arm]
    panels += [("", name) for name in further]
    with plt.rc_context(RC):
        rows = -(-len(panels) // _ACROSS)
        high = 3.0 if any(_first(runs, name) for _, name in panels) else 1.9
        figure, axes = plt.subplots(rows, _ACROSS, figsize=(10.0, high * rows + 0.7))
        for ax in axes.flat:
            ax.axis("off")
            ax.set_box_aspect(1)  # words have the place of a picture
        for ax, (letter, name) in zip(axes.flat, panels, strict=False):
            cell = source.cell(name, column) if name in source.column(column) else None
            _panel(ax, f"({letter}) {name}" if letter else name, runs, name, cell)
        if runs.by_arm:
            figure.suptitle(wrapped(_reading(runs), 100), fontsize=13)
    name = f"AdaLA Fig. {number}"
    slip = " The paper prints 'WGAN' under both of its Figs. 3 and 4; its text speaks of WGAN and WGAN-GP."
    under = caption(
        f"{name}, from our own runs of {head.model}: images from the same latent vectors, of the lowest seed of each "
        f"optimizer that finished.{slip}",
        [runs], spread="of FID, mean ± sample standard deviation over the finished seeds [number of seeds]",
        metrics=[metric_of(head).metric.definition + _extractor(runs)], xaxis="none, pictures",
    )  # fmt: skip
    found = beside(source, folder)
    seen = [name for _, name in panels if _first(runs, name) is not None]
    lacking = [name for _, name in panels if name not in seen and name in source.column(column)]
    return Drawing(
        figure=figure,
        title=f"{name}: fake samples from {head.model} with different optimizers (our runs)",
        caption=under,
        alt=f"A grid of {len(panels)} panels. "
        + (f"Pages of 64 small generated images for {', '.join(seen)}; " if seen else "")
        + (f"no page for {', '.join(lacking)}, with the published FID instead; " if lacking else "")
        + "the panel of real samples says that images of CIFAR-10 are not kept here.",
        table=found.noted(f"Table 4 of the paper beside our runs: lowest FID{_extractor(runs)}."),
    )


def _first(runs: Runs, name: str) -> Record | None:
    return next((record for record in runs.finished(name) if page_of(record) is not None), None)


def _comparable(runs: Runs) -> bool:
    return "not comparable" not in _extractor(runs)


def _reading(runs: Runs) -> str:
    """How the tiles are to be looked at, above them."""
    if _comparable(runs):
        return f"{runs.length}. FID: ours / published"
    return f"{runs.length}. Mostly noise, which our stand-in for the FID does not put last: the number is left out"


def _panel(ax: Axes, title: str, runs: Runs, name: str, cell: Cell | None) -> None:
    record, said = _first(runs, name), ""
    if cell is not None and (_comparable(runs) or record is None):
        measured = words(runs.by_arm.get(name, ()), metric_of(cell.column))
        said = f"FID: {measured}\npublished FID: {cell.printed}"
    if record is None:
        text = _REAL if cell is None else f"no page of samples\n{said}"
        ax.text(0.5, 0.5, text, ha="center", va="center", size=12, transform=ax.transAxes,
                bbox={"boxstyle": "round,pad=0.5", "fc": "#F5F7FA", "ec": "#BBBBBB"})  # fmt: skip
        ax.set_title(title, fontsize=13)
        return
    page = page_of(record)
    assert page is not None
    ax.imshow(page, interpolation="nearest")
    ax.set_title(f"{title}\n{said}".rstrip(), fontsize=13)


def _extractor(runs: Runs) -> str:
    """Whose features, from the record."""
    for group in runs.by_arm.values():
        fid = group[0].header["data"].get("fid", {})
        if fid:
            return f"; FID here: features of {fid['extractor']}, {fid['samples']} generated images"
    return "; no run yet says whose features"
