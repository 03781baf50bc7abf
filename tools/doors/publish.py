"""The site as it is published: its browser edition asks the current Pyodide of its CDN, once a lesson is opened.

    python -m tools.doors.publish     build/site, made by `make site`, as build/site-published

JupyterLite that fits that Pyodide comes from pip's index into an environment of its own, Pyodide's lock file from npm.
The result is looked through here and not run: the packages of that Pyodide are on its CDN only.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import nala_lab
from tools.doors import lite

ROOT = Path(__file__).resolve().parents[2]
PYODIDE = "314.0.6"
LOCK = "3fdaef09e9e365c85e002737720f8d0ab8f278c1c244a2dde6a37663cf488ad4"  # SHA-256
HOST = "cdn.jsdelivr.net"
CDN = f"https://{HOST}/pyodide/v{PYODIDE}/full/"
PINS = ("jupyterlite-core==0.8.6", "jupyterlite-pyodide-kernel==0.8.6", "jupyter-server>=2,<3")


def fetch(work: Path) -> Path:
    """Make the environment `work`/venv and put Pyodide's lock file into `work`, which is returned."""
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    subprocess.run([sys.executable, "-m", "venv", work / "venv"], check=True)
    python = shutil.which("python", path=f"{work / 'venv' / 'bin'}:{work / 'venv' / 'Scripts'}")
    subprocess.run([str(python), "-m", "pip", "install", "--quiet", *PINS], check=True)
    subprocess.run(["npm", "pack", "--silent", f"pyodide@{PYODIDE}"], cwd=work, check=True, stdout=subprocess.DEVNULL)
    with tarfile.open(work / f"pyodide-{PYODIDE}.tgz") as archive:
        member = archive.extractfile("package/pyodide-lock.json")
        assert member is not None
        data = member.read()
    if hashlib.sha256(data).hexdigest() != LOCK:
        raise ValueError(f"pyodide-lock.json of {PYODIDE} must have the SHA-256 {LOCK}")
    (work / "pyodide-lock.json").write_bytes(data)
    return work


def faults(site: Path) -> list[str]:
    """What of a published site names the CDN outside of the edition, or of the edition does not."""
    found = [f"{path.relative_to(site)} names {HOST}" for path in sorted(site.rglob("*"))
             if path.suffix in (".html", ".js", ".css", ".json") and "lite" not in path.relative_to(site).parts
             and HOST.encode() in path.read_bytes()]  # fmt: skip
    told = [json.loads(path.read_text(encoding="utf-8")) for path in site.glob("*/lite/jupyter-lite.json")]
    kernels = [t["jupyter-config-data"]["litePluginSettings"]["@jupyterlite/pyodide-kernel-extension:kernel"]
               for t in told]  # fmt: skip
    if [kernel.get("pyodideUrl") for kernel in kernels] != [f"{CDN}pyodide.mjs"]:
        found.append(f"the edition does not ask {CDN}")
    return found


def publish(built: Path, out: Path, work: Path) -> list[str]:
    """Copy the site `built` to `out` with the published edition; what is wrong, one sentence each."""
    shutil.rmtree(out, ignore_errors=True)
    shutil.copytree(built, out, ignore=shutil.ignore_patterns("lite"))
    stems = lite.runnable(ROOT / "notebooks")
    edition = out / nala_lab.__version__ / "lite"
    said = lite.build(ROOT, work, edition, stems, pyodide=fetch(work), cdn=CDN, prefix=str(work / "venv"))
    return said + faults(out)


def main() -> int:
    out = ROOT / "build" / "site-published"
    said = publish(ROOT / "build" / "site", out, ROOT / "build" / "publishing")
    print("\n".join(f"publish: {sentence}" for sentence in said), file=sys.stderr)
    verdict = "something failed" if said else "built and looked through"
    print(f"wrote {out}, whose lessons take Pyodide {PYODIDE} from {HOST}: {verdict}, not run here")
    return 1 if said else 0


if __name__ == "__main__":
    sys.exit(main())
