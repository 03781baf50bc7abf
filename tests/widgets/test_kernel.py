"""The kernel that the `lab` extra brings, asked by its own protocol what the explorers' sliders need of it."""

import time

import pytest

PATIENCE = 240  # seconds that an answer may take on a busy machine; nothing waits that long


@pytest.fixture
def client():
    manager = pytest.importorskip("jupyter_client.manager", reason="needs the extra 'lab'")
    kernel, client = manager.start_new_kernel(startup_timeout=PATIENCE)
    yield client
    client.stop_channels()
    kernel.shutdown_kernel(now=True)


def until(client, message: str, state: str) -> str:
    """What the kernel prints for a message until it reports that state for it."""
    end, printed = time.monotonic() + PATIENCE, ""
    while time.monotonic() < end:
        answer = client.get_iopub_msg(timeout=end - time.monotonic())
        if answer["parent_header"].get("msg_id") == message:
            printed += answer["content"].get("text", "")
            if answer["content"].get("execution_state") == state:
                return printed
    raise AssertionError(f"no status {state!r} within {PATIENCE} s")


def test_a_slider_moves_in_the_thread_of_the_cells(client):
    """ipykernel 7 gives widgets a thread of their own ("subshell"), and JupyterLab uses it.

    An explorer was then drawn by two threads at once ("Set changed size during iteration"), and on a busy machine a
    message to the second one was never answered: all explorers of the page stood still.
    """
    told = client.kernel_info(reply=True, timeout=PATIENCE)["content"]
    assert "kernel subshells" not in told.get("supported_features", [])


def test_a_slider_that_moves_while_a_cell_runs_is_told_that_its_move_is_done(client):
    """A page holds back a slider's next positions until the kernel is idle again for the last one.

    ipykernel 7.4.0 is silent where a cell is running: the slider then stands at 9 beside the numbers of 11, for ever.
    """
    code = "import ipywidgets; slider = ipywidgets.IntSlider(); print(slider.comm.comm_id)"
    comm = until(client, client.execute(code), "idle").strip()
    cell = client.execute("import asyncio; await asyncio.sleep(1); print(slider.value)")
    until(client, cell, "busy")
    data = {"method": "update", "state": {"value": 9}, "buffer_paths": []}
    move = client.session.msg("comm_msg", {"comm_id": comm, "data": data})
    client.shell_channel.send(move)
    until(client, move["header"]["msg_id"], "idle")
    assert until(client, client.execute("print(slider.value)"), "idle").strip() == "9"
