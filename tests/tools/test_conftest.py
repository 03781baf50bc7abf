"""The suite's own rules: which seeds run, and what happens where a data file is absent."""

import os
import sys
from types import SimpleNamespace

import pytest

from tests.conftest import find_data, pytest_runtest_setup, seeds_from


def item_that_needs(*names):
    mark = SimpleNamespace(args=names)
    return SimpleNamespace(iter_markers=lambda name: [mark] if name == "data" else [])


@pytest.fixture
def folders(tmp_path, monkeypatch):
    """Two data folders: one holds a plain file, the other a compressed one."""
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    (tmp_path / "a" / "plain").write_text("x")
    (tmp_path / "b" / "packed.gz").write_text("x")
    monkeypatch.setenv("NALA_LAB_DATA", os.pathsep.join([str(tmp_path / "a"), str(tmp_path / "b")]))
    monkeypatch.delenv("NALA_LAB_DATA_REQUIRED", raising=False)
    return tmp_path


def test_a_data_file_is_found_in_any_folder_plain_or_compressed(folders):
    assert find_data("plain") == folders / "a" / "plain"
    assert find_data("packed") == folders / "b" / "packed.gz"
    pytest_runtest_setup(item_that_needs("plain", "packed"))


def test_a_test_without_its_data_is_skipped_with_the_reason(folders, monkeypatch):
    with pytest.raises(pytest.skip.Exception, match="needs absent: not in any folder of NALA_LAB_DATA"):
        pytest_runtest_setup(item_that_needs("plain", "absent"))
    monkeypatch.delenv("NALA_LAB_DATA")
    with pytest.raises(pytest.skip.Exception, match="NALA_LAB_DATA is not set"):
        pytest_runtest_setup(item_that_needs("plain"))


def test_where_the_data_is_required_its_absence_is_a_failure(folders, monkeypatch):
    monkeypatch.setenv("NALA_LAB_DATA_REQUIRED", "1")
    with pytest.raises(pytest.fail.Exception, match="needs absent"):
        pytest_runtest_setup(item_that_needs("absent"))


def test_seeds_are_ranges_and_lists():
    assert seeds_from("0") == [0]
    assert seeds_from("3-5, 9") == [3, 4, 5, 9]


def test_a_test_that_takes_a_seed_gets_one(seed):
    assert seed in seeds_from(os.environ.get("NALA_SEEDS", "0"))


def test_the_frozen_copy_refuses_writes_and_leaves_the_original_alone(frozen):
    np = pytest.importorskip("numpy")
    original = np.zeros(3)
    copy = frozen(original)
    with pytest.raises(ValueError, match="read-only"):
        copy += 1
    original += 1
    assert copy.sum() == 0


@pytest.mark.skipif("PYTEST_XDIST_WORKER" not in os.environ, reason="threads are limited under xdist only")
def test_a_worker_uses_one_thread():
    torch = sys.modules.get("torch") or pytest.importorskip("torch")
    assert torch.get_num_threads() == 1
