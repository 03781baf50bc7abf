"""The student edition of a lesson: an answer under **Predict** is hidden until something is written down.

    .venv/bin/python tools/notebooks.py --student     writes build/student from the committed notebooks, runs nothing

After each cell of text with a **Predict** comes a cell to write in. The cells of code up to the next text run behind
`%%once_predicted`; they keep no output. The text that gives the answer away is folded (`<details>`).
"""

import copy
import re
from pathlib import Path

import nbformat

ASKED = re.compile(r"^\*\*Predict\b.*", re.MULTILINE)
OWN = re.compile(r"^(\w+) = predict\(.*\n?", re.MULTILINE)
NEXT = re.compile(r"^(#{1,3} |\*\*Predict\b)", re.MULTILINE)  # where the answer's text ends
LOAD = "%load_ext nala_lab.classroom.hiding\n"
NEEDS = "from nala_lab.classroom import predict\n\n"
WRITE = '''{name} = predict("Your prediction?", ...)  # a number, or some words in quotes, in place of the dots
{name}'''


def edition(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """The student edition of `notebook`, which stays as it is."""
    made = copy.deepcopy(notebook)
    made.cells, waiting, count = [], "", 0
    for cell in notebook.cells:
        cell = copy.deepcopy(cell)
        if cell.cell_type == "markdown":
            folded = _folded(cell.source) if waiting else cell.source
            waiting = ""
            cell.source = folded
            made.cells.append(cell)
            if ASKED.search(cell.source):
                count += 1
                waiting = f"prediction_{count}"
        elif waiting and "nbgrader" not in cell.metadata:
            if not made.cells[-1].metadata.get("predicting") and made.cells[-1].cell_type == "markdown":
                waiting, asked = _asked(cell, waiting)
                made.cells.append(asked)
            cell.source = f"%%once_predicted {waiting}\n{cell.source}"
            cell.outputs, cell.execution_count = [], None
            made.cells.append(cell)
        else:
            made.cells.append(cell)
    first = next((cell for cell in made.cells if cell.metadata.get("predicting")), None)
    if first is not None:
        first.source = LOAD + NEEDS + first.source
    for number, cell in enumerate(made.cells):
        cell["id"] = f"cell-{number:02d}"
    return made


def _asked(cell: nbformat.NotebookNode, name: str) -> tuple[str, nbformat.NotebookNode]:
    """The cell to write in, and the name in it; a prediction that the lesson asks for itself moves there."""
    own = OWN.search(cell.source)
    if own is None:
        source = WRITE.format(name=name)
    else:
        name = own.group(1)  # what stands before it may be in its question
        source = f"{cell.source[: own.end()].rstrip()}\n{name}"
        cell.source = cell.source[own.end() :].strip("\n")
    asked = nbformat.v4.new_code_cell(source)
    asked.metadata["predicting"] = name
    return name, asked


def _folded(text: str) -> str:
    """`text` with what comes before its next heading or question folded."""
    following = NEXT.search(text)
    answer, rest = (text, "") if following is None else (text[: following.start()], text[following.start() :])
    if not answer.strip():
        return text
    return f"<details><summary>The answer in words</summary>\n\n{answer.strip()}\n\n</details>\n\n{rest}".rstrip()


def write(folder: Path, out: Path) -> list[Path]:
    """Write the student edition of every notebook of `folder` to `out`."""
    out.mkdir(parents=True, exist_ok=True)
    paths = []
    for source in sorted(folder.glob("*.ipynb")):
        paths.append(out / source.name)
        nbformat.write(edition(nbformat.read(source, as_version=4)), paths[-1])
    return paths
