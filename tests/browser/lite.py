"""The browser edition as a student has it: a static folder behind an address, a fresh browser, and no network."""

from __future__ import annotations

import functools
import http.server
import threading
import time
from pathlib import Path

from tests.browser.lab import PATIENCE

HOST = "127.0.0.1"
# No name is resolved: the network is cut below the page, so that Pyodide's synchronous requests are not slowed.
CUT = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"

STATE = """path => {
  const open = window.jupyterapp ? [...window.jupyterapp.shell.widgets('main')] : [];
  const panel = open.find(w => w.context && w.context.path === path && w.content.model);
  if (!panel || !panel.context.isReady) return null;
  const kernel = panel.sessionContext.session && panel.sessionContext.session.kernel;
  const cells = panel.content.model.toJSON().cells.filter(c => c.cell_type === 'code' && c.source.length);
  const code = panel.content.activeCell;
  return {id: panel.id, mode: panel.content.mode, active: code ? code.model.sharedModel.source : '',
    shown: code && code.model.type === 'code' ? code.model.outputs.toJSON().map(o => o.data || o) : [],
    kernel: kernel ? kernel.status : 'none', counts: cells.map(c => c.execution_count),
    pictures: document.querySelectorAll('.jp-OutputArea-output img').length,
    errors: cells.flatMap(c => c.outputs.filter(o => o.output_type === 'error').map(o => o.ename + ': ' + o.evalue))};
}"""


class Folder:
    """A static folder served on a free port of this machine."""

    def __init__(self, folder: Path) -> None:
        quiet = type("Quiet", (http.server.SimpleHTTPRequestHandler,), {"log_message": lambda *args: None})
        handler = functools.partial(quiet, directory=str(folder))
        self._server = http.server.ThreadingHTTPServer((HOST, 0), handler)
        self.url = f"http://{HOST}:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        """Free the port."""
        self._server.shutdown()
        self._server.server_close()


class Tab:
    """A fresh browser profile; whatever its pages and workers ask of another host is written down."""

    def __init__(self, browser, url: str, **options) -> None:
        self.url, self.asked = url, []
        self.context = browser.new_context(viewport={"width": 1366, "height": 768}, **options)
        self.context.set_default_timeout(1000 * PATIENCE)
        self.context.on("request", self._seen)
        self.page = self.context.new_page()

    def _seen(self, request) -> None:
        if not request.url.startswith((self.url, "data:", "blob:")):
            self.asked.append(request.url)

    def open(self, name: str) -> dict:
        """Open a lesson cold; its state once the kernel is idle."""
        self.page.goto(f"{self.url}/lab/index.html?path={name}.ipynb")
        return self.wait(f"{name}.ipynb", lambda s: s["kernel"] == "idle")

    def wait(self, path: str, ready, seconds: float = PATIENCE) -> dict:
        """The lesson's state, once it is `ready`."""
        end, state = time.monotonic() + seconds, None
        while time.monotonic() < end:
            state = self.page.evaluate(STATE, path)
            if state is not None and ready(state):
                return state
            self.page.wait_for_timeout(50)
        raise AssertionError(f"{path}: after {seconds} s its state is {state}")

    def run_all(self, name: str) -> dict:
        """Open a lesson and run every cell; its state, with seconds to the first new picture and to the end."""
        begun = time.monotonic()
        self.open(name)
        path = f"{name}.ipynb"
        self.page.evaluate("() => window.jupyterapp.commands.execute('editmenu:clear-all').then(() => null)")
        self.wait(path, lambda s: not any(s["counts"]))
        self.page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-all-cells'); return null }")
        pictured = self.wait(path, lambda s: s["pictures"] or s["errors"] or all(s["counts"]))
        first = time.monotonic() - begun
        state = self.wait(path, lambda s: s["errors"] or (all(s["counts"]) and s["kernel"] == "idle"))
        return state | {"first": first, "seconds": time.monotonic() - begun, "pictured": pictured["pictures"]}

    def close(self) -> None:
        """Forget the profile."""
        self.context.close()
