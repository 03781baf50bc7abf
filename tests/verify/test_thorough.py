"""verify --all: what is drawn, how many, from which seed; the thousand settings; and that both can fail."""

import numpy as np
import pytest

from nala_lab.cli import main
from nala_lab.theory import stochastic
from nala_lab.verify import drawn_settings as drawing
from nala_lab.verify import load_checks, run_checks
from nala_lab.verify.checks import drawn_adaptive, drawn_identities, drawn_noise, drawn_quadratics
from nala_lab.verify.drawn_settings import drawn, number, whole
from nala_lab.verify.shared import Batches, add_moments, false_alarms
from nala_lab.verify.tally import Tally


def test_the_default_run_leaves_the_thorough_checks_out_and_every_theorem_in():
    quick = {(row.id, row.name) for row in run_checks(["T13", "T26"], twins=["numpy"])}
    every = {(row.id, row.name) for row in run_checks(["T13", "T26"], twins=["numpy"], thorough=True)}
    assert quick < every
    thorough = {entry.id for entry in load_checks() if entry.thorough}
    drawn_ids = (1, 2, 6, 8, 10, 12, 13, 14, 15, 16, 17, 19, 20, 24, 25, 26, 27)
    assert thorough >= {f"T{i:02d}" for i in drawn_ids}
    assert thorough <= {entry.id for entry in load_checks() if not entry.thorough}


def test_at_least_three_hundred_settings_are_drawn_for_each_twin():
    modules = (drawn_quadratics, drawn_adaptive, drawn_identities, drawn_noise)
    entries = [entry for entry in load_checks() if entry.thorough and entry.name.startswith("drawn_")]
    for twin in ("numpy", "torch"):
        count = 0
        for module in modules:
            count += module.COUNT * sum(e.function.__module__ == module.__name__ and twin in e.twins for e in entries)
        assert count >= 300


def test_the_same_seed_draws_the_same_settings_and_another_one_others():
    strategies = {"lr": number(0, 4), "k": whole(1, 12)}
    first = drawn(0, "a name", 30, **strategies)
    assert first == drawn(0, "a name", 30, **strategies)
    assert first != drawn(1, "a name", 30, **strategies) and first != drawn(0, "another", 30, **strategies)
    assert len(first) == 30 and all(0 <= case["lr"] <= 4 and 1 <= case["k"] <= 12 for case in first)
    values = np.array([case["lr"] for case in drawn(0, "a name", 200, **strategies)])
    assert values.min() < 1e-3 and values.max() > 3.9  # the ends are looked for
    with pytest.raises(ValueError, match="count must satisfy integer count >= 1"):
        drawn(0, "a name", 0, **strategies)


def test_without_hypothesis_the_flag_is_refused_in_one_sentence(monkeypatch, capsys):
    monkeypatch.setattr(drawing, "available", lambda: False)
    assert main(["verify", "--all", "--only", "T13"]) == 2
    assert "pip install 'nala-lab[dev]'" in capsys.readouterr().err


def test_progress_goes_to_standard_error_and_the_table_to_standard_output(monkeypatch, capsys):
    import sys

    monkeypatch.setitem(sys.modules, "tqdm", None)  # as if tqdm were not installed: a line for each row
    assert main(["verify", "--all", "--only", "T27"]) == 0
    out, err = capsys.readouterr()
    rows = [line for line in err.splitlines() if line.startswith("T27 ")]
    assert len(rows) == 6 and all(line.endswith(": pass") for line in rows)
    assert "verdict" in out and "30 drawn settings" in out


def test_the_scores_of_a_right_engine_are_standard_normal_and_those_of_a_wrong_one_are_not():
    rng = np.random.default_rng(0)
    covariance = np.array([[2.0, 0.7], [0.7, 0.5]])
    draws = rng.multivariate_normal([1.0, -2.0], covariance, size=(2000, 300))
    z = np.array([drawn_noise._scores(d, np.array([1.0, -2.0]), covariance) for d in draws])
    # 10,000 scores: the mean of their squares has standard deviation 0.0155; kurtosis -> 3
    assert abs(np.mean(z**2) - 1) < 5 * 0.0155 and abs(np.mean(z**4) - 3) < 0.4
    assert np.abs(z).max() < 4.5
    wrong = np.array([drawn_noise._scores(d, np.array([1.0, -2.0]), 1.1 * covariance) for d in draws[:200]])
    assert np.mean(wrong**2) > 1.3  # 10 % too much: -1.1 deviations of chi^2_300 in three scores of five


def test_ten_percent_more_noise_fails_the_thousand_settings(monkeypatch):
    right = stochastic.propagate

    def wrong(*args, **rest):
        moments = right(*args, **rest)
        return stochastic.Moments(moments.mean, 1.1 * moments.covariance)

    monkeypatch.setattr(stochastic, "propagate", wrong)
    monkeypatch.setattr(drawn_noise, "SETTINGS", 300)
    rows = drawn_noise.thousand_settings("numpy", 0)
    assert [row.verdict for row in rows if row.name.endswith("mean square score")] == ["fail"]


def test_a_noise_plan_shares_mini_batches_as_it_says():
    grad = Batches(np.eye(2), np.eye(2), np.random.default_rng(0), ("new", "again", "none"), center=1.0)
    x = np.ones((4, 2))
    first, second, third, fourth = (grad(x) for _ in range(4))
    assert np.array_equal(first, second) and np.all(third == 0) and not np.array_equal(first, fourth)
    with pytest.raises(ValueError, match="plan must satisfy"):
        Batches(np.eye(2), np.eye(2), np.random.default_rng(0), ("old",))


def test_moments_are_compared_in_units_of_their_standard_errors():
    rng = np.random.default_rng(1)
    covariance = np.array([[1.0, 0.6], [0.6, 2.0]])
    sample = rng.multivariate_normal([0.0, 3.0], covariance, size=5000)
    for factor, verdict in ((1.0, "pass"), (1.2, "fail")):
        row = Tally("T10", "a row", "numpy", false_alarms(5, 5000))
        add_moments(row, sample, np.array([0.0, 3.0]), factor * covariance, "here")
        assert row.check().verdict == verdict and row.check().cases == 5
    assert "3.4e-05 false alarms" in false_alarms(5, 5000).reason


@pytest.mark.slow
def test_verify_all_passes_for_other_seeds_too(seed):
    rows = run_checks(seed=seed + 1, thorough=True)
    assert not [f"{row.id} {row.name} {row.twin} {row.message}" for row in rows if row.verdict != "pass"]
