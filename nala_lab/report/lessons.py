"""Execute the notebooks, two at a time, each in a kernel of its own."""

from __future__ import annotations

import asyncio
import os
import re
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Any

from nala_lab.report.results import Lesson, Part

__all__ = ["PROCESSES", "collect", "execute", "title_of"]

PROCESSES = 2  # kernels at once
TIMEOUT = 600  # seconds a cell may take; a lesson is meant to take far less in all
_ANSI = re.compile(r"\x1b\[[0-9;]*m")


def title_of(notebook: Any, fallback: str) -> str:
    """Give the first heading of a notebook."""
    for cell in notebook.cells:
        found = re.search(r"^#\s+(.+)$", cell.source, re.MULTILINE) if cell.cell_type == "markdown" else None
        if found:
            return found.group(1).strip()
    return fallback


def _describe_pictures(notebook: Any) -> None:
    # A cell's header may say `alt="..."`; the words go to its pictures, where HTML exporters look for them.
    for cell in notebook.cells:
        for output in cell.get("outputs", ()) if cell.metadata.get("alt") else ():
            for kind in ("image/png", "image/svg+xml"):
                if kind in output.get("data", {}):
                    output.metadata.setdefault(kind, {})["alt"] = cell.metadata["alt"]


def execute(script: Path, out: Path, timeout: int = TIMEOUT) -> Lesson:
    """Run one lesson from top to bottom and write ``out/name.ipynb``, with what it got to where it failed.

    Parameters
    ----------
    script : the notebook's text, jupytext percent format.
    out : folder for the executed notebook.
    timeout : seconds a cell may take.
    """
    import jupytext
    import nbformat
    from nbclient import NotebookClient

    start, error = time.perf_counter(), ""
    target = out / f"{script.stem}.ipynb"
    try:
        notebook = jupytext.read(script)
        where = {"metadata": {"path": str(script.parent)}}
        client = NotebookClient(notebook, timeout=timeout, kernel_name="python3", resources=where,
                                extra_arguments=["--log-level=40"])  # fmt: skip  (40: errors)
        try:
            asyncio.run(client.async_execute(env=_kernel_environment()))  # a loop of its own in each thread
        finally:
            _describe_pictures(notebook)
            nbformat.write(notebook, target)
        title = title_of(notebook, script.stem)
    except Exception as caught:  # a lesson that fails is a result of the report, whatever the reason
        text = _ANSI.sub("", str(caught)).strip().splitlines() or [type(caught).__name__]
        error, title = text[-1], script.stem
        if target.exists():
            title = title_of(nbformat.read(target, 4), script.stem)
    path = target if target.exists() else None
    return Lesson(script.stem, title, not error, time.perf_counter() - start, path, error)


def _kernel_environment() -> dict[str, str]:
    # Without MPLBACKEND the kernel picks the backend that puts figures into the notebook.
    env = {name: value for name, value in os.environ.items() if name != "MPLBACKEND"}
    return env | {"OMP_NUM_THREADS": "1", "PYDEVD_DISABLE_FILE_VALIDATION": "1"}  # one thread each: two kernels at once


def collect(folder: Path, out: Path, *, progress: bool = True) -> Part:
    """Execute every ``*.py`` of `folder`; results come back in the order of names.

    Parameters
    ----------
    folder : the notebooks.
    out : folder for the executed copies.
    progress : whether to show a progress bar where the output is a screen.
    """
    from tqdm import tqdm

    start = time.perf_counter()
    scripts = sorted(folder.glob("[0-9]*.py"))
    if not scripts:
        return Part(absent="There is no notebook (notebooks/NN_name.py) here, so none was executed.")
    out.mkdir(parents=True, exist_ok=True)
    for script in scripts:
        (out / f"{script.stem}.ipynb").unlink(missing_ok=True)  # what is shown is of this run
    with (
        ThreadPoolExecutor(PROCESSES) as pool,  # the work is done in the kernels, which are processes of their own
        tqdm(total=len(scripts), desc="notebooks", unit="notebook", disable=None if progress else True) as bar,
    ):
        futures = [pool.submit(execute, script, out) for script in scripts]
        for future in as_completed(futures):
            lesson = future.result()
            bar.set_postfix_str(lesson.name)
            bar.update()
        return Part(tuple(future.result() for future in futures), seconds=time.perf_counter() - start)
