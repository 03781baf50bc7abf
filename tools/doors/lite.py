"""The browser edition: JupyterLite with Pyodide, the lessons without torch, and the lab as a wheel in its lock file.

Pyodide loads what a cell imports, by the lock file. So with the lab in that file no lesson needs an install cell, and
nothing is asked of a package index.
"""

from __future__ import annotations

import ast
import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nala_lab
from tools.doors.slim import DISABLED, slim
from tools.doors.wheels import Wheel, checkout_wheel, installed_wheel

FOLDER = "NALA_LAB_PYODIDE"  # environment variable: where a Pyodide distribution lies
CORE = ("pyodide.js", "pyodide.mjs", "pyodide.asm.js", "pyodide.asm.wasm", "python_stdlib.zip", "pyodide-lock.json")
# Not to be had in a browser: torch, what loads it, and a package that is not among those the edition brings.
ABSENT = ("torch", "nala_lab.optim", "nala_lab.experiments", "nala_lab.audit", "sklearn")
GAME = "19_find_the_bug"  # its game needs NumPy; the edition holds it up to where its text says that torch is needed
EXTENSIONS = ("@jupyter-widgets/jupyterlab-manager", "@jupyterlite/pyodide-kernel-extension")

# What the lab needs beside Pyodide's own packages; pure Python. name -> (imports, depends)
PURE: dict[str, tuple[list[str], list[str]]] = {
    "comm": (["comm"], ["traitlets"]),
    "ipywidgets": (["ipywidgets"], ["comm", "ipython", "traitlets", "jupyterlab-widgets"]),
    "jupyterlab-widgets": (["jupyterlab_widgets"], []),
    "latex2mathml": (["latex2mathml"], []),
    "mpmath": (["mpmath"], []),
    "sympy": (["sympy"], ["mpmath"]),
    "tqdm": (["tqdm"], []),
    "typing-extensions": (["typing_extensions"], []),
}
# What the lab imports inside functions must be named: Pyodide sees the cell's own imports only.
LAB_DEPENDS = ["numpy", "scipy", "matplotlib", "pillow", "ipywidgets", "latex2mathml", "typing-extensions"]


def runnable(notebooks: Path) -> list[str]:
    """The lessons that import nothing of ABSENT outside a function, and the game."""
    paths = sorted(notebooks.glob("[0-9]*.py"))
    return [p.stem for p in paths if p.stem == GAME or not _needs_absent(p.read_text(encoding="utf-8"))]


def _needs_absent(source: str) -> bool:
    names = []
    for node in ast.parse(source).body:
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        if isinstance(node, ast.ImportFrom):
            names += [f"{node.module}.{alias.name}" for alias in node.names]
    return any(f"{name}.".startswith(f"{other}.") for name in names for other in ABSENT)


def up_to_torch(book: str) -> str:
    """A notebook without its first cell that imports something of ABSENT, and without what follows."""
    whole = json.loads(book)
    code = ["".join(cell["source"]) if cell["cell_type"] == "code" else "" for cell in whole["cells"]]
    end = next((i for i, source in enumerate(code) if _needs_absent(source)), len(code))
    return json.dumps(whole | {"cells": whole["cells"][:end]}, ensure_ascii=False)


def prepare(root: Path, work: Path) -> tuple[list[str], str]:
    """The lessons that the browser edition will hold, none where it cannot be built; and a sentence about it."""
    place = os.environ.get(FOLDER, "")
    if not place:
        return [], f"no browser edition: {FOLDER} names no folder with a Pyodide distribution"
    missing = [name for name in CORE if not (Path(place) / name).is_file()]
    if missing:
        return [], f"no browser edition: the folder that {FOLDER} names lacks {', '.join(missing)}"
    stems = runnable(root / "notebooks")
    return stems, f"browser edition with {len(stems)} lessons"


def lock_entry(wheel: Wheel, imports: list[str], depends: list[str]) -> dict[str, object]:
    """A package of pyodide-lock.json; the browser compares the checksum."""
    return {
        "name": wheel.name, "version": wheel.version, "file_name": wheel.path.name, "install_dir": "site",
        "sha256": hashlib.sha256(wheel.path.read_bytes()).hexdigest(), "package_type": "package", "imports": imports,
        "depends": depends, "unvendored_tests": False,
    }  # fmt: skip


def canonical(name: str) -> str:
    """How the keys of the lock file are spelled; what packages say of each other is not always."""
    return name.lower().replace("_", "-").replace(".", "-")


def distribution(root: Path, source: Path, out: Path, cdn: str = "") -> None:
    """Copy Pyodide from `source` to `out`, with the lab and what it needs in the lock file.

    With the address of a CDN only that file and the packages that Pyodide does not have are in `out`.
    """
    out.mkdir(parents=True)
    lock = json.loads((source / "pyodide-lock.json").read_text(encoding="utf-8"))
    here = {canonical(key): p for key, p in lock["packages"].items() if cdn or (source / p["file_name"]).is_file()}
    for package in here.values():
        if not cdn:
            shutil.copyfile(source / package["file_name"], out / package["file_name"])
        package["file_name"] = cdn + package["file_name"]
    here["nala-lab"] = lock_entry(checkout_wheel(root, out), ["nala_lab", "problems", "paper_figs"], LAB_DEPENDS)
    for name, (imports, depends) in PURE.items():
        if not (cdn and name in here):
            here[name] = lock_entry(installed_wheel(name, out), imports, depends)
    for package in here.values():
        package["depends"] = [name for name in package["depends"] if canonical(name) in here]
    lock["packages"] = here
    for name in () if cdn else CORE[:-1]:
        shutil.copyfile(source / name, out / name)
    (out / CORE[-1]).write_text(json.dumps(lock, sort_keys=True), encoding="utf-8")


def free_keys() -> dict[str, object]:
    """Settings that leave the arrow keys to a slider: JupyterLab folds and unfolds sections with two of them."""
    place = ".jp-Notebook.jp-mod-commandMode:not(.jp-mod-readWrite) :focus"
    taken = {"ArrowLeft": "above-or-collapse", "ArrowRight": "below-or-expand"}
    shortcuts = [
        {"command": f"notebook:move-cursor-heading-{what}", "keys": [key], "selector": place, "disabled": True}
        for key, what in taken.items()
    ]
    return {"@jupyterlab/shortcuts-extension:shortcuts": {"shortcuts": shortcuts}}


def settings(content: str, cdn: str = "") -> dict[str, object]:
    """What the page is told; `content` names the lessons' state, so that a new one reaches a returning student."""
    options: dict[str, object] = {"packages": ["micropip", "comm", "ipython", "jedi"]}
    kernel: dict[str, object] = {"disablePyPIFallback": True, "loadPyodideOptions": options}
    if cdn:
        options["lockFileURL"] = "./static/packages/pyodide-lock.json"
        kernel["pyodideUrl"] = f"{cdn}pyodide.mjs"
    return {
        "jupyter-lite-schema-version": 0,
        "jupyter-config-data": {
            "appName": "nala_lab", "exposeAppInBrowser": True, "contentsStorageName": f"nala_lab {content}",
            "settingsOverrides": free_keys(), "disabledExtensions": DISABLED,
            "litePluginSettings": {"@jupyterlite/pyodide-kernel-extension:kernel": kernel},
        },
    }  # fmt: skip


def build(
    root: Path, work: Path, out: Path, stems: list[str], *, pyodide: Path, cdn: str = "", prefix: str = sys.prefix
) -> list[str]:
    """Build the edition into `out`; what failed, one sentence each.

    Parameters
    ----------
    pyodide : the folder of Pyodide; with the address of a `cdn`, that of its lock file.
    prefix : the environment that holds JupyterLite.
    """
    lite = work / "site-lite"
    packages = lite / "static" / ("packages" if cdn else "pyodide")
    shutil.rmtree(lite, ignore_errors=True)
    distribution(root, pyodide, packages, cdn)
    books = [lite / "lessons" / f"{stem}.ipynb" for stem in stems]
    books[0].parent.mkdir()
    for book in books:
        text = (root / "notebooks" / book.name).read_text(encoding="utf-8")
        book.write_text(up_to_torch(text), encoding="utf-8")
    state = hashlib.sha256(b"".join(book.read_bytes() for book in books)).hexdigest()[:12]
    told = json.dumps(settings(f"{nala_lab.__version__} {state}", cdn))
    (lite / "jupyter-lite.json").write_text(told, encoding="utf-8")
    widgets, kernel = (Path(place, "share", "jupyter", "labextensions") for place in (sys.prefix, prefix))
    config = {
        "LiteBuildConfig": {
            "contents": ["lessons"], "output_dir": str(out), "no_sourcemaps": True, "no_libarchive": True,
            "apps": ["lab"], "ignore_sys_prefix": ["federated_extensions"],
            "federated_extensions": [str(widgets / EXTENSIONS[0]), str(kernel / EXTENSIONS[1])],
        },
        "PipliteAddon": {"piplite_urls": [str(next(packages.glob("comm-*.whl")))]},
    }  # fmt: skip
    (lite / "jupyter_lite_config.json").write_text(json.dumps(config), encoding="utf-8")
    python = shutil.which("python", path=os.pathsep.join(str(Path(prefix, name)) for name in ("bin", "Scripts")))
    command = [str(python), "-m", "jupyterlite_core", "build", "--lite-dir", str(lite)]
    done = subprocess.run(command, cwd=lite, capture_output=True, text=True, check=False)
    good = done.returncode == 0 and (out / "lab" / "index.html").is_file()
    if not good:
        return [f"JupyterLite was not built: {(done.stdout + done.stderr)[-2000:]}"]
    if cdn:
        shutil.copytree(packages, out / "static" / "packages", dirs_exist_ok=True)
    slim(out)
    return []
