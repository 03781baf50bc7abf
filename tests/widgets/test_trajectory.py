"""The trajectory explorer: what it shows is what the library computes, up to the gradient that is shown."""

import numpy as np
import pytest

from nala_lab.methods import numpy_twin
from nala_lab.reference import NAG, NALA, SGD, AdaBelief, AdaLA, Adam, HeavyBall, Lookahead, run
from nala_lab.widgets import TrajectoryExplorer
from nala_lab.widgets.planes import INNERS, METHODS, PLANES, problem, shared_settings
from nala_lab.widgets.trajectory_runs import TrajectorySettings, suited, trajectory_view
from tests.refusals import refused

S = TrajectorySettings(left="NALA", right="Adam", lr_left=0.1, alpha=2e-3, k=4, mu=-0.3, gradients=60, at=60)


def nala(s):
    inner = Adam(lr=s.lr_left, betas=(s.beta1, s.beta2))
    return run(NALA(inner, k=s.k, mu=s.mu, alpha=s.alpha), problem(s.problem).grad, [s.x1, s.x2], cycles=12)


def test_both_loops_are_those_of_the_library():
    side, t = trajectory_view(S).sides[0], nala(S)
    assert np.array_equal(side.path, t.slow) and np.array_equal(side.ahead, t.lookahead)
    loops = side.fast.reshape(12, S.k + 2, 2)  # a row of NaN ends each
    assert np.array_equal(loops[:, :-1], t.fast) and np.isnan(loops[:, -1]).all()
    assert side.gap == problem("rosenbrock").value(t.final) and np.array_equal(side.here, t.final)


BETAS = {"betas": (0.8, 0.95)}
BY_HAND = {
    "NALA": NALA(Adam(lr=0.02, **BETAS), k=3, mu=-0.4, alpha=0.01),
    "Lookahead": Lookahead(Adam(lr=0.02, **BETAS), k=3, alpha=0.6),
    "Adam": Adam(lr=0.02, **BETAS),
    "AdaBelief": AdaBelief(lr=0.02, **BETAS),
    "AdaLA": AdaLA(lr=0.02, **BETAS),
    "Heavy ball": HeavyBall(lr=0.02, momentum=0.8),
    "NAG": NAG(lr=0.02, momentum=0.8),
    "SGD": SGD(lr=0.02),
}


@pytest.mark.parametrize("name", METHODS)
def test_every_method_is_made_of_the_settings_that_the_sliders_give(name):
    s = TrajectorySettings(k=3, mu=-0.4, alpha=0.01, beta1=0.8, beta2=0.95, inner="Adam")
    made, grad = numpy_twin(name, **shared_settings(name, s, 0.02)), problem("bowl").grad
    length = {"cycles" if hasattr(made, "cycle") else "steps": 4}
    ours, by_hand = (run(method, grad, [2.0, 1.0], **length).final for method in (made, BY_HAND[name]))
    assert np.array_equal(ours, by_hand)


def test_inside_two_loops_a_step_is_a_gradient():
    """So the explorer may count inner steps by gradients: AdaLA, which takes two, is not offered."""
    assert set(INNERS) == {"Adam", "AdaBelief", "Heavy ball", "NAG", "SGD"}


@pytest.mark.parametrize("at", range(13))
def test_every_step_shows_what_is_known_by_then(at):
    """A cycle of k = 4 costs five gradients: four inner steps, then y_t is known, then phi_t."""
    view, t = trajectory_view(TrajectorySettings(**{**vars(S), "at": at})), nala(S)
    side, (done, inside) = view.sides[0], divmod(at, 5)
    assert len(side.path) == done + 1
    assert len(side.ahead) == done + (inside == 4)
    assert np.array_equal(side.here, t.fast[done, inside] if inside else t.slow[done])
    assert len(view.sides[1].path) == at + 1  # Adam: one step a gradient


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", PLANES)
def test_every_method_runs_on_every_plane_with_the_settings_that_suit(name, method):
    chosen = {"problem": name, "left": method, "right": "SGD", "gradients": 20}
    view = trajectory_view(TrajectorySettings(**(suited(chosen) | chosen)))
    assert view.sides[0].outcome != "diverged" and np.isfinite(list(view.numbers.values())).all()


def test_probes_of_adala_are_shown_and_cost():
    side = trajectory_view(TrajectorySettings(left="AdaLA", lr_left=0.1, at=20)).sides[0]
    assert len(side.probes) == 10 and len(side.path) == 11


def test_divergence_is_a_sentence_and_a_drawn_path():
    explorer = TrajectoryExplorer("bowl", "SGD", "Adam", lr_left=1.0)
    assert "SGD diverges" in explorer.message and "left" in explorer.message.lower()
    assert explorer.view.sides[0].outcome == "diverged" and len(explorer.view.sides[0].path) > 1


def test_noise_is_named_and_repeatable():
    noisy = [trajectory_view(TrajectorySettings(right="Adam", noise=1.0, seed=seed)) for seed in (0, 0, 1)]
    here = [view.sides[1].here.tolist() for view in noisy]
    assert here[0] == here[1] != here[2]


test_wrong_settings_are_refused_in_a_sentence = refused(
    ({"at": 61}, "at <= gradients = 60"), ({"x1": float("nan")}, "x1"), ({"k": 0}, "k must satisfy"),
    ({"left": "Newton"}, "method must satisfy"), ({"noise": -1.0}, "noise must satisfy"),
    call=lambda setting: trajectory_view(TrajectorySettings(**{**vars(S), **setting})),
)  # fmt: skip


def test_stepping_ends_at_the_ends_and_runs_nothing_again():
    explorer = TrajectoryExplorer("bowl", gradients=10)
    explorer.step(5)
    assert explorer.numbers["gradients"] == 10
    before = explorer.view.sides[0].evals
    explorer.step(-3)
    assert explorer.numbers["gradients"] == 7 and explorer.view.sides[0].evals is before


def test_another_problem_brings_its_start_its_box_and_suitable_steps():
    explorer = TrajectoryExplorer("rosenbrock")
    explorer.controls["problem"].value = "booth"  # as a hand in the browser does
    (low, high), _ = problem("booth").box
    x1 = explorer.controls["x1"]
    assert low <= x1.min < low + x1.step and x1.max == high
    assert explorer.settings.lr_right != TrajectoryExplorer("rosenbrock").settings.lr_right
