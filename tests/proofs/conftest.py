"""The compiled proofs, once for the session."""

import os

import pytest

from nala_lab.proofs import compiling
from nala_lab.proofs.command import ABSENT, REQUIRED
from nala_lab.proofs.sources import read
from tests.tools.tree import ROOT


@pytest.fixture(scope="session")
def kernel():
    """Folder of the compiled files. Skipped where Coq is absent, unless it is required, as in CI."""
    if compiling.coqc() is None:
        if os.environ.get(REQUIRED) == "1":
            pytest.fail(f"{ABSENT} And {REQUIRED} is 1", pytrace=False)
        pytest.skip(ABSENT)
    folder = ROOT / "build" / "proofs"
    refused = [f"{result.name}: {result.message}" for result in compiling.build(read(), folder) if result.message]
    assert not refused, refused
    return folder
