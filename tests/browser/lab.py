"""JupyterLab as a person has it in front of them: started, opened in Chromium, used by mouse and keyboard.

The application object that JupyterLab shows to its page (`expose_app_in_browser`) is used to look (is the kernel idle,
has a cell an error), to open a file and to run single cells; all cells are run from the menu, and controls are moved
by hand.
"""

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from tests.tools.tree import ROOT

PICTURES = ROOT / "build" / "browser"  # screenshots and times, kept to be looked at
PATIENCE = 240  # seconds that anything may take on a machine that is busy with other things; nothing waits that long


class Server:
    """A JupyterLab on a free port, over a copy of the notebooks; its settings and run files are in the same folder."""

    def __init__(self, folder: Path) -> None:
        self.token, self.folder = secrets.token_hex(16), folder
        notebooks = folder / "notebooks"
        shutil.copytree(ROOT / "notebooks", notebooks, ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
        quiet = folder / "settings" / "@jupyterlab" / "apputils-extension" / "notification.jupyterlab-settings"
        quiet.parent.mkdir(parents=True)
        quiet.write_text(json.dumps({"checkForUpdates": False, "fetchNews": "false"}), encoding="utf-8")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        options = {
            "ServerApp.ip": "127.0.0.1", "ServerApp.port": port, "ServerApp.root_dir": notebooks,
            "IdentityProvider.token": self.token, "LabApp.expose_app_in_browser": True, "ServerApp.allow_root": True,
            # should this process be killed, the server ends by itself after a while
            "ServerApp.shutdown_no_activity_timeout": 600, "MappingKernelManager.cull_idle_timeout": 600,
        }  # fmt: skip
        places = {
            "JUPYTER_CONFIG_DIR": "config", "JUPYTER_DATA_DIR": "data", "JUPYTER_RUNTIME_DIR": "runtime",
            "JUPYTERLAB_SETTINGS_DIR": "settings", "JUPYTERLAB_WORKSPACES_DIR": "workspaces", "IPYTHONDIR": "ipython",
        }  # fmt: skip
        self._log = (folder / "log.txt").open("w", encoding="utf-8")
        begun = time.monotonic()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", "--no-browser", *(f"--{k}={v}" for k, v in options.items())],
            env=os.environ | {k: str(folder / v) for k, v in places.items()} | {"PYTHONPATH": str(ROOT)},
            stdout=self._log, stderr=subprocess.STDOUT, cwd=notebooks,
        )  # fmt: skip
        try:
            self.url = self._answering()
        except BaseException:
            self.stop()
            raise
        self.seconds = time.monotonic() - begun

    def _answering(self) -> str:
        """The address, once it answers; another port than the one asked for if that was taken meanwhile."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            assert self._process.poll() is None, (self.folder / "log.txt").read_text(encoding="utf-8")[-3000:]
            for file in (self.folder / "runtime").glob("jpserver-*.json"):
                try:
                    url = json.loads(file.read_text(encoding="utf-8"))["url"]
                    with urllib.request.urlopen(f"{url}api/status?token={self.token}", timeout=10):
                        return str(url)
                except (ValueError, OSError):  # the file is half written, or nobody listens yet
                    pass
            time.sleep(0.1)
        raise AssertionError(f"JupyterLab did not answer within {PATIENCE} s")

    def stop(self) -> None:
        """End it, and its kernels with it."""
        self._process.terminate()
        try:
            self._process.wait(60)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()


# What the page knows of a notebook: the state of its kernel, and of every code cell its number and its outputs.
_STATE = """path => {
  const open = window.jupyterapp ? [...window.jupyterapp.shell.widgets('main')] : [];
  const panel = open.find(w => w.context && w.context.path === path && w.content.model);
  if (!panel || !panel.context.isReady) return null;
  const kernel = panel.sessionContext.session && panel.sessionContext.session.kernel;
  const cells = panel.content.model.toJSON().cells.filter(c => c.cell_type === 'code' && c.source.length);
  return {id: panel.id, kernel: kernel ? kernel.status : 'none', counts: cells.map(c => c.execution_count),
    errors: cells.flatMap(c => c.outputs.filter(o => o.output_type === 'error').map(o => o.ename + ': ' + o.evalue)),
    grumbles: cells.flatMap(c => c.outputs.filter(o => o.name === 'stderr').map(o => [o.text].flat().join('')))};
}"""
_COMMAND = "([name, path]) => window.jupyterapp.commands.execute(name, {path}).then(() => null)"
_RUN = """async ([path, word]) => {
  const book = [...window.jupyterapp.shell.widgets('main')].find(w => w.context && w.context.path === path).content;
  for (const [i, cell] of book.widgets.entries())
    if (cell.model.type === 'code' && cell.model.sharedModel.source.includes(word)) {
      book.activeCellIndex = i;
      await book.scrollToItem(i);
      await window.jupyterapp.commands.execute('notebook:run-cell');
    }
}"""
_CLOSE = """async path => {
  const panel = [...window.jupyterapp.shell.widgets('main')].find(w => w.context && w.context.path === path);
  await panel.sessionContext.shutdown();
  panel.dispose();
}"""


class Lab:
    """One browser tab with JupyterLab in it."""

    def __init__(self, page, server: Server) -> None:
        self.page, self.server, self._here = page, server, False

    def open(self, name: str):
        """The panel of a notebook, in front and with its kernel ready."""
        path = f"{name}.ipynb"
        if not self._here:
            self.page.goto(f"{self.server.url}lab/tree/{path}?token={self.server.token}")
            self._here = True
        else:
            self.page.evaluate(_COMMAND, ["docmanager:open", path])
        state = self.wait(path, lambda state: state["kernel"] == "idle", "to be open with an idle kernel")
        return self.page.locator(f"#{state['id']}")

    def state(self, path: str):
        return self.page.evaluate(_STATE, path)

    def wait(self, path: str, ready, what: str):
        """The notebook's state, once it is `ready`."""
        end, state = time.monotonic() + PATIENCE, None
        while time.monotonic() < end:
            state = self.state(path)
            if state is not None and ready(state):
                return state
            self.page.wait_for_timeout(100)
        raise AssertionError(f"{path} was expected {what}; after {PATIENCE} s its state is {state}")

    def menu(self, *words: str) -> None:
        """Choose from the menu bar."""
        self.page.locator(".lm-MenuBar-item").get_by_text(words[0], exact=True).click()
        self.page.locator(".lm-Menu-itemLabel").get_by_text(words[1], exact=True).click()

    def run_all(self, name: str):
        """Run every cell from the menu; the state when all are through, or one has failed."""
        path = f"{name}.ipynb"
        panel = self.open(name)
        # saved outputs must not be taken for new ones
        self.menu("Edit", "Clear Outputs of All Cells")
        self.wait(path, lambda s: not any(s["counts"]), "to have no outputs left")
        self.menu("Run", "Run All Cells")

        def through(state):
            stopped = state["errors"] or state["kernel"] in ("dead", "unknown", "none")
            return stopped or (all(state["counts"]) and state["kernel"] == "idle")

        return panel, self.wait(path, through, "to have run all cells")

    def run_cells(self, name: str, word: str):
        """Run the code cells with a word in them, in their order and no others; the panel, at the last one."""
        panel = self.open(name)
        self.page.evaluate(_RUN, [f"{name}.ipynb", word])
        return panel

    def close(self, name: str) -> None:
        """Close a notebook and end its kernel."""
        self.page.evaluate(_CLOSE, f"{name}.ipynb")


def keep(target, name: str) -> Path:
    """Keep a screenshot of a page or of a part of it."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    target.screenshot(path=PICTURES / f"{name}.png")
    return PICTURES / f"{name}.png"


def note(line: str) -> None:
    """Print a measured time, and keep it beside the screenshots."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    print(line)
    with (PICTURES / "times.txt").open("a", encoding="utf-8") as file:
        file.write(line + "\n")
