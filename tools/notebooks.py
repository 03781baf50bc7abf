"""Runs the notebooks' .py files and writes the .ipynb beside each: `make notebooks`, or with names of .py files.

The outputs are kept, and what changes from run to run without meaning (times, versions, random ids) is left out, so
that running an unchanged lesson again changes no file. The student edition goes to build/student; `--student` writes
it alone. `--check` runs nothing: it says which pairs disagree, and why.
"""

import argparse
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import jupytext
import nbformat
from nbclient import NotebookClient

try:
    from tools import student
except ModuleNotFoundError:  # run as a file: this folder, not its parent, is on the path
    import student  # type: ignore[no-redef]

FOLDER = Path(__file__).resolve().parents[1] / "notebooks"
STUDENT = FOLDER.parent / "build" / "student"
KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
WIDGET = "application/vnd.jupyter.widget-view+json"
KERNELS = 2  # lessons at once
LARGEST = 450_000  # bytes: a notebook opens at once and its diff can be looked at


def fresh(script: Path) -> nbformat.NotebookNode:
    """The notebook of `script` without outputs; only what the lesson itself says is in its metadata."""
    notebook = jupytext.read(script)
    notebook.metadata = nbformat.from_dict({"kernelspec": KERNEL})
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{number:02d}"  # a random id would make every run look like a change
    return notebook


def executed(script: Path) -> nbformat.NotebookNode:
    """The notebook of `script`, run from top to bottom in its own folder; an error in a cell ends it."""
    notebook = fresh(script)
    # Joined streams: whether two prints arrive as one message or two depends on the machine's load.
    client = NotebookClient(
        notebook,
        timeout=600,
        kernel_name="python3",
        coalesce_streams=True,
        store_widget_state=False,
        extra_arguments=["--log-level=40"],  # errors only
        resources={"metadata": {"path": str(script.parent)}},
    )
    client.execute(env=environment())
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        without_live_controls(cell)
    notebook.metadata.get("language_info", {}).pop("version", None)
    return notebook


def without_live_controls(cell: nbformat.NotebookNode) -> None:
    """Keep the picture of a control and drop the control, which lives in the kernel that is gone: its id is random."""
    for output in cell.get("outputs", []):
        output.get("data", {}).pop(WIDGET, None)


def environment() -> dict[str, str]:
    """This process's, made the same for everybody: this checkout's library, one thread, figures in the notebook."""
    kept = {name: value for name, value in os.environ.items() if name != "MPLBACKEND"}
    paths = os.pathsep.join(filter(None, (str(FOLDER.parent), kept.get("PYTHONPATH"))))
    return kept | {"PYTHONPATH": paths, "OMP_NUM_THREADS": "1"}


def warnings(notebook: nbformat.NotebookNode) -> list[str]:
    """What the cells wrote to the error stream: a lesson shows no warning."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    return [output["text"] for output in outputs if output.get("name") == "stderr"]


def sources(notebook: nbformat.NotebookNode) -> list[tuple[str, str, dict]]:
    """Kind, text and metadata (tags, slides, what a grader reads) of every cell that is not blank."""
    return [
        (cell.cell_type, cell.source.strip(), dict(cell.metadata)) for cell in notebook.cells if cell.source.strip()
    ]


def disagreement(stem: Path) -> str:
    """Why ``stem.py`` and ``stem.ipynb`` are not a pair, in one sentence; empty when they are."""
    script, target = stem.with_suffix(".py"), stem.with_suffix(".ipynb")
    if not script.is_file():
        return f"{target.name} has no {script.name}, which is where it would be edited"
    if not target.is_file():
        return f"{target.name} is missing: run `make notebooks`"
    written = nbformat.read(target, as_version=4)
    wanted, found = sources(jupytext.read(script)), sources(written)
    if wanted != found:
        pairs = enumerate(zip(wanted, found, strict=False), 1)
        first = next((number for number, (a, b) in pairs if a != b), min(len(wanted), len(found)) + 1)
        return f"{target.name} differs from {script.name} at cell {first}: run `make notebooks`"
    counts = [cell.execution_count for cell in written.cells if cell.cell_type == "code"]
    if counts != list(range(1, len(counts) + 1)):
        return f"{target.name} was not run from top to bottom: run `make notebooks`"
    size = target.stat().st_size
    return f"{target.name} has {size} bytes, the limit is {LARGEST}" if size >= LARGEST else ""


def check(folder: Path) -> int:
    stems = sorted({path.with_suffix("") for kind in ("*.py", "*.ipynb") for path in folder.glob(kind)})
    reasons = [reason for stem in stems if (reason := disagreement(stem))]
    print("\n".join(reasons) or f"{len(stems)} pairs agree")
    return 1 if reasons or not stems else 0


def write(script: Path) -> int:
    start = time.perf_counter()
    notebook, target = executed(script), script.with_suffix(".ipynb")
    for text in warnings(notebook):
        print(f"{script.name} wrote to the error stream: {text.strip()}")
    nbformat.write(notebook, target)
    size, seconds = target.stat().st_size / 1000, time.perf_counter() - start
    print(f"wrote {target.name}: {size:.0f} kB, run in {seconds:.1f} s", flush=True)
    return 1 if warnings(notebook) else 0


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="notebooks.py", description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="LESSON.py", help="which to run (default: all)")
    parser.add_argument("--check", action="store_true", help="run nothing; say whether .py and .ipynb agree")
    parser.add_argument("--student", action="store_true", help="run nothing; write the student edition alone")
    options = parser.parse_args(arguments)
    if options.check:
        return check(FOLDER)
    if options.student:
        return students()
    scripts = [Path(name).resolve() for name in options.names] or sorted(FOLDER.glob("*.py"))
    for script in scripts:
        if script.suffix != ".py" or not script.is_file():  # an .ipynb would be written from itself
            parser.error(f"a lesson must be the .py file of a pair, got {script.name}")
    start = time.perf_counter()
    with ThreadPoolExecutor(KERNELS) as pool:  # each lesson computes in a kernel, a process of its own
        status = max(pool.map(write, scripts), default=0)
    print(f"{len(scripts)} lessons in {time.perf_counter() - start:.0f} s, {KERNELS} at a time")
    return status or students()


def students() -> int:
    """Write the student edition of the notebooks as they are."""
    paths = student.write(FOLDER, STUDENT)
    print(f"wrote the student edition of {len(paths)} lessons to {STUDENT.relative_to(FOLDER.parent)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
