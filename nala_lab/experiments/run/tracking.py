"""TensorBoard beside the record: the same rows, drawn while a run is at work.

The record stays what counts; a board holds nothing that is not in it, and a run without it gives the same numbers.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

__all__ = ["Board"]

AXES = ("timestep", "grad_evals", "seconds", "epoch")


class Board:
    """Writes the numbers of each row to TensorBoard, at its number of gradient evaluations.

    The other x-axes are curves of their own (``axis/timestep``, ``axis/seconds``), so that any can be read off. A run
    that is taken up again writes all its rows anew, so what an earlier try left in its folder is removed.

    Raises ModuleNotFoundError when tensorboard is not installed.

    Parameters
    ----------
    folder : of all boards. path : the record's; the board is FOLDER/TASK/NAME. config : shown as text.
    """

    def __init__(self, folder: Path, path: Path, config: Mapping[str, Any]) -> None:
        from torch.utils.tensorboard import SummaryWriter

        home = folder / path.parent.name / path.stem
        for old in home.glob("events.out.tfevents.*"):
            old.unlink()
        self._writer = SummaryWriter(str(home))
        self._writer.add_text("config", f"```\n{json.dumps(config, indent=1, default=str)}\n```")

    def row(self, kind: str, **values: Any) -> None:
        """Write one row of the record; what is no number is left out."""
        at = values.get("grad_evals", 0)
        for name, value in values.items():
            if isinstance(value, bool) or not isinstance(value, int | float):
                continue
            label = f"axis/{name}" if name in AXES else f"{kind}/{name}"
            self._writer.add_scalar(label, value, at)

    def close(self) -> None:
        """Write what is still to be written."""
        self._writer.close()
