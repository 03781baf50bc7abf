"""The twins of an optimizer are two files of one name, and every torch twin has its line in the registry."""

from importlib import import_module

import pytest

from nala_lab.methods import WITH_TWINS
from tests.tools.tree import ROOT

pytest.importorskip("torch")
TWINS = [entry for entry in WITH_TWINS.values() if entry.torch.startswith("nala_lab.")]


def defined_in(spec: str) -> str:
    """The name of the file, without .py, in which "module:class" is written."""
    module, _, name = spec.partition(":")
    return getattr(import_module(module), name).__module__.rpartition(".")[2]


@pytest.mark.parametrize("entry", TWINS, ids=lambda entry: entry.name)
def test_both_twins_are_in_files_of_the_same_name(entry):
    assert defined_in(entry.numpy) == defined_in(entry.torch)


def test_every_torch_twin_is_registered():
    written = {p.stem for p in (ROOT / "nala_lab" / "optim").glob("*.py") if not p.stem.startswith("_")}
    assert written == {defined_in(entry.torch) for entry in TWINS}
