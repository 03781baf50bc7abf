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
from paper_figs.beside.runs import RECORDS, TASKS, Runs, arms_of, pick
from paper_figs.beside.tables import beside
from paper_figs.beside.values import metric_of, words
from paper_figs.drawing import Drawing
from paper_figs.published import Cell, table
from paper_figs.published import figure as figure_of

__all__ = ["page_of", "samples_drawing"]

_REAL = "Real samples:\nimages of CIFAR-10 are not\nkept in this repository"


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
        rows = -(-len(panels) // 4)
        high = 4.35 if any(_first(runs, name) for _, name in panels) else 1.7
        figure, axes = plt.subplots(rows, 4, figsize=(14.5, high * rows))
        for ax in axes.flat:
            ax.axis("off")
        for ax, (letter, name) in zip(axes.flat, panels, strict=False):
            cell = source.cell(name, column) if name in source.column(column) else None
            _panel(ax, f"({letter}) {name}" if letter else name, runs, name, cell)
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
    return Drawing(
        figure=figure,
        title=f"{name}: fake samples from {head.model} with different optimizers (our runs)",
        caption=under,
        alt=f"A grid of {len(panels)} panels. "
        + (f"Pages of 64 small generated images for {', '.join(seen)}; " if seen else "")
        + "the other panels say in words what is missing, with the published FID.",
        table=found.noted(f"Table 4 of the paper beside our runs: lowest FID{_extractor(runs)}."),
    )


def _first(runs: Runs, name: str) -> Record | None:
    return next((record for record in runs.finished(name) if page_of(record) is not None), None)


def _panel(ax: Axes, title: str, runs: Runs, name: str, cell: Cell | None) -> None:
    record = _first(runs, name)
    if cell is None:
        said = _REAL
    else:
        measured = words(runs.by_arm.get(name, ()), metric_of(cell.column))
        ours = "our FID (not comparable)" if "not comparable" in _extractor(runs) else "FID"
        said = f"{ours}: {measured}\npublished FID: {cell.printed}"
    if record is None:
        text = said if cell is None else f"{name}: no page of samples\n{said}"
        ax.text(0.5, 0.5, text, ha="center", va="center", size=12, transform=ax.transAxes,
                bbox={"boxstyle": "round,pad=0.8", "fc": "#F5F7FA", "ec": "#BBBBBB"})  # fmt: skip
        ax.set_title(title, fontsize=13)
        return
    page = page_of(record)
    assert page is not None
    ax.imshow(page, interpolation="nearest")
    ax.set_title(f"{title}, {runs.scale} scale\n{said}", fontsize=12)


def _extractor(runs: Runs) -> str:
    """Whose features, from the record."""
    for group in runs.by_arm.values():
        fid = group[0].header["data"].get("fid", {})
        if fid:
            return f"; FID here: features of {fid['extractor']}, {fid['samples']} generated images"
    return "; no run yet says whose features"
