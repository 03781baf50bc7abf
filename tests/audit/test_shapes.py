"""Optimizers that look at shapes are examined on what they take: matrices only, or some of each."""

import pytest
import torch

from nala_lab.audit import examine
from nala_lab.audit.subject import Subject


class MuonAndAdamW(torch.optim.Optimizer):
    """Muon for matrices, AdamW for the rest, as everybody uses Muon; its parts' state is in none of its own."""

    def __init__(self, params, lr=1e-3):
        super().__init__(list(params), {"lr": lr})
        flat = [p for group in self.param_groups for p in group["params"]]
        self.parts = [torch.optim.Muon([p for p in flat if p.ndim == 2], lr=lr),
                      torch.optim.AdamW([p for p in flat if p.ndim != 2], lr=lr)]  # fmt: skip

    @torch.no_grad()
    def step(self, closure=None):
        for part in self.parts:
            part.step()


def verdicts(target, only=None):
    return {row.item: row.verdict for row in examine(target, only=only)}


def test_muon_is_examined_on_matrices():
    assert Subject("torch.optim:Muon").matrices and not Subject("torch.optim:Adam").matrices
    found = verdicts("torch.optim:Muon", ["grad-untouched", "shapes", "resume", "added-group"])
    assert found == {"grad-untouched": "pass", "shapes": "not applicable", "resume": "pass", "added-group": "pass"}


def test_an_optimizer_that_sorts_by_shape_gets_some_of_each_and_its_fault_is_found():
    target = f"{__name__}:MuonAndAdamW"
    subject = Subject(target)
    assert subject._sorts and not subject.matrices and not Subject("torch.optim:SGD")._sorts
    found = verdicts(target, ["grad-untouched", "resume"])
    assert found == {"grad-untouched": "pass", "resume": "fail"}  # nothing of its parts is saved


def test_one_that_takes_nothing_is_refused_as_before():
    with pytest.raises(ValueError):
        examine(f"{__name__}:refuses")


def refuses(params):
    raise ValueError("no")
