"""torch's own optimizer database, with our classes in the place of its own; what is not asked is in database.py too."""

import json
import os
import subprocess
import sys

import pytest

from tests.optim.training import ROOT


def answers(*how):
    command = [sys.executable, "-W", "ignore", "-m", "tests.optim.database", *how]
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, "OMP_NUM_THREADS": "1"}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    return [json.loads(line) for line in done.stdout.splitlines()]


def check(rows, least):
    wrong = [row for row in rows if row[-1]]
    assert not wrong, wrong[:5]
    asked = [row for row in rows if not row[3]]
    assert len(asked) >= least and {"NALA around SGD", "Lookahead around Muon", "OuterMomentum around SparseAdam",
                                    "AdaBelief", "AdaLA", "Adam"} <= {row[0] for row in asked}  # fmt: skip
    assert {row[2] for row in asked} >= {"complex_parameters_work", "sparse_gradients_work",
                                         "schedulers_move_the_lr_that_is_used"}  # fmt: skip
    return {row[3] for row in rows if row[3]}


def test_what_torch_asks_at_default_settings():
    check(answers("quick"), 400)


@pytest.mark.slow
def test_what_torch_asks_at_every_setting_of_its_database():
    reasons = check(answers(), 2000)
    assert len(reasons) == 3  # every line of NOT_ASKED was met
