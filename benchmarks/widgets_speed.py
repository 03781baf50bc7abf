"""How long an explorer takes from a control's change to the bytes of the new picture, and to start.

    python benchmarks/widgets_speed.py                                  # prints Markdown
    python benchmarks/widgets_speed.py --write benchmarks/RESULTS.md    # replaces the section there

Every slider of every explorer is moved to places spread over its range, in an order that visits none twice in a row,
so that no result is found ready. What counts is the wall time of setting the control's value: settings, numbers,
picture, PNG, text, all that happens in the kernel. Processor time beside it tells how much of that was others' work on
the same machine. The start is measured in a fresh process, imports included. Lists and tick boxes that bring another
landscape are given apart: they are not dragged.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from nala_lab import widgets

ROOT = Path(__file__).resolve().parents[1]
NAMES = ("TrajectoryExplorer", "RateExplorer", "AveragingExplorer", "NoiseExplorer", "ProbeExplorer", "FamilyChooser")
BEGIN, END = "## Classroom explorers", "<!-- end of the explorers -->"
SLIDER, START = 100.0, 3.0  # targets of the issue: ms from a slider to the picture, s to start
_FIRST = "import time; t = time.perf_counter(); from nala_lab.widgets import {0}; {0}(); print(time.perf_counter() - t)"


def places(control: Any, n: int) -> list[Any]:
    """Values over the control's range, far from each other in turn."""
    if getattr(control, "options", None):
        found = list(control.options)
    elif type(control).__name__ == "Checkbox":
        found = [True, False]
    elif type(control).__name__ == "IntSlider":
        found = sorted({int(v) for v in np.linspace(control.min, control.max, n)})
    elif type(control).__name__ == "FloatLogSlider":
        found = np.logspace(control.min, control.max, n).tolist()
    else:
        found = np.linspace(control.min, control.max, n).tolist()
    return [v for v in found[::2] + found[1::2] if v != control.value]


def moved(control: Any, n: int) -> tuple[list[float], list[float]]:
    """Wall and processor milliseconds of each change."""
    before, wall, work = control.value, [], []
    for value in places(control, n):
        clock, cpu = time.perf_counter(), time.process_time()
        control.value = value
        wall.append(1e3 * (time.perf_counter() - clock))
        work.append(1e3 * (time.process_time() - cpu))
    control.value = before
    return wall, work


def started(name: str) -> float:
    """Seconds to import and make the explorer in a fresh process."""
    command = [sys.executable, "-c", _FIRST.format(name)]
    return float(subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout)


def rows(n: int) -> list[str]:
    """One table row an explorer."""
    found = []
    for name in NAMES:
        start = started(name)
        explorer = getattr(widgets, name)()
        sliders: tuple[list[float], list[float]] = ([], [])
        lists: list[float] = []
        for control in explorer.controls.values():
            wall, work = moved(control, n)
            if getattr(control, "options", None) or type(control).__name__ == "Checkbox":
                lists += wall
            else:
                sliders[0].extend(wall)
                sliders[1].extend(work)
        wall, work = (np.array(s) for s in sliders)
        share = 100 * float((wall < SLIDER).mean())
        found.append(
            f"| {name} | {start:.2f} | {np.median(wall):.0f} | {np.quantile(wall, 0.95):.0f} | {wall.max():.0f} "
            f"| {np.median(work):.0f} | {work.max():.0f} | {share:.0f} % of {len(wall)} "
            f"| {f'{max(lists):.0f}' if lists else ''} |"
        )
    return found


def section(n: int) -> str:
    """The section of RESULTS.md."""
    load = os.getloadavg()[0]
    head = (
        f"{BEGIN}, {time.strftime('%Y-%m-%d')}\n\n"
        + __doc__.partition("the section there\n")[2].strip()
        + f"\n\nMeasured on {os.cpu_count()} cores, Python {platform.python_version()}, matplotlib "
        f"{version('matplotlib')}, numpy {np.__version__}; load {load:.1f} when it began. Targets: {SLIDER:.0f} ms, "
        f"{START:.0f} s. To repeat: `python benchmarks/widgets_speed.py`.\n\n"
        "| explorer | start, s | slider: median, ms | 95 % | slowest | processor: median, ms | slowest | below 100 ms "
        "| slowest list, ms |\n|---|---|---|---|---|---|---|---|---|\n"
    )
    return head + "\n".join(rows(n)) + f"\n\n{END}\n"


def replaced(text: str, new: str) -> str:
    """`text` with its section replaced, or `new` at its end.

    >>> replaced("a\\n", "b\\n"), replaced(f"a\\n\\n{BEGIN}, old\\n{END}\\nc\\n", "b\\n")
    ('a\\n\\nb\\n', 'a\\n\\nb\\nc\\n')
    """
    before, found, rest = text.partition(BEGIN)
    return before + new + rest.partition(END + "\n")[2] if found else f"{text.rstrip()}\n\n{new}"


def main() -> int:
    """Time everything; print it, or write it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--places", type=int, default=11, help="values on each slider")
    parser.add_argument("--write", type=Path, help="Markdown file whose section is replaced")
    chosen = parser.parse_args()
    text = section(chosen.places)
    if chosen.write is None:
        print(text)
    else:
        chosen.write.write_text(replaced(chosen.write.read_text(encoding="utf-8"), text), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
