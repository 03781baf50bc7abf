"""The edition that takes Pyodide from its CDN: built, and looked through. It is not run here."""

import json
import shutil
import subprocess

import pytest

import nala_lab
from tools.doors import lite, publish


def plant(site, url=f"{publish.CDN}pyodide.mjs"):
    edition = site / nala_lab.__version__ / "lite"
    edition.mkdir(parents=True)
    kernel = {"@jupyterlite/pyodide-kernel-extension:kernel": {"pyodideUrl": url}}
    told = {"jupyter-config-data": {"litePluginSettings": kernel}}
    (edition / "jupyter-lite.json").write_text(json.dumps(told))
    (site / "index.html").write_text("<p>nala_lab</p>")
    return site


def test_the_cdn_is_named_by_the_edition_and_by_nothing_else(tmp_path):
    assert publish.faults(plant(tmp_path / "good")) == []
    other = plant(tmp_path / "lite" / "other", "./static/pyodide/pyodide.js")
    (other / "index.html").write_text(f"<script src='{publish.CDN}x.js'>")
    assert publish.faults(other) == [f"index.html names {publish.HOST}", f"the edition does not ask {publish.CDN}"]


def test_the_lock_file_asks_the_cdn_for_what_pyodide_has_and_brings_the_rest(monkeypatch, tmp_path):
    lock = {"packages": {"numpy": {"file_name": "numpy.whl", "depends": []},
                         "tqdm": {"file_name": "tqdm.whl", "depends": []}}}  # fmt: skip
    (tmp_path / "pyodide-lock.json").write_text(json.dumps(lock))
    monkeypatch.setattr(lite, "PURE", {"tqdm": (["tqdm"], []), "comm": (["comm"], [])})
    lite.distribution(publish.ROOT, tmp_path, tmp_path / "out", publish.CDN)
    packages = json.loads((tmp_path / "out" / "pyodide-lock.json").read_text())["packages"]
    assert packages["numpy"]["file_name"] == f"{publish.CDN}numpy.whl"
    assert packages["tqdm"]["file_name"] == f"{publish.CDN}tqdm.whl"
    files = {path.name for path in (tmp_path / "out").iterdir()}
    assert files == {packages["comm"]["file_name"], packages["nala-lab"]["file_name"], "pyodide-lock.json"}


@pytest.mark.slow
@pytest.mark.xdist_group("lite")
def test_it_is_built_for_the_current_pyodide(tmp_path):
    pytest.importorskip("jupyterlite_core", reason="needs the extra `site`")
    if shutil.which("npm") is None:
        pytest.skip("needs npm, for Pyodide's lock file")
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "index.html").write_text("<p>nala_lab</p>")
    try:
        said = publish.publish(tmp_path / "site", tmp_path / "out", tmp_path / "work")
    except subprocess.CalledProcessError as error:
        pytest.skip(f"needs pip's and npm's index: {error}")
    assert said == []
    edition = tmp_path / "out" / nala_lab.__version__ / "lite"
    lock = json.loads((edition / "static" / "packages" / "pyodide-lock.json").read_text(encoding="utf-8"))
    assert lock["info"]["python"].startswith("3.14")
    own = [p["file_name"] for p in lock["packages"].values() if "://" not in p["file_name"]]
    assert f"nala_lab-{nala_lab.__version__}-py3-none-any.whl" in own
    assert all((edition / "static" / "packages" / name).is_file() for name in own)
    assert len(list((edition / "files").glob("*.ipynb"))) == len(lite.runnable(publish.ROOT / "notebooks"))
