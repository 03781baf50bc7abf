"""Runs the notebooks' .py files and writes the .ipynb beside each: `make notebooks`, or with names of .py files.

The outputs are kept, and what changes from run to run without meaning (times, the kernel's version) is left out, so
that running an unchanged lesson again changes no file.
"""

import sys
from pathlib import Path

import jupytext
import nbformat
from nbclient import NotebookClient

FOLDER = Path(__file__).resolve().parents[1] / "notebooks"
KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}


def executed(script: Path) -> nbformat.NotebookNode:
    """The notebook of `script`, run from top to bottom in its own folder; an error in a cell ends it."""
    notebook = jupytext.read(script)
    notebook.metadata["kernelspec"] = KERNEL
    client = NotebookClient(notebook, timeout=600, kernel_name="python3", resources={"metadata": {"path": str(FOLDER)}})
    client.execute()
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{number:02d}"  # a random id would make every run look like a change
        cell.metadata.pop("execution", None)
    notebook.metadata.get("language_info", {}).pop("version", None)
    return notebook


def main(names: list[str]) -> int:
    for script in [Path(n).resolve() for n in names] or sorted(FOLDER.glob("*.py")):
        print(f"running {script.name}", flush=True)
        target = script.with_suffix(".ipynb")
        nbformat.write(executed(script), target)
        print(f"wrote {target.name}, {target.stat().st_size / 1000:.0f} kB")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
