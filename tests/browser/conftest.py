"""JupyterLab and Chromium, one of each for all tests of this folder."""

import os
import shutil

import pytest

from tests.browser.lab import PATIENCE, PICTURES, Lab, Server

NAMES = ("chromium", "chromium-browser", "google-chrome")


def absent(reason: str) -> None:
    """Skip; or fail, where the browser is meant to be there."""
    if os.environ.get("NALA_LAB_BROWSER_REQUIRED") == "1":
        pytest.fail(f"{reason}, and NALA_LAB_BROWSER_REQUIRED is 1", pytrace=False)
    pytest.skip(reason)


# "package": the browser's event loop ends with this folder's tests and is in nobody else's way. One loop for all
# browsers: Playwright refuses a second one in the same thread.
@pytest.fixture(scope="package")
def launch():
    """Start a browser with more arguments of its command line."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        absent("needs playwright (the dev extra)")
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        absent(f"needs a system browser: one of {', '.join(NAMES)}")
    with sync_playwright() as playwright:
        # in a container, as root, there is no sandbox; the pages are our own
        yield lambda *more: playwright.chromium.launch(executable_path=path, args=["--no-sandbox", *more])


@pytest.fixture(scope="package")
def browser(launch):
    PICTURES.mkdir(parents=True, exist_ok=True)
    (PICTURES / "times.txt").unlink(missing_ok=True)
    launched = launch()
    yield launched
    launched.close()


@pytest.fixture(scope="package")
def server(browser, tmp_path_factory):
    started = Server(tmp_path_factory.mktemp("lab"))
    yield started
    started.stop()


@pytest.fixture(scope="package")
def lab(browser, server):
    page = browser.new_page(viewport={"width": 1400, "height": 1000})
    page.set_default_timeout(1000 * PATIENCE)
    yield Lab(page, server)
    page.close()


@pytest.fixture(scope="package")
def lesson_20(lab):
    """The panel of lesson 20 with all six explorers alive, and the state after its run.

    Where that fails, it fails here and once: the tests that need them would wait for them one after the other.
    """
    panel, state = lab.run_all("20_explorers")
    assert state["errors"] == [] and state["kernel"] == "idle", state
    pictures = panel.locator(".nala-explorer img.nala-picture")
    lab.wait("20_explorers.ipynb", lambda state: pictures.count() == 6, "to show six explorers")
    return panel, state
