"""A page for every method of the table: what is true of it, where its twins are, and how to cite it."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import nala_lab
from nala_lab.methods import METHODS, Facts

LAB = f"""\
@software{{nala_lab,
  title   = {{nala_lab: a research notebook for look-ahead optimizers}},
  author  = {{{{nala_lab contributors}}}},
  version = {{{nala_lab.__version__}}},
  license = {{MIT}},
}}"""
PAPERS = {  # the name by which a method's source says that it is from this paper
    "Zuo": """\
@article{zuo2024nala,
  title   = {{NALA}: a {Nesterov} accelerated look-ahead optimizer for deep learning},
  author  = {Zuo, Xuan and Li, Hui-Yan and Gao, Shan and Zhang, Pu and Du, Wan-Ru},
  journal = {PeerJ Computer Science},
  volume  = {10},
  pages   = {e2167},
  year    = {2024},
  doi     = {10.7717/peerj-cs.2167},
}""",
    "Ramjee": """\
@techreport{ramjee_adala,
  title       = {{AdaLA}: Adapting Gradient Estimation by Looking Ahead},
  author      = {Ramjee, Sharan},
  institution = {Department of Computer Science, Stanford University},
}""",
}


def cite(source: str) -> str:
    """BibTeX of the papers that `source` names, and of the lab."""
    entries = [entry for name, entry in PAPERS.items() if name in source]
    return "```bibtex\n" + "\n\n".join([*entries, LAB]) + "\n```\n"


def _twin(place: str | None, twin: str) -> str:
    if place is None:
        return f"* {twin}: none; it is only compared with."
    module, _, name = place.partition(":")
    shown = f"`{module}.{name}`"
    linked = f"[{shown}](../api/{module}.{name}.rst)" if module in ("nala_lab.optim", "nala_lab.reference") else shown
    return f"* {twin}: {linked}"


def _equations(place: str | None) -> str:
    """What the file of the NumPy twin says above all: the method, as equations."""
    if place is None:
        return ""
    module, _, name = place.partition(":")
    module = getattr(import_module(module), name).__module__
    return f"## Equations\n\n```{{eval-rst}}\n.. automodule:: {module}\n   :no-index:\n   :no-members:\n```\n\n"


def page(facts: Facts) -> str:
    """The page of one method in Markdown."""
    settings = "\n".join(f"| `{name}` | `{value!r}` |" for name, value in facts.published.items())
    traits = ", ".join(sorted(facts.traits)) or "none of those that the table knows"
    return (
        f"# {facts.label}\n\nSource: {facts.source}. Traits: {traits}.\n\n{_equations(facts.numpy)}"
        f"## Twins\n\n{_twin(facts.numpy, 'NumPy')}\n{_twin(facts.torch, 'torch')}\n\n"
        f"## Published settings\n\n| setting | value |\n|---|---|\n{settings}\n\n"
        f"Train with it: `nala-lab train --optimizer {facts.key}`.\n\n## Cite this\n\n{cite(facts.source)}"
    )


def write(folder: Path) -> None:
    """Write a page for each method, and their list."""
    folder.mkdir(parents=True, exist_ok=True)
    for key, facts in METHODS.items():
        (folder / f"{key}.md").write_text(page(facts), encoding="utf-8")
    rows = "\n".join(f"| [{f.label}]({key}.md) | {f.source} |" for key, f in METHODS.items())
    tree = "\n".join(METHODS)
    (folder / "index.md").write_text(
        "# Methods\n\nOne row of one table each; what is true of a method is written nowhere else.\n\n"
        f"| method | source |\n|---|---|\n{rows}\n\n"
        f"## Cite the lab\n\n{cite('')}\n```{{toctree}}\n:hidden:\n\n{tree}\n```\n",
        encoding="utf-8",
    )
