"""A web server for the tests of downloads, and a task of milliseconds by name."""

import http.server
import threading

import pytest


@pytest.fixture
def mirror(tmp_path):
    """A web server over an empty folder: (folder, address)."""
    folder = tmp_path / "mirror"
    folder.mkdir()

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *args):
            super().__init__(*args, directory=folder)

        def log_message(self, *args):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield folder, f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


@pytest.fixture
def tiny(monkeypatch):
    """The task of `tests.experiments.tiny` has a name in TASKS."""
    tasks = pytest.importorskip("nala_lab.experiments.tasks")
    from tests.experiments.tiny import TINY

    monkeypatch.setitem(tasks.TASKS, "tiny", TINY)
