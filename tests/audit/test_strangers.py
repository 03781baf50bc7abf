"""Sound optimizers that need a loss, two gradients, coins, patience or groups are not accused; real faults are."""

import random  # noqa: TID251 - a stranger draws from it

import numpy as np
import pytest
import torch

from nala_lab.audit import Subject, examine
from tests.audit import strangers


class OnlyMatrices(torch.optim.SGD):
    """Says so in its step, not when it is made."""

    def step(self, closure=None):
        if any(p.ndim != 2 for group in self.param_groups for p in group["params"]):
            raise ValueError("matrices only")
        return super().step(closure)


WOLFE = {"line_search_fn": "strong_wolfe"}  # searches along the loss that it is told
HERE = strangers.__name__


@pytest.mark.parametrize(
    ("target", "options", "bad"),
    [
        (f"{HERE}:Sharp", {}, set()),
        (f"{HERE}:Polyak", {}, set()),
        (f"{HERE}:Drawing", {}, set()),
        (f"{HERE}:DrawingElsewhere", {}, set()),
        (f"{HERE}:Merged", {}, {"aliasing", "distributed-state", "resume"}),  # a file has two of it
        (f"{HERE}:Told", {}, set()),
        (f"{HERE}:Idle", {}, {"closure", "hooks-once"}),  # its step and the one in it both tell
        (f"{HERE}:in_groups", {}, set()),
        (f"{__name__}:OnlyMatrices", {}, {"hooks-once"}),  # its step and that of SGD in it both tell
        (f"{HERE}:Waiting", {}, {"plain-state"}),  # its queue is no plain Python
        (f"{HERE}:Deaf", {}, {"added-group", "closure", "copy"}),
        ("torch.optim:LBFGS", WOLFE, {"added-group", "copy"}),  # takes a group and trips over it; forgets its weights
    ],
)
def test_what_is_said_of_a_stranger_is_true(target, options, bad):
    assert {row.item for row in examine(target, options) if row.bad} == bad


def test_a_loss_is_told_to_whoever_asks_for_it():
    rows = {row.item: row for row in examine(f"{HERE}:Polyak", only=["no-gradient", "closure"])}
    assert rows["no-gradient"].verdict == "pass"
    assert "as many as it likes" in rows["closure"].text


@pytest.mark.parametrize("option", ["differentiable", "capturable"])
def test_what_cannot_step_here_is_one_sentence_and_no_list_of_crashes(option):
    with pytest.raises(ValueError, match="target must satisfy an optimizer of dense gradients of float64 weights"):
        examine("torch.optim:Adam", {option: True})


def test_who_needs_a_closure_is_found_out_by_trying():
    needing = [name for name in ("Sharp", "Polyak", "Drawing") if Subject(f"{HERE}:{name}").needs_closure]
    assert needing == ["Sharp", "Polyak"]


def test_an_examination_leaves_the_callers_random_numbers_alone():
    before = torch.get_rng_state()
    python, arrays = random.getstate(), np.random.get_state()[1].copy()  # noqa: NPY002
    for name in ("Drawing", "DrawingElsewhere"):
        examine(f"{HERE}:{name}", only=["resume", "shapes"])
    assert torch.equal(torch.get_rng_state(), before)
    assert random.getstate() == python and (np.random.get_state()[1] == arrays).all()  # noqa: NPY002
