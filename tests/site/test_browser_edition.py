"""What the browser edition is made of: wheels from what is here, a lock file that fits, or one sentence."""

import hashlib
import json
import zipfile

import pytest

from tests.tools.tree import ROOT
from tools.doors import lite, slim, wheels


@pytest.fixture
def pyodide(tmp_path):
    folder = tmp_path / "pyodide"
    folder.mkdir()
    for name in lite.CORE:
        (folder / name).write_bytes(b"x")
    (folder / "prompt_toolkit.whl").write_bytes(b"x")
    (folder / "ipython.whl").write_bytes(b"x")
    packages = {
        "ipython": {"file_name": "ipython.whl", "depends": ["prompt_toolkit", "gone"]},
        "prompt-toolkit": {"file_name": "prompt_toolkit.whl", "depends": []},
        "gone": {"file_name": "gone.whl", "depends": []},
    }
    (folder / "pyodide-lock.json").write_text(json.dumps({"packages": packages}))
    return folder


def test_without_pyodide_there_is_one_sentence_and_no_lesson(monkeypatch, tmp_path):
    monkeypatch.delenv(lite.FOLDER, raising=False)
    stems, why = lite.prepare(ROOT, tmp_path)
    assert stems == [] and why.startswith("no browser edition") and "\n" not in why
    monkeypatch.setenv(lite.FOLDER, str(tmp_path))
    stems, why = lite.prepare(ROOT, tmp_path)
    assert stems == [] and "pyodide.asm.wasm" in why


def test_the_lock_file_holds_the_lab_and_only_what_is_there(monkeypatch, tmp_path, pyodide):
    monkeypatch.setattr(lite, "PURE", {"tqdm": (["tqdm"], [])})
    out = tmp_path / "out"
    lite.distribution(ROOT, pyodide, out)
    packages = json.loads((out / "pyodide-lock.json").read_text())["packages"]
    assert packages.keys() == {"ipython", "prompt-toolkit", "tqdm", "nala-lab"}
    assert packages["ipython"]["depends"] == ["prompt_toolkit"]  # kept, though its key is spelled otherwise
    lab = packages["nala-lab"]
    assert lab["sha256"] == hashlib.sha256((out / lab["file_name"]).read_bytes()).hexdigest()
    assert lab["imports"] == ["nala_lab", "problems", "paper_figs"]


def test_a_wheel_is_whole_and_the_same_each_time(tmp_path):
    (tmp_path / "a").mkdir()
    one, two = wheels.checkout_wheel(ROOT, tmp_path), wheels.checkout_wheel(ROOT, tmp_path / "a")
    assert one.path.read_bytes() == two.path.read_bytes()
    names = zipfile.ZipFile(one.path).namelist()
    assert {"nala_lab/proofs/proved.json", "nala_lab/reference/nala.py", "problems/__init__.py"} <= set(names)
    assert not [name for name in names if "__pycache__" in name]


def test_a_compiled_package_is_refused(tmp_path):
    with pytest.raises(ValueError, match="pure Python, got numpy"):
        wheels.installed_wheel("numpy", tmp_path)


def test_a_lesson_that_imports_torch_at_the_top_is_left_out(tmp_path):
    for name, text in {"01_a": "import numpy", "02_b": "import torch", "03_c": "def f():\n    import torch",
                       "04_d": "from nala_lab import optim"}.items():  # fmt: skip
        (tmp_path / f"{name}.py").write_text(text)
    assert lite.runnable(tmp_path) == ["01_a", "03_c"]


def test_of_the_game_the_edition_holds_what_comes_before_torch():
    book = (ROOT / "notebooks" / f"{lite.GAME}.ipynb").read_text(encoding="utf-8")
    cells = ["".join(cell["source"]) for cell in json.loads(lite.up_to_torch(book))["cells"]]
    assert len(cells) > 10 and cells[-1].endswith("in a browser the lesson ends here.")
    assert not [cell for cell in cells if "import torch" in cell] and lite.GAME in lite.runnable(ROOT / "notebooks")
    plain = json.dumps({"cells": [{"cell_type": "code", "source": ["import numpy"]}]})
    assert lite.up_to_torch(plain) == plain


def test_what_draws_diagrams_is_left_out_with_what_only_it_asks_for(tmp_path):
    chunks = {"lab/bundle.js": "a.e(1),a.e(2)", "1.ab.js": "lab", "2.cd.js": "elk.layered b.e(3).e(1)", "3.ef.js": "x",
              "4.gh.js": "asked for in a way that is not seen"}  # fmt: skip
    (tmp_path / "lab").mkdir()
    for name, text in chunks.items():
        (tmp_path / name).write_text(text)
    slim.drop_diagrams(tmp_path)
    assert {path.name for path in tmp_path.rglob("*.js")} == {"bundle.js", "1.ab.js", "4.gh.js"}
