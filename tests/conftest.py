"""Fixtures and rules for the whole suite: seeds, data files, threads."""

import os

# Before NumPy or torch is imported: under xdist every core has a worker already, more threads get in the way.
if "PYTEST_XDIST_WORKER" in os.environ:
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"):
        os.environ[variable] = "1"
os.environ.setdefault("MPLBACKEND", "Agg")  # no test opens a window

from pathlib import Path

import hypothesis
import pytest

# Examples are derived from the test itself: the same ones on every machine, with no clock and no database.
hypothesis.settings.register_profile("lab", derandomize=True, deadline=None, database=None)
hypothesis.settings.load_profile("lab")


def seeds_from(text: str) -> list[int]:
    """'0-2,7' -> [0, 1, 2, 7].

    >>> seeds_from("0"), seeds_from("0-2,7")
    ([0], [0, 1, 2, 7])
    """
    seeds = []
    for part in text.split(","):
        first, _, last = part.strip().partition("-")
        seeds += range(int(first), int(last or first) + 1)
    return seeds


def pytest_generate_tests(metafunc):
    """A test that takes `seed` runs once for each seed of NALA_SEEDS (default "0"; a nightly run: "0-19")."""
    if "seed" in metafunc.fixturenames:
        metafunc.parametrize("seed", seeds_from(os.environ.get("NALA_SEEDS", "0")))


def data_folders() -> list[Path]:
    """The folders of NALA_LAB_DATA, which is written like PATH."""
    return [Path(p) for p in os.environ.get("NALA_LAB_DATA", "").split(os.pathsep) if p]


def find_data(name: str) -> Path | None:
    """The file `name`, or `name`.gz, in the first folder of NALA_LAB_DATA that has it."""
    candidates = (folder / n for folder in data_folders() for n in (name, name + ".gz"))
    return next((path for path in candidates if path.is_file()), None)


def pytest_runtest_setup(item):
    """@pytest.mark.data("file", ...): skipped, with the reason, where a file is absent.

    Where NALA_LAB_DATA_REQUIRED is set, as .ci/run does once it has the files, an absent file is a failure:
    a run that is meant to cover the real data must not lose it silently.
    """
    for mark in item.iter_markers("data"):
        missing = [name for name in mark.args if find_data(name) is None]
        if not missing:
            continue
        where = "NALA_LAB_DATA is not set" if not data_folders() else "not in any folder of NALA_LAB_DATA"
        reason = f"needs {', '.join(missing)}: {where}"
        if os.environ.get("NALA_LAB_DATA_REQUIRED"):
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)


@pytest.fixture(autouse=True)
def nothing_is_trained_into_the_checkout():
    """`nala-lab train` without --out writes to runs/ where it is started: a test gives it a folder of its own."""
    runs = Path(__file__).parents[1] / "runs"
    before = runs.exists()
    yield
    assert before or not runs.exists(), f"this test, or one at the same time, has written {runs}"


@pytest.fixture
def data_file():
    """data_file("name"): the path of a file that the test's `data` mark names."""

    def find(name: str) -> Path:
        path = find_data(name)
        assert path is not None, f"name {name!r} in the test's data mark: then it is skipped without it"
        return path

    return find


@pytest.fixture
def frozen():
    """frozen(array): a read-only copy, so that a stray in-place write raises instead of aliasing silently."""
    import numpy as np

    def freeze(array):
        out = np.array(array)
        out.flags.writeable = False
        return out

    return freeze
