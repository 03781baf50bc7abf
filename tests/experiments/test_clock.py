"""Rows by the paper's clock, at the start of a cycle; the look-ahead gradient on the last mini-batch, as released.

And the clock of seconds, which says what the machine's other processes did meanwhile.
"""

import subprocess
import sys
import time
from types import SimpleNamespace

import pytest
import torch

from nala_lab.experiments.run import log
from nala_lab.experiments.run.one_run import plan
from nala_lab.experiments.run.optimizers import METHODS
from nala_lab.optim import NALA
from tests.experiments.runs import smoke, trained
from tests.experiments.test_resume import goes_on

pytestmark = pytest.mark.usefixtures("tiny")


def digits():
    return plan("lenet5-digits", "nala", seed=0, scale="smoke").workload()


@pytest.mark.parametrize(
    ("name", "changes", "cycle"),
    [("nala", {}, (5, 6)), ("nala", {"k": 3}, (3, 4)), ("lookahead", {}, (5, 5)), ("adam", {}, (1, 1)),
     ("adala", {}, (1, 2)), ("nala", {"inner": "adala", "k": 2}, (2, 5)), ("nala", {"outer_batch": "last"}, (5, 6)),
     ("nala", {"variant": "released"}, (5, 5))],
)  # fmt: skip
def test_every_row_stands_at_the_start_of_a_cycle_as_the_paper_counts(name, changes, cycle):
    rows = [one for one in trained(digits(), name, changes, epochs=6, log_every=4)[0] if one["kind"] == "train"]
    steps, grads = cycle
    assert rows and rows[0]["grad_evals"] == 0 and not any(one["phase"] for one in rows)
    for one in rows:
        assert one["timestep"] % steps == 0 and one["grad_evals"] == one["timestep"] // steps * grads
    due = sorted({-(-t // steps) * steps for t in range(0, rows[-1]["timestep"] + 1, 4)})
    assert [one["timestep"] for one in rows] == due


def test_the_look_ahead_gradient_on_the_last_mini_batch_is_that_of_a_loop_by_hand():
    """The same run with a closure, as torch users write it: NALA(outer_batch="same")."""
    workload, by_hand = digits(), digits()
    trained(workload, "nala", {"outer_batch": "last"}, epochs=3)
    optimizer = NALA(by_hand.model.parameters(), outer_batch="same")
    spent = fresh = 0
    by_hand.model.train()
    while spent < 3 * by_hand.batches:
        if fresh % by_hand.batches == 0:
            by_hand.start_epoch(fresh // by_hand.batches)
        batch = fresh % by_hand.batches

        def closure(batch=batch):
            optimizer.zero_grad()
            loss, _ = by_hand.loss(batch)
            loss.backward()
            return loss

        if optimizer.phase == 4 and spent + 2 > 3 * by_hand.batches:
            break  # the loop ends between the last inner step and its look-ahead gradient
        optimizer.step(closure)
        spent, fresh = optimizer.grad_evals, fresh + 1
    ours, other = (torch.cat([p.detach().ravel() for p in one.model.parameters()]) for one in (workload, by_hand))
    assert spent == 3 * by_hand.batches
    torch.testing.assert_close(ours, other, rtol=0, atol=1e-6)  # Adam may run fused in one and not in the other


@pytest.mark.parametrize("gradients", [5, 6, 7, 11])
def test_a_run_with_repeated_mini_batches_is_taken_up_anywhere(gradients, tmp_path, monkeypatch):
    goes_on(tmp_path, monkeypatch, gradients, changes={"outer_batch": "last"})


def test_a_text_goes_on_with_its_hidden_state_and_is_not_given_twice(tmp_path):
    with pytest.raises(ValueError, match="outer_batch must satisfy 'fresh' on this task"):
        smoke(tmp_path, "nala", task="lstm1-ptb", changes={"outer_batch": "last"})


def test_a_batch_that_the_loop_cannot_give_is_refused():
    with pytest.raises(ValueError, match="outer_batch must satisfy outer_batch in {'fresh', 'last'}, got .*'full'"):
        METHODS["nala"].with_settings({"outer_batch": "full"})


def test_processor_seconds_of_others_are_counted_while_the_clock_runs_and_only_then(monkeypatch):
    now = {"time": 0.0, "own": 0.0, "user": 100.0, "idle": 7.0}
    spent = SimpleNamespace(_asdict=lambda: {"user": now["user"], "idle": now["idle"], "iowait": 5.0, "guest": 3.0})
    monkeypatch.setattr(log, "psutil", SimpleNamespace(cpu_times=lambda: spent))
    monkeypatch.setattr(log, "time", SimpleNamespace(perf_counter=lambda: now["time"], process_time=lambda: now["own"]))

    def passes(seconds, own, others):
        for name, more in {"time": seconds, "own": own, "user": own + others, "idle": 9}.items():
            now[name] += more

    clock = log.Clock(torch.device("cpu"))
    clock.start(), passes(10, own=20, others=5), clock.stop()
    passes(50, own=50, others=40)  # evaluation
    assert (clock.seconds, clock.other_cores) == (10, 0.5)
    later = log.Clock(torch.device("cpu"))
    later.load_state_dict(clock.state_dict())
    later.start(), passes(10, own=10, others=25), later.stop()
    assert (later.seconds, later.other_cores) == (20, 1.5)


def test_a_busy_neighbour_is_seen():
    clock = log.Clock(torch.device("cpu"))
    busy = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        clock.start(), time.sleep(0.5), clock.stop()
    finally:
        busy.kill(), busy.wait()
    assert clock.other_cores > 0.3  # one core is 1; a machine with other work may not give the neighbour all of it
