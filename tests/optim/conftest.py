"""The switch of the compiled kernels, and the small sizes at which they do all that they do for large ones."""

import pytest

from nala_lab.optim import _build, _fused


@pytest.fixture
def treat_as_large(monkeypatch):
    """Threads and streaming stores for small tensors too; the conformance tests go without both."""
    monkeypatch.setattr(_fused, "_SHARED", 1)
    monkeypatch.setattr(_fused, "_LARGE", 1)


@pytest.fixture
def unfused(monkeypatch):
    """Switch the kernels off, or on again."""

    def switch(off):
        monkeypatch.setattr(_fused, "kernels", (lambda kind: None) if off else _build.kernels)

    return switch
